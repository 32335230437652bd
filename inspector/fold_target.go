package inspector

import (
	"slices"
	"strings"

	"github.com/chromedp/cdproto/serviceworker"
	"github.com/chromedp/cdproto/target"
)

// targetEvents are the events of the Target domain (of the browser session).
var targetEvents = map[string]handler{
	target.TargetCreated.Method:     (*fold).targetInfo,
	target.TargetInfoChanged.Method: (*fold).targetInfo,
	target.TargetDestroyed.Method:   (*fold).targetDestroyed,
}

// targetNotes are the notes about targets.
var targetNotes = tables(
	note((*fold).ownTarget),
	note((*fold).targetSession),
)

// wireTargetInfo is the part of Target.TargetInfo that matters here.
type wireTargetInfo struct {
	TargetInfo *struct {
		TargetID         string `json:"targetId"`
		Type             string `json:"type"`
		Title            string `json:"title"`
		URL              string `json:"url"`
		ParentID         string `json:"parentId"`
		OpenerID         string `json:"openerId"`
		ParentFrameID    string `json:"parentFrameId"`
		BrowserContextID string `json:"browserContextId"`
	} `json:"targetInfo"`
}

// targetInfo is Target.targetCreated and Target.targetInfoChanged.
func (f *fold) targetInfo() {
	p, ok := decode[wireTargetInfo](f.m.Params)
	if !ok || p.TargetInfo == nil || p.TargetInfo.TargetID == "" {
		return
	}
	i := p.TargetInfo
	k := TargetKey{f.m.Instance, i.TargetID}
	old := f.s.Target(k)
	t := &Target{
		Key: k, Context: i.BrowserContextID, Type: i.Type, URL: i.URL, Title: i.Title, Opener: i.OpenerID,
		Since: f.now, loaded: f.now, Own: slices.Contains(f.s.own, k), found: f.s.finding,
	}
	if t.Parent = i.ParentID; t.Parent == "" {
		t.Parent = i.ParentFrameID
	}
	if old != nil {
		t.Since, t.Own, t.StorageKey, t.kept = old.Since, old.Own, old.StorageKey, old.kept
		if old.URL == t.URL {
			t.loaded, t.found = old.loaded, old.found
		}
		if *t == *old {
			return
		}
	}
	f.setTarget(t)
	if old == nil || old.URL != t.URL {
		f.clientLoaded(t, old)
	}
}

// clientLoaded notes that a page, frame or worker in some scope appeared or
// went elsewhere.
func (f *fold) clientLoaded(t, old *Target) {
	if t.Own || !isClientType(t.Type) {
		return
	}
	if r := f.s.inScopeOf(t); r != nil {
		verb := "opened "
		if old != nil && inScope(r.Scope, old.URL) {
			verb = "went to "
		}
		f.change(Change{Kind: ChangeClient, Registration: r.Key, Client: t.Key.ID, What: clientWord(t.Type) + " " + verb + t.URL})
	}
}

// targetDestroyed is Target.targetDestroyed.
func (f *fold) targetDestroyed() {
	p, ok := decode[struct {
		TargetID string `json:"targetId"`
	}](f.m.Params)
	if !ok {
		return
	}
	t := f.dropTarget(TargetKey{f.m.Instance, p.TargetID})
	if t == nil {
		return
	}
	if t.Type == "service_worker" {
		f.workerTargetDestroyed(t)
		return
	}
	if t.Own || !isClientType(t.Type) {
		return
	}
	noted := false
	for _, r := range f.s.Registrations {
		if r.Key.Instance != t.Key.Instance || r.Key.Context != t.Context {
			continue
		}
		for _, v := range r.Versions {
			if slices.Contains(v.Clients, t.Key.ID) {
				f.change(Change{Kind: ChangeClient, Registration: r.Key, Version: v.ID, Client: t.Key.ID, What: clientWord(t.Type) + " closed: " + t.URL})
				f.loseClient(r.Key, v, t.Key.ID)
				noted = true
			}
		}
	}
	if r := f.s.inScopeOf(t); r != nil && !noted {
		f.change(Change{Kind: ChangeClient, Registration: r.Key, Client: t.Key.ID, What: clientWord(t.Type) + " closed: " + t.URL})
	}
}

// GhostReason is why a registration is only a shell.
const GhostReason = "script could not be fetched (404?)"

// workerTargetDestroyed looks for a first version whose script was never
// received: Chromium says nothing more about it than that its target is gone.
func (f *fold) workerTargetDestroyed(t *Target) {
	for _, r := range f.s.Registrations {
		if r.Key.Instance != t.Key.Instance || (t.Context != "" && r.Key.Context != t.Context) || !r.Alive() {
			continue
		}
		for _, v := range r.Versions {
			if v.Paused != nil && v.TargetID == t.Key.ID {
				f.version(r.Key, v.ID).Paused = nil
			}
		}
		if len(r.Versions) != 1 || r.Ghost != "" {
			continue
		}
		v := r.Versions[0]
		if v.Status == serviceworker.VersionStatusNew && v.Running == serviceworker.VersionRunningStatusStopped &&
			v.ScriptResponseTime.IsZero() && v.ScriptURL == t.URL {
			w := f.registration(r.Key)
			w.Ghost, w.LastChanged, w.DeletedAt = GhostReason, f.now, f.now
			f.change(Change{
				Kind: ChangeRegistration, Registration: r.Key, Version: v.ID, What: "never installed",
				Cause: GhostReason, Known: Inferred,
			})
		}
	}
}

func (f *fold) ownTarget(n NoteOwnTarget) {
	k := TargetKey{f.m.Instance, n.TargetID}
	if !slices.Contains(f.s.own, k) {
		f.s.own = append(slices.Clip(f.s.own), k)
	}
	if t := f.s.Target(k); t != nil && !t.Own {
		c := *t
		c.Own = true
		f.setTarget(&c)
	}
}

func (f *fold) targetSession(n NoteTargetSession) {
	if t := f.s.Target(TargetKey{f.m.Instance, n.TargetID}); t != nil {
		c := *t
		if c.kept = ""; n.Attached {
			c.kept = n.Reason
		}
		f.setTarget(&c)
	}
	for _, r := range f.s.Registrations {
		if r.Key.Instance != f.m.Instance || n.TargetID == "" {
			continue
		}
		for _, v := range r.Versions {
			switch {
			case n.Attached && v.TargetID == n.TargetID:
				f.keptAlive(r.Key, f.version(r.Key, v.ID), n.Reason)
			case !n.Attached && v.keptTarget == n.TargetID:
				w := f.version(r.Key, v.ID)
				w.KeptAlive, w.keptTarget, w.Paused = "", "", nil
				f.change(Change{Kind: ChangeSession, Registration: r.Key, Version: v.ID, What: "no longer kept alive by swinspect"})
			}
		}
	}
}

// keptAlive notes that a session on the version's target keeps it alive.
func (f *fold) keptAlive(k RegistrationKey, v *Version, reason string) {
	v.KeptAlive, v.keptTarget = reason, v.TargetID
	f.change(Change{Kind: ChangeSession, Registration: k, Version: v.ID, What: "kept alive by swinspect", Cause: reason})
}

func (f *fold) targetStorageKey(n NoteStorageKey) {
	if t := f.s.Target(TargetKey{f.m.Instance, n.TargetID}); t != nil && t.StorageKey != n.StorageKey {
		c := *t
		c.StorageKey = n.StorageKey
		f.setTarget(&c)
	}
}

// isClientType reports whether a target of the type can be a client.
func isClientType(typ string) bool {
	switch typ {
	case "page", "iframe", "worker", "shared_worker", "webview", "fenced_frame":
		return true
	}
	return false
}

// clientWord is a target type in words.
func clientWord(typ string) string {
	switch typ {
	case "page", "webview":
		return "window"
	case "iframe", "fenced_frame":
		return "frame"
	case "shared_worker":
		return "shared worker"
	}
	return typ
}

// inScope reports whether a client of this URL is in scope (W3C Service
// Workers, Match Service Worker Registration: prefix of the URL without its
// fragment).
func inScope(scope, url string) bool {
	if i := strings.IndexByte(url, '#'); i >= 0 {
		url = url[:i]
	}
	return scope != "" && strings.HasPrefix(url, scope)
}
