package inspector

import (
	"slices"

	"github.com/chromedp/cdproto/serviceworker"
)

// mergeClients takes over the controlled clients of a version.
//
// Chromium sends a version's clients before a navigation is committed, when the
// client cannot be resolved to a target yet, so a list that lacks a client is
// no proof that it left: it stays, as inferred, while its target is there with
// a URL in scope and nobody else controls it. A full list is right.
func (f *fold) mergeClients(k RegistrationKey, v *Version, w *serviceworker.Version, full bool) {
	next := make([]string, 0, len(w.ControlledClients))
	for _, id := range w.ControlledClients {
		if !slices.Contains(next, string(id)) {
			next = append(next, string(id))
		}
	}
	v.ClientsKnown = Seen
	if !full && v.Status != serviceworker.VersionStatusRedundant {
		for _, id := range v.Clients {
			if !slices.Contains(next, id) && f.mayStillControl(k, id) {
				next = append(next, id)
				v.ClientsKnown = Inferred
			}
		}
	}
	slices.Sort(next)
	if slices.Equal(next, v.Clients) {
		return
	}
	for _, id := range next {
		if !slices.Contains(v.Clients, id) {
			f.controlledElsewhere(k, v.ID, id)
		}
	}
	v.setClients(next, f)
}

// setClients replaces the clients of a version.
func (v *Version) setClients(next []string, f *fold) {
	if len(next) == 0 {
		next = nil
		if len(v.Clients) > 0 {
			v.lastClient = f.now
		}
		v.ClientsKnown = Seen
	}
	v.Clients = next
}

// mayStillControl reports whether a client that is no longer listed may be
// there all the same.
func (f *fold) mayStillControl(k RegistrationKey, id string) bool {
	t := f.s.Target(TargetKey{k.Instance, id})
	r := f.s.Registration(k)
	return t != nil && r != nil && r.Alive() && (inScope(r.Scope, t.URL) || f.hasFrameInScope(r, t))
}

// hasFrameInScope reports whether a page has a frame in scope of r that is a
// target of its own: then the page may be listed in its stead.
func (f *fold) hasFrameInScope(r *Registration, page *Target) bool {
	for _, t := range f.s.Targets {
		if t.Parent == page.Key.ID && t.Key.Instance == page.Key.Instance && t.Type == "iframe" && inScope(r.Scope, t.URL) {
			return true
		}
	}
	return false
}

// controlledElsewhere takes a client away from the other version that was known
// to control it: a client has one controller. (One target may hold several
// clients, a page and its frames, but those of one scope share their
// controller; other scopes are left alone.)
func (f *fold) controlledElsewhere(k RegistrationKey, version, client string) {
	r := f.s.Registration(k)
	if r == nil {
		return
	}
	for _, v := range r.Versions {
		if v.ID != version && slices.Contains(v.Clients, client) {
			f.loseClient(k, v, client)
		}
	}
}

// loseClient takes one client from a version.
func (f *fold) loseClient(k RegistrationKey, v *Version, client string) {
	was := *v
	w := f.version(k, v.ID)
	w.setClients(slices.DeleteFunc(slices.Clone(w.Clients), func(id string) bool { return id == client }), f)
	f.registration(k).LastChanged = f.now
	f.clientChanges(k, &was, w)
}

// clientChanges notes who came under a version's control and who left it, in
// the changes and in the registration's log.
func (f *fold) clientChanges(k RegistrationKey, was, now *Version) {
	if slices.Equal(was.Clients, now.Clients) {
		return
	}
	r := f.registration(k)
	for _, id := range was.Clients {
		if !slices.Contains(now.Clients, id) {
			r.endPeriod(now.ID, id, f)
			f.change(Change{Kind: ChangeClient, Registration: k, Version: now.ID, Client: id, What: "no longer controls " + f.clientName(k, id)})
		}
	}
	for _, id := range now.Clients {
		if !slices.Contains(was.Clients, id) {
			r.beginPeriod(now, id, f)
			f.change(Change{Kind: ChangeClient, Registration: k, Version: now.ID, Client: id, What: "controls " + f.clientName(k, id)})
		}
	}
	f.inferKey(r, now)
}

const maxClientLog = 100

func (r *Registration) beginPeriod(v *Version, client string, f *fold) {
	p := ClientPeriod{Client: client, Version: v.ID, From: f.now, Cut: !v.Complete && len(v.History) == 1 && v.History[0].Time.Equal(f.now)}
	if t := f.s.Target(TargetKey{r.Key.Instance, client}); t != nil {
		p.URL, p.Type = t.URL, t.Type
	}
	r.ClientLog = r.clientLog.add(r.ClientLog, p, maxClientLog)
}

func (r *Registration) endPeriod(version, client string, f *fold) {
	for i := len(r.ClientLog) - 1; i >= 0; i-- {
		if p := r.ClientLog[i]; p.Client == client && p.Version == version && p.To.IsZero() {
			r.ClientLog, r.clientLog = slices.Clone(r.ClientLog), appendLog[ClientPeriod]{}
			r.ClientLog[i].To = f.now
			return
		}
	}
}

// clientName is a client in words: its URL, else its target id.
func (f *fold) clientName(k RegistrationKey, id string) string {
	if t := f.s.Target(TargetKey{k.Instance, id}); t != nil && t.URL != "" {
		return t.URL
	}
	return "client " + id
}
