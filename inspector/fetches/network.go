package fetches

import (
	"encoding/base64"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/swinspect/swinspect/cdp"
	"github.com/swinspect/swinspect/inspector"
)

// What is read of CDP's Network domain; everything else is left alone.
type (
	wireRequest struct {
		URL         string            `json:"url"`
		Method      string            `json:"method"`
		Headers     map[string]string `json:"headers"`
		HasPostData bool              `json:"hasPostData"`
		Post
	}
	wireTiming struct {
		RequestTime              float64 `json:"requestTime"` // s
		WorkerStart              float64 `json:"workerStart"` // ms after requestTime; -1: not
		WorkerReady              float64 `json:"workerReady"`
		WorkerFetchStart         float64 `json:"workerFetchStart"`
		WorkerRespondWithSettled float64 `json:"workerRespondWithSettled"`
	}
	wireRouter struct {
		RuleIDMatched     int    `json:"ruleIdMatched"`
		MatchedSourceType string `json:"matchedSourceType"`
		ActualSourceType  string `json:"actualSourceType"`
	}
	wireResponse struct {
		URL                         string            `json:"url"`
		Status                      int               `json:"status"`
		StatusText                  string            `json:"statusText"`
		Headers                     map[string]string `json:"headers"`
		MIMEType                    string            `json:"mimeType"`
		FromDiskCache               bool              `json:"fromDiskCache"`
		FromServiceWorker           bool              `json:"fromServiceWorker"`
		FromPrefetchCache           bool              `json:"fromPrefetchCache"`
		ServiceWorkerResponseSource string            `json:"serviceWorkerResponseSource"`
		CacheStorageCacheName       string            `json:"cacheStorageCacheName"`
		ResponseType                string            `json:"responseType"`
		Timing                      *wireTiming       `json:"timing"`
		Router                      *wireRouter       `json:"serviceWorkerRouterInfo"`
	}
)

func headersOf(m map[string]string) []inspector.Header {
	var hs []inspector.Header
	for name, value := range m {
		for part := range strings.SplitSeq(value, "\n") { // as CDP joins headers that repeat
			hs = append(hs, inspector.Header{Name: name, Value: part})
		}
	}
	slices.SortFunc(hs, func(a, b inspector.Header) int {
		return strings.Compare(strings.ToLower(a.Name)+"\x00"+a.Value, strings.ToLower(b.Name)+"\x00"+b.Value)
	})
	return hs
}

func (f *fold) key(id string) requestKey { return requestKey{f.m.Instance, f.m.Target, id} }

// requestWillBeSent begins a row; a redirect ends the one before it.
func (f *fold) requestWillBeSent() {
	var p struct {
		RequestID        string        `json:"requestId"`
		DocumentURL      string        `json:"documentURL"`
		Request          wireRequest   `json:"request"`
		Timestamp        float64       `json:"timestamp"`
		WallTime         float64       `json:"wallTime"`
		Type             string        `json:"type"`
		FrameID          string        `json:"frameId"`
		RedirectResponse *wireResponse `json:"redirectResponse"`
		Initiator        struct {
			Type string `json:"type"`
			URL  string `json:"url"`
		} `json:"initiator"`
	}
	if cdp.Decode(f.m.Params, &p) != nil || p.RequestID == "" || !isHTTP(p.Request.URL) {
		return
	}
	key := f.key(p.RequestID)
	q := f.open[key]
	row := &Fetch{
		ID: p.RequestID, Kind: KindFetch, Began: f.began(p.WallTime), Instance: f.m.Instance, Context: f.m.Context, Target: f.m.Target,
		Frame: p.FrameID, Page: p.DocumentURL, Initiator: p.Initiator.Type, URL: p.Request.URL, Method: p.Request.Method,
		Destination: destination(p.Type), RequestHeaders: headersOf(p.Request.Headers), Decision: Pending, Source: FromUnknown, Timing: NoTiming,
		RequestBody: requestBodyOf(p.Request), ResponseBody: Body{Size: -1},
	}
	if p.Initiator.URL != "" {
		row.Initiator += " " + p.Initiator.URL
	}
	if p.RedirectResponse != nil && q != nil {
		row.RedirectedFrom = q.id
		row.ID = p.RequestID + ":" + strconv.Itoa(q.hops+1)
		f.respond(q, p.RedirectResponse, p.Timestamp)
		f.change(q.row, func(r *Fetch) { r.Done = true; r.Timing.End = span(p.Timestamp - q.began) })
	}
	switch t := f.target(); {
	case t.kind == "service_worker" && strings.HasPrefix(p.RequestID, "preload-"), p.Initiator.Type == "preload" && t.kind == "service_worker":
		row.Kind = KindPreload
		f.ofWorker(row)
	case t.kind == "service_worker":
		row.Kind = KindWorker
		f.ofWorker(row)
		f.announced(row)
	case p.Type == "Document":
		row.Kind, row.Mode, row.Destination = KindNavigation, "navigate", "document"
		if p.FrameID != "" && p.FrameID != f.m.Target {
			row.Destination = "iframe"
		}
	}
	conclude(row, p.Type)
	sent(row, row.RequestHeaders)
	f.scopeOf(row)
	at, claimed := f.claim(row)
	if !claimed {
		at = f.add(row)
	}
	hops := 0
	if q != nil && p.RedirectResponse != nil {
		hops = q.hops + 1
	}
	next := &request{row: at, id: f.rows[at].ID, began: p.Timestamp, hops: hops}
	if q != nil && q.row < 0 { // its extra info came first
		next.extra, next.extraR = q.extra, q.extraR
		f.extras(next)
	}
	f.open[key] = next
}

// began is the time a request began, as the browser says where it says so.
func (f *fold) began(wall float64) time.Time {
	if wall > 0 && wall < 1e11 {
		return time.UnixMicro(int64(wall * 1e6)).UTC()
	}
	return f.m.Time
}

// Post is the body in a request of CDP, as far as it is told.
type Post struct {
	PostData *string `json:"postData"` // as text: bytes that are none are lost in it
	Entries  []struct {
		Bytes *string `json:"bytes"` // base64; nil: a file
	} `json:"postDataEntries"`
}

// Bytes are the body's, not told when it was not sent along.
func (p *Post) Bytes() (body []byte, told bool) {
	for _, e := range p.Entries {
		if e.Bytes == nil {
			return nil, false
		}
		b, err := base64.StdEncoding.DecodeString(*e.Bytes)
		if err != nil {
			return nil, false
		}
		body = append(body, b...)
	}
	if len(p.Entries) == 0 && p.PostData != nil {
		return []byte(*p.PostData), true
	}
	return body, len(p.Entries) > 0
}

func requestBodyOf(r wireRequest) Body {
	body, told := r.Bytes()
	switch {
	case told:
		return bodyOf(body)
	case r.HasPostData:
		return Body{Size: -1, Missing: "not read yet"}
	}
	return Body{}
}

// extra headers may come before the request they are of.
func (f *fold) requestExtra() {
	var p struct {
		RequestID string            `json:"requestId"`
		Headers   map[string]string `json:"headers"`
	}
	if cdp.Decode(f.m.Params, &p) != nil || p.RequestID == "" {
		return
	}
	q := f.known(p.RequestID)
	q.extra = headersOf(p.Headers)
	f.extras(q)
}

func (f *fold) responseExtra() {
	var p struct {
		RequestID string            `json:"requestId"`
		Headers   map[string]string `json:"headers"`
	}
	if cdp.Decode(f.m.Params, &p) != nil || p.RequestID == "" {
		return
	}
	q := f.known(p.RequestID)
	q.extraR = headersOf(p.Headers)
	f.extras(q)
}

// known is the request on the wire with an id, made when its first message is not here yet.
func (f *fold) known(id string) *request {
	q := f.open[f.key(id)]
	if q == nil {
		q = &request{row: -1}
		f.open[f.key(id)] = q
	}
	return q
}

// extras puts the headers as they were sent in the place of those the page set.
func (f *fold) extras(q *request) {
	if q.row < 0 {
		return
	}
	f.change(q.row, func(r *Fetch) {
		if q.extra != nil {
			sent(r, q.extra)
			r.RequestHeaders, q.extra = q.extra, nil
		}
		if q.extraR != nil && r.Status != 0 {
			r.ResponseHeaders, q.extraR = q.extraR, nil
		}
	})
}

func (f *fold) responseReceived() {
	var p struct {
		RequestID string       `json:"requestId"`
		Timestamp float64      `json:"timestamp"`
		Type      string       `json:"type"`
		FrameID   string       `json:"frameId"`
		Response  wireResponse `json:"response"`
	}
	if cdp.Decode(f.m.Params, &p) != nil || p.RequestID == "" || !isHTTP(p.Response.URL) {
		return
	}
	q := f.open[f.key(p.RequestID)]
	if q == nil || q.row < 0 { // a worker's script: its request was not told
		row := &Fetch{
			ID: p.RequestID, Kind: KindScript, Began: f.m.Time, Instance: f.m.Instance, Context: f.m.Context, Target: f.m.Target, URL: p.Response.URL,
			Method: "GET", Destination: "serviceworker", Decision: Bypassed, Source: FromUnknown, Timing: NoTiming, ResponseBody: Body{Size: -1},
		}
		if f.target().kind != "service_worker" {
			row.Kind, row.Destination, row.Decision = KindFetch, destination(p.Type), Pending
			if p.Type == "Document" {
				row.Kind, row.Mode = KindNavigation, "navigate"
			}
		}
		f.scopeOf(row)
		at := f.add(row)
		fresh := &request{row: at, id: f.rows[at].ID, began: p.Timestamp}
		if q != nil {
			fresh.extraR = q.extraR
		}
		q = fresh
		f.open[f.key(p.RequestID)] = q
	}
	f.respond(q, &p.Response, p.Timestamp)
	f.extras(q)
}

// respond notes a response and what it says of the worker.
func (f *fold) respond(q *request, w *wireResponse, at float64) {
	f.change(q.row, func(r *Fetch) {
		r.Status, r.StatusText, r.MIME, r.ResponseHeaders = w.Status, w.StatusText, w.MIMEType, headersOf(w.Headers)
		r.ResponseType = w.ResponseType
		r.Timing.Response = span(at - q.began)
		if t := w.Timing; t != nil {
			offset := t.RequestTime - q.began
			r.Timing.WorkerStart, r.Timing.WorkerReady = after(offset, t.WorkerStart), after(offset, t.WorkerReady)
			r.Timing.FetchStart, r.Timing.RespondWithSettled = after(offset, t.WorkerFetchStart), after(offset, t.WorkerRespondWithSettled)
		}
		f.decide(r, w)
		concludeOpaque(r)
	})
}

func (f *fold) servedFromCache() {
	var p struct {
		RequestID string `json:"requestId"`
	}
	if cdp.Decode(f.m.Params, &p) != nil {
		return
	}
	if q := f.open[f.key(p.RequestID)]; q != nil {
		f.change(q.row, func(r *Fetch) { r.Source = FromHTTPCache })
	}
}

func (f *fold) loadingFinished() {
	var p struct {
		RequestID         string  `json:"requestId"`
		Timestamp         float64 `json:"timestamp"`
		EncodedDataLength float64 `json:"encodedDataLength"`
	}
	if cdp.Decode(f.m.Params, &p) != nil {
		return
	}
	if q := f.open[f.key(p.RequestID)]; q != nil {
		f.change(q.row, func(r *Fetch) {
			r.Done, r.Timing.End = true, span(p.Timestamp-q.began)
			if r.ResponseBody.Size < 0 && p.EncodedDataLength > 0 && p.EncodedDataLength < 1<<50 {
				r.ResponseBody.Size = int64(p.EncodedDataLength)
			}
		})
	}
}

func (f *fold) loadingFailed() {
	var p struct {
		RequestID     string  `json:"requestId"`
		Timestamp     float64 `json:"timestamp"`
		ErrorText     string  `json:"errorText"`
		BlockedReason string  `json:"blockedReason"`
		Canceled      bool    `json:"canceled"`
	}
	if cdp.Decode(f.m.Params, &p) != nil {
		return
	}
	q := f.open[f.key(p.RequestID)]
	if q == nil || q.row < 0 {
		return
	}
	f.change(q.row, func(r *Fetch) {
		r.Done, r.Timing.End, r.Error = true, span(p.Timestamp-q.began), p.ErrorText
		if p.BlockedReason != "" {
			r.Error += " (" + p.BlockedReason + ")"
		}
		if p.Canceled && r.Error == "" {
			r.Error = "canceled"
		}
		f.failed(r)
	})
}

// responseBody is the reply with a body, or with its hash where a recording keeps it.
func (f *fold) responseBody() {
	if at := f.body(func(r *Fetch) *Body { return &r.ResponseBody }); at >= 0 {
		f.passedOn(at)
	}
}

func (f *fold) requestBody() {
	f.body(func(r *Fetch) *Body { return &r.RequestBody })
}

// body puts the reply's body into its row and gives the row's position, -1 for none.
func (f *fold) body(of func(*Fetch) *Body) int {
	var p struct {
		RequestID string `json:"requestId"`
	}
	if f.m.Kind != inspector.KindReply || cdp.Decode(f.m.Params, &p) != nil {
		return -1
	}
	q := f.open[f.key(p.RequestID)]
	if q == nil || q.row < 0 {
		return -1
	}
	var w struct {
		Body          *string `json:"body"`
		PostData      *string `json:"postData"`
		Base64Encoded bool    `json:"base64Encoded"`
		BodyHash      string  `json:"bodyHash"`
		Size          int64   `json:"size"`
	}
	f.change(q.row, func(r *Fetch) {
		b := of(r)
		if f.m.Error != "" {
			b.Missing = f.m.Error
			return
		}
		if cdp.Decode(f.m.Result, &w) != nil {
			return
		}
		text := w.Body
		if text == nil {
			text = w.PostData
		}
		switch {
		case w.BodyHash != "":
			*b = Body{Hash: w.BodyHash, Size: w.Size}
		case text != nil:
			raw := []byte(*text)
			if w.Base64Encoded {
				raw, _ = base64.StdEncoding.DecodeString(*text) // what cannot be read is empty
			}
			*b = bodyOf(raw)
		}
	})
	return q.row
}

// span is seconds as a duration; nonsense is unknown.
func span(seconds float64) time.Duration {
	if !(seconds >= 0 && seconds < 1e9) {
		return -1
	}
	return time.Duration(seconds * float64(time.Second))
}

// after is ms behind an offset in seconds; -1 means that it did not happen. Of a
// request that fell through, Chromium starts the clock anew for the network: what the
// worker did lies before it.
func after(offset, ms float64) time.Duration {
	if ms == -1 {
		return -1
	}
	return span(max(0, offset+ms/1000))
}

func isHTTP(u string) bool {
	return strings.HasPrefix(u, "http://") || strings.HasPrefix(u, "https://")
}

// destination is a resource type of CDP as a request destination.
func destination(kind string) string {
	switch kind {
	case "Document":
		return "document"
	case "Stylesheet":
		return "style"
	case "Image", "Font", "Script", "Manifest":
		return strings.ToLower(kind)
	case "Media":
		return "video"
	case "TextTrack":
		return "track"
	}
	return ""
}
