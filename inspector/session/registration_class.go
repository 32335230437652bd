package session

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"

	cdproto "github.com/chromedp/cdproto/cdp"
	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/cdp/swproto"
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

// versionInfo is VersionInfo of swinspect.d.ts.
type versionInfo struct {
	ID      string   `json:"id"`
	State   string   `json:"state"`
	Running string   `json:"running"`
	Script  string   `json:"script"`
	Clients []string `json:"clients"`
}

func infoOf(s *inspector.State, r *inspector.Registration, v *inspector.Version) *versionInfo {
	if v == nil {
		return nil
	}
	return &versionInfo{v.ID, stateWord(v), string(v.Running), v.ScriptURL, clientURLs(s, r, v)}
}

// stateWord is a version's state: the specification's word, waiting for installed.
func stateWord(v *inspector.Version) string {
	if isIn(v, "waiting") {
		return "waiting"
	}
	return string(v.Status)
}

func clientURLs(s *inspector.State, r *inspector.Registration, of *inspector.Version) []string {
	urls := []string{}
	for _, c := range s.Clients(r) {
		if c.Version != nil && c.Target != nil && (of == nil || c.Version.ID == of.ID) {
			urls = append(urls, c.Target.URL)
		}
	}
	return urls
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

func onVersion(do func(ctx context.Context, v *version) (any, error)) func(*call) goja.Value {
	return func(c *call) goja.Value {
		v := thisVersion(c)
		return c.async(func(ctx context.Context) (any, error) { return do(ctx, v) })
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

var versionClass = &class{
	name: "Version", word: "version",
	getters: map[string]func(*call) goja.Value{
		"id": func(c *call) goja.Value {
			v := thisVersion(c)
			if v.id != "" {
				return c.f.value(v.id)
			}
			if _, x := v.in(v.r.context.state()); x != nil {
				return c.f.value(x.ID)
			}
			return c.f.value("")
		},
	},
	methods: map[string]func(*call) goja.Value{
		"exists": onVersion(func(_ context.Context, v *version) (any, error) {
			_, x := v.in(v.r.context.state())
			return x != nil, nil
		}),
		"state": onVersion(func(_ context.Context, v *version) (any, error) {
			if _, x := v.in(v.r.context.state()); x != nil {
				return stateWord(x), nil
			}
			return "none", nil
		}),
		"info": onVersion(func(_ context.Context, v *version) (any, error) {
			s := v.r.context.state()
			r, x := v.in(s)
			if x == nil {
				return nil, nil
			}
			return infoOf(s, r, x), nil
		}),
		"waitFor": func(c *call) goja.Value {
			v := thisVersion(c)
			state, limit := c.waiting("running", "stopped")
			return c.async(func(ctx context.Context) (any, error) { return v.waitFor(ctx, state, limit) })
		},
		"start": onVersion(func(ctx context.Context, v *version) (any, error) {
			if _, x, err := v.now(); err != nil || !isIn(x, "active") {
				if err == nil {
					err = fmt.Errorf("only an active version can be started: #%s is %s", x.ID, stateWord(x))
				}
				return nil, err
			}
			return v.r.start(ctx)
		}),
		"kill": onVersion(func(ctx context.Context, v *version) (any, error) {
			_, x, err := v.now()
			if err != nil {
				return nil, err
			}
			return v.r.kill(ctx, x.ID)
		}),
		"source": onVersion(func(ctx context.Context, v *version) (any, error) {
			all, err := v.scripts(ctx)
			if err != nil || len(all) == 0 {
				return "", err
			}
			return all[0].Source, nil
		}),
		"scripts": onVersion(func(ctx context.Context, v *version) (any, error) {
			all, err := v.scripts(ctx)
			urls := []string{}
			for _, s := range all {
				urls = append(urls, s.URL)
			}
			return urls, err
		}),
		"clients": onVersion(func(_ context.Context, v *version) (any, error) {
			s := v.r.context.state()
			r, x := v.in(s)
			if x == nil {
				return []string{}, nil
			}
			return clientURLs(s, r, x), nil
		}),
		"evaluate": func(c *call) goja.Value {
			v, expression := thisVersion(c), c.asExpression(0)
			return c.async(func(ctx context.Context) (any, error) { return v.evaluate(ctx, expression) })
		},
		"console": onVersion(func(_ context.Context, v *version) (any, error) {
			all := []consoleMessage{}
			if _, x := v.in(v.r.context.state()); x != nil {
				for _, m := range x.Console {
					all = append(all, consoleMessage{float64(m.Time.UnixMicro()) / 1000, m.Level, m.Text, m.URL, m.Line + 1})
				}
			}
			return all, nil
		}),
	},
}

// scripts are those of the version, the main one first; a stopped worker is started.
func (v *version) scripts(ctx context.Context) ([]*inspector.Script, error) {
	r, x, err := v.now()
	if err != nil {
		return nil, err
	}
	if len(x.Scripts) > 0 {
		return x.Scripts, nil
	}
	if x.Running != "running" && isIn(x, "active") {
		if _, err := v.r.start(ctx); err != nil {
			return nil, err
		}
	}
	return v.r.context.o.browser.Scripts(ctx, r.Key, x.ID)
}

// controller is the version that controls the page; nil when none does.
func (p *page) controller(ctx context.Context) (any, error) {
	data, err := p.evaluate(ctx, `navigator.serviceWorker && navigator.serviceWorker.controller ? navigator.serviceWorker.getRegistration().then(r => r ? r.scope : '') : null`)
	if err != nil || string(data) == "null" || data == nil {
		return nil, err
	}
	var scope string
	if err := json.Unmarshal(data, &scope); err != nil {
		return nil, err
	}
	s := p.context.state()
	for _, r := range s.Registrations {
		if r.Key.Context != p.context.id {
			continue
		}
		for _, v := range slices.Backward(r.Versions) {
			if slices.Contains(v.Clients, string(p.id)) {
				return p.context.registration(r.Scope).certain(v), nil
			}
		}
	}
	if scope != "" {
		r := p.context.registration(scope)
		if alive, _ := r.in(s); alive != nil && alive.Active() != nil {
			return r.certain(alive.Active()), nil
		}
	}
	return nil, nil
}

// waitForController is page.waitForController(version, options).
func (p *page) waitForController(c *call) goja.Value {
	var want *version
	if c.has(0) {
		var ok bool
		if want, ok = c.f.goValue(c.arg(0)).(*version); !ok {
			c.fail("the first argument is a version, not %s", c.f.shown(c.arg(0)))
		}
	}
	var o struct {
		Timeout *span `json:"timeout"`
	}
	c.options(1, &o)
	return c.async(func(ctx context.Context) (any, error) {
		inner, cancel, limit := p.context.stage.limited(ctx, o.Timeout)
		defer cancel()
		for {
			changed := p.context.o.browser.Changed()
			got, err := p.controller(inner)
			v, _ := got.(*version)
			if err == nil && v != nil && (want == nil || want.is(v)) {
				return v, nil
			}
			if err != nil && inner.Err() == nil {
				return nil, err
			}
			select {
			case <-changed:
			case <-inner.Done():
				seen := "none controls it"
				if v != nil {
					seen = v.String() + " controls it"
				}
				if ctx.Err() != nil {
					return nil, ctx.Err()
				}
				return nil, &timeoutError{what: fmt.Sprintf("waited %s for a controller of the page: %s", spanText(limit), seen)}
			case <-afterPoll():
			}
		}
	})
}

// is reports whether two handles mean the same version now.
func (v *version) is(o *version) bool {
	s := v.r.context.state()
	_, a := v.in(s)
	_, b := o.in(s)
	return a != nil && b != nil && a.ID == b.ID
}

// notification is NotificationHandle of swinspect.d.ts.
type notification struct {
	r *registration
	swproto.Notification
	key string // of Chromium's registration id; a notification there has no id of its own
}

func (n *notification) class() *class  { return notificationClass }
func (n *notification) String() string { return "Notification " + n.Title }

const notificationsScript = `self.registration.getNotifications().then(list => list.map(n => ({title: n.title, body: n.body, tag: n.tag, icon: n.icon, actions: (n.actions || []).map(a => ({action: a.action, title: a.title}))})))`

// notifications are those that the registration shows.
func (r *registration) notifications(ctx context.Context) (any, error) {
	x, err := r.now()
	if err != nil {
		return nil, err
	}
	all := []*notification{}
	if r.context.o.traces {
		control, err := r.context.control()
		if err != nil {
			return nil, err
		}
		got, err := cdproto.Call(ctx, control, swproto.GetNotifications, swproto.GetNotificationsParams{RegistrationID: x.Key.ID})
		for _, n := range got.Notifications {
			all = append(all, &notification{r: r, Notification: n})
		}
		return all, err
	}
	got, err := r.roles["active"].evaluate(ctx, notificationsScript)
	if err != nil {
		return nil, err
	}
	data, _ := got.(json.RawMessage)
	var list []swproto.Notification
	if err := json.Unmarshal(data, &list); err != nil {
		return nil, err
	}
	for _, n := range list {
		all = append(all, &notification{r: r, Notification: n})
	}
	return all, nil
}

// act clicks or closes.
func (n *notification) act(ctx context.Context, p swproto.DispatchNotificationParams, what string) (any, error) {
	c := n.r.context
	if !c.has("notifications") {
		return nil, &needsError{what, "notifications", c.product()}
	}
	x, err := n.r.now()
	if err != nil {
		return nil, err
	}
	control, err := c.control()
	if err != nil {
		return nil, err
	}
	p.RegistrationID, p.ID = x.Key.ID, n.ID
	_, err = cdproto.Call(ctx, control, swproto.DispatchNotification, p)
	return undefined{}, err
}

func notificationField(get func(*notification) any) func(*call) goja.Value {
	return func(c *call) goja.Value { return c.f.value(get(c.this.(*notification))) }
}

var notificationClass = &class{
	name: "NotificationHandle", word: "notification", plain: true,
	getters: map[string]func(*call) goja.Value{
		"title": notificationField(func(n *notification) any { return n.Title }),
		"body":  notificationField(func(n *notification) any { return n.Body }),
		"tag":   notificationField(func(n *notification) any { return n.Tag }),
		"icon":  notificationField(func(n *notification) any { return n.Icon }),
		"actions": notificationField(func(n *notification) any {
			if n.Actions == nil {
				return []swproto.NotificationAction{}
			}
			return n.Actions
		}),
	},
	methods: map[string]func(*call) goja.Value{
		"click": func(c *call) goja.Value {
			n, action := c.this.(*notification), c.textOr(0, "the action", "")
			return c.async(func(ctx context.Context) (any, error) {
				return n.act(ctx, swproto.DispatchNotificationParams{Action: action}, "clicking a notification")
			})
		},
		"close": func(c *call) goja.Value {
			n := c.this.(*notification)
			return c.async(func(ctx context.Context) (any, error) {
				return n.act(ctx, swproto.DispatchNotificationParams{Close: true}, "closing a notification")
			})
		},
	},
}
