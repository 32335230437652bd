package inspector

import (
	"fmt"
	"slices"
	"time"
)

// connectionNotes are the notes about the link and its contexts.
var connectionNotes = tables(
	note((*fold).connecting),
	note((*fold).attached),
	note((*fold).listed),
	note((*fold).gone),
	note((*fold).retry),
	note((*fold).closed),
	note((*fold).contexts),
	note((*fold).settings),
)

func (f *fold) connecting(n NoteConnecting) {
	c := &f.s.Connection
	c.Endpoint = n.Endpoint
	if c.Status == "" {
		c.Status, c.Since = Connecting, f.now
	}
}

func (f *fold) attached(n NoteAttached) {
	c := &f.s.Connection
	returned := c.Status == Gone || c.Status == Closed
	sameBrowser := c.Instance == f.m.Instance
	lost := c.Since
	if !returned {
		lost = f.now
	}
	if c.Instance == "" || !sameBrowser {
		c.Instances++
	}
	if sameBrowser {
		c.LostAt, c.LostWhy = time.Time{}, ""
	}
	c.Status, c.Since, c.Reason, c.Attempts = Live, f.now, "", 0
	c.Instance, c.Product, c.UserAgent = f.m.Instance, n.Product, n.UserAgent
	if n.Endpoint != "" {
		c.Endpoint = n.Endpoint
	}
	f.s.Targets, f.copied.targets = nil, true
	f.s.own, f.s.finding = nil, n.Listing
	f.forgetSessions(lost, c.LostWhy)
	for _, x := range f.s.Contexts {
		x := f.context(x.Instance, x.ID)
		x.Gone = x.Instance != f.m.Instance
		x.expectRegs, x.expectVers = !x.Gone, !x.Gone
		x.UpdateOnReload, x.BypassForNetwork, x.Offline = false, false, false
	}
	f.s.Storages = slices.DeleteFunc(slices.Clone(f.s.Storages), func(s *Storage) bool { return s.Ref.Instance != f.m.Instance })
	f.copied.storages = true
	f.change(Change{Kind: ChangeConnection, What: attachedWords(returned, sameBrowser, n.Product)})
}

func (f *fold) listed(NoteListed) { f.s.finding = false }

func attachedWords(returned, sameBrowser bool, product string) string {
	switch {
	case returned && sameBrowser:
		return "back: the same browser, " + product
	case returned:
		return "back: a new browser process, " + product
	}
	return "attached to " + product
}

// forgetSessions drops what died with the old link: debugger pauses and
// sessions everywhere, and the registrations of other browser instances.
func (f *fold) forgetSessions(lost time.Time, why string) {
	for _, r := range f.s.Registrations {
		old := r.Key.Instance != f.m.Instance && r.GoneAt.IsZero()
		if old {
			w := f.registration(r.Key)
			w.GoneAt = lost
			if !w.Deleted() {
				f.change(Change{Kind: ChangeRegistration, Registration: r.Key, What: "gone with its browser", Cause: why})
			}
		}
		for _, v := range r.Versions {
			if v.Paused == nil && v.KeptAlive == "" {
				continue
			}
			w := f.version(r.Key, v.ID)
			w.Paused, w.KeptAlive, w.keptTarget = nil, "", ""
		}
	}
}

func (f *fold) gone(n NoteGone) {
	c := &f.s.Connection
	c.Status, c.Since, c.Reason, c.Attempts = Gone, f.now, n.Reason, 0
	c.LostAt, c.LostWhy = f.now, n.Reason
	f.change(Change{Kind: ChangeConnection, What: "gone", Cause: n.Reason})
}

func (f *fold) retry(n NoteRetry) {
	c := &f.s.Connection
	c.Attempts = n.Attempt
	if n.Reason != "" {
		c.Reason = n.Reason
	}
}

func (f *fold) closed(n NoteClosed) {
	c := &f.s.Connection
	c.Status, c.Since, c.Reason = Closed, f.now, n.Reason
	f.change(Change{Kind: ChangeConnection, What: "detached", Cause: n.Reason})
}

func (f *fold) contexts(n NoteContexts) {
	listed := map[string]bool{}
	for _, nc := range n.Contexts {
		listed[nc.ID] = true
		fresh := f.s.Context(f.m.Instance, nc.ID) == nil
		c := f.context(f.m.Instance, nc.ID)
		if c.Default != nc.Default || fresh {
			f.nameContext(c, nc.Default)
			f.renameSlugs(c)
		}
		if fresh {
			c.expectRegs, c.expectVers = true, true
		}
		if c.Problem != nc.Problem && nc.Problem != "" {
			f.change(Change{Kind: ChangeContext, What: c.Label + " cannot be watched", Cause: nc.Problem})
		}
		c.Problem, c.Gone = nc.Problem, false
	}
	for _, c := range f.s.Contexts {
		if c.Instance == f.m.Instance && !listed[c.ID] && !c.Gone {
			f.contextGone(c)
		}
	}
}

// contextGone marks a context that was disposed, and all that lived in it.
func (f *fold) contextGone(c *Context) {
	w := f.context(c.Instance, c.ID)
	w.Gone = true
	f.change(Change{Kind: ChangeContext, What: c.Label + " was closed"})
	for _, r := range f.s.Registrations {
		if r.Key.Instance == c.Instance && r.Key.Context == c.ID && r.GoneAt.IsZero() {
			f.registration(r.Key).GoneAt = f.now
		}
	}
}

// renameSlugs follows a new label of a context.
func (f *fold) renameSlugs(c *Context) {
	for _, r := range f.s.Registrations {
		if r.Key.Instance == c.Instance && r.Key.Context == c.ID {
			w := f.registration(r.Key)
			w.slug = w.newHash(f.s)
		}
	}
}

// nameContext gives a context its ordinal and label: "default", "context 1" ….
func (f *fold) nameContext(c *Context, isDefault bool) {
	c.Default = isDefault
	if isDefault {
		c.Ordinal, c.Label = 0, "default"
		return
	}
	last := 0
	for _, o := range f.s.Contexts {
		if o.Instance == c.Instance && o.ID != c.ID {
			last = max(last, o.Ordinal)
		}
	}
	c.Ordinal = last + 1
	c.Label = fmt.Sprintf("context %d", c.Ordinal)
}

func (f *fold) settings(n NoteSettings) {
	c := f.context(f.m.Instance, f.m.Context)
	set := func(name string, field *bool, to *bool) {
		if to == nil || *field == *to {
			return
		}
		*field = *to
		word := "off"
		if *to {
			word = "on"
		}
		f.change(Change{Kind: ChangeContext, What: name + " " + word})
	}
	set(string(SetUpdateOnReload), &c.UpdateOnReload, n.UpdateOnReload)
	set(string(SetBypass), &c.BypassForNetwork, n.BypassForNetwork)
	set(string(SetOffline), &c.Offline, n.Offline)
}
