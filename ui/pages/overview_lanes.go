package pages

import (
	"slices"
	"strings"
	"time"

	"github.com/chromedp/cdproto/serviceworker"

	"github.com/swinspect/swinspect/inspector"
	"github.com/swinspect/swinspect/ui/components"
)

// scriptReceived is when the script of the newest version was last received or found
// unchanged, zero when unknown.
func scriptReceived(r *inspector.Registration) time.Time {
	for _, v := range slices.Backward(r.Versions) {
		if v.Status != serviceworker.VersionStatusRedundant {
			return v.ScriptResponseTime
		}
	}
	return time.Time{}
}

// localName is a URL without the origin of its registration.
func localName(r *inspector.Registration, raw string) string {
	return strings.TrimPrefix(raw, components.Origin(r.Scope))
}

func stopped(v *inspector.Version) bool {
	return v.Running == serviceworker.VersionRunningStatusStopped || v.Running == ""
}

// cmdFor names an action in the palette only where it has a key, so that the
// palette lists one of its kind.
func cmdFor(key, cmd string) string {
	if key == "" {
		return ""
	}
	return cmd
}

func firstOf(vs ...*inspector.Version) *inspector.Version {
	for _, v := range vs {
		if v != nil {
			return v
		}
	}
	return nil
}

// lastRedundant are the newest redundant versions, newest first.
func lastRedundant(r *inspector.Registration) []*inspector.Version {
	old := r.Redundant()
	slices.Reverse(old)
	return old[:min(len(old), 5)]
}
