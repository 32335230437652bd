package recording

import (
	"net/http"
	"strings"
	"time"

	"github.com/chromedp/cdproto/cdp/jsonv2"

	"github.com/swinspect/swinspect/cdp"
	"github.com/swinspect/swinspect/inspector"
)

// What the export reads of CDP's Network domain.
type (
	exportRequest struct {
		RequestID   string `json:"requestId"`
		DocumentURL string `json:"documentURL"`
		FrameID     string `json:"frameId"`
		Request     struct {
			URL         string            `json:"url"`
			URLFragment string            `json:"urlFragment"`
			Method      string            `json:"method"`
			Headers     map[string]string `json:"headers"`
			PostData    *string           `json:"postData"`
			Priority    string            `json:"initialPriority"`
		} `json:"request"`
		Timestamp        float64         `json:"timestamp"`
		WallTime         float64         `json:"wallTime"`
		Type             string          `json:"type"`
		Initiator        harInitiator    `json:"initiator"`
		RedirectResponse *exportResponse `json:"redirectResponse"`
	}
	exportResponse struct {
		URL               string            `json:"url"`
		Status            int               `json:"status"`
		StatusText        string            `json:"statusText"`
		Headers           map[string]string `json:"headers"`
		MIME              string            `json:"mimeType"`
		Protocol          string            `json:"protocol"`
		RemoteIP          string            `json:"remoteIPAddress"`
		RemotePort        int               `json:"remotePort"`
		Connection        harText           `json:"connectionId"`
		FromDiskCache     bool              `json:"fromDiskCache"`
		FromServiceWorker bool              `json:"fromServiceWorker"`
		WorkerSource      string            `json:"serviceWorkerResponseSource"`
		CacheName         string            `json:"cacheStorageCacheName"`
		EncodedLength     float64           `json:"encodedDataLength"`
		Router            *struct {
			Rule    int    `json:"ruleIdMatched"`
			Matched string `json:"matchedSourceType"`
			Actual  string `json:"actualSourceType"`
		} `json:"serviceWorkerRouterInfo"`
		Timing *exportTiming `json:"timing"`

		at float64 // when it came, monotonic
	}
	exportTiming struct {
		RequestTime float64 `json:"requestTime"`
		DNSStart    float64 `json:"dnsStart"`
		DNSEnd      float64 `json:"dnsEnd"`
		ConnStart   float64 `json:"connectStart"`
		ConnEnd     float64 `json:"connectEnd"`
		SSLStart    float64 `json:"sslStart"`
		SSLEnd      float64 `json:"sslEnd"`
		SendStart   float64 `json:"sendStart"`
		SendEnd     float64 `json:"sendEnd"`
		HeadersEnd  float64 `json:"receiveHeadersEnd"`

		WorkerStart        float64    `json:"workerStart"`
		WorkerReady        float64    `json:"workerReady"`
		WorkerFetchStart   float64    `json:"workerFetchStart"`
		RespondWithSettled float64    `json:"workerRespondWithSettled"`
		RouterEvaluation   *harNumber `json:"workerRouterEvaluationStart"`
		CacheLookup        *harNumber `json:"workerCacheLookupStart"`
	}
	exportEnd struct {
		RequestID     string  `json:"requestId"`
		Timestamp     float64 `json:"timestamp"`
		EncodedLength float64 `json:"encodedDataLength"`
		ErrorText     string  `json:"errorText"`
		Canceled      bool    `json:"canceled"`
	}
	exportExtra struct {
		RequestID string            `json:"requestId"`
		Headers   map[string]string `json:"headers"`
	}
)

// message folds one message into the entries.
func (x *exporter) message(m inspector.Message) {
	if h := exportHandlers[m.Method]; h != nil && m.Kind != inspector.KindNote {
		h(x, m)
	}
}

var exportHandlers = map[string]func(*exporter, inspector.Message){
	"Target.targetCreated":                       (*exporter).target,
	"Target.targetInfoChanged":                   (*exporter).target,
	"Network.requestWillBeSent":                  (*exporter).requestWillBeSent,
	"Network.requestWillBeSentExtraInfo":         (*exporter).requestExtra,
	"Network.responseReceived":                   (*exporter).responseReceived,
	"Network.responseReceivedExtraInfo":          (*exporter).responseExtra,
	"Network.requestServedFromCache":             (*exporter).servedFromCache,
	"Network.loadingFinished":                    (*exporter).ended,
	"Network.loadingFailed":                      (*exporter).ended,
	"Network.getResponseBody":                    (*exporter).responseBody,
	"Network.getRequestPostData":                 (*exporter).requestBody,
	"Network.webSocketCreated":                   (*exporter).webSocketCreated,
	"Network.webSocketWillSendHandshakeRequest":  (*exporter).webSocketSent,
	"Network.webSocketFrameSent":                 (*exporter).webSocketFrame,
	"Network.webSocketFrameReceived":             (*exporter).webSocketFrame,
	"Network.webSocketHandshakeResponseReceived": (*exporter).webSocketAnswered,
	"Network.webSocketClosed":                    (*exporter).ended,
}

func (x *exporter) target(m inspector.Message) {
	var p struct {
		TargetInfo struct {
			ID   string `json:"targetId"`
			Type string `json:"type"`
			URL  string `json:"url"`
		} `json:"targetInfo"`
	}
	if cdp.Decode(m.Params, &p) == nil && p.TargetInfo.ID != "" {
		x.targets[p.TargetInfo.ID] = exportTarget{p.TargetInfo.Type, p.TargetInfo.URL}
	}
}

func (x *exporter) requestWillBeSent(m inspector.Message) {
	var p exportRequest
	if cdp.Decode(m.Params, &p) != nil || p.RequestID == "" {
		return
	}
	key := exportKey{m.Instance, m.Target, p.RequestID}
	e := &exporting{key: key, sent: p}
	if before := x.open[key]; before != nil {
		if p.RedirectResponse != nil {
			r := p.RedirectResponse
			r.at = p.Timestamp
			before.got, before.ended, before.endedAt, e.hop = r, p.Timestamp, m.Time, before.hop+1
		}
		if before.sent.RequestID == "" { // its extra info came first
			e.extraOut, e.extraIn = before.extraOut, before.extraIn
		} else {
			before.closed = true
		}
	}
	began := m.Time
	if p.WallTime > 0 && p.WallTime < 1e11 {
		began = time.UnixMicro(int64(p.WallTime * 1e6)).UTC()
	}
	e.e = harEntry{
		Pageref: harText(x.pageOf(m.Target, &p, began)), Started: harText(began.Format(harTimeLayout)), Cache: jsonv2.Value("{}"),
		Priority: harText(p.Request.Priority), Type: harText(strings.ToLower(p.Type)), Initiator: &p.Initiator,
		Request: harRequest{
			Method: harText(p.Request.Method), URL: harText(p.Request.URL + p.Request.URLFragment), Version: "http/1.1",
			Headers: []harHeader{}, Query: harQuery(p.Request.URL), Cookies: noValues, HeadersSize: -1,
		},
	}
	x.open[key] = e
	x.order = append(x.order, e)
}

var noValues = []jsonv2.Value{}

// pageOf names the page of a request; a navigation of the main frame begins a new one.
func (x *exporter) pageOf(target string, p *exportRequest, at time.Time) string {
	if t := x.targets[target].kind; t != "page" && t != "tab" && t != "iframe" && t != "" {
		return ""
	}
	if x.page == nil {
		x.page = map[string]string{}
	}
	navigation := p.Type == "Document" && p.RedirectResponse == nil && (p.FrameID == target || p.FrameID == "")
	if id := x.page[target]; id != "" && !navigation {
		return id
	}
	id := "page_" + itoa(len(x.pages)+1)
	x.page[target] = id
	title := p.DocumentURL
	if navigation || title == "" {
		title = p.Request.URL
	}
	x.pages = append(x.pages, harPage{
		Started: harText(at.Format(harTimeLayout)), ID: harText(id), Title: harText(title), Timings: jsonv2.Value(`{"onContentLoad":-1,"onLoad":-1}`),
	})
	return id
}

// known is the entry that a message is about; one is made for extra info that comes
// before its request.
func (x *exporter) known(m inspector.Message, id string, make bool) *exporting {
	key := exportKey{m.Instance, m.Target, id}
	e := x.open[key]
	if e == nil && make && id != "" {
		e = &exporting{key: key}
		x.open[key] = e
	}
	return e
}

func (x *exporter) requestExtra(m inspector.Message) {
	var p exportExtra
	if cdp.Decode(m.Params, &p) == nil {
		if e := x.known(m, p.RequestID, true); e != nil {
			e.extraOut = p.Headers
		}
	}
}

func (x *exporter) responseExtra(m inspector.Message) {
	var p exportExtra
	if cdp.Decode(m.Params, &p) == nil {
		if e := x.known(m, p.RequestID, true); e != nil {
			e.extraIn = p.Headers
		}
	}
}

func (x *exporter) servedFromCache(m inspector.Message) {
	var p exportExtra
	if cdp.Decode(m.Params, &p) == nil {
		if e := x.known(m, p.RequestID, false); e != nil {
			e.cached = true
		}
	}
}

func (x *exporter) responseReceived(m inspector.Message) {
	var p struct {
		RequestID string         `json:"requestId"`
		Timestamp float64        `json:"timestamp"`
		Type      string         `json:"type"`
		Response  exportResponse `json:"response"`
	}
	if cdp.Decode(m.Params, &p) != nil || p.RequestID == "" {
		return
	}
	e := x.known(m, p.RequestID, false)
	if e == nil || e.sent.RequestID == "" { // a worker's script: its request was not told
		sent, err := cdp.Encode(object{
			"requestId": p.RequestID, "request": object{"url": p.Response.URL, "method": "GET"}, "timestamp": p.Timestamp, "type": p.Type,
		})
		if err != nil {
			return
		}
		m.Params = sent
		x.requestWillBeSent(m)
		if e = x.known(m, p.RequestID, false); e == nil {
			return
		}
	}
	p.Response.at = p.Timestamp
	e.got = &p.Response
}

func (x *exporter) ended(m inspector.Message) {
	var p exportEnd
	if cdp.Decode(m.Params, &p) != nil {
		return
	}
	e := x.known(m, p.RequestID, false)
	if e == nil {
		return
	}
	e.ended, e.endedAt = p.Timestamp, m.Time
	e.e.Response.TransferSize = harNumber(p.EncodedLength)
	if m.Method == "Network.loadingFailed" {
		e.e.Response.Error = harText(cmpOr(p.ErrorText, "net::ERR_FAILED"))
		e.e.Aborted = p.Canceled
	}
}

func (x *exporter) responseBody(m inspector.Message) {
	x.body(m, func(e *exporting, b BodyRef) { e.body, e.hasBody = b, true })
}

func (x *exporter) requestBody(m inspector.Message) {
	x.body(m, func(e *exporting, b BodyRef) { e.post = b })
}

func (x *exporter) body(m inspector.Message, set func(*exporting, BodyRef)) {
	var p exportExtra
	var b BodyRef
	if m.Kind != inspector.KindReply || cdp.Decode(m.Params, &p) != nil {
		return
	}
	if e := x.known(m, p.RequestID, false); e != nil {
		_ = cdp.Decode(m.Result, &b) // a reply that failed has none
		if m.Error != "" {
			b.Missing = m.Error
		}
		set(e, b)
	}
}

func (x *exporter) webSocketCreated(m inspector.Message) {
	var p struct {
		RequestID string       `json:"requestId"`
		URL       string       `json:"url"`
		Initiator harInitiator `json:"initiator"`
	}
	if cdp.Decode(m.Params, &p) != nil || p.RequestID == "" {
		return
	}
	sent, err := cdp.Encode(object{
		"requestId": p.RequestID, "request": object{"url": p.URL, "method": "GET"}, "type": "WebSocket", "initiator": &p.Initiator,
	})
	if err != nil {
		return
	}
	m.Params = sent
	x.requestWillBeSent(m)
	if e := x.known(m, p.RequestID, false); e != nil {
		e.hasBody, e.e.WebSocket = true, []harFrame{}
	}
}

func (x *exporter) webSocketSent(m inspector.Message) {
	var p exportRequest
	if cdp.Decode(m.Params, &p) != nil {
		return
	}
	if e := x.known(m, p.RequestID, false); e != nil {
		e.sent.Timestamp, e.extraOut = p.Timestamp, p.Request.Headers
	}
}

func (x *exporter) webSocketAnswered(m inspector.Message) {
	var p struct {
		RequestID string         `json:"requestId"`
		Timestamp float64        `json:"timestamp"`
		Response  exportResponse `json:"response"`
	}
	if cdp.Decode(m.Params, &p) != nil {
		return
	}
	if e := x.known(m, p.RequestID, false); e != nil {
		p.Response.at = p.Timestamp
		if e.sent.Timestamp == 0 { // not told when it was sent
			e.sent.Timestamp = p.Timestamp
		}
		if p.Response.Status == 0 {
			p.Response.Status = http.StatusSwitchingProtocols
		}
		e.got = &p.Response
	}
}

func (x *exporter) webSocketFrame(m inspector.Message) {
	var p struct {
		RequestID string `json:"requestId"`
		Response  struct {
			Opcode  harNumber `json:"opcode"`
			Payload harText   `json:"payloadData"`
		} `json:"response"`
	}
	if cdp.Decode(m.Params, &p) != nil {
		return
	}
	if e := x.known(m, p.RequestID, false); e != nil {
		kind := harText("receive")
		if m.Method == "Network.webSocketFrameSent" {
			kind = "send"
		}
		e.e.WebSocket = append(e.e.WebSocket, harFrame{Type: kind, Time: harNumber(float64(m.Time.UnixMicro()) / 1e6), Opcode: p.Response.Opcode, Data: p.Response.Payload})
	}
}
