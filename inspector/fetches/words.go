package fetches

// Decision is how a request and the service workers met. The words are the same on
// the page, on the command line, in JSON and in scripts.
type Decision string

// The decisions.
const (
	NotControlled     Decision = "not-controlled"      // its client has no controller, or no scope matched
	Bypassed          Decision = "bypassed"            // "bypass for network", a hard reload, or the worker's own request
	RouteMatched      Decision = "route-matched"       // a static route decided
	NoFetchHandler    Decision = "no-fetch-handler"    // the worker does not listen to fetch
	EmptyFetchHandler Decision = "empty-fetch-handler" // it listens, and its handlers do nothing
	FellThrough       Decision = "fell-through"        // the event was dispatched and nobody called respondWith
	Responded         Decision = "responded"           // respondWith gave a response
	RespondError      Decision = "respond-error"       // respondWith gave an error, or the handler prevented the default
	Pending           Decision = "pending"             // nothing is known yet
	Unknown           Decision = "unknown"             // the backend does not tell
)

// Decisions are all of them.
var Decisions = []Decision{NotControlled, Bypassed, RouteMatched, NoFetchHandler, EmptyFetchHandler, FellThrough, Responded, RespondError, Pending, Unknown}

// Source is where the bytes of a response came from.
type Source string

// The sources.
const (
	FromWorker    Source = "worker"     // a Response that the worker made
	FromCache     Source = "cache"      // Cache Storage; the row has the cache's name
	FromNetwork   Source = "network"    // a server
	FromPreload   Source = "preload"    // navigation preload
	FromHTTPCache Source = "http-cache" // the browser's own cache
	FromNowhere   Source = "none"       // there was no response
	FromUnknown   Source = "unknown"    // the backend does not tell
)

// Sources are all of them.
var Sources = []Source{FromWorker, FromCache, FromNetwork, FromPreload, FromHTTPCache, FromNowhere, FromUnknown}
