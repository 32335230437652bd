package inspector

import (
	"cmp"
	"slices"

	"github.com/chromedp/cdproto/serviceworker"
)

// Urgency is the one word for the most urgent state of a registration and the
// class of it: ok, wait, work, bad, hold or idle.
func (r *Registration) Urgency() (word, class string) {
	switch {
	case !r.GoneAt.IsZero():
		return "gone", "idle"
	case r.Ghost != "":
		return "404", "bad"
	case r.failed():
		return "error", "bad"
	case r.Deleted():
		return "deleted", "idle"
	}
	for _, v := range r.Versions {
		if v.Paused != nil && v.Status != serviceworker.VersionStatusRedundant {
			return "paused", "hold"
		}
	}
	active := r.Active()
	switch {
	case r.updateFailed():
		return "error", "bad"
	case r.Installing() != nil:
		return "installing", "work"
	case r.Waiting() != nil:
		return "waiting", "wait"
	case active == nil:
		return "no worker", "idle"
	case active.Status == serviceworker.VersionStatusActivating:
		return "activating", "work"
	case active.Running == serviceworker.VersionRunningStatusStopped:
		return "stopped", "idle"
	}
	return "active", "ok"
}

// Failure is why the registration never came to be, "" when it did, when that is
// still open or when the reason is not known.
func (r *Registration) Failure() string {
	if !r.failed() {
		return ""
	}
	version := ""
	if n := len(r.Versions); n > 0 {
		version = r.Versions[n-1].ID
	}
	return cmp.Or(installError(r, version), installError(r, ""))
}

// failed reports whether no version of the registration was ever installed and
// none still tries: there may have been none, when the script was refused.
func (r *Registration) failed() bool {
	if len(r.Versions) == 0 {
		return r.Deleted() && installError(r, "") != ""
	}
	return !slices.ContainsFunc(r.Versions, func(v *Version) bool { return !v.failed() })
}

// updateFailed reports whether the newest version was not installed.
func (r *Registration) updateFailed() bool {
	return len(r.Versions) > 0 && r.Versions[len(r.Versions)-1].failed()
}

// failed reports whether the version is redundant without ever having been
// installed; of one whose beginning was not seen that is not known.
func (v *Version) failed() bool {
	if !v.Complete || v.Status != serviceworker.VersionStatusRedundant {
		return false
	}
	return !slices.ContainsFunc(v.History, func(t Transition) bool {
		switch t.Status {
		case serviceworker.VersionStatusNew, serviceworker.VersionStatusInstalling, serviceworker.VersionStatusRedundant:
			return false
		default:
			return true
		}
	})
}
