package fetch

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// corsCheck is the CORS check: nil for success.
//
// Source: https://fetch.spec.whatwg.org/#concept-cors-check
func (p *fetching) corsCheck(response *Response) *Response {
	r := p.r
	allowed, ok := response.Headers.Get("Access-Control-Allow-Origin")
	origin := serializedOrigin(r)
	switch {
	case !ok:
		return corsFailure("MissingAllowOriginHeader", "no Access-Control-Allow-Origin in the response from %s", r.CurrentURL())
	case r.Credentials != "include" && allowed == "*":
		return nil
	case allowed == "*":
		return corsFailure("WildcardOriginNotAllowed", "Access-Control-Allow-Origin must not be * for a request with credentials")
	case allowed != origin:
		return corsFailure("AllowOriginMismatch", "Access-Control-Allow-Origin is %q, the origin is %s", allowed, origin)
	case r.Credentials != "include":
		return nil
	}
	if credentials, _ := response.Headers.Get("Access-Control-Allow-Credentials"); credentials != "true" {
		return corsFailure("InvalidAllowCredentials", "Access-Control-Allow-Credentials must be true for a request with credentials")
	}
	return nil
}

// needsPreflight looks whether the CORS-preflight cache knows all there is to ask.
func (p *fetching) needsPreflight() bool {
	r := p.r
	key := preflightKeyOf(r, p.env)
	if !p.preflight.allows(key, r.Method, "") && (!corsSafelistedMethod(r.Method) || r.UseCORSPreflight) {
		return true
	}
	return slices.ContainsFunc(CORSUnsafeNames(r.Headers), func(name string) bool { return !p.preflight.allows(key, "", name) })
}

// Of Access-Control-Max-Age: what counts without it, and the most that counts.
const (
	defaultMaxAge = 5 * time.Second
	maxMaxAge     = 2 * time.Hour
)

// preflightFetch asks the server whether the request may be made. The response is
// a network error when not.
//
// Source: https://fetch.spec.whatwg.org/#cors-preflight-fetch
func (p *fetching) preflightFetch() *Response {
	r := p.r
	unsafe := CORSUnsafeNames(r.Headers)
	preflight := NewRequest(r.CurrentURL())
	preflight.Method, preflight.Mode, preflight.Tainting = "OPTIONS", "cors", "cors"
	preflight.Destination, preflight.Initiator, preflight.Origin = r.Destination, r.Initiator, r.Origin
	preflight.URLList = slices.Clone(r.URLList)
	preflight.Referrer, preflight.ReferrerPolicy = r.Referrer, r.ReferrerPolicy
	preflight.ServiceWorkers = "none"
	preflight.ID = p.NewID()
	preflight.Headers.Append("Accept", "*/*")
	preflight.Headers.Append("Access-Control-Request-Method", r.Method)
	if len(unsafe) > 0 {
		preflight.Headers.Append("Access-Control-Request-Headers", strings.Join(unsafe, ","))
	}
	inner := &fetching{Fetcher: p.Fetcher, ctx: p.ctx, r: preflight, env: p.env, timing: &Timing{Start: p.clock.Now()}}
	p.tellRequest(inner, nil, r.ID)
	response := inner.networkOrCacheFetch()
	if response.IsNetworkError() {
		inner.tellFailed(response.Err)
		return response
	}
	inner.tellResponse(response)
	response.cancel()
	// The check is made with the credentials mode of the request it is for.
	if refused := p.corsCheck(response); refused != nil {
		if b, ok := refused.Err.(*BlockedError); ok && !strings.HasPrefix(b.CORS, "Preflight") {
			b.CORS = "Preflight" + b.CORS
		}
		return refused
	}
	if !response.OK() {
		return corsFailure("PreflightInvalidStatus", "the preflight for %s was answered with status %d", r.CurrentURL(), response.Status)
	}
	return p.judgePreflight(response, unsafe)
}

func (p *fetching) judgePreflight(response *Response, unsafe []string) *Response {
	r := p.r
	methods, okMethods := tokenList(response.Headers, "Access-Control-Allow-Methods")
	names, okNames := tokenList(response.Headers, "Access-Control-Allow-Headers")
	if !okMethods {
		return corsFailure("InvalidAllowMethodsPreflightResponse", "Access-Control-Allow-Methods is not a list of methods")
	}
	if !okNames {
		return corsFailure("InvalidAllowHeadersPreflightResponse", "Access-Control-Allow-Headers is not a list of names")
	}
	if methods == nil && r.UseCORSPreflight {
		methods = []string{r.Method}
	}
	wildcards := r.Credentials != "include"
	if !slices.Contains(methods, r.Method) && !corsSafelistedMethod(r.Method) && !(wildcards && slices.Contains(methods, "*")) {
		return corsFailure("MethodDisallowedByPreflightResponse", "the preflight does not allow the method %s", r.Method)
	}
	all := wildcards && slices.Contains(names, "*")
	for _, name := range unsafe {
		listed := slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, name) })
		if !listed && (!all || name == "authorization") {
			return corsFailure("HeaderDisallowedByPreflightResponse", "the preflight does not allow the header %s", name)
		}
	}
	age := defaultMaxAge
	if value, ok := response.Headers.Get("Access-Control-Max-Age"); ok {
		if n, err := strconv.ParseInt(value, 10, 32); err == nil {
			age = min(time.Duration(n)*time.Second, maxMaxAge)
		}
	}
	p.preflight.add(preflightKeyOf(r, p.env), methods, names, age)
	return response
}

// tokenList extracts a list of tokens from a header: nil for none, false for failure.
func tokenList(l HeaderList, name string) ([]string, bool) {
	value, ok := l.Get(name)
	if !ok {
		return nil, true
	}
	list := splitList(value)
	for _, token := range list {
		if !isToken(token) {
			return nil, false
		}
	}
	return list, true
}
