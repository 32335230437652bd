package script

import (
	"errors"
	"strconv"
	"strings"

	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/runtime/script/instrument"
)

// The interpreter tells nobody when script throws. A throw statement is told of by its
// probe, with the stack as it is. What the interpreter and natives throw is noticed
// where it arrives: in a catch clause, at the end of an async function, as a rejection,
// or in Go. The calls between are over by then: where they were is in the error's own
// stack, and their variables are in the slots that they left (see keep), because while
// exceptions pause every statement leaves its accessor (see maxCold).

// thrown is what was thrown last; of the loop alone.
type thrown struct {
	value  goja.Value
	paused bool
}

// rawFrame is a frame as a stack names it.
type rawFrame struct {
	native       bool
	name, url    string
	line, column int
}

// threw is told of a value by the native of a program; why is one of instrument's.
func (d *Debugger) threw(why int, v goja.Value) {
	mode := d.wanted()
	if mode == NoExceptions {
		return
	}
	if why == instrument.Throws {
		d.last = thrown{value: v}
		stack := d.agent.rt.CaptureCallStack(0, nil)
		d.pauseThrown(&Pause{Reason: PauseOnException, Exception: v}, framesOf(stack)[1:], false)
		return
	}
	if d.last.value != nil && d.last.value.SameAs(v) {
		if why == instrument.Catches {
			d.last = thrown{}
		}
		return
	}
	d.last = thrown{value: v}
	stack := d.stackOf(v)
	if stack == nil {
		return // a rejection that an await brought
	}
	d.pauseThrown(&Pause{Reason: PauseOnException, Exception: v, Rejection: why == instrument.Rejects}, stack, why == instrument.Catches)
	if why == instrument.Catches {
		d.last = thrown{}
	}
}

// failed is told of an error that script gave to Go; on the loop.
func (d *Debugger) failed(err error) {
	var ex *goja.Exception
	if d.quiet > 0 || !errors.As(err, &ex) || d.wanted() == NoExceptions {
		return
	}
	if v := ex.Value(); d.last.value == nil || !d.last.value.SameAs(v) {
		d.last = thrown{value: v}
		d.pauseThrown(&Pause{Reason: PauseOnException, Exception: v}, framesOf(ex.Stack()), false)
	}
}

// rejected is told of a promise that is rejected with nobody listening; on the loop.
func (d *Debugger) rejected(p *goja.Promise) {
	if d.quiet > 0 || d.wanted() == NoExceptions {
		return
	}
	v := p.Result()
	same := d.last.value != nil && d.last.value.SameAs(v)
	if same && d.last.paused {
		return
	}
	stack := framesOf(d.agent.rt.CaptureCallStack(0, nil))
	if same {
		stack = d.stackOf(v)
	}
	d.last = thrown{value: v}
	pause := &Pause{Reason: PauseOnException, Exception: v, Rejection: true, Uncaught: true}
	d.pauseThrown(pause, stack, false)
}

// wanted is which exceptions pause now.
func (d *Debugger) wanted() ExceptionMode {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.quiet > 0 || d.silent > 0 || d.skipAll || d.inactive {
		return NoExceptions
	}
	return d.exceptions
}

// pauseThrown pauses for a thrown value if that is wanted. caught says that a catch
// clause has it already.
func (d *Debugger) pauseThrown(p *Pause, stack []rawFrame, caught bool) {
	total := len(d.agent.rt.CaptureCallStack(0, d.frames[:0]))
	called := len(stack)
	if d.job != nil {
		d.agent.rt.SetMaxCallStackSize(maxCallStack + pauseStack)
		called = max(len(stack)-(total-min(d.called(), total)), 0)
		d.agent.rt.SetMaxCallStackSize(maxCallStack)
	}
	p.depth, p.job, p.story = total, d.job, d.agent.Story()
	d.fill(p, stack, called)
	if len(p.Frames) == 0 {
		return
	}
	switch {
	case caught:
	case p.Uncaught:
	default:
		d.predict(p)
	}
	mode := d.wanted()
	if mode == UncaughtExceptions && !p.Uncaught || mode == CaughtExceptions && p.Uncaught || p.Frames[0].Library {
		return
	}
	d.last.paused = true
	d.hold(p)
}

// predict says whether something is going to catch what is thrown in the innermost
// frame, and whether a promise is rejected with it.
func (d *Debugger) predict(p *Pause) {
	for i, f := range p.Frames {
		if f.caught() {
			return
		}
		if f.run == nil || !f.run.program.table.Functions[f.function].Async {
			continue
		}
		p.Rejection = true
		if i == len(p.Frames)-1 && d.job != nil && d.job.awaits {
			return // it has awaited: its promise is in somebody's hands
		}
	}
	p.Uncaught = true
}

// caught reports a frame that stands in a try block with a catch clause.
func (f *Frame) caught() bool {
	if f.run == nil {
		return false
	}
	offset := f.offset
	for _, t := range f.run.program.table.Tries {
		if t.Function == f.function && t.From <= offset && offset < t.To {
			return true
		}
	}
	return false
}

// stackOf is the stack in an error's text; nil for a value that has none.
func (d *Debugger) stackOf(v goja.Value) []rawFrame {
	o, ok := v.(*goja.Object)
	if !ok {
		return nil
	}
	var stack []rawFrame
	for row := range strings.Lines(d.agent.dataString(o, "stack")) {
		row = strings.TrimRight(row, "\n")
		if !strings.HasPrefix(row, "\tat ") {
			continue
		}
		f := rawFrame{native: true}
		if m := frameAt.FindStringSubmatch(row); m != nil {
			f.native = false
			if f.url = m[1]; f.url == "<eval>" {
				f.url = ""
			}
			f.line, _ = strconv.Atoi(m[2])
			f.column, _ = strconv.Atoi(m[3])
			if name, _, ok := strings.Cut(strings.TrimPrefix(row, "\tat "), " ("); ok {
				f.name = name
			}
		}
		stack = append(stack, f)
	}
	return stack
}

// framesOf are the interpreter's frames as raw ones.
func framesOf(stack []goja.StackFrame) []rawFrame {
	out := make([]rawFrame, len(stack))
	for i := range stack {
		out[i] = rawOf(&stack[i])
	}
	return out
}

// rawOf is one of the interpreter's frames; without a URL for natives.
func rawOf(s *goja.StackFrame) rawFrame {
	if s.SrcName() == "<native>" {
		return rawFrame{native: true, name: nameOf(s)}
	}
	at := s.Position()
	return rawFrame{false, nameOf(s), at.Filename, at.Line, at.Column}
}
