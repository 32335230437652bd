package fetchapi

import (
	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/runtime/fetch"
	"github.com/swinspect/swinspect/runtime/webapi/dom"
	"github.com/swinspect/swinspect/runtime/webapi/env"
	"github.com/swinspect/swinspect/runtime/webapi/idl"
)

// requestInit is a RequestInit dictionary, converted. A member that was not given
// is empty or nil.
type requestInit struct {
	given                                                     bool // any member is present
	body, headers, signal, window, integrity                  goja.Value
	cache, credentials, duplex, mode, redirect, referrerOrNil string
	method                                                    string
	hasMethod, hasReferrer, hasPolicy                         bool
	policy, priority                                          string
	keepalive, hasKeepalive                                   bool
}

var (
	cacheModes   = []string{"default", "no-store", "reload", "no-cache", "force-cache", "only-if-cached"}
	policyValues = []string{
		"", "no-referrer", "no-referrer-when-downgrade", "same-origin", "origin", "strict-origin",
		"origin-when-cross-origin", "strict-origin-when-cross-origin", "unsafe-url",
	}
)

// readInit converts the dictionary, member by member in the order of their names.
func readInit(c *idl.Call, v goja.Value) requestInit {
	d := idl.ToDict(c, v)
	var init requestInit
	if d.Object() == nil {
		return init
	}
	get := func(name string) goja.Value {
		if v, ok := d.Get(name); ok {
			init.given = true
			return v
		}
		return nil
	}
	enum := func(name, enumeration string, values ...string) string {
		if v := get(name); v != nil {
			return idl.Enum(c, v, enumeration, values...)
		}
		return ""
	}
	init.body = get("body")
	init.cache = enum("cache", "RequestCache", cacheModes...)
	init.credentials = enum("credentials", "RequestCredentials", "omit", "same-origin", "include")
	init.duplex = enum("duplex", "RequestDuplex", "half")
	init.headers = get("headers")
	init.integrity = get("integrity")
	if v := get("keepalive"); v != nil {
		init.keepalive, init.hasKeepalive = v.ToBoolean(), true
	}
	if v := get("method"); v != nil {
		init.method, init.hasMethod = idl.ByteString(c, v), true
	}
	init.mode = enum("mode", "RequestMode", "navigate", "same-origin", "no-cors", "cors")
	init.priority = enum("priority", "RequestPriority", "high", "low", "auto")
	init.redirect = enum("redirect", "RequestRedirect", "follow", "error", "manual")
	if v := get("referrer"); v != nil {
		init.referrerOrNil, init.hasReferrer = scalar(idl.ToString(c, v)), true
	}
	if v := get("referrerPolicy"); v != nil {
		init.policy, init.hasPolicy = idl.Enum(c, v, "ReferrerPolicy", policyValues...), true
	}
	init.signal = get("signal")
	init.window = get("window")
	return init
}

// newRequest is new Request(input, init).
//
// Source: https://fetch.spec.whatwg.org/#dom-request
func newRequest(c *idl.Call) any {
	return construct(c, c.Arg(0), c.Arg(1))
}

// Construct is "the result of invoking the initial value of Request as constructor".
func Construct(c *idl.Call, input, init goja.Value) *Request { return construct(c, input, init) }

func construct(c *idl.Call, input, initValue goja.Value) *Request {
	settings := env.Of(c.Realm.Realm)
	p := &Request{realm: c.Realm, guard: GuardRequest}
	source, isRequest := idl.Unwrap[*Request](input)
	text := ""
	if !isRequest {
		text = idl.ToString(c, input)
	}
	init := readInit(c, initValue)
	if isRequest {
		p.Inner = p.derive(source.Inner, settings)
		p.follows = source.Signals()
		if !init.given {
			p.racing = source.Inner.ID
		}
	} else {
		u, err := fetch.ParseURL(text, settings.BaseURL())
		if err != nil {
			panic(c.Fail("Failed to parse URL from %s", text))
		}
		if u.Username() != "" || u.Password() != "" {
			panic(c.Fail("Request cannot be constructed from a URL that includes credentials: %s", text))
		}
		p.Inner = fetch.NewRequest(u)
		p.Inner.Mode = "cors"
	}
	p.Inner.UnsafeRequest = true
	p.applyInit(c, init, settings)
	p.applyHeaders(c, init, source)
	p.applyBody(c, init, source)
	return p
}

// derive is a copy of another request's concept, as the constructor makes it.
func (p *Request) derive(q *fetch.Request, settings *env.Settings) *fetch.Request {
	n := fetch.NewRequest(q.URL())
	n.Method, n.Headers = q.Method, q.Headers.Clone()
	n.Mode, n.Credentials, n.Cache, n.Redirect = q.Mode, q.Credentials, q.Cache, q.Redirect
	n.Referrer, n.ReferrerPolicy, n.Integrity, n.Keepalive = q.Referrer, q.ReferrerPolicy, q.Integrity, q.Keepalive
	n.ReloadNavigation, n.HistoryNavigation = q.ReloadNavigation, q.HistoryNavigation
	n.Priority = q.Priority
	// new Request: the destination is not carried over, except to the worker's own fetch, where it shows in nothing.
	n.URLList = []*fetch.URL{q.URL()}
	// new Request: the origin of a navigation or of another client stays; the client is this environment.
	if q.Origin != (fetch.Origin{}) && settings.Kind == env.ServiceWorker {
		n.Origin = settings.Origin
	}
	return n
}

// applyInit sets what init says of the request itself.
func (p *Request) applyInit(c *idl.Call, init requestInit, settings *env.Settings) {
	q := p.Inner
	if init.window != nil && !goja.IsNull(init.window) {
		panic(c.Fail("'window' member of RequestInit must be null"))
	}
	if init.given {
		if q.Mode == "navigate" {
			q.Mode = "same-origin"
		}
		q.ReloadNavigation, q.HistoryNavigation = false, false
		q.Referrer, q.ReferrerPolicy = "client", ""
		q.Origin = fetch.Origin{}
		q.URLList = q.URLList[len(q.URLList)-1:]
	}
	if init.hasReferrer {
		p.applyReferrer(c, init.referrerOrNil, settings)
	}
	if init.hasPolicy {
		q.ReferrerPolicy = init.policy
	}
	switch init.mode {
	case "":
	case "navigate":
		panic(c.Fail("Cannot construct a Request with a RequestInit whose mode member is set as 'navigate'."))
	default:
		q.Mode = fetch.Mode(init.mode)
	}
	if init.credentials != "" {
		q.Credentials = fetch.Credentials(init.credentials)
	}
	if init.cache != "" {
		q.Cache = fetch.CacheMode(init.cache)
	}
	if q.Cache == "only-if-cached" && q.Mode != "same-origin" {
		panic(c.Fail("'only-if-cached' can be set only with 'same-origin' mode"))
	}
	if init.redirect != "" {
		q.Redirect = fetch.Redirect(init.redirect)
	}
	if init.integrity != nil {
		q.Integrity = idl.ToString(c, init.integrity)
	}
	if init.hasKeepalive {
		q.Keepalive = init.keepalive
	}
	if init.priority != "" {
		q.Priority = init.priority
	}
	if init.hasMethod {
		if !fetch.ValidMethod(init.method) {
			panic(c.Fail("'%s' is not a valid HTTP method.", init.method))
		}
		if fetch.ForbiddenMethod(init.method) {
			panic(c.Fail("'%s' HTTP method is unsupported.", init.method))
		}
		q.Method = fetch.NormalizeMethod(init.method)
	}
	if init.signal != nil {
		p.follows = nil
		if !goja.IsNull(init.signal) {
			signal, ok := idl.Unwrap[*dom.Signal](init.signal)
			if !ok {
				panic(c.Fail("member signal is not of type AbortSignal."))
			}
			p.follows = []*dom.Signal{signal}
		}
	}
}

func (p *Request) applyReferrer(c *idl.Call, text string, settings *env.Settings) {
	if text == "" {
		p.Inner.Referrer = "no-referrer"
		return
	}
	u, err := fetch.ParseURL(text, settings.BaseURL())
	if err != nil {
		panic(c.Fail("Referrer '%s' is not a valid URL.", text))
	}
	if u.Scheme() == "about" && u.Path() == "client" || !u.Origin().Same(settings.Origin) {
		p.Inner.Referrer = "client"
		return
	}
	p.Inner.Referrer = u.String()
}

// applyHeaders fills the headers under the guard that the mode asks for.
func (p *Request) applyHeaders(c *idl.Call, init requestInit, source *Request) {
	q := p.Inner
	if q.Mode == "no-cors" {
		switch q.Method {
		case "GET", "HEAD", "POST":
		default:
			panic(c.Fail("'%s' is unsupported in no-cors mode.", q.Method))
		}
		p.guard = GuardNoCORS
	}
	if !init.given && source == nil {
		return
	}
	if !init.given {
		if p.guard == GuardNoCORS {
			// A no-cors request keeps of the other's headers what it may have.
			p.refill(c, q.Headers)
		}
		return
	}
	if init.headers != nil {
		q.Headers = nil
		(&Headers{list: &q.Headers, guard: p.guard}).fill(c, init.headers)
		return
	}
	p.refill(c, q.Headers)
}

func (p *Request) refill(c *idl.Call, headers fetch.HeaderList) {
	p.Inner.Headers = nil
	h := &Headers{list: &p.Inner.Headers, guard: p.guard}
	for _, header := range headers {
		h.append(c, header.Name, header.Value)
	}
}

// applyBody takes init's body, or the other request's.
func (p *Request) applyBody(c *idl.Call, init requestInit, source *Request) {
	q := p.Inner
	hasInit := init.body != nil && !goja.IsNull(init.body)
	hasSource := source != nil && !source.body.none()
	if (hasInit || hasSource) && (q.Method == "GET" || q.Method == "HEAD") {
		panic(c.Fail("Request with GET/HEAD method cannot have body."))
	}
	if hasInit {
		body, mimeType := extract(c, init.body, q.Keepalive)
		if mimeType != "" && !q.Headers.Has("Content-Type") {
			(&Headers{list: &q.Headers, guard: p.guard}).append(c, "Content-Type", mimeType)
		}
		if body.stream != nil {
			if init.duplex == "" {
				panic(c.Fail("The `duplex` member must be specified for a request with a streaming body"))
			}
			if q.Mode != "same-origin" && q.Mode != "cors" {
				panic(c.Fail("If request is made from ReadableStream, mode should be \"same-origin\" or \"cors\""))
			}
			q.UseCORSPreflight = true
		}
		if hasSource && !source.Unusable() {
			source.consume(c)
		}
		p.body = body
		return
	}
	if !hasSource {
		p.body = &content{realm: c.Realm}
		return
	}
	p.body = source.consume(c)
}

// consume is "create a proxy": the body of a request that another one is made of.
func (p *Request) consume(c *idl.Call) *content {
	if p.body.unusable() {
		panic(c.Fail("Cannot construct a Request with a Request object that has already been used."))
	}
	return contentOf(c.Realm, p.body.take())
}
