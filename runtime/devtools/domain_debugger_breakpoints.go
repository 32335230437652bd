package devtools

import (
	"context"
	"fmt"
	"regexp"
	"strconv"

	cdproto "github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/debugger"
	"github.com/chromedp/cdproto/eventbreakpoints"

	"github.com/swinspect/swinspect/runtime/script"
)

// breakpointCommands are the commands about breakpoints.
func breakpointCommands(t *table) {
	handle(t, debugger.SetBreakpointByURL, setBreakpointByURL)
	handle(t, debugger.SetBreakpoint, setBreakpoint)
	handle(t, debugger.RemoveBreakpoint, func(_ context.Context, s *session, p debugger.RemoveBreakpointParams) (cdproto.Empty, error) {
		s.server.mu.Lock()
		defer s.server.mu.Unlock()
		s.removeBreakpoint(string(p.BreakpointID))
		return none, nil
	})
	handle(t, debugger.GetPossibleBreakpoints, getPossibleBreakpoints)
	handle(t, debugger.SetBreakpointsActive, func(_ context.Context, s *session, p debugger.SetBreakpointsActiveParams) (cdproto.Empty, error) {
		return none, s.change(func(d *debugSession) { d.inactive = !p.Active })
	})
	handle(t, debugger.SetInstrumentationBreakpoint, setInstrumentationBreakpoint)
	// Events of the platform are not stopped at: Chromium stops at none of a worker's.
	accept(t, eventbreakpoints.SetInstrumentationBreakpoint)
	accept(t, eventbreakpoints.RemoveInstrumentationBreakpoint)
	accept(t, eventbreakpoints.Disable)
}

// change changes what a session asks for, and the debuggees with it.
func (s *session) change(f func(d *debugSession)) error {
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	if !s.on["Debugger"] {
		return errNotDebugging
	}
	f(&s.debugging)
	s.place()
	for _, g := range s.debuggees() {
		g.settle()
	}
	return nil
}

// place takes the session's breakpoints away while they are switched off, and puts them
// back. With Server.mu held.
func (s *session) place() {
	off := s.debugging.inactive || s.debugging.skip
	for _, g := range s.debuggees() {
		standing := false
		for low, o := range g.owners {
			if o.session != s {
				continue
			}
			standing = true
			if off {
				g.d.RemoveBreakpoint(low)
				delete(g.owners, low)
			}
		}
		if off || standing {
			continue
		}
		for _, x := range g.scripts {
			s.placeIn(g, x)
		}
	}
}

// placeIn puts the session's breakpoints into a script; with Server.mu held.
func (s *session) placeIn(g *debuggee, x *sourced) []*debugger.ResolvedBreakpoint {
	var resolved []*debugger.ResolvedBreakpoint
	for _, id := range sortedKeys(s.debugging.breakpoints) {
		a := s.debugging.breakpoints[id]
		if !a.fits(x) {
			continue
		}
		if at := s.placeOne(g, x, a); at != nil {
			resolved = append(resolved, &debugger.ResolvedBreakpoint{BreakpointID: debugger.BreakpointID(id), Location: at})
		}
	}
	return resolved
}

// placeOne puts a breakpoint into a script and says where it stands; nil for nowhere.
func (s *session) placeOne(g *debuggee, x *sourced, a *asked) *debugger.Location {
	if s.debugging.inactive || s.debugging.skip {
		at := g.d.Locations(x.debug, script.Location{Line: a.line + 1, Column: max(a.column+1, 0)}, script.Location{})
		if len(at) == 0 {
			return nil
		}
		return location(x, at[0].Line, at[0].Column)
	}
	low, at, err := g.d.SetBreakpoint(x.debug, a.line+1, max(a.column+1, 0), a.condition)
	if err != nil {
		return nil
	}
	g.owners[low] = owner{s, a.id}
	return location(x, at.Line, at.Column)
}

// location is a place on the wire; line and column count from 1.
func location(x *sourced, line, column int) *debugger.Location {
	c := int64(max(column-1, 0))
	return &debugger.Location{ScriptID: cdproto.ScriptID(x.id), LineNumber: int64(max(line-1, 0)), ColumnNumber: &c}
}

func (s *session) removeBreakpoint(id string) {
	delete(s.debugging.breakpoints, id)
	delete(s.debugging.before, id)
	for _, g := range s.debuggees() {
		for low, o := range g.owners {
			if o.session == s && o.id == id {
				g.d.RemoveBreakpoint(low)
				delete(g.owners, low)
			}
		}
	}
}

var errThere = failed("Breakpoint at specified location already exists.")

// add notes a breakpoint; with Server.mu held.
func (s *session) add(a *asked) error {
	if !s.on["Debugger"] {
		return errNotDebugging
	}
	if old := s.debugging.breakpoints[a.id]; old != nil {
		if !old.carried {
			return errThere
		}
		s.removeBreakpoint(a.id)
	}
	if s.debugging.breakpoints == nil {
		s.debugging.breakpoints = map[string]*asked{}
	}
	s.debugging.breakpoints[a.id] = a
	return nil
}

// standing puts a breakpoint into the scripts there are and says where it stands.
func (s *session) standing(a *asked) []*debugger.Location {
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	at := []*debugger.Location{}
	if s.debugging.breakpoints[a.id] != a {
		return at // removed meanwhile
	}
	for _, g := range s.debuggees() {
		for low, o := range g.owners { // a restart has put it there
			if o == (owner{s, a.id}) {
				g.d.RemoveBreakpoint(low)
				delete(g.owners, low)
			}
		}
		for _, x := range g.rs.sources {
			if x.debug == nil || !a.fits(x) {
				continue
			}
			if l := s.placeOne(g, x, a); l != nil {
				at = append(at, l)
			}
		}
	}
	return at
}

func setBreakpointByURL(ctx context.Context, s *session, p debugger.SetBreakpointByURLParams) (debugger.SetBreakpointByURLResult, error) {
	var r debugger.SetBreakpointByURLResult
	a, err := newAsked(p)
	if err != nil {
		return r, err
	}
	s.server.mu.Lock()
	err = s.add(a)
	s.server.mu.Unlock()
	if err != nil {
		return r, err
	}
	r.BreakpointID = debugger.BreakpointID(a.id)
	if needed := s.withoutProbes(a.fits); needed != nil {
		err = s.server.restart(ctx, needed)
	}
	r.Locations = s.standing(a)
	return r, err
}

// newAsked reads the parameters, and words what is wrong as V8 does.
func newAsked(p debugger.SetBreakpointByURLParams) (*asked, error) {
	a := &asked{url: p.URL, hash: p.ScriptHash, line: int(p.LineNumber), column: -1, condition: p.Condition}
	kind, what, given := byURL, p.URL, 0
	for _, s := range []string{p.URL, p.URLRegex, p.ScriptHash} {
		if s != "" {
			given++
		}
	}
	if given != 1 {
		return nil, failed("Either url or urlRegex or scriptHash must be specified.")
	}
	if p.URLRegex != "" {
		kind, what = byRegex, p.URLRegex
		r, err := newPattern(p.URLRegex, false)
		if err != nil {
			r = nothing // as V8: what is no expression matches nothing
		}
		a.regex = &r
	}
	if p.ScriptHash != "" {
		kind, what = byHash, p.ScriptHash
	}
	column := int64(0)
	if p.ColumnNumber != nil {
		if column = *p.ColumnNumber; column < 0 {
			return nil, failed("Incorrect column number")
		}
		a.column = int(column)
	}
	a.id = fmt.Sprintf(positions, kind, p.LineNumber, column, what)
	return a, nil
}

func setBreakpoint(ctx context.Context, s *session, p debugger.SetBreakpointParams) (debugger.SetBreakpointResult, error) {
	var r debugger.SetBreakpointResult
	if p.Location == nil {
		return r, invalid("Invalid parameters")
	}
	a := &asked{script: string(p.Location.ScriptID), line: int(p.Location.LineNumber), column: -1, condition: p.Condition}
	column := int64(0)
	if p.Location.ColumnNumber != nil {
		column = *p.Location.ColumnNumber
		a.column = int(column)
	}
	a.id = fmt.Sprintf(positions, byScript, p.Location.LineNumber, column, p.Location.ScriptID)
	s.server.mu.Lock()
	x := s.script(p.Location.ScriptID)
	var err error
	if x == nil {
		err = errUnresolved
	} else {
		err = s.add(a)
	}
	s.server.mu.Unlock()
	if err != nil {
		return r, err
	}
	if needed := s.withoutProbes(a.fits); needed != nil {
		if err := s.server.restart(ctx, needed); err != nil {
			return r, err
		}
		y := s.successor(x)
		s.server.mu.Lock()
		a.script = y.id
		s.server.mu.Unlock()
	}
	return s.resolve(a)
}

var errUnresolved = failed("Could not resolve breakpoint")

func (s *session) resolve(a *asked) (debugger.SetBreakpointResult, error) {
	at := s.standing(a)
	if len(at) == 0 {
		s.server.mu.Lock()
		defer s.server.mu.Unlock()
		s.removeBreakpoint(a.id)
		return debugger.SetBreakpointResult{}, errUnresolved
	}
	return debugger.SetBreakpointResult{BreakpointID: debugger.BreakpointID(a.id), ActualLocation: at[0]}, nil
}

func setInstrumentationBreakpoint(_ context.Context, s *session, p debugger.SetInstrumentationBreakpointParams) (debugger.SetInstrumentationBreakpointResult, error) {
	id := strconv.Itoa(atStart) + ":" + string(p.Instrumentation)
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	switch {
	case !s.on["Debugger"]:
		return debugger.SetInstrumentationBreakpointResult{}, errNotDebugging
	case s.debugging.before[id]:
		return debugger.SetInstrumentationBreakpointResult{}, failed("Instrumentation breakpoint is already enabled.")
	case s.debugging.before == nil:
		s.debugging.before = map[string]bool{}
	}
	s.debugging.before[id] = true
	return debugger.SetInstrumentationBreakpointResult{BreakpointID: debugger.BreakpointID(id)}, nil
}

func getPossibleBreakpoints(_ context.Context, s *session, p debugger.GetPossibleBreakpointsParams) (debugger.GetPossibleBreakpointsResult, error) {
	r := debugger.GetPossibleBreakpointsResult{Locations: []*debugger.BreakLocation{}}
	if p.Start == nil || p.End != nil && p.End.ScriptID != p.Start.ScriptID {
		return r, failed("Locations should contain the same scriptId")
	}
	s.server.mu.Lock()
	x := s.script(p.Start.ScriptID)
	s.server.mu.Unlock()
	if x == nil {
		return r, failed("Script not found")
	}
	return s.possible(x, p), nil
}

// successor is the script that a restarted worker has for one of before.
func (s *session) successor(x *sourced) *sourced {
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	for _, rs := range s.target.realms {
		for _, y := range rs.sources {
			if y.source.URL == x.source.URL && y.hash == x.hash {
				return y
			}
		}
	}
	return x
}

// possible lists the places of a range where a script can stop.
func (s *session) possible(x *sourced, p debugger.GetPossibleBreakpointsParams) debugger.GetPossibleBreakpointsResult {
	r := debugger.GetPossibleBreakpointsResult{Locations: []*debugger.BreakLocation{}}
	g := x.world.realm.debuggee.Load()
	if x.debug == nil || g == nil {
		return r
	}
	from, to := locationOf(p.Start), script.Location{}
	if p.End != nil {
		to = locationOf(p.End)
	}
	locations := g.d.Locations
	if on(p.RestrictToFunction) {
		locations = g.d.LocationsInFunction
	}
	for _, l := range locations(x.debug, from, to) {
		r.Locations = append(r.Locations, &debugger.BreakLocation{
			ScriptID: cdproto.ScriptID(x.id), LineNumber: int64(l.Line - 1), ColumnNumber: int64(l.Column - 1), Type: debugger.BreakLocationType(l.Kind),
		})
	}
	return r
}

func locationOf(l *debugger.Location) script.Location {
	at := script.Location{Line: int(l.LineNumber) + 1, Column: 1}
	if l.ColumnNumber != nil {
		at.Column = int(*l.ColumnNumber) + 1
	}
	return at
}

// nothing matches no URL.
var nothing = pattern{plain: regexp.MustCompile(`[^\s\S]`)}
