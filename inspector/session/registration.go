package session

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/chromedp/cdproto/serviceworker"

	"github.com/swinspect/swinspect/inspector"
)

// registration is Registration of swinspect.d.ts: a scope in a browser context. What is
// registered there is looked up whenever it is asked for.
type registration struct {
	context *browserContext
	scope   string
	roles   map[string]*version

	mu       sync.Mutex // guards the field below
	versions map[string]*version
}

// version is Version of swinspect.d.ts: a certain version, or (without an id) whatever
// has a role in a registration.
type version struct {
	r    *registration
	role string // installing, waiting, active
	id   string
}

func (r *registration) class() *class  { return registrationClass }
func (r *registration) String() string { return "Registration " + r.scope }
func (v *version) class() *class       { return versionClass }

func (v *version) String() string {
	if v.id != "" {
		return "Version #" + v.id
	}
	return "Version (" + v.role + ")"
}

// registration is the handle of a scope, the same one each time.
func (c *browserContext) registration(scope string) *registration {
	c.mu.Lock()
	defer c.mu.Unlock()
	if r := c.scopes[scope]; r != nil {
		return r
	}
	r := &registration{context: c, scope: scope, roles: map[string]*version{}, versions: map[string]*version{}}
	if c.scopes == nil {
		c.scopes = map[string]*registration{}
	}
	c.scopes[scope] = r
	for _, role := range []string{"installing", "waiting", "active"} {
		r.roles[role] = &version{r: r, role: role}
	}
	return r
}

// in finds the registration in a state: a living one, else (gone) the last there was.
func (r *registration) in(s *inspector.State) (alive, last *inspector.Registration) {
	for _, x := range s.Registrations {
		if x.Scope != r.scope || x.Key.Context != r.context.id || x.Key.Instance != s.Connection.Instance && r.context.taped == nil {
			continue
		}
		if last == nil || x.FirstSeen.After(last.FirstSeen) || x.Alive() {
			last = x
		}
		if x.Alive() && (alive == nil || x.FirstSeen.After(alive.FirstSeen)) {
			alive = x
		}
	}
	return alive, last
}

// now is the living registration, or why there is none.
func (r *registration) now() (*inspector.Registration, error) {
	s := r.context.state()
	if alive, _ := r.in(s); alive != nil {
		return alive, nil
	}
	return nil, fmt.Errorf("there is no registration of %s: %s", r.scope, r.seen(s))
}

// seen says what there is instead of a registration.
func (r *registration) seen(s *inspector.State) string {
	alive, last := r.in(s)
	if alive != nil {
		return versionsWords(s, alive)
	}
	if last != nil {
		if why := last.Failure(); why != "" {
			return "it failed: " + why
		}
		for _, e := range slices.Backward(last.Errors) {
			return "it was unregistered; its last error: " + e.Message
		}
		return "it was unregistered"
	}
	var others []string
	for _, x := range s.Live() {
		if x.Key.Context == r.context.id {
			others = append(others, x.Scope)
		}
	}
	if len(others) > 0 {
		return "registered are " + strings.Join(others, ", ")
	}
	return "nothing is registered in this browser context"
}

// versionsWords say which versions a registration has.
func versionsWords(s *inspector.State, r *inspector.Registration) string {
	var parts []string
	for _, v := range r.Versions {
		if v.Status == serviceworker.VersionStatusRedundant {
			continue
		}
		text := fmt.Sprintf("#%s is %s and %s", v.ID, inspector.StatusWord(v.Status), v.Running)
		if n := len(v.Clients); n > 0 {
			text += fmt.Sprintf(", controls %d", n)
		}
		if v.Paused != nil {
			text += ", paused in the debugger"
		}
		parts = append(parts, text)
	}
	if len(parts) == 0 {
		for _, v := range slices.Backward(r.Versions) {
			parts = append(parts, "#"+v.ID+" is redundant"+redundantWhy(r, v))
			break
		}
	}
	if len(parts) == 0 {
		return "it has no version"
	}
	text := strings.Join(parts, "; ")
	if why := inspector.Why(s, r); why != nil {
		text += ". " + why.Sentence
	}
	return text
}

func redundantWhy(r *inspector.Registration, v *inspector.Version) string {
	for _, e := range slices.Backward(r.Errors) {
		if e.VersionID == v.ID {
			return ": " + e.Message
		}
	}
	return ""
}

// known waits until the inspector has seen the registration.
func (r *registration) known(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	_, err := r.context.o.browser.WaitFor(ctx, func(s *inspector.State) bool {
		_, last := r.in(s)
		return last != nil
	})
	return err
}

// states are the words that a state is called: the specification's, and ours.
var states = []string{"new", "installing", "installed", "waiting", "activating", "activated", "active", "redundant"}

// isIn reports whether a version is in a state.
func isIn(v *inspector.Version, state string) bool {
	switch state {
	case "waiting", "installed":
		return v.Status == serviceworker.VersionStatusInstalled
	case "active":
		return v.Status == serviceworker.VersionStatusActivating || v.Status == serviceworker.VersionStatusActivated
	}
	return string(v.Status) == state
}

// of is the version in a registration; nil when there is none.
func (v *version) of(x *inspector.Registration) *inspector.Version {
	switch {
	case x == nil:
		return nil
	case v.id != "":
		return x.Version(v.id)
	case v.role == "installing":
		return x.Installing()
	case v.role == "waiting":
		return x.Waiting()
	}
	return x.Active()
}

// in finds the version in a state.
func (v *version) in(s *inspector.State) (*inspector.Registration, *inspector.Version) {
	alive, last := v.r.in(s)
	if found := v.of(alive); found != nil {
		return alive, found
	}
	if v.id != "" {
		for _, x := range s.Registrations {
			if x.Scope == v.r.scope && x.Key.Context == v.r.context.id {
				if found := x.Version(v.id); found != nil {
					return x, found
				}
			}
		}
	}
	return last, nil
}

// now is the version, or why there is none.
func (v *version) now() (*inspector.Registration, *inspector.Version, error) {
	s := v.r.context.state()
	x, found := v.in(s)
	if found == nil {
		return nil, nil, fmt.Errorf("there is no %s version of %s: %s", v.role, v.r.scope, v.r.seen(s))
	}
	return x, found, nil
}

// certain is the handle of a certain version, the same one each time.
func (r *registration) certain(v *inspector.Version) *version {
	r.mu.Lock()
	defer r.mu.Unlock()
	h := r.versions[v.ID]
	if h == nil {
		h = &version{r: r, id: v.ID}
		r.versions[v.ID] = h
	}
	return h
}

// waitFor waits until a registration has a version in a state.
func (r *registration) waitFor(ctx context.Context, state string, limit *span) (any, error) {
	inner, cancel, d := r.context.stage.limited(ctx, limit)
	defer cancel()
	var found *version
	s, err := r.context.o.browser.WaitFor(inner, func(s *inspector.State) bool {
		alive, last := r.in(s)
		switch state {
		case "unregistered":
			return alive == nil
		case "registered":
			if alive == nil || len(alive.Versions) == 0 {
				return false
			}
			found = r.certain(alive.Versions[len(alive.Versions)-1])
			return true
		case "redundant":
			alive = last
		}
		if alive == nil {
			return false
		}
		for _, v := range slices.Backward(alive.Versions) {
			if isIn(v, state) {
				found = r.certain(v)
				return true
			}
		}
		return false
	})
	if err != nil {
		return nil, r.late(ctx, err, d, fmt.Sprintf("%s to be %s", r.scope, state), s)
	}
	if found == nil {
		return nil, nil
	}
	return found, nil
}

// late is a wait that ended before what it was for.
func (r *registration) late(ctx context.Context, err error, d time.Duration, what string, s *inspector.State) error {
	if !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, context.Canceled) {
		return err
	}
	text := fmt.Sprintf("waited %s for %s: %s", spanText(d), what, r.seen(s))
	if cause := context.Cause(ctx); cause != nil {
		text = fmt.Sprintf("%v; it was waiting for %s: %s", cause, what, r.seen(s))
	}
	return &timeoutError{what: text}
}

func (v *version) waitFor(ctx context.Context, state string, limit *span) (any, error) {
	inner, cancel, d := v.r.context.stage.limited(ctx, limit)
	defer cancel()
	var found *version
	s, err := v.r.context.o.browser.WaitFor(inner, func(s *inspector.State) bool {
		_, x := v.in(s)
		if x == nil {
			return false
		}
		found = v.r.certain(x)
		if state == "running" || state == "stopped" {
			return string(x.Running) == state
		}
		return isIn(x, state)
	})
	if err != nil {
		who := "version #" + v.id
		if v.id == "" {
			who = "the " + v.role + " version"
		}
		return nil, v.r.late(ctx, err, d, fmt.Sprintf("%s of %s to be %s", who, v.r.scope, state), s)
	}
	return found, nil
}
