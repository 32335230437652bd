package recording

import (
	"time"

	"github.com/swinspect/swinspect/inspector"
)

// The notes below are messages that only recordings have: the fold of the state
// does not read them.

// NoteRecording is the first message of a recording and says how it was made.
type NoteRecording struct {
	Mode     Mode      `json:"mode"`
	Redacted bool      `json:"redacted"`
	Target   string    `json:"target"`  // what was recorded: a URL, an endpoint, a scope
	Browser  string    `json:"browser"` // product of the backend
	Began    time.Time `json:"began"`
}

// NoteCacheSnapshot is the whole content of one cache at the moment of its message,
// entries in the order of Cache.keys().
type NoteCacheSnapshot struct {
	StorageKey string          `json:"storageKey"`
	Bucket     string          `json:"bucket,omitzero"` // "" is the default bucket
	Cache      string          `json:"cache"`
	Entries    []SnapshotEntry `json:"entries"`
	// Problem is why Entries are not all of them; "" when they are.
	Problem string `json:"problem,omitzero"`
	// Deleted says that the cache is no longer there; it has no entries then.
	Deleted bool `json:"deleted,omitzero"`
}

// SnapshotEntry is one request-response pair of a cache.
type SnapshotEntry struct {
	Method          string             `json:"method"`
	URL             string             `json:"url"`
	RequestHeaders  []inspector.Header `json:"requestHeaders,omitzero"`
	Status          int                `json:"status"`
	StatusText      string             `json:"statusText,omitzero"`
	ResponseType    string             `json:"responseType"` // basic, cors, default, opaque …
	ResponseHeaders []inspector.Header `json:"responseHeaders,omitzero"`
	ResponseTime    time.Time          `json:"responseTime,omitzero"`
	BodyHash        string             `json:"bodyHash,omitzero"` // "": the body was not recorded
	Size            int64              `json:"size"`              // of the body; -1 unknown
}

// NoteScript is the script of a version with what it imported, bodies by hash.
type NoteScript struct {
	Registration inspector.RegistrationKey `json:"registration,omitzero"`
	Scope        string                    `json:"scope,omitzero"`
	Version      string                    `json:"version"`
	ScriptURL    string                    `json:"scriptURL"`
	Type         string                    `json:"type,omitzero"` // classic or module; "" unknown
	BodyHash     string                    `json:"bodyHash"`
	Headers      []inspector.Header        `json:"headers,omitzero"` // of the script's response
	Imports      []ScriptImport            `json:"imports,omitzero"`
}

// ScriptImport is one imported script.
type ScriptImport struct {
	URL      string             `json:"url"`
	BodyHash string             `json:"bodyHash"`
	Headers  []inspector.Header `json:"headers,omitzero"`
}

// NoteMethod implements [inspector.Note].
func (NoteRecording) NoteMethod() string { return "swinspect.recording" }

// NoteMethod implements [inspector.Note].
func (NoteCacheSnapshot) NoteMethod() string { return "swinspect.cacheSnapshot" }

// NoteMethod implements [inspector.Note].
func (NoteScript) NoteMethod() string { return "swinspect.script" }

// Mode is how a recording was made, which decides what it can know.
type Mode string

// The modes.
const (
	Passive Mode = "passive" // the clients' side of the network only; workers are not kept alive
	Full    Mode = "full"    // a recorder was placed in each worker before it evaluated
	Engine  Mode = "engine"  // the reference engine told its steps
	HAR     Mode = "har"     // read from a HAR file
)
