package ui

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/swinspect/swinspect/inspector"
	"github.com/swinspect/swinspect/inspector/debugger"
	"github.com/swinspect/swinspect/ui/pages"
)

const (
	// maxValues is how many lists of properties and watched values are kept.
	maxValues = 600
	// maxWatches is how many expressions are watched.
	maxWatches = 32
)

// seats are the debuggers that the page made, one per browser, with what the page
// keeps beside each. Changed is raised by what no debugger tells of: watches. Safe for
// concurrent use; closeAll closes the debuggers.
type seats struct {
	signal
	mu     sync.Mutex
	of     map[string]*seat
	closed bool
}

// seat is the debugger of one browser and what the page keeps beside it.
type seat struct {
	browser  Browser
	debugger Debugger

	mu      sync.Mutex
	watches []string
	epoch   uint64 // counts what may have changed values during a pause
	last    map[string]pages.DebugPlace
	stepped time.Time // when the page last had a worker step
}

// seat is the debugger of a browser, made when it is first asked for; nil when the
// browser cannot be debugged.
func (s *Server) seat(b Browser) *seat {
	if s.opts.Debug == nil {
		return nil
	}
	if _, recorded := b.(*tape); recorded {
		return nil
	}
	s.seats.mu.Lock()
	defer s.seats.mu.Unlock()
	if s.seats.closed {
		return nil
	}
	if old := s.seats.of[b.ID()]; old != nil {
		return old
	}
	d := s.opts.Debug(b)
	if d == nil {
		return nil
	}
	st := &seat{browser: b, debugger: d, last: map[string]pages.DebugPlace{}}
	if s.seats.of == nil {
		s.seats.of = map[string]*seat{}
	}
	s.seats.of[b.ID()] = st
	return st
}

// get is the seat of a browser that has one.
func (ss *seats) get(browser string) *seat {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	return ss.of[browser]
}

// drop closes the debugger of a browser that is let go.
func (ss *seats) drop(browser string) {
	ss.mu.Lock()
	old := ss.of[browser]
	delete(ss.of, browser)
	ss.mu.Unlock()
	if old != nil {
		old.debugger.Close()
	}
}

func (ss *seats) closeAll() {
	ss.mu.Lock()
	of := ss.of
	ss.of, ss.closed = nil, true
	ss.mu.Unlock()
	var wg sync.WaitGroup
	for _, s := range of {
		wg.Go(s.debugger.Close)
	}
	wg.Wait()
}

// touched is called after what may have changed values.
func (s *seat) touched() {
	s.mu.Lock()
	s.epoch++
	s.mu.Unlock()
}

func (s *seat) era() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.epoch
}

func (s *seat) watched() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.watches)
}

// watch adds an expression, or takes one away.
func (s *seat) watch(expression string, on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.watches = slices.DeleteFunc(s.watches, func(w string) bool { return w == expression })
	if on && expression != "" && len(s.watches) < maxWatches {
		s.watches = append(s.watches, expression)
	}
}

// stepSettle is how long open pages wait for a worker that steps to stop again: nearly
// always that takes a few milliseconds, and a page that shows it running in between only
// flickers.
const stepSettle = 40 * time.Millisecond

// stepping notes that a worker was told to step.
func (s *seat) stepping() {
	s.mu.Lock()
	s.stepped = time.Now()
	s.mu.Unlock()
}

// settle waits until what steps has stopped again, at most for [stepSettle].
func (ss *seats) settle(ctx context.Context) {
	ss.mu.Lock()
	all := slices.Collect(maps.Values(ss.of))
	ss.mu.Unlock()
	for _, s := range all {
		s.mu.Lock()
		left := stepSettle - time.Since(s.stepped)
		s.mu.Unlock()
		if left <= 0 {
			continue
		}
		over := time.After(left)
		for waiting := true; waiting; {
			changed := s.debugger.Changed()
			if len(s.debugger.State().Paused()) > 0 {
				break
			}
			select {
			case <-changed:
			case <-over:
				waiting = false
			case <-ctx.Done():
				return
			}
		}
	}
}

// place remembers where a worker was last paused, so that its source stays in view
// when it runs on.
func (s *seat) place(thread string, at *pages.DebugPlace) pages.DebugPlace {
	s.mu.Lock()
	defer s.mu.Unlock()
	if at != nil {
		s.last[thread] = *at
	}
	return s.last[thread]
}

// StartDebugging starts the debugger of a browser as the page's button does.
func (s *Server) StartDebugging(ctx context.Context, id string) error {
	b := s.browserOf(id)
	if b == nil {
		return errors.New("there is no browser " + id)
	}
	st := s.seat(b)
	if st == nil {
		return errors.New("this browser cannot be debugged")
	}
	err := st.debugger.Start(ctx)
	s.seats.raise()
	return err
}

// paused are the workers of a browser that its debugger holds, oldest first.
func (s *Server) paused(browser string) []*debugger.Thread {
	if st := s.seats.get(browser); st != nil {
		return st.debugger.State().Paused()
	}
	return nil
}

// pausedOf are those of one registration.
func (s *Server) pausedOf(browser string, k inspector.RegistrationKey) []*debugger.Thread {
	var own []*debugger.Thread
	for _, t := range s.paused(browser) {
		if t.Registration == k {
			own = append(own, t)
		}
	}
	return own
}

// pausedCount is the number on the tab.
func pausedCount(p *PageContext) (int, bool) {
	n := len(p.Server.pausedOf(p.Browser.ID(), p.Registration.Key))
	return n, n > 0
}
