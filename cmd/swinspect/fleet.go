package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"

	"github.com/swinspect/swinspect/cdp"
	"github.com/swinspect/swinspect/cdp/chromium"
	"github.com/swinspect/swinspect/inspector"
	"github.com/swinspect/swinspect/ui"
)

// fleet is the browsers of one `serve`: those attached to and those launched.
// Its methods may be called from any goroutine. It owns the goroutines of
// keepTrying and the launched processes; close ends both.
type fleet struct {
	hub     *inspector.Hub
	io      stdio
	verbose bool
	watch   func(id string)                            // told of an engine as soon as it is attached; may be nil
	debug   func(ctx context.Context, id string) error // debugs a browser that was attached; nil: only when asked on the page
	wg      sync.WaitGroup

	mu       sync.Mutex
	launched []*chromium.Process
	engines  []*engineChild
	closed   bool
}

func newFleet(hub *inspector.Hub, io stdio, verbose bool) *fleet {
	io.err = &lockedWriter{w: io.err}
	return &fleet{hub: hub, io: io, verbose: verbose}
}

// lockedWriter lets several goroutines talk.
type lockedWriter struct {
	mu sync.Mutex
	w  io.Writer
}

func (l *lockedWriter) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(p)
}

func (f *fleet) attach(ctx context.Context, endpoint string) (string, error) {
	b, err := f.hub.Attach(ctx, inspector.AttachOptions{Endpoint: endpoint})
	if err != nil {
		return "", explained(err)
	}
	f.startDebugging(ctx, b.ID())
	return b.ID(), nil
}

// startDebugging debugs a browser from the start, if that was asked for.
func (f *fleet) startDebugging(ctx context.Context, id string) {
	if f.debug == nil {
		return
	}
	if err := f.debug(ctx, id); err != nil {
		f.io.say("swinspect: the debugger does not start: %s", clean(err.Error()))
	}
}

// explained puts the reason and the advice of a failed attach in the page's words.
func explained(err error) error {
	if why, ok := errors.AsType[*cdp.ResolveError](err); ok {
		return &ui.AttachError{Reason: why.Reason, Advice: why.Hint, Err: err}
	}
	return err
}

// launch starts a browser with a throwaway profile and attaches to it. The
// browser ends with the fleet.
func (f *fleet) launch(ctx context.Context, url string) (string, error) {
	if os.Geteuid() == 0 {
		f.io.say("swinspect: running as root, so the browser is started without its sandbox: open only sites you trust in it")
	}
	o := chromium.Options{URL: url}
	if f.verbose {
		o.Stderr = f.io.err // what browsers print worries people for nothing
	}
	p, err := chromium.Launch(ctx, o)
	if err != nil {
		return "", err
	}
	f.mu.Lock()
	closed := f.closed
	if !closed {
		f.launched = append(f.launched, p)
	}
	f.mu.Unlock()
	if closed {
		return "", errors.Join(errors.New("swinspect is ending"), p.Close())
	}
	id, err := f.attach(ctx, p.Endpoint().WebSocketURL)
	if err != nil {
		return "", fmt.Errorf("attaching to the launched browser: %w", err)
	}
	return id, nil
}

// over is closed when the browser that was launched first has ended; nil when none was.
func (f *fleet) over() <-chan struct{} {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.launched) == 0 {
		return nil
	}
	return f.launched[0].Done()
}

// startEngine starts the engine in a process of its own and shows it. It comes back
// when it dies.
func (f *fleet) startEngine(ctx context.Context, o engineOptions) error {
	child, err := newEngineChild(f.io, o)
	if err != nil {
		return err
	}
	f.mu.Lock()
	f.engines = append(f.engines, child)
	f.mu.Unlock()
	b, err := f.hub.Attach(ctx, inspector.AttachOptions{Name: "engine", Dial: child.Dial})
	if err != nil {
		if why := child.failedToStart(); why != "" {
			return &failure{exit: exitNo, err: fmt.Errorf("the engine does not start: %s", clean(why))}
		}
		return fmt.Errorf("starting the engine: %w", err)
	}
	if f.watch != nil {
		f.watch(b.ID())
	}
	f.startDebugging(ctx, b.ID())
	return nil
}

// discover tells the page what this machine has.
func (f *fleet) discover(ctx context.Context) []ui.Found {
	attached := map[string]string{}
	for _, b := range f.hub.Browsers() {
		attached[b.State().Connection.Instance] = b.ID()
	}
	var found []ui.Found
	for _, d := range cdp.Discover(ctx) {
		if d.State == cdp.StateInstalled {
			continue // the page has a button for those
		}
		u := ui.Found{
			Endpoint: d.Input, Label: label(d), Browser: d.Product, State: d.State, Class: "wait",
			Advice: d.Advice, Command: d.Command,
		}
		if d.State == cdp.StateReady {
			u.Class = "ok"
			u.Attached = attached[d.Resolved.Instance]
		}
		found = append(found, u)
	}
	return found
}

// label names a find that may have no endpoint.
func label(d cdp.Found) string {
	switch {
	case d.Input != "":
		return d.Input
	case d.Pid != 0:
		return fmt.Sprintf("process %d", d.Pid)
	}
	return d.Product
}

// close detaches from every browser and ends those that were launched.
func (f *fleet) close() error {
	f.wg.Wait()
	f.mu.Lock()
	f.closed = true
	launched, engines := f.launched, f.engines
	f.mu.Unlock()
	err := f.hub.Close()
	for _, e := range engines {
		err = errors.Join(err, e.Close())
	}
	for _, p := range launched {
		err = errors.Join(err, p.Close())
	}
	return err
}
