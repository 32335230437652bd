package runtime

import (
	"bytes"
	"context"
	"fmt"

	"github.com/swinspect/swinspect/runtime/fetch"
)

// updateCheck is the state of one Update: what its steps hand on.
type updateCheck struct {
	job          *job
	registration *Registration
	newest       *Worker
	updated      bool        // hasUpdatedResources
	resources    resourceMap // updatedResourceMap
	script       *Script
}

// update is Update.
func (e *Engine) update(j *job) {
	// Update 1
	r := e.getRegistration(j.storageKey, j.scope)
	// Update 2
	if r == nil {
		e.rejectJobPromise(j, typeError("Failed to update a ServiceWorker for scope ('%s'): the registration is gone.", j.scope))
		e.finishJob(j)
		return
	}
	// Update 3
	newest := r.newestWorker()
	// Update 4: an update job is about the script that was newest when it was made.
	if j.typ == jobUpdate && newest != nil && newest.scriptURL.String() != j.scriptURL.String() {
		e.rejectJobPromise(j, typeError("Failed to update a ServiceWorker for scope ('%s'): another script has been registered.", j.scope))
		e.finishJob(j)
		return
	}
	// Update 5 to 7
	u := &updateCheck{job: j, registration: r, newest: newest}
	err := e.fetchForUpdate(u)
	if err == nil && e.unregistered(r) {
		err = e.jobAborted(j)
	}
	if err != nil {
		// Update 8: nothing to run.
		e.jobFailed(r, nil, err.Message)
		e.updateFailed(u, "8", err)
		return
	}
	// Update 9: the server has nothing new.
	if !u.updated {
		r.updateViaCache = j.updateViaCache
		e.publish(r)
		e.registrationChanged(r)
		e.resolveJobPromise(j, r)
		e.finishJob(j)
		return
	}
	// Update 10 to 13: policies travel with the script's headers.
	w := e.newWorker(r, j.scriptURL, j.workerType, u.script)
	w.resources = u.resources
	w.used[u.script.URL.String()] = struct{}{}
	// Update 14 and 15
	status, failed := e.runServiceWorker(e.ctx, w, "update", j.trace, j.forceBypass)
	if failed == nil {
		failed = status
	}
	if failed == nil && e.unregistered(r) {
		failed = errUnregistered
	}
	// Update 16: a script that does not even run to its end is never installed.
	if failed != nil {
		e.workerError(w, failed)
		e.jobFailed(r, w, e.jobMessage(j, ""))
		e.terminate(w, errEvaluation)
		e.updateWorkerState(w, StateRedundant, j.trace)
		reason := e.jobError(j, "ServiceWorker script evaluation failed")
		if e.unregistered(r) {
			reason = e.jobAborted(j)
		}
		e.updateFailed(u, "16", reason)
		return
	}
	// Update 17
	e.install(j, w, r)
}

// updateFailed is Update 8 and 16: the job is rejected, and a registration that
// never had a worker goes.
func (e *Engine) updateFailed(u *updateCheck, step string, err *Exception) {
	j := u.job
	e.trace(traceEvent{algorithm: "Update", step: step, job: j.id, parent: j.trace, registration: u.registration, decision: err.Message, verdict: "update-failed"})
	e.rejectJobPromise(j, err)
	if u.newest == nil {
		e.removeRegistration(u.registration)
	}
	e.finishJob(j)
}

// jobError is the TypeError of a job that failed, worded for people.
func (e *Engine) jobError(j *job, format string, args ...any) *Exception {
	return &Exception{Name: "TypeError", Message: e.jobMessage(j, format, args...)}
}

// jobAborted is for a job whose registration was cleared under it (Clear-Site-Data).
func (e *Engine) jobAborted(j *job) *Exception {
	return &Exception{Name: "AbortError", Message: e.jobMessage(j, "The registration was removed meanwhile")}
}

func (e *Engine) jobMessage(j *job, format string, args ...any) string {
	verb := "register"
	if j.typ == jobUpdate {
		verb = "update"
	}
	return fmt.Sprintf("Failed to %s a ServiceWorker for scope ('%s') with script ('%s'): ", verb, j.scope, j.scriptURL) + fmt.Sprintf(format, args...)
}

// StartUpdate is ServiceWorkerRegistration.update(); settle is as StartRegister's.
func (e *Engine) StartUpdate(from Party, r *Registration, settle func(*Registration, error)) {
	e.mu.Lock()
	defer e.mu.Unlock()
	// ServiceWorkerRegistration.update() 2 and 3
	newest := r.newestWorker()
	if newest == nil {
		settle(nil, invalidState("Failed to update a ServiceWorker for scope ('%s'): the registration has no worker.", r.scope))
		return
	}
	// ServiceWorkerRegistration.update() 4: a worker that installs is the update.
	if w, ok := from.(*Worker); ok && w.State() == StateInstalling {
		settle(nil, invalidState("Failed to update a ServiceWorker for scope ('%s'): the worker is installing.", r.scope))
		return
	}
	// ServiceWorkerRegistration.update() 6 to 8
	j := e.updateJob(r, newest, promise(settle), from)
	e.scheduleJob(j)
}

// updateJob is an update job for what r's newest worker runs. DIVERGES: it keeps
// the registration's update via cache mode, which Update 9.1 and Install 3 would
// otherwise reset to the default.
func (e *Engine) updateJob(r *Registration, newest *Worker, p jobPromise, from Party) *job {
	j := e.createJob(jobUpdate, r.storageKey, r.scope, newest.scriptURL, p, from)
	j.workerType = newest.typ
	j.updateViaCache = r.updateViaCache
	return j
}

// Update is StartUpdate for a caller that waits. It blocks.
func (e *Engine) Update(ctx context.Context, from Party, r *Registration) error {
	_, err := waitJob(ctx, e, func(settle func(*Registration, error)) { e.StartUpdate(from, r, settle) })
	return err
}

// SoftUpdate is Soft Update: it schedules an update job and returns.
func (e *Engine) SoftUpdate(r *Registration, forceBypassCache bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.softUpdate(r, forceBypassCache)
}

// softUpdate is Soft Update.
func (e *Engine) softUpdate(r *Registration, forceBypassCache bool) {
	// Soft Update 1 and 2
	newest := r.newestWorker()
	if newest == nil || e.unregistered(r) {
		return
	}
	// Soft Update 3 to 5
	j := e.updateJob(r, newest, nil, nil)
	j.forceBypass, j.soft = forceBypassCache, true
	// Soft Update 6
	e.scheduleJob(j)
}

// compareImports is Update 7.21.1: the main script has not changed, perhaps an
// imported one has. DIVERGES: of a module worker, whose imports the specification
// does not compare, as browsers do.
func (e *Engine) compareImports(ctx context.Context, u *updateCheck, env fetch.Client) {
	j, r := u.job, u.registration
	for _, importURL := range append([]string(nil), u.newest.resources.order...) {
		// Update 7.21.1.1
		if importURL == u.script.URL.String() {
			continue
		}
		stored := u.newest.resources.get(importURL)
		// Update 7.21.1.2 and 7.21.1.3
		request := importRequest(stored.URL, u.newest.typ)
		if r.updateViaCache == "none" || j.forceBypass || e.stale(r) {
			request.Cache = "no-cache"
		}
		// Update 7.21.1.4 and 7.21.1.5: also a bad response is kept, and importing it fails.
		script, response := e.fetchScript(ctx, request, env)
		u.resources.set(importURL, script)
		// Update 7.21.1.7
		e.checked(r, response)
		// Update 7.21.1.8: one that fails now says nothing about an update.
		if script.bad != nil {
			e.trace(traceEvent{algorithm: "Update", step: "7.21.1.8", job: j.id, parent: j.trace, decision: "an imported script could not be fetched and is left out of the comparison", verdict: "import-failed",
				details: map[string]string{"url": importURL, "error": script.bad.Error()}})
			continue
		}
		// Update 7.21.1.9: all of them are fetched, whatever the first one shows.
		same := bytes.Equal(script.Source, stored.Source)
		verdict, decision := "byte-identical", "an imported script is unchanged"
		if !same {
			u.updated = true
			verdict, decision = "byte-different", "an imported script has changed"
		}
		e.trace(traceEvent{algorithm: "Update", step: "7.21.1.9", job: j.id, parent: j.trace, decision: decision, verdict: verdict, details: map[string]string{"url": importURL}})
	}
}
