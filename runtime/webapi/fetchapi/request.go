package fetchapi

import (
	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/runtime/fetch"
	"github.com/swinspect/swinspect/runtime/webapi/dom"
	"github.com/swinspect/swinspect/runtime/webapi/idl"
)

// Request is the implementation of a Request object. Inner's Body is not used: the
// body is in the object's content.
type Request struct {
	Inner *fetch.Request

	realm   *idl.Realm
	guard   Guard
	headers *goja.Object  // made when it is first asked for
	follows []*dom.Signal // what signal depends on, until it is made
	signal  *dom.Signal   // made when it is first asked for
	body    *content
	racing  string // id of the concept this is an unchanged copy of
}

func (p *Request) bodyContent() *content        { return p.body }
func (p *Request) headerList() fetch.HeaderList { return p.Inner.Headers }

// NewRequest makes a Request object of inner, whose body it takes over. Its signal
// follows the one given; nil for none.
func NewRequest(r *idl.Realm, inner *fetch.Request, guard Guard, signal *dom.Signal) *goja.Object {
	p := &Request{Inner: inner, realm: r, guard: guard, body: contentOf(r, inner.Body)}
	inner.Body = nil
	if signal != nil {
		p.follows = []*dom.Signal{signal}
	}
	return idl.Wrap(r, RequestInterface, p)
}

// Unusable reports a body that was read or is locked.
func (p *Request) Unusable() bool { return p.body.unusable() }

// BodyUsed is Unusable.
func (p *Request) BodyUsed() bool { return p.body.unusable() }

// Take is the request for Go, body included, which is used up here: ask Unusable
// before.
func (p *Request) Take() *fetch.Request {
	taken := p.copy()
	taken.Body = p.body.take()
	return taken
}

// copy is the concept without its body.
func (p *Request) copy() *fetch.Request {
	c := *p.Inner
	c.URLList = append([]*fetch.URL(nil), p.Inner.URLList...)
	c.Headers = p.Inner.Headers.Clone()
	c.Body = nil
	return &c
}

// Signal is the request's signal; it follows those the request was made with.
func (p *Request) Signal() *dom.Signal {
	if p.signal == nil {
		p.signal = dom.Any(p.realm, p.follows)
		p.follows = nil
	}
	return p.signal
}

// Aborted reports whether the request's signal is; it makes none.
func (p *Request) Aborted() (reason goja.Value, aborted bool) {
	if p.signal != nil {
		return p.signal.Reason, p.signal.Aborted
	}
	for _, s := range p.follows {
		if s.Aborted {
			return s.Reason, true
		}
	}
	return nil, false
}

// Signals are what a request made of this one, or a fetch of it, follows.
func (p *Request) Signals() []*dom.Signal {
	if p.signal != nil {
		return []*dom.Signal{p.signal}
	}
	return p.follows
}

// RequestInterface is the interface Request.
//
// Source: https://fetch.spec.whatwg.org/#request-class
var RequestInterface = &idl.Interface{Name: "Request", Length: 1, New: newRequest}

func init() {
	get := func(name string, f func(q *fetch.Request) any) idl.Member {
		return idl.Attr(name, func(c *idl.Call) goja.Value { return c.Value(f(idl.This[*Request](c).Inner)) }, nil)
	}
	RequestInterface.Members = append([]idl.Member{
		get("method", func(q *fetch.Request) any { return q.Method }),
		get("url", func(q *fetch.Request) any { return q.URL().String() }),
		idl.Attr("headers", func(c *idl.Call) goja.Value {
			p := idl.This[*Request](c)
			if p.headers == nil {
				p.headers = newHeaders(p.realm, &p.Inner.Headers, p.guard)
			}
			return p.headers
		}, nil),
		get("destination", func(q *fetch.Request) any { return string(q.Destination) }),
		get("referrer", func(q *fetch.Request) any {
			switch q.Referrer {
			case "no-referrer":
				return ""
			case "client":
				return "about:client"
			}
			return q.Referrer
		}),
		get("referrerPolicy", func(q *fetch.Request) any { return q.ReferrerPolicy }),
		get("mode", func(q *fetch.Request) any { return string(q.Mode) }),
		get("credentials", func(q *fetch.Request) any { return string(q.Credentials) }),
		get("cache", func(q *fetch.Request) any { return string(q.Cache) }),
		get("redirect", func(q *fetch.Request) any { return string(q.Redirect) }),
		get("integrity", func(q *fetch.Request) any { return q.Integrity }),
		get("keepalive", func(q *fetch.Request) any { return q.Keepalive }),
		get("isReloadNavigation", func(q *fetch.Request) any { return q.ReloadNavigation }),
		get("isHistoryNavigation", func(q *fetch.Request) any { return q.HistoryNavigation }),
		idl.Attr("signal", func(c *idl.Call) goja.Value { return idl.This[*Request](c).Signal().Object() }, nil),
		idl.Attr("duplex", func(c *idl.Call) goja.Value { idl.This[*Request](c); return c.Value("half") }, nil),
		idl.Method("clone", 0, func(c *idl.Call) goja.Value {
			p := idl.This[*Request](c)
			if p.body.unusable() {
				panic(c.Fail("Request body is already used"))
			}
			clone := &Request{Inner: p.copy(), realm: p.realm, guard: p.guard, body: p.body.clone()}
			clone.follows = []*dom.Signal{p.Signal()}
			return idl.Wrap(p.realm, RequestInterface, clone)
		}),
	}, bodyMembers...)
}
