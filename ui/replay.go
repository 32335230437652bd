package ui

import (
	"context"

	"github.com/swinspect/swinspect/inspector"
	"github.com/swinspect/swinspect/inspector/fetches"
	"github.com/swinspect/swinspect/ui/pages"
)

// Replayer runs recorded requests on the reference engine. The page knows it by this
// interface alone: the engine is no room of its own.
type Replayer interface {
	// One runs a single request, edited by hand.
	One(ctx context.Context, q ReplayOne) (*ReplayedOne, error)
	// Run replays a recording. It tells each result, in recorded order, and how far it
	// is; result and progress are called from several goroutines, one call at a time.
	Run(ctx context.Context, job ReplayJob, result func(*pages.ReplayResult), progress func(done, total int)) (*pages.ReplaySummary, error)
	// Rule gives the words of a rule: why a difference is none of the script's making.
	Rule(name string) string
}

// ReplayOne is a request to run: in the world of a recording as of the fetch, or of a
// browser as it is now.
type ReplayOne struct {
	Recording string // file name; "": Browser
	Browser   *inspector.Browser
	Fetch     *fetches.Fetch   // as it was
	Request   inspector.Resend // as it is to be made
}

// ReplayedOne is what came of it.
type ReplayedOne struct {
	Answer inspector.Resent
	Steps  []inspector.TraceStep
}

// ReplayJob is what to replay.
type ReplayJob struct {
	File      string // the recording's
	Filter    string // of events, in the language of the Fetches table
	Script    []byte // nil: as recorded
	ScriptURL string
	Module    bool
	Lifecycle bool
	NoCaches  bool
	Offline   bool
	Slow      bool // each request to the network takes 2 s
	Kill      bool
	Overlap   bool
	Repeat    int
	Live      bool
}
