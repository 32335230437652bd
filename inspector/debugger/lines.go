package debugger

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/chromedp/cdproto/debugger"
	"github.com/chromedp/cdproto/runtime"

	"github.com/swinspect/swinspect/breakpoints"
	"github.com/swinspect/swinspect/cdp"
)

// lineSet is a line breakpoint as it was set in a worker.
type lineSet struct {
	of     breakpoints.Breakpoint
	wanted []wantedLine
	ids    []string // CDP's
	at     breakpoints.Setting
}

// wantedLine is a place to set: of the scripts that match a pattern, as long as none is
// known, else of one script.
type wantedLine struct {
	regexp, url string
	line        int
	condition   string
	column      int
}

// inFlight bounds commands that are under way at once.
const inFlight = 32

// syncLines sets line breakpoints that changed, and says where all of them are.
func (t *thread) syncLines(ctx context.Context, all []breakpoints.Breakpoint, settings map[string]breakpoints.Setting) error {
	wanted := map[string]bool{}
	var change []*lineSet
	for _, b := range all {
		if b.Kind != breakpoints.Line {
			continue
		}
		wanted[b.ID] = true
		old := t.lines[b.ID]
		fresh := t.place(b)
		if old != nil && sameLines(old.wanted, fresh.wanted) {
			old.of, old.at.Moved = b, fresh.at.Moved
			settings[b.ID] = old.at
			continue
		}
		if old != nil {
			t.unset(old)
		}
		t.lines[b.ID] = fresh
		change = append(change, fresh)
	}
	for id, l := range t.lines {
		if !wanted[id] {
			t.unset(l)
			delete(t.lines, id)
		}
	}
	err := t.setAll(ctx, change)
	said := map[string]string{}
	for _, l := range change {
		for _, id := range l.ids {
			t.byCDP[id] = l.of.ID
		}
		settings[l.of.ID] = l.at
		if text := t.saysNow(l); text != "" {
			said[l.of.ID] = text
		}
	}
	t.c.set.Describe(said)
	return err
}

// saysNow is what the line of a breakpoint says that does not know it yet.
func (t *thread) saysNow(l *lineSet) string {
	if l.of.Line.Text != "" || l.at.URL == "" {
		return ""
	}
	s := t.byURL(l.at.URL)
	if s == nil {
		return ""
	}
	if lines := t.source(s); l.of.Line.Line <= len(lines) {
		return strings.TrimSpace(lines[l.of.Line.Line-1])
	}
	return ""
}

func sameLines(a, b []wantedLine) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// place says where a breakpoint belongs, as the scripts are that are known by now.
func (t *thread) place(b breakpoints.Breakpoint) *lineSet {
	l := &lineSet{of: b, at: breakpoints.Setting{Breakpoint: b.ID}}
	condition := ""
	if b.Condition != "" {
		// What throws stops: the condition is looked at again then.
		condition = "(() => { try { return (" + b.Condition + "\n); } catch { return true; } })()"
	}
	at := wantedLine{line: b.Line.Line, condition: condition, column: b.Line.Column}
	t.c.mu.Lock()
	scripts := t.order
	t.c.mu.Unlock()
	seen := map[string]bool{}
	for _, s := range scripts {
		if seen[s.URL] || !breakpoints.MatchURL(b.Line.URL, s.URL) {
			continue
		}
		seen[s.URL] = true
		w := at
		w.url = s.URL
		l.at.URL = s.URL
		var problem string
		w.line, l.at.Moved, problem = t.follow(b, s)
		if problem != "" {
			l.at.Problem = problem
			continue
		}
		l.wanted = append(l.wanted, w)
	}
	if len(seen) == 0 {
		at.regexp = breakpoints.URLRegexp(b.Line.URL)
		t.c.mu.Lock()
		if line := t.c.moved[b.ID]; line != 0 {
			at.line = line
		}
		t.c.mu.Unlock()
		l.wanted = []wantedLine{at}
		l.at.Problem = "no script of this worker matches " + b.Line.URL + " yet"
	}
	if len(l.wanted) > 0 && l.wanted[0].url != "" {
		l.at.Problem = ""
	}
	return l
}

// follow finds the line that a breakpoint was set at in a script that may have changed
// since: where it was, else the nearest line that says the same.
func (t *thread) follow(b breakpoints.Breakpoint, s *script) (line int, moved, problem string) {
	line = b.Line.Line
	lines := t.source(s)
	if lines == nil {
		return line, "", ""
	}
	said := func(n int) string {
		if n < 1 || n > len(lines) {
			return ""
		}
		return strings.TrimSpace(lines[n-1])
	}
	if b.Line.Text == "" || said(line) == b.Line.Text {
		if line > len(lines) {
			return 0, "", fmt.Sprintf("the script has only %d lines", len(lines))
		}
		t.remember(b, line)
		return line, "", ""
	}
	for d := 1; d <= len(lines)+line; d++ {
		for _, n := range []int{line + d, line - d} {
			if said(n) == b.Line.Text {
				t.remember(b, n)
				return n, fmt.Sprintf("moved from line %d to %d: the script changed", line, n), ""
			}
		}
	}
	return 0, "", fmt.Sprintf("the script changed: no line of it says %q any more", clip(b.Line.Text, 60))
}

// remember keeps where a breakpoint was found, for workers whose script is not known yet.
func (t *thread) remember(b breakpoints.Breakpoint, line int) {
	t.c.mu.Lock()
	t.c.moved[b.ID] = line
	t.c.mu.Unlock()
}

// source is a script's lines, nil when they cannot be had.
func (t *thread) source(s *script) []string {
	if s.text == nil {
		var r struct {
			Source string `json:"scriptSource"`
		}
		if err := t.call(debugger.GetScriptSource.Method, map[string]any{"scriptId": s.ScriptID}, &r); err != nil {
			return nil
		}
		s.text = splitLines(r.Source)
	}
	return s.text
}

func splitLines(text string) []string {
	return strings.Split(strings.NewReplacer("\r\n", "\n", "\r", "\n", "\u2028", "\n", "\u2029", "\n").Replace(text), "\n")
}

// setAll sets lines, many at a time.
func (t *thread) setAll(ctx context.Context, sets []*lineSet) error {
	var wg sync.WaitGroup
	room := make(chan struct{}, inFlight)
	errs := make([]error, len(sets))
	for i, l := range sets {
		room <- struct{}{}
		wg.Go(func() {
			errs[i] = t.setLine(ctx, l)
			<-room
		})
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// setLine sets one. What the browser refuses is the breakpoint's problem.
func (t *thread) setLine(ctx context.Context, l *lineSet) error {
	if c := l.of.Condition; c != "" && len(l.wanted) > 0 {
		if problem := t.compiles(ctx, c); problem != "" {
			l.at.Problem = "the condition is no expression: " + problem
			return nil
		}
	}
	for _, w := range l.wanted {
		params := map[string]any{"lineNumber": w.line - 1, "condition": w.condition}
		if w.url != "" {
			params["url"] = w.url
		} else {
			params["urlRegex"] = w.regexp
		}
		if w.column > 0 {
			params["columnNumber"] = w.column - 1
		}
		var r struct {
			ID        string         `json:"breakpointId"`
			Locations []wirePosition `json:"locations"`
		}
		if err := t.callWith(ctx, debugger.SetBreakpointByURL.Method, params, &r); err != nil {
			if refused, ok := asCallError(err); ok {
				l.at.Problem = "the browser refused it: " + refused
				continue
			}
			return err
		}
		l.ids = append(l.ids, r.ID)
		if len(r.Locations) > 0 {
			l.settle(r.Locations[0])
		} else if w.url != "" && l.at.Line == 0 {
			l.at.Problem = fmt.Sprintf("there is no code at line %d or behind it", w.line)
		}
	}
	return nil
}

// settle notes where it stands.
func (l *lineSet) settle(at wirePosition) {
	l.at.Line, l.at.Column, l.at.Problem = at.Line+1, at.Column+1, ""
	asked := l.of.Line.Line
	if len(l.wanted) > 0 {
		asked = l.wanted[0].line
	}
	if l.at.Moved == "" && l.at.Line != asked {
		l.at.Moved = fmt.Sprintf("line %d has nothing to stop at: moved to line %d", asked, l.at.Line)
	}
}

// compiles says what is wrong with an expression, "" when nothing is or it is not known.
func (t *thread) compiles(ctx context.Context, expression string) string {
	var r wireResult
	err := t.callWith(ctx, runtime.CompileScript.Method, map[string]any{
		"expression": "async () => (" + expression + "\n)", "sourceURL": "", "persistScript": false,
	}, &r)
	if err != nil || r.Exception == nil {
		return ""
	}
	return r.Exception.text()
}

func (t *thread) unset(l *lineSet) {
	for _, id := range l.ids {
		t.send(debugger.RemoveBreakpoint.Method, map[string]any{"breakpointId": id})
		delete(t.byCDP, id)
	}
	l.ids = nil
}

// parsed takes a script.
func (t *thread) parsed(p *wireScript) {
	s := &script{wireScript: *p, own: strings.HasPrefix(p.URL, ownScheme)}
	t.scripts[p.ScriptID] = s
	if p.URL == t.c.stopURL() {
		t.stopID = p.ScriptID
	}
	if s.tool() {
		return
	}
	t.c.update(func() { t.order = append(t.order[:len(t.order):len(t.order)], s) })
	if t.starting && !t.parsedOne {
		t.parsedOne = true
		t.c.wg.Go(func() { // ends with the worker
			select {
			case <-time.After(missedAfter):
				t.push(t.missed, nil)
			case <-t.ctx.Done():
			}
		})
	}
	if t.starting {
		return // all is set at the first statement
	}
	for _, b := range t.concerned() {
		if b.Kind == breakpoints.Line && breakpoints.MatchURL(b.Line.URL, p.URL) {
			_ = t.sync(t.ctx) // what could not be set says so itself
			return
		}
	}
}

// resolved takes the place of a breakpoint in a script that came later.
func (t *thread) resolved(e cdp.Event) {
	p, ok := decode[struct {
		ID       string       `json:"breakpointId"`
		Location wirePosition `json:"location"`
	}](e.Params)
	if !ok {
		return
	}
	l := t.lines[t.byCDP[p.ID]]
	if l == nil {
		return
	}
	l.settle(p.Location)
	if s := t.scripts[p.Location.ScriptID]; s != nil {
		l.at.URL = s.URL
	}
	t.c.update(func() { t.settings[l.of.ID] = l.at })
}

// atLine lists the line breakpoints that stand where a worker is held before its first
// statement: it is past them already.
func (t *thread) atLine(f wireFrame) []string {
	s := t.scripts[f.Location.ScriptID]
	if s == nil {
		return nil
	}
	var ids []string
	for id, l := range t.lines {
		if l.at.URL == s.URL && l.at.Line == f.Location.Line+1 && l.at.Column == f.Location.Column+1 {
			ids = append(ids, id)
		}
	}
	return ids
}

// breakpointResolved is an event that newer browsers tell in Debugger.scriptParsed, too.
const breakpointResolved = "Debugger.breakpointResolved"
