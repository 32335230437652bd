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
	if len(next) == 0 {
		next = nil
		v.lastClient = f.now
	}
	for _, id := range next {
		if !slices.Contains(v.Clients, id) {
			f.controlledElsewhere(k, v.ID, id)
		}
	}
	v.Clients = next
}

// mayStillControl reports whether a client that is no longer listed may be
// there all the same.
func (f *fold) mayStillControl(k RegistrationKey, id string) bool {
	t := f.s.Target(TargetKey{k.Instance, id})
	r := f.s.Registration(k)
	return t != nil && r != nil && r.Alive() && inScope(r.Scope, t.URL)
}

// controlledElsewhere takes a client away from whoever was known to control it:
// a client has one controller. (One target may hold several clients, a page and
// its frames, but those of one scope share their controller; other scopes are
// left alone.)
func (f *fold) controlledElsewhere(k RegistrationKey, version, client string) {
	r := f.s.Registration(k)
	if r == nil {
		return
	}
	for _, v := range r.Versions {
		if v.ID == version || !slices.Contains(v.Clients, client) {
			continue
		}
		w := f.version(k, v.ID)
		w.Clients = slices.DeleteFunc(slices.Clone(w.Clients), func(id string) bool { return id == client })
		if len(w.Clients) == 0 {
			w.Clients, w.lastClient, w.ClientsKnown = nil, f.now, Seen
		}
	}
}

// clientChanges notes who came under a version's control and who left it.
func (f *fold) clientChanges(k RegistrationKey, was, now *Version) {
	for _, id := range now.Clients {
		if !slices.Contains(was.Clients, id) {
			f.change(Change{Kind: ChangeClient, Registration: k, Version: now.ID, Client: id, What: "controls " + f.clientName(k, id)})
		}
	}
	for _, id := range was.Clients {
		if !slices.Contains(now.Clients, id) {
			f.change(Change{Kind: ChangeClient, Registration: k, Version: now.ID, Client: id, What: "no longer controls " + f.clientName(k, id)})
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
