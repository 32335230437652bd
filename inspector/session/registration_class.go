package session

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/inspector"
)

func resolveRef(base, ref string) string {
	b, err := url.Parse(base)
	if err != nil {
		return ref
	}
	u, err := b.Parse(ref)
	if err != nil {
		return ref
	}
	return u.String()
}

// seenStates is what toHaveStatus asks of a registration or version.
type seenStates struct {
	States []string `json:"states"`
	Words  string   `json:"words"`
}

func statesOf(_ context.Context, h any) (any, error) {
	switch x := h.(type) {
	case *registration:
		s := x.context.state()
		seen := seenStates{Words: x.seen(s), States: []string{}}
		if alive, _ := x.in(s); alive != nil {
			for _, v := range alive.Versions {
				seen.States = append(seen.States, statesOfVersion(v)...)
			}
		}
		return seen, nil
	case *version:
		s := x.r.context.state()
		_, v := x.in(s)
		if v == nil {
			return seenStates{[]string{"none"}, "no such version: " + x.r.seen(s)}, nil
		}
		return seenStates{statesOfVersion(v), stateWord(v)}, nil
	}
	return nil, fmt.Errorf("toHaveStatus is for registrations, versions and responses")
}

func statesOfVersion(v *inspector.Version) []string {
	all := []string{}
	for _, state := range states {
		if isIn(v, state) {
			all = append(all, state)
		}
	}
	return append(all, string(v.Running))
}

// seenExists is what toExist asks of a handle.
type seenExists struct {
	Exists bool   `json:"exists"`
	Words  string `json:"words"`
}

func existsOf(ctx context.Context, h any) (any, error) {
	switch x := h.(type) {
	case *registration:
		s := x.context.state()
		alive, _ := x.in(s)
		return seenExists{alive != nil, x.seen(s)}, nil
	case *version:
		s := x.r.context.state()
		_, v := x.in(s)
		return seenExists{v != nil, x.r.seen(s)}, nil
	case *page:
		_, err := x.live(ctx)
		return seenExists{err == nil, "an open page"}, nil
	case *cacheOf:
		names, err := x.s.names(ctx)
		return seenExists{slices.Contains(names, x.name), fmt.Sprintf("the caches are %q", names)}, err
	}
	return nil, fmt.Errorf("toExist is for registrations, versions, pages and caches")
}

func thisRegistration(c *call) *registration { return c.this.(*registration) }
func thisVersion(c *call) *version           { return c.this.(*version) }

// onRegistration is a method that needs no arguments.
func onRegistration(do func(ctx context.Context, r *registration) (any, error)) func(*call) goja.Value {
	return func(c *call) goja.Value {
		r := thisRegistration(c)
		return c.async(func(ctx context.Context) (any, error) { return do(ctx, r) })
	}
}

// waiting reads a state to wait for and its options.
func (c *call) waiting(more ...string) (state string, limit *span) {
	state = c.text(0, "the state")
	known := append(slices.Clone(states[1:]), more...)
	if !slices.Contains(known, state) {
		c.fail("there is no state %q: %s", state, strings.Join(known, ", "))
	}
	var o struct {
		Timeout *span `json:"timeout"`
	}
	c.options(1, &o)
	return state, o.Timeout
}

func role(name string) func(*call) goja.Value {
	return func(c *call) goja.Value { return c.f.value(thisRegistration(c).roles[name]) }
}

var registrationClass = &class{
	name: "Registration", word: "registration",
	getters: map[string]func(*call) goja.Value{
		"scope":      func(c *call) goja.Value { return c.f.value(thisRegistration(c).scope) },
		"installing": role("installing"), "waiting": role("waiting"), "active": role("active"),
	},
	methods: map[string]func(*call) goja.Value{
		"versions": onRegistration(func(_ context.Context, r *registration) (any, error) {
			all := []*version{}
			if _, last := r.in(r.context.state()); last != nil {
				for _, v := range last.Versions {
					all = append(all, r.certain(v))
				}
			}
			return all, nil
		}),
		"exists": onRegistration(func(_ context.Context, r *registration) (any, error) {
			alive, _ := r.in(r.context.state())
			return alive != nil, nil
		}),
		"info": onRegistration(func(_ context.Context, r *registration) (any, error) {
			s := r.context.state()
			x, _ := r.in(s)
			if x == nil {
				return nil, nil
			}
			return struct {
				Scope      string       `json:"scope"`
				Installing *versionInfo `json:"installing"`
				Waiting    *versionInfo `json:"waiting"`
				Active     *versionInfo `json:"active"`
			}{x.Scope, infoOf(s, x, x.Installing()), infoOf(s, x, x.Waiting()), infoOf(s, x, x.Active())}, nil
		}),
		"waitFor": func(c *call) goja.Value {
			r := thisRegistration(c)
			state, limit := c.waiting("registered", "unregistered")
			return c.async(func(ctx context.Context) (any, error) { return r.waitFor(ctx, state, limit) })
		},
		"update":      onRegistration(func(ctx context.Context, r *registration) (any, error) { return r.update(ctx) }),
		"skipWaiting": onRegistration(func(ctx context.Context, r *registration) (any, error) { return r.skipWaiting(ctx) }),
		"unregister": onRegistration(func(ctx context.Context, r *registration) (any, error) {
			return r.perform(ctx, inspector.Action{Kind: inspector.Unregister})
		}),
		"start": onRegistration(func(ctx context.Context, r *registration) (any, error) { return r.start(ctx) }),
		"kill":  onRegistration(func(ctx context.Context, r *registration) (any, error) { return r.kill(ctx, "") }),
		"push": func(c *call) goja.Value {
			r, data := thisRegistration(c), ""
			if text, ok := c.arg(0).Export().(string); ok {
				data = text
			} else if c.has(0) {
				j, _ := c.f.json(c.arg(0))
				data = string(j)
			}
			return c.async(func(ctx context.Context) (any, error) {
				return r.perform(ctx, inspector.Action{Kind: inspector.Push, Data: data})
			})
		},
		"sync":         tagged(inspector.Sync),
		"periodicSync": tagged(inspector.PeriodicSync),
		"dispatch": func(c *call) goja.Value {
			r, ref, init := thisRegistration(c), c.text(0, "the URL"), c.fetchInit(1)
			return c.async(func(ctx context.Context) (any, error) { return r.dispatch(ctx, ref, init) })
		},
		"notifications": onRegistration(func(ctx context.Context, r *registration) (any, error) { return r.notifications(ctx) }),
		"why": onRegistration(func(_ context.Context, r *registration) (any, error) {
			s, lines := r.context.state(), []string{}
			if x, _ := r.in(s); x != nil {
				if why := inspector.Why(s, x); why != nil {
					lines = append(lines, why.Sentence)
					for _, h := range why.Holders {
						lines = append(lines, strings.TrimSpace(h.Kind+" "+h.URL+" "+h.Reason))
					}
				}
			}
			return lines, nil
		}),
		"clients": onRegistration(func(_ context.Context, r *registration) (any, error) {
			s := r.context.state()
			x, _ := r.in(s)
			if x == nil {
				return []string{}, nil
			}
			return clientURLs(s, x, nil), nil
		}),
		"events": onRegistration(func(_ context.Context, r *registration) (any, error) {
			if _, last := r.in(r.context.state()); last != nil {
				return r.context.timeline(last), nil
			}
			return []timelineEvent{}, nil
		}),
		"errors": onRegistration(func(_ context.Context, r *registration) (any, error) {
			all := []workerError{}
			if _, last := r.in(r.context.state()); last != nil {
				for _, e := range last.Errors {
					all = append(all, workerError{float64(e.Time.UnixMicro()) / 1000, e.Message, e.URL, max(e.Line, 0)})
				}
			}
			return all, nil
		}),
		"evaluate": func(c *call) goja.Value {
			v, expression := thisRegistration(c).roles["active"], c.asExpression(0)
			return c.async(func(ctx context.Context) (any, error) { return v.evaluate(ctx, expression) })
		},
	},
}

// workerError is one of Registration.errors().
type workerError struct {
	Time float64 `json:"time"`
	Text string  `json:"text"`
	URL  string  `json:"url"`
	Line int     `json:"line"`
}

func tagged(kind inspector.ActionKind) func(*call) goja.Value {
	return func(c *call) goja.Value {
		r, tag := thisRegistration(c), c.text(0, "the tag")
		return c.async(func(ctx context.Context) (any, error) { return r.perform(ctx, inspector.Action{Kind: kind, Tag: tag}) })
	}
}
