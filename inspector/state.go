package inspector

import (
	"time"

	"github.com/chromedp/cdproto/serviceworker"
)

// State is everything known about one attached backend as of one moment. It is
// computed by [Apply] alone and is immutable: a State handed out never changes,
// and two States share what did not change between them.
type State struct {
	Seq           uint64    // messages folded so far
	Time          time.Time // time of the newest message
	Connection    Connection
	Contexts      []*Context
	Targets       []*Target       // live ones, sorted by Key
	Registrations []*Registration // live, deleted and gone ones, sorted by Key
	Storages      []*Storage      // caches and usage per storage key, sorted by key
	Receipts      []*Receipt      // actions, oldest first, the newest maxReceipts

	own     []TargetKey // targets made by swinspect, announced before they exist
	finding bool        // targets that are announced now were there at attach
}

// ConnectionStatus is how the link to a backend is.
type ConnectionStatus string

// The states of a connection.
const (
	Connecting ConnectionStatus = "connecting"
	Live       ConnectionStatus = "live"
	Gone       ConnectionStatus = "gone" // lost; attach retries by itself
	Closed     ConnectionStatus = "closed"
)

// Connection is the link to the backend, with the reason of its last loss.
type Connection struct {
	Status    ConnectionStatus
	Since     time.Time
	Reason    string // why it is gone, in words; "" while live
	Attempts  int    // failed attempts to come back since it was lost
	Endpoint  string // as the user wrote it
	Instance  string // id of the browser process, from its WebSocket URL
	Product   string // Browser.getVersion product, e.g. "Chrome/156.0.8078.79"
	UserAgent string
	Instances int // distinct browser instances seen under this endpoint
	// When and why it was lost last; zero when it never was, or the same process
	// was found again.
	LostAt  time.Time
	LostWhy string
}

// Context is one browser context (a profile or an incognito one).
type Context struct {
	Instance string
	ID       string // CDP BrowserContextID
	Default  bool
	Ordinal  int    // 0 for the default context, 1, 2 … for others in the order seen
	Label    string // "default", "context 1" …: stable name for people and URLs
	Gone     bool
	// Settings that swinspect holds on this context.
	UpdateOnReload   bool
	BypassForNetwork bool
	Offline          bool
	Problem          string // why this context cannot be watched, "" when it is
	// Traces says that the backend tells the steps it takes; Trace are the newest of
	// them, oldest first, and TraceMissed how many it did not tell.
	Traces      bool
	Trace       []TraceStep
	TraceMissed uint64

	trace      appendLog[TraceStep]
	rev        uint64    // Seq of the State this copy was made for
	expectRegs bool      // the next workerRegistrationUpdated lists everything
	expectVers bool      // the next workerVersionUpdated lists everything
	listedAt   time.Time // when all versions were last listed
}

// TargetKey names a target of one browser instance.
type TargetKey struct{ Instance, ID string }

// Target is a CDP target: a page, an iframe of its own process, a worker.
type Target struct {
	Key     TargetKey
	Context string // CDP BrowserContextID
	Type    string // page, iframe, worker, shared_worker, service_worker, other …
	URL     string
	Title   string
	Opener  string
	Parent  string // parent target of an iframe or worker where known
	Since   time.Time
	Own     bool // made by swinspect (a hidden target): not shown as a client
	// Storage key where it was read: "" unknown.
	StorageKey string

	loaded time.Time // when its URL last changed
	found  bool      // loaded is when it was found at attach, not when it changed
	kept   string    // why a session of swinspect is attached to it, "" when none is
}

// RegistrationKey names a registration: CDP's registration ids are unique only
// within one browser context of one browser instance.
type RegistrationKey struct{ Instance, Context, ID string }

// Provenance is how a fact is known.
type Provenance string

// How facts are known, in the words of the page.
const (
	Seen     Provenance = "seen"     // on the wire
	Inferred Provenance = "inferred" // concluded, with the reason beside it
	Traced   Provenance = "traced"   // told by the reference engine
)

// StorageKey is a storage key as Chromium serialises it.
type StorageKey struct {
	Raw          string // "https://a.example/" or "https://w.example/^0https://news.example"
	Origin       string // "https://w.example"
	TopLevelSite string // "https://news.example" when partitioned, "" when first party
	Known        Provenance
	Doubt        string // why an inferred key may be wrong, "" normally
}

// Partitioned reports whether the key is a third-party one.
func (k StorageKey) Partitioned() bool { return k.TopLevelSite != "" }

// Registration is a service worker registration with everything that is known
// of its history since swinspect attached.
type Registration struct {
	Key         RegistrationKey
	Scope       string // scope URL
	StorageKey  StorageKey
	FirstSeen   time.Time
	LastChanged time.Time
	DeletedAt   time.Time  // zero: not deleted
	GoneAt      time.Time  // zero: its browser is still there
	Ghost       string     // why this is only a shell (script answered 404 …), "" normally
	Versions    []*Version // in the order seen, oldest first; redundant ones stay
	Errors      []WorkerError
	// Read on request from inside the worker or a client; "" and nil: not read.
	UpdateViaCache    string
	NavigationPreload *NavigationPreload
	// ClientLog is who was controlled by which version and when, oldest first,
	// the newest maxClientLog.
	ClientLog []ClientPeriod

	clientLog  appendLog[ClientPeriod]
	slug       string // base of its slug, kept by the fold
	keyEvident bool   // StorageKey is concluded from a client, not just assumed
	rev        uint64 // Seq of the State this copy was made for
}

// ClientPeriod is a time during which a version controlled a client.
type ClientPeriod struct {
	Client  string // target id
	Version string
	URL     string // when it began
	Type    string // target type
	From    time.Time
	To      time.Time // zero: still so
	Cut     bool      // it began before it was seen
}

// NavigationPreload is the navigation preload state of a registration.
type NavigationPreload struct {
	Enabled bool
	Header  string
}

// Deleted reports whether the registration was unregistered.
func (r *Registration) Deleted() bool { return !r.DeletedAt.IsZero() }

// Alive reports whether the registration still exists in a live browser.
func (r *Registration) Alive() bool { return r.DeletedAt.IsZero() && r.GoneAt.IsZero() }

// Transition is one step of a version's life.
type Transition struct {
	Time    time.Time
	Status  serviceworker.VersionStatus
	Running serviceworker.VersionRunningStatus
}

// Version is one service worker of a registration.
type Version struct {
	ID                 string
	ScriptURL          string
	Status             serviceworker.VersionStatus        // new installing installed activating activated redundant
	Running            serviceworker.VersionRunningStatus // stopped starting running stopping
	TargetID           string                             // "" while stopped
	ScriptLastModified time.Time                          // Last-Modified of the main script
	ScriptResponseTime time.Time                          // when the script was last received or validated
	Clients            []string                           // target ids of controlled clients, newest report
	History            []Transition                       // every status or running change, oldest first
	Complete           bool                               // history was seen from its beginning ("new")
	Routes             []Route                            // static routing rules
	RoutesRaw          string                             // as sent, when it could not be parsed
	KeptAlive          string                             // why a session of swinspect keeps it alive, "" when none does
	Paused             *Pause                             // held by a debugger
	Scripts            []*Script                          // main script first, then imports; read on request
	Console            []ConsoleMessage                   // collected while attached
	// ClientsKnown is Inferred when Clients holds some that the newest event
	// no longer lists though nothing shows that they left: Chromium's
	// incremental events lag behind navigations, a snapshot is right.
	ClientsKnown Provenance

	rev        uint64 // Seq of the State this copy was made for
	history    appendLog[Transition]
	console    appendLog[ConsoleMessage]
	routesRaw  string    // routing rules as sent
	keptTarget string    // target whose session KeptAlive speaks of
	lastClient time.Time // when the last client left, zero: has clients or never had
}

// Pause is a debugger pause that swinspect saw on a worker's own session.
type Pause struct {
	Since  time.Time
	Reason string
	URL    string
	Line   int // 0-based
}

// Script is one script of a version, read through the Debugger domain.
type Script struct {
	URL    string
	ID     string
	Hash   string
	Length int
	Source string
	Module bool
	Main   bool
	ReadAt time.Time
}

// ConsoleMessage is one console call or log entry of a worker.
type ConsoleMessage struct {
	Time   time.Time
	Level  string // log info warning error debug
	Text   string
	URL    string
	Line   int    // 0-based, -1 unknown
	Source string // "console", "log", "exception"
}

// WorkerError is an error of a version (ServiceWorker.workerErrorReported),
// reported once even when Chromium sends it twice.
type WorkerError struct {
	Time      time.Time
	VersionID string
	Phase     string // install, activate, script, fetch …: from the version's status when it came, "" unknown
	Message   string
	URL       string
	Line      int // 1-based as CDP sends it, -1 unknown
	Column    int // -1 unknown
	Count     int // how often it was reported (duplicates of one report not counted)
}

// Route is one static routing rule (addRoutes).
type Route struct {
	ID        int64
	Condition RouteCondition
	Source    RouteSource
	Raw       string // JSON as sent
}

// RouteCondition is a router condition; empty fields do not constrain.
type RouteCondition struct {
	URLPattern         string // pattern string, or JSON of a URLPatternInit
	RequestMethod      string
	RequestMode        string
	RequestDestination string
	RunningStatus      string
	Or                 []RouteCondition
	Not                *RouteCondition
}

// RouteSource is where a matching request goes.
type RouteSource struct {
	Type      string // network, cache, fetch-event, race-network-and-fetch-handler, race-network-and-cache
	CacheName string
}

// StorageRef names the storage of one storage key in one context, in one of its
// buckets.
type StorageRef struct {
	Instance   string
	Context    string
	StorageKey string // serialised storage key
	Bucket     string // "" is the default bucket
}

// CacheRef names one cache.
type CacheRef struct {
	StorageRef
	Name string
}

// Storage is what is known of the caches and the usage of a storage key.
type Storage struct {
	Ref     StorageRef
	Caches  []*Cache  // in creation order, as CacheStorage.keys() answers
	ReadAt  time.Time // when the names were read; zero: never
	Stale   bool      // the browser said it changed since
	Error   string    // why it could not be read
	Usage   *Usage
	Buckets []string // names of other buckets

	rev      uint64 // Seq of the State this copy was made for
	bucketID string // CDP bucket id, "" unknown
}

// Cache is one cache of a storage. Its entries are not part of the State (they
// may be many): [Browser.Entries] hands them out.
type Cache struct {
	ID      string // CDP cache id
	Name    string
	Entries int // -1: not counted yet
	ReadAt  time.Time
	Stale   bool   // content changed since it was read
	Problem string // "too large to list …", "" normally
	Changes int    // content changes seen since attach
}

// Usage is the storage use of a storage key, in bytes.
type Usage struct {
	ReadAt    time.Time
	Usage     float64
	Quota     float64
	Breakdown map[string]float64 // by storage type, as CDP names it
	// Bodies is the sum of body sizes of all cache entries where they were
	// measured, Padding = cache_storage usage − Bodies when all were, else -1.
	Bodies  int64
	Padding int64
	Opaque  int // opaque responses among them
}

// CacheEntry is one request-response pair of a cache.
type CacheEntry struct {
	Index           int
	Method          string
	URL             string
	Status          int
	StatusText      string
	Type            string // basic cors default error opaque opaqueredirect
	ContentType     string
	RequestHeaders  []Header
	ResponseHeaders []Header
	Time            time.Time // when it was cached
	Vary            string
	Size            int64  // real body size in bytes; -1 not measured
	Problem         string // what is not known of it and why, "" normally
}

// Header is one header line.
type Header struct{ Name, Value string }

// Listing is the whole content of a cache, read once and paged locally.
type Listing struct {
	Ref     CacheRef
	Entries []CacheEntry
	ReadAt  time.Time
	Stale   bool
	TooBig  bool // Chromium refused to list it; lookup by URL still works
	Problem string
}

// Body is a cached response's body.
type Body struct {
	Data      []byte
	Size      int64 // whole size
	Truncated bool  // Data holds only the first bytes
	Type      string
}
