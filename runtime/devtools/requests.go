package devtools

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"time"

	cdproto "github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"

	"github.com/swinspect/swinspect/runtime"
	"github.com/swinspect/swinspect/runtime/fetch"
	"github.com/swinspect/swinspect/runtime/window"
)

// requestKey names a request: ids are unique within a browser context.
type requestKey struct{ context, id string }

// request is a request as the Network domain tells of it; guarded by Server.mu.
type request struct {
	target   *subject
	id       string // on the wire
	loader   string
	frame    string
	kind     network.ResourceType
	document string
	url      string
	mime     string
	status   int
	body     []byte
	post     []byte // what was sent, when it was in memory
	kept     bool   // the body is complete
	ended    bool   // finished or failed
	started  time.Time
	info     *runtime.FetchInfo
	tooLarge bool
}

// maxBody is how much of one response's body is kept for Network.getResponseBody;
// maxRequests how many requests are remembered.
const (
	maxBody     = 16 << 20
	maxRequests = 2_000
)

// networkSession is what a session asked of Network.
type networkSession struct {
	extra        fetch.HeaderList
	noCache      bool
	bypassWorker bool
	offline      bool
	userAgent    string
	blocked      []string
}

// overridesOf is what clients change about a target's requests. It also marks them
// as the target's: see requestTarget.
func (s *Server) overridesOf(t *subject) window.Overrides {
	mark := &interceptor{s, t}
	return func(c *fetch.Client) {
		c.Interceptor = mark
		s.mu.Lock()
		defer s.mu.Unlock()
		offline := false
		for _, x := range t.sessions {
			n := &x.network
			c.ExtraHeaders = append(c.ExtraHeaders, n.extra...)
			c.BypassHTTPCache = c.BypassHTTPCache || n.noCache
			c.BypassServiceWorker = c.BypassServiceWorker || n.bypassWorker
			offline = offline || n.offline
			if n.userAgent != "" {
				c.UserAgent = n.userAgent
			}
		}
		if offline {
			c.Offline = func() bool { return true }
		}
	}
}

// requestTarget is whose request it is; nil for one of nobody that can be attached to.
func requestTarget(c fetch.Client) *subject {
	if mark, ok := c.Interceptor.(*interceptor); ok {
		return mark.target
	}
	return nil
}

// fetchObserver makes the observer of a context's requests.
func (s *Server) fetchObserver(c *window.Context) fetch.Observer { return &fetchEvents{s, c} }

type fetchEvents struct {
	s       *Server
	context *window.Context
}

func (o *fetchEvents) key(id string) requestKey { return requestKey{o.context.ID(), id} }

// begin takes a request in; with Server.mu held.
func (o *fetchEvents) begin(id string, c fetch.Client, r *fetch.Request, at time.Time) *request {
	s := o.s
	if known := s.requests[o.key(id)]; known != nil {
		return known
	}
	t := requestTarget(c)
	if t == nil || t.gone {
		return nil
	}
	q := &request{target: t, kind: resourceType(r), url: withoutFragment(r.CurrentURL().String()), started: at, document: t.url}
	q.id = fmt.Sprintf("%s.%s", t.id[:8], id)
	if t.page != nil {
		q.frame = t.id
		state := s.contextOf(t.context)
		if f := state.frames[c.ID]; f != nil && !r.IsNavigation() {
			q.frame, q.loader = f.ID(), "" // the loader is looked up when told
		}
		if r.IsNavigation() {
			if n := len(t.loading); n > 0 {
				q.frame = t.loading[n-1].ID()
			}
			// A document's request id is its loader id: so clients know it.
			q.id = newID()
			q.loader = q.id
			t.navigating[q.frame] = q.id
			q.document = q.url
		} else if rs := s.realmOfFrame(t, q.frame); rs != nil {
			q.loader = rs.loader
		}
	}
	s.remember(o.key(id), q)
	if info, ok := s.contextOf(o.context).handled[id]; ok {
		q.info = &info
	}
	return q
}

// remember keeps a request and forgets the oldest beyond maxRequests; one that is
// under way is kept while there are not twice as many. With Server.mu held.
func (s *Server) remember(k requestKey, q *request) {
	s.requests[k] = q
	s.requestOrder = append(s.requestOrder, k)
	for len(s.requestOrder) > maxRequests {
		oldest := s.requestOrder[0]
		s.requestOrder = s.requestOrder[1:]
		if !s.requests[oldest].ended && len(s.requestOrder) < 2*maxRequests {
			s.requestOrder = append(s.requestOrder, oldest)
			return
		}
		delete(s.requests, oldest)
	}
}

func (s *Server) realmOfFrame(t *subject, frame string) *realmState {
	for _, rs := range t.realms {
		if rs.frame != nil && rs.frameID == frame {
			return rs
		}
	}
	return nil
}

func withoutFragment(u string) string { base, _, _ := strings.Cut(u, "#"); return base }

// RequestWillBeSent is fetch.Observer's.
func (o *fetchEvents) RequestWillBeSent(e fetch.RequestEvent) {
	s := o.s
	s.mu.Lock()
	defer s.mu.Unlock()
	q := o.begin(e.ID, e.Client, e.Request, e.Time)
	if q == nil {
		return
	}
	q.url = withoutFragment(e.Request.CurrentURL().String())
	base, fragment, found := strings.Cut(e.Request.CurrentURL().String(), "#")
	event := network.EventRequestWillBeSent{
		RequestID: network.RequestID(q.id), LoaderID: cdproto.LoaderID(q.loader), DocumentURL: q.document,
		Request: &network.Request{
			URL: base, Method: e.Request.Method, Headers: headersOf(e.Request.Headers), InitialPriority: "High",
			ReferrerPolicy: "strict-origin-when-cross-origin", HasPostData: e.Request.Body != nil, IsSameSite: true, MixedContentType: "none",
		},
		Timestamp: cdproto.MonotonicTime(seconds(e.Time)), WallTime: cdproto.TimeSinceEpoch(seconds(e.Time)),
		Initiator: &network.Initiator{Type: "other"}, Type: q.kind, FrameID: cdproto.FrameID(q.frame),
	}
	if found {
		event.Request.URLFragment = "#" + fragment
	}
	q.post = postData(e.Request)
	event.Request.PostDataEntries = postEntries(q.post)
	if e.Request.ReferrerPolicy != "" {
		event.Request.ReferrerPolicy = network.RequestReferrerPolicy(e.Request.ReferrerPolicy)
	}
	switch {
	case e.Preflight != "":
		event.Initiator.Type = "preflight"
	case e.Request.Initiator != "":
		event.Initiator.Type = "parser"
	case q.kind == network.ResourceTypeFetch || q.kind == network.ResourceTypeXHR:
		event.Initiator.Type = "script"
	}
	if e.Redirect != nil {
		event.RedirectResponse = s.response(q, e.Redirect, false, e.Time)
	}
	for _, x := range s.sessionsOf(q.target, "Network") {
		emit(x, network.RequestWillBeSent, event)
	}
}

// maxPostData is how much of a request's body events carry.
const maxPostData = 64 << 10

// postData is a request's body when it is in memory.
func postData(r *fetch.Request) []byte {
	if r.Body == nil {
		return nil
	}
	body, _ := r.Body.Bytes()
	return body
}

func postEntries(body []byte) []*network.PostDataEntry {
	if len(body) == 0 || len(body) > maxPostData {
		return nil
	}
	return []*network.PostDataEntry{{Bytes: body}}
}

// RequestHeaders is fetch.Observer's.
func (o *fetchEvents) RequestHeaders(id string, headers fetch.HeaderList, at time.Time) {
	s := o.s
	s.mu.Lock()
	defer s.mu.Unlock()
	q := s.requests[o.key(id)]
	if q == nil {
		return
	}
	for _, x := range s.sessionsOf(q.target, "Network") {
		emit(x, network.RequestWillBeSentExtraInfo, network.EventRequestWillBeSentExtraInfo{
			RequestID: network.RequestID(q.id), AssociatedCookies: []*network.AssociatedCookie{}, Headers: headersOf(headers),
			ConnectTiming: &network.ConnectTiming{RequestTime: seconds(at)},
		})
	}
}

func (o *fetchEvents) ServedFromCache(id string) {
	s := o.s
	s.mu.Lock()
	defer s.mu.Unlock()
	q := s.requests[o.key(id)]
	if q == nil {
		return
	}
	for _, x := range s.sessionsOf(q.target, "Network") {
		emit(x, network.RequestServedFromCache, network.EventRequestServedFromCache{RequestID: network.RequestID(q.id)})
	}
}

func (o *fetchEvents) ResponseReceived(e fetch.ResponseEvent) {
	s := o.s
	s.mu.Lock()
	defer s.mu.Unlock()
	q := o.begin(e.ID, e.Client, e.Request, e.Time)
	if q == nil {
		return
	}
	if info, ok := s.contextOf(o.context).handled[e.ID]; ok {
		q.info = &info
		delete(s.contextOf(o.context).handled, e.ID)
	}
	r := s.response(q, e.Response, e.FromCache, e.Time)
	q.mime, q.status = r.MimeType, e.Response.Status
	event := network.EventResponseReceived{
		RequestID: network.RequestID(q.id), LoaderID: cdproto.LoaderID(q.loader), Timestamp: cdproto.MonotonicTime(seconds(e.Time)),
		Type: q.kind, Response: r, FrameID: cdproto.FrameID(q.frame),
	}
	for _, x := range s.sessionsOf(q.target, "Network") {
		emit(x, network.ResponseReceived, event)
	}
}

func (o *fetchEvents) DataReceived(id string, data []byte, encoded int, at time.Time) {
	s := o.s
	s.mu.Lock()
	defer s.mu.Unlock()
	q := s.requests[o.key(id)]
	if q == nil {
		return
	}
	listening := s.sessionsOf(q.target, "Network")
	if len(listening) > 0 && !q.tooLarge {
		if len(q.body)+len(data) > maxBody {
			q.body, q.tooLarge = nil, true
		} else {
			q.body = append(q.body, data...)
		}
	}
	for _, x := range listening {
		emit(x, network.DataReceived, network.EventDataReceived{
			RequestID: network.RequestID(q.id), Timestamp: cdproto.MonotonicTime(seconds(at)), DataLength: int64(len(data)), EncodedDataLength: int64(encoded),
		})
	}
}

func (o *fetchEvents) LoadingFinished(id string, encoded int64, at time.Time) {
	s := o.s
	s.mu.Lock()
	defer s.mu.Unlock()
	q := s.requests[o.key(id)]
	if q == nil {
		return
	}
	q.kept, q.ended = true, true
	for _, x := range s.sessionsOf(q.target, "Network") {
		emit(x, network.LoadingFinished, network.EventLoadingFinished{RequestID: network.RequestID(q.id), Timestamp: cdproto.MonotonicTime(seconds(at)), EncodedDataLength: float64(encoded)})
	}
}

func (o *fetchEvents) LoadingFailed(e fetch.FailedEvent) {
	s := o.s
	s.mu.Lock()
	defer s.mu.Unlock()
	q := s.requests[o.key(e.ID)]
	if q == nil {
		return
	}
	q.ended = true
	if q.loader == q.id && q.target.failed != nil {
		q.target.failed[q.loader] = true
	}
	event := network.EventLoadingFailed{
		RequestID: network.RequestID(q.id), Timestamp: cdproto.MonotonicTime(seconds(e.Time)), Type: q.kind,
		ErrorText: fetch.NetError(e.Err), Canceled: e.Canceled, BlockedReason: network.BlockedReason(e.Blocked),
	}
	if e.Canceled {
		event.ErrorText = "net::ERR_ABORTED"
	}
	if e.CORS != "" {
		event.CorsErrorStatus = &network.CorsErrorStatus{CorsError: network.CorsError(e.CORS)}
	}
	for _, x := range s.sessionsOf(q.target, "Network") {
		emit(x, network.LoadingFailed, event)
	}
}

// response is a response as the wire has it; with Server.mu held.
func (s *Server) response(q *request, r *fetch.Response, fromCache bool, at time.Time) *network.Response {
	out := &network.Response{
		URL: q.url, Status: int64(r.Status), StatusText: r.StatusText, Headers: headersOf(r.Headers), FromDiskCache: fromCache,
		FromServiceWorker: r.FromServiceWorker, SecurityState: "unknown", Protocol: "http/1.1", ResponseTime: cdproto.TimeSinceEpoch(millis(at)),
		Timing: &network.ResourceTiming{
			RequestTime: seconds(q.started), ProxyStart: -1, ProxyEnd: -1, DNSStart: -1, DNSEnd: -1, ConnectStart: -1, ConnectEnd: -1, SslStart: -1, SslEnd: -1,
			WorkerStart: -1, WorkerReady: -1, WorkerFetchStart: -1, WorkerRespondWithSettled: -1, PushStart: 0,
			ReceiveHeadersStart: at.Sub(q.started).Seconds() * 1000, ReceiveHeadersEnd: at.Sub(q.started).Seconds() * 1000,
		},
	}
	if u := r.URL(); u != nil && !r.FromServiceWorker {
		out.URL = withoutFragment(u.String())
	}
	if m, ok := fetch.ExtractMIMEType(r.Headers); ok {
		out.MimeType = m.Essence()
		out.Charset, _ = m.Parameter("charset")
	}
	if u, err := url.Parse(out.URL); err == nil && (u.Scheme == "https" || u.Hostname() == "localhost" || u.Hostname() == "127.0.0.1") {
		out.SecurityState = "secure"
	}
	if r.FromServiceWorker {
		out.ServiceWorkerResponseSource = responseSource(r)
		if r.CacheName != "" {
			out.CacheStorageCacheName, out.FromDiskCache = r.CacheName, true
		}
	}
	if q.info != nil {
		q.workerTiming(out)
	}
	return out
}

func responseSource(r *fetch.Response) network.ServiceWorkerResponseSource {
	switch r.Source {
	case "cache-storage":
		return network.ServiceWorkerResponseSourceCacheStorage
	case "http-cache":
		return network.ServiceWorkerResponseSourceHTTPCache
	case "network":
		return network.ServiceWorkerResponseSourceNetwork
	}
	return network.ServiceWorkerResponseSourceFallbackCode
}

// workerTiming tells the worker's part in a response.
func (q *request) workerTiming(out *network.Response) {
	i := q.info
	since := func(t time.Time) float64 {
		if t.IsZero() {
			return -1
		}
		return t.Sub(q.started).Seconds() * 1000
	}
	out.Timing.WorkerStart, out.Timing.WorkerReady = since(i.Timing.WorkerStart), since(i.Timing.WorkerReady)
	out.Timing.WorkerFetchStart, out.Timing.WorkerRespondWithSettled = since(i.Timing.FetchStart), since(i.Timing.RespondWithSettled)
	if !i.HasRoutes {
		return
	}
	out.ServiceWorkerRouterInfo = &network.ServiceWorkerRouterInfo{
		RuleIDMatched: int64(i.RouterRule), MatchedSourceType: network.ServiceWorkerRouterSource(i.MatchedSource),
		ActualSourceType: network.ServiceWorkerRouterSource(i.ActualSource),
	}
	out.Timing.WorkerRouterEvaluationStart, out.Timing.WorkerCacheLookupStart = since(i.RouterEvaluation), since(i.CacheLookup)
}

// headersOf joins a list's values by name, as the wire has them.
func headersOf(l fetch.HeaderList) network.Headers {
	out := network.Headers{}
	for _, h := range l {
		if before, ok := out[h.Name].(string); ok {
			out[h.Name] = before + "\n" + h.Value
			continue
		}
		out[h.Name] = h.Value
	}
	return out
}

func resourceType(r *fetch.Request) network.ResourceType {
	switch r.Destination {
	case "document", "iframe", "frame":
		return network.ResourceTypeDocument
	case "script", "serviceworker", "worker", "sharedworker":
		return network.ResourceTypeScript
	case "style":
		return network.ResourceTypeStylesheet
	case "image":
		return network.ResourceTypeImage
	case "font":
		return network.ResourceTypeFont
	case "manifest":
		return network.ResourceTypeManifest
	case "audio", "video", "track":
		return network.ResourceTypeMedia
	}
	if r.Initiator == "xmlhttprequest" {
		return network.ResourceTypeXHR
	}
	return network.ResourceTypeFetch
}

// netError is Chromium's name for a navigation's failure.
func netError(err error) string {
	text := err.Error()
	if strings.HasPrefix(text, "net::") {
		return text
	}
	if strings.HasSuffix(text, " is not allowed") && strings.Contains(text, "port ") {
		return "net::ERR_UNSAFE_PORT"
	}
	return fetch.NetError(err)
}

// interceptor marks requests as a target's and lets Fetch pause them.
type interceptor struct {
	s      *Server
	target *subject
}

// Request is fetch.Interceptor's.
func (i *interceptor) Request(ctx context.Context, r *fetch.Request) *fetch.Response {
	return i.s.pause(ctx, i.target, r, nil)
}

// Response is fetch.Interceptor's.
func (i *interceptor) Response(ctx context.Context, r *fetch.Request, response *fetch.Response) *fetch.Response {
	if instead := i.s.pause(ctx, i.target, r, response); instead != nil {
		return instead
	}
	return response
}
