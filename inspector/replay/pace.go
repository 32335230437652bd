package replay

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/swinspect/swinspect/runtime/clock"
	"github.com/swinspect/swinspect/runtime/window"
)

// errStuck is why an event was given up: nothing moved, and no timer was due.
var errStuck = errors.New("nothing moves any more: the worker waits for what never comes")

// pace moves a virtual clock on when nothing else can happen.
//
// What runs scripts has its own goroutines, and whether they have anything left to do
// is asked of them: each agent is given an empty task, and only when all of them have
// done it and the network is silent, several times in a row, the time goes on to the
// next timer.
//
// Its goroutine is the one that start makes; stop waits for it.
type pace struct {
	clock   *clock.Virtual
	network *network
	over    func() bool // no event is under way
	// starting reports whether a worker is being started: it may have no agent yet.
	starting func() bool

	first sync.Once
	work  chan func()
	wg    sync.WaitGroup

	mu      sync.Mutex
	workers map[*window.Worker]struct{}
}

// pauses between two looks at a world that does not move, and how many of them in a
// row make it one that waits for the clock.
const (
	pause       = 150 * time.Microsecond
	quietRounds = 3
)

// run calls f in a goroutine and drives the clock until it has returned. The error is
// the context's, or errStuck; f's context has ended then, and f is waited for.
func (p *pace) run(ctx context.Context, f func(ctx context.Context)) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	done := make(chan struct{})
	p.start(func() {
		defer close(done)
		f(ctx)
	})
	// Most events are over before it would be worth looking at the clock.
	first := time.NewTimer(2 * time.Millisecond)
	defer first.Stop()
	select {
	case <-done:
		return nil
	case <-first.C:
	}
	err := p.drive(ctx, done)
	if err != nil {
		cancel(err)
		<-done
	}
	return err
}

// start runs f in the goroutine that has run the events before, whose stack has grown
// to what they need, or in another one when it is busy.
func (p *pace) start(f func()) {
	p.first.Do(func() {
		p.work = make(chan func())
		p.wg.Go(func() {
			for f := range p.work {
				f()
			}
		})
	})
	select {
	case p.work <- f:
	default:
		p.wg.Go(f)
	}
}

// stop ends the goroutine; nothing is started after it.
func (p *pace) stop() {
	p.first.Do(func() {})
	if p.work != nil {
		close(p.work)
	}
	p.wg.Wait()
}

func (p *pace) drive(ctx context.Context, done <-chan struct{}) error {
	quiet, since := 0, time.Now()
	_, last := p.network.busy()
	for {
		select {
		case <-done:
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(pause):
		}
		flying, started := p.network.busy()
		if flying > 0 || started != last || p.starting() && time.Since(since) < time.Second {
			if flying > 0 || started != last {
				since = time.Now()
			}
			last, quiet = started, 0
			continue
		}
		p.touch(ctx)
		next, ok := p.clock.Next()
		// Looks are counted as well as time: on a busy machine time goes by in which
		// nobody was given the chance to do anything.
		wait := patience(next.Sub(p.clock.Now()), ok)
		if quiet++; quiet < quietRounds || quiet < int(wait/pause) || time.Since(since) < wait {
			continue
		}
		if !ok {
			return errStuck
		}
		p.clock.AdvanceTo(next)
		quiet, since = 0, time.Now()
	}
}

// patience is how long a world must have been silent before its clock is moved on by d:
// the longer the leap, the surer it has to be that nothing is still at work. Timers far
// away are guards against what takes too long.
func patience(d time.Duration, ok bool) time.Duration {
	if !ok {
		return 2 * time.Second
	}
	return min(max(d/1000, time.Millisecond), 100*time.Millisecond)
}

// settle waits until what the events so far have begun is done, or waits for the
// clock. It does not move the clock.
func (p *pace) settle(ctx context.Context, before uint64) {
	if _, started := p.network.busy(); started == before && p.over() {
		return
	}
	quiet := 0
	_, last := p.network.busy()
	for ctx.Err() == nil && quiet < quietRounds {
		flying, started := p.network.busy()
		switch {
		case flying > 0 || started != last:
			last, quiet = started, 0
		case p.over():
			quiet = max(quiet+1, quietRounds-1)
		default:
			quiet++
		}
		p.touch(ctx)
		time.Sleep(pause)
	}
}

// advance moves the clock to a moment, with a rest after each timer on the way.
func (p *pace) advance(ctx context.Context, to time.Time) {
	for range 10_000 {
		next, ok := p.clock.Next()
		if !ok || next.After(to) || ctx.Err() != nil {
			break
		}
		_, before := p.network.busy()
		p.clock.AdvanceTo(next)
		p.touch(ctx)
		p.settle(ctx, before)
	}
	p.clock.AdvanceTo(to)
}

// touch returns when each agent has done what was queued at it.
func (p *pace) touch(ctx context.Context) {
	p.mu.Lock()
	all := make([]*window.Worker, 0, len(p.workers))
	for w := range p.workers {
		all = append(all, w)
	}
	p.mu.Unlock()
	for _, w := range all {
		_ = w.Agent().Do(ctx, "replay", func() {}) // one that has ended has nothing to do
	}
}

// lives keeps the list of agents; of window.Observer.
func (p *pace) lives(w *window.Worker, alive bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if alive {
		p.workers[w] = struct{}{}
	} else {
		delete(p.workers, w)
	}
}
