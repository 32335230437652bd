package session

import (
	"context"
	"errors"
)

// Run runs the files and tells o.Emit of it, from FileBegan to FileEnded of each: the run
// itself is the caller's to announce. The error is about the run (ctx ended, no host);
// what fails in scripts is in the events.
func Run(ctx context.Context, o Options) (*Summary, error) {
	return nil, errors.New("session: scripts cannot be run yet")
}
