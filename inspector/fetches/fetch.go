package fetches

import (
	"time"

	"github.com/swinspect/swinspect/inspector"
)

// Kind says what a row is.
type Kind string

// The kinds of row.
const (
	KindNavigation Kind = "navigation" // the request of a document
	KindFetch      Kind = "fetch"      // any other request of a client
	KindWorker     Kind = "worker"     // a worker's own request, of an event or of nobody known
	KindScript     Kind = "script"     // a worker's script or import
	KindPreload    Kind = "preload"    // navigation preload
)

// Fetch is one row. It never changes: a Log replaces it.
type Fetch struct {
	ID   string // unique in its log and the same whenever it is folded again
	Seq  uint64 // order of the requests, from 1
	Kind Kind
	// Parent is the ID of the row whose fetch event made this request; empty for none.
	Parent string

	Began time.Time
	// Where it is from. Client is the client's id as a worker sees it, where that is known.
	Instance, Context, Target, Frame, Client, ResultingClient string
	Page                                                      string // URL of the document that asked
	Initiator                                                 string // "script", "parser", "preload" … and where

	// The request.
	URL, Method                                         string
	Mode, Destination, Credentials, CacheMode, Redirect string
	Referrer                                            string
	RequestHeaders                                      []inspector.Header
	RequestBody                                         Body
	RedirectedFrom                                      string // ID of the row that redirected here

	// What became of it.
	Scope           string // of the registration whose worker it belongs to; empty: none
	Registration    string
	Version         string
	Decision        Decision
	Route           int // the rule that matched, from 1; 0: none
	Source          Source
	CacheName       string
	Status          int // 0: none came
	StatusText      string
	ResponseType    string // basic, cors, default, opaque, error …
	MIME            string
	ResponseHeaders []inspector.Header
	ResponseBody    Body
	Error           string // net::ERR_… or the worker's words
	Done            bool
	Timing          Timing

	// Steps is what an engine told; for a browser, what follows from the above.
	Steps []inspector.TraceStep
	// Inferred names the fields that were concluded rather than seen: "decision", "parent" …
	Inferred []string
}

// Body is a request's or response's body.
type Body struct {
	Hash string // "sha256:…" of its bytes; empty while they are not known
	Size int64  // of the bytes; -1 unknown
	// Missing is why the bytes are not there: "not recorded", "streamed", "too large" …
	Missing string
}

// Timing are spans since Began; negative where the step did not happen or was not told.
type Timing struct {
	WorkerStart, WorkerReady, FetchStart, RespondWithSettled time.Duration
	Response, End                                            time.Duration
}

// NoTiming is a timing of which nothing is known.
var NoTiming = Timing{-1, -1, -1, -1, -1, -1}

// Intercepted reports whether a fetch event was dispatched for it or a route matched.
func (f *Fetch) Intercepted() bool {
	switch f.Decision {
	case Responded, RespondError, FellThrough, RouteMatched:
		return true
	}
	return false
}

// IsInferred reports whether a field was concluded rather than seen.
func (f *Fetch) IsInferred(field string) bool {
	for _, name := range f.Inferred {
		if name == field {
			return true
		}
	}
	return false
}
