package script

import (
	"context"

	"github.com/dop251/goja"
)

// pausedAt is what a Pause has for the next step.
type pausedAt struct {
	depth int // frames, with those that wait
	job   *job
	story uint64
}

// request is a function that Interject wants to run on the loop.
type request struct {
	run  func()
	done chan struct{}
	gone bool // nobody waits for it any more; with mu held
}

// pauseStack is how many calls more than script may nest a pause needs.
const pauseStack = 300

// pause holds the script that runs now until it is told to go on; on the loop.
func (d *Debugger) pause(p *Pause, h *hit) {
	d.agent.rt.SetMaxCallStackSize(maxCallStack + pauseStack)
	d.describe(p, h)
	d.hold(p)
}

// hold is the pause itself.
func (d *Debugger) hold(p *Pause) {
	a := d.agent
	a.rt.SetMaxCallStackSize(maxCallStack + pauseStack)
	defer a.rt.SetMaxCallStackSize(maxCallStack)
	d.mu.Lock()
	if a.Err() != nil {
		d.mu.Unlock()
		return
	}
	resumed := make(chan struct{})
	d.paused, d.resumed = p, resumed
	d.soon, d.step = false, nil
	d.armAll()
	d.mu.Unlock()
	defer d.release(p) // also when the agent is ended while an evaluation runs
	if d.options.OnPaused != nil {
		d.options.OnPaused(p)
	}
	a.Blocking(func() { d.serve(resumed) })
}

// release is the end of a pause.
func (d *Debugger) release(p *Pause) {
	d.mu.Lock()
	d.paused, d.resumed = nil, nil
	d.watchStack(p)
	d.armAll()
	d.mu.Unlock()
	if d.options.OnResumed != nil {
		d.options.OnResumed()
	}
}

// serve runs what Interject brings until the pause ends or the agent does.
func (d *Debugger) serve(resumed chan struct{}) {
	d.quiet++
	defer func() { d.quiet-- }()
	for {
		d.serveRequests()
		select {
		case <-resumed:
			return
		case <-d.agent.ctx.Done():
			return
		default:
		}
		select {
		case <-resumed:
			return
		case <-d.agent.ctx.Done():
			return
		case <-d.wake:
		}
	}
}

// serveRequests runs the requests that wait; on the loop.
func (d *Debugger) serveRequests() {
	for {
		d.mu.Lock()
		if len(d.requests) == 0 {
			d.mu.Unlock()
			return
		}
		r := d.requests[0]
		d.requests = d.requests[1:]
		gone := r.gone
		d.mu.Unlock()
		if !gone {
			d.serveOne(r)
		}
	}
}

func (d *Debugger) serveOne(r *request) {
	defer close(r.done)
	r.run()
}

// Interject runs f on the loop: as a task of its own, or in the pause when there is one
// or one comes first. It returns when f has; the error is ctx's or the agent's.
func (d *Debugger) Interject(ctx context.Context, f func()) error {
	r := &request{run: f, done: make(chan struct{})}
	if !d.post(r) {
		d.forget(r)
		return d.agent.Err()
	}
	select {
	case <-r.done:
		return nil
	case <-ctx.Done():
		d.forget(r)
		return context.Cause(ctx)
	case <-d.agent.done:
		select {
		case <-r.done:
			return nil
		default:
			return d.agent.Err()
		}
	}
}

// Post runs f on the loop, as a task of its own or in the pause, in the order of the
// calls; it does not wait. It reports false when the agent has ended.
func (d *Debugger) Post(f func()) bool { return d.post(&request{run: f, done: make(chan struct{})}) }

func (d *Debugger) post(r *request) bool {
	d.mu.Lock()
	d.requests = append(d.requests, r)
	d.mu.Unlock()
	if !d.agent.Queue("debugger", d.serveRequests) {
		return false
	}
	select {
	case d.wake <- struct{}{}:
	default:
	}
	return true
}

func (d *Debugger) forget(r *request) {
	d.mu.Lock()
	defer d.mu.Unlock()
	r.gone = true
}

// Paused is the pause; nil when there is none.
func (d *Debugger) Paused() *Pause {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.paused
}

// PauseSoon stops at the next statement, whatever runs it.
func (d *Debugger) PauseSoon() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.paused == nil {
		d.soon = true
		d.armAll()
	}
}

// Resume ends the pause.
func (d *Debugger) Resume() error { return d.goOn(nil) }

// goOn ends the pause with a step or without.
func (d *Debugger) goOn(make func(p *Pause) *step) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.paused == nil || d.resumed == nil {
		return ErrNotPaused
	}
	if make != nil {
		d.step = make(d.paused)
		d.armAll()
	}
	close(d.resumed)
	d.resumed = nil
	return nil
}

// taskEnds is told, on the loop, that a task and its microtasks are through: what was
// to stop further out in it has nowhere left to stop.
func (d *Debugger) taskEnds() {
	d.rest()
	d.last = thrown{}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.step != nil && !d.step.outlives() {
		d.step = nil
		d.armAll()
	}
}

// quietly runs code of the debugger's own.
func (d *Debugger) quietly(f func() (goja.Value, error)) (goja.Value, error) {
	d.quiet++
	defer func() { d.quiet-- }()
	return f()
}

// Evaluating runs f, in which a client evaluates something of its own; on the loop. A
// step that was under way does not end in that code; breakpoints, debugger statements
// and steps that begin there work. With silent, what is thrown does not pause: CDP's
// silent of Runtime.evaluate.
func (d *Debugger) Evaluating(silent bool, f func()) {
	d.mu.Lock()
	under := d.step
	d.mu.Unlock()
	before, mute := d.earlier, d.silent
	d.earlier = under
	if silent {
		d.silent++
	}
	defer func() { d.earlier, d.silent = before, mute }()
	f()
}
