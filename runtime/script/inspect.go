package script

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/dop251/goja"
)

// dataString is a property's text when it is plain data: looking for it calls no
// getter and no trap.
func (a *Agent) dataString(o *goja.Object, name string) string {
	for depth := 0; o != nil && depth < 16 && o.ClassName() != "Proxy"; depth++ {
		if descriptor, found := a.ownDescriptor(o, name); found {
			v := descriptor.Get("value")
			if _, isObject := v.(*goja.Object); v == nil || isObject {
				return ""
			}
			return safeString(v)
		}
		o = o.Prototype()
	}
	return ""
}

// ownDescriptor is Object.getOwnPropertyDescriptor as it was before any script ran.
func (a *Agent) ownDescriptor(o *goja.Object, name string) (*goja.Object, bool) {
	v, err := a.Call(a.getOwnPropertyDescriptor, goja.Undefined(), o, a.rt.ToValue(name))
	if err != nil {
		return nil, false
	}
	descriptor, found := v.(*goja.Object)
	return descriptor, found
}

// safeString is v's text without running script.
func safeString(v goja.Value) string {
	switch v := v.(type) {
	case *goja.Object:
		return "#<" + v.ClassName() + ">" // as V8 has it
	case *goja.Symbol:
		return "Symbol(" + v.String() + ")"
	}
	return v.String()
}

// frameAt finds a frame's place in goja's stack text: "at f (https://x/sw.js:3:5(12))".
var frameAt = regexp.MustCompile(`^\s*at (?:.*\()?(.*?):(\d+):(\d+)(?:\(\d+\))?\)?\s*$`)

// topFrame is the place of the first frame of a stack that is a script's.
func topFrame(stack string) (url string, line, column int) {
	for row := range strings.Lines(stack) {
		m := frameAt.FindStringSubmatch(strings.TrimRight(row, "\n"))
		if m == nil || strings.HasPrefix(m[1], "swinspect:") || m[1] == "<native>" {
			continue
		}
		line, _ = strconv.Atoi(m[2])
		column, _ = strconv.Atoi(m[3])
		return m[1], line, column
	}
	return "", 0, 0
}
