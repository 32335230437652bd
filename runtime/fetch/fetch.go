package fetch

import (
	"context"
	"errors"
	"fmt"
)

// Errors of network errors that a caller can branch on (Response.Err).
var (
	ErrOffline          = errors.New("the network is offline")
	ErrTooManyRedirects = errors.New("too many redirects")
	ErrNotCached        = errors.New("only-if-cached, and nothing is cached")
	ErrIntegrity        = errors.New("the response does not match the integrity metadata")
)

// fetching is one run of the fetch algorithm: its fetch params.
type fetching struct {
	*Fetcher
	ctx    context.Context
	r      *Request
	env    Client
	timing *Timing
	manual bool // a redirect of a navigation is handed back, for FollowRedirect
}

// Fetch is the fetch algorithm: it returns when the response's headers are there
// and never nil. A failure is a network error whose Err says why. The response is
// filtered as the request's tainting demands; its body streams, and cancelling ctx
// fails what has not been read. r is changed as the standard says (headers, URL
// list, tainting): afterwards its last URL is where redirects led.
//
// A request with redirect mode "manual" that is redirected gives a response of
// type "opaqueredirect"; Unfiltered shows its status. A navigation goes on with
// FollowRedirect.
//
// Source: https://fetch.spec.whatwg.org/#concept-fetch
func (f *Fetcher) Fetch(ctx context.Context, r *Request, env Client) *Response {
	p := f.prepare(ctx, r, env)
	f.tellRequest(p, nil, "")
	return p.finish(p.mainFetch(false))
}

// FollowRedirect goes on with a navigation after Fetch has answered with a
// redirect: the service worker of the new URL, then the network.
//
// Source: https://fetch.spec.whatwg.org/#fetch-controller-process-the-next-manual-redirect
func (f *Fetcher) FollowRedirect(ctx context.Context, r *Request, response *Response, env Client) *Response {
	p := f.prepare(ctx, r, env)
	return p.finish(p.redirectFetch(response))
}

// prepare fills in what the request leaves to the user agent (Fetch 6 to 16).
func (f *Fetcher) prepare(ctx context.Context, r *Request, env Client) *fetching {
	p := &fetching{Fetcher: f, ctx: ctx, r: r, env: env, timing: &Timing{Start: f.clock.Now()}}
	if r.ID == "" {
		r.ID = f.NewID()
	}
	if r.Origin == (Origin{}) {
		r.Origin = env.Origin
	}
	if r.ClientID == "" {
		r.ClientID = env.ID
	}
	if env.BypassServiceWorker {
		r.ServiceWorkers = "none"
	}
	p.manual = r.Mode == "navigate" && r.Redirect == "manual" && r.ReservedClientID != "" && !r.Headers.Has("Service-Worker-Navigation-Preload")
	if !r.Headers.Has("Accept") {
		r.Headers.Append("Accept", acceptFor(r.Destination))
	}
	if !r.Headers.Has("Accept-Language") && f.language != "-" {
		r.Headers.Append("Accept-Language", f.language)
	}
	return p
}

func acceptFor(d Destination) string {
	switch d {
	case "document", "frame", "iframe":
		return "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
	case "image":
		return "image/png,image/svg+xml,image/*;q=0.8,*/*;q=0.5"
	case "json":
		return "application/json,*/*;q=0.5"
	case "style":
		return "text/css,*/*;q=0.1"
	}
	return "*/*"
}

// finish tells the observer how the fetch ended and sees that the body does, too.
func (p *fetching) finish(response *Response) *Response {
	if response.IsNetworkError() {
		if err := p.ctx.Err(); err != nil && !response.Aborted {
			response.Aborted = true
			response.Err = context.Cause(p.ctx)
		}
		p.tellFailed(response.Err)
		return response
	}
	p.timing.End = p.clock.Now()
	if response.Timing == nil {
		response.Timing = p.timing
	}
	if p.manual && response.Type == "opaqueredirect" {
		return response
	}
	p.tellResponse(response)
	return response
}

// fail is a network error with a text.
func fail(format string, args ...any) *Response { return NetworkError(fmt.Errorf(format, args...)) }

func blocked(reason, format string, args ...any) *Response {
	return NetworkError(&BlockedError{Reason: reason, Detail: fmt.Sprintf(format, args...)})
}

func corsFailure(code, format string, args ...any) *Response {
	return NetworkError(&BlockedError{CORS: code, Detail: fmt.Sprintf(format, args...)})
}
