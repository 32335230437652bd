package window

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/dop251/goja"
	"golang.org/x/net/html"

	"github.com/swinspect/swinspect/runtime/fetch"
	"github.com/swinspect/swinspect/runtime/webapi/dom"
	"github.com/swinspect/swinspect/runtime/webapi/env"
	"github.com/swinspect/swinspect/runtime/webapi/fetchapi"
	"github.com/swinspect/swinspect/runtime/webapi/idl"
)

// The states of an XMLHttpRequest.
const (
	xhrUnsent = iota
	xhrOpened
	xhrHeadersReceived
	xhrLoading
	xhrDone
)

var errXHRAborted = errors.New("the XMLHttpRequest was aborted")

// xhr is the implementation of an XMLHttpRequest: of its realm's loop alone. A
// request under way is one goroutine of the agent; attempt tells its tasks whether
// open(), abort() or a time-out has ended it meanwhile.
//
// Source: https://xhr.spec.whatwg.org/
type xhr struct {
	dom.Target
	upload *xhrUploadTarget

	method       string
	url          *fetch.URL
	headers      fetch.HeaderList
	async, sent  bool
	credentials  bool
	responseType string
	override     *fetch.MIMEType
	timeout      time.Duration

	state    int
	attempt  int
	started  time.Time
	cancel   context.CancelCauseFunc
	timer    interface{ Stop() bool }
	response *fetch.Response // a network error until there is one
	received []byte
	object   goja.Value // of response, once it was asked for

	uploadListened bool
	uploadComplete bool
	uploadLength   float64
}

// xhrUploadTarget is the implementation of an XMLHttpRequestUpload.
type xhrUploadTarget struct{ dom.Target }

var xhrEvents = []string{"loadstart", "progress", "abort", "error", "load", "timeout", "loadend"}

func newXHR(c *idl.Call) any {
	x := &xhr{async: true, response: fetch.NetworkError(nil), upload: &xhrUploadTarget{}}
	x.Bind(c.Realm, c.Object)
	x.upload.Bind(c.Realm, idl.Wrap(c.Realm, xhrUpload, x.upload))
	return x
}

// requests are a realm's XMLHttpRequests under way, ended with it.
type requestsKey struct{}

func (x *xhr) underWay() map[*xhr]struct{} {
	r := x.Realm()
	all, ok := r.Value(requestsKey{}).(map[*xhr]struct{})
	if !ok {
		all = map[*xhr]struct{}{}
		r.SetValue(requestsKey{}, all)
		r.OnDestroy(func() {
			for x := range all {
				x.terminate(errXHRAborted)
			}
		})
	}
	return all
}

// terminate ends the fetch that is under way; its tasks come to nothing.
func (x *xhr) terminate(reason error) {
	x.attempt++
	if x.cancel != nil {
		x.cancel(reason)
		x.cancel = nil
	}
	if x.timer != nil {
		x.timer.Stop()
		x.timer = nil
	}
	delete(x.underWay(), x)
}

// open is the open() method.
func (x *xhr) open(c *idl.Call) {
	method := idl.ByteString(c, c.Arg(0))
	switch {
	case !fetch.ValidMethod(method):
		panic(c.Exception("SyntaxError", "'%s' is not a valid HTTP method.", method))
	case fetch.ForbiddenMethod(method):
		panic(c.Exception("SecurityError", "'%s' HTTP method is unsupported.", method))
	}
	s := env.Of(c.Realm.Realm)
	u, err := fetch.ParseURL(c.String(1), s.BaseURL())
	if err != nil {
		panic(c.Exception("SyntaxError", "Invalid URL"))
	}
	if c.Has(3) && !idl.IsNullish(c.Arg(3)) || c.Has(4) && !idl.IsNullish(c.Arg(4)) {
		name, password := "", ""
		if !idl.IsNullish(c.Arg(3)) {
			name = c.String(3)
		}
		if !idl.IsNullish(c.Arg(4)) {
			password = c.String(4)
		}
		u = u.WithCredentials(name, password)
	}
	async := len(c.Args) < 3 || c.Bool(2)
	if !async && s.Kind == env.Window && (x.timeout != 0 || x.responseType != "") {
		panic(c.Exception("InvalidAccessError", "Synchronous requests from a document must not set a timeout or response type."))
	}
	x.terminate(errXHRAborted)
	x.method, x.url, x.async = fetch.NormalizeMethod(method), u, async
	x.sent, x.uploadListened = false, false
	x.headers, x.received, x.object = nil, nil, nil
	x.response = fetch.NetworkError(nil)
	if x.state != xhrOpened {
		x.state = xhrOpened
		x.FireSimple("readystatechange")
	}
}

func (x *xhr) setRequestHeader(c *idl.Call) {
	name, value := idl.ByteString(c, c.Arg(0)), fetch.NormalizeValue(idl.ByteString(c, c.Arg(1)))
	x.mustBeOpened(c)
	if !fetch.ValidName(name) {
		panic(c.Exception("SyntaxError", "'%s' is not a valid HTTP header field name.", name))
	}
	if !fetch.ValidValue(value) {
		panic(c.Exception("SyntaxError", "'%s' is not a valid HTTP header field value.", value))
	}
	if fetch.ForbiddenRequestHeader(name, value) {
		return
	}
	if old, ok := x.headers.Get(name); ok {
		value = old + ", " + value
	}
	x.headers.Set(name, value)
}

func (x *xhr) mustBeOpened(c *idl.Call) {
	if x.state != xhrOpened || x.sent {
		panic(c.Exception("InvalidStateError", "The object's state must be OPENED."))
	}
}

// request is the request that send() makes.
func (x *xhr) request(c *idl.Call) *fetch.Request {
	s := env.Of(c.Realm.Realm)
	r := fetch.NewRequest(x.url)
	r.Method, r.Headers, r.UnsafeRequest = x.method, x.headers.Clone(), true
	r.Mode, r.Initiator = "cors", "xmlhttprequest"
	r.Origin, r.ClientID = s.Origin, s.ID
	r.Credentials, r.UseURLCredentials = "same-origin", true
	if x.credentials {
		r.Credentials = "include"
	}
	x.setBody(c, r)
	x.uploadListened = false
	for _, event := range xhrEvents {
		x.uploadListened = x.uploadListened || x.upload.Listens(event)
	}
	r.UseCORSPreflight = x.uploadListened
	x.uploadComplete = r.Body == nil
	if r.Body != nil {
		x.uploadLength = max(0, float64(r.Body.Length()))
	}
	return r
}

// setBody gives the request the body of send().
func (x *xhr) setBody(c *idl.Call, r *fetch.Request) {
	v := c.Arg(0)
	if idl.IsNullish(v) || x.method == "GET" || x.method == "HEAD" {
		return
	}
	var mime string
	text := false
	if w, ok := idl.Unwrap[*Node](v); ok && w.n.Type == html.DocumentNode {
		var b bytes.Buffer
		_ = html.Render(&b, w.n)
		r.Body, mime, text = fetch.BytesBody(b.Bytes()), w.doc.mime+";charset=UTF-8", true
	} else {
		if _, object := v.(*goja.Object); !object {
			text = true
		}
		r.Body, mime = fetchapi.ExtractBody(c, v)
	}
	set, given := r.Headers.Get("Content-Type")
	switch {
	case !given && mime != "":
		r.Headers.Set("Content-Type", mime)
	case given && text:
		if m, ok := fetch.ParseMIMEType(set); ok {
			if charset, has := m.Parameter("charset"); has && !strings.EqualFold(charset, "utf-8") {
				m.SetParameter("charset", "UTF-8")
				r.Headers.Set("Content-Type", m.String())
			}
		}
	}
}

// send is the send() method.
func (x *xhr) send(c *idl.Call) {
	x.mustBeOpened(c)
	r := x.request(c)
	x.sent, x.object = true, nil
	if !x.async {
		x.sendSync(c, r)
		return
	}
	x.progress(&x.Target, "loadstart", 0, 0)
	if !x.uploadComplete && x.uploadListened {
		x.progress(&x.upload.Target, "loadstart", 0, x.uploadLength)
	}
	if x.state != xhrOpened || !x.sent {
		return
	}
	x.start(r)
}

// start performs the fetch in parallel.
func (x *xhr) start(r *fetch.Request) {
	agent := x.Realm().Agent()
	x.attempt++
	mine := x.attempt
	ctx, cancel := context.WithCancelCause(agent.Context())
	x.cancel, x.started = cancel, agent.Clock().Now()
	x.underWay()[x] = struct{}{}
	x.setTimer()
	perform := env.Of(x.Realm().Realm).Fetch
	task := func(f func()) {
		agent.Queue("XMLHttpRequest", func() {
			if x.attempt == mine && !x.Realm().Gone() {
				f()
			}
		})
	}
	agent.Go(func(context.Context) {
		defer cancel(nil)
		response := perform(ctx, r)
		task(func() {
			// A worker that answers takes the body: nothing is sent.
			x.uploadListened = x.uploadListened && !response.Unfiltered().FromServiceWorker
			x.uploaded()
			x.gotHeaders(response)
		})
		if !response.IsNetworkError() {
			x.pump(ctx, response, task)
		}
	})
}

// pump reads the body and hands it on at most every 50 ms; in parallel.
func (x *xhr) pump(ctx context.Context, response *fetch.Response, task func(func())) {
	body := response.Body
	if body == nil {
		task(x.endOfBody)
		return
	}
	if b, inMemory := body.Bytes(); inMemory {
		task(func() { x.gotChunk(b); x.endOfBody() })
		return
	}
	reader := body.Reader()
	stop := context.AfterFunc(ctx, func() { reader.Close() })
	defer stop()
	buffer := make([]byte, 64<<10)
	total := 0
	for {
		n, err := reader.Read(buffer)
		if n > 0 {
			total += n
			chunk := bytes.Clone(buffer[:n])
			task(func() { x.gotChunk(chunk) })
		}
		switch {
		case err == nil && total <= maxResource:
		case errors.Is(err, io.EOF):
			task(x.endOfBody)
			return
		default:
			reader.Close()
			task(func() { x.requestError("error") })
			return
		}
	}
}

// uploaded is processRequestEndOfBody.
//
// DIVERGES: it comes with the response; how much of a body has left is not known.
func (x *xhr) uploaded() {
	if x.uploadComplete {
		return
	}
	x.uploadComplete = true
	if !x.uploadListened {
		return
	}
	for _, event := range []string{"progress", "load", "loadend"} {
		x.progress(&x.upload.Target, event, x.uploadLength, x.uploadLength)
	}
}

func (x *xhr) gotHeaders(response *fetch.Response) {
	x.response = response
	if response.IsNetworkError() {
		x.requestError("error")
		return
	}
	x.state = xhrHeadersReceived
	x.FireSimple("readystatechange")
}

func (x *xhr) gotChunk(chunk []byte) {
	if x.state != xhrHeadersReceived && x.state != xhrLoading {
		return
	}
	x.received = append(x.received, chunk...)
	x.state = xhrLoading
	x.FireSimple("readystatechange")
	if x.state == xhrLoading {
		x.progress(&x.Target, "progress", float64(len(x.received)), x.total())
	}
}

// endOfBody is "handle response end-of-body".
func (x *xhr) endOfBody() {
	if x.response.IsNetworkError() || x.state < xhrHeadersReceived {
		return
	}
	x.terminate(nil)
	mine := x.attempt
	loaded, total := float64(len(x.received)), x.total()
	x.state, x.sent = xhrDone, false
	x.FireSimple("readystatechange")
	for _, event := range []string{"load", "loadend"} {
		if x.attempt == mine {
			x.progress(&x.Target, event, loaded, total)
		}
	}
}

// total is the length the response announces; 0 when it does not.
func (x *xhr) total() float64 {
	if x.response.Headers.Has("Content-Encoding") {
		return 0
	}
	v, _ := x.response.Headers.Get("Content-Length")
	n, err := strconv.ParseInt(strings.TrimSpace(v), 10, 64)
	if err != nil {
		return 0
	}
	return float64(n)
}

// requestError is "request error steps" for error, abort or timeout.
func (x *xhr) requestError(event string) {
	x.terminate(errXHRAborted)
	x.state, x.sent = xhrDone, false
	x.response, x.received, x.object = fetch.NetworkError(nil), nil, nil
	mine := x.attempt
	x.FireSimple("readystatechange")
	if !x.uploadComplete {
		x.uploadComplete = true
		if x.uploadListened {
			x.progress(&x.upload.Target, event, 0, 0)
			x.progress(&x.upload.Target, "loadend", 0, 0)
		}
	}
	for _, name := range []string{event, "loadend"} {
		if x.attempt == mine {
			x.progress(&x.Target, name, 0, 0)
		}
	}
}

// abort is the abort() method.
func (x *xhr) abort() {
	x.terminate(errXHRAborted)
	if x.state == xhrOpened && x.sent || x.state == xhrHeadersReceived || x.state == xhrLoading {
		x.requestError("abort")
	}
	if x.state == xhrDone {
		x.state = xhrUnsent
		x.response = fetch.NetworkError(nil)
	}
}

// setTimer starts the time-out, counted from the start of the fetch.
func (x *xhr) setTimer() {
	if x.timer != nil {
		x.timer.Stop()
		x.timer = nil
	}
	if x.timeout == 0 || x.cancel == nil {
		return
	}
	agent, mine := x.Realm().Agent(), x.attempt
	left := x.timeout - agent.Clock().Now().Sub(x.started)
	x.timer = agent.Clock().AfterFunc(max(0, left), func() {
		agent.Queue("XMLHttpRequest", func() {
			if x.attempt == mine && !x.Realm().Gone() {
				x.requestError("timeout")
			}
		})
	})
}

func (x *xhr) progress(t *dom.Target, event string, loaded, total float64) {
	t.Fire(dom.ProgressEvent, &dom.Progress{Event: dom.Event{Type: event}, LengthComputable: total != 0, Loaded: loaded, Total: total})
}

// sendSync is send() of a synchronous request: the loop waits for it.
func (x *xhr) sendSync(c *idl.Call, r *fetch.Request) {
	x.uploadComplete, x.uploadListened = true, false
	ctx, cancel := context.WithCancel(c.Realm.Agent().Context())
	defer cancel()
	timedOut := false
	if x.timeout != 0 {
		var stop context.CancelFunc
		ctx, stop = context.WithTimeout(ctx, x.timeout)
		defer stop()
	}
	perform := env.Of(c.Realm.Realm).Fetch
	response := perform(ctx, r)
	var body []byte
	err := response.Err
	if !response.IsNetworkError() && response.Body != nil {
		body, err = response.Body.ReadAll(ctx, maxResource)
	}
	timedOut = errors.Is(ctx.Err(), context.DeadlineExceeded)
	x.sent, x.state = false, xhrDone
	if response.IsNetworkError() || err != nil {
		x.response = fetch.NetworkError(err)
		name, why := "NetworkError", "Failed to load '%s'."
		if timedOut {
			name, why = "TimeoutError", "The request for '%s' timed out."
		}
		panic(c.Exception(name, why, x.url.String()))
	}
	x.response, x.received = response, body
	x.FireSimple("readystatechange")
	x.progress(&x.Target, "load", float64(len(body)), x.total())
	x.progress(&x.Target, "loadend", float64(len(body)), x.total())
}
