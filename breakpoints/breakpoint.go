// Package breakpoints says what to stop a service worker at. What the user asked for
// ([Breakpoint]), where that was set in one worker ([Setting]) and why a worker stopped
// ([Stop]) are three types: one breakpoint has a setting in every worker it concerns,
// and a stop names the breakpoints it is due to.
//
// Lines and columns count from 1, columns in UTF-16 code units. The package knows no
// browser: it is shared by those that set breakpoints and those that show them.
package breakpoints

// Kind is what a breakpoint stops at.
type Kind string

// The kinds. The field of [Breakpoint] with a kind's name says more.
const (
	Line      Kind = "line"      // a line of a script
	Event     Kind = "event"     // an event of a worker, before its first handler
	Lifecycle Kind = "lifecycle" // a version enters a state
	Fetch     Kind = "fetch"     // a fetch event, an answer to one, or a request of the worker
	Cache     Kind = "cache"     // an operation on a cache
	Exception Kind = "exception" // something was thrown
	Start     Kind = "start"     // a worker starts, before its script evaluates
)

// Kinds lists them in the order in which they are shown.
func Kinds() []Kind { return []Kind{Line, Event, Lifecycle, Fetch, Cache, Exception, Start} }

// Breakpoint is what the user asked for. The zero value of a field restricts nothing.
type Breakpoint struct {
	// ID is given by the [Set] that holds the breakpoint: "1", "2", ….
	ID       string `json:"id"`
	Kind     Kind   `json:"kind"`
	Disabled bool   `json:"disabled,omitempty"`
	// Scope restricts it to the workers of registrations whose scope URL matches this
	// pattern (see [MatchURL]).
	Scope string `json:"scope,omitempty"`

	Line      *LineAt      `json:"line,omitempty"`
	Event     *EventAt     `json:"event,omitempty"`
	Lifecycle *LifecycleAt `json:"lifecycle,omitempty"`
	Fetch     *FetchAt     `json:"fetch,omitempty"`
	Cache     *CacheAt     `json:"cache,omitempty"`
	Exception *ExceptionAt `json:"exception,omitempty"`

	// Condition is a JavaScript expression, evaluated in the frame that would stop;
	// what is falsy goes on, what throws stops and says so.
	Condition string `json:"condition,omitempty"`
	// Skip is how many hits to let pass before the first stop.
	Skip int `json:"skip,omitempty"`
	// Once removes the breakpoint after its first stop.
	Once bool `json:"once,omitempty"`
	// Log is a message to write instead of stopping; {expression} is replaced by its
	// value in the frame, {{ and }} are braces.
	Log string `json:"log,omitempty"`
}

// LineAt is where a line breakpoint stands.
type LineAt struct {
	// URL is the script's, or a pattern (see [MatchURL]).
	URL  string `json:"url"`
	Line int    `json:"line"`
	// Column is 0 for the first place of the line where it can stop.
	Column int `json:"column,omitempty"`
	// Text is what the line said when the breakpoint was set, without the white space
	// around it: when the script changes, the breakpoint follows the text.
	Text string `json:"text,omitempty"`
}

// EventAt is the type of an event: install, activate, fetch, push, sync, periodicsync,
// message, messageerror, notificationclick, notificationclose, pushsubscriptionchange, …;
// "*" is every one.
type EventAt struct {
	Type string `json:"type"`
}

// LifecycleAt is the state that a version enters: installing, installed (or its other
// name, waiting), activating, activated, redundant; or controllerchange.
type LifecycleAt struct {
	State string `json:"state"`
}

// FetchAt restricts a fetch breakpoint; URL is a pattern.
type FetchAt struct {
	URL         string `json:"url,omitempty"`
	Method      string `json:"method,omitempty"`
	Mode        string `json:"mode,omitempty"`
	Destination string `json:"destination,omitempty"`
	Client      string `json:"client,omitempty"` // the client's id or a pattern of its URL
	// At is dispatch (or empty), respondWith, or request: one that the worker makes.
	At string `json:"at,omitempty"`
}

// CacheAt restricts a cache breakpoint; Cache is a pattern of names (* and ?), URL one
// of request URLs.
type CacheAt struct {
	// Operation is open, match, hit, miss, put (also add and addAll) or delete; empty is
	// every one. match is any lookup, hit and miss are its outcomes.
	Operation string `json:"operation,omitempty"`
	Cache     string `json:"cache,omitempty"`
	URL       string `json:"url,omitempty"`
}

// ExceptionAt is all, uncaught, rejection (unhandled) or respondWith (rejected, or given
// what is no Response).
type ExceptionAt struct {
	Which string `json:"which"`
}

// Setting is what became of a breakpoint in one worker.
type Setting struct {
	Breakpoint string `json:"breakpoint"`
	Target     string `json:"target"`  // the worker's CDP target
	Version    string `json:"version"` // the service worker version's id
	URL        string `json:"url,omitempty"`
	Line       int    `json:"line,omitempty"` // where it stands now; 0 when it is not at a line
	Column     int    `json:"column,omitempty"`
	// Moved says, in words, that and why the line differs from the one asked for.
	Moved string `json:"moved,omitempty"`
	// Problem says why it could not be set; empty when it is.
	Problem string `json:"problem,omitempty"`
}

// Stop is why a worker stopped.
type Stop struct {
	// Reason is a [Kind], or step, pause (asked for), debugger (a statement).
	Reason string `json:"reason"`
	// Breakpoints are the ids of those that were hit.
	Breakpoints []string `json:"breakpoints,omitempty"`
	// Words say it: "cache.match missed 'v2' for /app.js".
	Words string `json:"words"`

	Event     string `json:"event,omitempty"` // type of the event that is being handled
	URL       string `json:"url,omitempty"`   // of the request
	Method    string `json:"method,omitempty"`
	Client    string `json:"client,omitempty"`
	Cache     string `json:"cache,omitempty"` // name of the cache
	Operation string `json:"operation,omitempty"`
	State     string `json:"state,omitempty"` // that the version entered
	Error     string `json:"error,omitempty"` // what was thrown, described; or what the condition threw
	Hits      int    `json:"hits,omitempty"`  // of the first breakpoint, this one included
}
