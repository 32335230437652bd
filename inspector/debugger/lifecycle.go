package debugger

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/chromedp/cdproto/runtime"

	"github.com/swinspect/swinspect/breakpoints"
	"github.com/swinspect/swinspect/inspector"
)

// lifeKey names a version of a browser.
type lifeKey struct {
	reg     inspector.RegistrationKey
	version string
}

// life is what was last seen of a version.
type life struct {
	status  string
	clients []string
}

// lifeStop is a state that a version entered.
type lifeStop struct {
	ids   []string
	state string
	words string
}

// lives compares the browser's versions with what was known, and tells what they
// entered. It keeps known up to date.
func (c *core) lives(known map[lifeKey]life, entered func(*inspector.State, *inspector.Registration, *inspector.Version, string)) {
	s := c.b.State()
	seen := map[lifeKey]bool{}
	for _, r := range s.Registrations {
		if !r.GoneAt.IsZero() {
			continue
		}
		for _, v := range r.Versions {
			k := lifeKey{r.Key, v.ID}
			seen[k] = true
			was, old := known[k]
			now := life{string(v.Status), v.Clients}
			known[k] = now
			if entered == nil {
				continue
			}
			for _, state := range entries(was, old, now, v) {
				entered(s, r, v, state)
			}
		}
	}
	for k := range known {
		if !seen[k] {
			delete(known, k)
		}
	}
	if entered != nil {
		c.identifyAll(s)
	}
}

// entries lists the states that a version entered since: several may have come between
// two looks, and its history knows them.
func entries(was life, old bool, now life, v *inspector.Version) []string {
	var states []string
	if was.status != now.status && (old || now.status != "new") {
		from := len(v.History)
		for i, h := range slices.Backward(v.History) {
			if old && string(h.Status) == was.status {
				break
			}
			from = i
		}
		for _, h := range v.History[from:] {
			if st := string(h.Status); st != "new" && (len(states) == 0 || states[len(states)-1] != st) {
				states = append(states, st)
			}
		}
		if len(states) == 0 {
			states = []string{now.status}
		}
	}
	for _, c := range now.clients {
		if !slices.Contains(was.clients, c) && now.status != "redundant" {
			return append(states, "controllerchange")
		}
	}
	return states
}

// identifyAll tells threads whose worker they are, as soon as that is known; breakpoints
// that are restricted to a scope are looked at again.
func (c *core) identifyAll(s *inspector.State) {
	c.mu.Lock()
	var fresh []*thread
	for _, t := range c.threads {
		if t.identified || t.status == "stopped" {
			continue
		}
		if t.identify(s); t.scope != "" {
			t.identified = true
			fresh = append(fresh, t)
		}
	}
	c.mu.Unlock()
	if len(fresh) == 0 {
		return
	}
	c.update(func() {})
	scoped := slices.ContainsFunc(c.set.All(), func(b breakpoints.Breakpoint) bool { return b.Scope != "" })
	for _, t := range fresh {
		if scoped {
			t.push(func() {
				if !t.starting {
					_ = t.sync(t.ctx)
				}
			}, nil)
		}
	}
}

// entered holds the worker of a version for the breakpoints that ask for it.
func (c *core) entered(s *inspector.State, r *inspector.Registration, v *inspector.Version, state string) {
	c.mu.Lock()
	var ids []string
	for _, b := range c.asked {
		if b.Kind != breakpoints.Lifecycle || b.Disabled || b.Scope != "" && !breakpoints.MatchURL(b.Scope, r.Scope) {
			continue
		}
		if w := b.Lifecycle.State; w == state || w == "waiting" && state == "installed" {
			ids = append(ids, b.ID)
		}
	}
	var t *thread
	for _, o := range c.threads {
		if o.status != "stopped" && (o.target == v.TargetID || o.reg == r.Key && o.version == v.ID) {
			t = o
		}
	}
	active := c.active && c.on
	c.mu.Unlock()
	if len(ids) == 0 || !active {
		return
	}
	stop := lifeStop{ids: ids, state: state, words: lifeWords(r, v, state)}
	if t == nil {
		c.update(func() {
			for _, id := range ids {
				c.hits[id]++
				c.note(LogLine{Breakpoint: id, Level: "warning", Text: stop.words + "; its worker does not run, so there is nothing to hold"})
			}
		})
		return
	}
	t.push(func() { t.holdFor(stop) }, nil)
}

// lifeWords say what was entered, and why it is not further.
func lifeWords(r *inspector.Registration, v *inspector.Version, state string) string {
	words := "version #" + v.ID + " entered "
	switch state {
	case "controllerchange":
		return fmt.Sprintf("version #%s took control of a client: it controls %s", v.ID, count(len(v.Clients), "client"))
	case "installed":
		if a := r.Active(); a != nil && a != v {
			words += "waiting: version #" + a.ID + " still controls " + count(len(a.Clients), "client")
			if len(a.Clients) == 0 {
				words = "version #" + v.ID + " entered waiting: version #" + a.ID + " is still active"
			}
			return words
		}
		return words + "installed"
	case "redundant":
		if a := r.Active(); a != nil && a != v {
			return words + "redundant: version #" + a.ID + " took its place"
		}
	}
	return words + state
}

// holdFor stops the worker where it stands, or once it can be.
func (t *thread) holdFor(stop lifeStop) {
	if t.api == "" || t.starting || t.catching || t.landing != nil || t.stepping != nil || t.current() != nil {
		t.waiting = append(t.waiting, stop)
		return
	}
	text, err := json.Marshal(detail{Kind: "lifecycle", IDs: stop.ids, State: stop.state, Words: stop.words})
	if err != nil {
		return // of strings and numbers
	}
	// Answered only once the worker goes on. A second one before it is held would be run
	// within the first one's pause, where nothing stops.
	t.catching = true
	t.catches++
	this := t.catches
	time.AfterFunc(heldWithin, func() {
		t.push(func() {
			if t.catching && t.catches == this { // it computes, or is gone
				t.catching = false
				t.holdWaiting()
			}
		}, nil)
	})
	t.send(runtime.CallFunctionOn.Method, map[string]any{
		"functionDeclaration": "function (t) { this.hold(t); }\n//# sourceURL=" + t.c.preludeURL() + "\n",
		"objectId":            t.api, "arguments": []any{map[string]any{"value": string(text)}}, "silent": true,
	})
}

// heldWithin is how long a worker that was told to stop may take before it is told again.
const heldWithin = 3 * time.Second

// holdWaiting holds for what was entered meanwhile.
func (t *thread) holdWaiting() {
	if len(t.waiting) == 0 || t.starting || t.catching || t.landing != nil || t.stepping != nil || t.current() != nil {
		return
	}
	next := t.waiting[0]
	t.waiting = t.waiting[1:]
	t.holdFor(next)
}
