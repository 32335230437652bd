package inspector

import "time"

// ActionKind is something swinspect can ask of a backend.
type ActionKind string

// The actions. Each names what proves it.
const (
	Update            ActionKind = "update"             // new version appears, or script validated and identical
	SkipWaiting       ActionKind = "skip waiting"       // the waiting version becomes activated
	Unregister        ActionKind = "unregister"         // registration isDeleted
	Start             ActionKind = "start"              // running
	Stop              ActionKind = "stop"               // stopped
	StopAll           ActionKind = "stop all"           // no version of the context runs
	Push              ActionKind = "push"               // the worker runs and the push event was recorded
	Sync              ActionKind = "sync"               // likewise
	PeriodicSync      ActionKind = "periodic sync"      // likewise
	SetUpdateOnReload ActionKind = "update on reload"   // reply (a setting of swinspect's own session)
	SetBypass         ActionKind = "bypass for network" // reply of every page session
	SetOffline        ActionKind = "offline"            // reply of every page and worker session
	DeleteCache       ActionKind = "delete cache"       // the name is gone from a fresh list
	DeleteEntry       ActionKind = "delete entry"       // the entry is gone from a fresh look
	ClearSiteData     ActionKind = "clear site data"    // registrations deleted and caches empty
	FocusClient       ActionKind = "focus client"       // reply (Target.activateTarget)
	ReloadClient      ActionKind = "reload client"      // a new load of the page
	CloseClient       ActionKind = "close client"       // targetDestroyed
	SetConsole        ActionKind = "console"            // attach to the worker for source and console (keeps it alive)
)

// Action is one request to a backend. Which fields matter follows from Kind;
// what it names must exist or it is refused before anything is sent.
type Action struct {
	Kind         ActionKind
	Registration RegistrationKey
	Version      string   // version id, for Stop and SetConsole; "" picks the running one
	Client       string   // target id
	Context      string   // for settings and StopAll
	Data         string   // push payload (text; CDP carries text only)
	Binary       bool     // Data is base64 of bytes that are not text
	Tag          string   // sync tag
	On           bool     // for settings
	Cache        CacheRef // for cache actions
	URL          string   // entry URL
	Storage      StorageRef
}

// Outcome is what became of an action.
type Outcome string

// The outcomes of an action.
const (
	Sent      Outcome = "sent"
	Confirmed Outcome = "confirmed"
	NoEffect  Outcome = "no effect" // deadline passed without the proving event
	Failed    Outcome = "failed"
)

// Receipt is an action with its outcome and the proof of it.
type Receipt struct {
	ID       uint64
	Action   Action
	Subject  string // what it acted on, in words: scope, version, cache …
	Outcome  Outcome
	SentAt   time.Time
	EndedAt  time.Time // zero while sent
	Deadline time.Time // when it will be called without effect
	Detail   string    // the proof, or the reason of failure
}
