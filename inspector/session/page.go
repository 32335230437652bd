package session

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	cdproto "github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
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

// loads is what the page's events say of its documents.
type loads struct {
	loader   cdproto.LoaderID // of the document that is there
	loaded   bool
	failed   string                         // the address that could not be loaded, of an error page
	answers  map[string]*answer             // by loader: of documents
	errors   map[string]string              // by loader: why there was no document
	byURL    map[string]*answer             // the newest answer of each URL
	answered int                            // how many answers there were
	urls     map[network.RequestID]string   // of requests under way
	isDoc    map[network.RequestID]struct{} // requests of documents
	closed   bool
	crashed  bool
	blocking string // a dialog that holds the page up
}

// answer is a response as it is known from the page's network.
type answer struct {
	url     string
	status  int64
	headers map[string]string
	worker  bool
	source  string
	seq     int // counts the answers of the page
}

// consoleMessage is ConsoleMessage of swinspect.d.ts.
type consoleMessage struct {
	Time  float64 `json:"time"`
	Level string  `json:"level"`
	Text  string  `json:"text"`
	URL   string  `json:"url"`
	Line  int     `json:"line"`
}

func (p *page) class() *class { return pageClass }

func (p *page) String() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.id == "" {
		return "Page (not open yet)"
	}
	return "Page " + string(p.id)
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

// follow is the page's goroutine.
func (p *page) follow() {
	defer close(p.done)
	for e := range p.events.C() {
		if e.Method == "Fetch.requestPaused" {
			p.context.network.paused(p.session, e, false)
			continue
		}
		p.mu.Lock()
		if p.hear(e) {
			close(p.changed)
			p.changed = make(chan struct{})
		}
		p.mu.Unlock()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.loads.closed = true
	close(p.changed)
	p.changed = make(chan struct{})
}

// hear folds one event in, with mu held; it reports whether somebody may wait for it.
func (p *page) hear(e cdp.Event) bool {
	l := &p.loads
	switch e.Method {
	case cdppage.FrameNavigated.Method:
		var v struct {
			Frame struct {
				LoaderID       cdproto.LoaderID `json:"loaderId"`
				ParentID       string           `json:"parentId"`
				UnreachableURL string           `json:"unreachableUrl"`
			} `json:"frame"`
		}
		if cdp.Decode(e.Params, &v) != nil || v.Frame.ParentID != "" {
			return false
		}
		l.loader, l.loaded, l.failed = v.Frame.LoaderID, false, v.Frame.UnreachableURL
		return true
	case cdppage.LoadEventFired.Method:
		l.loaded = true
		return true
	case network.RequestWillBeSent.Method:
		var v struct {
			RequestID network.RequestID `json:"requestId"`
			LoaderID  string            `json:"loaderId"`
			Type      string            `json:"type"`
			Request   struct {
				URL string `json:"url"`
			} `json:"request"`
		}
		if cdp.Decode(e.Params, &v) == nil {
			l.urls[v.RequestID] = v.Request.URL
			if v.Type == "Document" && string(v.RequestID) == v.LoaderID {
				l.isDoc[v.RequestID] = struct{}{}
			}
		}
	case network.ResponseReceived.Method:
		return p.hearResponse(e)
	case network.LoadingFailed.Method:
		var v struct {
			RequestID     network.RequestID `json:"requestId"`
			ErrorText     string            `json:"errorText"`
			BlockedReason string            `json:"blockedReason"`
		}
		if cdp.Decode(e.Params, &v) != nil {
			return false
		}
		delete(l.urls, v.RequestID)
		if _, doc := l.isDoc[v.RequestID]; doc {
			l.errors[string(v.RequestID)] = v.ErrorText
			return true
		}
	case network.LoadingFinished.Method:
		var v struct {
			RequestID network.RequestID `json:"requestId"`
		}
		if cdp.Decode(e.Params, &v) == nil {
			delete(l.urls, v.RequestID)
		}
	case runtime.ConsoleAPICalled.Method, runtime.ExceptionThrown.Method:
		if m, ok := consoleOf(e); ok {
			p.console = append(p.console, m)
		}
		return true
	case cdppage.JavascriptDialogOpening.Method:
		// Nobody is there to answer: what it asks is refused, as by a user who closes it.
		_ = p.session.Go(cdppage.HandleJavaScriptDialog.Method, cdppage.HandleJavaScriptDialogParams{Accept: false}) // the page is gone: so is its dialog
	case "Inspector.targetCrashed":
		l.crashed = true
		return true
	}
	return false
}

func (p *page) hearResponse(e cdp.Event) bool {
	var v struct {
		RequestID network.RequestID `json:"requestId"`
		LoaderID  string            `json:"loaderId"`
		Type      string            `json:"type"`
		Response  struct {
			URL                string            `json:"url"`
			Status             int64             `json:"status"`
			Headers            map[string]string `json:"headers"`
			FromServiceWorker  bool              `json:"fromServiceWorker"`
			FromDiskCache      bool              `json:"fromDiskCache"`
			FromPrefetchCache  bool              `json:"fromPrefetchCache"`
			ServiceWorkerFrom  string            `json:"serviceWorkerResponseSource"`
			CacheStorageName   string            `json:"cacheStorageCacheName"`
			ServiceWorkerRoute *struct {
				Actual string `json:"actualSourceType"`
			} `json:"serviceWorkerRouterInfo"`
		} `json:"response"`
	}
	if cdp.Decode(e.Params, &v) != nil {
		return false
	}
	a := &answer{url: v.Response.URL, status: v.Response.Status, headers: lowered(v.Response.Headers), worker: v.Response.FromServiceWorker, source: "network"}
	switch {
	case v.Response.ServiceWorkerFrom == "cache-storage" || v.Response.CacheStorageName != "":
		a.source = "cache"
	case v.Response.FromDiskCache || v.Response.ServiceWorkerFrom == "http-cache":
		a.source = "http-cache"
	case v.Response.ServiceWorkerFrom == "network":
	case v.Response.FromServiceWorker:
		a.source = "worker"
	}
	p.loads.answered++
	a.seq = p.loads.answered
	p.loads.byURL[a.url] = a
	if v.Type == "Document" && string(v.RequestID) == v.LoaderID {
		p.loads.answers[v.LoaderID] = a
	}
	return true
}

func lowered(headers map[string]string) map[string]string {
	low := make(map[string]string, len(headers))
	for name, value := range headers {
		low[strings.ToLower(name)] = value
	}
	return low
}

// await waits until something holds of what the page's events say.
func (p *page) await(ctx context.Context, holds func(*loads) bool) error {
	for {
		p.mu.Lock()
		ok, changed, gone := holds(&p.loads), p.changed, p.loads.closed || p.loads.crashed
		p.mu.Unlock()
		if ok {
			return nil
		}
		if gone {
			return errors.New("the page went away")
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// navigateOptions are NavigateOptions of swinspect.d.ts, and ignoreCache of reload.
type navigateOptions struct {
	Timeout     *span  `json:"timeout"`
	WaitUntil   string `json:"waitUntil"`
	IgnoreCache bool   `json:"ignoreCache"`
}

func (c *call) navigateOptions(i int) navigateOptions {
	var o navigateOptions
	c.options(i, &o)
	if o.WaitUntil == "" {
		o.WaitUntil = "load"
	}
	if o.WaitUntil != "load" && o.WaitUntil != "commit" {
		c.fail("waitUntil is 'load' or 'commit', not %q", o.WaitUntil)
	}
	return o
}

// navigation is Navigation of swinspect.d.ts.
type navigation struct {
	URL     string            `json:"url"`
	Status  int64             `json:"status"`
	Headers map[string]string `json:"headers"`
	Worker  bool              `json:"fromServiceWorker"`
	Source  string            `json:"source"`
}

// limited bounds a wait by an option, else by the usual time; words says what it was for.
func (s *stage) limited(ctx context.Context, o *span) (context.Context, context.CancelFunc, time.Duration) {
	limit := s.o.wait(s.f.run)
	if o != nil {
		limit = time.Duration(*o)
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	return ctx, cancel, limit
}

func (p *page) navigateWithin(ctx context.Context, url string, o navigateOptions) (*navigation, error) {
	inner, cancel, limit := p.context.stage.limited(ctx, o.Timeout)
	defer cancel()
	n, err := p.navigate(inner, url, o.WaitUntil)
	if err != nil && inner.Err() != nil && ctx.Err() == nil {
		return nil, &timeoutError{what: fmt.Sprintf("waited %s for %s to load: %s", spanText(limit), url, p.loadWords())}
	}
	return n, err
}

// loadWords say how far a load has come.
func (p *page) loadWords() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var waiting []string
	for _, u := range p.loads.urls {
		if len(waiting) < 3 {
			waiting = append(waiting, u)
		}
	}
	switch {
	case len(waiting) > 0:
		return "still waiting for " + strings.Join(waiting, ", ")
	case p.loads.loaded:
		return "the document that is there has been loaded"
	}
	return "its load event has not been fired"
}

func (p *page) navigate(ctx context.Context, url, until string) (*navigation, error) {
	s, err := p.live(ctx)
	if err != nil {
		return nil, err
	}
	r, err := cdproto.Call(ctx, s, cdppage.Navigate, cdppage.NavigateParams{URL: url})
	if err != nil {
		return nil, err
	}
	if r.ErrorText != "" {
		return nil, fmt.Errorf("%s at %s", r.ErrorText, url)
	}
	if r.LoaderID == "" { // within the document
		return &navigation{URL: url, Source: "unknown", Headers: map[string]string{}}, nil
	}
	return p.arrived(ctx, r.LoaderID, url, until)
}

// arrived waits for a document and says where it is from.
func (p *page) arrived(ctx context.Context, loader cdproto.LoaderID, url, until string) (*navigation, error) {
	var n *navigation
	var failure string
	err := p.await(ctx, func(l *loads) bool {
		if text, ok := l.errors[string(loader)]; ok && l.answers[string(loader)] == nil {
			failure = text
			return true
		}
		if l.loader != loader || until == "load" && !l.loaded {
			return false
		}
		n = &navigation{URL: url, Source: "unknown", Headers: map[string]string{}}
		if a := l.answers[string(loader)]; a != nil {
			n = &navigation{URL: a.url, Status: a.status, Headers: a.headers, Worker: a.worker, Source: a.source}
		}
		return true
	})
	if failure != "" {
		return nil, fmt.Errorf("%s at %s", failure, url)
	}
	return n, err
}

func (p *page) reload(ctx context.Context, o navigateOptions) (*navigation, error) {
	inner, cancel, limit := p.context.stage.limited(ctx, o.Timeout)
	defer cancel()
	s, err := p.live(inner)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	before := p.loads.loader
	p.mu.Unlock()
	if err := s.Call(inner, "Page.reload", map[string]bool{"ignoreCache": o.IgnoreCache}, nil); err != nil {
		return nil, err
	}
	var loader cdproto.LoaderID
	var failed string
	err = p.await(inner, func(l *loads) bool {
		loader, failed = l.loader, l.failed
		return l.loader != before
	})
	var n *navigation
	if err == nil && failed == "" {
		n, err = p.arrived(inner, loader, "the page", o.WaitUntil)
	}
	if err == nil && failed != "" {
		p.mu.Lock()
		text := p.loads.errors[string(loader)]
		p.mu.Unlock()
		if text == "" {
			text = "net::ERR_FAILED"
		}
		err = fmt.Errorf("%s at %s", text, failed)
	}
	if err != nil && inner.Err() != nil && ctx.Err() == nil {
		err = &timeoutError{what: fmt.Sprintf("waited %s for the page to load again: %s", spanText(limit), p.loadWords())}
	}
	return n, err
}

// evaluate runs an expression in the page and gives its JSON; nil is undefined.
func (p *page) evaluate(ctx context.Context, expression string) (json.RawMessage, error) {
	s, err := p.live(ctx)
	if err != nil {
		return nil, err
	}
	return evaluateIn(ctx, s, expression)
}

func evaluateIn(ctx context.Context, s *cdp.Session, expression string) (json.RawMessage, error) {
	yes := true
	r, err := cdproto.Call(ctx, s, runtime.Evaluate, runtime.EvaluateParams{
		Expression: expression, AwaitPromise: &yes, ReturnByValue: &yes, UserGesture: &yes, AllowUnsafeEvalBlockedByCSP: &yes,
	})
	if err != nil {
		return nil, err
	}
	if d := r.ExceptionDetails; d != nil {
		return nil, thrownThere(d)
	}
	if r.Result == nil || len(r.Result.Value) == 0 {
		return nil, nil
	}
	return json.RawMessage(r.Result.Value), nil
}

// thrownThere is what was thrown in a page or worker.
func thrownThere(d *runtime.ExceptionDetails) error {
	e := &pageError{name: "Error", text: d.Text}
	if x := d.Exception; x != nil {
		if x.ClassName != "" {
			e.name = x.ClassName
		}
		switch {
		case x.Description != "":
			text, _, _ := strings.Cut(x.Description, "\n    at ")
			e.text = strings.TrimPrefix(text, e.name+": ")
		case len(x.Value) > 0:
			e.text = "thrown: " + string(x.Value)
		}
	}
	return e
}

// asExpression is what a script gives to evaluate: an expression, or a function that is
// called with JSON arguments.
func (c *call) asExpression(i int) string {
	var b strings.Builder
	if fn, ok := c.arg(i).Export().(string); ok {
		if c.has(i + 1) {
			c.fail("arguments are for functions: what is given is an expression")
		}
		return fn
	}
	c.function(i, "what is evaluated")
	fmt.Fprintf(&b, "(%s)(", functionText(c.arg(i).String()))
	for n := i + 1; n < len(c.args); n++ {
		data, ok := c.f.json(c.args[n])
		if !ok {
			data = json.RawMessage("undefined")
		}
		if n > i+1 {
			b.WriteString(", ")
		}
		b.Write(data)
	}
	return b.String() + ")"
}

// functionText makes a function's source an expression: a method has no `function`.
func functionText(text string) string {
	head, _, _ := strings.Cut(text, "(")
	head = strings.TrimSpace(head)
	switch {
	case strings.HasPrefix(head, "function"), strings.HasPrefix(head, "async function"), head == "", head == "async", strings.Contains(head, "=>"):
		return text
	case strings.HasPrefix(head, "async "):
		return "async function " + strings.TrimPrefix(text, "async ")
	}
	return "function " + text
}

// encodeBody is a request's body as base64, nil for none.
func encodeBody(data []byte) *string {
	if data == nil {
		return nil
	}
	s := base64.StdEncoding.EncodeToString(data)
	return &s
}

// consoleOf reads a console message or an uncaught exception.
func consoleOf(e cdp.Event) (consoleMessage, bool) {
	var v struct {
		Type             string                    `json:"type"`
		Timestamp        float64                   `json:"timestamp"`
		Args             []*runtime.RemoteObject   `json:"args"`
		StackTrace       *runtime.StackTrace       `json:"stackTrace"`
		ExceptionDetails *runtime.ExceptionDetails `json:"exceptionDetails"`
	}
	if cdp.Decode(e.Params, &v) != nil {
		return consoleMessage{}, false
	}
	m := consoleMessage{Time: v.Timestamp, Level: v.Type}
	if d := v.ExceptionDetails; d != nil {
		err := thrownThere(d)
		m.Level, m.Text, m.URL, m.Line = "error", "Uncaught "+errorName(err)+": "+err.Error(), d.URL, int(d.LineNumber)+1
		return m, true
	}
	var parts []string
	for _, a := range v.Args {
		parts = append(parts, remoteText(a))
	}
	m.Text = strings.Join(parts, " ")
	if s := v.StackTrace; s != nil && len(s.CallFrames) > 0 {
		m.URL, m.Line = s.CallFrames[0].URL, int(s.CallFrames[0].LineNumber)+1
	}
	return m, true
}

func remoteText(o *runtime.RemoteObject) string {
	var text string
	switch {
	case o == nil:
		return ""
	case o.Type == "string" && json.Unmarshal(o.Value, &text) == nil:
		return text
	case o.Description != "":
		return o.Description
	case o.UnserializableValue != "":
		return string(o.UnserializableValue)
	case len(o.Value) > 0:
		return string(o.Value)
	}
	return string(o.Type)
}
