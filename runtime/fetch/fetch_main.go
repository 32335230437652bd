package fetch

import (
	"slices"
)

// mainFetch decides how the request may be made and what of the response may be
// seen; recursive for a redirect on the way.
//
// Source: https://fetch.spec.whatwg.org/#concept-main-fetch
func (p *fetching) mainFetch(recursive bool) *Response {
	r := p.r
	p.upgrade()
	if response := p.mayGo(); response != nil {
		return response
	}
	// Main fetch: the referrer policy of the environment where the request has none, and the referrer it leaves.
	if r.ReferrerPolicy == "" {
		r.ReferrerPolicy = p.env.ReferrerPolicy
	}
	if r.ReferrerPolicy == "" {
		r.ReferrerPolicy = defaultReferrerPolicy
	}
	if r.Referrer != "no-referrer" {
		r.Referrer = p.determineReferrer()
	}
	response := p.byMode()
	if recursive || response.IsNetworkError() {
		return response
	}
	response = p.filter(response)
	internal := response.Unfiltered()
	if len(internal.URLList) == 0 {
		internal.URLList = slices.Clone(r.URLList)
		if response.Type != "opaque" {
			response.URLList = internal.URLList
		}
	}
	if refused := p.mayCome(response); refused != nil {
		internal.cancel()
		return refused
	}
	// Main fetch: these have no body, whatever came.
	if internal.Body != nil && (r.Method == "HEAD" || r.Method == "CONNECT" || NullBodyStatus(internal.Status)) {
		internal.cancel()
		internal.Body, response.Body = nil, nil
	}
	if r.Integrity != "" {
		return p.checkIntegrity(response)
	}
	return response
}

// NullBodyStatus reports 101, 103, 204, 205 and 304.
func NullBodyStatus(status int) bool {
	switch status {
	case 101, 103, 204, 205, 304:
		return true
	}
	return false
}

func (r *Response) cancel() {
	if r.Body != nil {
		r.Body.Cancel()
	}
}

// mayGo refuses what must not even be asked for.
func (p *fetching) mayGo() *Response {
	r := p.r
	if err := p.ctx.Err(); err != nil {
		return NetworkError(err)
	}
	if p.env.Allow != nil {
		if err := p.env.Allow(r); err != nil {
			return NetworkError(&BlockedError{Reason: "csp", Detail: err.Error()})
		}
	}
	if r.CurrentURL().IsHTTP() && badPort(r.CurrentURL()) {
		return blocked("other", "port %s is not allowed", r.CurrentURL().Port())
	}
	if p.mixedContent() {
		return blocked("mixed-content", "mixed content: %s asked for by a secure context", r.CurrentURL())
	}
	return nil
}

// byMode is main fetch's choice of how to get the response.
func (p *fetching) byMode() *Response {
	r := p.r
	u := r.CurrentURL()
	switch {
	case u.Origin().Same(r.Origin) && r.Tainting == "basic", u.Scheme() == "data", r.Mode == "navigate", r.Mode == "websocket",
		u.Scheme() == "blob" && p.sameOriginBlob(u):
		r.Tainting = "basic"
		return p.schemeFetch()
	case r.Mode == "same-origin":
		return blocked("origin", "the mode is same-origin and %s is of another origin than %s", u, r.Origin)
	case r.Mode == "no-cors":
		if r.Redirect != "follow" {
			return fail("a no-cors request to another origin must follow redirects")
		}
		r.Tainting = "opaque"
		return p.schemeFetch()
	case !u.IsHTTP():
		return corsFailure("CorsDisabledScheme", "cross-origin requests are for http and https only, not %s", u.Scheme())
	}
	r.Tainting = "cors"
	if r.UseCORSPreflight || r.UnsafeRequest && (!corsSafelistedMethod(r.Method) || len(CORSUnsafeNames(r.Headers)) > 0) {
		response := p.httpFetch(true)
		if response.IsNetworkError() {
			p.preflight.clear(preflightKeyOf(r, p.env))
		}
		return response
	}
	return p.httpFetch(false)
}

// sameOriginBlob: a blob URL's origin is opaque here when the inside is "null/…".
func (p *fetching) sameOriginBlob(u *URL) bool {
	return u.Origin().Same(p.r.Origin) || p.r.Origin.IsOpaque()
}

func corsSafelistedMethod(m string) bool { return m == "GET" || m == "HEAD" || m == "POST" }

// filter gives the response the filter that the tainting demands.
func (p *fetching) filter(response *Response) *Response {
	if response.Internal != nil {
		return response
	}
	// DIVERGES: what a service worker made (type "default") is filtered as basic
	// whatever the tainting, as in every browser: it is the origin's own.
	if response.FromServiceWorker {
		return FilterBasic(response)
	}
	switch p.r.Tainting {
	case "cors":
		return FilterCORS(response, p.r.Credentials)
	case "opaque":
		return FilterOpaque(response)
	}
	return FilterBasic(response)
}

// mayCome refuses responses that must not reach the request's destination.
func (p *fetching) mayCome(response *Response) *Response {
	r, internal := p.r, response.Unfiltered()
	if internal.Status == 0 {
		return nil
	}
	if !redirectStatus(internal.Status) || r.Redirect == "follow" {
		if p.env.Secure && !r.topLevelNavigation() && internal.URL() != nil && internal.URL().Scheme() == "http" && !trustworthyURL(internal.URL()) {
			return blocked("mixed-content", "mixed content: the response came from %s", internal.URL())
		}
	}
	if nosniffBlocks(r.Destination, internal.Headers) {
		return blocked("content-type", "refused because of its MIME type and X-Content-Type-Options: nosniff")
	}
	if mimeBlocks(r.Destination, internal.Headers) {
		return blocked("content-type", "refused because of its MIME type")
	}
	// Main fetch: part of an opaque response to a request that asked for none.
	if response.Type == "opaque" && internal.Status == 206 && internal.RangeRequested && !r.Headers.Has("Range") {
		return fail("a partial response to a request without Range")
	}
	return nil
}

func scriptLike(d Destination) bool {
	switch d {
	case "audioworklet", "paintworklet", "script", "serviceworker", "sharedworker", "worker":
		return true
	}
	return false
}

// nosniffBlocks is "should response to request be blocked due to nosniff?".
//
// Source: https://fetch.spec.whatwg.org/#should-response-to-request-be-blocked-due-to-nosniff
func nosniffBlocks(d Destination, l HeaderList) bool {
	values, _ := GetDecodeSplit(l, "X-Content-Type-Options")
	if len(values) == 0 || !equalFold(values[0], "nosniff") {
		return false
	}
	t, ok := ExtractMIMEType(l)
	if scriptLike(d) {
		return !ok || !t.IsJavaScript()
	}
	return d == "style" && (!ok || t.Essence() != "text/css")
}

// mimeBlocks is "should response to request be blocked due to its MIME type?".
func mimeBlocks(d Destination, l HeaderList) bool {
	if !scriptLike(d) {
		return false
	}
	t, ok := ExtractMIMEType(l)
	return ok && (t.Type == "audio" || t.Type == "image" || t.Type == "video" || t.Essence() == "text/csv")
}
