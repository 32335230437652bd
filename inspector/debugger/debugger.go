package debugger

import (
	"context"
	"time"

	"github.com/swinspect/swinspect/breakpoints"
	"github.com/swinspect/swinspect/inspector"
)

// Debugger is the debugger of one browser. Make it with [New], switch it on with Start.
// Its methods may be called from any goroutine; those with a context wait for the
// browser. Stop resumes everything.
//
// It owns these goroutines: one that follows the breakpoints and the browser's state,
// and while it is on one per worker that takes that worker's events in order, and the
// hold's. Close returns when none is left; close one that was never started, too.
type Debugger struct {
	c    *core
	name string
}

// New makes a debugger that is off. Breakpoints are changed in the set: the debugger
// hears of it and sets them anew in every worker.
func New(b *inspector.Browser, set *breakpoints.Set, o Options) *Debugger {
	return &Debugger{c: newCore(b, set, o), name: o.Name}
}

// Start attaches to the workers there are and to all that start from now on. The
// context bounds the start alone.
func (d *Debugger) Start(ctx context.Context) error { return d.c.start(ctx) }

// Stop resumes what is paused and lets go of every worker. The debugger can be started again.
func (d *Debugger) Stop(ctx context.Context) error { return d.c.stopAll(ctx) }

// Close is Stop for good: it returns when no goroutine is left.
func (d *Debugger) Close() { d.c.close() }

// State is the newest state; it never blocks.
func (d *Debugger) State() *State {
	d.c.mu.Lock()
	defer d.c.mu.Unlock()
	return d.c.state
}

// Changed is closed at the next change of State; level-triggered.
func (d *Debugger) Changed() <-chan struct{} {
	d.c.mu.Lock()
	defer d.c.mu.Unlock()
	return d.c.changed
}

// WaitFor waits for a state in which holds is true, and returns the newest state even
// when the context ends first.
func (d *Debugger) WaitFor(ctx context.Context, holds func(*State) bool) (*State, error) {
	for {
		changed, s := d.Changed(), d.State()
		if holds(s) {
			return s, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return s, ctx.Err()
		}
	}
}

// As gives the same debugger under another driver's name; Drive takes over from whoever
// drives. Commands that move a worker (Resume, Step…, Evaluate with effects, SetVariable)
// fail with a *[DrivenError] while another drives: who gave the last such command, for
// as long as a worker is paused.
func (d *Debugger) As(name string) *Debugger { return &Debugger{c: d.c, name: name} }

// Drive takes over.
func (d *Debugger) Drive() {
	d.c.update(func() { d.c.driver = d.name })
}

// drive is called before a worker is moved.
func (d *Debugger) drive() error {
	var err error
	d.c.update(func() {
		if d.c.driver != "" && d.c.driver != d.name && d.c.anyPaused() {
			err = &DrivenError{By: d.c.driver}
			return
		}
		d.c.driver = d.name
	})
	return err
}

// Settle waits until the breakpoints, as the set has them now, are set in every worker.
func (d *Debugger) Settle(ctx context.Context) error {
	d.c.takeSet()
	return d.c.settled(ctx)
}

// SetActive switches all breakpoints off and on together.
func (d *Debugger) SetActive(ctx context.Context, on bool) error {
	d.c.update(func() { d.c.active = on })
	return d.c.everywhere(ctx, (*thread).applyActive)
}

// SetLibraries names the scripts that stepping passes over, as patterns of URLs.
func (d *Debugger) SetLibraries(ctx context.Context, patterns []string) error {
	d.c.update(func() { d.c.libraries = append([]string(nil), patterns...) })
	return d.c.everywhere(ctx, (*thread).applyLibraries)
}

// Libraries are those patterns.
func (d *Debugger) Libraries() []string {
	d.c.mu.Lock()
	defer d.c.mu.Unlock()
	return append([]string(nil), d.c.libraries...)
}

// defaultWatchdog is how long a forgotten pause lasts.
const defaultWatchdog = 5 * time.Minute
