package inspector

import (
	"context"
	"errors"
	"slices"
	"time"

	cdproto "github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/serviceworker"
)

// updateSoon is how long an update may take to show a new version before its
// promise is asked for: when the script is identical there is no event at all.
const updateSoon = 1200 * time.Millisecond

// runUpdate asks for an update. A new version proves it; when none comes, the
// promise of registration.update(), in a blank document of the origin, tells an
// identical script from one that could not be fetched.
func runUpdate(ctx context.Context, at *attempt) result {
	had := versionIDs(at.r)
	if !at.r.StorageKey.Partitioned() {
		main, err := at.w.main()
		if err != nil {
			return failure(err)
		}
		if _, err := cdproto.Call(ctx, main, serviceworker.UpdateRegistration,
			serviceworker.UpdateRegistrationParams{ScopeURL: at.r.Scope}); err != nil {
			return failure(err)
		}
		at.markSent()
		soon, cancel := context.WithTimeout(ctx, updateSoon)
		id, err := at.newVersion(soon, had)
		cancel()
		if err == nil {
			return at.newVersionResult(ctx, id)
		}
	}
	f, release, err := at.w.frameOf(ctx, at.r.StorageKey)
	if err != nil {
		return at.updateUnproved(ctx, had, err)
	}
	defer release()
	at.markSent()
	var answer struct{ Missing, Error string }
	if err := f.eval(ctx, &answer, updateScript, at.r.Scope); err != nil {
		return at.updateUnproved(ctx, had, err)
	}
	if answer.Missing != "" {
		return failed("the browser has no registration of %s any more", at.r.Scope)
	}
	grace, cancel := context.WithTimeout(ctx, 500*time.Millisecond)
	defer cancel()
	if id, err := at.newVersion(grace, had); err == nil {
		return at.newVersionResult(ctx, id)
	}
	if answer.Error != "" {
		return failed("%s", answer.Error)
	}
	return confirmed("the script was fetched and is identical: no new version")
}

const updateScript = `async (scope) => {
	const reg = await navigator.serviceWorker.getRegistration(scope);
	if (!reg || reg.scope !== scope) return { Missing: 'missing' };
	try { await reg.update(); return {}; } catch (e) { return { Error: e.message }; }
}`

// updateUnproved waits for a new version when the promise cannot be had.
func (at *attempt) updateUnproved(ctx context.Context, had []string, cause error) result {
	if at.r.StorageKey.Partitioned() {
		return failure(cause)
	}
	id, err := at.newVersion(ctx, had)
	if err == nil {
		return at.newVersionResult(ctx, id)
	}
	return noEffect("no new version appeared; whether the script was compared could not be asked: %s", words(cause))
}

func versionIDs(r *Registration) []string {
	ids := make([]string, 0, len(r.Versions))
	for _, v := range r.Versions {
		ids = append(ids, v.ID)
	}
	return ids
}

// newVersion waits for a version that was not there before.
func (at *attempt) newVersion(ctx context.Context, had []string) (string, error) {
	var id string
	_, err := at.await(ctx, func(s *State) bool {
		for _, v := range at.registration(s).Versions {
			if !slices.Contains(had, v.ID) {
				id = v.ID
				return true
			}
		}
		return false
	})
	return id, err
}

// newVersionResult waits until a new version was evaluated: a script that does
// not parse makes a version that never installs.
func (at *attempt) newVersionResult(ctx context.Context, id string) result {
	s, err := at.await(ctx, func(s *State) bool {
		v := at.registration(s).Version(id)
		return v == nil || v.Status != serviceworker.VersionStatusNew
	})
	r := at.registration(s)
	v := r.Version(id)
	switch {
	case v == nil || err != nil:
		return confirmed("new version %s appeared", id)
	case v.Status == serviceworker.VersionStatusRedundant && !wasInstalling(v):
		return failed("new version %s could not be evaluated%s", id, lastError(r, id))
	}
	return confirmed("new version %s is %s", id, StatusWord(v.Status))
}

func wasInstalling(v *Version) bool {
	return slices.ContainsFunc(v.History, func(t Transition) bool { return t.Status == serviceworker.VersionStatusInstalling })
}

// lastError is ": " and the last error of a version, "" when there is none. One
// that has a place in the script is better than the browser's summary of it.
func lastError(r *Registration, version string) string {
	text := ""
	for _, e := range slices.Backward(r.Errors) {
		if e.VersionID != version {
			continue
		}
		if e.Line >= 0 {
			return ": " + e.Message
		}
		if text == "" {
			text = ": " + e.Message
		}
	}
	return text
}

// runSkipWaiting makes the waiting version active; only its activation proves
// it.
func runSkipWaiting(ctx context.Context, at *attempt) result {
	id := at.v.ID
	if at.r.StorageKey.Partitioned() {
		if res, ok := at.skipWaitingInside(ctx); !ok {
			return res
		}
	} else {
		main, err := at.w.main()
		if err != nil {
			return failure(err)
		}
		if _, err := cdproto.Call(ctx, main, serviceworker.SkipWaiting,
			serviceworker.SkipWaitingParams{ScopeURL: at.r.Scope}); err != nil {
			return failure(err)
		}
	}
	at.markSent()
	s, err := at.await(ctx, func(s *State) bool {
		v := at.registration(s).Version(id)
		return v == nil || v.Status == serviceworker.VersionStatusActivated || v.Status == serviceworker.VersionStatusRedundant
	})
	r := at.registration(s)
	v := r.Version(id)
	switch {
	case v != nil && v.Status == serviceworker.VersionStatusActivated:
		return confirmed("version %s is active", id)
	case err == nil:
		return failed("version %s became redundant%s", id, lastError(r, id))
	case v != nil && v.Status == serviceworker.VersionStatusActivating:
		return noEffect("version %s is activating, but its activate event has not ended", id)
	}
	return noEffect("version %s is still waiting%s", id, stillHeld(r))
}

// stillHeld says what keeps skipWaiting from taking effect.
func stillHeld(r *Registration) string {
	active := r.Active()
	switch {
	case active == nil:
		return ""
	case active.Paused != nil:
		return ": the active version " + active.ID + " is paused in a debugger, which holds it until it is resumed"
	case active.Running == serviceworker.VersionRunningStatusRunning:
		return ": the active version " + active.ID + " still handles an event (or is paused in a debugger)"
	}
	return ""
}

func runUnregister(ctx context.Context, at *attempt) result {
	if at.r.StorageKey.Partitioned() {
		f, release, err := at.w.frameOf(ctx, at.r.StorageKey)
		if err != nil {
			return failure(err)
		}
		defer release()
		at.markSent()
		var answer struct{ Missing, Error string }
		if err := f.eval(ctx, &answer, unregisterScript, at.r.Scope); err != nil {
			return failure(err)
		}
		if answer.Missing != "" {
			return failed("the frame has no registration of %s", at.r.Scope)
		}
	} else {
		main, err := at.w.main()
		if err != nil {
			return failure(err)
		}
		if _, err := cdproto.Call(ctx, main, serviceworker.Unregister, serviceworker.UnregisterParams{ScopeURL: at.r.Scope}); err != nil {
			return failure(err)
		}
	}
	at.markSent()
	s, err := at.await(ctx, func(s *State) bool { return at.registration(s).Deleted() })
	if err != nil {
		return noEffect("%s is still registered", at.r.Scope)
	}
	for _, v := range at.registration(s).Versions {
		if len(v.Clients) > 0 {
			return confirmed("unregistered; its clients keep version %s until they leave", v.ID)
		}
	}
	return confirmed("unregistered")
}

const unregisterScript = `async (scope) => {
	const reg = await navigator.serviceWorker.getRegistration(scope);
	if (!reg || reg.scope !== scope) return { Missing: 'missing' };
	await reg.unregister();
	return {};
}`

func runStart(ctx context.Context, at *attempt) result {
	if at.v.Running == serviceworker.VersionRunningStatusRunning {
		return confirmed("version %s was running already", at.v.ID)
	}
	main, err := at.w.main()
	if err != nil {
		return failure(err)
	}
	if _, err := cdproto.Call(ctx, main, serviceworker.StartWorker, serviceworker.StartWorkerParams{ScopeURL: at.r.Scope}); err != nil {
		return failure(err)
	}
	at.markSent()
	if _, err := at.await(ctx, func(s *State) bool {
		return at.ranSince(s, at.v.ID, serviceworker.VersionRunningStatusRunning)
	}); err != nil {
		return noEffect("version %s did not start", at.v.ID)
	}
	return confirmed("version %s is running", at.v.ID)
}

// ranSince reports whether a version is in a running status, or was after the
// action was sent: states are conflated.
func (at *attempt) ranSince(s *State, id string, want serviceworker.VersionRunningStatus) bool {
	v := at.registration(s).Version(id)
	if v == nil {
		return want == serviceworker.VersionRunningStatusStopped
	}
	if v.Running == want {
		return true
	}
	return slices.ContainsFunc(v.History, func(t Transition) bool { return t.Running == want && !t.Time.Before(at.since) })
}

func runStop(ctx context.Context, at *attempt) result {
	main, err := at.w.main()
	if err != nil {
		return failure(err)
	}
	if _, err := cdproto.Call(ctx, main, serviceworker.StopWorker, serviceworker.StopWorkerParams{VersionID: at.v.ID}); err != nil {
		return failure(err)
	}
	at.markSent()
	s, err := at.await(ctx, func(s *State) bool {
		return at.ranSince(s, at.v.ID, serviceworker.VersionRunningStatusStopped)
	})
	if err != nil {
		return noEffect("version %s is still running", at.v.ID)
	}
	if v := at.registration(s).Version(at.v.ID); v != nil && !isStopped(v) {
		return confirmed("version %s stopped, and was started again by an event", at.v.ID)
	}
	return confirmed("version %s stopped", at.v.ID)
}

func runStopAll(ctx context.Context, at *attempt) result {
	main, err := at.w.main()
	if err != nil {
		return failure(err)
	}
	type running struct {
		registration RegistrationKey
		version      string
	}
	var were []running
	for _, r := range at.s.Live() {
		for _, v := range r.Versions {
			if at.w.mine(r) && !isStopped(v) {
				were = append(were, running{r.Key, v.ID})
			}
		}
	}
	if _, err := cdproto.Call(ctx, main, serviceworker.StopAllWorkers, cdproto.Empty{}); err != nil {
		return failure(err)
	}
	at.markSent()
	left := 0
	_, err = at.await(ctx, func(s *State) bool {
		left = 0
		for _, w := range were {
			one := *at
			if one.r = s.Registration(w.registration); one.r != nil && !one.ranSince(s, w.version, serviceworker.VersionRunningStatusStopped) {
				left++
			}
		}
		return left == 0
	})
	if errors.Is(err, context.DeadlineExceeded) {
		if left == 1 {
			return noEffect("1 of %s still runs", counted(len(were), "worker", "workers"))
		}
		return noEffect("%d of %d workers still run", left, len(were))
	}
	if err != nil {
		return failure(err)
	}
	return confirmed("%s stopped", counted(len(were), "worker", "workers"))
}
