package fetchapi

import (
	"errors"

	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/runtime/fetch"
	"github.com/swinspect/swinspect/runtime/webapi/env"
	"github.com/swinspect/swinspect/runtime/webapi/idl"
)

// Response is the implementation of a Response object. Inner's Body is not used:
// the body is in the object's content.
type Response struct {
	Inner *fetch.Response

	realm   *idl.Realm
	guard   Guard
	headers *goja.Object // made when it is first asked for
	body    *content
}

func (p *Response) bodyContent() *content        { return p.body }
func (p *Response) headerList() fetch.HeaderList { return p.Inner.Headers }

// NewResponse makes a Response object of inner, whose body it takes over.
func NewResponse(r *idl.Realm, inner *fetch.Response, guard Guard) *goja.Object {
	return idl.Wrap(r, ResponseInterface, responseOf(r, inner, guard))
}

func responseOf(r *idl.Realm, inner *fetch.Response, guard Guard) *Response {
	if inner.Body == nil && inner.Internal != nil && inner.Internal.Body != nil {
		if _, whole := inner.Internal.Body.Bytes(); !whole {
			inner.Internal.Body = ownedBody(inner.Internal.Body)
		}
	}
	return &Response{Inner: inner, realm: r, guard: guard, body: contentOf(r, inner.Body)}
}

// ErrUnusable is a body that was read or is locked.
var ErrUnusable = errors.New("the body has been used already")

// Unusable reports a body that was read or is locked.
func (p *Response) Unusable() bool { return p.body.unusable() }

// BodyUsed is bodyUsed.
func (p *Response) BodyUsed() bool { return !p.body.none() && p.body.disturbed() }

// Locked reports a body that is locked to a reader.
func (p *Response) Locked() bool { return p.body.locked() }

// Take is the response for Go, body included, which is used up here: ask Unusable
// before. A filtered response stays one.
func (p *Response) Take() *fetch.Response {
	taken := *p.Inner
	taken.Headers = p.Inner.Headers.Clone()
	taken.Body = p.body.take()
	if taken.Internal != nil {
		internal := *taken.Internal
		if taken.Body != nil {
			internal.Body = taken.Body
		} else if taken.Type != "opaque" && taken.Type != "opaqueredirect" {
			internal.Body = nil
		}
		taken.Internal = &internal
	}
	return &taken
}

// Clone is "clone a response": the object goes on with one half of the body.
func (p *Response) Clone() (*goja.Object, error) {
	if p.body.unusable() {
		return nil, ErrUnusable
	}
	inner := *p.Inner
	inner.Headers = p.Inner.Headers.Clone()
	if p.Inner.Internal != nil && p.body.none() {
		// Opaque: the body shows on the inside only.
		inner.Internal = p.Inner.Internal.Clone()
	}
	c := &Response{Inner: &inner, realm: p.realm, guard: p.guard, body: p.body.clone()}
	return idl.Wrap(p.realm, ResponseInterface, c), nil
}

// ResponseInterface is the interface Response.
//
// Source: https://fetch.spec.whatwg.org/#response-class
var ResponseInterface = &idl.Interface{Name: "Response", New: newResponse}

func init() {
	get := func(name string, f func(p *Response, c *idl.Call) any) idl.Member {
		return idl.Attr(name, func(c *idl.Call) goja.Value { return c.Value(f(idl.This[*Response](c), c)) }, nil)
	}
	ResponseInterface.Members = append([]idl.Member{
		idl.Static("error", 0, func(c *idl.Call) goja.Value {
			return NewResponse(c.Realm, &fetch.Response{Type: "error"}, GuardImmutable)
		}),
		idl.Static("redirect", 1, responseRedirect),
		idl.Static("json", 1, responseJSON),
		get("type", func(p *Response, _ *idl.Call) any { return string(p.Inner.Type) }),
		get("url", func(p *Response, _ *idl.Call) any {
			if u := p.Inner.URL(); u != nil {
				return u.WithoutFragment()
			}
			return ""
		}),
		get("redirected", func(p *Response, _ *idl.Call) any { return len(p.Inner.URLList) > 1 }),
		get("status", func(p *Response, _ *idl.Call) any { return p.Inner.Status }),
		get("ok", func(p *Response, _ *idl.Call) any { return p.Inner.OK() }),
		idl.Attr("statusText", func(c *idl.Call) goja.Value {
			return idl.FromByteString(c.Runtime(), idl.This[*Response](c).Inner.StatusText)
		}, nil),
		idl.Attr("headers", func(c *idl.Call) goja.Value {
			p := idl.This[*Response](c)
			if p.headers == nil {
				p.headers = newHeaders(p.realm, &p.Inner.Headers, p.guard)
			}
			return p.headers
		}, nil),
		idl.Method("clone", 0, func(c *idl.Call) goja.Value {
			o, err := idl.This[*Response](c).Clone()
			if err != nil {
				panic(c.Fail("Response body is already used"))
			}
			return o
		}),
	}, bodyMembers...)
}

func newResponse(c *idl.Call) any {
	p := &Response{Inner: &fetch.Response{Type: "default", Status: 200}, realm: c.Realm, guard: GuardResponse, body: &content{realm: c.Realm}}
	var body *content
	mimeType := ""
	if !idl.IsNullish(c.Arg(0)) {
		body, mimeType = extract(c, c.Arg(0), false)
	}
	p.initialize(c, 1, body, mimeType)
	return p
}

// initialize is "initialize a response"; the dictionary is argument i.
func (p *Response) initialize(c *idl.Call, i int, body *content, mimeType string) {
	if c.Has(i) {
		p.apply(c, c.Dict(i))
	}
	if body == nil {
		return
	}
	if fetch.NullBodyStatus(p.Inner.Status) {
		panic(c.Fail("Response with null body status cannot have body"))
	}
	p.body = body
	if mimeType != "" && !p.Inner.Headers.Has("Content-Type") {
		p.Inner.Headers = append(p.Inner.Headers, fetch.Header{Name: "Content-Type", Value: mimeType})
	}
}

func (p *Response) apply(c *idl.Call, init idl.Dict) {
	headers, hasHeaders := init.Get("headers")
	status := 200
	if v, ok := init.Get("status"); ok {
		status = int(idl.UnsignedShort(c, v))
	}
	text := ""
	if v, ok := init.Get("statusText"); ok {
		text = idl.ByteString(c, v)
	}
	if status < 200 || status > 599 {
		panic(idl.RangeError(c.Realm, "Failed to construct 'Response': The status provided (%d) is outside the range [200, 599].", status))
	}
	if !reasonPhrase(text) {
		panic(c.Fail("Invalid statusText"))
	}
	p.Inner.Status, p.Inner.StatusText = status, text
	if hasHeaders {
		(&Headers{list: &p.Inner.Headers, guard: GuardResponse}).fill(c, headers)
	}
}

func reasonPhrase(s string) bool {
	for i := 0; i < len(s); i++ {
		if b := s[i]; b < 0x20 && b != '\t' || b == 0x7F {
			return false
		}
	}
	return true
}

func responseRedirect(c *idl.Call) goja.Value {
	u, err := fetch.ParseURL(c.String(0), env.Of(c.Realm.Realm).BaseURL())
	if err != nil {
		panic(c.Fail("%s", err))
	}
	status := 302
	if c.Has(1) {
		status = int(idl.UnsignedShort(c, c.Arg(1)))
	}
	if !fetch.RedirectStatus(status) {
		panic(idl.RangeError(c.Realm, "Failed to execute 'redirect' on 'Response': Invalid status code"))
	}
	inner := &fetch.Response{Type: "default", Status: status, Headers: fetch.HeaderList{{Name: "Location", Value: u.String()}}}
	return NewResponse(c.Realm, inner, GuardImmutable)
}

func responseJSON(c *idl.Call) goja.Value {
	text := Stringify(c, c.Arg(0))
	p := &Response{Inner: &fetch.Response{Type: "default", Status: 200}, realm: c.Realm, guard: GuardResponse}
	p.initialize(c, 1, contentOf(c.Realm, fetch.BytesBody(text)), "application/json")
	return idl.Wrap(c.Realm, ResponseInterface, p)
}

// Stringify is "serialize a JavaScript value to JSON bytes"; what has no JSON throws.
func Stringify(c *idl.Call, v goja.Value) []byte {
	result, err := c.Realm.Agent().Call(stateOf(c.Realm).stringify, goja.Undefined(), v)
	if err != nil {
		panic(err)
	}
	if goja.IsUndefined(result) {
		panic(c.Fail("The data is not JSON serializable"))
	}
	return utf8Bytes(result.String())
}
