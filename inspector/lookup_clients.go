package inspector

import (
	"cmp"
	"slices"
	"time"

	"github.com/chromedp/cdproto/serviceworker"
)

// Client is a page, frame or worker that a registration is about: in its scope,
// or controlled by one of its versions.
type Client struct {
	Target  *Target
	Version *Version   // what controls it; nil: not controlled
	Reason  string     // why it is not controlled, or why it is thought to be
	Known   Provenance // of Version (or of its absence)
	// Since is when its controller took it over or, if that is later, when it
	// appeared or last went to another URL; zero: before swinspect attached.
	Since time.Time

	via string // target id of the page that is listed in its stead
}

// Clients lists who is in scope of r, controlled or not, and who else one of
// its versions controls: windows first, oldest first.
//
// Of a controlled frame Chromium names the page it is in: that page stands for
// its frames in scope when they are targets of their own, else it is listed
// with the reason.
func (s *State) Clients(r *Registration) []Client {
	var cs []Client
	stoodFor := map[string]bool{} // pages listed because of a frame that is listed here
	for _, t := range s.Targets {
		if t.Key.Instance != r.Key.Instance || t.Context != r.Key.Context || t.Own || !isClientType(t.Type) {
			continue
		}
		if controller(r, t.Key.ID) == nil && s.inScopeOf(t) != r {
			continue
		}
		c := s.client(r, t)
		if c.Version != nil && c.via != "" {
			stoodFor[c.via] = true
		}
		cs = append(cs, c)
	}
	cs = slices.DeleteFunc(cs, func(c Client) bool { return stoodFor[c.Target.Key.ID] })
	cs = append(cs, s.unseenClients(r)...)
	slices.SortStableFunc(cs, func(a, b Client) int {
		return cmp.Or(cmp.Compare(clientRank(a), clientRank(b)), a.Target.Since.Compare(b.Target.Since))
	})
	return cs
}

// client describes one target as a client of r.
func (s *State) client(r *Registration, t *Target) Client {
	c := Client{Target: t, Version: controller(r, t.Key.ID), Known: Seen}
	c.Since = r.clientSince(t, c.Version, t.Key.ID)
	if c.Version != nil {
		switch {
		case c.Version.ClientsKnown == Inferred:
			c.Known, c.Reason = Inferred, "listed before, and nothing shows that it left"
		case !inScope(r.Scope, t.URL):
			c.Known, c.Reason = Inferred, "the browser lists this page: a frame in it is controlled"
		}
		return c
	}
	for up := s.parent(t); up != nil; up = s.parent(up) {
		if v := controller(r, up.Key.ID); v != nil && !inScope(r.Scope, up.URL) {
			c.Version, c.Known, c.via = v, Inferred, up.Key.ID
			c.Reason = "the browser lists the page this frame is in"
			c.Since = r.clientSince(t, v, up.Key.ID)
			return c
		}
	}
	c.Reason, c.Known = s.whyNotControlled(r, t), Inferred
	return c
}

// clientSince is when a target became what it is to r: listed under an id as a
// client of v, or not controlled (nil).
func (r *Registration) clientSince(t *Target, v *Version, id string) time.Time {
	since := t.loaded
	if t.found {
		since = time.Time{}
	}
	if v == nil {
		return since
	}
	for _, p := range slices.Backward(r.ClientLog) {
		if p.Client == id && p.Version == v.ID && p.To.IsZero() {
			if !p.Cut && p.From.After(since) {
				return p.From
			}
			break
		}
	}
	return since
}

// parent is the target a frame or worker is in, nil when there is none.
func (s *State) parent(t *Target) *Target {
	if t.Parent == "" || t.Parent == t.Key.ID {
		return nil
	}
	up := s.Target(TargetKey{t.Key.Instance, t.Parent})
	if up != nil && up.Type != "page" && !s.rooted(up) {
		return nil
	}
	return up
}

// rooted reports whether the chain of parents ends: a cycle can only come from
// a hostile peer.
func (s *State) rooted(t *Target) bool {
	for range 32 {
		if t.Type == "page" || t.Parent == "" {
			return true
		}
		if t = s.Target(TargetKey{t.Key.Instance, t.Parent}); t == nil {
			return true
		}
	}
	return false
}

// unseenClients are clients that a version lists and that are no known target.
func (s *State) unseenClients(r *Registration) []Client {
	var cs []Client
	for _, v := range r.Versions {
		for _, id := range v.Clients {
			if s.Target(TargetKey{r.Key.Instance, id}) == nil {
				cs = append(cs, Client{
					Target:  &Target{Key: TargetKey{r.Key.Instance, id}, Context: r.Key.Context},
					Version: v, Known: Seen, Since: r.clientSince(&Target{}, v, id), Reason: "listed by the worker, but not a target that can be seen",
				})
			}
		}
	}
	return cs
}

func clientRank(c Client) int {
	switch c.Target.Type {
	case "page", "webview":
		return 0
	case "iframe", "fenced_frame":
		return 1
	case "":
		return 3
	}
	return 2
}

// controller is the version of r that controls a client, nil when none does.
func controller(r *Registration, client string) *Version {
	for _, v := range slices.Backward(r.Versions) {
		if slices.Contains(v.Clients, client) {
			return v
		}
	}
	return nil
}

// inScopeOf is the live registration whose scope a target's URL is in, the one
// with the longest when there are several (W3C Service Workers, Match Service
// Worker Registration); nil when there is none. Of registrations with the same
// scope the one with the target's storage key is meant, else the first-party
// one for a page.
func (s *State) inScopeOf(t *Target) *Registration {
	var best *Registration
	key := "?" // found out when it is needed
	for _, r := range s.Registrations {
		if r.Key.Instance != t.Key.Instance || r.Key.Context != t.Context || !r.Alive() || !inScope(r.Scope, t.URL) {
			continue
		}
		if key == "?" {
			key = s.keyOf(t)
		}
		if !mayShareKey(r, t, key) {
			continue
		}
		if best == nil || len(r.Scope) > len(best.Scope) || (len(r.Scope) == len(best.Scope) && keyFits(r, key) > keyFits(best, key)) {
			best = r
		}
	}
	return best
}

// mayShareKey reports whether a registration and a target of a storage key (""
// unknown) can belong together as far as is known.
func mayShareKey(r *Registration, t *Target, key string) bool {
	switch {
	case key == "":
		return t.Type != "page" || !r.StorageKey.Partitioned()
	case r.StorageKey.Known == Seen || r.StorageKey.Doubt == "":
		return key == r.StorageKey.Raw
	}
	return true
}

// keyFits says how well a registration's storage key fits another one.
func keyFits(r *Registration, key string) int {
	switch {
	case key != "" && key == r.StorageKey.Raw && r.StorageKey.Doubt == "":
		return 2
	case r.StorageKey.Doubt == "":
		return 1
	}
	return 0
}

// whyNotControlled concludes why a target in scope has no controller.
func (s *State) whyNotControlled(r *Registration, t *Target) string {
	active := r.Active()
	c := s.Context(r.Key.Instance, r.Key.Context)
	switch {
	case active == nil:
		return "no version is active yet"
	case active.Status == serviceworker.VersionStatusActivating:
		return "the worker is still activating"
	case c != nil && c.BypassForNetwork:
		return "bypass for network is on"
	case active.sawActivation() && t.loaded.Before(active.activatedAt()):
		return "loaded before the worker was active, and the worker did not call clients.claim()"
	case c == nil || !c.listedAt.After(t.loaded):
		return "not listed yet: the browser's list of clients lags behind a navigation"
	case !active.sawActivation() && t.Since.Equal(t.loaded):
		return "hard reload, or loaded before the worker was active"
	}
	return "hard reload: it was loaded past the worker"
}

// sawActivation reports whether the version became active under observation.
func (v *Version) sawActivation() bool {
	return len(v.History) > 1 && v.History[0].Status != v.Status
}

// activatedAt is when the version became active, zero when it did not.
func (v *Version) activatedAt() time.Time {
	for _, t := range v.History {
		if t.Status == serviceworker.VersionStatusActivated {
			return t.Time
		}
	}
	return time.Time{}
}
