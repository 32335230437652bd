package dap

import (
	"context"
	"errors"
	"slices"

	godap "github.com/google/go-dap"

	"github.com/swinspect/swinspect/breakpoints"
	"github.com/swinspect/swinspect/inspector/debugger"
)

// points are the breakpoints of the client. The session's mu guards them; only run
// changes them.
type points struct {
	last   int
	groups map[string][]*point // by what a request sets anew as a whole
	byID   map[string]*point   // by the id in the debuggee's set
}

// The groups beside one for each source.
const (
	functionGroup  = "functions"
	exceptionGroup = "exceptions"
	configGroup    = "configuration"
	consoleGroup   = "console"
)

// point is a breakpoint of the client.
type point struct {
	id       int
	want     breakpoints.Breakpoint // as the client asked; a line is of the source
	targets  []target               // where it is set
	source   *godap.Source          // of a line
	file     string                 // of the source, when it is of this machine
	unmapped bool
	problem  string           // why it could not be set
	answered godap.Breakpoint // what the client was answered
}

func (p *points) init() { p.groups, p.byID = map[string][]*point{}, map[string]*point{} }

func (p *points) all() []*point {
	var all []*point
	for _, group := range p.groups {
		all = append(all, group...)
	}
	slices.SortFunc(all, func(a, b *point) int { return a.id - b.id })
	return all
}

// forget forgets where the points are set, and lists those ids.
func (p *points) forget() []string {
	var ids []string
	for id := range p.byID {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	clear(p.byID)
	for _, x := range p.all() {
		for i := range x.targets {
			x.targets[i].want.ID = ""
		}
	}
	delete(p.groups, configGroup)
	return ids
}

// dapIDs are the client's ids of breakpoints.
func (x *session) dapIDs(ids []string) []int {
	x.mu.Lock()
	defer x.mu.Unlock()
	var all []int
	for _, id := range ids {
		if p := x.points.byID[id]; p != nil {
			all = append(all, p.id)
		}
	}
	return all
}

// replace sets the points of a group anew. Those that were there stay as they are, with
// their hits.
func (x *session) replace(at *Debuggee, group string, now []*point) []godap.Breakpoint {
	x.setting.Lock()
	defer x.setting.Unlock()
	x.mu.Lock()
	before := slices.Clone(x.points.groups[group])
	x.mu.Unlock()
	for i, p := range now {
		if p.problem != "" {
			continue
		}
		if j := slices.IndexFunc(before, func(o *point) bool { return o.isSet() && o.alike(p) }); j >= 0 {
			now[i] = before[j]
			before = slices.Delete(before, j, j+1)
		}
	}
	var gone []string
	for _, p := range before {
		gone = append(gone, p.ids()...)
	}
	if err := remove(at, gone); err != nil {
		x.log.Error("removing breakpoints", "err", err)
	}
	for _, p := range now {
		x.set(at, p)
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, id := range gone {
		delete(x.points.byID, id)
	}
	x.points.groups[group] = now
	state := at.Debugger.State()
	answer := make([]godap.Breakpoint, len(now))
	for i, p := range now {
		if p.id == 0 {
			x.points.last++
			p.id = x.points.last
		}
		x.points.know(p)
		p.answered = x.stand(p, state)
		answer[i] = p.answered
	}
	return answer
}

// know notes where a point is set.
func (p *points) know(x *point) {
	for _, id := range x.ids() {
		p.byID[id] = x
	}
}

// ids are those in the debuggee's set.
func (p *point) ids() []string {
	var ids []string
	for _, t := range p.targets {
		if t.want.ID != "" {
			ids = append(ids, t.want.ID)
		}
	}
	return ids
}

func (p *point) isSet() bool { return len(p.ids()) > 0 }

// alike reports whether two points ask for the same at the same places.
func (p *point) alike(o *point) bool {
	return alike(p.want, o.want) && slices.EqualFunc(p.targets, o.targets, func(a, b target) bool { return alike(a.want, b.want) })
}

// remap sets the lines of files anew whose place in generated scripts has become known,
// or another.
func (x *session) remap(ctx context.Context, at *Debuggee) {
	x.mu.Lock()
	all := x.points.all()
	x.mu.Unlock()
	for _, p := range all {
		if p.want.Line == nil || p.file == "" || p.problem != "" {
			continue
		}
		now := x.targets(ctx, at, p.file, p.want.Line.Line, p.want.Line.Column)
		if len(now) == 0 {
			continue
		}
		if last := p.targets[len(p.targets)-1]; last.b == nil && p.want.Line.Text != "" && !p.unmapped {
			now = append(now, target{want: p.want}) // served as it is, too
		}
		x.setting.Lock()
		fresh := &point{want: p.want, targets: now}
		fresh.dress()
		if !p.alike(fresh) {
			gone := p.ids()
			if err := remove(at, gone); err != nil {
				x.log.Error("removing breakpoints", "err", err)
			}
			x.set(at, fresh)
			x.mu.Lock()
			for _, id := range gone {
				delete(x.points.byID, id)
			}
			p.targets, p.problem, p.unmapped = fresh.targets, fresh.problem, false
			if slices.Contains(x.points.all(), p) {
				x.points.know(p)
			}
			x.mu.Unlock()
		}
		x.setting.Unlock()
	}
}

// dress gives the targets what is asked for besides the place.
func (p *point) dress() {
	if len(p.targets) == 0 {
		p.targets = []target{{want: p.want}}
	}
	for i := range p.targets {
		line := p.targets[i].want.Line
		p.targets[i].want = p.want
		p.targets[i].want.Line = line
	}
}

// remove takes breakpoints out of the debuggee's set. One that stopped once and is gone
// by itself is no mistake.
func remove(at *Debuggee, ids []string) error {
	if len(ids) == 0 {
		return nil
	}
	err := at.Breakpoints.Remove(ids...)
	if unknown := (*breakpoints.UnknownError)(nil); errors.As(err, &unknown) {
		return remove(at, slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return slices.Contains(unknown.IDs, id) }))
	}
	return err
}

// set puts a point into the debuggee's set, as far as it is not there.
func (x *session) set(at *Debuggee, p *point) {
	if p.problem != "" {
		return
	}
	if len(p.targets) == 0 {
		p.dress()
	}
	for i := range p.targets {
		if p.targets[i].want.ID != "" {
			continue
		}
		b, err := at.Breakpoints.AddOwn(p.targets[i].want)
		if err != nil {
			p.problem = err.Error()
			var invalid *breakpoints.InvalidError
			if errors.As(err, &invalid) {
				p.problem = invalid.Field + ": " + invalid.Problem
			}
			return
		}
		p.targets[i].want = b
	}
}

// setAgain sets all points in a debuggee that is new.
func (x *session) setAgain(at *Debuggee) {
	x.mu.Lock()
	all := x.points.all()
	x.mu.Unlock()
	for _, p := range all {
		x.set(at, p)
		x.mu.Lock()
		x.points.know(p)
		x.mu.Unlock()
	}
}

// alike reports whether two breakpoints ask for the same.
func alike(a, b breakpoints.Breakpoint) bool {
	a.ID, b.ID = "", ""
	if (a.Line == nil) != (b.Line == nil) || a.Line != nil && (a.Line.URL != b.Line.URL || a.Line.Line != b.Line.Line || a.Line.Column != b.Line.Column) {
		return false
	}
	return a.Kind == b.Kind && a.Scope == b.Scope && a.Condition == b.Condition && a.Skip == b.Skip && a.Once == b.Once && a.Log == b.Log &&
		equal(a.Event, b.Event) && equal(a.Lifecycle, b.Lifecycle) && equal(a.Fetch, b.Fetch) && equal(a.Cache, b.Cache) && equal(a.Exception, b.Exception)
}

func equal[T comparable](a, b *T) bool { return a == b || (a != nil && b != nil && *a == *b) }

// stand is what became of a point, as the client is told. The caller holds mu.
func (x *session) stand(p *point, s *debugger.State) godap.Breakpoint {
	b := godap.Breakpoint{Id: p.id, Source: p.source, Message: p.problem}
	if p.want.Line != nil {
		b.Line = out(p.want.Line.Line, x.client.LinesStartAt1)
		if p.want.Line.Column > 0 {
			b.Column = out(p.want.Line.Column, x.client.ColumnsStartAt1)
		}
	}
	if p.problem != "" {
		return b
	}
	var all []*debugger.Status
	for _, status := range s.Breakpoints {
		if slices.Contains(p.ids(), status.ID) {
			all = append(all, status)
		}
	}
	if p.want.Line == nil {
		b.Verified = true
		if len(all) > 0 && all[0].Problem != "" {
			b.Verified, b.Message = false, all[0].Problem
		}
		return b
	}
	b.Message = "no worker that runs has this script: it is set when one starts"
	if p.unmapped {
		b.Message = "no webRoot or pathMappings tells the URL of this file: set in every script of its name"
	}
	for _, status := range all {
		if status.Problem != "" && !b.Verified {
			b.Message = status.Problem
		}
		for _, at := range status.Settings {
			switch {
			case at.Problem != "" && !b.Verified:
				b.Message = at.Problem
			case at.Problem == "" && at.Line > 0:
				b.Verified, b.Message = true, at.Moved
				if line, column := p.standsAt(at); line > 0 {
					b.Line, b.Column = out(line, x.client.LinesStartAt1), out(column, x.client.ColumnsStartAt1)
				}
			}
		}
	}
	return b
}

// standsAt is where a breakpoint stands in the source that the client knows; 0 when that
// cannot be told: the worker runs another text.
func (p *point) standsAt(at breakpoints.Setting) (line, column int) {
	i := slices.IndexFunc(p.targets, func(t target) bool { return t.want.ID == at.Breakpoint })
	if i >= 0 && p.targets[i].b != nil {
		o, ok := p.targets[i].b.m.Original(at.Line, max(at.Column, 1))
		if !ok || o.Source != p.targets[i].source || at.Moved != "" {
			return 0, 0
		}
		return o.Line, o.Column
	}
	if at.Moved != "" && p.file != "" {
		return 0, 0
	}
	return at.Line, at.Column
}
