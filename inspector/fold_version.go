package inspector

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/chromedp/cdproto/serviceworker"
)

// maxHistory bounds Version.History: a worker that starts and stops for days
// keeps its newest steps.
const maxHistory = 512

// mergeVersion takes over what one version is now. A version that is first seen
// when it is already over (snapshots list such) is left out.
func (f *fold) mergeVersion(k RegistrationKey, w *serviceworker.Version, full bool) {
	if w.VersionID == "" || k.ID == "" {
		return
	}
	r := f.s.Registration(k)
	if r == nil || r.Version(w.VersionID) == nil {
		if w.Status == serviceworker.VersionStatusRedundant && w.RunningStatus == serviceworker.VersionRunningStatusStopped {
			return
		}
		if r == nil {
			f.newRegistration(k)
		}
		f.newVersion(k, w, full)
	}
	old := f.s.Registration(k).Version(w.VersionID)
	next := *old
	next.readFacts(w)
	next.Status, next.Running = cmp.Or(w.Status, old.Status), cmp.Or(w.RunningStatus, old.Running)
	f.mergeClients(k, &next, w, full)
	if len(next.History) == 0 || next.Status != old.Status || next.Running != old.Running {
		next.History = next.history.add(old.History, Transition{f.now, next.Status, next.Running}, maxHistory)
	}
	if sameVersion(old, &next) {
		return
	}
	was := *old
	v := f.version(k, w.VersionID)
	next.rev = v.rev
	*v = next
	f.versionChanged(k, &was, v)
	// A session may be on the target before the version says that it is its.
	if t := f.s.Target(TargetKey{k.Instance, v.TargetID}); v.TargetID != was.TargetID && t != nil && t.kept != "" {
		f.keptAlive(k, v, t.kept)
	}
}

func (f *fold) newVersion(k RegistrationKey, w *serviceworker.Version, full bool) {
	r := f.registration(k)
	v := &Version{
		ID: w.VersionID, Status: w.Status, Running: w.RunningStatus, rev: f.s.Seq,
		Complete:     w.Status == serviceworker.VersionStatusNew && !full,
		ClientsKnown: Seen,
	}
	c := Change{Kind: ChangeVersion, Registration: k, Version: v.ID, What: StatusWord(v.Status)}
	if full {
		c.What = "found " + c.What
	} else if r.Active() != nil || r.Waiting() != nil {
		c.Cause, c.Known = f.updateCause(k)
	}
	r.Versions = append(slices.Clip(r.Versions), v)
	r.notGhost()
	r.LastChanged = f.now
	f.change(c)
}

// readFacts takes over what does not move the version through its life.
func (v *Version) readFacts(w *serviceworker.Version) {
	v.ScriptURL = cmp.Or(w.ScriptURL, v.ScriptURL)
	v.TargetID = string(w.TargetID)
	if t := epoch(w.ScriptLastModified); !t.IsZero() {
		v.ScriptLastModified = t
	}
	if t := epoch(w.ScriptResponseTime); !t.IsZero() {
		v.ScriptResponseTime = t
	}
	v.readRoutes(w)
}

// epoch reads seconds since 1970; what is not a time after it is zero.
func epoch(seconds float64) time.Time {
	if !(seconds > 0) || seconds > 1e11 {
		return time.Time{}
	}
	whole, part := math.Modf(seconds)
	return time.Unix(int64(whole), int64(part*1e6)*1e3).UTC()
}

// sameVersion reports whether nothing that a version event carries changed.
func sameVersion(a, b *Version) bool {
	return a.Status == b.Status && a.Running == b.Running && len(a.History) == len(b.History) &&
		a.ScriptURL == b.ScriptURL && a.TargetID == b.TargetID &&
		a.ScriptLastModified.Equal(b.ScriptLastModified) && a.ScriptResponseTime.Equal(b.ScriptResponseTime) &&
		slices.Equal(a.Clients, b.Clients) && a.ClientsKnown == b.ClientsKnown &&
		a.RoutesRaw == b.RoutesRaw && a.routesRaw == b.routesRaw
}

// versionChanged notes what became of a version, and does what follows from it.
func (f *fold) versionChanged(k RegistrationKey, was, now *Version) {
	r := f.registration(k)
	r.LastChanged = f.now
	if was.Status != now.Status {
		cause, known := f.statusCause(r, was, now)
		f.change(Change{
			Kind: ChangeVersion, Registration: k, Version: now.ID,
			What: StatusWord(was.Status) + " → " + StatusWord(now.Status), Cause: cause, Known: known,
		})
		r.notGhost()
		if now.Status == serviceworker.VersionStatusRedundant {
			f.trimRedundant(r)
		}
	}
	if was.Running != now.Running {
		cause, known := f.runningCause(k, was, now)
		f.change(Change{
			Kind: ChangeRunning, Registration: k, Version: now.ID,
			What: string(was.Running) + " → " + string(now.Running), Cause: cause, Known: known,
		})
		if now.Running == serviceworker.VersionRunningStatusStopped {
			now.Paused = nil
			f.neverInstalled(r)
		}
	}
	f.clientChanges(k, was, now)
	if !was.ScriptResponseTime.IsZero() && !now.ScriptResponseTime.Equal(was.ScriptResponseTime) && was.Status == now.Status {
		f.change(Change{Kind: ChangeVersion, Registration: k, Version: now.ID, What: "script checked: still the same"})
	}
}

// notGhost takes the conclusion back that a registration is only a shell.
func (r *Registration) notGhost() {
	if r.Ghost != "" {
		r.Ghost, r.DeletedAt = "", time.Time{}
	}
}

// neverInstalled marks a registration whose only versions failed to install:
// it does not exist (W3C Service Workers, Install: Clear Registration), and
// Chromium sends no event to say so.
func (f *fold) neverInstalled(r *Registration) {
	if !r.Alive() || !r.failed() {
		return
	}
	r.DeletedAt, r.LastChanged = f.now, f.now
	f.change(Change{Kind: ChangeRegistration, Registration: r.Key, What: "not registered", Cause: "its first version was not installed", Known: Inferred})
	f.doubt(r)
}

// maxRedundant bounds the redundant versions kept per registration.
const maxRedundant = 50

// trimRedundant lets the oldest redundant versions go.
func (f *fold) trimRedundant(r *Registration) {
	over := len(r.Redundant()) - maxRedundant
	if over <= 0 {
		return
	}
	r.Versions = slices.DeleteFunc(slices.Clone(r.Versions), func(v *Version) bool {
		if over > 0 && v.Status == serviceworker.VersionStatusRedundant && v.Running == serviceworker.VersionRunningStatusStopped {
			over--
			return true
		}
		return false
	})
}

// versionLost marks a version that a full list does not name any more.
func (f *fold) versionLost(k RegistrationKey, v *Version) {
	over := v.Status == serviceworker.VersionStatusRedundant
	if over && v.Running == serviceworker.VersionRunningStatusStopped {
		return
	}
	w := f.version(k, v.ID)
	was := *v
	w.Status, w.Running = serviceworker.VersionStatusRedundant, serviceworker.VersionRunningStatusStopped
	w.TargetID, w.Paused = "", nil
	w.setClients(nil, f)
	w.History = w.history.add(w.History, Transition{f.now, w.Status, w.Running}, maxHistory)
	r := f.registration(k)
	r.LastChanged = f.now
	if !over {
		f.change(Change{
			Kind: ChangeVersion, Registration: k, Version: v.ID, Known: Inferred,
			What: StatusWord(v.Status) + " → redundant", Cause: "no longer listed by the browser",
		})
	}
	f.clientChanges(k, &was, w)
	f.trimRedundant(f.registration(k))
}

// errorPhase is what a version was doing when an error of it was reported.
func errorPhase(v *Version, message string) string {
	if strings.Contains(message, "FetchEvent") || strings.Contains(message, "respondWith") {
		return "fetch"
	}
	if v == nil {
		return ""
	}
	status := v.Status
	for _, t := range slices.Backward(v.History) {
		if status != serviceworker.VersionStatusRedundant {
			break
		}
		status = t.Status
	}
	switch status {
	case serviceworker.VersionStatusNew:
		return "script"
	case serviceworker.VersionStatusInstalling:
		return "install"
	case serviceworker.VersionStatusActivating:
		return "activate"
	default: // an event of an installed worker; which one is not told
		return ""
	}
}

func phaseCause(phase string) string {
	if phase == "" {
		return ""
	}
	return "during " + phase
}
