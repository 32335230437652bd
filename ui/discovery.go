package ui

import (
	"context"
	"sync"
	"time"
)

const (
	// discoverFresh is how old what was found may be to be shown as it is.
	discoverFresh = 20 * time.Second
	// discoverPatience bounds one look around this machine.
	discoverPatience = 10 * time.Second
)

// discovery keeps what was found on this machine. A look around runs at most
// once at a time, on a goroutine that [Server.Close] waits for. Safe for
// concurrent use.
type discovery struct {
	signal
	mu      sync.Mutex
	found   []Found
	at      time.Time // zero: never looked
	looking bool
	wg      sync.WaitGroup
}

// view is what was found so far.
func (d *discovery) view() (found []Found, at time.Time, looking bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.found, d.at, d.looking
}

// wait returns when no look around runs. A look that has seen the server alive
// holds the lock until it is counted, so none is missed.
func (d *discovery) wait() {
	d.mu.Lock()
	//lint:ignore SA2001 an empty section is the point
	d.mu.Unlock()
	d.wg.Wait()
}

// look starts a look around unless one is running or the last is fresh. Its end
// raises the signal.
func (s *Server) look(again bool) {
	d := &s.found
	d.mu.Lock()
	defer d.mu.Unlock()
	if s.opts.Discover == nil || d.looking || !again && !d.at.IsZero() && s.opts.Now().Sub(d.at) < discoverFresh {
		return
	}
	if s.life.Err() != nil {
		return
	}
	d.looking = true
	d.wg.Go(func() {
		ctx, cancel := context.WithTimeout(s.life, discoverPatience)
		defer cancel()
		found := s.opts.Discover(ctx)
		d.mu.Lock()
		d.found, d.at, d.looking = found, s.opts.Now(), false
		d.mu.Unlock()
		d.raise()
	})
}
