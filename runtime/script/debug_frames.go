package script

import (
	"iter"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/runtime/script/instrument"
)

// frame is what a Frame has for the debugger.
type frame struct {
	d        *Debugger
	run      *debugRun // nil: code that is not debugged
	function int
	probe    int
	offset   int   // in the program's text
	call     int64 // of an async function; 0: unknown
	accessor goja.Callable
	thunks   []goja.Value // functions of outer scopes, then variables that were passed
	depth    int          // frames from it to the bottom of the stack, and the probe's
	top      bool         // it is where script stands: variables that were passed are taken back
	changed  bool         // and one was changed
	assigned goja.Value   // of an assignment to a global name
}

// depthOf counts the frames of the stack, with those that wait for it; on the loop.
func (d *Debugger) depthOf(h *hit) int {
	if h.depth < 0 {
		d.frames = d.agent.rt.CaptureCallStack(0, d.frames[:0])
		h.depth = len(d.frames)
	}
	return h.depth
}

// called counts the frames that were called, without those that wait for them. The
// interpreter tells the latter at the end of the former and does not say where they
// begin; but a stack is as deep as the limit that it just does not exceed.
func (d *Debugger) called() int {
	rt := d.agent.rt
	defer rt.SetMaxCallStackSize(maxCallStack + pauseStack)
	low, high := 0, maxCallStack+pauseStack // the depth is in [low, high]
	for low < high {
		middle := (low + high) / 2
		rt.SetMaxCallStackSize(middle)
		if _, err := d.helper().nothing(goja.Undefined()); err != nil {
			low = middle + 1
		} else {
			high = middle
		}
	}
	return len(rt.CaptureCallStack(low, nil))
}

// frameOf is the frame in which a probe stands.
func (d *Debugger) frameOf(h *hit) *Frame {
	if h.frame == nil {
		h.frame = d.newFrame(h.run, h.probe, h.arguments)
		h.frame.top = true
	}
	return h.frame
}

// newFrame is a frame whose accessor is known.
func (d *Debugger) newFrame(run *debugRun, id int, arguments []goja.Value) *Frame {
	p := run.program
	at := p.places[id]
	f := &Frame{Line: at.line, Column: at.column, Captured: true, frame: frame{d: d, run: run, probe: id, thunks: slices.Clone(arguments[2:])}}
	f.accessor, _ = goja.AssertFunction(arguments[1])
	f.function, f.offset = p.table.Probes[id].Function, p.table.Probes[id].Offset
	if at.source >= 0 {
		f.Script = run.scripts[at.source]
	}
	f.Function = p.table.Functions[f.function].Name
	f.AtReturn = p.table.Probes[id].Kind == instrument.End
	if f.AtReturn {
		f.Return = goja.Undefined()
	}
	d.finish(f)
	f.call = f.activation()
	f.Scopes = f.scopes()
	return f
}

// finish fills in what follows from the function and the script.
func (d *Debugger) finish(f *Frame) {
	if f.run != nil && f.function > 0 {
		at := f.run.program.functions[f.function]
		f.FunctionLine, f.FunctionColumn = at.line, at.column
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	f.Library = d.isLibrary(f.Script)
}

// describe fills in the frames of a pause; on the loop.
func (d *Debugger) describe(p *Pause, h *hit) {
	stack := d.agent.rt.CaptureCallStack(0, nil)
	p.depth, p.job, p.story = len(stack), d.job, d.agent.Story()
	called := len(stack)
	if d.job != nil {
		called = min(d.called(), len(stack))
	}
	top := d.frameOf(h)
	if len(stack) > 1 && nameOf(&stack[1]) != "" {
		top.Function = nameOf(&stack[1])
	}
	top.depth = p.depth
	p.Frames = []*Frame{top}
	d.fill(p, framesOf(stack)[2:], called-2)
}

// fill adds the frames of a stack, of which the first were called and the others wait.
func (d *Debugger) fill(p *Pause, stack []rawFrame, called int) {
	for i, raw := range stack[:called] {
		f := d.locate(raw)
		if f == nil || raw.name == "" && len(p.Frames) > 0 && p.Frames[len(p.Frames)-1].holdsModules() {
			continue
		}
		if s := len(stack) - i + 1; s < len(d.slots) && d.slots[s].fits(f) {
			kept := d.newFrame(d.slots[s].run, d.slots[s].probe, d.slots[s].arguments)
			kept.Function, kept.Line, kept.Column, kept.Script, kept.offset = f.Function, f.Line, f.Column, f.Script, f.offset
			kept.AtReturn, kept.Return = false, nil
			f = kept
		}
		f.Index, f.depth = len(p.Frames), len(stack)-i+1
		p.Frames = append(p.Frames, f)
	}
	if called < len(stack) {
		waiting := &AsyncStack{Description: "await"}
		for _, raw := range stack[called:] {
			if f := d.locate(raw); f != nil {
				f.Index = len(waiting.Frames)
				waiting.Frames = append(waiting.Frames, f)
			}
		}
		p.Async = waiting
	}
	if d.job != nil {
		p.Async = d.job.stack.after(d, p.Async)
	}
}

// ownScheme is that of the scripts that belong to the engine or to a debugger.
const ownScheme = "swinspect:"

// nameOf is the name of an interpreter's frame; empty for what has none.
func nameOf(s *goja.StackFrame) string {
	if name := s.FuncName(); name != "<anonymous>" {
		return name
	}
	return ""
}

// holdsModules reports the function that a bundle has around its modules: it is called
// by the bundle itself.
func (f *Frame) holdsModules() bool {
	return f.run != nil && f.run.program.module && f.function > 0 && f.run.program.table.Functions[f.function].Outer == 0
}

// locate makes a frame of one of the interpreter's; nil for natives and the engine's
// own code.
func (d *Debugger) locate(raw rawFrame) *Frame {
	if raw.native {
		return nil
	}
	f := &Frame{Function: raw.name, Line: raw.line, Column: raw.column, frame: frame{d: d, probe: -1}}
	for run := range d.candidates() {
		source, ok := run.program.byURL[raw.url]
		if !ok {
			continue
		}
		if f.run == nil || run.names(raw, source) {
			run.find(f, source, raw.line, raw.column)
		}
		if run.names(raw, source) {
			break
		}
	}
	if f.run == nil && strings.HasPrefix(raw.url, ownScheme) {
		return nil // the engine's own code
	}
	d.finish(f)
	f.Scopes = f.outermost()
	return f
}

// candidates are the programs that a frame may be of, the likeliest first: several may
// have the same URL, or none.
func (d *Debugger) candidates() iter.Seq[*debugRun] {
	d.mu.Lock()
	order := d.order
	d.mu.Unlock()
	return func(yield func(*debugRun) bool) {
		for _, list := range [][]*debugRun{d.running, order} {
			for i := len(list) - 1; i >= 0; i-- {
				if !yield(list[i]) {
					return
				}
			}
		}
	}
}

// names reports whether the function at a frame's place has the frame's name.
func (r *debugRun) names(raw rawFrame, source int) bool {
	f := &Frame{Function: raw.name}
	r.find(f, source, raw.line, raw.column)
	name := r.program.table.Functions[f.function].Name
	return name == raw.name && (f.function == 0 || f.probe >= 0) || raw.name == "" && f.function > 0 && name == ""
}

// find places a frame of the interpreter, whose columns are in bytes, or in the
// original text of what was lowered.
func (r *debugRun) find(f *Frame, source, line, column int) {
	p := r.program
	f.run, f.Script, f.function, f.probe = r, r.scripts[source], 0, -1
	if p.lowered != nil {
		r.findLowered(f, source, place{source, line, column})
		return
	}
	offset := p.offset(line, column)
	at := p.place(calleeAt(p.text, offset))
	f.offset = offset
	f.Line, f.Column = at.line, at.column
	for i := len(p.table.Functions) - 1; i > 0; i-- {
		if g := p.table.Functions[i]; g.From <= offset && offset < g.To {
			f.function = i
			break
		}
	}
	best := -1
	for _, id := range p.table.Functions[f.function].Probes {
		if o := p.table.Probes[id].Offset; o <= offset && o > best {
			best, f.probe = o, id
		}
	}
}

// calleeAt is where the name before a call's bracket begins: the interpreter tells the
// bracket, V8 the name.
func calleeAt(text string, offset int) int {
	if offset >= len(text) || text[offset] != '(' {
		return offset
	}
	end := len(strings.TrimRight(text[:offset], " \t"))
	start := end
	for start > 0 {
		r, size := utf8.DecodeLastRuneInString(text[:start])
		if r != '_' && r != '$' && !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			break
		}
		start -= size
	}
	if start == end {
		return offset
	}
	return start
}

func (r *debugRun) findLowered(f *Frame, source int, at place) {
	p := r.program
	var best place
	for _, id := range p.sources[source].order {
		if at.before(p.places[id]) {
			break
		}
		g := p.table.Probes[id].Function
		if name := p.table.Functions[g].Name; f.Function != "" && name != f.Function {
			continue
		}
		if f.probe < 0 || !p.places[id].before(best) {
			best, f.probe, f.function, f.offset = p.places[id], id, g, p.table.Probes[id].Offset
		}
	}
}
