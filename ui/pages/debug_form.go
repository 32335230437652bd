package pages

import (
	"strconv"

	"github.com/swinspect/swinspect/breakpoints"
	"github.com/swinspect/swinspect/inspector/debugger"
	"github.com/swinspect/swinspect/ui/components"
)

// BreakpointForm adds a breakpoint, or changes one.
type BreakpointForm struct {
	Breakpoint breakpoints.Breakpoint
	Status     *debugger.Status // of the one that is changed; nil: a new one
	Preset     bool             // a place was chosen in the source
}

// NewBreakpointForm is the form that the address asks for: bp=ID changes one, new=KIND
// adds one of a kind, at=LINE at a place of the script in view.
func NewBreakpointForm(v DebugView) BreakpointForm {
	q := v.Address.Query
	for _, b := range v.Breakpoints {
		if id := q.Get("bp"); id != "" && b.ID == id {
			return BreakpointForm{Breakpoint: b.Breakpoint, Status: b}
		}
	}
	f := BreakpointForm{Breakpoint: breakpoints.Breakpoint{Kind: breakpoints.Event}}
	for _, k := range breakpoints.Kinds() {
		if q.Get("new") == string(k) {
			f.Breakpoint.Kind = k
		}
	}
	line, column := parsePlace(q.Get("at"))
	if line > 0 && f.Breakpoint.Kind == breakpoints.Line {
		if b := v.LineAt(line, max(column, 0)); b != nil {
			return BreakpointForm{Breakpoint: b.Breakpoint, Status: b}
		}
		f.Preset = true
		f.Breakpoint.Line = &breakpoints.LineAt{URL: v.Source.URL, Line: line, Column: max(column, 0)}
	}
	f.fillIn(v)
	return f
}

// fillIn gives the field of the kind, so that the form need not ask.
func (f *BreakpointForm) fillIn(v DebugView) {
	b := &f.Breakpoint
	switch b.Kind {
	case breakpoints.Line:
		if b.Line == nil {
			b.Line = &breakpoints.LineAt{URL: v.Source.URL}
		}
	case breakpoints.Event:
		b.Event = &breakpoints.EventAt{Type: "install"}
	case breakpoints.Lifecycle:
		b.Lifecycle = &breakpoints.LifecycleAt{State: "installed"}
	case breakpoints.Fetch:
		b.Fetch = &breakpoints.FetchAt{}
	case breakpoints.Cache:
		b.Cache = &breakpoints.CacheAt{Operation: "miss"}
	case breakpoints.Exception:
		b.Exception = &breakpoints.ExceptionAt{Which: "uncaught"}
	}
}

// key tells the fields of one form from those of another, so that what was typed into
// one does not stay in the next.
func (f BreakpointForm) key() string {
	k := string(f.Breakpoint.Kind)
	if f.Status != nil {
		k += "-" + f.Status.ID
	} else if f.Preset {
		k += "-" + strconv.Itoa(f.Breakpoint.Line.Line) + "." + strconv.Itoa(f.Breakpoint.Line.Column)
	}
	return k
}

func (f BreakpointForm) id(field string) string { return "bpf-" + f.key() + "-" + field }

func (f BreakpointForm) title() string {
	switch {
	case f.Status != nil:
		return "Change a breakpoint"
	case f.Preset:
		return "Breakpoint at line " + strconv.Itoa(f.Breakpoint.Line.Line)
	}
	return "Add a breakpoint"
}

// Option is a choice of a field.
type Option struct{ Value, Label string }

var kindOptions = []Option{
	{"line", "line"}, {"event", "event"}, {"lifecycle", "lifecycle"}, {"fetch", "fetch"},
	{"cache", "cache"}, {"exception", "exception"}, {"start", "start"},
}

var eventOptions = []Option{
	{"install", "install"}, {"activate", "activate"}, {"fetch", "fetch"}, {"message", "message"}, {"messageerror", "messageerror"},
	{"push", "push"}, {"sync", "sync"}, {"periodicsync", "periodicsync"}, {"notificationclick", "notificationclick"},
	{"notificationclose", "notificationclose"}, {"pushsubscriptionchange", "pushsubscriptionchange"}, {"*", "any"},
}

var lifecycleOptions = []Option{
	{"installing", "installing"}, {"installed", "waiting (installed)"}, {"activating", "activating"},
	{"activated", "activated"}, {"redundant", "redundant"}, {"controllerchange", "controllerchange"},
}

var fetchAtOptions = []Option{{"", "the fetch event"}, {"respondWith", "respondWith"}, {"request", "a request it makes"}}

var cacheOptions = []Option{
	{"miss", "match, miss"}, {"hit", "match, hit"}, {"match", "match"}, {"open", "open"}, {"put", "put, add, addAll"}, {"delete", "delete"}, {"", "any operation"},
}

var exceptionOptions = []Option{
	{"uncaught", "uncaught"}, {"all", "caught and uncaught"}, {"rejection", "unhandled rejection"}, {"respondWith", "failed respondWith"},
}

// withValue are options that hold a value, whatever it is.
func withValue(options []Option, value string) []Option {
	for _, o := range options {
		if o.Value == value {
			return options
		}
	}
	return append([]Option{{value, value}}, options...)
}

// scopeOptions restrict a breakpoint to this registration, or do not.
func (v DebugView) scopeOptions(now string) []Option {
	options := []Option{{"", "all"}}
	if v.Reg != nil {
		options = append(options, Option{v.Reg.Scope, "this scope"})
	}
	return withValue(options, now)
}

func numberValue(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

// plain is the address without what belongs to the form.
func (v DebugView) plain() string {
	return string(v.Address.With("bp", "", "new", "", "at", ""))
}

// keepForm are the parameters that the choice of a kind keeps.
func (v DebugView) keepForm() []components.Param { return v.Address.Keep("bp", "new", "at") }
