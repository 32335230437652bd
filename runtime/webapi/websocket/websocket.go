// Package websocket is the WebSocket interface. The handshake is one request to the
// engine's network (an http.RoundTripper that gives a 101 response with a writable
// body, as http.Transport does), so allow-lists, host maps and offline hold for it;
// frames are gorilla/websocket's.
//
// Concurrency: a socket runs on the realm's loop; while it is connecting or open two
// goroutines of the agent serve it, one that dials and reads, one that writes. They
// end with the connection, and with the agent.
//
// Source: https://websockets.spec.whatwg.org/
package websocket

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/runtime/fetch"
	"github.com/swinspect/swinspect/runtime/webapi/buffer"
	"github.com/swinspect/swinspect/runtime/webapi/dom"
	"github.com/swinspect/swinspect/runtime/webapi/env"
	"github.com/swinspect/swinspect/runtime/webapi/fetchapi"
	"github.com/swinspect/swinspect/runtime/webapi/idl"
)

// The ready states.
const (
	connecting = iota
	open
	closing
	closed
)

// Options of Install.
type Options struct {
	// Network carries the handshake; nil: every connection fails.
	Network func() http.RoundTripper
	// Cookies is the Cookie header for a URL (with http or https for its scheme);
	// nil or empty for none.
	Cookies func(u *fetch.URL) string
}

// socket is the implementation of a WebSocket. Of the loop.
type socket struct {
	dom.Target
	options              *Options
	url                  *fetch.URL
	protocol, extensions string
	state                int
	binaryType           string
	buffered             int
	out                  *outbox
	cancel               context.CancelFunc
}

// WebSocket is the interface of that name.
var WebSocket = &idl.Interface{Name: "WebSocket", Parent: dom.EventTarget, Length: 1}

type optionsKey struct{}

// For are the options that a realm's settings ask for.
func For(s *env.Settings) Options {
	o := Options{Network: s.Network}
	if s.Cookies != nil {
		o.Cookies = func(u *fetch.URL) string {
			return s.Cookies.Header(u, fetch.CookieContext{SameSite: fetch.SameSite(s.Origin, u.Origin())})
		}
	}
	return o
}

// Install exposes WebSocket on the realm's global; CloseEvent and MessageEvent are
// those of package dom.
func Install(r *idl.Realm, o Options) {
	r.SetValue(optionsKey{}, &o)
	idl.Expose(r, WebSocket)
}

func init() {
	attr := func(name string, get func(*socket) any) idl.Member {
		return idl.Attr(name, func(c *idl.Call) goja.Value { return c.Value(get(idl.This[*socket](c))) }, nil)
	}
	WebSocket.New = newSocket
	WebSocket.Members = []idl.Member{
		attr("url", func(s *socket) any { return s.url.String() }),
		idl.Const("CONNECTING", connecting), idl.Const("OPEN", open), idl.Const("CLOSING", closing), idl.Const("CLOSED", closed),
		attr("readyState", func(s *socket) any { return s.state }),
		attr("bufferedAmount", func(s *socket) any { return s.buffered }),
		dom.Handler("open"), dom.Handler("error"), dom.Handler("close"),
		attr("extensions", func(s *socket) any { return s.extensions }),
		attr("protocol", func(s *socket) any { return s.protocol }),
		idl.Method("close", 0, closeSocket),
		dom.Handler("message"),
		idl.Attr("binaryType", func(c *idl.Call) goja.Value { return c.Value(idl.This[*socket](c).binaryType) },
			func(c *idl.Call) goja.Value {
				s := idl.This[*socket](c)
				if v := c.String(0); v == "blob" || v == "arraybuffer" {
					s.binaryType = v
				}
				return nil
			}),
		idl.Method("send", 1, send),
	}
}

func newSocket(c *idl.Call) any {
	settings := env.Of(c.Realm.Realm)
	u := parseURL(c, settings)
	s := &socket{options: c.Realm.Value(optionsKey{}).(*Options), url: u, binaryType: "blob", out: newOutbox()}
	protocols := protocolsArg(c)
	s.Bind(c.Realm, c.Object)
	s.connect(settings, protocols)
	return s
}

func parseURL(c *idl.Call, settings *env.Settings) *fetch.URL {
	text := c.String(0)
	u, err := fetch.ParseURL(text, settings.BaseURL())
	if err != nil {
		panic(c.Exception("SyntaxError", "The URL '%s' is invalid.", text))
	}
	if u.IsHTTP() {
		if u, err = fetch.ParseURL(strings.Replace(u.String(), "http", "ws", 1), nil); err != nil {
			panic(c.Exception("SyntaxError", "The URL '%s' is invalid.", text))
		}
	}
	if u.Scheme() != "ws" && u.Scheme() != "wss" {
		panic(c.Exception("SyntaxError", "The URL's scheme must be either 'http', 'https', 'ws', or 'wss'. '%s' is not allowed.", u.Scheme()))
	}
	if u.HasFragment() {
		panic(c.Exception("SyntaxError", "The URL contains a fragment identifier ('%s'). Fragment identifiers are not allowed in WebSocket URLs.", u.Fragment()))
	}
	return u
}

func protocolsArg(c *idl.Call) []string {
	if !c.Has(1) {
		return nil
	}
	var list []string
	if o, ok := c.Arg(1).(*goja.Object); ok && !idl.IsNullish(o.GetSymbol(goja.SymIterator)) {
		for _, v := range idl.Sequence(c, o) {
			list = append(list, idl.ToString(c, v))
		}
	} else {
		list = []string{c.String(1)}
	}
	for i, p := range list {
		if !fetch.ValidName(p) || slices.ContainsFunc(list[:i], func(other string) bool { return strings.EqualFold(other, p) }) {
			panic(c.Exception("SyntaxError", "The subprotocol '%s' is invalid or duplicated.", p))
		}
	}
	return list
}

func send(c *idl.Call) goja.Value {
	s := idl.This[*socket](c)
	var m message
	if b, ok := buffer.Copy(c.Realm, c.Arg(0)); ok {
		m = message{binary: true, data: b}
	} else if blob, ok := idl.Unwrap[fetchapi.BlobLike](c.Arg(0)); ok {
		m = message{binary: true, data: blob.BlobOf().Data}
	} else {
		m = message{data: []byte(c.String(0))}
	}
	switch s.state {
	case connecting:
		panic(c.Exception("InvalidStateError", "Still in CONNECTING state."))
	case open:
		s.buffered += len(m.data)
		s.out.put(m)
	default:
		s.buffered += len(m.data)
	}
	return nil
}

func closeSocket(c *idl.Call) goja.Value {
	s := idl.This[*socket](c)
	code, reason := 0, ""
	if c.Has(0) {
		code = int(idl.Clamp(c, c.Arg(0), 0, 65535))
		if code != 1000 && (code < 3000 || code > 4999) {
			panic(c.Exception("InvalidAccessError", "The close code must be either 1000, or between 3000 and 4999. %d is neither.", code))
		}
	}
	if c.Has(1) {
		if reason = c.String(1); len(reason) > 123 {
			panic(c.Exception("SyntaxError", "The close reason must not be greater than 123 UTF-8 bytes."))
		}
	}
	switch s.state {
	case connecting:
		s.state = closing
		s.cancel()
	case open:
		s.state = closing
		s.out.put(message{close: true, code: code, reason: reason})
	}
	return nil
}
