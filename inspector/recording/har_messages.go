package recording

import (
	"net/url"
	"strings"
	"time"

	"github.com/swinspect/swinspect/cdp"
	"github.com/swinspect/swinspect/inspector"
)

// object is the params of a message to be.
type object = map[string]any

func harMessage(at time.Time, target, method string, params object) inspector.Message {
	p, err := cdp.Encode(params)
	if err != nil {
		p = nil // not reachable: the values are strings, numbers and what was decoded from JSON
	}
	return inspector.Message{Time: at, Kind: inspector.KindEvent, Instance: harInstance, Context: harContext, Target: target, Method: method, Params: p}
}

// messages are the events that a browser would have sent, entry by entry.
func (im *importer) messages(h *harFile) []inspector.Message {
	var all []inspector.Message
	began := time.Time{}
	if len(im.entries) > 0 {
		began = im.entries[0].at
	}
	all = append(all, inspector.NewNote(began, harInstance, harContext, NoteRecording{
		Mode: HAR, Redacted: !im.out.opts.KeepSecrets, Target: im.report.Creator, Browser: im.report.Browser, Began: began,
	}))
	all = append(all, im.targets(h, began)...)
	pages := map[string]string{}
	for _, i := range im.entries {
		if _, known := pages[i.target]; !known {
			pages[i.target] = im.pageURL(h, i)
		}
		if isDocument(&i.harEntry) && i.from == nil {
			pages[i.target] = string(i.Request.URL)
		}
		if isWebSocket(&i.harEntry) {
			all = append(all, i.webSocket(began)...)
			continue
		}
		all = append(all, i.events(began, pages[i.target])...)
	}
	return all
}

func isDocument(e *harEntry) bool { return strings.EqualFold(string(e.Type), "document") }

func isWebSocket(e *harEntry) bool {
	return strings.HasPrefix(string(e.Request.URL), "ws:") || strings.HasPrefix(string(e.Request.URL), "wss:")
}

// redirectsTo is where an entry's redirect leads, "" when it is none.
func (i *imported) redirectsTo() string {
	to := string(i.Response.RedirectURL)
	if to == "" || i.Response.Status < 300 || i.Response.Status > 399 {
		return ""
	}
	base, err := url.Parse(string(i.Request.URL))
	if err != nil {
		return ""
	}
	ref, err := base.Parse(to)
	if err != nil {
		return ""
	}
	return withoutFragment(ref.String())
}

// stamp is a moment on the monotonic clock of the messages: seconds.
func stamp(at, began time.Time) float64 { return 1 + at.Sub(began).Seconds() }

// after is a moment of an entry, ms after it began.
func (i *imported) after(ms float64) time.Time {
	return i.at.Add(time.Duration(max(0, min(ms, 1e10)) * float64(time.Millisecond)))
}

// events are the messages of one entry.
func (i *imported) events(began time.Time, page string) []inspector.Message {
	answered, ended := i.after(i.headersAt()), i.after(i.endedAt())
	sent := object{
		"requestId": i.id, "loaderId": i.target, "documentURL": page, "request": i.request(),
		"timestamp": stamp(i.at, began), "wallTime": float64(i.at.UnixMicro()) / 1e6,
		"initiator": i.initiator(), "redirectHasExtraInfo": false, "type": resourceType(string(i.Type)), "frameId": i.target,
	}
	if i.from != nil {
		sent["redirectResponse"] = i.from.response(began)
	}
	all := []inspector.Message{harMessage(i.at, i.target, "Network.requestWillBeSent", sent)}
	if i.post.BodyHash != "" {
		all = append(all, i.reply(i.at, "Network.getRequestPostData", i.post))
	}
	if i.next {
		return all // its response comes with the request of the next hop
	}
	failure := cmpOr(string(i.Response.Error), string(i.Response.Failure))
	if i.Response.Status > 0 {
		all = append(all, harMessage(answered, i.target, "Network.responseReceived", object{
			"requestId": i.id, "loaderId": i.target, "timestamp": stamp(answered, began), "type": resourceType(string(i.Type)),
			"response": i.response(began), "hasExtraInfo": false, "frameId": i.target,
		}))
	}
	if i.Response.Status <= 0 || failure != "" || i.Aborted {
		all = append(all, harMessage(ended, i.target, "Network.loadingFailed", object{
			"requestId": i.id, "timestamp": stamp(ended, began), "type": resourceType(string(i.Type)),
			"errorText": cmpOr(failure, "net::ERR_FAILED"), "canceled": i.Aborted,
		}))
	} else {
		all = append(all, harMessage(ended, i.target, "Network.loadingFinished", object{
			"requestId": i.id, "timestamp": stamp(ended, began), "encodedDataLength": max(0, float64(i.Response.TransferSize)),
		}))
	}
	if i.Response.Status > 0 {
		all = append(all, i.reply(ended, "Network.getResponseBody", i.body))
	}
	return all
}

// reply is the answer with a body.
func (i *imported) reply(at time.Time, method string, body BodyRef) inspector.Message {
	m := harMessage(at, i.target, method, object{"requestId": i.id})
	m.Kind, m.Error = inspector.KindReply, body.Missing
	if result, err := cdp.Encode(body); err == nil {
		m.Result = result
	}
	return m
}

func (i *imported) request() object {
	r := object{
		"url": withoutFragment(string(i.Request.URL)), "method": cmpOr(string(i.Request.Method), "GET"),
		"headers": headerObject(i.Request.Headers), "initialPriority": cmpOr(string(i.Priority), "Medium"), "referrerPolicy": "",
	}
	if _, fragment, ok := strings.Cut(string(i.Request.URL), "#"); ok {
		r["urlFragment"] = "#" + fragment
	}
	if i.post.BodyHash != "" {
		r["hasPostData"] = true
	}
	return r
}

func (i *imported) initiator() object {
	in := object{"type": "other"}
	if i.Initiator == nil {
		return in
	}
	in["type"] = cmpOr(string(i.Initiator.Type), "other")
	if i.Initiator.URL != "" {
		in["url"], in["lineNumber"] = i.Initiator.URL, i.Initiator.Line
	}
	if len(i.Initiator.Stack) > 0 {
		in["stack"] = i.Initiator.Stack
	}
	return in
}

// response is the entry's as CDP's Network.Response.
func (i *imported) response(began time.Time) object {
	e := &i.harEntry
	r := object{
		"url": withoutFragment(string(e.Request.URL)), "status": int(e.Response.Status), "statusText": e.Response.StatusText,
		"headers": headerObject(e.Response.Headers), "mimeType": mimeOf(string(e.Response.Content.MIME)), "charset": "",
		"connectionReused": false, "connectionId": 0, "remoteIPAddress": e.ServerIP, "remotePort": int(e.ServerPort),
		"fromDiskCache": e.FromCache == "disk", "fromServiceWorker": e.Response.ViaServiceWorker,
		"encodedDataLength": max(0, float64(e.Response.TransferSize)), "protocol": protocolOf(string(e.Response.Version)), "securityState": "unknown",
		"timing": i.timing(began),
	}
	if e.Connection != "" {
		r["connectionId"] = e.Connection
	}
	if source := e.Response.WorkerSource; source != "" {
		r["serviceWorkerResponseSource"] = strings.ToLower(strings.ReplaceAll(string(source), "_", "-"))
	}
	if e.Response.CacheName != "" {
		r["cacheStorageCacheName"] = e.Response.CacheName
	}
	rule, matched, actual := e.Response.RouterRule, e.Response.RouterMatched, e.Response.RouterActual
	if other := e.Response.Router; other != nil && rule == nil {
		rule, matched, actual = other.Rule, other.Matched, other.Actual
	}
	if rule != nil {
		router := object{"ruleIdMatched": int(*rule)}
		if matched != "" {
			router["matchedSourceType"] = matched
		}
		if actual != "" {
			router["actualSourceType"] = actual
		}
		r["serviceWorkerRouterInfo"] = router
	}
	return r
}

// timing is the entry's as CDP's Network.ResourceTiming: ms after requestTime.
func (i *imported) timing(began time.Time) object {
	t := &i.Timings
	now := max(0, t.Blocked.of())
	span := func(ms float64) (from, to float64) {
		if ms < 0 {
			return -1, -1
		}
		from = now
		now += ms
		return from, now
	}
	dnsStart, dnsEnd := span(t.DNS.of())
	connectStart, connectEnd := span(t.Connect.of())
	sslStart, sslEnd := -1.0, -1.0
	if ssl := t.SSL.of(); ssl > 0 && connectEnd >= 0 {
		sslStart, sslEnd = max(connectStart, connectEnd-ssl), connectEnd
	}
	sendStart, sendEnd := span(max(0, float64(t.Send)))
	o := object{
		"requestTime": stamp(i.at, began), "proxyStart": -1, "proxyEnd": -1, "dnsStart": dnsStart, "dnsEnd": dnsEnd,
		"connectStart": connectStart, "connectEnd": connectEnd, "sslStart": sslStart, "sslEnd": sslEnd,
		"workerStart": t.WorkerStart.of(), "workerReady": t.WorkerReady.of(), "workerFetchStart": t.WorkerFetchStart.of(),
		"workerRespondWithSettled": t.RespondWithSettled.of(), "sendStart": sendStart, "sendEnd": sendEnd,
		"pushStart": 0, "pushEnd": 0, "receiveHeadersStart": i.headersAt(), "receiveHeadersEnd": i.headersAt(),
	}
	if t.RouterEvaluation != nil {
		o["workerRouterEvaluationStart"] = *t.RouterEvaluation
	}
	if t.CacheLookup != nil {
		o["workerCacheLookupStart"] = *t.CacheLookup
	}
	return o
}

// headersAt is when the response came, ms after the beginning.
func (i *imported) headersAt() float64 {
	t := &i.Timings
	ms := 0.0
	for _, part := range []float64{t.Blocked.of(), t.DNS.of(), t.Connect.of(), float64(t.Send), float64(t.Wait)} {
		ms += max(0, part)
	}
	if i.Time > 0 {
		ms = min(ms, float64(i.Time))
	}
	return ms
}

func (i *imported) endedAt() float64 {
	return max(i.headersAt(), float64(i.Time), i.headersAt()+max(0, float64(i.Timings.Receive)))
}

// webSocket are the messages of a WebSocket.
func (i *imported) webSocket(began time.Time) []inspector.Message {
	all := []inspector.Message{
		harMessage(i.at, i.target, "Network.webSocketCreated", object{"requestId": i.id, "url": i.Request.URL, "initiator": i.initiator()}),
		harMessage(i.at, i.target, "Network.webSocketWillSendHandshakeRequest", object{
			"requestId": i.id, "timestamp": stamp(i.at, began), "wallTime": float64(i.at.UnixMicro()) / 1e6,
			"request": object{"headers": headerObject(i.Request.Headers)},
		}),
		harMessage(i.after(i.headersAt()), i.target, "Network.webSocketHandshakeResponseReceived", object{
			"requestId": i.id, "timestamp": stamp(i.after(i.headersAt()), began),
			"response": object{"status": int(i.Response.Status), "statusText": i.Response.StatusText, "headers": headerObject(i.Response.Headers)},
		}),
	}
	for _, f := range i.WebSocket {
		at := time.UnixMicro(int64(float64(f.Time) * 1e6)).UTC()
		if at.Before(i.at) || at.Sub(i.at) > 30*24*time.Hour {
			at = i.at
		}
		method := "Network.webSocketFrameReceived"
		if f.Type == "send" {
			method = "Network.webSocketFrameSent"
		}
		all = append(all, harMessage(at, i.target, method, object{
			"requestId": i.id, "timestamp": stamp(at, began), "response": object{"opcode": int(f.Opcode), "mask": f.Type == "send", "payloadData": f.Data},
		}))
	}
	at := i.after(i.endedAt())
	return append(all, harMessage(at, i.target, "Network.webSocketClosed", object{"requestId": i.id, "timestamp": stamp(at, began)}))
}

// headerObject is headers as CDP has them: repeated ones joined by line breaks.
func headerObject(headers []harHeader) map[string]string {
	o := map[string]string{}
	spelled := map[string]string{}
	for _, h := range headers {
		name := string(h.Name)
		if strings.HasPrefix(name, ":") || name == "" {
			continue // HTTP/2's, which DevTools lists with the others
		}
		lower := strings.ToLower(name)
		if as, there := spelled[lower]; there {
			o[as] += "\n" + string(h.Value)
			continue
		}
		spelled[lower] = name
		o[name] = string(h.Value)
	}
	return o
}

func mimeOf(s string) string {
	s, _, _ = strings.Cut(s, ";")
	if s = strings.TrimSpace(s); s == "x-unknown" {
		return ""
	}
	return s
}

func protocolOf(version string) string {
	switch v := strings.ToLower(version); v {
	case "http/2.0", "http/2", "h2":
		return "h2"
	case "http/3.0", "http/3", "h3":
		return "h3"
	default:
		return v
	}
}

// resourceTypes are CDP's, by what HARs call them.
var resourceTypes = map[string]string{
	"document": "Document", "stylesheet": "Stylesheet", "image": "Image", "media": "Media", "font": "Font", "script": "Script",
	"texttrack": "TextTrack", "xhr": "XHR", "fetch": "Fetch", "prefetch": "Prefetch", "eventsource": "EventSource", "websocket": "WebSocket",
	"manifest": "Manifest", "signedexchange": "SignedExchange", "ping": "Ping", "cspviolationreport": "CSPViolationReport", "preflight": "Preflight",
	"other": "Other",
}

func resourceType(s string) string {
	if t := resourceTypes[strings.ToLower(strings.ReplaceAll(s, "-", ""))]; t != "" {
		return t
	}
	return "Other"
}
