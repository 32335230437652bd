// Package eventsource is the EventSource interface: server-sent events.
//
// Concurrency: an EventSource runs on the realm's loop; a goroutine of the agent
// fetches, reads and waits to reconnect, and ends when the source is closed.
//
// Source: https://html.spec.whatwg.org/#server-sent-events
package eventsource

import (
	"bufio"
	"context"
	"io"
	"strings"
	"time"

	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/runtime/fetch"
	"github.com/swinspect/swinspect/runtime/webapi/dom"
	"github.com/swinspect/swinspect/runtime/webapi/env"
	"github.com/swinspect/swinspect/runtime/webapi/idl"
)

// The ready states.
const (
	connecting = iota
	open
	closed
)

const (
	taskSource = "remote event"
	// defaultRetry is the reconnection time before the server names another.
	defaultRetry = 3 * time.Second
	// maxLine bounds one line of the stream.
	maxLine = 16 << 20
)

// source is the implementation of an EventSource. Of the loop, except what serve uses.
type source struct {
	dom.Target
	url         *fetch.URL
	credentials bool
	state       int
	cancel      context.CancelFunc

	settings *env.Settings
	retry    time.Duration // of the goroutine
	lastID   string        // of the goroutine
}

// EventSource is the interface of that name.
var EventSource = &idl.Interface{Name: "EventSource", Parent: dom.EventTarget, Length: 1}

// Install exposes EventSource on the realm's global.
func Install(r *idl.Realm) { idl.Expose(r, EventSource) }

func init() {
	attr := func(name string, get func(*source) any) idl.Member {
		return idl.Attr(name, func(c *idl.Call) goja.Value { return c.Value(get(idl.This[*source](c))) }, nil)
	}
	EventSource.New = newSource
	EventSource.Members = []idl.Member{
		attr("url", func(s *source) any { return s.url.String() }),
		attr("withCredentials", func(s *source) any { return s.credentials }),
		idl.Const("CONNECTING", connecting), idl.Const("OPEN", open), idl.Const("CLOSED", closed),
		attr("readyState", func(s *source) any { return s.state }),
		dom.Handler("open"), dom.Handler("message"), dom.Handler("error"),
		idl.Method("close", 0, func(c *idl.Call) goja.Value {
			s := idl.This[*source](c)
			s.state = closed
			s.cancel()
			return nil
		}),
	}
}

func newSource(c *idl.Call) any {
	settings := env.Of(c.Realm.Realm)
	u, err := fetch.ParseURL(c.String(0), settings.BaseURL())
	if err != nil {
		panic(c.Exception("SyntaxError", "Cannot open an EventSource to '%s'. The URL is invalid.", c.String(0)))
	}
	s := &source{url: u, credentials: c.Dict(1).Bool("withCredentials", false), settings: settings, retry: defaultRetry}
	s.Bind(c.Realm, c.Object)
	ctx, cancel := context.WithCancel(c.Realm.Agent().Context())
	s.cancel = cancel
	c.Realm.OnDestroy(cancel)
	if !c.Realm.Agent().Go(func(context.Context) { defer cancel(); s.serve(ctx) }) {
		cancel()
	}
	return s
}

// queue queues a task, which does not run once the source was closed.
func (s *source) queue(f func()) {
	s.Realm().Agent().Queue(taskSource, func() {
		if s.state != closed && !s.Realm().Gone() {
			f()
		}
	})
}

// serve fetches again and again until the source is closed or the connection fails
// for good.
func (s *source) serve(ctx context.Context) {
	for ctx.Err() == nil {
		if !s.once(ctx) {
			s.queue(func() { s.state = closed; s.FireSimple("error") })
			return
		}
		s.queue(func() { s.state = connecting; s.FireSimple("error") })
		wake := make(chan struct{})
		timer := s.Realm().Agent().Clock().AfterFunc(s.retry, func() { close(wake) })
		select {
		case <-wake:
		case <-ctx.Done():
			timer.Stop()
			return
		}
	}
}

// once makes one connection and reads it to its end; false when it is not to be
// made again ("fail the connection").
func (s *source) once(ctx context.Context) bool {
	r := fetch.NewRequest(s.url)
	r.Mode, r.Credentials, r.Cache, r.Initiator = "cors", "same-origin", "no-store", "other"
	if s.credentials {
		r.Credentials = "include"
	}
	r.Headers.Set("Accept", "text/event-stream")
	if s.lastID != "" {
		r.Headers.Set("Last-Event-ID", s.lastID)
	}
	response := s.settings.Fetch(ctx, r)
	if response.IsNetworkError() {
		return true
	}
	mime, ok := fetch.ExtractMIMEType(response.Headers)
	if response.Status != 200 || !ok || mime.Essence() != "text/event-stream" {
		if response.Body != nil {
			response.Body.Cancel()
		}
		return false
	}
	s.queue(func() { s.state = open; s.FireSimple("open") })
	if response.Body == nil {
		return true
	}
	body := response.Body.Reader()
	defer body.Close()
	stop := context.AfterFunc(ctx, response.Body.Cancel)
	defer stop()
	s.read(body, lastURL(response, s.url).Origin().String())
	return true
}

func lastURL(r *fetch.Response, otherwise *fetch.URL) *fetch.URL {
	if n := len(r.URLList); n > 0 {
		return r.URLList[n-1]
	}
	return otherwise
}

// event is the event being gathered from the stream.
type event struct {
	data, name string
	id         string
	any        bool
}

// read parses the stream ("interpret an event stream") until it ends.
func (s *source) read(body io.Reader, origin string) {
	lines := bufio.NewScanner(body)
	lines.Buffer(nil, maxLine)
	lines.Split(splitLines())
	e := event{id: s.lastID}
	for first := true; lines.Scan(); first = false {
		line := lines.Text()
		if first {
			line = strings.TrimPrefix(line, "\uFEFF")
		}
		if line == "" {
			s.lastID = e.id
			s.dispatch(e, origin)
			e = event{id: e.id}
			continue
		}
		field, value, _ := strings.Cut(line, ":")
		s.field(&e, field, strings.TrimPrefix(value, " "))
	}
}

func (s *source) field(e *event, field, value string) {
	switch field {
	case "event":
		e.name = value
	case "data":
		e.data, e.any = e.data+value+"\n", true
	case "id":
		if !strings.Contains(value, "\x00") {
			e.id = value
		}
	case "retry":
		ms, digits := 0, value != ""
		for _, char := range value {
			digits = digits && char >= '0' && char <= '9'
			ms = min(ms*10+int(char-'0'), 1<<31)
		}
		if digits {
			s.retry = time.Duration(ms) * time.Millisecond
		}
	}
}

func (s *source) dispatch(e event, origin string) {
	if !e.any {
		return
	}
	name := e.name
	if name == "" {
		name = "message"
	}
	data := strings.ToValidUTF8(strings.TrimSuffix(e.data, "\n"), "\uFFFD")
	s.queue(func() {
		s.Fire(dom.MessageEvent, &dom.Message{Event: dom.Event{Type: name}, Data: s.Realm().Runtime().ToValue(data), Origin: origin, LastEventID: e.id})
	})
}

// splitLines splits at LF, CR and CRLF; a CR ends its line at once, and an LF right
// after it is dropped, so that nothing waits for the byte after a CR. What follows
// the last line end is no line.
func splitLines() bufio.SplitFunc {
	afterCR := false
	return func(data []byte, atEOF bool) (int, []byte, error) {
		skip := 0
		if afterCR && len(data) > 0 {
			if afterCR = false; data[0] == '\n' {
				skip = 1
			}
		}
		for i := skip; i < len(data); i++ {
			if data[i] == '\n' || data[i] == '\r' {
				afterCR = data[i] == '\r'
				return i + 1, data[skip:i], nil
			}
		}
		if atEOF {
			return len(data), nil, nil
		}
		return skip, nil, nil
	}
}
