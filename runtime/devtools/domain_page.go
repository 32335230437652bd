package devtools

import (
	"context"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	cdproto "github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/dom"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"

	"github.com/swinspect/swinspect/runtime/window"
)

// pageState is what a target knows of its frames and realms; guarded by Server.mu.
type pageState struct {
	realms     []*realmState
	worldNames []string          // worlds that every new document gets
	loaders    map[string]string // the browser's loader id to the wire's
	navigating map[string]string // frame id to the wire's loader id of the request under way
	loading    []*window.Frame   // frames with a navigation under way, the newest last
	scripts    []newDocumentScript
	dialog     *openDialog
	failed     map[string]bool // loader ids of navigations whose request failed
}

func (p *pageState) init() {
	p.loaders, p.navigating, p.failed = map[string]string{}, map[string]string{}, map[string]bool{}
}

// newDocumentScript is a script of Page.addScriptToEvaluateOnNewDocument.
type newDocumentScript struct {
	id, source, world string
	session           *session
}

// openDialog is an alert, confirm or prompt that waits for its answer.
type openDialog struct{ answer chan dialogAnswer }

type dialogAnswer struct {
	accept bool
	text   string
}

// pageSession is what a session remembers of Page.
type pageSession struct {
	lifecycle   bool
	compiled    map[string]compiledScript
	navigations []*pendingNavigate
}

func pageDomain(t *table) {
	eventOf(t, page.FrameAttached)
	eventOf(t, page.FrameNavigated)
	eventOf(t, page.FrameDetached)
	eventOf(t, page.FrameStartedLoading)
	eventOf(t, page.FrameStoppedLoading)
	eventOf(t, page.NavigatedWithinDocument)
	eventOf(t, page.LifecycleEvent)
	eventOf(t, page.LoadEventFired)
	eventOf(t, page.DomContentEventFired)
	eventOf(t, page.JavascriptDialogOpening)
	eventOf(t, page.JavascriptDialogClosed)
	handle(t, page.Enable, func(_ context.Context, s *session, _ page.EnableParams) (cdproto.Empty, error) {
		s.enable("Page")
		return none, nil
	})
	handle(t, page.Disable, func(_ context.Context, s *session, _ cdproto.Empty) (cdproto.Empty, error) {
		s.disable("Page")
		return none, nil
	})
	handle(t, page.SetLifecycleEventsEnabled, setLifecycle)
	handle(t, page.Navigate, pageNavigate)
	handle(t, page.Reload, func(_ context.Context, s *session, p page.ReloadParams) (cdproto.Empty, error) {
		s.server.parallel(func(ctx context.Context) { _, _ = s.target.page.Reload(ctx, on(p.IgnoreCache)) })
		return none, nil
	})
	handle(t, page.GetFrameTree, func(_ context.Context, s *session, _ cdproto.Empty) (page.GetFrameTreeResult, error) {
		return page.GetFrameTreeResult{FrameTree: s.server.frameTree(s.target, s.target.page.MainFrame())}, nil
	})
	pageDebuggerDomain(t)
	handle(t, page.AddScriptToEvaluateOnNewDocument, addScript)
	handle(t, page.RemoveScriptToEvaluateOnNewDocument, func(_ context.Context, s *session, p page.RemoveScriptToEvaluateOnNewDocumentParams) (cdproto.Empty, error) {
		s.server.mu.Lock()
		defer s.server.mu.Unlock()
		before := len(s.target.scripts)
		s.target.scripts = slices.DeleteFunc(s.target.scripts, func(n newDocumentScript) bool { return n.id == string(p.Identifier) })
		if len(s.target.scripts) == before {
			return none, failed("Script not found")
		}
		return none, nil
	})
	handle(t, page.CreateIsolatedWorld, createIsolatedWorld)
	handle(t, page.HandleJavaScriptDialog, handleDialog)
	handle(t, page.Close, func(_ context.Context, s *session, _ cdproto.Empty) (cdproto.Empty, error) {
		s.server.parallel(func(context.Context) { s.server.closeTarget(s.target) })
		return none, nil
	})
	handle(t, page.StopLoading, func(_ context.Context, s *session, _ cdproto.Empty) (cdproto.Empty, error) { return none, nil })
	handle(t, page.CaptureScreenshot, func(_ context.Context, s *session, _ page.CaptureScreenshotParams) (page.CaptureScreenshotResult, error) {
		return page.CaptureScreenshotResult{}, failed("This engine does not render: there is nothing to take a screenshot of")
	})
	handle(t, page.PrintToPDF, func(_ context.Context, s *session, _ page.PrintToPDFParams) (page.PrintToPDFResult, error) {
		return page.PrintToPDFResult{}, failed("This engine does not render: there is nothing to print")
	})
	handle(t, page.GetLayoutMetrics, func(_ context.Context, s *session, _ cdproto.Empty) (page.GetLayoutMetricsResult, error) {
		return page.GetLayoutMetricsResult{}, failed("This engine has no layout")
	})
	handle(t, page.GetNavigationHistory, navigationHistory)
	handle(t, page.NavigateToHistoryEntry, navigateToHistoryEntry)
	handle(t, page.BringToFront, func(_ context.Context, s *session, _ cdproto.Empty) (cdproto.Empty, error) {
		s.target.page.SetVisible(true)
		return none, nil
	})
	accept(t, page.SetBypassCSP)                  // Content Security Policy is not enforced on scripts
	accept(t, page.SetInterceptFileChooserDialog) // there are no file choosers
	accept(t, page.SetFontFamilies)               // nothing is rendered
	accept(t, page.SetPrerenderingAllowed)        // nothing is prerendered
	accept(t, page.SetAdBlockingEnabled)          // no advertisement is blocked
	accept(t, named("Page.setDownloadBehavior"))  // downloads are not stored
}

func setLifecycle(_ context.Context, s *session, p page.SetLifecycleEventsEnabledParams) (cdproto.Empty, error) {
	s.server.mu.Lock()
	first := p.Enabled && !s.page.lifecycle
	s.page.lifecycle = p.Enabled
	s.server.mu.Unlock()
	if !first {
		return none, nil
	}
	// The document there is has been through all of it.
	for _, f := range s.target.page.Frames() {
		if f.Realm() == nil {
			continue
		}
		loader := s.server.loader(s.target, f.LoaderID())
		for _, name := range []string{"commit", "DOMContentLoaded", "load", "networkAlmostIdle", "networkIdle"} {
			s.server.mu.Lock()
			busy := slices.Contains(s.target.loading, f)
			s.server.mu.Unlock()
			if busy && name != "commit" {
				break
			}
			emit(s, page.LifecycleEvent, page.EventLifecycleEvent{
				FrameID: cdproto.FrameID(f.ID()), LoaderID: cdproto.LoaderID(loader), Name: name,
				Timestamp: cdproto.MonotonicTime(seconds(s.server.clock.Now())),
			})
		}
	}
	return none, nil
}

// loader is the wire's loader id for the browser's.
func (s *Server) loader(t *subject, id string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if wire := t.loaders[id]; wire != "" {
		return wire
	}
	return id
}

func (s *Server) frame(t *subject, f *window.Frame) *cdproto.Frame {
	raw := f.URL()
	base, fragment, found := strings.Cut(raw, "#")
	out := &cdproto.Frame{
		ID: cdproto.FrameID(f.ID()), LoaderID: cdproto.LoaderID(s.loader(t, f.LoaderID())), Name: f.Name(), URL: base,
		DomainAndRegistry: domainOf(base), SecurityOrigin: orOpaque(originOf(base)), MimeType: "text/html",
		SecureContextType: "InsecureScheme", CrossOriginIsolatedContextType: "NotIsolated", GatedAPIFeatures: []cdproto.GatedAPIFeatures{},
	}
	if found {
		out.URLFragment = "#" + fragment
	}
	if strings.HasPrefix(base, "https:") {
		out.SecureContextType = "Secure"
	} else if u, err := url.Parse(base); err == nil && (u.Hostname() == "localhost" || u.Hostname() == "127.0.0.1") {
		out.SecureContextType = "SecureLocalhost"
	}
	if parent := f.Parent(); parent != nil {
		out.ParentID = cdproto.FrameID(parent.ID())
	}
	return out
}

func domainOf(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return ""
	}
	return u.Hostname()
}

func orOpaque(origin string) string {
	if origin == "" {
		return "://"
	}
	return origin
}

func (s *Server) frameTree(t *subject, f *window.Frame) *page.FrameTree {
	tree := &page.FrameTree{Frame: s.frame(t, f)}
	for _, c := range f.Children() {
		tree.ChildFrames = append(tree.ChildFrames, s.frameTree(t, c))
	}
	return tree
}

func addScript(_ context.Context, s *session, p page.AddScriptToEvaluateOnNewDocumentParams) (page.AddScriptToEvaluateOnNewDocumentResult, error) {
	id := strconv.FormatInt(s.server.nextID(), 10)
	s.server.mu.Lock()
	s.target.scripts = append(s.target.scripts, newDocumentScript{id, p.Source, p.WorldName, s})
	if p.WorldName != "" && !slices.Contains(s.target.worldNames, p.WorldName) {
		s.target.worldNames = append(s.target.worldNames, p.WorldName)
	}
	s.server.mu.Unlock()
	if on(p.RunImmediately) {
		for _, rs := range s.realmStates() {
			rs.realm.Agent().Queue("new document script", func() { _, _ = rs.evaluate(p.Source, "") })
		}
	}
	return page.AddScriptToEvaluateOnNewDocumentResult{Identifier: page.ScriptIdentifier(id)}, nil
}

// toInject is what a new realm gets before its own scripts; with Server.mu held.
func (s *Server) toInject(rs *realmState) (scripts []string, bindings []binding) {
	if rs.frame != nil {
		for _, n := range rs.target.scripts {
			scripts = append(scripts, n.source)
		}
	}
	for _, x := range rs.target.sessions {
		for _, b := range x.bindings {
			bindings = append(bindings, b)
		}
	}
	return scripts, bindings
}

func createIsolatedWorld(_ context.Context, s *session, p page.CreateIsolatedWorldParams) (page.CreateIsolatedWorldResult, error) {
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	for _, rs := range s.target.realms {
		if rs.frame == nil || rs.frame.ID() != string(p.FrameID) {
			continue
		}
		for _, w := range rs.worlds {
			if !w.main && w.name == p.WorldName {
				return page.CreateIsolatedWorldResult{ExecutionContextID: runtime.ExecutionContextID(w.id)}, nil
			}
		}
		w := s.server.newWorld(rs, p.WorldName, false)
		return page.CreateIsolatedWorldResult{ExecutionContextID: runtime.ExecutionContextID(w.id)}, nil
	}
	return page.CreateIsolatedWorldResult{}, invalid("No frame for given id found")
}

func handleDialog(_ context.Context, s *session, p page.HandleJavaScriptDialogParams) (cdproto.Empty, error) {
	s.server.mu.Lock()
	d := s.target.dialog
	s.target.dialog = nil
	s.server.mu.Unlock()
	if d == nil {
		return none, invalid("No dialog is showing")
	}
	d.answer <- dialogAnswer{p.Accept, p.PromptText}
	return none, nil
}

// dialog asks whoever listens; a page without listeners is answered at once.
func (s *Server) dialog(ctx context.Context, p *window.Page, kind, message, preset string) (bool, string) {
	at := p.URL()
	s.mu.Lock()
	t := s.targets[p.ID()]
	listening := s.sessionsOf(t, "Page")
	if len(listening) == 0 {
		s.mu.Unlock()
		return kind == "alert", ""
	}
	d := &openDialog{make(chan dialogAnswer, 1)}
	t.dialog = d
	for _, x := range listening {
		emit(x, page.JavascriptDialogOpening, page.EventJavascriptDialogOpening{
			URL: at, FrameID: cdproto.FrameID(t.id), Message: message, Type: page.DialogType(kind), DefaultPrompt: preset,
		})
	}
	s.mu.Unlock()
	var a dialogAnswer
	select {
	case a = <-d.answer:
	case <-ctx.Done():
	case <-s.ctx.Done():
	}
	s.mu.Lock()
	for _, x := range s.sessionsOf(t, "Page") {
		emit(x, page.JavascriptDialogClosed, page.EventJavascriptDialogClosed{FrameID: cdproto.FrameID(t.id), Result: a.accept, UserInput: a.text})
	}
	s.mu.Unlock()
	return a.accept, a.text
}

// onPage tells the sessions of a frame's page with Page enabled; f runs with
// Server.mu held.
func (s *Server) onPage(f *window.Frame, tell func(t *subject, x *session)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.targets[f.Page().ID()]
	for _, x := range s.sessionsOf(t, "Page") {
		tell(t, x)
	}
}

func (o *browserObserver) FrameAttached(f *window.Frame) {
	parent := f.Parent()
	if parent == nil {
		return
	}
	id, parentID := f.ID(), parent.ID()
	o.s.onPage(f, func(_ *subject, x *session) {
		emit(x, page.FrameAttached, page.EventFrameAttached{FrameID: cdproto.FrameID(id), ParentFrameID: cdproto.FrameID(parentID)})
	})
}

func (o *browserObserver) FrameStartedLoading(f *window.Frame) {
	o.s.withTarget(f.Page().ID(), func(t *subject) {
		t.loading = append(slices.DeleteFunc(t.loading, func(other *window.Frame) bool { return other == f }), f)
		delete(t.navigating, f.ID())
	})
	o.s.onPage(f, func(_ *subject, x *session) {
		emit(x, page.FrameStartedLoading, page.EventFrameStartedLoading{FrameID: cdproto.FrameID(f.ID())})
	})
}

func (o *browserObserver) FrameStoppedLoading(f *window.Frame) {
	o.s.withTarget(f.Page().ID(), func(t *subject) {
		t.loading = slices.DeleteFunc(t.loading, func(other *window.Frame) bool { return other == f })
	})
	o.s.onPage(f, func(_ *subject, x *session) {
		emit(x, page.FrameStoppedLoading, page.EventFrameStoppedLoading{FrameID: cdproto.FrameID(f.ID())})
	})
}

func (o *browserObserver) FrameNavigated(f *window.Frame) {
	s := o.s
	p := f.Page()
	id := f.LoaderID()
	s.withTarget(p.ID(), func(t *subject) { s.committed(t, f.ID(), id) })
	s.mu.Lock()
	t := s.targets[p.ID()]
	s.mu.Unlock()
	if t == nil {
		return
	}
	told := s.frame(t, f)
	s.answerNavigate(t, f, told)
	s.onPage(f, func(_ *subject, x *session) {
		emit(x, page.FrameNavigated, page.EventFrameNavigated{Frame: told, Type: "Navigation"})
	})
	s.withTarget(p.ID(), func(t *subject) {
		for _, x := range s.sessionsOf(t, "DOM") {
			if f.Parent() == nil {
				clear(x.pushed)
				emit(x, dom.DocumentUpdated, dom.EventDocumentUpdated{})
			}
		}
	})
	if f.Parent() == nil {
		o.PageChanged(p)
	}
}

// committed pairs the browser's loader id with the one its request had on the wire.
func (s *Server) committed(t *subject, frame, id string) {
	if wire := t.navigating[frame]; wire != "" && t.loaders[id] == "" {
		t.loaders[id] = wire
		delete(t.navigating, frame)
	}
}

func (o *browserObserver) FrameNavigatedWithinDocument(f *window.Frame, u string) {
	o.s.onPage(f, func(_ *subject, x *session) {
		emit(x, page.NavigatedWithinDocument, page.EventNavigatedWithinDocument{FrameID: cdproto.FrameID(f.ID()), URL: u, NavigationType: "other"})
	})
	if f.Parent() == nil {
		o.PageChanged(f.Page())
	}
}

func (o *browserObserver) FrameDetached(f *window.Frame) {
	o.s.withTarget(f.Page().ID(), func(t *subject) {
		t.loading = slices.DeleteFunc(t.loading, func(other *window.Frame) bool { return other == f })
	})
	o.s.onPage(f, func(_ *subject, x *session) {
		emit(x, page.FrameDetached, page.EventFrameDetached{FrameID: cdproto.FrameID(f.ID()), Reason: page.FrameDetachedReasonRemove})
	})
}

func (o *browserObserver) Lifecycle(f *window.Frame, loaderID, name string, at time.Time) {
	s := o.s
	main := f.Parent() == nil
	s.withTarget(f.Page().ID(), func(t *subject) { s.committed(t, f.ID(), loaderID) })
	now := cdproto.MonotonicTime(seconds(at))
	s.onPage(f, func(t *subject, x *session) {
		wire := loaderID
		if t.loaders[loaderID] != "" {
			wire = t.loaders[loaderID]
		}
		if main && name == "DOMContentLoaded" {
			emit(x, page.DomContentEventFired, page.EventDomContentEventFired{Timestamp: now})
		}
		if main && name == "load" {
			emit(x, page.LoadEventFired, page.EventLoadEventFired{Timestamp: now})
		}
		if !x.page.lifecycle {
			return
		}
		names := []string{name}
		if name == "networkIdle" {
			names = []string{"networkAlmostIdle", "networkIdle"}
		}
		for _, n := range names {
			emit(x, page.LifecycleEvent, page.EventLifecycleEvent{FrameID: cdproto.FrameID(f.ID()), LoaderID: cdproto.LoaderID(wire), Name: n, Timestamp: now})
		}
	})
}

func navigationHistory(_ context.Context, s *session, _ cdproto.Empty) (page.GetNavigationHistoryResult, error) {
	p := s.target.page
	return later(s, func(context.Context) (page.GetNavigationHistoryResult, error) {
		r := page.GetNavigationHistoryResult{Entries: []*page.NavigationEntry{}}
		urls, current := p.History()
		for i, u := range urls {
			r.Entries = append(r.Entries, &page.NavigationEntry{ID: int64(i), URL: u, UserTypedURL: u, TransitionType: "typed"})
		}
		if current >= 0 && current < len(urls) {
			r.CurrentIndex, r.Entries[current].Title = int64(current), p.Title()
		}
		return r, nil
	})
}

func navigateToHistoryEntry(_ context.Context, s *session, p page.NavigateToHistoryEntryParams) (cdproto.Empty, error) {
	on := s.target.page
	return later(s, func(context.Context) (cdproto.Empty, error) {
		if urls, _ := on.History(); p.EntryID < 0 || p.EntryID >= int64(len(urls)) {
			return none, invalid("No entry with passed id")
		}
		on.Traverse(int(p.EntryID))
		return none, nil
	})
}
