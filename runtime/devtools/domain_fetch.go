package devtools

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	cdproto "github.com/chromedp/cdproto/cdp"
	cdpfetch "github.com/chromedp/cdproto/fetch"
	"github.com/chromedp/cdproto/network"

	"github.com/swinspect/swinspect/runtime/fetch"
)

// fetchSession is what a session asked of Fetch; guarded by Server.mu.
type fetchSession struct {
	patterns []*cdpfetch.RequestPattern
	paused   map[string]*paused
	last     int
}

// paused is a request that waits for a client's decision.
type paused struct {
	request  *fetch.Request
	response *fetch.Response // nil before the network was asked
	body     []byte
	read     bool
	done     chan *fetch.Response // nil: go on
}

func fetchDomain(t *table) {
	eventOf(t, cdpfetch.RequestPaused)
	handle(t, cdpfetch.Enable, func(_ context.Context, s *session, p cdpfetch.EnableParams) (cdproto.Empty, error) {
		s.server.mu.Lock()
		defer s.server.mu.Unlock()
		s.on["Fetch"] = true
		s.fetch.patterns = p.Patterns
		if s.fetch.paused == nil {
			s.fetch.paused = map[string]*paused{}
		}
		return none, nil
	})
	handle(t, cdpfetch.Disable, func(_ context.Context, s *session, _ cdproto.Empty) (cdproto.Empty, error) {
		s.server.mu.Lock()
		defer s.server.mu.Unlock()
		delete(s.on, "Fetch")
		s.fetch.releaseAll()
		return none, nil
	})
	handle(t, cdpfetch.ContinueRequest, continueRequest)
	handle(t, cdpfetch.FulfillRequest, fulfillRequest)
	handle(t, cdpfetch.FailRequest, func(_ context.Context, s *session, p cdpfetch.FailRequestParams) (cdproto.Empty, error) {
		q, err := s.decide(p.RequestID)
		if err == nil {
			q.done <- fetch.NetworkError(fmt.Errorf("net::ERR_%s", errorName(string(p.ErrorReason))))
		}
		return none, err
	})
	handle(t, cdpfetch.ContinueResponse, func(_ context.Context, s *session, p cdpfetch.ContinueResponseParams) (cdproto.Empty, error) {
		q, err := s.decide(p.RequestID)
		if err == nil {
			q.done <- nil
		}
		return none, err
	})
	handle(t, cdpfetch.GetResponseBody, pausedBody)
}

// errorName is "Failed" and the like as net::ERR_ has them.
func errorName(reason string) string {
	return strings.ToUpper(regexp.MustCompile(`([a-z])([A-Z])`).ReplaceAllString(reason, "${1}_${2}"))
}

func (f *fetchSession) releaseAll() {
	for id, q := range f.paused {
		delete(f.paused, id)
		q.done <- nil
	}
}

// wants reports whether a request is to be paused at a stage.
func (f *fetchSession) wants(u string, kind network.ResourceType, response bool) bool {
	if len(f.patterns) == 0 {
		return !response
	}
	for _, p := range f.patterns {
		if (p.RequestStage == cdpfetch.RequestStageResponse) == response && (p.ResourceType == "" || p.ResourceType == kind) && wildcard(p.URLPattern, u) {
			return true
		}
	}
	return false
}

// wildcard matches Chromium's patterns: * any text, ? one character, \ escapes.
func wildcard(pattern, s string) bool {
	if pattern == "" || pattern == "*" {
		return true
	}
	var b strings.Builder
	b.WriteString("(?s)^")
	for i := 0; i < len(pattern); i++ {
		switch c := pattern[i]; {
		case c == '*':
			b.WriteString(".*")
		case c == '?':
			b.WriteString(".")
		case c == '\\' && i+1 < len(pattern):
			i++
			b.WriteString(regexp.QuoteMeta(pattern[i : i+1]))
		default:
			b.WriteString(regexp.QuoteMeta(pattern[i : i+1]))
		}
	}
	re, err := regexp.Compile(b.String() + "$")
	return err == nil && re.MatchString(s)
}

// pause asks the first session that wants to decide about a request. nil: go on.
func (s *Server) pause(ctx context.Context, t *subject, r *fetch.Request, response *fetch.Response) *fetch.Response {
	kind, u := resourceType(r), r.CurrentURL().String()
	s.mu.Lock()
	for _, x := range s.sessionsOf(t, "Network") {
		for _, pattern := range x.network.blocked {
			if response == nil && wildcard(pattern, u) {
				s.mu.Unlock()
				return fetch.NetworkError(&fetch.BlockedError{Reason: "inspector", Detail: "blocked by a DevTools client"})
			}
		}
	}
	var by *session
	for _, x := range s.sessionsOf(t, "Fetch") {
		if x.fetch.wants(u, kind, response != nil) {
			by = x
			break
		}
	}
	if by == nil {
		s.mu.Unlock()
		return nil
	}
	by.fetch.last++
	id := fmt.Sprintf("interception-job-%d.0", by.fetch.last)
	q := &paused{request: r, response: response, done: make(chan *fetch.Response, 1)}
	by.fetch.paused[id] = q
	base, _, _ := strings.Cut(u, "#")
	event := cdpfetch.EventRequestPaused{
		RequestID: cdpfetch.RequestID(id), FrameID: cdproto.FrameID(t.id), ResourceType: kind, NetworkID: network.RequestID(r.ID),
		Request: &network.Request{URL: base, Method: r.Method, Headers: headersOf(r.Headers), InitialPriority: "High", ReferrerPolicy: "strict-origin-when-cross-origin", HasPostData: r.Body != nil, PostDataEntries: postEntries(postData(r))},
	}
	if known := s.requests[requestKey{t.context.ID(), r.ID}]; known != nil {
		event.NetworkID = network.RequestID(known.id)
		if known.frame != "" {
			event.FrameID = cdproto.FrameID(known.frame)
		}
	}
	if response != nil {
		inner := response.Unfiltered()
		event.ResponseStatusCode, event.ResponseStatusText = int64(inner.Status), inner.StatusText
		event.ResponseHeaders = headerEntries(inner.Headers)
		if response.IsNetworkError() {
			event.ResponseErrorReason = "Failed"
		}
	}
	emit(by, cdpfetch.RequestPaused, event)
	s.mu.Unlock()
	select {
	case instead := <-q.done:
		return instead
	case <-by.wire.Context().Done():
		return nil
	case <-ctx.Done():
		return fetch.NetworkError(context.Cause(ctx))
	case <-s.ctx.Done():
		return nil
	}
}

func headerEntries(l fetch.HeaderList) []*cdpfetch.HeaderEntry {
	out := []*cdpfetch.HeaderEntry{}
	for _, h := range l {
		out = append(out, &cdpfetch.HeaderEntry{Name: h.Name, Value: h.Value})
	}
	return out
}

// decide takes a paused request off the list.
func (s *session) decide(id cdpfetch.RequestID) (*paused, error) {
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	if !s.on["Fetch"] {
		return nil, failed("Fetch domain is not enabled")
	}
	q := s.fetch.paused[string(id)]
	if q == nil {
		return nil, invalid("Invalid InterceptionId.")
	}
	delete(s.fetch.paused, string(id))
	return q, nil
}

func continueRequest(_ context.Context, s *session, p cdpfetch.ContinueRequestParams) (cdproto.Empty, error) {
	q, err := s.decide(p.RequestID)
	if err != nil {
		return none, err
	}
	// The request belongs to the fetch that waits for done: until then it is ours.
	if p.URL != "" {
		if u, err := fetch.ParseURL(p.URL, nil); err == nil {
			q.request.URLList[len(q.request.URLList)-1] = u
		}
	}
	if p.Method != "" {
		q.request.Method = p.Method
	}
	if p.Headers != nil {
		q.request.Headers = nil
		for _, h := range p.Headers {
			q.request.Headers.Append(h.Name, h.Value)
		}
	}
	if len(p.PostData) > 0 {
		q.request.Body = fetch.BytesBody(p.PostData)
	}
	q.done <- nil
	return none, nil
}

func fulfillRequest(_ context.Context, s *session, p cdpfetch.FulfillRequestParams) (cdproto.Empty, error) {
	q, err := s.decide(p.RequestID)
	if err != nil {
		return none, err
	}
	r := &fetch.Response{Type: "default", Status: int(p.ResponseCode), StatusText: p.ResponsePhrase, URLList: []*fetch.URL{q.request.CurrentURL()}, Source: "network"}
	for _, h := range p.ResponseHeaders {
		r.Headers.Append(h.Name, h.Value)
	}
	if p.Body != nil {
		r.Body = fetch.BytesBody(p.Body)
	}
	q.done <- r
	return none, nil
}

func pausedBody(_ context.Context, s *session, p cdpfetch.GetResponseBodyParams) (cdpfetch.GetResponseBodyResult, error) {
	s.server.mu.Lock()
	q := s.fetch.paused[string(p.RequestID)]
	s.server.mu.Unlock()
	if q == nil {
		return cdpfetch.GetResponseBodyResult{}, invalid("Invalid InterceptionId.")
	}
	if q.response == nil {
		return cdpfetch.GetResponseBodyResult{}, failed("Can only get response body on requests captured after headers received.")
	}
	return later(s, func(ctx context.Context) (cdpfetch.GetResponseBodyResult, error) {
		inner := q.response.Unfiltered()
		if !q.read && inner.Body != nil {
			body, err := inner.Body.ReadAll(ctx, maxBody)
			if err != nil {
				return cdpfetch.GetResponseBodyResult{}, failed("%v", err)
			}
			q.body, inner.Body = body, fetch.BytesBody(body)
		}
		q.read = true
		return cdpfetch.GetResponseBodyResult{Body: q.body, Base64encoded: true}, nil
	})
}
