package fetch

// httpFetch asks the service worker, then the network, and looks at what either
// answers.
//
// Source: https://fetch.spec.whatwg.org/#concept-http-fetch
func (p *fetching) httpFetch(makePreflight bool) *Response {
	r := p.r
	var response *Response
	// HTTP fetch: the service worker comes first.
	if r.ServiceWorkers != "none" && p.HandleFetch != nil {
		response = p.askWorker()
		if response != nil && response.IsNetworkError() {
			return response
		}
	}
	if response == nil {
		if response = p.askNetwork(makePreflight); response.IsNetworkError() {
			return response
		}
	}
	internal := response.Unfiltered()
	// HTTP fetch: an opaque response must not go where its own policy forbids.
	if (r.Tainting == "opaque" || response.Type == "opaque") && p.corpBlocks(internal) {
		internal.cancel()
		return blocked("corp-not-same-origin", "the response's Cross-Origin-Resource-Policy forbids it")
	}
	if redirectStatus(internal.Status) {
		return p.redirected(response)
	}
	return response
}

// askWorker is the service worker's part; nil when none answers.
func (p *fetching) askWorker() *Response {
	r := p.r
	forWorker := r.Clone()
	// DIVERGES: after a redirect the worker sees the URL it led to, not the first of
	// the list, as in every browser.
	forWorker.URLList = []*URL{r.CurrentURL()}
	response := p.HandleFetch(p.ctx, forWorker, p.env)
	if response == nil {
		if forWorker.Body != nil {
			forWorker.Body.Cancel()
		}
		return nil
	}
	if r.Body != nil {
		r.Body.Cancel()
	}
	response.FromServiceWorker, response.Unfiltered().FromServiceWorker = true, true
	switch {
	case response.IsNetworkError():
		return response
	case r.Mode == "same-origin" && response.Type == "cors":
		return fail("the service worker answered a same-origin request with a CORS response")
	case r.Mode != "no-cors" && response.Type == "opaque":
		return fail("the service worker answered a request of mode %q with an opaque response", r.Mode)
	case r.Redirect != "manual" && response.Type == "opaqueredirect":
		return fail("the service worker answered a request whose redirect mode is %q with an opaque redirect", r.Redirect)
	case r.Redirect != "follow" && len(response.Unfiltered().URLList) > 1:
		return fail("the service worker answered a request whose redirect mode is %q with a redirected response", r.Redirect)
	}
	return response
}

// askNetwork is HTTP fetch without a service worker.
func (p *fetching) askNetwork(makePreflight bool) *Response {
	r := p.r
	if makePreflight && p.needsPreflight() {
		if response := p.preflightFetch(); response.IsNetworkError() {
			return response
		}
	}
	// HTTP fetch: from here on redirects do not go to a service worker.
	if r.Redirect == "follow" {
		r.ServiceWorkers = "none"
	}
	response := p.networkOrCacheFetch()
	if response.IsNetworkError() {
		return response
	}
	if r.Tainting == "cors" {
		if refused := p.corsCheck(response); refused != nil {
			response.cancel()
			return refused
		}
	}
	return response
}

// redirected does with a redirect what the request's redirect mode says.
func (p *fetching) redirected(response *Response) *Response {
	internal := response.Unfiltered()
	switch p.r.Redirect {
	case "error":
		internal.cancel()
		return fail("redirected, and the redirect mode is error")
	case "manual":
		// A navigation shows what leads nowhere.
		if to, err := internal.LocationURL(p.r.CurrentURL()); p.manual && to == nil && err == nil {
			return internal
		}
		// DIVERGES: a navigation's response is filtered too; it looks inside (see FollowRedirect).
		if response.Type == "opaqueredirect" {
			return response
		}
		return FilterOpaqueRedirect(internal)
	}
	return p.redirectFetch(response)
}

func redirectStatus(status int) bool {
	switch status {
	case 301, 302, 303, 307, 308:
		return true
	}
	return false
}

// RedirectStatus reports 301, 302, 303, 307 and 308.
func RedirectStatus(status int) bool { return redirectStatus(status) }

// LocationURL is where a redirect leads: nil and no error when it has no Location.
// It is relative to the response's own URL: what a service worker made has none. The
// fragment of current, the request's URL, stays when the new one has none.
//
// Source: https://fetch.spec.whatwg.org/#concept-response-location-url
func (r *Response) LocationURL(current *URL) (*URL, error) {
	inner := r.Unfiltered()
	value, ok := inner.Headers.Get("Location")
	if !redirectStatus(inner.Status) || !ok {
		return nil, nil
	}
	to, err := ParseURL(decodeHeader(value), inner.URL())
	if err != nil {
		return nil, err
	}
	if current.HasFragment() && !to.HasFragment() {
		return ParseURL(to.String()+"#"+current.Fragment(), nil)
	}
	return to, nil
}

// redirectFetch follows a redirect.
//
// Source: https://fetch.spec.whatwg.org/#http-redirect-fetch
func (p *fetching) redirectFetch(response *Response) *Response {
	r, internal := p.r, response.Unfiltered()
	to, err := internal.LocationURL(r.CurrentURL())
	switch {
	case err != nil:
		internal.cancel()
		return NetworkError(err)
	case to == nil:
		return response
	}
	internal.cancel()
	if refused := p.mayRedirect(to, internal.Status); refused != nil {
		return refused
	}
	r.RedirectCount++
	// HTTP-redirect fetch: a POST becomes a GET, as it always has.
	if (internal.Status == 301 || internal.Status == 302) && r.Method == "POST" || internal.Status == 303 && r.Method != "GET" && r.Method != "HEAD" {
		r.Method, r.Body = "GET", nil
		for _, name := range []string{"Content-Encoding", "Content-Language", "Content-Location", "Content-Type", "Content-Length"} {
			r.Headers.Delete(name)
		}
	}
	// HTTP-redirect fetch: credentials in headers are for the origin they were given to.
	if !r.CurrentURL().Origin().Same(to.Origin()) {
		r.Headers.Delete("Authorization")
	}
	r.URLList = append(r.URLList, to)
	if policy := redirectPolicy(internal.Headers); policy != "" {
		r.ReferrerPolicy = policy
	}
	p.tellRequest(p, internal, "")
	return p.mainFetch(r.Redirect != "manual")
}

func (p *fetching) mayRedirect(to *URL, status int) *Response {
	r := p.r
	credentials := to.Username() != "" || to.Password() != ""
	switch {
	case !to.IsHTTP():
		return fail("redirected to the scheme %q", to.Scheme())
	case r.RedirectCount >= p.redirects:
		return NetworkError(ErrTooManyRedirects)
	case r.Mode == "cors" && credentials && !r.Origin.Same(to.Origin()),
		r.Tainting == "cors" && credentials:
		return corsFailure("RedirectContainsCredentials", "redirected across origins to a URL with credentials")
	}
	if status != 303 && r.Body != nil {
		if _, again := r.Body.Bytes(); !again {
			return fail("redirected, and the request's body cannot be sent again")
		}
	}
	return nil
}
