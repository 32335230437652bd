package components

import (
	"github.com/a-h/templ"
	"github.com/chromedp/cdproto/serviceworker"

	"github.com/swinspect/swinspect/inspector"
)

// after is text behind a mark that only stands when there is text.
func after(mark, text string) string {
	if text == "" {
		return ""
	}
	return mark + text
}

func boolWord(b bool) string {
	if b {
		return "true"
	}
	return "false"
}

func keysAttr(sh *Shell) string {
	if sh.NoKeys {
		return "off"
	}
	return "on"
}

func nextTheme(theme string) string {
	switch theme {
	case "light":
		return "dark"
	case "dark":
		return "auto"
	}
	return "light"
}

func themeName(theme string) string {
	if theme == "" {
		return "follows the system"
	}
	return theme
}

func noBrowser(sh *Shell) string {
	switch len(sh.Browsers) {
	case 0:
		return "No browser"
	case 1:
		return sh.Browsers[0].Name
	}
	return Count(len(sh.Browsers), "browser", "browsers")
}

func connTitle(sh *Shell) string {
	c := sh.Browser.Connection
	title := "Attached to " + c.Endpoint
	if c.Status != inspector.Live {
		title = c.Endpoint + ": " + c.Reason
	}
	return title
}

func pausedVersion(sh *Shell) *inspector.Version {
	if sh.Head == nil {
		return nil
	}
	for _, v := range sh.Head.Registration.Versions {
		if v.Paused != nil {
			return v
		}
	}
	return nil
}

func originHref(o TreeOrigin) templ.SafeURL {
	if len(o.Registrations) == 0 {
		return templ.SafeURL("#")
	}
	return templ.SafeURL(o.Registrations[0].URL)
}

func treeTitle(r TreeRegistration) string {
	if r.Embedder != "" {
		return r.Scope + " in " + r.Embedder
	}
	return r.Scope
}

// deletedWord tells a registration that never came to be from one that was
// unregistered.
func deletedWord(r *inspector.Registration) string {
	for _, v := range r.Versions {
		for _, t := range v.History {
			if t.Status != serviceworker.VersionStatusNew && t.Status != serviceworker.VersionStatusInstalling && t.Status != serviceworker.VersionStatusRedundant {
				return "unregistered"
			}
		}
	}
	switch {
	case len(r.Versions) > 0:
		return "install failed, not registered"
	case r.Failure() != "":
		return "not registered"
	}
	return "unregistered"
}

func keyTitle(k inspector.StorageKey) string {
	if k.Known == inspector.Inferred && k.Doubt == "" {
		return "inferred from the scope: the browser did not tell it"
	}
	return k.Doubt
}

func preloadWord(p *inspector.NavigationPreload) string {
	switch {
	case !p.Enabled:
		return "off"
	case p.Header != "" && p.Header != "true":
		return "on, " + p.Header
	}
	return "on"
}

func targetIcon(tape bool) string {
	if tape {
		return "tape"
	}
	return "browser"
}

// UrgencyIcon is the glyph of a word of [inspector.Registration.Urgency].
func UrgencyIcon(word string) string {
	switch word {
	case "waiting":
		return "waiting"
	case "installing", "activating", "new":
		return "installing"
	case "active", "running":
		return "active"
	case "stopped":
		return "stopped"
	case "paused":
		return "paused"
	case "deleted", "redundant":
		return "redundant"
	case "gone", "no worker":
		return "empty"
	}
	return "error"
}

func letGo(b *BrowserItem) string {
	if b.Tape {
		return "Close "
	}
	return "Detach from "
}

func letGoTitle(b *BrowserItem) string {
	if b.Tape {
		return "Close this recording; the file stays"
	}
	return "Detach: stop looking at this browser"
}
