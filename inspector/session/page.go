package session

import (
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"sync"

	cdproto "github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/target"

	"github.com/swinspect/swinspect/cdp"
)

// page is Page of swinspect.d.ts: a tab that is driven over a session of its own.
//
// It owns a goroutine that follows the session's events; release ends it. Methods may be
// called from any goroutine.
type page struct {
	context *browserContext
	lazy    bool // it is the fixture: opened when it is first used

	mu      sync.Mutex // guards all below
	opening chan struct{}
	problem error
	id      target.ID
	session *cdp.Session
	events  *cdp.Subscription
	done    chan struct{}
	changed chan struct{} // closed at the next change of what follows
	loads   loads
	console []consoleMessage
}

func (p *page) class() *class { return pageClass }

func (p *page) String() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.id == "" {
		return "Page (not open yet)"
	}
	return "Page " + cmp.Or(p.loads.failed, p.loads.url, "about:blank")
}

// openPage opens a tab, blank or (with a target) one that is there.
func (c *browserContext) openPage(ctx context.Context, of target.ID) (*page, error) {
	if c.taped != nil {
		return nil, c.notLive("opening a page")
	}
	p := &page{context: c}
	return p, p.open(ctx, of)
}

// open makes the tab and attaches to it.
func (p *page) open(ctx context.Context, of target.ID) error {
	c := p.context
	if of == "" {
		made, err := cdproto.Call(ctx, c.o.conn.Root(), target.CreateTarget, target.CreateTargetParams{URL: "about:blank", BrowserContextID: c.contextID()})
		if err != nil {
			return err
		}
		of = made.TargetID
	}
	s, err := c.o.conn.Attach(ctx, of)
	if err != nil {
		return err
	}
	p.mu.Lock()
	p.id, p.session, p.events, p.done, p.changed = of, s, s.Listen(4096), make(chan struct{}), make(chan struct{})
	p.loads = loads{answers: map[string]*answer{}, errors: map[string]string{}, byURL: map[string]*answer{}, urls: map[network.RequestID]string{}, isDoc: map[network.RequestID]struct{}{}}
	p.mu.Unlock()
	go p.follow()
	c.mu.Lock()
	c.pages[of] = p
	c.mu.Unlock()
	for _, enable := range []string{"Page.enable", "Network.enable", "Runtime.enable"} {
		if err := s.Call(ctx, enable, struct{}{}, nil); err != nil {
			return err
		}
	}
	return c.network.cover(ctx, s)
}

// live is the page's session; a page that is a fixture is opened with the first use.
func (p *page) live(ctx context.Context) (*cdp.Session, error) {
	p.mu.Lock()
	if p.session != nil {
		s := p.session
		closed, crashed := p.loads.closed, p.loads.crashed
		p.mu.Unlock()
		switch {
		case crashed:
			return nil, errors.New("the page has crashed")
		case closed:
			return nil, errors.New("the page was closed")
		}
		return s, nil
	}
	if wait := p.opening; wait != nil {
		p.mu.Unlock()
		select {
		case <-wait:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		if p.problem != nil {
			return nil, p.problem
		}
		return p.live(ctx)
	}
	p.opening = make(chan struct{})
	p.mu.Unlock()
	err := p.open(ctx, "")
	p.mu.Lock()
	p.problem = err
	s := p.session
	close(p.opening)
	if err != nil {
		p.opening = nil
	}
	p.mu.Unlock()
	return s, err
}

// release lets go of the session.
func (p *page) release() {
	p.mu.Lock()
	events, done := p.events, p.done
	p.mu.Unlock()
	if events == nil {
		return
	}
	events.Close()
	<-done
}

func (p *page) closeTarget(ctx context.Context) error {
	p.mu.Lock()
	id, closed := p.id, p.loads.closed
	p.mu.Unlock()
	if id == "" || closed {
		return nil
	}
	_, err := cdproto.Call(ctx, p.context.o.conn.Root(), target.CloseTarget, target.CloseTargetParams{TargetID: id})
	return err
}

// encodeBody is a request's body as base64, nil for none.
func encodeBody(data []byte) *string {
	if data == nil {
		return nil
	}
	s := base64.StdEncoding.EncodeToString(data)
	return &s
}
