// Package debugger is the debugger of a browser's service workers, over CDP alone: the
// same for Chromium and for the embedded engine.
//
// While it is on, every service worker that starts is held before its script runs,
// given the breakpoints, and let go. Nothing is awaited before that, because Chromium
// answers some commands only afterwards.
//
// Lines and columns count from 1.
package debugger

import (
	"encoding/json"
	"errors"
	"time"

	"github.com/swinspect/swinspect/breakpoints"
	"github.com/swinspect/swinspect/inspector"
)

// Errors that callers can branch on.
var (
	ErrOff        = errors.New("the debugger is off")
	ErrNoThread   = errors.New("no such worker")
	ErrNotPaused  = errors.New("the worker is not paused")
	ErrNoFrame    = errors.New("no such frame")
	ErrNoWayBack  = errors.New("this worker cannot be stepped back")
	ErrStaleValue = errors.New("the value belongs to a pause that is over")
	// ErrEvaluationStopped says that what is evaluated is not over, and why.
	ErrEvaluationStopped = errors.New("the evaluation stopped at a breakpoint: resume to let it go on")
)

// DrivenError says that somebody else drives: many may watch, one may drive.
type DrivenError struct{ By string }

func (e *DrivenError) Error() string {
	return "the debugger is driven by " + e.By + ": take over, or only watch"
}

// State is what a [Debugger] shows at a moment; it never changes.
type State struct {
	On      bool      `json:"on"`
	Since   time.Time `json:"since,omitzero"`
	Driver  string    `json:"driver,omitempty"` // who drives; empty: nobody yet
	Problem string    `json:"problem,omitempty"`
	// Active is false while all breakpoints are switched off together.
	Active      bool      `json:"active"`
	Threads     []*Thread `json:"threads"`
	Breakpoints []*Status `json:"breakpoints"`
	Log         []LogLine `json:"log,omitempty"` // newest last, at most 1,000
}

// Paused lists the threads that are paused, oldest pause first.
func (s *State) Paused() []*Thread {
	var all []*Thread
	for _, t := range s.Threads {
		if t.Pause != nil {
			all = append(all, t)
		}
	}
	return all
}

// Thread finds a thread by its id; nil when there is none.
func (s *State) Thread(id string) *Thread {
	for _, t := range s.Threads {
		if t.ID == id {
			return t
		}
	}
	return nil
}

// Thread is a service worker.
type Thread struct {
	ID           string                    `json:"id"` // the CDP target id; stays over restarts where the browser keeps it
	Registration inspector.RegistrationKey `json:"registration"`
	Scope        string                    `json:"scope"`
	Version      string                    `json:"version"` // the version's id
	URL          string                    `json:"url"`     // of the script
	// Status is starting (held before its script), running, paused, stopped.
	Status string `json:"status"`
	Pause  *Pause `json:"pause,omitempty"`
	// Words say what the reader must know: "restarted to be debugged".
	Words string `json:"words,omitempty"`
}

// Pause is a worker that is held.
type Pause struct {
	ID    uint64           `json:"id"` // counts up; a value's handle is good for one pause
	Stop  breakpoints.Stop `json:"stop"`
	Since time.Time        `json:"since"`
	// ResumesAt is when the watchdog lets the worker go; zero: it was told to keep it.
	ResumesAt time.Time `json:"resumesAt,omitzero"`
	Frames    []Frame   `json:"frames"`
	// Holding says what the pause holds up: "1 fetch of http://…/", "skipWaiting of #131".
	Holding []string `json:"holding,omitempty"`
	// CanStepBack: Debugger.StepBack works here.
	CanStepBack bool `json:"canStepBack,omitempty"`
	// Past is set while an earlier moment of the event is shown, see Debugger.StepBack.
	Past *Past `json:"past,omitempty"`
}

// Past is a statement of an event that has run already: the At-th, from 1, of those up to
// the Of-th, where the worker is really paused.
type Past struct {
	At int `json:"at"`
	Of int `json:"of"`
}

// Frame is one call of the stack, innermost first.
type Frame struct {
	Index    int    `json:"index"`
	Function string `json:"function"` // "" for the top level: shown as (anonymous) or (script)
	ScriptID string `json:"scriptId"`
	URL      string `json:"url"`
	Line     int    `json:"line"`
	Column   int    `json:"column"`
	// Async, when set, says how the frames from here on led to those above: "await",
	// "Promise.then", "dispatched by". Such frames have no scopes.
	Async   string  `json:"async,omitempty"`
	Library bool    `json:"library,omitempty"` // of a script that is not stepped into
	Scopes  []Scope `json:"scopes,omitempty"`
	This    *Value  `json:"this,omitempty"`
	Return  *Value  `json:"return,omitempty"`
	// Original is where this is in the source before bundling, when a source map says.
	Original *Place `json:"original,omitempty"`
}

// Place is a position in a source.
type Place struct {
	URL    string `json:"url"`
	Line   int    `json:"line"`
	Column int    `json:"column"`
}

// Scope is a list of variables; Object is a handle for [Debugger.Properties].
type Scope struct {
	Type   string `json:"type"` // local, block, closure, catch, class, script, module, with, global
	Name   string `json:"name,omitempty"`
	Object string `json:"object"`
}

// Value is a JavaScript value as it is shown.
type Value struct {
	Type    string          `json:"type"` // CDP's Runtime.RemoteObject.type
	Subtype string          `json:"subtype,omitempty"`
	Class   string          `json:"class,omitempty"`
	Text    string          `json:"text"`             // "Response 200 https://…", "'v2'", "not initialised"
	JSON    json.RawMessage `json:"json,omitempty"`   // of primitives and on request
	Object  string          `json:"object,omitempty"` // handle for Properties; good until the worker resumes
}

// Property is a named value.
type Property struct {
	Name     string `json:"name"`
	Value    Value  `json:"value"`
	Writable bool   `json:"writable"`
	Own      bool   `json:"own"`
	Internal bool   `json:"internal,omitempty"` // [[PromiseState]] and the like
	Getter   bool   `json:"getter,omitempty"`   // not evaluated
}

// Status is a breakpoint with what became of it.
type Status struct {
	breakpoints.Breakpoint
	Hits     int                   `json:"hits"`
	Settings []breakpoints.Setting `json:"settings,omitempty"`
	// Problem says why it can stop nothing now, in words; empty when it can.
	Problem string `json:"problem,omitempty"`
}

// LogLine is what a logpoint or the console of a worker said.
type LogLine struct {
	Seq        uint64    `json:"seq"` // counts up from 1 as long as the debugger lives
	Time       time.Time `json:"time"`
	Thread     string    `json:"thread"`
	Breakpoint string    `json:"breakpoint,omitempty"`
	Level      string    `json:"level"` // log, warning, error, input, result
	Text       string    `json:"text"`
	URL        string    `json:"url,omitempty"`
	Line       int       `json:"line,omitempty"`
}

// Script is a script that a worker has run.
type Script struct {
	ID        string `json:"id"`
	URL       string `json:"url"`
	Module    bool   `json:"module,omitempty"`
	SourceMap string `json:"sourceMap,omitempty"`
	Lines     int    `json:"lines"`
}

// Options of a debugger.
type Options struct {
	// Name says who drives: "the page", "a script", "an editor".
	Name string
	// Watchdog is how long a forgotten pause lasts; 0: 5 minutes, below 0: for ever.
	Watchdog time.Duration
}
