package pages

import (
	"strconv"
	"strings"

	"github.com/swinspect/swinspect/breakpoints"
	"github.com/swinspect/swinspect/ui/components"
)

// BreakpointScript is a breakpoint as a statement of a session script.
func BreakpointScript(b breakpoints.Breakpoint) string {
	var o object
	switch {
	case b.Line != nil:
		o.text("url", b.Line.URL)
		o.number("line", b.Line.Line)
		o.number("column", b.Line.Column)
	case b.Event != nil:
		o.text("type", b.Event.Type)
	case b.Lifecycle != nil:
		o.text("state", b.Lifecycle.State)
	case b.Fetch != nil:
		o.text("url", b.Fetch.URL)
		o.text("method", b.Fetch.Method)
		o.text("mode", b.Fetch.Mode)
		o.text("destination", b.Fetch.Destination)
		o.text("client", b.Fetch.Client)
		o.text("at", b.Fetch.At)
	case b.Cache != nil:
		o.text("operation", b.Cache.Operation)
		o.text("cache", b.Cache.Cache)
		o.text("url", b.Cache.URL)
	case b.Exception != nil:
		o.text("which", b.Exception.Which)
	}
	o.text("scope", b.Scope)
	o.text("condition", b.Condition)
	o.number("skip", b.Skip)
	if b.Once {
		o = append(o, "once: true")
	}
	o.text("log", b.Log)
	head := "await browser.on(" + components.JSString(string(b.Kind))
	if len(o) > 0 {
		head += ", { " + strings.Join(o, ", ") + " }"
	}
	if b.Log != "" {
		return head + ");\n"
	}
	return head + ", async (paused) => {\n  console.log(paused.words);\n  await paused.resume();\n});\n"
}

// object is the members of an object literal.
type object []string

func (o *object) text(name, value string) {
	if value != "" {
		*o = append(*o, name+": "+components.JSString(value))
	}
}

func (o *object) number(name string, value int) {
	if value != 0 {
		*o = append(*o, name+": "+strconv.Itoa(value))
	}
}
