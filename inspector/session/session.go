// Package session runs scripted debug sessions: JavaScript or TypeScript that starts or
// attaches to browsers, drives pages, registrations, caches, requests and breakpoints,
// and says what it expects. `swinspect run` is made of it; swinspect.d.ts is what scripts
// see.
//
// [Run] runs files, one after the other, each in an interpreter of its own. A backend is
// opened by a [Host]: the package knows browsers as [inspector.Browser] and CDP only and
// asks what they can do, never what they are.
//
// # Concurrency
//
// One Run is one goroutine at a time as far as its caller sees: Options.Emit is told of
// one event after the other. Within a file an agent's loop runs the script; what waits
// runs beside it and is waited for before the file ends. Runs may run side by side.
package session

import (
	"context"
	"log/slog"
	"time"

	"github.com/swinspect/swinspect/cdp"
	"github.com/swinspect/swinspect/inspector"
	"github.com/swinspect/swinspect/inspector/explain"
	"github.com/swinspect/swinspect/inspector/fetches"
	"github.com/swinspect/swinspect/inspector/recording"
	"github.com/swinspect/swinspect/inspector/session/report"
)

// Options of a Run.
type Options struct {
	// Files are paths of scripts, run in this order.
	Files []string
	// Filter, when set, chooses tests by file and name; others are skipped with the
	// reason "filtered".
	Filter func(file string, t *report.Test) bool
	// List only tells of the tests (FileBegan) and runs none. A script without tests
	// is one test, told of without being run.
	List bool
	// Backend is what start() and the fixture `browser` mean: chromium, engine or an
	// endpoint (see cdp.Resolve).
	Backend string
	Host    Host
	// Timeout is a test's; WaitTimeout that of one wait. 0: 30 s and 5 s.
	Timeout, WaitTimeout time.Duration
	Retries              int
	// UpdateSnapshots writes all snapshots anew. Strict fails where one is missing
	// instead of writing it.
	UpdateSnapshots, Strict bool
	// Bail skips what comes after this many failures; 0: never.
	Bail   int
	Headed bool
	// Steps tells of the calls of the API too (Step.API).
	Steps bool
	// Record, when set, is asked to record each browser that a test has opened, as soon as
	// it is attached; what it gives is stopped when the test is over, before the browser
	// is closed.
	Record func(ctx context.Context, b *inspector.Browser, file string, t *report.Test) (Recorder, error)
	// Env is what env() shows; nil: the process's environment.
	Env    func(name string) (string, bool)
	Logger *slog.Logger
	// Emit is told what happens, one event after the other. The script waits meanwhile.
	Emit func(*report.Event)
}

// Recorder is one recording under way. Stop ends it; the path is empty when it was not
// to be kept (the test passed: failed is false).
type Recorder interface {
	Stop(ctx context.Context, failed bool) (path string, err error)
}

// Host opens backends. Its methods may be called from several goroutines.
type Host interface {
	// Open gives a browser. The error says in words for people why there is none.
	Open(ctx context.Context, o OpenOptions) (*Backend, error)
	// Recording opens a recording.
	Recording(ctx context.Context, path string) (Recording, error)
}

// OpenOptions say what to open.
type OpenOptions struct {
	// Backend is chromium, engine or an endpoint.
	Backend string
	// Clock, of an engine, is when its time begins; zero: now. Time runs on, and can be
	// advanced.
	Clock time.Time
	// Network are origins that an engine may reach beside those of this machine's
	// sites (http://127.0.0.1:*); "*" for all.
	Network []string
	Args    []string // further flags of a launched browser
	Headed  bool
	// Fresh wants another browser than was given before, which no longer obeys.
	Fresh bool `json:",omitzero"`
}

// Backend is an opened browser.
type Backend struct {
	Name string // what messages call it
	// Dial opens a connection. It is called more than once: the inspector has one, what
	// drives pages another.
	Dial func(context.Context) (cdp.Transport, cdp.Endpoint, error)
	// Shared says that Open gives the same browser to whoever asks for it in the same
	// words, or that it is somebody else's: tests are then kept apart by browser
	// contexts. Otherwise it is fresh and its default context is used.
	Shared bool
	// Close ends it, or lets go of a shared one.
	Close func() error
}

// Recording is an opened recording.
type Recording interface {
	// Bounds are when it begins and ends.
	Bounds() (from, to time.Time)
	// At is a still browser as of a moment; the zero time is the end. The caller closes it.
	At(ctx context.Context, t time.Time) (*Still, error)
	// Replay dispatches its fetches on the engine. Script, when set, is a file.
	Replay(ctx context.Context, script, filter string) (*ReplayReport, error)
	Close() error
}

// ReplayReport is what a replay came to; its fields are those of swinspect.d.ts.
type ReplayReport struct {
	Total     int            `json:"total"`
	Verdicts  map[string]int `json:"verdicts"`
	Different []ReplayResult `json:"different"`
}

// ReplayResult is one event that was answered differently.
type ReplayResult struct {
	ID          string             `json:"id"`
	Method      string             `json:"method"`
	URL         string             `json:"url"`
	Verdict     string             `json:"verdict"`
	Differences []ReplayDifference `json:"differences"`
}

// ReplayDifference is a field that differs.
type ReplayDifference struct {
	Field    string `json:"field"`
	Recorded string `json:"recorded"`
	Replayed string `json:"replayed"`
}

// Still is a recording as of a moment: a browser that nothing drives, with its fetches.
type Still struct {
	Browser *inspector.Browser
	Fetches fetches.Table
	Changes []inspector.Change // what happened up to then
	// Caches are those of the moment, Body a recorded body by its hash, World what a
	// request can be explained with.
	Caches func(ctx context.Context) (map[inspector.CacheRef]*recording.Snapshot, error)
	Body   func(ctx context.Context, hash string) ([]byte, error)
	World  func(ctx context.Context, r *fetches.Fetch) (explain.World, error)
	Close  func() error
}
