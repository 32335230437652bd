package debugger

import (
	"context"
	_ "embed" // for the prelude
	"encoding/json"
	"fmt"
	"time"

	"github.com/chromedp/cdproto/debugger"
	"github.com/chromedp/cdproto/runtime"

	"github.com/swinspect/swinspect/breakpoints"
	"github.com/swinspect/swinspect/cdp"
)

// prelude stands before the worker's own script.
//
//go:embed prelude.js
var prelude string

// scheme of the URLs of the debugger's own scripts.
const ownScheme = "swinspect:"

func (c *core) preludeURL() string { return ownScheme + "prelude/" + c.token }
func (c *core) stopURL() string    { return ownScheme + "stop/" + c.token }

// blackbox is what stepping passes over: libraries, and every debugger's prelude.
func (c *core) blackbox() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	patterns := []string{`^` + ownScheme + `prelude/`}
	for _, l := range c.libraries {
		patterns = append(patterns, breakpoints.URLRegexp(l))
	}
	return patterns
}

// starting takes the pause at the first statement: everything is set before the worker
// runs anything of its own.
func (t *thread) atStart(p *wirePaused) (first *wirePaused) {
	if len(p.Frames) > 0 && t.scripts[p.Frames[0].Location.ScriptID].tool() {
		// A tool evaluates something in the worker that waits. Its own script comes next.
		t.moveOn(debugger.StepOut.Method)
		return nil
	}
	t.starting, t.late = false, false
	t.install(true)
	t.c.update(func() { t.status = "running" })
	return p
}

// install puts the prelude into the worker and sets what is asked for.
func (t *thread) install(early bool) {
	t.early, t.installed = early, true
	if err := t.addPrelude(); err != nil && t.ctx.Err() == nil {
		t.c.update(func() { t.words = "events, requests and caches of this worker cannot be stopped at: " + err.Error() })
	}
	if err := t.sync(t.ctx); err != nil && t.ctx.Err() == nil {
		t.c.update(func() { t.words = "not all breakpoints could be set: " + err.Error() })
	}
	_ = t.applyActive(t.ctx) // as long as it is gone it has no breakpoints
}

// addPrelude makes the prelude's functions.
func (t *thread) addPrelude() error {
	stops, err := t.evaluate("({ stop(text) { debugger; }, landed(text) {} })\n//# sourceURL=" + t.c.stopURL())
	if err != nil {
		return err
	}
	factory, err := t.evaluate(prelude + "\n//# sourceURL=" + t.c.preludeURL())
	if err != nil {
		return err
	}
	var r wireResult
	err = t.call(runtime.CallFunctionOn.Method, map[string]any{
		"functionDeclaration": "function (s) { return this(s.stop, s.landed); }\n//# sourceURL=" + t.c.preludeURL() + "\n",
		"objectId":            factory, "arguments": []any{map[string]any{"objectId": stops}}, "silent": true,
	}, &r)
	if err != nil {
		return err
	}
	if r.Exception != nil {
		return fmt.Errorf("the prelude: %s", r.Exception.text())
	}
	t.api, t.table = r.Result.ObjectID, ""
	return nil
}

// evaluate evaluates a script of the debugger's own, and gives the handle of the result.
func (t *thread) evaluate(text string) (string, error) {
	var r wireResult
	err := t.call(runtime.Evaluate.Method, map[string]any{"expression": text, "silent": true}, &r)
	if err != nil {
		return "", err
	}
	if r.Exception != nil {
		return "", fmt.Errorf("the prelude: %s", r.Exception.text())
	}
	if r.Result == nil || r.Result.ObjectID == "" {
		return "", fmt.Errorf("the prelude could not be made")
	}
	return r.Result.ObjectID, nil
}

// entry is a breakpoint as the prelude knows it.
type entry struct {
	ID          string `json:"id"`
	Type        string `json:"type,omitempty"`
	URL         string `json:"url,omitempty"`
	Method      string `json:"method,omitempty"`
	Mode        string `json:"mode,omitempty"`
	Destination string `json:"destination,omitempty"`
	Client      string `json:"client,omitempty"`
	At          string `json:"at,omitempty"`
	Op          string `json:"op,omitempty"`
	Cache       string `json:"cache,omitempty"`
	Which       string `json:"which,omitempty"`
}

// tableOf is what the prelude is to look out for.
func tableOf(all []breakpoints.Breakpoint) string {
	t := map[string][]entry{"event": {}, "fetch": {}, "cache": {}, "exception": {}}
	for _, b := range all {
		e := entry{ID: b.ID}
		switch b.Kind {
		case breakpoints.Event:
			e.Type = breakpoints.NameRegexp(b.Event.Type)
		case breakpoints.Fetch:
			e.URL, e.Method, e.Mode, e.Destination = breakpoints.URLRegexp(b.Fetch.URL), b.Fetch.Method, b.Fetch.Mode, b.Fetch.Destination
			e.At = b.Fetch.At
			if b.Fetch.Client != "" {
				e.Client = breakpoints.URLRegexp(b.Fetch.Client) + "|" + breakpoints.NameRegexp(b.Fetch.Client)
			}
		case breakpoints.Cache:
			e.Op, e.Cache, e.URL = b.Cache.Operation, breakpoints.NameRegexp(b.Cache.Cache), breakpoints.URLRegexp(b.Cache.URL)
		case breakpoints.Exception:
			e.Which = b.Exception.Which
		default:
			continue
		}
		t[string(b.Kind)] = append(t[string(b.Kind)], e)
	}
	data, err := json.Marshal(t)
	if err != nil { // of strings, which are text
		return `{"event":[],"fetch":[],"cache":[],"exception":[]}`
	}
	return string(data)
}

// concerned lists the breakpoints that are on and concern this worker.
func (t *thread) concerned() []breakpoints.Breakpoint {
	t.c.mu.Lock()
	defer t.c.mu.Unlock()
	if t.scope == "" {
		t.identify(t.c.b.State())
	}
	var all []breakpoints.Breakpoint
	for _, b := range t.c.asked {
		if !b.Disabled && (b.Scope == "" || t.inScope(b.Scope)) {
			all = append(all, b)
		}
	}
	return all
}

// inScope matches the scope, or while it is not known yet the script's URL: a first
// registration is told after its worker starts.
func (t *thread) inScope(pattern string) bool {
	if t.scope != "" {
		return breakpoints.MatchURL(pattern, t.scope)
	}
	return breakpoints.MatchURL(pattern, t.held.URL) || breakpoints.MatchURL(pattern+"*", t.held.URL)
}

// sync makes the worker's breakpoints those that are asked for.
func (t *thread) sync(ctx context.Context) error {
	all := t.concerned()
	settings := map[string]breakpoints.Setting{}
	for _, b := range all {
		if b.Kind != breakpoints.Line {
			settings[b.ID] = breakpoints.Setting{Breakpoint: b.ID, Problem: t.cannot(b)}
		}
	}
	err := t.syncLines(ctx, all, settings)
	if table := tableOf(all); t.api != "" && table != t.table {
		if told := t.tell(table); told == nil {
			t.table = table
		} else {
			err = told
		}
	}
	if thrown := t.setExceptions(all); err == nil {
		err = thrown
	}
	t.c.update(func() { t.settings = settings })
	return err
}

// tell gives the prelude its table.
func (t *thread) tell(table string) error {
	var r wireResult
	err := t.call(runtime.CallFunctionOn.Method, map[string]any{
		"functionDeclaration": "function (t, e) { this.set(t, e); }\n//# sourceURL=" + t.c.preludeURL() + "\n",
		"objectId":            t.api, "silent": true,
		"arguments": []any{map[string]any{"value": table}, map[string]any{"value": t.early && t.table == ""}},
	}, &r)
	if err == nil && r.Exception != nil {
		err = fmt.Errorf("the prelude: %s", r.Exception.text())
	}
	return err
}

// cannot says why a breakpoint cannot stop this worker.
func (t *thread) cannot(b breakpoints.Breakpoint) string {
	switch {
	case b.Kind == breakpoints.Line, b.Kind == breakpoints.Lifecycle,
		b.Kind == breakpoints.Exception && (b.Exception.Which == "all" || b.Exception.Which == "uncaught"):
		return ""
	case b.Kind == breakpoints.Start:
		return ""
	case t.api == "":
		return "the worker could not be prepared for it"
	case t.early:
		return ""
	case b.Kind == breakpoints.Event, b.Kind == breakpoints.Fetch && b.Fetch.At == "":
		return "the worker ran before the debugger: restart it to be stopped before its handlers"
	}
	return ""
}

// setExceptions turns pausing on exceptions on or off.
func (t *thread) setExceptions(all []breakpoints.Breakpoint) error {
	state := "none"
	for _, b := range all {
		if b.Kind != breakpoints.Exception {
			continue
		}
		switch b.Exception.Which {
		case "all":
			state = "all"
		case "uncaught", "rejection":
			if state == "none" {
				state = "uncaught"
			}
		}
	}
	return t.call(debugger.SetPauseOnExceptions.Method, map[string]any{"state": state}, nil)
}

func (t *thread) applyActive(ctx context.Context) error {
	t.c.mu.Lock()
	active := t.c.active
	t.c.mu.Unlock()
	return t.callWith(ctx, debugger.SetBreakpointsActive.Method, map[string]any{"active": active}, nil)
}

func (t *thread) applyLibraries(ctx context.Context) error {
	return t.callWith(ctx, debugger.SetBlackboxPatterns.Method, map[string]any{"patterns": t.c.blackbox()}, nil)
}

// release leaves nothing behind that would do anything: what stands in front of the
// worker's functions passes everything on.
func (t *thread) release(ctx context.Context) error {
	if t.api == "" || t.table == "" {
		return nil
	}
	return t.callWith(ctx, runtime.CallFunctionOn.Method, map[string]any{
		"functionDeclaration": "function (t) { this.set(t); }\n//# sourceURL=" + t.c.preludeURL() + "\n",
		"objectId":            t.api, "silent": true, "arguments": []any{map[string]any{"value": tableOf(nil)}},
	}, nil)
}

// contextChanged hears of the worker's global, and of others beside it.
func (t *thread) contextChanged(e cdp.Event) {
	p, ok := decode[struct {
		Gone    int `json:"executionContextId"`
		Context struct {
			ID int `json:"id"`
		} `json:"context"`
	}](e.Params)
	switch {
	case !ok:
	case e.Method == runtime.ExecutionContextDestroyed.Method:
		if p.Gone == t.context {
			t.context = 0
			t.cleared()
		}
	case t.context == 0:
		t.context = p.Context.ID
		if t.installed && t.api == "" && !t.starting {
			t.install(false)
			t.again()
		}
	}
}

// again restarts a worker that the browser has just restarted by itself so that it can
// be debugged: only one that starts while it is held has everything from the beginning.
func (t *thread) again() {
	t.c.mu.Lock()
	reg, version, on := t.reg, t.version, t.c.on
	t.c.mu.Unlock()
	r := t.c.b.State().Registration(reg)
	if !on || r == nil || t.restarted || r.Active() == nil || r.Active().ID != version || r.Active().Status != "activated" {
		return
	}
	t.restarted = true
	t.c.wg.Go(func() {
		ctx, cancel := context.WithTimeout(t.c.run, answerWithin)
		defer cancel()
		if err := t.c.restart(ctx, reg, version); err != nil && ctx.Err() == nil {
			t.c.update(func() { t.words = err.Error() })
		}
	})
}

// missed is what becomes of a worker that runs though nothing was seen of its first
// statement: it gets its breakpoints late.
func (t *thread) missed() {
	if !t.starting || t.ctx.Err() != nil {
		return
	}
	t.starting, t.late = false, true
	t.install(false)
	t.c.update(func() { t.status = "running" })
}

// missedAfter is how long after its script was parsed a worker's first statement runs,
// at the latest.
const missedAfter = 3 * time.Second

// cleared is the end of the worker's global without an end of the session: some browsers
// restart a worker so that it can be debugged. Its breakpoints stay.
func (t *thread) cleared() {
	t.scripts, t.api, t.table, t.early = map[string]*script{}, "", "", false
	t.landing, t.stepping = nil, nil
	t.c.update(func() { t.order, t.words = nil, ""; t.endPause() })
}
