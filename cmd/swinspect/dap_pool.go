package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/swinspect/swinspect/assets/demo"
	"github.com/swinspect/swinspect/breakpoints"
	"github.com/swinspect/swinspect/cdp/chromium"
	"github.com/swinspect/swinspect/inspector"
	"github.com/swinspect/swinspect/inspector/dap"
	"github.com/swinspect/swinspect/inspector/debugger"
)

// dapPool is the browsers of `swinspect dap`. Sessions that attach to the same browser
// share it and its debugger: many watch, one drives. Its methods may be called from any
// goroutine.
type dapPool struct {
	io   stdio
	hub  *inspector.Hub
	keep bool // what was launched may outlive its session: others can come

	mu       sync.Mutex
	browsers []*dapBrowser
}

// dapBrowser is one browser with its debugger.
type dapBrowser struct {
	name     string
	endpoint string // "" for what was launched
	browser  *inspector.Browser
	debugger *debugger.Debugger
	set      *breakpoints.Set
	roots    map[string]string
	ended    <-chan struct{}
	end      func() error // ends the process; nil: somebody else's
	users    []string     // who debugs
	gone     bool         // it was let go of
}

func newDAPPool(io stdio, keep bool) *dapPool {
	return &dapPool{io: io, keep: keep, hub: inspector.NewHub(inspector.HubOptions{})}
}

// Launch starts what a configuration says.
func (p *dapPool) Launch(ctx context.Context, l *dap.Launch, say func(string)) (*dap.Debuggee, error) {
	within, cancel := context.WithTimeout(ctx, l.Within())
	defer cancel()
	plan, err := newDAPPlan(within, l)
	if err != nil {
		return nil, err
	}
	b := &dapBrowser{roots: plan.roots, set: breakpoints.NewSet()}
	if l.Backend == "chromium" {
		err = p.startChromium(within, l, b, say)
	} else {
		err = p.startEngine(within, l, plan, b)
	}
	stop := b.end
	b.end = func() error {
		var err error
		if stop != nil {
			err = stop()
		}
		return errors.Join(err, plan.close())
	}
	if err != nil {
		return nil, errors.Join(err, b.end())
	}
	at, err := p.enter(within, b, &l.Common)
	if err != nil {
		return nil, err
	}
	at.Open = func(ctx context.Context) error {
		for _, url := range plan.open {
			if _, err := b.browser.OpenPage(ctx, "", url); err != nil {
				return err
			}
		}
		return nil
	}
	return at, nil
}

func (p *dapPool) startEngine(ctx context.Context, l *dap.Launch, plan *dapPlan, b *dapBrowser) error {
	child, err := newEngineChild(p.io, engineOptions{Sites: plan.sites, Allow: plan.allow, Demo: l.Demo, Open: []string{"about:blank"}, Profile: l.Profile})
	if err != nil {
		return err
	}
	b.name, b.end = "the engine", child.Close
	b.browser, err = p.hub.Attach(ctx, inspector.AttachOptions{Name: "engine", Dial: child.Dial})
	if err != nil {
		if why := child.failedToStart(); why != "" {
			err = fmt.Errorf("the engine does not start: %s", clean(why))
		}
	}
	return err
}

func (p *dapPool) startChromium(ctx context.Context, l *dap.Launch, b *dapBrowser, say func(string)) error {
	say("starting a browser")
	process, err := chromium.Launch(ctx, chromium.Options{Headless: l.Headless})
	if err != nil {
		return err
	}
	b.end, b.ended = process.Close, process.Done()
	b.browser, err = p.hub.Attach(ctx, inspector.AttachOptions{Endpoint: process.Endpoint().WebSocketURL})
	if err == nil {
		b.name = b.browser.State().Connection.Product
	}
	return err
}

// Attach joins a browser that is in the pool, or attaches to one.
func (p *dapPool) Attach(ctx context.Context, a *dap.Attach, say func(string)) (*dap.Debuggee, error) {
	within, cancel := context.WithTimeout(ctx, a.Within())
	defer cancel()
	endpoint := a.Endpoint
	p.mu.Lock()
	found := slices.DeleteFunc(slices.Clone(p.browsers), func(b *dapBrowser) bool { return endpoint != "" && b.endpoint != endpoint })
	p.mu.Unlock()
	if len(found) == 1 {
		return p.enter(within, found[0], &a.Common)
	}
	if endpoint = cmp.Or(endpoint, p.io.env("SWINSPECT_ATTACH")); endpoint == "" {
		var err error
		if endpoint, err = theOneBrowser(within); err != nil {
			return nil, withHint(err)
		}
	}
	if isRecording(endpoint) {
		return nil, fmt.Errorf("%s is a recording: only what runs can be debugged", endpoint)
	}
	b, err := p.hub.Attach(within, inspector.AttachOptions{Endpoint: endpoint})
	if err != nil {
		return nil, withHint(unreachable(within, connection{attach: endpoint, timeout: a.Within()}, err))
	}
	if known := p.sameInstance(b); known != nil {
		b.Close()
		return p.enter(within, known, &a.Common)
	}
	if a.Endpoint == "" {
		say("attached to " + endpoint)
	}
	return p.enter(within, &dapBrowser{name: cmp.Or(b.State().Connection.Product, endpoint), endpoint: endpoint, browser: b, set: breakpoints.NewSet()}, &a.Common)
}

// withHint is an error with its advice, for those who see only its text.
func withHint(err error) error {
	if f, ok := errors.AsType[*failure](err); ok && f.hint != "" {
		return fmt.Errorf("%w\n%s", err, f.hint)
	}
	return err
}

// sameInstance is the browser of the pool that b is another connection to.
func (p *dapPool) sameInstance(b *inspector.Browser) *dapBrowser {
	instance := b.State().Connection.Instance
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, known := range p.browsers {
		if instance != "" && known.browser.State().Connection.Instance == instance {
			return known
		}
	}
	return nil
}

// enter gives a session its part of a browser, whose debugger it switches on.
func (p *dapPool) enter(ctx context.Context, b *dapBrowser, c *dap.Common) (*dap.Debuggee, error) {
	p.mu.Lock()
	defer p.mu.Unlock() // switching on twice would be a mistake
	name := c.Client
	for n := 2; slices.Contains(b.users, name); n++ {
		name = fmt.Sprintf("%s (%d)", c.Client, n)
	}
	if b.debugger == nil {
		b.debugger = debugger.New(b.browser, b.set, debugger.Options{Name: name, Watchdog: c.ForgottenAfter()})
	}
	if len(b.users) == 0 {
		if err := b.debugger.Start(ctx); err != nil {
			return nil, errors.Join(fmt.Errorf("switching the debugger on: %w", err), p.dispose(b))
		}
	}
	b.users = append(b.users, name)
	if !slices.Contains(p.browsers, b) {
		p.browsers = append(p.browsers, b)
	}
	return &dap.Debuggee{
		Name: b.name, Debugger: b.debugger.As(name), Breakpoints: b.set, Browser: b.browser, Roots: b.roots, Ended: b.ended,
		Release: func(terminate bool) error { return p.leave(b, name, terminate) },
	}, nil
}

// letGoWithin bounds how long resuming may take at the end.
const letGoWithin = 5 * time.Second

// leave is the end of a session's part.
func (p *dapPool) leave(b *dapBrowser, name string, terminate bool) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	b.users = slices.DeleteFunc(b.users, func(u string) bool { return u == name })
	switch {
	case terminate && b.end != nil:
		return p.dispose(b)
	case len(b.users) > 0:
		return nil
	case b.end != nil && p.keep:
		ctx, cancel := context.WithTimeout(context.Background(), letGoWithin)
		defer cancel()
		return b.debugger.Stop(ctx)
	}
	return p.dispose(b)
}

// dispose lets a browser go. The caller holds the lock.
func (p *dapPool) dispose(b *dapBrowser) error {
	if b.gone {
		return nil
	}
	b.gone = true
	p.browsers = slices.DeleteFunc(p.browsers, func(o *dapBrowser) bool { return o == b })
	b.debugger.Close()
	b.browser.Close()
	if b.end != nil {
		return b.end()
	}
	return nil
}

// close lets everything go.
func (p *dapPool) close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	var err error
	for _, b := range slices.Clone(p.browsers) {
		err = errors.Join(err, p.dispose(b))
	}
	return errors.Join(err, p.hub.Close())
}

// dapPlan is where the sites of a launch are served, and what is opened.
type dapPlan struct {
	sites []string          // DIR@ORIGIN that the engine serves
	allow []string          // origins it may reach
	open  []string          // pages
	roots map[string]string // folders by URL
	serve *dapSite          // that is served by us; nil: none
}

func newDAPPlan(ctx context.Context, l *dap.Launch) (*dapPlan, error) {
	plan := &dapPlan{allow: l.Allow, roots: map[string]string{}}
	inCwd := func(path string) string {
		if filepath.IsAbs(path) || l.Cwd == "" {
			return path
		}
		return l.Cwd + string(filepath.Separator) + path // joined, DIR@https:// would lose a slash
	}
	var base string // what a URL that is only a path is relative to
	switch {
	case l.Program != "":
		program := inCwd(l.Program)
		site, err := serveDAPSite(ctx, cmp.Or(l.WebRoot, filepath.Dir(program)), program)
		if err != nil {
			return nil, err
		}
		plan.serve, base = site, site.origin
		plan.allow = append(plan.allow, site.origin)
		plan.roots[site.origin+"/"] = site.dir
		plan.open = []string{site.page}
	case len(l.Site) > 0 && l.Backend == "chromium":
		dir := inCwd(l.Site[0])
		if len(l.Site) > 1 || !isFolder(dir) {
			return nil, fmt.Errorf("site: for Chromium it is one folder, which is served at http://127.0.0.1: %q is not", strings.Join(l.Site, " "))
		}
		site, err := serveDAPSite(ctx, dir, "")
		if err != nil {
			return nil, err
		}
		plan.serve, base = site, site.origin
		plan.roots[site.origin+"/"] = site.dir
		plan.open = []string{site.origin + "/"}
	default:
		for _, given := range l.Site {
			dir, origin, err := parseSite(inCwd(given))
			if err != nil {
				return nil, err
			}
			plan.sites = append(plan.sites, dir+"@"+origin)
			plan.roots[origin+"/"] = dir
			plan.open = append(plan.open, origin+"/")
			base = cmp.Or(base, origin)
		}
		if l.Demo {
			plan.open = append(plan.open, demo.Origin+"/")
			base = cmp.Or(base, demo.Origin)
		}
	}
	if l.URL != "" {
		url := l.URL
		if strings.HasPrefix(url, "/") && base != "" {
			url = base + url
		}
		plan.open = []string{url}
	}
	return plan, nil
}

func (p *dapPlan) close() error {
	if p.serve == nil {
		return nil
	}
	return p.serve.close()
}
