package inspector

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/chromedp/cdproto/serviceworker"
)

// Why something happened is concluded from what happened just before it.

// causeWindow is how long before a change an action can be its cause.
const causeWindow = 10 * time.Second

// sentBefore names the newest action of one of the kinds on a registration that
// was sent within the causeWindow.
func (f *fold) sentBefore(k RegistrationKey, kinds ...ActionKind) (string, Provenance) {
	for _, r := range slices.Backward(f.s.Receipts) {
		if !slices.Contains(kinds, r.Action.Kind) || !concerns(r.Action, k) || r.Outcome == Failed {
			continue
		}
		if ago := f.now.Sub(r.SentAt); ago >= 0 && ago <= causeWindow {
			return fmt.Sprintf("%s sent %s before", r.Action.Kind, seconds(ago)), Inferred
		}
	}
	return "", Seen
}

// concerns reports whether an action is about a registration.
func concerns(a Action, k RegistrationKey) bool {
	if a.Registration == k {
		return true
	}
	return a.Kind == StopAll && (a.Context == "" || a.Context == k.Context)
}

// seconds writes a duration as people do: 0.2 s, 12 s, 3 min.
func seconds(d time.Duration) string {
	switch {
	case d < 100*time.Millisecond:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	case d < 10*time.Second:
		return fmt.Sprintf("%.1f s", d.Seconds())
	case d < 2*time.Minute:
		return fmt.Sprintf("%.0f s", d.Seconds())
	case d < 2*time.Hour:
		return fmt.Sprintf("%.0f min", d.Minutes())
	}
	return fmt.Sprintf("%.0f h", d.Hours())
}

// updateCause is why a new version appeared beside an older one.
func (f *fold) updateCause(k RegistrationKey) (string, Provenance) {
	if c := f.s.Context(k.Instance, k.Context); c != nil && c.UpdateOnReload {
		return "update on reload is on, so the script was installed again", Inferred
	}
	if cause, known := f.sentBefore(k, Update); cause != "" {
		return "script differs; " + cause, known
	}
	return "script differs", Inferred
}

// statusCause is why a version changed its status.
func (f *fold) statusCause(r *Registration, was, now *Version) (string, Provenance) {
	switch now.Status {
	case serviceworker.VersionStatusActivating, serviceworker.VersionStatusActivated:
		if was.Status == serviceworker.VersionStatusInstalled {
			return f.activationCause(r, now)
		}
	case serviceworker.VersionStatusRedundant:
		return f.redundantCause(r, was)
	default:
	}
	return "", Seen
}

func (f *fold) activationCause(r *Registration, now *Version) (string, Provenance) {
	if cause, known := f.sentBefore(r.Key, SkipWaiting); cause != "" {
		return cause, known
	}
	before := predecessor(r, now)
	switch {
	case before == nil:
		return "no version was active before", Inferred
	case !before.lastClient.IsZero() && f.now.Sub(before.lastClient) <= causeWindow && len(before.Clients) == 0:
		return "the last client of #" + before.ID + " left", Inferred
	case len(before.Clients) > 0:
		return "the worker called skipWaiting(): #" + before.ID + " still had clients", Inferred
	}
	return "#" + before.ID + " had no clients", Inferred
}

// predecessor is the version that was active before v, nil when there was none.
func predecessor(r *Registration, v *Version) *Version {
	for _, o := range slices.Backward(r.Versions) {
		if o.ID == v.ID {
			continue
		}
		switch o.Status {
		case serviceworker.VersionStatusActivated, serviceworker.VersionStatusActivating:
			return o
		case serviceworker.VersionStatusRedundant:
			if n := len(o.History); n > 1 && slices.ContainsFunc(o.History, func(t Transition) bool {
				return t.Status == serviceworker.VersionStatusActivated
			}) {
				return o
			}
		default: // not active yet
		}
	}
	return nil
}

func (f *fold) redundantCause(r *Registration, was *Version) (string, Provenance) {
	if r.Deleted() {
		return "the registration was unregistered", Inferred
	}
	switch was.Status {
	case serviceworker.VersionStatusNew, serviceworker.VersionStatusInstalling:
		if why := installError(r, was.ID); why != "" {
			return "install failed: " + why, Inferred
		}
		return "it was not installed", Inferred
	default:
	}
	for _, v := range slices.Backward(r.Versions) {
		if v.ID == was.ID {
			break
		}
		return "replaced by #" + v.ID, Inferred
	}
	return "", Seen
}

// installError is the error that kept a version from being installed: the words
// of the browser's summary ("Failed to register a ServiceWorker for scope … with
// script …: words"), else the first error of the version.
func installError(r *Registration, version string) string {
	first := ""
	for _, e := range r.Errors {
		if e.VersionID != version {
			continue
		}
		if strings.HasPrefix(e.Message, "Failed to ") {
			if _, words, ok := strings.Cut(e.Message, "'): "); ok && words != "" {
				return words
			}
			continue
		}
		first = cmp.Or(first, e.Message)
	}
	return first
}

// idleStop is how long an idle worker runs at least before Chromium stops it.
const idleStop = 25 * time.Second

// runningCause is why a version started or stopped.
func (f *fold) runningCause(k RegistrationKey, was, now *Version) (string, Provenance) {
	switch now.Running {
	case serviceworker.VersionRunningStatusStarting:
		return f.sentBefore(k, Start, Push, Sync, PeriodicSync, Update, SkipWaiting)
	case serviceworker.VersionRunningStatusStopping, serviceworker.VersionRunningStatusStopped:
		if was.Running == serviceworker.VersionRunningStatusStopping {
			return "", Seen // the reason stands beside "running → stopping"
		}
		if cause, known := f.sentBefore(k, Stop, StopAll, Unregister, SkipWaiting); cause != "" {
			return cause, known
		}
		switch {
		case now.Status == serviceworker.VersionStatusRedundant:
			return "it is redundant", Inferred
		case f.now.Sub(was.RunningSince()) >= idleStop:
			return "idle", Inferred
		}
	default: // running follows from starting
	}
	return "", Seen
}
