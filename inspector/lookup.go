package inspector

import (
	"cmp"
	"encoding/base32"
	"hash/fnv"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/chromedp/cdproto/serviceworker"
)

// Live lists the registrations that exist in a browser that is still there, in
// the order of the state.
func (s *State) Live() []*Registration {
	var live []*Registration
	for _, r := range s.Registrations {
		if r.Alive() {
			live = append(live, r)
		}
	}
	return live
}

// Registration finds a registration, nil when there is none.
func (s *State) Registration(k RegistrationKey) *Registration {
	if i, ok := findRegistration(s.Registrations, k); ok {
		return s.Registrations[i]
	}
	return nil
}

// Context finds a browser context, nil when there is none.
func (s *State) Context(instance, id string) *Context {
	i, ok := slices.BinarySearchFunc(s.Contexts, [2]string{instance, id}, func(c *Context, k [2]string) int {
		return cmp.Or(cmp.Compare(c.Instance, k[0]), cmp.Compare(c.ID, k[1]))
	})
	if !ok {
		return nil
	}
	return s.Contexts[i]
}

// Target finds a live target, nil when there is none.
func (s *State) Target(k TargetKey) *Target {
	if i, ok := findTarget(s.Targets, k); ok {
		return s.Targets[i]
	}
	return nil
}

// Shown lists the registrations to show in a tree: the live ones, and of those
// that are no more (unregistered, never installed) the newest of each slug that
// no live one has taken over. Registrations of an earlier browser instance are
// left out; [State.BySlug] still finds them.
func (s *State) Shown() []*Registration {
	type place struct{ slug, instance string }
	best := map[place]*Registration{}
	for _, r := range s.Registrations {
		if !r.GoneAt.IsZero() {
			continue
		}
		p := place{r.hash(s), r.Key.Instance}
		if o := best[p]; o == nil || (!o.Alive() && (r.Alive() || !r.LastChanged.Before(o.LastChanged))) {
			best[p] = r
		}
	}
	var shown []*Registration
	for _, r := range s.Registrations {
		if r.Alive() || (r.GoneAt.IsZero() && best[place{r.hash(s), r.Key.Instance}] == r) {
			shown = append(shown, r)
		}
	}
	return shown
}

var slugEncoding = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

// Slug names r in URLs: a short hash of its context's label, its scope and its
// top-level site, so that it survives a browser restart and a new registration
// of the same scope. Live registrations that nothing of this tells apart get
// "-2", "-3" … in the order of their ids.
func (r *Registration) Slug(s *State) string {
	slug := r.hash(s)
	if !r.Alive() {
		return slug
	}
	n := 1
	for _, o := range s.Registrations {
		if o == r || o.Key == r.Key {
			break
		}
		if o.Alive() && o.Scope == r.Scope && o.hash(s) == slug {
			n++
		}
	}
	if n > 1 {
		slug += "-" + strconv.Itoa(n)
	}
	return slug
}

// hash is the slug without the number that tells twins apart.
func (r *Registration) hash(s *State) string {
	if r.slug != "" {
		return r.slug
	}
	return r.newHash(s)
}

func (r *Registration) newHash(s *State) string {
	label := ""
	if c := s.Context(r.Key.Instance, r.Key.Context); c != nil {
		label = c.Label
	}
	h := fnv.New64a()
	for _, part := range []string{label, r.Scope, r.StorageKey.TopLevelSite} {
		h.Write([]byte(part))
		h.Write([]byte{0})
	}
	return slugEncoding.EncodeToString(h.Sum(nil))[:8]
}

// BySlug finds the registration of a slug: the live one, else the newest of
// those that were, else nil.
func (s *State) BySlug(slug string) *Registration {
	base, _, _ := strings.Cut(slug, "-")
	var newest *Registration
	for _, r := range s.Registrations {
		if r.hash(s) != base {
			continue
		}
		if r.Alive() && r.Slug(s) == slug {
			return r
		}
		if newest == nil || !r.LastChanged.Before(newest.LastChanged) {
			newest = r
		}
	}
	return newest
}

// Version finds a version by id, nil when there is none.
func (r *Registration) Version(id string) *Version {
	for _, v := range r.Versions {
		if v.ID == id {
			return v
		}
	}
	return nil
}

// newest is the newest version in one of the states, nil when there is none.
func (r *Registration) newest(states ...serviceworker.VersionStatus) *Version {
	for _, v := range slices.Backward(r.Versions) {
		if slices.Contains(states, v.Status) {
			return v
		}
	}
	return nil
}

// Installing is the version that is being installed (or evaluated), nil when
// there is none.
func (r *Registration) Installing() *Version {
	return r.newest(serviceworker.VersionStatusNew, serviceworker.VersionStatusInstalling)
}

// Waiting is the installed version that is not active yet, nil when there is
// none.
func (r *Registration) Waiting() *Version {
	return r.newest(serviceworker.VersionStatusInstalled)
}

// Active is the activating or activated version, nil when there is none.
func (r *Registration) Active() *Version {
	return r.newest(serviceworker.VersionStatusActivating, serviceworker.VersionStatusActivated)
}

// Redundant lists the redundant versions, oldest first.
func (r *Registration) Redundant() []*Version {
	var vs []*Version
	for _, v := range r.Versions {
		if v.Status == serviceworker.VersionStatusRedundant {
			vs = append(vs, v)
		}
	}
	return vs
}

// Since is when the version came into its present status; zero when it was found
// in it, which is before swinspect attached.
func (v *Version) Since() time.Time {
	return v.seenSince(func(t Transition) bool { return t.Status == v.Status })
}

// seenSince is sinceFunc, but zero when the first of the transitions is only when
// the version was found.
func (v *Version) seenSince(holds func(Transition) bool) time.Time {
	if !v.Complete && !slices.ContainsFunc(v.History, func(t Transition) bool { return !holds(t) }) {
		return time.Time{}
	}
	return v.sinceFunc(holds)
}

// RunningSince is when the version came into its present running status, or was
// found in it.
func (v *Version) RunningSince() time.Time {
	return v.sinceFunc(func(t Transition) bool { return t.Running == v.Running })
}

// sinceFunc is the time of the first of the trailing transitions that hold.
func (v *Version) sinceFunc(holds func(Transition) bool) time.Time {
	var since time.Time
	for _, t := range slices.Backward(v.History) {
		if !holds(t) {
			break
		}
		since = t.Time
	}
	return since
}

// StatusWord is a status in the words of the page: "waiting" for installed,
// "active" for activated, else CDP's word.
func StatusWord(s serviceworker.VersionStatus) string {
	switch s {
	case serviceworker.VersionStatusInstalled:
		return "waiting"
	case serviceworker.VersionStatusActivated:
		return "active"
	default:
		return string(s)
	}
}
