package ui

import (
	"context"

	"github.com/swinspect/swinspect/inspector"
	"github.com/swinspect/swinspect/inspector/fetches"
)

// Replayer runs recorded requests on the reference engine. The page knows it by this
// interface alone: the engine is no room of its own.
type Replayer interface {
	// One runs a single request, edited by hand.
	One(ctx context.Context, q ReplayOne) (*ReplayedOne, error)
}

// ReplayOne is a request to run.
type ReplayOne struct {
	Browser      Browser
	Registration inspector.RegistrationKey
	Fetch        *fetches.Fetch   // as it was
	Request      inspector.Resend // as it is to be made
}

// ReplayedOne is what came of it.
type ReplayedOne struct {
	Answer inspector.Resent
	Steps  []inspector.TraceStep
}
