package inspector

import (
	"context"
	"encoding/base64"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/chromedp/cdproto/serviceworker"
)

// refuse is the error of a check.
func (at *attempt) refuse(format string, args ...any) error {
	return &RefusedError{at.a, fmt.Sprintf(format, args...)}
}

// checkContext finds the watcher of the action's context: the one it names, that
// of its registration, else the default one.
func checkContext(_ context.Context, at *attempt) error {
	id := at.a.Context
	if id == "" {
		id = at.a.Registration.Context
	}
	if id == "" {
		id = at.a.Storage.Context
	}
	if id == "" {
		id = at.l.defaultContextID()
	}
	return at.inContext(id)
}

func (at *attempt) inContext(id string) error {
	c := at.s.Context(at.l.instance, id)
	at.w = at.l.watcher(id)
	switch {
	case c == nil || c.Gone || at.w == nil:
		return at.refuse("there is no browser context %q", id)
	case at.w.problemText() != "":
		return at.refuse("the browser context %s cannot be watched: %s", c.Label, at.w.problemText())
	}
	if at.subject == "" {
		at.subject = c.Label
	}
	at.a.Context = id
	return nil
}

// checkRegistration finds a live registration, and which of two of the same
// scope it is.
func checkRegistration(ctx context.Context, at *attempt) error {
	k := at.a.Registration
	r := at.s.Registration(k)
	switch {
	case r == nil:
		return at.refuse("there is no registration %q", k.ID)
	case k.Instance != at.l.instance || !r.GoneAt.IsZero():
		return at.refuse("the registration of %s went away with its browser or context", r.Scope)
	case r.Deleted():
		return at.refuse("%s was unregistered", r.Scope)
	}
	at.r, at.subject = r, r.Scope
	if err := at.inContext(k.Context); err != nil {
		return err
	}
	if r.StorageKey.Doubt == "" {
		return nil
	}
	return at.settleDoubt(ctx)
}

// settleDoubt finds out whether the registration is the first-party one of its
// scope. CDP names registrations by scope and means the first-party one, so an
// action on the wrong one must not be sent.
func (at *attempt) settleDoubt(ctx context.Context) error {
	at.w.resolveKeys(ctx, at.r)
	at.s = at.b.State()
	at.r = at.registration(at.s)
	if at.r.StorageKey.Doubt != "" {
		return at.refuse("%s: %s", at.r.Scope, at.r.StorageKey.Doubt)
	}
	return nil
}

func checkWaiting(ctx context.Context, at *attempt) error {
	if err := checkRegistration(ctx, at); err != nil {
		return err
	}
	if at.v = at.r.Waiting(); at.v == nil {
		return at.refuse("no version of %s is waiting", at.r.Scope)
	}
	return nil
}

func checkActive(ctx context.Context, at *attempt) error {
	if err := checkRegistration(ctx, at); err != nil {
		return err
	}
	if at.v = at.r.Active(); at.v == nil {
		return at.refuse("%s has no active version", at.r.Scope)
	}
	if at.a.Kind != Start {
		if err := at.firstPartyOnly("deliver events"); err != nil {
			return err
		}
		at.subject += " tag " + quoted(at.a.Tag)
	} else if at.v.Running != serviceworker.VersionRunningStatusRunning {
		return at.firstPartyOnly("start a worker")
	}
	return nil
}

// firstPartyOnly refuses for a partitioned registration what CDP does by scope or
// origin alone: it would hit the first-party registration of the same scope.
func (at *attempt) firstPartyOnly(what string) error {
	if !at.r.StorageKey.Partitioned() {
		return nil
	}
	return at.refuse("CDP can %s only for first-party registrations: for this partitioned one it would hit the first-party twin", what)
}

// checkRunning finds the version to stop: the one named, else the running one.
func checkRunning(ctx context.Context, at *attempt) error {
	if at.a.Registration.ID != "" {
		// A version id is unambiguous, so no storage key need be known.
		r := at.s.Registration(at.a.Registration)
		if r == nil {
			return at.refuse("there is no registration %q", at.a.Registration.ID)
		}
		if r.Key.Instance != at.l.instance || !r.GoneAt.IsZero() {
			return at.refuse("the registration of %s went away with its browser or context", r.Scope)
		}
		at.r, at.subject = r, r.Scope
	} else {
		return at.refuse("no registration is named")
	}
	if err := at.inContext(at.r.Key.Context); err != nil {
		return err
	}
	if id := at.a.Version; id != "" {
		if at.v = at.r.Version(id); at.v == nil {
			return at.refuse("%s has no version %s", at.r.Scope, id)
		}
	}
	if at.v == nil {
		at.v = runningVersion(at.r)
	}
	if at.v == nil {
		return at.refuse("no version of %s is running", at.r.Scope)
	}
	if isStopped(at.v) {
		return at.refuse("version %s of %s is not running", at.v.ID, at.r.Scope)
	}
	at.a.Version = at.v.ID
	at.subject = fmt.Sprintf("%s version %s", at.r.Scope, at.v.ID)
	return nil
}

// runningVersion is the version that runs: the active one before others.
func runningVersion(r *Registration) *Version {
	var found *Version
	for _, v := range r.Versions {
		if !isStopped(v) && (found == nil || v.Status == serviceworker.VersionStatusActivated) {
			found = v
		}
	}
	return found
}

func isStopped(v *Version) bool {
	return v.Running == serviceworker.VersionRunningStatusStopped || v.Running == ""
}

// checkPush finds the registration and what the message carries. CDP has text
// only, which reaches the worker as UTF-8: bytes that are not UTF-8 have no way.
func checkPush(ctx context.Context, at *attempt) error {
	at.payload = at.a.Data
	if at.a.Binary {
		raw, err := base64.StdEncoding.DecodeString(strings.TrimSpace(at.a.Data))
		if err != nil {
			return at.refuse("the push data is not base64: %v", err)
		}
		if i := invalidUTF8(raw); i >= 0 {
			return at.refuse("CDP delivers push messages as text, and byte %d of these %d (0x%02x) is not UTF-8", i, len(raw), raw[i])
		}
		at.payload = string(raw)
	} else if i := invalidUTF8([]byte(at.payload)); i >= 0 {
		return at.refuse("the push text is not UTF-8 at byte %d", i)
	}
	if err := checkRegistration(ctx, at); err != nil {
		return err
	}
	if at.v = at.r.Active(); at.v == nil {
		return at.refuse("%s has no active version", at.r.Scope)
	}
	return at.firstPartyOnly("deliver events")
}

// invalidUTF8 is the index of the first byte that is not UTF-8, -1 when all are.
func invalidUTF8(b []byte) int {
	for i := 0; i < len(b); {
		r, n := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && n <= 1 {
			return i
		}
		i += n
	}
	return -1
}

// checkPage finds a client and the page it is in.
func checkPage(_ context.Context, at *attempt) error {
	t := at.s.Target(TargetKey{at.l.instance, at.a.Client})
	if t == nil || t.Own {
		return at.refuse("there is no client %q", at.a.Client)
	}
	if t.Type == "iframe" {
		if top := topTarget(at.s, t); top != nil {
			t = top
		}
	}
	if t.Type != "page" && t.Type != "webview" {
		return at.refuse("%s is a %s, not a page", t.URL, clientWord(t.Type))
	}
	at.t = t
	at.subject = t.URL
	return at.inContext(t.Context)
}

// defaultContextID is the id of the default context.
func (l *link) defaultContextID() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range l.listed {
		if c.Default {
			return c.ID
		}
	}
	return ""
}

// quoted is a tag in words.
func quoted(s string) string {
	if s == "" {
		return "(empty)"
	}
	return "“" + s + "”"
}
