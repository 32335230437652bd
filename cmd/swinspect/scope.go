package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/swinspect/swinspect/inspector"
)

// twinsSettle bounds how long find waits for the storage keys of registrations that
// share a scope: their ids depend on them, and they are learnt after the attach.
const twinsSettle = 2 * time.Second

// find resolves SCOPE to one live registration: its scope URL, its short id, or
// an end of the scope URL that only one registration has. Within --context.
func (s *session) find(name string) (*inspector.Registration, error) {
	for deadline := time.Now().Add(twinsSettle); ; time.Sleep(50 * time.Millisecond) {
		state := s.browser.State()
		r, err := s.findIn(state, name)
		if err == nil || !hasTwins(state) || time.Now().After(deadline) {
			return r, err
		}
	}
}

// hasTwins reports whether two live registrations have the same scope.
func hasTwins(state *inspector.State) bool {
	seen := map[string]bool{}
	for _, r := range state.Live() {
		if key := r.Key.Context + " " + r.Scope; seen[key] {
			return true
		} else {
			seen[key] = true
		}
	}
	return false
}

func (s *session) findIn(state *inspector.State, name string) (*inspector.Registration, error) {
	live, err := s.live(state)
	if err != nil {
		return nil, err
	}
	for _, fits := range []func(*inspector.Registration) bool{
		func(r *inspector.Registration) bool { return r.Scope == name },
		func(r *inspector.Registration) bool { return r.Slug(state) == name },
		func(r *inspector.Registration) bool { return endsWith(r.Scope, name) },
	} {
		var found []*inspector.Registration
		for _, r := range live {
			if fits(r) {
				found = append(found, r)
			}
		}
		switch len(found) {
		case 0:
			continue
		case 1:
			return found[0], nil
		}
		return nil, &failure{
			exit: exitUsage,
			err:  fmt.Errorf("scope %s fits %d registrations", quote(name), len(found)),
			hint: "say which by its id, in front here:\n" + candidates(state, found),
		}
	}
	hint := "there is no registration at all"
	if c := candidates(state, live); c != "" {
		hint = "there are:\n" + c
	}
	return nil, &failure{exit: exitNo, err: fmt.Errorf("no registration with scope %s in %s", quote(name), s.place()), hint: hint}
}

// live lists the registrations that --context leaves.
func (s *session) live(state *inspector.State) ([]*inspector.Registration, error) {
	if s.context == "" {
		return state.Live(), nil
	}
	c, err := s.oneContext(state)
	if err != nil {
		return nil, err
	}
	var rs []*inspector.Registration
	for _, r := range state.Live() {
		if r.Key.Instance == c.Instance && r.Key.Context == c.ID {
			rs = append(rs, r)
		}
	}
	return rs, nil
}

// oneContext is the browser context that --context names.
func (s *session) oneContext(state *inspector.State) (*inspector.Context, error) {
	var names []string
	for _, c := range state.Contexts {
		if c.Gone {
			continue
		}
		if c.Label == s.context || c.ID == s.context || strconv.Itoa(c.Ordinal) == s.context || (c.Default && s.context == "default") {
			return c, nil
		}
		names = append(names, fmt.Sprintf("  %d  %s  %s", c.Ordinal, clean(c.Label), clean(c.ID)))
	}
	return nil, &failure{
		exit: exitNo,
		err:  fmt.Errorf("no browser context %q in %s", s.context, s.place()),
		hint: "there are (number, label, id):\n" + strings.Join(names, "\n"),
	}
}

// place names the browser that was looked at.
func (s *session) place() string { return clean(s.attach) }

// endsWith reports whether end is an end of the scope URL that begins at a
// separator, so that "/shop/" and "shop/" find https://a.example/shop/ and
// "op/" does not.
func endsWith(scope, end string) bool {
	before, found := strings.CutSuffix(scope, end)
	if !found || end == "" {
		return false
	}
	return strings.HasPrefix(end, "/") || before == "" || strings.HasSuffix(before, "/")
}

// candidates lists registrations with what tells them apart, one a line.
func candidates(state *inspector.State, rs []*inspector.Registration) string {
	const most = 20
	var lines []string
	for _, r := range rs[:min(most, len(rs))] {
		line := fmt.Sprintf("  %s  %s", r.Slug(state), clean(r.Scope))
		if r.StorageKey.Partitioned() {
			line += " under " + clean(r.StorageKey.TopLevelSite)
		}
		if c := state.Context(r.Key.Instance, r.Key.Context); c != nil && !c.Default {
			line += " in " + clean(c.Label)
		}
		lines = append(lines, line)
	}
	if n := len(rs) - most; n > 0 {
		lines = append(lines, fmt.Sprintf("  … and %d more: swinspect ls", n))
	}
	return strings.Join(lines, "\n")
}
