package session

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/chromedp/cdproto/browser"
	cdproto "github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/target"

	"github.com/swinspect/swinspect/cdp"
	"github.com/swinspect/swinspect/cdp/swproto"
	"github.com/swinspect/swinspect/inspector"
)

// opened is one backend with two connections: the inspector's, and ours, which drives
// pages as a user would. It is of no stage: see sharedBackend.
type opened struct {
	backend *Backend
	browser *inspector.Browser
	conn    *cdp.Conn
	product string
	// traces says that it has the SWInspect domain, movable that its time can be moved on.
	traces, movable bool
	debug           debugging
	spent           atomic.Bool // something in it can no longer be ended: others are given another
}

func (o *opened) close() error {
	o.debug.close()
	o.browser.Close()
	return errors.Join(o.conn.Close(), o.backend.Close())
}

// sharedBackend is a backend that is kept for the whole run.
type sharedBackend struct{ o *opened }

func (s *sharedBackend) close() error { return s.o.close() }

// openBackend opens what is asked for, or gives what was opened before.
func (r *runner) openBackend(ctx context.Context, o OpenOptions) (*opened, error) {
	data, err := json.Marshal(o)
	if err != nil {
		return nil, err
	}
	key := string(data)
	s := r.shared[key]
	if s != nil && s.o.conn.Err() == nil && !s.o.spent.Load() {
		return s.o, nil
	}
	if s != nil && s.o.spent.Load() {
		o.Fresh = true
	}
	b, err := r.Host.Open(ctx, o)
	if err != nil {
		return nil, err
	}
	x := &opened{backend: b}
	if err := x.connect(ctx, r); err != nil {
		return nil, errors.Join(fmt.Errorf("attaching to %s: %w", b.Name, err), b.Close())
	}
	if b.Shared {
		if old := r.shared[key]; old != nil {
			r.closing.Go(func() { _ = old.close() }) // it is gone already, or does not obey
		}
		r.shared[key] = &sharedBackend{x}
	}
	return x, nil
}

func (o *opened) connect(ctx context.Context, r *runner) error {
	transport, _, err := o.backend.Dial(ctx)
	if err != nil {
		return err
	}
	o.conn = cdp.NewConn(transport, cdp.WithLogger(r.Logger))
	b, err := r.hub.Attach(ctx, inspector.AttachOptions{Name: o.backend.Name, Endpoint: o.backend.Name, Dial: o.backend.Dial})
	if err != nil {
		return errors.Join(err, o.conn.Close())
	}
	o.browser = b
	v, err := cdproto.Call(ctx, o.conn.Root(), browser.GetVersion, cdproto.Empty{})
	if err != nil {
		b.Close()
		return errors.Join(err, o.conn.Close())
	}
	o.product = v.Product
	control, err := b.Control(o.defaultContext())
	if err != nil {
		return nil // it cannot be watched, but pages can be driven
	}
	if now, err := cdproto.Call(ctx, control, swproto.GetClock, cdproto.Empty{}); err == nil {
		o.traces, o.movable = true, now.Virtual
	}
	return nil
}

// occupy makes a hidden target in a context: a browser tells of a context when there is
// something in it.
func (c *browserContext) occupy(ctx context.Context) error {
	hidden := true
	_, err := cdproto.Call(ctx, c.o.conn.Root(), target.CreateTarget, target.CreateTargetParams{URL: "about:blank", Hidden: &hidden, BrowserContextID: c.contextID()})
	return err
}

// defaultContext is the id of the default browser context.
func (o *opened) defaultContext() string {
	s := o.browser.State()
	for _, c := range s.Contexts {
		if c.Default && !c.Gone && c.Instance == s.Connection.Instance {
			return c.ID
		}
	}
	return ""
}

// newContext opens a browser context for a stage: the default one of a browser that is
// nobody else's, else one of its own.
func (s *stage) newContext(ctx context.Context, o *opened, own bool, base *site) (*browserContext, error) {
	c := &browserContext{f: s.f, stage: s, o: o, site: base, pages: map[target.ID]*page{}}
	if !own {
		c.id = o.defaultContext()
	} else {
		made, err := cdproto.Call(ctx, o.conn.Root(), target.CreateBrowserContext, target.CreateBrowserContextParams{})
		if err != nil {
			return nil, err
		}
		c.id, c.own = string(made.BrowserContextID), true
	}
	c.network = &networkOf{c: c}
	c.clock = &clockOf{c: c}
	c.fetches = &fetchesOf{c: c}
	s.closes(c, c.dispose)
	if c.own {
		if err := c.occupy(ctx); err != nil {
			return nil, err
		}
	}
	if _, err := o.browser.WaitFor(ctx, func(st *inspector.State) bool { return c.watched(st) != nil }); err != nil {
		return nil, fmt.Errorf("the new browser context is not watched: %w", err)
	}
	return c, nil
}

// open opens a browser for the stage.
func (s *stage) open(ctx context.Context, o startOptions, base *site) (*browserContext, error) {
	open := OpenOptions{Backend: cmp.Or(o.Backend, s.f.run.Backend), Network: o.Network, Args: o.Args, Headed: o.Headed || s.f.run.Headed}
	if len(o.Clock) > 0 {
		at, err := clockStart(o.Clock)
		if err != nil {
			return nil, err
		}
		open.Clock = at
	}
	x, err := s.f.run.openBackend(ctx, open)
	if err != nil {
		return nil, err
	}
	if !x.backend.Shared {
		s.closes(x, func(context.Context) error { return x.close() })
	}
	c, err := s.openIn(ctx, x, o, base)
	if err != nil && x.spent.Load() && ctx.Err() == nil {
		// A browser that the tests before have left in a state in which it answers no
		// more: this test is not to blame.
		if x, err = s.f.run.openBackend(ctx, open); err == nil {
			c, err = s.openIn(ctx, x, o, base)
		}
	}
	if err != nil {
		return nil, err
	}
	return c, s.record(ctx, x)
}

// opensWithin is how long a browser that is shared may take for a context: with more, it
// is given up.
const opensWithin = 7 * time.Second

// openIn makes the stage's context in a browser.
func (s *stage) openIn(ctx context.Context, x *opened, o startOptions, base *site) (*browserContext, error) {
	shared := x.backend.Shared && !o.theirs
	if shared {
		limited, cancel := context.WithTimeout(ctx, opensWithin)
		defer cancel()
		defer func(outer context.Context) {
			if limited.Err() != nil && outer.Err() == nil {
				x.spent.Store(true)
			}
		}(ctx)
		ctx = limited
	}
	c, err := s.newContext(ctx, x, shared, base)
	if err != nil {
		return nil, err
	}
	c.root = true
	if err := c.watchFetches(ctx); err != nil {
		return nil, err
	}
	if debugged.MatchString(s.f.bundle.text) {
		if _, _, err := x.debug.start(ctx, x); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// record has a browser recorded, when the run records.
func (s *stage) record(ctx context.Context, x *opened) error {
	if s.f.run.Record == nil || s.test == nil {
		return nil
	}
	rec, err := s.f.run.Record(ctx, x.browser, s.f.name, s.test)
	if err != nil {
		return fmt.Errorf("recording the test: %w", err)
	}
	if rec == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.recorders = append(s.recorders, rec)
	return nil
}

// stopRecorders ends the recordings of a test.
func (s *stage) stopRecorders(failed bool) {
	s.mu.Lock()
	all := s.recorders
	s.recorders = nil
	s.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), closeWithin)
	defer cancel()
	for _, rec := range all {
		path, err := rec.Stop(ctx, failed)
		if err != nil {
			s.f.run.Logger.Warn("a recording was not kept", "error", err)
		}
		if path != "" {
			s.traces = append(s.traces, path)
		}
	}
}
