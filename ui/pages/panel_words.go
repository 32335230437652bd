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
