package devtools

import (
	"context"

	cdproto "github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/target"

	"github.com/swinspect/swinspect/runtime/window"
)

// none is the result of commands that have none.
var none = cdproto.Empty{}

// targetDomain is what every session has of Target.
func targetDomain(t *table) {
	eventOf(t, target.AttachedToTarget)
	eventOf(t, detachedFromTarget)
	eventOf(t, target.TargetCreated)
	eventOf(t, target.TargetDestroyed)
	eventOf(t, target.TargetInfoChanged)
	eventOf(t, target.TargetCrashed)
	handle(t, target.SetAutoAttach, func(_ context.Context, s *session, p target.SetAutoAttachParams) (cdproto.Empty, error) {
		if p.AutoAttach && (p.Flatten == nil || !*p.Flatten) {
			return none, invalid("Only flatten protocol is supported with browser level auto-attach")
		}
		f := newFilter(p.Filter)
		if p.AutoAttach && s.target == nil && f.matches(kindTab) && f.matches(kindPage) {
			return none, invalid("Filter should not simultaneously allow \"tab\" and \"page\", page targets are attached via tab targets")
		}
		s.server.mu.Lock()
		defer s.server.mu.Unlock()
		s.server.setAutoAttach(s, autoAttach{p.AutoAttach, p.WaitForDebuggerOnStart, f})
		return none, nil
	})
	handle(t, target.GetTargetInfo, func(_ context.Context, s *session, p target.GetTargetInfoParams) (target.GetTargetInfoResult, error) {
		s.server.mu.Lock()
		defer s.server.mu.Unlock()
		on := s.target
		if p.TargetID != "" {
			if string(p.TargetID) == s.server.id {
				return target.GetTargetInfoResult{TargetInfo: s.server.browserInfo()}, nil
			}
			if on = s.server.targets[string(p.TargetID)]; on == nil {
				return target.GetTargetInfoResult{}, invalid("No target with given id found")
			}
		}
		if on == nil {
			return target.GetTargetInfoResult{TargetInfo: s.server.browserInfo()}, nil
		}
		return target.GetTargetInfoResult{TargetInfo: s.server.info(on)}, nil
	})
	accept(t, target.SetRemoteLocations) // there is nothing further away to discover
	handle(t, target.DetachFromTarget, func(_ context.Context, s *session, p target.DetachFromTargetParams) (cdproto.Empty, error) {
		s.server.mu.Lock()
		x := s.conn.sessions[string(p.SessionID)]
		if x == nil || x.parent == nil {
			s.server.mu.Unlock()
			return none, invalid("No session with given id")
		}
		s.server.detach(x)
		s.server.mu.Unlock()
		s.server.forget(x)
		return none, nil
	})
}

// targetBrowserDomain is what only the browser's and a page's session may do.
func targetBrowserDomain(t *table) {
	handle(t, target.SetDiscoverTargets, setDiscoverTargets)
	handle(t, target.GetTargets, getTargets)
	handle(t, target.AttachToTarget, attachToTarget)
	handle(t, target.AttachToBrowserTarget, func(_ context.Context, s *session, _ cdproto.Empty) (target.AttachToBrowserTargetResult, error) {
		s.server.mu.Lock()
		defer s.server.mu.Unlock()
		x, err := s.server.open(s, nil, false, false)
		if err != nil {
			return target.AttachToBrowserTargetResult{}, err
		}
		return target.AttachToBrowserTargetResult{SessionID: target.SessionID(x.wire.ID())}, nil
	})
	handle(t, target.CreateTarget, createTarget)
	handle(t, target.ActivateTarget, func(_ context.Context, s *session, p target.ActivateTargetParams) (cdproto.Empty, error) {
		if s.server.find(p.TargetID) == nil {
			return none, invalid("No target with given id found")
		}
		return none, nil // there is no window to bring to the front
	})
	handle(t, cdproto.Command[target.CloseTargetParams, successResult]{Method: target.CommandCloseTarget}, func(_ context.Context, s *session, p target.CloseTargetParams) (successResult, error) {
		on := s.server.find(p.TargetID)
		if on == nil {
			return successResult{}, invalid("No target with given id found")
		}
		return later(s, func(context.Context) (successResult, error) {
			return successResult{s.server.closeTarget(on)}, nil
		})
	})
	handle(t, target.GetBrowserContexts, func(_ context.Context, s *session, _ cdproto.Empty) (target.GetBrowserContextsResult, error) {
		r := target.GetBrowserContextsResult{BrowserContextIDs: []cdproto.BrowserContextID{}}
		for _, c := range s.server.browser.Contexts() {
			if c.IsDefault() {
				r.DefaultBrowserContextID = cdproto.BrowserContextID(c.ID())
			} else {
				r.BrowserContextIDs = append(r.BrowserContextIDs, cdproto.BrowserContextID(c.ID()))
			}
		}
		return r, nil
	})
	handle(t, target.CreateBrowserContext, func(_ context.Context, s *session, p target.CreateBrowserContextParams) (target.CreateBrowserContextResult, error) {
		c := s.server.browser.NewContext()
		if p.DisposeOnDetach != nil && *p.DisposeOnDetach {
			s.server.mu.Lock()
			s.conn.contexts[c.ID()] = c
			s.server.mu.Unlock()
		}
		return target.CreateBrowserContextResult{BrowserContextID: cdproto.BrowserContextID(c.ID())}, nil
	})
	handle(t, target.DisposeBrowserContext, func(_ context.Context, s *session, p target.DisposeBrowserContextParams) (cdproto.Empty, error) {
		c, err := s.server.contextByID(p.BrowserContextID)
		if err != nil || c.IsDefault() {
			return none, failed("Failed to find context with id %s", p.BrowserContextID)
		}
		return later(s, func(context.Context) (cdproto.Empty, error) {
			s.server.mu.Lock()
			delete(s.conn.contexts, c.ID())
			s.server.mu.Unlock()
			c.Dispose()
			return none, nil
		})
	})
}

// targetWorkerDomain: a worker sees no other targets.
func targetWorkerDomain(t *table) {
	handle(t, target.SetDiscoverTargets, func(context.Context, *session, target.SetDiscoverTargetsParams) (cdproto.Empty, error) {
		return none, failed("Not allowed")
	})
}

func setDiscoverTargets(_ context.Context, s *session, p target.SetDiscoverTargetsParams) (cdproto.Empty, error) {
	if !p.Discover && len(p.Filter) > 0 {
		return none, invalid("Target filter may not be present when discover is false")
	}
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	before := s.discover
	s.discover = nil
	if !p.Discover {
		return none, nil
	}
	s.discover = &discovery{newFilter(p.Filter)}
	if s.discover.filter.matches(kindBrowser) && s.target == nil && before == nil {
		emit(s, target.TargetCreated, target.EventTargetCreated{TargetInfo: s.server.browserInfo()})
	}
	for _, t := range s.server.order {
		if s.discover.filter.matches(t.kind) && (before == nil || !before.filter.matches(t.kind)) {
			emit(s, target.TargetCreated, target.EventTargetCreated{TargetInfo: s.server.info(t)})
		}
	}
	return none, nil
}

func getTargets(_ context.Context, s *session, p target.GetTargetsParams) (target.GetTargetsResult, error) {
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	f := newFilter(p.Filter)
	if len(p.Filter) == 0 && s.discover != nil {
		f = s.discover.filter
	}
	r := target.GetTargetsResult{TargetInfos: []*target.Info{}}
	if f.matches(kindBrowser) {
		r.TargetInfos = append(r.TargetInfos, s.server.browserInfo())
	}
	for _, t := range s.server.order {
		if f.matches(t.kind) {
			r.TargetInfos = append(r.TargetInfos, s.server.info(t))
		}
	}
	return r, nil
}

func attachToTarget(_ context.Context, s *session, p target.AttachToTargetParams) (target.AttachToTargetResult, error) {
	if p.Flatten == nil || !*p.Flatten {
		return target.AttachToTargetResult{}, invalid("Only flat sessions are supported: pass flatten: true")
	}
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	on := s.server.targets[string(p.TargetID)]
	if on == nil && string(p.TargetID) != s.server.id {
		return target.AttachToTargetResult{}, invalid("No target with given id found")
	}
	x, err := s.server.open(s, on, false, false)
	if err != nil {
		return target.AttachToTargetResult{}, err
	}
	return target.AttachToTargetResult{SessionID: target.SessionID(x.wire.ID())}, nil
}

func createTarget(_ context.Context, s *session, p target.CreateTargetParams) (target.CreateTargetResult, error) {
	c, err := s.server.contextByID(p.BrowserContextID)
	if err != nil {
		return target.CreateTargetResult{}, err
	}
	hidden := p.Hidden != nil && *p.Hidden
	if hidden && p.NewWindow != nil {
		return target.CreateTargetResult{}, invalid("Hidden target cannot be created in a new window")
	}
	return later(s, func(ctx context.Context) (target.CreateTargetResult, error) {
		page, err := c.NewPage(ctx, "about:blank", window.PageOptions{Hidden: hidden})
		if err != nil {
			return target.CreateTargetResult{}, failed("Failed to open a new tab: %v", err)
		}
		settle(ctx, page)
		s.server.mu.Lock()
		t := s.server.targets[page.ID()]
		if t != nil {
			t.ready = true
			if hidden {
				s.conn.hidden[t.id] = t
			}
		}
		s.server.mu.Unlock()
		if p.URL != "" && p.URL != "about:blank" {
			s.server.navigateWhenLetGo(t, p.URL)
		}
		id := page.ID()
		if p.ForTab != nil && *p.ForTab && t != nil && t.tab != nil {
			id = t.tab.id
		}
		return target.CreateTargetResult{TargetID: target.ID(id)}, nil
	})
}

// settle waits until a new page's about:blank has loaded: its load event must not be
// taken for that of the navigation to come.
func settle(ctx context.Context, p *window.Page) {
	f := p.MainFrame()
	for complete := false; !complete; {
		err := f.Agent().Do(ctx, "settle", func() {
			v, err := f.Evaluate("", "document.readyState")
			complete = err != nil || v.String() == "complete"
		})
		if err != nil {
			return
		}
	}
}

// navigateWhenLetGo is a new page's first navigation: it waits for debuggers.
func (s *Server) navigateWhenLetGo(t *subject, url string) {
	if t == nil {
		return
	}
	s.mu.Lock()
	start := t.start
	s.mu.Unlock()
	s.parallel(func(ctx context.Context) {
		if start != nil {
			select {
			case <-start:
			case <-ctx.Done():
				return
			}
		}
		if _, err := t.page.Navigate(ctx, url, window.NavigateOptions{}); err != nil {
			s.log.Debug("first navigation", "url", url, "err", err)
		}
	})
}

// contextByID is a browser context; the default one for "".
func (s *Server) contextByID(id cdproto.BrowserContextID) (*window.Context, error) {
	if id == "" {
		return s.browser.DefaultContext(), nil
	}
	for _, c := range s.browser.Contexts() {
		if c.ID() == string(id) {
			return c, nil
		}
	}
	return nil, failed("Failed to find browser context with id %s", id)
}
