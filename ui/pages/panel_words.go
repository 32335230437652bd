package pages

import (
	"path"
	"strings"

	"github.com/chromedp/cdproto/serviceworker"

	"github.com/swinspect/swinspect/inspector"
	"github.com/swinspect/swinspect/ui/components"
)

// versionBadge is a version's status as glyph, word and colour.
func versionBadge(r *inspector.Registration, v *inspector.Version) components.State {
	switch v.Status {
	case serviceworker.VersionStatusNew, serviceworker.VersionStatusInstalling:
		return components.State{Icon: "installing", Word: "installing", Class: "work"}
	case serviceworker.VersionStatusInstalled:
		return components.State{Icon: "waiting", Word: "waiting", Class: "wait"}
	case serviceworker.VersionStatusActivating:
		return components.State{Icon: "installing", Word: "activating", Class: "work"}
	case serviceworker.VersionStatusActivated:
		return components.State{Icon: "active", Word: "active", Class: "ok"}
	}
	if installFailed(r, v) {
		return components.State{Icon: "error", Word: "install failed", Class: "bad"}
	}
	return components.State{Icon: "redundant", Word: "redundant", Class: "idle"}
}

// installFailed reports whether a redundant version never got past installing
// because of an error.
func installFailed(r *inspector.Registration, v *inspector.Version) bool {
	for _, t := range v.History {
		switch t.Status {
		case serviceworker.VersionStatusInstalled, serviceworker.VersionStatusActivating, serviceworker.VersionStatusActivated:
			return false
		}
	}
	for _, e := range r.Errors {
		if e.VersionID == v.ID {
			return true
		}
	}
	return false
}

// runningBadge is a version's running status.
func runningBadge(v *inspector.Version) components.State {
	switch v.Running {
	case serviceworker.VersionRunningStatusRunning:
		return components.State{Icon: "running", Word: "running", Class: "ok"}
	case serviceworker.VersionRunningStatusStarting:
		return components.State{Icon: "spin", Word: "starting", Class: "work"}
	case serviceworker.VersionRunningStatusStopping:
		return components.State{Icon: "spin", Word: "stopping", Class: "work"}
	}
	return components.State{Icon: "stopped", Word: "stopped", Class: "idle"}
}

// classIcon is the glyph of a state class where nothing more special is known.
func classIcon(class string) string {
	switch class {
	case "ok":
		return "confirmed"
	case "wait":
		return "warn"
	case "work":
		return "sent"
	case "bad":
		return "error"
	case "hold":
		return "paused"
	}
	return "redundant"
}

// scriptName is a script's URL as a file name: sw.js, with its query.
func scriptName(raw string) string {
	_, start, end := components.SplitURL(raw)
	name := path.Base(strings.SplitN(start+end, "?", 2)[0])
	if _, query, ok := strings.Cut(start+end, "?"); ok && query != "" {
		name += "?" + query
	}
	if name == "." || name == "/" || name == "" {
		return raw
	}
	return name
}
