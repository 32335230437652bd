package window

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"time"

	"github.com/swinspect/swinspect/runtime/fetch"
	"github.com/swinspect/swinspect/runtime/script"
	"github.com/swinspect/swinspect/runtime/webapi/webstorage"
)

// ErrClosed is the error of what is asked of a closed page.
var ErrClosed = errors.New("the page is closed")

// Page is a top-level browsing context: a tab. Safe for any number of goroutines.
type Page struct {
	context *Context
	id      string
	group   *group
	main    *Frame
	opener  *Page
	hidden  bool
	closing atomic.Bool // window.close() was called

	// Guarded by the context's lock.
	title      string
	closed     bool
	initialURL string // see InitialURL
	overrides  Overrides
	scripts    []injected // evaluated in every new document
	sessions   map[string]*webstorage.Area
	visible    bool
	activated  time.Time // last user activation
}

// injected is a script of CDP's Page.addScriptToEvaluateOnNewDocument.
type injected struct{ id, source string }

// PageOptions open a page.
type PageOptions struct {
	ID     string // made when empty
	Opener *Page
	Hidden bool // a target nobody sees
	// Wait makes NewPage return only when the first navigation is committed.
	Wait bool
}

// NewPage opens a page at a URL; about:blank for the empty one.
func (c *Context) NewPage(ctx context.Context, url string, o PageOptions) (*Page, error) {
	u, err := fetch.ParseURL(orBlank(url), nil)
	if err != nil {
		return nil, err
	}
	p, err := c.openPage(ctx, o)
	if err != nil {
		return nil, err
	}
	if u.String() == "about:blank" {
		return p, nil
	}
	done := p.main.start(navigation{url: u, byUser: true})
	if o.Wait {
		select {
		case <-done:
		case <-ctx.Done():
			return p, context.Cause(ctx)
		}
	}
	return p, nil
}

func orBlank(url string) string {
	if url == "" {
		return "about:blank"
	}
	return url
}

// openPage makes a page with its initial about:blank document.
func (c *Context) openPage(ctx context.Context, o PageOptions) (*Page, error) {
	p := &Page{context: c, id: o.ID, opener: o.Opener, hidden: o.Hidden, visible: !o.Hidden}
	if p.id == "" {
		p.id = c.browser.newID()
	}
	if o.Opener != nil {
		p.group = o.Opener.group
	} else {
		p.group = c.newGroup("page " + p.id)
	}
	p.main = &Frame{page: p, id: p.id}
	c.mu.Lock()
	if c.closed {
		c.mu.Unlock()
		p.group.end()
		return nil, ErrClosed
	}
	c.pages = append(c.pages, p)
	c.mu.Unlock()
	p.group.enter()
	c.browser.observe.PageCreated(p)
	if c.browser.options.Hold != nil {
		c.browser.options.Hold(ctx, p, nil)
	}
	err := p.group.agent.Do(ctx, "initial document", func() { p.main.commitBlank(nil) })
	return p, err
}

// ID is CDP's target id, and the main frame's id.
func (p *Page) ID() string { return p.id }

// Context is the page's browser context.
func (p *Page) Context() *Context { return p.context }

// MainFrame is the frame of the page itself.
func (p *Page) MainFrame() *Frame { return p.main }

// Agent is the page's agent.
func (p *Page) Agent() *script.Agent { return p.group.agent }

// Opener is the page whose script opened this one; nil for none.
func (p *Page) Opener() *Page { return p.opener }

// Hidden reports whether the page was made to be seen by nobody.
func (p *Page) Hidden() bool { return p.hidden }

// URL is the main frame's.
func (p *Page) URL() string { return p.main.URL() }

// Title is the document's title.
func (p *Page) Title() string {
	p.context.mu.Lock()
	defer p.context.mu.Unlock()
	return p.title
}

func (p *Page) setTitle(title string) {
	p.context.mu.Lock()
	changed := p.title != title
	p.title = title
	p.context.mu.Unlock()
	if changed {
		p.context.browser.observe.PageChanged(p)
	}
}

// SetOverrides sets what CDP changes about the page's requests.
func (p *Page) SetOverrides(o Overrides) {
	p.context.mu.Lock()
	p.overrides = o
	p.context.mu.Unlock()
}

// Frames are all frames of the page, parents before children.
func (p *Page) Frames() []*Frame {
	p.context.mu.Lock()
	defer p.context.mu.Unlock()
	return p.main.tree(nil)
}

// Frame is a frame of the page by its id, nil when there is none.
func (p *Page) Frame(id string) *Frame {
	for _, f := range p.Frames() {
		if f.id == id {
			return f
		}
	}
	return nil
}

// AddScript makes every new document of the page evaluate source before its own
// scripts; RemoveScript takes it away.
func (p *Page) AddScript(id, source string) {
	p.context.mu.Lock()
	p.scripts = append(p.scripts, injected{id, source})
	p.context.mu.Unlock()
}

// RemoveScript reports whether there was such a script.
func (p *Page) RemoveScript(id string) bool {
	p.context.mu.Lock()
	defer p.context.mu.Unlock()
	before := len(p.scripts)
	p.scripts = slices.DeleteFunc(p.scripts, func(s injected) bool { return s.id == id })
	return len(p.scripts) < before
}

// NavigateResult says what became of a navigation.
type NavigateResult struct {
	FrameID, LoaderID string // no LoaderID: it stayed within the document
	Err               error  // why it shows an error page; nil for a response of any status
	Download          bool   // nothing to show: 204, 205 or an attachment
}

// NavigateOptions go with a navigation by the user or by CDP.
type NavigateOptions struct {
	Referrer string
	FrameID  string // the main frame's when empty
}

// Navigate navigates a frame and returns when the navigation is committed.
func (p *Page) Navigate(ctx context.Context, url string, o NavigateOptions) (NavigateResult, error) {
	u, err := fetch.ParseURL(url, nil)
	if err != nil {
		return NavigateResult{}, err
	}
	f := p.main
	if o.FrameID != "" {
		if f = p.Frame(o.FrameID); f == nil {
			return NavigateResult{}, errors.New("no frame for given id found")
		}
	}
	if f.withinDocument(ctx, u) {
		return NavigateResult{FrameID: f.id}, nil
	}
	return f.await(ctx, f.start(navigation{url: u, referrer: o.Referrer, byUser: true}))
}

// Reload loads the main frame's document anew; withoutCache also bypasses the
// controller, as a shift-reload does.
func (p *Page) Reload(ctx context.Context, withoutCache bool) (NavigateResult, error) {
	u, err := fetch.ParseURL(p.URL(), nil)
	if err != nil {
		return NavigateResult{}, err
	}
	return p.main.await(ctx, p.main.start(navigation{url: u, reload: true, forced: withoutCache, byUser: true, replace: true}))
}

// Close closes the page; its documents are unloaded.
func (p *Page) Close(ctx context.Context) {
	c := p.context
	c.mu.Lock()
	if p.closed {
		c.mu.Unlock()
		return
	}
	p.closed = true
	c.pages = slices.DeleteFunc(c.pages, func(o *Page) bool { return o == p })
	c.mu.Unlock()
	_ = p.group.agent.Do(ctx, "close", func() { p.main.unload() })
	p.main.discardPending()
	p.group.leave()
	c.browser.observe.PageClosed(p)
}

// Closed reports whether the page was closed.
func (p *Page) Closed() bool {
	p.context.mu.Lock()
	defer p.context.mu.Unlock()
	return p.closed
}

// SetVisible makes document.visibilityState visible or hidden.
func (p *Page) SetVisible(on bool) {
	p.context.mu.Lock()
	changed := p.visible != on
	p.visible = on
	p.context.mu.Unlock()
	if changed {
		p.group.agent.Queue("visibility", func() { p.main.visibilityChanged() })
	}
}

// Activate notes a user activation of the page (a click).
func (p *Page) Activate() {
	p.context.mu.Lock()
	p.activated = p.context.browser.clock.Now()
	p.context.mu.Unlock()
}
