package script

import "github.com/dop251/goja"

// Visit is a statement of a debugged script that is about to run.
type Visit struct {
	Script       *DebugScript
	Line, Column int
	Function     string // "" for the top level and for what has no name
	// Depth counts the calls under way, with those that wait for them.
	Depth int
	// Hit are the ids of the breakpoints that stand there and whose conditions hold.
	Hit []string
	// Frame is the frame it is in; good until the visitor returns.
	Frame *Frame
}

// VisitVerdict is what a visitor wants.
type VisitVerdict int

// The verdicts.
const (
	VisitAsUsual VisitVerdict = iota // breakpoints and steps decide
	VisitPass                        // go on, whatever stands there
	VisitStop                        // stop there
)

// Visit has f told of every statement outside of libraries, on the loop, before it runs.
// Every statement then costs a call: it is for code that is run again to be looked at.
// nil ends it. f must not run script but through the frame it is given.
func (d *Debugger) Visit(f func(*Visit) VisitVerdict) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.visitor = f
	d.armAll()
}

// visits asks the visitor, when there is one, about a probe with the breakpoints p.Hit.
func (d *Debugger) visits(h *hit, p *Pause) VisitVerdict {
	d.mu.Lock()
	f, library := d.visitor, d.isLibrary(h.script())
	d.mu.Unlock()
	if f == nil || library || h.script() == nil {
		return VisitAsUsual
	}
	at := h.run.program.places[h.probe]
	frame := d.frameOf(h)
	return f(&Visit{
		Script: h.script(), Line: at.line, Column: at.column, Function: frame.Function, Depth: d.depthOf(h), Hit: p.Hit, Frame: frame,
	})
}

// Statement is where the statement begins that the frame has under way: of a caller, the
// one with the call. ok is false when it is not known.
func (f *Frame) Statement() (line, column int, ok bool) {
	if f.run == nil || f.probe < 0 || !f.Captured {
		return 0, 0, false
	}
	at := f.run.program.places[f.probe]
	return at.line, at.column, true
}

// Primitives are the frame's own variables that hold primitive values, as text, by name:
// enough to tell one visit of a statement from another.
func (f *Frame) Primitives() map[string]string {
	all := map[string]string{}
	for _, s := range f.Scopes {
		if s.Kind != LocalScope && s.Kind != BlockScope && s.Kind != CatchScope {
			continue
		}
		for _, v := range s.Variables() {
			if v.Value == nil {
				all[v.Name] = v.Missing
				continue
			}
			if _, object := v.Value.(*goja.Object); !object {
				all[v.Name] = v.Value.String()
			}
		}
	}
	return all
}

// Story is what the script runs on behalf of: see [Agent.WithStory].
func (p *Pause) Story() uint64 { return p.story }
