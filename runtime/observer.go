package runtime

import "time"

// Observer is told what happens in the engine, in order. Its methods are called
// with the engine's lock held: they must not block and must not call the engine;
// the values they get are copies.
type Observer interface {
	Registration(RegistrationInfo)
	Worker(WorkerInfo)
	Client(ClientInfo)
	Trace(TraceEvent)
	// WorkerError is an exception, a rejection or a failed job of a worker.
	WorkerError(WorkerErrorInfo)
}

// RegistrationInfo is a registration at one moment.
type RegistrationInfo struct {
	ID                          string // decimal, unique in the engine
	Scope, StorageKey           string
	Deleted                     bool
	UpdateViaCache              string
	Installing, Waiting, Active string // worker ids, empty for none
	LastUpdateCheck             time.Time
	NavigationPreload           NavigationPreload
}

// NavigationPreload is a registration's navigation preload state.
type NavigationPreload struct {
	Enabled     bool
	HeaderValue string
}

// WorkerInfo is a service worker at one moment.
type WorkerInfo struct {
	ID, RegistrationID    string
	ScriptURL, Type       string
	State                 State
	Running               string       // "stopped", "starting", "running", "stopping"
	EverInstalling        bool         // false before the worker entered installing: CDP's "new"
	Routes                []RouterRule // as the engine matches them: patterns parsed, methods normalised
	Clients               []string     // ids of controlled clients
	ScriptModified        time.Time
	ScriptFetched         time.Time
	StartCause, StopCause string
	PendingEvents         int
}

// ClientInfo is a service worker client at one moment.
type ClientInfo struct {
	ID, URL, StorageKey string
	Type                ClientType
	FrameType           string
	Controller          string // worker id, empty for none
	Gone                bool
}

// WorkerErrorInfo is an error to show beside a worker.
type WorkerErrorInfo struct {
	Worker, Registration string
	Message, SourceURL   string
	Line, Column         int // from 1; 0 when unknown
	Time                 time.Time
}

// TraceEvent is one step the engine took: what the page's Explain shows.
type TraceEvent struct {
	Seq       uint64
	Time      time.Time
	Algorithm string // "Handle Fetch"; a name internal/spec knows, or "Cache.match", "Fetch" … for other standards
	Step      string // "12", "13.2"; empty for a whole algorithm
	// Subject is what it is about: "request:ID", "registration:ID", "worker:ID", "client:ID", "job:ID".
	Subject string
	// Parent groups the steps of one story: the Seq of the event that began it; 0 for a root.
	Parent uint64
	// Decision says what was decided and why, in one plain sentence.
	Decision string
	// Verdict is one word of a fixed vocabulary where it is one: "not-controlled",
	// "route-matched", "no-fetch-handler", "empty-fetch-handler", "fell-through",
	// "responded", "respond-error", "cache-hit", "cache-miss", "preload", "byte-identical", "byte-different", …
	Verdict string
	Details map[string]string
}
