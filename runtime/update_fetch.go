package runtime

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/swinspect/swinspect/runtime/fetch"
)

// fetchForUpdate is Update 7: the script, its checks, and what is new about it.
// The error is what the job's promise is rejected with.
func (e *Engine) fetchForUpdate(u *updateCheck) *Exception {
	j, r := u.job, u.registration
	ctx, cancel := withTimeout(e.ctx, e.clock, e.limits.StartTimeout, &TimeoutError{What: "fetching the script", Limit: e.limits.StartTimeout.String()})
	defer cancel(nil)
	env := e.scriptClient(j.client, j.scope)
	// Update 7.1 to 7.5. DIVERGES: of a module worker only the top-level script is
	// fetched here; its graph when it first runs, by the same rules (FetchModule).
	request := e.scriptRequest(j.scriptURL)
	if j.workerType == "module" {
		// The standard says nothing; browsers fetch a module graph without cookies.
		request.Credentials = "omit"
	}
	request.Headers.Append("Service-Worker", "script")
	if r.updateViaCache != "all" || j.forceBypass || u.newest != nil && e.stale(r) {
		request.Cache = "no-cache"
	}
	// Update 7.6: "manual" ends in the same place as "error", and shows the redirect.
	request.Redirect = "manual"
	// Update 7.7
	script, response := e.fetchScript(ctx, request, env)
	if err := e.checkScript(u, script, response); err != nil {
		return err
	}
	if err := e.checkScope(u, response); err != nil {
		return err
	}
	// Update 7.17 and 7.18
	u.script = script
	u.resources.set(script.URL.String(), script)
	// Update 7.19
	e.checked(r, response)
	// Update 7.20
	u.updated = e.mainScriptChanged(u)
	// Update 7.21
	if !u.updated && (u.newest.imported || u.newest.typ == "module") {
		e.compareImports(ctx, u, env)
	}
	return nil
}

// checkScript refuses what is no script. DIVERGES from Update 7.7 in that a failed
// fetch and a status that is not ok are a TypeError, as browsers have it; a wrong
// MIME type is a SecurityError, and so is a redirect, unless the job is an update.
func (e *Engine) checkScript(u *updateCheck, s *Script, response *fetch.Response) *Exception {
	j := u.job
	switch {
	case response.Type == "opaqueredirect":
		name := "SecurityError"
		if j.typ == jobUpdate {
			name = "TypeError"
		}
		return &Exception{Name: name, Message: e.jobMessage(j, "The script resource is behind a redirect, which is disallowed.")}
	case response.IsNetworkError():
		return e.jobError(j, "An unknown error occurred when fetching the script (%v).", response.Err)
	case !response.OK():
		return e.jobError(j, "A bad HTTP response code (%d) was received when fetching the script.", response.Status)
	}
	// Update 7.7.1
	if mime, ok := fetch.ExtractMIMEType(response.Headers); !ok || !mime.IsJavaScript() {
		got, _ := response.Headers.Get("Content-Type")
		e.trace(traceEvent{algorithm: "Update", step: "7.7", job: j.id, parent: j.trace, decision: "the script's MIME type is not JavaScript", verdict: "bad-mime-type", details: map[string]string{"type": got}})
		return &Exception{Name: "SecurityError", Message: e.jobMessage(j, "The script has an unsupported MIME type ('%s').", got)}
	}
	if s.bad != nil {
		return e.jobError(j, "%v.", s.bad)
	}
	return nil
}

// checkScope is the path restriction: a script controls its own folder, unless
// its server says otherwise.
func (e *Engine) checkScope(u *updateCheck, response *fetch.Response) *Exception {
	j := u.job
	// Update 7.8 and 7.9
	allowed, given := response.Headers.Get("Service-Worker-Allowed")
	maxScope := ""
	if !given {
		// Update 7.13
		folder, err := fetch.ParseURL("./", j.scriptURL)
		if err == nil {
			maxScope = folder.Path()
		}
	} else {
		// Update 7.14
		limit, err := fetch.ParseURL(allowed, j.scriptURL)
		if err != nil {
			return e.jobError(j, "An invalid Service-Worker-Allowed header value ('%s') was received when fetching the script.", allowed)
		}
		if limit.Origin().Same(j.scriptURL.Origin()) {
			maxScope = limit.Path()
		}
	}
	// Update 7.16
	if maxScope == "" || !strings.HasPrefix(u.registration.scope.Path(), maxScope) {
		e.trace(traceEvent{algorithm: "Update", step: "7.16", job: j.id, parent: j.trace, decision: "the scope lies outside what the script may control", verdict: "scope-not-allowed",
			details: map[string]string{"scope": u.registration.scope.Path(), "max": maxScope}})
		return &Exception{Name: "SecurityError", Message: e.jobMessage(j,
			"The path of the provided scope ('%s') is not under the max scope allowed ('%s'). Adjust the scope, move the Service Worker script, or use the Service-Worker-Allowed HTTP header to allow the scope.",
			u.registration.scope.Path(), maxScope)}
	}
	return nil
}

// mainScriptChanged is Update 7.20.
func (e *Engine) mainScriptChanged(u *updateCheck) bool {
	j := u.job
	changed, decision, verdict := true, "", "byte-different"
	switch {
	case u.newest == nil:
		decision, verdict = "there is no worker yet", "first-worker"
	case u.newest.scriptURL.String() != u.script.URL.String():
		decision = "the script's URL has changed"
	case u.newest.typ != j.workerType:
		decision = "the worker's type has changed"
	case j.skipComparison:
		decision, verdict = "forced: installed whatever its bytes", "forced"
	case !bytes.Equal(u.newest.resources.get(u.script.URL.String()).source(), u.script.Source):
		decision = "the script's bytes have changed"
	default:
		changed, decision, verdict = false, "the script is the same, byte for byte", "byte-identical"
	}
	e.trace(traceEvent{algorithm: "Update", step: "7.20", job: j.id, parent: j.trace, decision: decision, verdict: verdict, details: map[string]string{"url": u.script.URL.String()}})
	return changed
}

// scriptRequest is the request for a service worker's top-level script.
func (e *Engine) scriptRequest(u *fetch.URL) *fetch.Request {
	request := fetch.NewRequest(u)
	request.Destination = "serviceworker"
	request.Mode = "same-origin"
	request.Credentials = "same-origin"
	request.UseURLCredentials = true
	// Update 7.4
	request.ServiceWorkers = "none"
	return request
}

// importRequest is the request for an imported script or module. DIVERGES: no
// service worker sees it, whoever's client asks; the page's must not answer for
// another worker's imports.
func importRequest(u *fetch.URL, workerType string) *fetch.Request {
	request := fetch.NewRequest(u)
	request.Destination = "script"
	request.UseURLCredentials = true
	request.ServiceWorkers = "none"
	if workerType == "module" {
		request.Destination = "serviceworker"
		request.Mode = "cors"
		request.Credentials = "omit"
		request.Headers.Append("Service-Worker", "script")
	}
	return request
}

// fetchScript fetches a script and reads all of it, the lock let go. The script is
// never nil; its bad says what is wrong with it (a bad import script response).
func (e *Engine) fetchScript(ctx context.Context, request *fetch.Request, env fetch.Client) (*Script, *fetch.Response) {
	u := request.URL()
	request.Origin = env.Origin
	request.ClientID = env.ID
	var response *fetch.Response
	var body []byte
	var failed error
	e.await(func() {
		response = e.fetcher.Fetch(ctx, request, env)
		if inner := response.Unfiltered(); inner.Body != nil {
			body, failed = inner.Body.ReadAll(ctx, max(e.limits.ScriptBytes, 0))
		}
	})
	inner := response.Unfiltered()
	s := &Script{URL: withoutFragment(u), Final: inner.URL(), Source: body, Headers: inner.Headers, Fetched: e.clock.Now(), Muted: response.Type == "opaque"}
	if s.Final == nil {
		s.Final = s.URL
	}
	if modified, ok := inner.Headers.Get("Last-Modified"); ok {
		s.Modified, _ = http.ParseTime(modified)
	}
	s.bad = badScript(inner, failed)
	return s, response
}

// badScript is a bad import script response.
func badScript(response *fetch.Response, failed error) error {
	mime, ok := fetch.ExtractMIMEType(response.Headers)
	switch {
	case response.IsNetworkError():
		if response.Err != nil {
			return response.Err
		}
		return errors.New("network error")
	case failed != nil:
		return fmt.Errorf("the script could not be read: %w", failed)
	case !response.OK():
		return fmt.Errorf("the server answered %d", response.Status)
	case !ok || !mime.IsJavaScript():
		return errors.New("the MIME type is not JavaScript")
	}
	return nil
}

// checked notes the time of an update check that went beyond the HTTP cache.
func (e *Engine) checked(r *Registration, response *fetch.Response) {
	if response.Unfiltered().Source != "http-cache" && !response.IsNetworkError() {
		r.lastUpdateCheck = e.clock.Now()
	}
}

// scriptClient is as whom a script is fetched: the job's client, or the
// registration's origin when there is none.
func (e *Engine) scriptClient(from Party, scope *fetch.URL) fetch.Client {
	if c, ok := from.(*Client); ok && c.fetchAs != nil {
		var env fetch.Client
		e.await(func() { env = c.fetchAs() })
		return env
	}
	origin := scope.Origin()
	return fetch.Client{Origin: origin, BaseURL: scope, CreationURL: scope, Secure: scope.Scheme() == "https", StorageKey: origin.String()}
}
