package websocket

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/dop251/goja"
	"github.com/gorilla/websocket"

	"github.com/swinspect/swinspect/runtime/fetch"
	"github.com/swinspect/swinspect/runtime/webapi/buffer"
	"github.com/swinspect/swinspect/runtime/webapi/dom"
	"github.com/swinspect/swinspect/runtime/webapi/env"
	"github.com/swinspect/swinspect/runtime/webapi/fetchapi"
)

const (
	taskSource = "WebSocket"
	// maxMessage bounds what one message may hold.
	maxMessage = 64 << 20
	// closeTimeout is how long the peer has to answer a close.
	closeTimeout = 5 * time.Second
)

// message is a message or a close on its way out.
type message struct {
	binary, close bool
	data          []byte
	code          int
	reason        string
}

// outbox holds what is to be sent: put never blocks.
type outbox struct {
	mu    sync.Mutex // guards list
	list  []message
	ready chan struct{} // capacity 1
}

func newOutbox() *outbox { return &outbox{ready: make(chan struct{}, 1)} }

func (o *outbox) put(m message) {
	o.mu.Lock()
	o.list = append(o.list, m)
	o.mu.Unlock()
	select {
	case o.ready <- struct{}{}:
	default:
	}
}

func (o *outbox) take() []message {
	o.mu.Lock()
	defer o.mu.Unlock()
	list := o.list
	o.list = nil
	return list
}

// queue queues a task on the socket's loop.
func (s *socket) queue(f func()) {
	s.Realm().Agent().Queue(taskSource, func() {
		if !s.Realm().Gone() {
			f()
		}
	})
}

// connect is "establish a WebSocket connection".
func (s *socket) connect(settings *env.Settings, protocols []string) {
	headers := http.Header{"Origin": {settings.Origin.String()}}
	if settings.UserAgent != "" {
		headers.Set("User-Agent", settings.UserAgent)
	}
	if s.options.Cookies != nil {
		if u, err := fetch.ParseURL(strings.Replace(s.url.String(), "ws", "http", 1), nil); err == nil {
			if cookies := s.options.Cookies(u); cookies != "" {
				headers.Set("Cookie", cookies)
			}
		}
	}
	blocked := settings.Secure && s.url.Scheme() == "ws" && settings.Origin.Scheme() == "https" && !s.url.Origin().PotentiallyTrustworthy()
	offline := settings.Online != nil && !settings.Online()
	agent := s.Realm().Agent()
	ctx, cancel := context.WithCancel(agent.Context())
	s.cancel = cancel
	s.Realm().OnDestroy(cancel)
	started := agent.Go(func(context.Context) {
		defer cancel()
		if blocked || offline || s.options.Network == nil {
			s.queue(func() { s.failed() })
			return
		}
		s.serve(ctx, s.options.Network(), headers, protocols)
	})
	if !started {
		cancel()
	}
}

// serve dials, then reads until the connection ends.
func (s *socket) serve(ctx context.Context, network http.RoundTripper, headers http.Header, protocols []string) {
	p := &plumbing{network: network}
	defer p.wait()
	dialer := websocket.Dialer{Subprotocols: protocols, NetDialContext: p.dial(ctx, "http"), NetDialTLSContext: p.dial(ctx, "https"), HandshakeTimeout: 30 * time.Second}
	conn, _, err := dialer.DialContext(ctx, s.url.String(), headers)
	if err != nil {
		s.queue(s.failed)
		return
	}
	conn.SetReadLimit(maxMessage)
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	defer conn.Close()
	protocol := conn.Subprotocol()
	s.queue(func() { s.opened(protocol) })
	writers := make(chan struct{})
	over, end := context.WithCancel(ctx)
	if !s.Realm().Agent().Go(func(context.Context) { defer close(writers); s.write(over, conn) }) {
		close(writers)
	}
	code, reason, clean := s.read(conn)
	end()
	_ = conn.Close()
	<-writers
	s.queue(func() { s.ended(code, reason, clean) })
}

// read delivers messages until the connection ends, and says how it ended.
func (s *socket) read(conn *websocket.Conn) (code int, reason string, clean bool) {
	for {
		kind, data, err := conn.ReadMessage()
		if err != nil {
			var c *websocket.CloseError
			if errors.As(err, &c) && c.Code != websocket.CloseAbnormalClosure {
				return c.Code, c.Text, true
			}
			return websocket.CloseAbnormalClosure, "", false
		}
		s.queue(func() { s.received(kind == websocket.BinaryMessage, data) })
	}
}

func (s *socket) write(ctx context.Context, conn *websocket.Conn) {
	for {
		for _, m := range s.out.take() {
			if m.close {
				var payload []byte
				if m.code != 0 || m.reason != "" {
					payload = websocket.FormatCloseMessage(max(m.code, 1000), m.reason)
				}
				_ = conn.WriteControl(websocket.CloseMessage, payload, time.Time{})
				timer := s.Realm().Agent().Clock().AfterFunc(closeTimeout, func() { _ = conn.Close() })
				<-ctx.Done()
				timer.Stop()
				return
			}
			kind := websocket.TextMessage
			if m.binary {
				kind = websocket.BinaryMessage
			}
			if conn.WriteMessage(kind, m.data) != nil {
				return
			}
			s.queue(func() { s.buffered -= len(m.data) })
		}
		select {
		case <-s.out.ready:
		case <-ctx.Done():
			return
		}
	}
}

// opened, received, ended and failed run on the loop.
func (s *socket) opened(protocol string) {
	if s.state != connecting {
		return
	}
	s.state, s.protocol = open, protocol
	s.FireSimple("open")
}

func (s *socket) received(binary bool, data []byte) {
	if s.state != open {
		return
	}
	var v goja.Value
	switch {
	case !binary:
		v = s.Realm().Runtime().ToValue(string(data))
	case s.binaryType == "blob":
		v = fetchapi.NewBlob(s.Realm(), data, "")
	default:
		v = buffer.New(s.Realm(), data)
	}
	s.Fire(dom.MessageEvent, &dom.Message{Event: dom.Event{Type: "message"}, Data: v, Origin: s.url.Origin().String()})
}

func (s *socket) ended(code int, reason string, clean bool) {
	if s.state == closed {
		return
	}
	s.state = closed
	if !clean {
		s.FireSimple("error")
	}
	s.Fire(dom.CloseEvent, &dom.Closing{Event: dom.Event{Type: "close"}, WasClean: clean, Code: code, Reason: reason})
}

func (s *socket) failed() { s.ended(websocket.CloseAbnormalClosure, "", false) }
