package devtools

import (
	"slices"

	"github.com/chromedp/cdproto/debugger"

	"github.com/swinspect/swinspect/runtime/script"
)

// debugSession is what a session asked for with Debugger; guarded by Server.mu.
type debugSession struct {
	breakpoints map[string]*asked
	inactive    bool // setBreakpointsActive(false)
	skip        bool
	exceptions  script.ExceptionMode
	blackbox    []pattern
	anonymous   bool // scripts without a URL are blackboxed, too
	ranges      map[string][]position
	asyncDepth  int64
	before      map[string]bool // instrumentation breakpoints
}

// position is a place in a script, both from 0.
type position struct{ line, column int }

func (p position) before(o position) bool {
	return p.line < o.line || p.line == o.line && p.column < o.column
}

// asked is a breakpoint as a session asked for it. It stands in every script that it
// fits, now and later.
type asked struct {
	id           string
	url, hash    string
	regex        *pattern
	script       string // id of the only script
	line, column int    // from 0; column -1: the first of the line
	condition    string
	// carried is set when the worker was restarted: a client that knows of the restart
	// may ask for it once more.
	carried bool
}

// The first numbers of the ids that V8 gives to breakpoints.
const (
	byURL     = 1
	byRegex   = 2
	byHash    = 3
	byScript  = 4
	atStart   = 8
	positions = "%d:%d:%d:%s"
)

func (a *asked) fits(x *sourced) bool {
	switch {
	case a.script != "":
		return a.script == x.id
	case a.url != "":
		return a.url == x.source.URL
	case a.regex != nil:
		return a.regex.matches(x.source.URL)
	}
	return a.hash != "" && a.hash == x.hash
}

// stopsBefore reports whether the session wants to stop before a script runs.
func (d *debugSession) stopsBefore(x *sourced) bool {
	if d.skip || len(d.before) == 0 {
		return false
	}
	const prefix = "8:"
	return d.before[prefix+string(debugger.SetInstrumentationBreakpointInstrumentationBeforeScriptExecution)] ||
		d.before[prefix+string(debugger.SetInstrumentationBreakpointInstrumentationBeforeScriptWithSourceMapExecution)] && sourceMapOf(x.text) != ""
}

// blackboxes reports whether the session has blackboxed anything.
func (d *debugSession) blackboxes() bool {
	return d.anonymous || len(d.blackbox) > 0 || len(d.ranges) > 0
}

// ignores reports whether the session has blackboxed a script.
func (d *debugSession) ignores(x *sourced) bool {
	if x.source.URL == "" {
		return d.anonymous
	}
	if slices.ContainsFunc(d.blackbox, func(p pattern) bool { return p.matches(x.source.URL) }) {
		return true
	}
	r := d.ranges[x.id]
	return len(r) == 1 && r[0] == position{} // all of it
}

// inRange reports whether a place is in one of the script's blackboxed ranges: its
// positions are where that changes.
func (d *debugSession) inRange(x *sourced, at position) bool {
	n := 0
	for _, p := range d.ranges[x.id] {
		if at.before(p) {
			break
		}
		n++
	}
	return n%2 == 1
}
