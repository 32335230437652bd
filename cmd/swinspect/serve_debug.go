package main

import (
	"github.com/swinspect/swinspect/breakpoints"
	"github.com/swinspect/swinspect/inspector"
	"github.com/swinspect/swinspect/inspector/debugger"
	"github.com/swinspect/swinspect/ui"
	"github.com/swinspect/swinspect/ui/pages"
)

// projectBreakpoints are those of the folder that swinspect was started in. A file that
// cannot be read is told, left alone, and does not keep the page from being served.
func projectBreakpoints(io stdio) *breakpoints.Set {
	set, err := breakpoints.OpenSet(".")
	if err != nil {
		io.say("swinspect: %s; breakpoints are not kept", clean(err.Error()))
		return breakpoints.NewSet()
	}
	return set
}

// debuggers makes the page's debugger of a browser, off.
func debuggers(set *breakpoints.Set) func(ui.Browser) ui.Debugger {
	return func(b ui.Browser) ui.Debugger {
		live, ok := b.(*inspector.Browser)
		if !ok {
			return nil
		}
		return debugger.New(live, set, debugger.Options{Name: pages.DebugDriver})
	}
}
