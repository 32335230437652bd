package script

import (
	"strings"

	"github.com/dop251/goja"
	"github.com/dop251/goja/file"
	"github.com/dop251/goja/token"
	"github.com/dop251/goja/unistring"
)

const assignToken = token.ASSIGN

// assignedName is what stands for the value in an assignment to a global name.
var assignedName = unistring.NewFromString("%assigned")

func emptyFile() *file.File { return file.NewFile("", "", 1) }

// frameNames is the goja.DynamicObject that an evaluation runs with: the variables of a
// frame, as far as the script's top level.
type frameNames struct {
	f      *Frame
	scopes map[string]found
}

// found is a variable of a scope.
type found struct {
	scope *FrameScope
	variableName
}

// object is the scope object of an evaluation in the frame.
func (f *Frame) object() *goja.Object {
	n := &frameNames{f: f, scopes: map[string]found{}}
	for _, s := range f.Scopes {
		if s.access == nil {
			continue
		}
		for _, name := range s.names() {
			n.add(s, name)
		}
		for _, name := range s.imported() {
			n.add(s, name)
		}
	}
	o := f.d.agent.rt.NewDynamicObject(n)
	_ = o.SetPrototype(nil)
	return o
}

func (n *frameNames) add(s *FrameScope, name variableName) {
	if _, covered := n.scopes[name.name]; !covered && !s.access.Hidden[name.index] {
		n.scopes[name.name] = found{s, name}
	}
}

// Get is of goja.DynamicObject; what the accessor throws, the evaluation throws.
func (n *frameNames) Get(key string) goja.Value {
	rt := n.f.d.agent.rt
	if x, ok := n.scopes[key]; ok {
		return n.value(x.scope.read(x.variableName))
	}
	switch key {
	case "%assigned":
		return n.f.assigned
	case evaluateThis:
		return n.value(n.f.ask(n.f.accessor, n.f.run.program.table.Probes[n.f.probe].This))
	case "arguments":
		if a := n.f.arguments(); a > 0 {
			return n.value(n.f.ask(n.f.accessor, a))
		}
	case evaluateField:
		return rt.ToValue(func(c goja.FunctionCall) goja.Value { return n.private(c, 0) })
	case evaluateWrite:
		return rt.ToValue(func(c goja.FunctionCall) goja.Value { return n.private(c, 1) })
	}
	return nil
}

// private reads a private name of an object, or writes it.
func (n *frameNames) private(c goja.FunctionCall, write int) goja.Value {
	p := n.f.run.program.table.Probes[n.f.probe]
	name := strings.TrimPrefix(c.Argument(0).String(), "#")
	for i, known := range p.Private {
		if strings.TrimPrefix(known, "#") == name {
			return n.value(n.f.ask(n.f.accessor, p.FirstPrivate+2*i+write, c.Argument(1), c.Argument(2)))
		}
	}
	panic(n.f.d.agent.rt.NewTypeError("Private field '#" + name + "' is not available here"))
}

func (n *frameNames) value(v goja.Value, err error) goja.Value {
	if err != nil {
		panic(Thrown(n.f.d.agent.rt, err))
	}
	return v
}

// Set is of goja.DynamicObject.
func (n *frameNames) Set(key string, v goja.Value) bool {
	x, ok := n.scopes[key]
	if !ok {
		return false
	}
	if x.constant {
		panic(n.f.d.agent.rt.NewTypeError("Assignment to constant variable."))
	}
	n.value(n.f.access(x.scope.access, 2*x.index+1, v))
	return true
}

// Has is of goja.DynamicObject.
func (n *frameNames) Has(key string) bool {
	if _, ok := n.scopes[key]; ok {
		return true
	}
	switch key {
	case "%assigned":
		return n.f.assigned != nil
	case evaluateThis, evaluateField, evaluateWrite:
		return n.f.Captured
	case "arguments":
		return n.f.arguments() > 0
	}
	return false
}

// Delete is of goja.DynamicObject.
func (n *frameNames) Delete(string) bool { return false }

// Keys is of goja.DynamicObject.
func (n *frameNames) Keys() []string { return nil }

// arguments is the accessor's number for arguments; 0: it has none.
func (f *Frame) arguments() int {
	if !f.Captured {
		return 0
	}
	return f.run.program.table.Probes[f.probe].Arguments
}
