package inspector

import (
	"iter"
	"time"

	"github.com/chromedp/cdproto/cdp/jsonv2"

	"github.com/swinspect/swinspect/cdp"
)

// Apply folds one message into a state and says what changed. It is pure: s and
// m are not modified, the result shares with s what m did not touch, and the
// same arguments always give the same answer. A nil s is the empty state.
// Messages that mean nothing here, and params that cannot be decoded, only
// advance Seq and Time.
func Apply(s *State, m Message) (*State, []Change) {
	next := new(State)
	if s != nil {
		*next = *s
	}
	next.Seq++
	if m.Time.After(next.Time) {
		next.Time = m.Time
	}
	if m.Time.IsZero() {
		m.Time = next.Time
	}
	f := &fold{s: next, m: m, now: m.Time}
	if h := handlerOf(m); h != nil {
		h(f)
	}
	return next, f.changes
}

// Fold folds messages in order, starting from nothing.
func Fold(ms iter.Seq[Message]) *State {
	s := new(State)
	for m := range ms {
		s, _ = Apply(s, m)
	}
	return s
}

// ChangeKind says what one [Change] is about.
type ChangeKind = string

// The kinds of change.
const (
	ChangeConnection   ChangeKind = "connection"   // the link to the browser
	ChangeContext      ChangeKind = "context"      // a browser context or one of its settings
	ChangeRegistration ChangeKind = "registration" // registered, deleted, gone …
	ChangeVersion      ChangeKind = "version"      // status of a version: "installing → waiting"
	ChangeRunning      ChangeKind = "running"      // running status of a version: "stopped → starting"
	ChangeClient       ChangeKind = "client"       // a client appeared, left, is controlled
	ChangeError        ChangeKind = "error"        // workerErrorReported
	ChangeConsole      ChangeKind = "console"      // console call, log entry, exception
	ChangePause        ChangeKind = "pause"        // a debugger paused or resumed a worker
	ChangeSession      ChangeKind = "session"      // a session of swinspect keeps a worker alive, or no longer
	ChangeCache        ChangeKind = "cache"        // caches of a storage
	ChangeReceipt      ChangeKind = "receipt"      // an action was sent, confirmed …
	ChangeFacts        ChangeKind = "facts"        // something read on request
)

// Change is one thing that happened, in words. All changes of one message have
// that message's Seq.
type Change struct {
	Seq          uint64
	Time         time.Time
	Kind         ChangeKind
	Registration RegistrationKey
	Version      string // version id
	Client       string // target id
	What         string // "installing → waiting"
	Cause        string // "the last client left"; "" unknown
	Known        Provenance
}

// fold is the work of one Apply: the successor state, private until returned,
// and what was noted on the way. The methods that hand out pointers copy on
// first touch (fold_cow.go).
type fold struct {
	s       *State
	m       Message
	now     time.Time
	changes []Change
	copied  struct{ contexts, targets, registrations, storages, receipts bool }
}

type handler func(*fold)

// handlerOf finds the handler of a message, or nil.
func handlerOf(m Message) handler {
	switch m.Kind {
	case KindEvent:
		return eventHandlers[m.Method]
	case KindNote:
		return noteHandlers[m.Method]
	default: // replies are for their senders: what matters in them comes as a note
		return nil
	}
}

// eventHandlers is every CDP event the fold reads, by method; each domain's
// file brings its own.
var eventHandlers = tables(
	serviceWorkerEvents,
	targetEvents,
	storageEvents,
	workerEvents,
	traceEvents,
)

// tables joins tables of handlers.
func tables(of ...map[string]handler) map[string]handler {
	all := map[string]handler{}
	for _, t := range of {
		for method, h := range t {
			all[method] = h
		}
	}
	return all
}

// change notes a change; Seq, Time and a missing provenance are filled in.
func (f *fold) change(c Change) {
	c.Seq, c.Time = f.s.Seq, f.now
	if c.Known == "" {
		c.Known = Seen
	}
	f.changes = append(f.changes, c)
}

// decode reads JSON from a peer as leniently as the wire does: unknown and
// repeated names and bad text are fine, what does not fit the type is not.
func decode[T any](v jsonv2.Value) (t T, ok bool) {
	if len(v) == 0 {
		return t, false
	}
	err := cdp.Decode(v, &t)
	return t, err == nil
}
