package fetch

import (
	"slices"
	"strconv"
	"strings"
)

// networkOrCacheFetch puts the headers of the user agent on the request and takes
// the response from the HTTP cache or the network.
//
// Source: https://fetch.spec.whatwg.org/#concept-http-network-or-cache-fetch
func (p *fetching) networkOrCacheFetch() *Response {
	r := p.r
	if r.Keepalive && r.Body != nil && r.Body.Length() > maxKeepalive {
		return fail("the body of a keepalive request may have %d bytes at most", maxKeepalive)
	}
	h := httpRequest{Request: *r, credentials: p.includeCredentials(), cacheMode: r.Cache}
	h.Headers = r.Headers.Clone()
	p.addHeaders(&h)
	if answer := p.intercept(&h); answer != nil {
		if len(answer.URLList) == 0 {
			answer.URLList = slices.Clone(r.URLList)
		}
		return answer
	}
	p.addCredentials(&h)
	if p.observer != nil {
		p.observer.RequestHeaders(r.ID, h.Headers, p.clock.Now())
	}
	response := p.throughCache(&h)
	if response.IsNetworkError() {
		return response
	}
	if h.authorization != "" && response.Source == "network" {
		p.auth.answered(h.CurrentURL(), h.authorization, response.Status == 401)
	}
	if r.Headers.Has("Range") {
		response.RangeRequested = true
	}
	// SKIPPED: 401 and 407 ask nobody for a password: there is no user to prompt.
	if p.env.Interceptor != nil {
		response = p.env.Interceptor.Response(p.ctx, &h.Request, response)
	}
	return response
}

// httpRequest is the request as it goes on the wire.
type httpRequest struct {
	Request
	credentials bool
	cacheMode   CacheMode
	revalidates bool
	// authorization is that of an authentication entry or of the URL; "": none.
	authorization string
}

const maxKeepalive = 64 << 10

// includeCredentials decides over cookies and authentication.
func (p *fetching) includeCredentials() bool {
	switch p.r.Credentials {
	case "include":
		return true
	case "same-origin":
		return p.r.Tainting == "basic"
	}
	return false
}

func (p *fetching) addHeaders(h *httpRequest) {
	set := func(name, value string) {
		if !h.Headers.Has(name) {
			h.Headers.Append(name, value)
		}
	}
	// HTTP-network-or-cache fetch: Content-Length for a body of known size, 0 for a POST or PUT without one.
	switch {
	case h.Body != nil && h.Body.Length() >= 0:
		h.Headers.Set("Content-Length", strconv.FormatInt(h.Body.Length(), 10))
	case h.Body == nil && (h.Method == "POST" || h.Method == "PUT"):
		h.Headers.Set("Content-Length", "0")
	}
	if h.Referrer != "no-referrer" && h.Referrer != "client" {
		h.Headers.Set("Referer", h.Referrer)
	}
	p.appendOrigin(h)
	p.appendMetadata(h)
	agent := p.userAgent
	if p.env.UserAgent != "" {
		agent = p.env.UserAgent
	}
	if agent != "" {
		set("User-Agent", agent)
	}
	if h.cacheMode == "default" && hasConditions(h.Headers) {
		h.cacheMode = "no-store"
	}
	if p.env.BypassHTTPCache && (h.cacheMode == "default" || h.cacheMode == "force-cache") {
		h.cacheMode = "reload"
	}
	switch h.cacheMode {
	case "no-cache":
		set("Cache-Control", "max-age=0")
	case "no-store", "reload":
		set("Pragma", "no-cache")
		set("Cache-Control", "no-cache")
	}
	if h.Headers.Has("Range") {
		set("Accept-Encoding", "identity")
	} else {
		set("Accept-Encoding", "gzip, deflate, br")
	}
	for _, extra := range p.env.ExtraHeaders {
		h.Headers.Set(extra.Name, extra.Value)
	}
}

func hasConditions(l HeaderList) bool {
	for _, name := range []string{"If-Modified-Since", "If-None-Match", "If-Unmodified-Since", "If-Match", "If-Range"} {
		if l.Has(name) {
			return true
		}
	}
	return false
}

// intercept hands the request to CDP's Fetch domain; what that changed is taken over.
func (p *fetching) intercept(h *httpRequest) *Response {
	if p.env.Interceptor == nil {
		return nil
	}
	answer := p.env.Interceptor.Request(p.ctx, &h.Request)
	p.r.Body = h.Body
	return answer
}

func (p *fetching) addCredentials(h *httpRequest) {
	if !h.credentials {
		return
	}
	u := h.CurrentURL()
	if !h.Headers.Has("Cookie") {
		if cookies := p.cookies.Header(u, p.cookieContext()); cookies != "" {
			h.Headers.Append("Cookie", cookies)
		}
	}
	// HTTP-network-or-cache fetch: an authentication entry, unless the URL's own user
	// and password are to be used.
	if h.Headers.Has("Authorization") {
		return
	}
	own := basic(u)
	if value := p.auth.value(u); value != "" && (!h.UseURLCredentials || own == "") {
		h.authorization = value
	} else {
		h.authorization = own
	}
	if h.authorization != "" {
		h.Headers.Append("Authorization", h.authorization)
	}
}

// cookieContext says how far the request counts as same-site: every URL of its
// list, its origin and the top-level site are of one site.
func (p *fetching) cookieContext() CookieContext {
	r := p.r
	target := r.CurrentURL().Origin()
	safe := r.Method == "GET" || r.Method == "HEAD" || r.Method == "OPTIONS"
	top := r.topLevelNavigation()
	if r.Origin == (Origin{}) && p.env.Origin == (Origin{}) {
		return CookieContext{SameSite: true, Lax: true}
	}
	same := SameSite(r.Origin, target)
	for _, u := range r.URLList {
		same = same && SameSite(u.Origin(), target)
	}
	if !top && p.env.TopLevelOrigin != (Origin{}) {
		same = same && SameSite(p.env.TopLevelOrigin, target)
	}
	return CookieContext{SameSite: same, Lax: top && safe}
}

// appendOrigin is "append a request `Origin` header".
//
// Source: https://fetch.spec.whatwg.org/#append-a-request-origin-header
func (p *fetching) appendOrigin(h *httpRequest) {
	origin := serializedOrigin(&h.Request)
	if h.Tainting == "cors" || h.Mode == "websocket" {
		h.Headers.Set("Origin", origin)
		return
	}
	if h.Method == "GET" || h.Method == "HEAD" {
		return
	}
	if h.Mode != "cors" {
		switch h.ReferrerPolicy {
		case "no-referrer":
			origin = "null"
		case "no-referrer-when-downgrade", "strict-origin", "strict-origin-when-cross-origin":
			if h.Origin.Scheme() == "https" && h.CurrentURL().Scheme() != "https" {
				origin = "null"
			}
		case "same-origin":
			if !h.Origin.Same(h.CurrentURL().Origin()) {
				origin = "null"
			}
		}
	}
	h.Headers.Set("Origin", origin)
}

// serializedOrigin is the request's origin, or "null" after a redirect by a third party.
//
// Source: https://fetch.spec.whatwg.org/#serializing-a-request-origin
func serializedOrigin(r *Request) string {
	for i := 1; i < len(r.URLList); i++ {
		last := r.URLList[i-1].Origin()
		if !r.URLList[i].Origin().Same(last) && !r.Origin.Same(last) {
			return "null"
		}
	}
	return r.Origin.String()
}

// appendMetadata adds the Sec-Fetch-* headers.
//
// Source: https://w3c.github.io/webappsec-fetch-metadata/
func (p *fetching) appendMetadata(h *httpRequest) {
	if !trustworthyURL(h.CurrentURL()) {
		return
	}
	destination := string(h.Destination)
	if destination == "" {
		destination = "empty"
	}
	h.Headers.Set("Sec-Fetch-Dest", destination)
	h.Headers.Set("Sec-Fetch-Mode", string(h.Mode))
	h.Headers.Set("Sec-Fetch-Site", p.metadataSite())
	if h.Mode == "navigate" && h.UserActivated {
		h.Headers.Set("Sec-Fetch-User", "?1")
	}
}

func (p *fetching) metadataSite() string {
	r := p.r
	if r.Mode == "navigate" && r.Origin == (Origin{}) {
		return "none"
	}
	site := "same-origin"
	for _, u := range r.URLList {
		switch {
		case r.Origin.Same(u.Origin()):
		case SameSite(r.Origin, u.Origin()):
			if site == "same-origin" {
				site = "same-site"
			}
		default:
			return "cross-site"
		}
	}
	return site
}

// partitionKey is where the HTTP cache keeps a URL for this environment.
func (p *fetching) partitionKey(u *URL) string {
	return strings.Join([]string{networkPartition(p.env), u.WithoutFragment()}, " ")
}
