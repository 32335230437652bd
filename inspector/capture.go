package inspector

import (
	"context"
	"fmt"
	"sync"
	"time"

	cdproto "github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/target"

	"github.com/swinspect/swinspect/cdp"
)

// CaptureOptions say what to capture.
type CaptureOptions struct {
	// Full places Prelude in each service worker before it evaluates, and watches the
	// worker's own requests. It keeps workers alive. Without it only the clients' side
	// of the network is watched.
	Full bool
	// Prelude is the script for Full; it tells what it sees through the binding Binding.
	Prelude, Binding string
	// Bodies reads request and response bodies, up to MaxBody bytes each (0: 16 MiB).
	Bodies  bool
	MaxBody int64
}

// defaultMaxBody is how large a body that is read may be.
const defaultMaxBody = 16 << 20

// Capture is the network of a browser's pages, frames and workers, as messages among
// the others: [Browser.Tap] hears them. It follows the browser over reconnects.
//
// Goroutines: one that follows the link, and per link the readers of bodies; Stop
// waits for them.
type Capture struct {
	b       *Browser
	o       CaptureOptions
	ctx     context.Context
	stop    context.CancelFunc
	wg      sync.WaitGroup
	ready   chan struct{}
	once    sync.Once
	mu      sync.Mutex
	problem error
	lost    int       // bodies that were not read for want of time
	reading int       // bodies to be read
	now     *attacher // of the present link; nil: none
	idle    chan struct{}
}

// Capture begins to capture and returns when the targets that are there are watched.
// Stop it.
func (b *Browser) Capture(ctx context.Context, o CaptureOptions) (*Capture, error) {
	if o.MaxBody <= 0 {
		o.MaxBody = defaultMaxBody
	}
	c := &Capture{b: b, o: o, ready: make(chan struct{}), idle: make(chan struct{})}
	c.ctx, c.stop = context.WithCancel(b.ctx)
	c.wg.Add(1)
	if err := b.spawn(func() { defer c.wg.Done(); c.follow() }); err != nil {
		c.wg.Done()
		c.stop()
		return nil, err
	}
	select {
	case <-c.ready:
	case <-ctx.Done():
		c.Stop()
		return nil, ctx.Err()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.problem != nil {
		defer c.Stop()
		return nil, fmt.Errorf("inspector: capturing the network: %w", c.problem)
	}
	return c, nil
}

// Stop ends the capture: its sessions are detached.
func (c *Capture) Stop() {
	c.stop()
	c.wg.Wait()
}

// Settle waits until the bodies of what has ended so far are read.
func (c *Capture) Settle(ctx context.Context) {
	for {
		c.mu.Lock()
		n, idle := c.reading, c.idle
		c.mu.Unlock()
		if n == 0 {
			return
		}
		select {
		case <-idle:
		case <-ctx.Done():
			return
		case <-c.ctx.Done():
			return
		}
	}
}

// Lost is how many bodies could not be read in time.
func (c *Capture) Lost() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.lost
}

// follow captures on the present link, and on each one after it.
func (c *Capture) follow() {
	for c.ctx.Err() == nil {
		changed := c.b.Changed()
		l, err := c.b.current()
		if err == nil {
			err = c.capture(l)
		}
		c.once.Do(func() {
			c.mu.Lock()
			c.problem = err
			c.mu.Unlock()
			close(c.ready)
		})
		select {
		case <-changed:
		case <-time.After(time.Second):
		case <-c.ctx.Done():
		}
	}
}

// capture watches a link until it ends.
func (c *Capture) capture(l *link) error {
	ctx, cancel := context.WithTimeout(c.ctx, 20*time.Second)
	defer cancel()
	session, err := c.browserSession(ctx, l)
	if err != nil {
		return err
	}
	r := &bodyReader{c: c, l: l, jobs: make(chan bodyJob, maxBodyJobs)}
	defer r.wg.Wait()
	linkCtx, end := context.WithCancel(c.ctx)
	defer end()
	context.AfterFunc(l.ctx, end)
	r.start(linkCtx)
	a := &attacher{c: c, l: l, bodies: r, sessions: map[string]*captured{}}
	c.mu.Lock()
	c.now = a
	c.mu.Unlock()
	l.setPlace(session.ID(), &place{on: a.onBrowser, quiet: true})
	defer a.detach(session)
	params := target.SetAutoAttachParams{AutoAttach: true, WaitForDebuggerOnStart: true, Flatten: new(bool), Filter: a.filter()}
	*params.Flatten = true
	if _, err := cdproto.Call(ctx, session, target.SetAutoAttach, params); err != nil {
		return err
	}
	if err := l.barrier(ctx); err != nil {
		return err
	}
	c.once.Do(func() { close(c.ready) })
	<-linkCtx.Done()
	return nil
}

// browserSession is a session with the browser of the capture's own, whose
// auto-attach disturbs nobody's.
func (c *Capture) browserSession(ctx context.Context, l *link) (*cdp.Session, error) {
	res, err := cdproto.Call(ctx, l.conn.Root(), target.AttachToBrowserTarget, cdproto.Empty{})
	if err != nil {
		return nil, err
	}
	return l.conn.Session(string(res.SessionID)), nil
}
