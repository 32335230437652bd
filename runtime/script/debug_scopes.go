package script

import (
	"errors"

	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/runtime/script/instrument"
)

// scope is what a FrameScope has for the debugger: a list of variables that the
// frame's accessor reaches, or the top-level ones of the scripts.
type scope struct {
	frame  *Frame
	access *instrument.Access
}

// scopes are those of a frame that was captured.
func (f *Frame) scopes() []*FrameScope {
	p := f.run.program
	probe := &p.table.Probes[f.probe]
	var out []*FrameScope
	local := f.function == 0
	for i := range probe.Access {
		a := &probe.Access[i]
		s := p.table.Scopes[a.Scope]
		from, to := p.place(s.From), p.place(s.To)
		x := &FrameScope{Kind: BlockScope, Line: from.line, Column: from.column, EndLine: to.line, EndColumn: to.column, scope: scope{f, a}}
		if s.Function != f.function && !local {
			out = append(out, f.empty())
			local = true
		}
		switch s.Kind {
		case instrument.CatchScope:
			x.Kind = CatchScope
		case instrument.ClassScope:
			x.Kind = ClassScope
		case instrument.FunctionScope:
			x.Kind, x.Name = ClosureScope, p.table.Functions[s.Function].Name
			switch {
			case s.Function == f.function:
				x.Kind, local = LocalScope, true
			case p.module && p.table.Functions[s.Function].Outer == 0:
				x.Kind = ModuleScope
			}
			if x.Kind == LocalScope && p.module && p.table.Functions[s.Function].Outer == 0 {
				x.Kind = ModuleScope
			}
		}
		out = append(out, x)
	}
	if !local {
		out = append(out, f.empty())
	}
	return append(out, f.outermost()...)
}

// empty is the scope of a function without variables.
func (f *Frame) empty() *FrameScope {
	return &FrameScope{Kind: LocalScope, Name: f.Function, scope: scope{f, &instrument.Access{Scope: -1}}}
}

// outermost are the scopes that every frame has.
func (f *Frame) outermost() []*FrameScope {
	global := &FrameScope{Kind: GlobalScope, Object: f.d.agent.rt.GlobalObject(), scope: scope{frame: f}}
	script := &FrameScope{Kind: ScriptScope, scope: scope{frame: f}}
	if len(script.lexical()) == 0 {
		return []*FrameScope{global}
	}
	return []*FrameScope{script, global}
}

// lexical are the top-level let, const and class names of the scripts that have run.
func (s *FrameScope) lexical() []variableName {
	d := s.frame.d
	d.mu.Lock()
	defer d.mu.Unlock()
	var names []variableName
	seen := map[string]bool{}
	for _, script := range d.scripts {
		if script.source > 0 {
			continue
		}
		for _, n := range script.run.program.table.Lexical {
			if !seen[n.Name] {
				seen[n.Name] = true
				names = append(names, variableName{name: n.Name, constant: n.Constant, index: len(names)})
			}
		}
	}
	return names
}

// names are the names of the scope.
func (s *FrameScope) names() []variableName {
	switch {
	case s.access != nil && s.access.Scope >= 0:
		return s.frame.run.program.namesOf(s.access.Scope, s.source())
	case s.access == nil && s.Kind == ScriptScope:
		return s.lexical()
	}
	return nil
}

// Variables lists the scope's variables in the order of their declarations; none of
// the global scope, whose Object has them.
func (s *FrameScope) Variables() []Variable {
	var out []Variable
	for _, n := range s.names() {
		v := Variable{Name: n.name, Constant: n.constant}
		value, err := s.read(n)
		switch {
		case s.access != nil && s.access.Hidden[n.index]:
			v.Missing = "not available"
		case err != nil:
			v.Missing = "not initialised"
		default:
			v.Value = value
		}
		out = append(out, v)
	}
	return out
}

// Set assigns to a variable; what the assignment throws is the error.
func (s *FrameScope) Set(name string, v goja.Value) error {
	d := s.frame.d
	if s.Kind == GlobalScope {
		return d.agent.Try(func() {
			if err := s.Object.Set(name, v); err != nil {
				panic(err)
			}
		})
	}
	for _, n := range s.names() {
		if n.name != name {
			continue
		}
		if n.constant {
			return d.agent.Try(func() { panic(d.agent.rt.NewTypeError("Assignment to constant variable.")) })
		}
		if s.access == nil {
			_, err := s.frame.assign(name, v)
			return err
		}
		if s.access.Hidden[n.index] {
			return ErrNotCaptured
		}
		_, err := s.frame.access(s.access, 2*n.index+1, v)
		return err
	}
	return d.agent.Try(func() { panic(newError(d.agent.rt, "ReferenceError", name+" is not defined")) })
}

// read reads a variable of the scope.
func (s *FrameScope) read(n variableName) (goja.Value, error) {
	switch {
	case s.access == nil:
		return s.frame.d.lookup(n.name)
	case n.index < 0:
		return s.frame.namespace(s.access, n.namespace), nil
	}
	return s.frame.access(s.access, 2*n.index)
}

// access calls a frame's accessor, or the function of one of its outer scopes.
func (f *Frame) access(a *instrument.Access, n int, more ...goja.Value) (goja.Value, error) {
	if a.Values {
		return f.passed(a, n, more)
	}
	call := f.accessor
	if a.Thunk >= 0 {
		if a.Thunk >= len(f.thunks) {
			return nil, ErrNotCaptured
		}
		call, _ = goja.AssertFunction(f.thunks[a.Thunk])
	}
	return f.ask(call, a.First+n, more...)
}

// passed is access to a variable that the probe has passed.
func (f *Frame) passed(a *instrument.Access, n int, more []goja.Value) (goja.Value, error) {
	if n/2 >= a.Ready {
		name := f.run.program.table.Scopes[a.Scope].Names[n/2].Name
		return nil, f.d.agent.Try(func() {
			panic(newError(f.d.agent.rt, "ReferenceError", "Cannot access '"+name+"' before initialization"))
		})
	}
	i := a.First + n/2
	if n%2 == 0 {
		return f.thunks[i], nil
	}
	if !f.top {
		return nil, errPassed
	}
	f.thunks[i], f.changed = more[0], true
	return more[0], nil
}

// errPassed is a variable of a loop in a caller: the caller has gone on without taking
// it back.
var errPassed = errors.New("a variable of a loop can be set in the innermost frame only")

// ask calls an accessor with a number.
func (f *Frame) ask(call goja.Callable, n int, more ...goja.Value) (goja.Value, error) {
	if call == nil {
		return nil, ErrNotCaptured
	}
	d := f.d
	return d.quietly(func() (goja.Value, error) {
		return d.agent.Call(call, goja.Undefined(), append([]goja.Value{d.agent.rt.ToValue(n)}, more...)...)
	})
}

// This is the frame's this; nil when there is none yet or the frame was not captured.
func (f *Frame) This() goja.Value {
	if !f.Captured {
		return nil
	}
	v, err := f.ask(f.accessor, f.run.program.table.Probes[f.probe].This)
	if err != nil {
		return nil
	}
	return v
}

// activation is the number of an async function's call; 0 for others.
func (f *Frame) activation() int64 {
	n := f.run.program.table.Probes[f.probe].Activation
	if n < 0 {
		return 0
	}
	v, err := f.ask(f.accessor, n)
	if err != nil {
		return 0
	}
	return v.ToInteger()
}

// callOf is the activation of the frame in which a probe stands.
func (d *Debugger) callOf(h *hit) int64 {
	if h.frame != nil {
		return h.frame.call
	}
	f := Frame{frame: frame{d: d, run: h.run, probe: h.probe}}
	f.accessor, _ = goja.AssertFunction(h.arguments[1])
	return f.activation()
}
