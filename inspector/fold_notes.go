package inspector

import (
	"time"

	"github.com/chromedp/cdproto/cdp/jsonv2"

	"github.com/swinspect/swinspect/cdp"
)

// Note is a fact of swinspect itself, as params of a [Message] of [KindNote].
type Note interface{ NoteMethod() string }

// NewNote makes the message of a note. Instance and context say what it is
// about where the note does not.
func NewNote(t time.Time, instance, context string, n Note) Message {
	params, err := cdp.Encode(n)
	if err != nil {
		params = nil // not reachable with the notes below, which are plain data
	}
	return Message{Time: t, Kind: KindNote, Instance: instance, Context: context, Method: n.NoteMethod(), Params: params}
}

// NoteConnecting says that an attach (or a new try) begins.
type NoteConnecting struct{ Endpoint string }

// NoteAttached says that the link is up, before any event of it. Message.Instance
// is the browser's. All targets are forgotten (discovery announces them again),
// registrations of other instances become gone, and the first
// workerRegistrationUpdated and workerVersionUpdated of each context are taken
// as complete lists, as ServiceWorker.enable sends them.
//
// With Listing, the targets announced before NoteListed were there already.
type NoteAttached struct {
	Endpoint, Product, UserAgent string
	Listing                      bool `json:",omitempty"`
}

// NoteListed says that the targets which were there at attach were announced.
type NoteListed struct{}

// NoteGone says that the link is lost, and why.
type NoteGone struct{ Reason string }

// NoteRetry says that an attempt to come back failed.
type NoteRetry struct {
	Attempt int
	Reason  string
	Next    time.Time
}

// NoteClosed says that the user detached.
type NoteClosed struct{ Reason string }

// NoteContexts lists all browser contexts of the instance, in order. Those of
// the instance not listed are gone.
type NoteContexts struct{ Contexts []NoteContext }

// NoteContext is one browser context; Problem is why it cannot be watched.
type NoteContext struct {
	ID      string
	Default bool
	Problem string
}

// NoteSnapshot is what a fresh ServiceWorker.enable answered for
// Message.Context: the params of the workerRegistrationUpdated and
// workerVersionUpdated events. Unlike incremental events it is authoritative,
// about controlledClients too, and what it does not list does not exist. An
// absent half says nothing; `{"versions":[]}` says that there are none.
type NoteSnapshot struct{ Registrations, Versions jsonv2.Value }

// NoteOwnTarget says that swinspect made a target of its own (or is about to
// use one it made): it is not a client of anything.
type NoteOwnTarget struct{ TargetID string }

// NoteTargetSession says that a session of swinspect was attached to a worker,
// which keeps it alive, or detached again.
type NoteTargetSession struct {
	TargetID string
	Reason   string // what it is for: "source", "console" …
	Attached bool
}

// NoteReceipt is an action's receipt, new or with its outcome.
type NoteReceipt struct{ Receipt Receipt }

// NoteStorageKey tells a storage key that was read: of a registration, or of a
// target when TargetID is set.
type NoteStorageKey struct {
	Registration RegistrationKey
	TargetID     string
	StorageKey   string
}

// NoteCaches is the list of caches of a storage, in creation order.
type NoteCaches struct {
	Ref     StorageRef
	Caches  []NoteCache
	Buckets []string // names of other buckets
	Error   string   // why it could not be read; then Caches means nothing
}

// NoteCache is one cache; Entries is -1 when not counted.
type NoteCache struct {
	ID, Name string
	Entries  int
}

// NoteCacheRead says that a cache was listed, or why it could not be.
type NoteCacheRead struct {
	Ref     CacheRef
	Entries int // -1 unknown
	Problem string
	Stale   bool // it changed while it was listed
}

// NoteUsage is the usage and quota of a storage. ReadAt is the message's time.
type NoteUsage struct {
	Ref   StorageRef
	Usage Usage
}

// NoteScripts is the scripts of a version, main one first.
type NoteScripts struct {
	Registration RegistrationKey
	Version      string
	Scripts      []*Script
}

// NoteSettings is the settings swinspect holds on Message.Context; nil: as
// before.
type NoteSettings struct{ UpdateOnReload, BypassForNetwork, Offline *bool }

// NoteRegistrationFacts is what was read of a registration on request.
type NoteRegistrationFacts struct {
	Registration      RegistrationKey
	UpdateViaCache    string             // "" not read
	NavigationPreload *NavigationPreload // nil not read
}

func (NoteConnecting) NoteMethod() string        { return "swinspect.connecting" }
func (NoteAttached) NoteMethod() string          { return "swinspect.attached" }
func (NoteGone) NoteMethod() string              { return "swinspect.gone" }
func (NoteRetry) NoteMethod() string             { return "swinspect.retry" }
func (NoteListed) NoteMethod() string            { return "swinspect.listed" }
func (NoteClosed) NoteMethod() string            { return "swinspect.closed" }
func (NoteContexts) NoteMethod() string          { return "swinspect.contexts" }
func (NoteSnapshot) NoteMethod() string          { return "swinspect.snapshot" }
func (NoteOwnTarget) NoteMethod() string         { return "swinspect.ownTarget" }
func (NoteTargetSession) NoteMethod() string     { return "swinspect.targetSession" }
func (NoteReceipt) NoteMethod() string           { return "swinspect.receipt" }
func (NoteStorageKey) NoteMethod() string        { return "swinspect.storageKey" }
func (NoteCaches) NoteMethod() string            { return "swinspect.caches" }
func (NoteCacheRead) NoteMethod() string         { return "swinspect.cacheRead" }
func (NoteUsage) NoteMethod() string             { return "swinspect.usage" }
func (NoteScripts) NoteMethod() string           { return "swinspect.scripts" }
func (NoteSettings) NoteMethod() string          { return "swinspect.settings" }
func (NoteRegistrationFacts) NoteMethod() string { return "swinspect.registrationFacts" }

// noteHandlers is every note the fold reads, by method.
var noteHandlers = tables(
	connectionNotes,
	serviceWorkerNotes,
	targetNotes,
	actionNotes,
	storageNotes,
)

// note makes a handler of a function of a decoded note.
func note[N Note](h func(*fold, N)) map[string]handler {
	var zero N
	return map[string]handler{zero.NoteMethod(): func(f *fold) {
		if n, ok := decode[N](f.m.Params); ok {
			h(f, n)
		}
	}}
}
