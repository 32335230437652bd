package runtime

import (
	"context"
	"regexp"

	"github.com/swinspect/swinspect/runtime/fetch"
)

// RegisterOptions are the arguments of Start Register.
type RegisterOptions struct {
	ScriptURL      *fetch.URL // nil: failure
	Scope          *fetch.URL // nil: the default
	ScopeFailed    bool       // a scope was given and could not be parsed
	Type           string     // "classic" or "module"
	UpdateViaCache string     // "imports", "all" or "none"
	Referrer       *fetch.URL // nil: the client's creation URL
}

// escapedSeparator finds what would make a path mean something else than it says.
var escapedSeparator = regexp.MustCompile(`(?i)%2f|%5c`)

// StartRegister is Start Register: it schedules a register job and returns. settle
// is called once, with the engine's lock held, when the job's promise settles: it
// must only queue a task (that is how the promise keeps its place before the
// events that follow it), and may call Snapshot and State.
func (e *Engine) StartRegister(c *Client, o RegisterOptions, settle func(*Registration, error)) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if err := e.startRegister(c, o, settle); err != nil {
		settle(nil, err)
	}
}

func (e *Engine) startRegister(c *Client, o RegisterOptions, settle func(*Registration, error)) error {
	// Start Register 1
	if o.ScriptURL == nil {
		return typeError("Failed to register a ServiceWorker: the script URL is not valid.")
	}
	// Start Register 2
	script := withoutFragment(o.ScriptURL)
	// Start Register 3
	if !script.IsHTTP() {
		return typeError("Failed to register a ServiceWorker: The URL protocol of the script ('%s') is not supported.", script)
	}
	// Start Register 4
	if escapedSeparator.MatchString(script.Path()) {
		return typeError("Failed to register a ServiceWorker: The provided scriptURL ('%s') includes a disallowed escape character.", script)
	}
	// Start Register 5: everything below the script's folder.
	scope := o.Scope
	if scope == nil && !o.ScopeFailed {
		scope, _ = fetch.ParseURL("./", script)
	}
	// Start Register 6
	if scope == nil {
		return typeError("Failed to register a ServiceWorker: the scope is not a valid URL.")
	}
	// Start Register 7
	scope = withoutFragment(scope)
	// Start Register 8
	if !scope.IsHTTP() {
		return typeError("Failed to register a ServiceWorker: The URL protocol of the scope ('%s') is not supported.", scope)
	}
	// Start Register 9
	if escapedSeparator.MatchString(scope.Path()) {
		return typeError("Failed to register a ServiceWorker: The provided scope ('%s') includes a disallowed escape character.", scope)
	}
	// Start Register 10 and 11
	j := e.createJob(jobRegister, c.storageKey, scope, script, promise(settle), c)
	// Start Register 12 and 13
	if o.Type != "" {
		j.workerType = o.Type
	}
	if o.UpdateViaCache != "" {
		j.updateViaCache = o.UpdateViaCache
	}
	// Start Register 14
	if o.Referrer != nil {
		j.referrer = o.Referrer
	}
	// Start Register 15
	e.scheduleJob(j)
	return nil
}

// Register is StartRegister for a caller that waits. It blocks.
func (e *Engine) Register(ctx context.Context, c *Client, scriptURL, scope *fetch.URL, workerType, updateViaCache string, referrer *fetch.URL) (*Registration, error) {
	o := RegisterOptions{ScriptURL: scriptURL, Scope: scope, Type: workerType, UpdateViaCache: updateViaCache, Referrer: referrer}
	return waitJob(ctx, e, func(settle func(*Registration, error)) { e.StartRegister(c, o, settle) })
}

// register is Register.
func (e *Engine) register(j *job) {
	refuse := func(step string, err *Exception) {
		e.trace(traceEvent{algorithm: "Register", step: step, job: j.id, parent: j.trace, decision: err.Message, verdict: "refused"})
		e.rejectJobPromise(j, err)
		e.finishJob(j)
	}
	// Register 1: only over a connection that can be trusted.
	origin := j.scriptURL.Origin()
	if !origin.PotentiallyTrustworthy() {
		refuse("1", securityError("Failed to register a ServiceWorker: The origin of the script ('%s') is not secure.", origin))
		return
	}
	// Register 2 and 3: script and scope are of the page's origin.
	var referrer fetch.Origin
	if j.referrer != nil {
		referrer = j.referrer.Origin()
	}
	if !origin.Same(referrer) {
		refuse("2", securityError("Failed to register a ServiceWorker: The origin of the provided scriptURL ('%s') does not match the current origin ('%s').", origin, referrer))
		return
	}
	if scope := j.scope.Origin(); !scope.Same(referrer) {
		refuse("3", securityError("Failed to register a ServiceWorker: The origin of the provided scope ('%s') does not match the current origin ('%s').", scope, referrer))
		return
	}
	// Register 4
	r := e.getRegistration(j.storageKey, j.scope)
	if r != nil {
		// Register 5: the same registration is there already.
		newest := r.newestWorker()
		if newest != nil && j.scriptURL.String() == newest.scriptURL.String() && j.workerType == newest.typ && j.updateViaCache == r.updateViaCache {
			e.trace(traceEvent{algorithm: "Register", step: "5.2", job: j.id, parent: j.trace, decision: "the same script is registered for this scope already", verdict: "unchanged"})
			e.resolveJobPromise(j, r)
			e.finishJob(j)
			return
		}
		// DIVERGES: the new mode holds for the fetches of this job already, as in
		// browsers; the standard sets it in Update 9.1 and Install 3.
		r.updateViaCache = j.updateViaCache
		e.publish(r)
	} else {
		// Register 6
		e.setRegistration(j.storageKey, j.scope, j.updateViaCache)
	}
	// Register 7
	e.update(j)
}

// withoutFragment is u with its fragment set to null.
func withoutFragment(u *fetch.URL) *fetch.URL {
	if !u.HasFragment() {
		return u
	}
	if bare, err := fetch.ParseURL(u.WithoutFragment(), nil); err == nil {
		return bare
	}
	return u
}

// StartUnregister is ServiceWorkerRegistration.unregister(); settle is as StartRegister's.
func (e *Engine) StartUnregister(from Party, r *Registration, settle func(bool, error)) {
	e.mu.Lock()
	defer e.mu.Unlock()
	// ServiceWorkerRegistration.unregister() 3 and 4
	e.scheduleJob(e.createJob(jobUnregister, r.storageKey, r.scope, nil, promise(settle), from))
}

// Unregister is StartUnregister for a caller that waits. It blocks.
func (e *Engine) Unregister(ctx context.Context, from Party, r *Registration) (bool, error) {
	return waitJob(ctx, e, func(settle func(bool, error)) { e.StartUnregister(from, r, settle) })
}

// unregister is Unregister.
func (e *Engine) unregister(j *job) {
	// Unregister 1
	r := e.getRegistration(j.storageKey, j.scope)
	// Unregister 2
	if r == nil {
		e.resolveJobPromise(j, false)
		e.finishJob(j)
		return
	}
	// Unregister 3: from now on nothing matches it.
	e.removeRegistration(r)
	e.trace(traceEvent{algorithm: "Unregister", step: "3", registration: r, parent: j.trace, decision: "the registration was removed from the map", verdict: "unregistered"})
	// Unregister 4
	e.resolveJobPromise(j, true)
	// Unregister 5
	e.tryClearRegistration(r, j.trace)
	// Unregister 6
	e.finishJob(j)
}
