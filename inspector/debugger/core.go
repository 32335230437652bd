package debugger

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/swinspect/swinspect/breakpoints"
	"github.com/swinspect/swinspect/cdp"
	"github.com/swinspect/swinspect/inspector"
)

// maxLog bounds State.Log.
const maxLog = 1000

// core is what the drivers of a debugger share. Everything below mu is guarded by it and
// changed in update only, which makes the next [State].
type core struct {
	b     *inspector.Browser
	set   *breakpoints.Set
	o     Options
	token string // names this debugger's scripts among those of others

	ctx       context.Context // ends at close
	end       context.CancelFunc
	following sync.WaitGroup  // the follower
	switching sync.Mutex      // held by start and stop
	wg        sync.WaitGroup  // the workers' goroutines
	hold      *inspector.Hold // nil while off
	taking    sync.Mutex      // held by takeSet
	taken     <-chan struct{} // the set's Changed when it was taken last
	run       context.Context // ends when it is switched off
	off       context.CancelFunc

	mu        sync.Mutex
	closed    bool
	on        bool
	since     time.Time
	driver    string
	problem   string
	active    bool
	libraries []string
	threads   []*thread // in the order in which they were first seen
	hits      map[string]int
	log       []LogLine
	logged    uint64
	pauses    uint64
	moved     map[string]int // breakpoint and script → line where it was last found
	asked     []breakpoints.Breakpoint
	state     *State
	changed   chan struct{}
}

func newCore(b *inspector.Browser, set *breakpoints.Set, o Options) *core {
	token := make([]byte, 6)
	_, _ = rand.Read(token) // never fails
	c := &core{
		b: b, set: set, o: o, token: hex.EncodeToString(token), active: true,
		hits: map[string]int{}, moved: map[string]int{}, changed: make(chan struct{}),
	}
	c.ctx, c.end = context.WithCancel(context.Background())
	c.asked = set.All()
	c.state = c.build()
	c.following.Go(c.follow)
	return c
}

// update changes what is guarded, and shows it.
func (c *core) update(f func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f()
	c.state = c.build()
	close(c.changed)
	c.changed = make(chan struct{})
}

func (c *core) anyPaused() bool {
	return slices.ContainsFunc(c.threads, func(t *thread) bool { return t.pause != nil })
}

// build makes the state. The caller holds the lock.
func (c *core) build() *State {
	s := &State{
		On: c.on, Since: c.since, Driver: c.driver, Problem: c.problem, Active: c.active,
		Threads: make([]*Thread, 0, len(c.threads)), Breakpoints: make([]*Status, 0, len(c.asked)),
		Log: slices.Clip(c.log[max(0, len(c.log)-maxLog):]),
	}
	bs := c.b.State()
	settings := map[string][]breakpoints.Setting{}
	for _, t := range c.threads {
		s.Threads = append(s.Threads, t.snapshot(bs))
		for id, set := range t.settings {
			set.Target, set.Version = t.target, t.version
			settings[id] = append(settings[id], set)
		}
	}
	for _, b := range c.asked {
		st := &Status{Breakpoint: b, Hits: c.hits[b.ID], Settings: settings[b.ID]}
		st.Problem = c.whyNot(st)
		s.Breakpoints = append(s.Breakpoints, st)
	}
	return s
}

// whyNot says why a breakpoint can stop nothing now.
func (c *core) whyNot(s *Status) string {
	switch {
	case s.Disabled:
		return ""
	case !c.on:
		return "the debugger is off"
	case !c.active:
		return "all breakpoints are switched off"
	case len(s.Settings) == 0:
		return ""
	}
	problem := ""
	for _, set := range s.Settings {
		if set.Problem == "" {
			return ""
		}
		problem = set.Problem
	}
	return problem
}

// start switches on.
func (c *core) start(ctx context.Context) error {
	c.switching.Lock()
	defer c.switching.Unlock()
	c.mu.Lock()
	closed, on := c.closed, c.on
	c.mu.Unlock()
	if closed {
		return ErrOff
	}
	if on {
		return nil
	}
	c.run, c.off = context.WithCancel(c.ctx)
	c.update(func() { c.on, c.since, c.problem, c.asked = true, time.Now(), "", c.set.All() })
	hold, err := c.b.Hold(ctx, inspector.HoldOptions{Why: "debugging", Attached: c.attached, Event: c.event, Gone: c.gone})
	if err != nil {
		c.off()
		c.wg.Wait()
		c.update(func() { c.on = false })
		return fmt.Errorf("debugger: %w", err)
	}
	c.hold = hold
	return c.settled(ctx)
}

// settled waits until the workers that were found running have their breakpoints.
func (c *core) settled(ctx context.Context) error {
	return c.everywhere(ctx, func(*thread, context.Context) error { return nil })
}

// stopAll switches off.
func (c *core) stopAll(ctx context.Context) error {
	c.switching.Lock()
	defer c.switching.Unlock()
	if c.hold == nil {
		return nil
	}
	// What stands in front of the workers' functions asks for nothing any more.
	err := c.everywhere(ctx, (*thread).release)
	c.off()
	c.hold.Stop()
	c.wg.Wait()
	c.hold = nil
	c.update(func() { c.on, c.driver, c.since, c.threads = false, "", time.Time{}, nil })
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return err
	}
	return nil // a worker that did not answer is detached all the same
}

func (c *core) close() {
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	c.end()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	_ = c.stopAll(ctx) // a browser that does not answer is left
	c.following.Wait()
}

// everywhere runs f on every worker's own goroutine, and waits for all.
func (c *core) everywhere(ctx context.Context, f func(*thread, context.Context) error) error {
	c.mu.Lock()
	all := slices.Clone(c.threads)
	c.mu.Unlock()
	results := make(chan error, len(all))
	for _, t := range all {
		t.push(func() { results <- f(t, ctx) }, func() { results <- nil })
	}
	var errs []error
	for range all {
		select {
		case err := <-results:
			if err != nil && !errors.Is(err, cdp.ErrSessionGone) && !errors.Is(err, errThreadGone) {
				errs = append(errs, err)
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return errors.Join(errs...)
}

// follow hears of changed breakpoints and of the browser's state until close.
func (c *core) follow() {
	refresh := time.NewTicker(time.Second) // other processes write the set too
	defer refresh.Stop()
	known := map[lifeKey]life{}
	c.lives(known, nil)
	for {
		setChanged, browserChanged := c.set.Changed(), c.b.Changed()
		c.takeSet()
		c.lives(known, c.entered)
		select {
		case <-setChanged:
		case <-browserChanged:
		case <-refresh.C:
			if _, err := c.set.Refresh(); err != nil {
				c.update(func() { c.problem = err.Error() })
			}
		case <-c.ctx.Done():
			return
		}
	}
}

// takeSet hands each worker the breakpoints where they changed: what is asked of it
// afterwards comes behind them.
func (c *core) takeSet() {
	c.taking.Lock()
	defer c.taking.Unlock()
	now := c.set.Changed()
	if now == c.taken {
		return
	}
	c.taken = now
	asked := c.set.All()
	c.mu.Lock()
	same := slices.EqualFunc(asked, c.asked, func(a, b breakpoints.Breakpoint) bool { return a.String() == b.String() && a.ID == b.ID })
	c.mu.Unlock()
	if same {
		return
	}
	c.update(func() {
		c.asked = asked
		ids := map[string]bool{}
		for _, b := range asked {
			ids[b.ID] = true
		}
		for id := range c.hits {
			if !ids[id] {
				delete(c.hits, id)
			}
		}
	})
	c.mu.Lock()
	all := slices.Clone(c.threads)
	c.mu.Unlock()
	for _, t := range all {
		t.push(func() { _ = t.sync(t.ctx) }, nil)
	}
}

// breakpoint finds what was asked for. The zero value: it is gone.
func (c *core) breakpoint(id string) (breakpoints.Breakpoint, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	i := slices.IndexFunc(c.asked, func(b breakpoints.Breakpoint) bool { return b.ID == id })
	if i < 0 {
		return breakpoints.Breakpoint{}, false
	}
	return c.asked[i], true
}

// note adds a line to the log. The caller is within update.
func (c *core) note(l LogLine) {
	c.logged++
	l.Seq, l.Time = c.logged, cmp.Or(l.Time, time.Now())
	c.log = append(c.log, l)
	if len(c.log) > 2*maxLog {
		c.log = slices.Clone(c.log[len(c.log)-maxLog:])
	}
}
