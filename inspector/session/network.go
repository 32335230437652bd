package session

import (
	"context"
	"encoding/base64"
	"net/url"
	"slices"
	"sync"

	cdproto "github.com/chromedp/cdproto/cdp"
	cdpfetch "github.com/chromedp/cdproto/fetch"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/target"
	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/cdp"
	"github.com/swinspect/swinspect/inspector"
)

// networkOf is Network of swinspect.d.ts. Routes are answered through the Fetch domain of
// the pages' sessions, and of sessions of workers that are attached to while there are
// routes: before a worker's script runs, so that its first requests are covered.
//
// It owns a goroutine that follows workers while there are routes, one per worker, and
// one per request that a script is asked about; stop waits for all.
type networkOf struct {
	c *browserContext

	mu      sync.Mutex // guards the fields below
	routes  []*route   // the newest last
	workers *cdp.Subscription
	wg      sync.WaitGroup
	stopped bool
}

// route is Route of swinspect.d.ts.
type route struct {
	n       *networkOf
	pattern *pattern
	answer  *response
	abort   bool
	ask     goja.Callable
	hits    int
}

func (n *networkOf) class() *class  { return networkClass }
func (n *networkOf) String() string { return "Network" }
func (r *route) class() *class      { return routeClass }
func (r *route) String() string     { return "Route " + r.pattern.text }

// cover has the requests of a session paused, while there are routes.
func (n *networkOf) cover(ctx context.Context, s *cdp.Session) error {
	n.mu.Lock()
	on := len(n.routes) > 0
	n.mu.Unlock()
	if !on {
		return nil
	}
	_, err := cdproto.Call(ctx, s, cdpfetch.Enable, cdpfetch.EnableParams{})
	return err
}

// add adds a route.
func (n *networkOf) add(ctx context.Context, r *route) error {
	if n.c.taped != nil {
		return n.c.notLive("network.route")
	}
	n.mu.Lock()
	first := len(n.routes) == 0
	n.routes = append(n.routes, r)
	n.mu.Unlock()
	if !first {
		return nil
	}
	for _, s := range n.c.sessions() {
		if _, err := cdproto.Call(ctx, s, cdpfetch.Enable, cdpfetch.EnableParams{}); err != nil {
			return err
		}
	}
	return n.followWorkers(ctx)
}

// sessions are those of the open pages.
func (c *browserContext) sessions() []*cdp.Session {
	c.mu.Lock()
	defer c.mu.Unlock()
	var all []*cdp.Session
	for _, p := range c.pages {
		p.mu.Lock()
		if p.session != nil && !p.loads.closed {
			all = append(all, p.session)
		}
		p.mu.Unlock()
	}
	return all
}

// followWorkers attaches to the workers of the context, those there are and those that
// start: held until their requests are paused.
func (n *networkOf) followWorkers(ctx context.Context) error {
	sub := n.c.o.conn.Listen(4096, "Target.attachedToTarget", "Fetch.requestPaused")
	n.mu.Lock()
	n.workers = sub
	n.mu.Unlock()
	n.wg.Go(func() { n.follow(sub) })
	flat := true
	_, err := cdproto.Call(ctx, n.c.o.conn.Root(), target.SetAutoAttach, target.SetAutoAttachParams{AutoAttach: true, WaitForDebuggerOnStart: true, Flatten: &flat, Filter: workerFilter})
	return err
}

var workerFilter = target.Filter{{Type: "service_worker"}, {Exclude: true}}

// follow has the requests of workers paused and lets go of the workers; it is a
// goroutine of its own.
func (n *networkOf) follow(sub *cdp.Subscription) {
	own := map[string]bool{} // sessions of the context's workers
	for e := range sub.C() {
		if e.Method == "Fetch.requestPaused" {
			if own[e.SessionID] {
				n.paused(n.c.o.conn.Session(e.SessionID), e, true)
			}
			continue
		}
		var v struct {
			SessionID  string `json:"sessionId"`
			TargetInfo struct {
				Type             string `json:"type"`
				BrowserContextID string `json:"browserContextId"`
			} `json:"targetInfo"`
		}
		if e.SessionID != "" || cdp.Decode(e.Params, &v) != nil || v.TargetInfo.Type != "service_worker" {
			continue
		}
		s := n.c.o.conn.Session(v.SessionID)
		// Nothing is awaited: a held worker answers only after it was let go. One that has
		// ended meanwhile loses nothing.
		if v.TargetInfo.BrowserContextID != n.c.id {
			_ = s.Go("Runtime.runIfWaitingForDebugger", struct{}{})
			continue
		}
		own[v.SessionID] = true
		_ = s.Go("Fetch.enable", cdpfetch.EnableParams{})
		_ = s.Go("Runtime.runIfWaitingForDebugger", struct{}{})
	}
}

// stop ends the routes.
func (n *networkOf) stop() {
	n.mu.Lock()
	sub := n.workers
	n.workers, n.routes, n.stopped = nil, nil, true
	n.mu.Unlock()
	if sub != nil {
		flat := true
		// A shared browser must not hold the workers of the next test. One that is gone
		// holds none.
		_ = n.c.o.conn.Root().Go("Target.setAutoAttach", target.SetAutoAttachParams{AutoAttach: false, Flatten: &flat})
		sub.Close()
	}
	n.wg.Wait()
}

// routed is RoutedRequest of swinspect.d.ts.
type routed struct {
	URL          string            `json:"url"`
	Method       string            `json:"method"`
	Headers      map[string]string `json:"headers"`
	Body         *string           `json:"body"`
	ResourceType string            `json:"resourceType"`
	FromWorker   bool              `json:"fromWorker"`
	Params       map[string]string `json:"params"`
}

// paused decides about a request, beside the goroutine that heard of it.
func (n *networkOf) paused(s *cdp.Session, e cdp.Event, worker bool) {
	var v struct {
		RequestID    cdpfetch.RequestID `json:"requestId"`
		ResourceType string             `json:"resourceType"`
		Request      struct {
			URL      string            `json:"url"`
			Method   string            `json:"method"`
			Headers  map[string]string `json:"headers"`
			PostData *string           `json:"postData"`
		} `json:"request"`
	}
	if cdp.Decode(e.Params, &v) != nil {
		return
	}
	n.mu.Lock()
	var by *route
	for _, r := range slices.Backward(n.routes) {
		if r.pattern.match(v.Request.URL) {
			by = r
			break
		}
	}
	if by == nil || n.stopped {
		n.mu.Unlock()
		_ = s.Go("Fetch.continueRequest", map[string]any{"requestId": v.RequestID}) // it is gone: nothing to continue
		return
	}
	by.hits++
	q := routed{URL: v.Request.URL, Method: v.Request.Method, Headers: lowered(v.Request.Headers), Body: v.Request.PostData, ResourceType: v.ResourceType, FromWorker: worker, Params: map[string]string{}}
	if u, err := url.Parse(q.URL); err == nil {
		for name, values := range u.Query() {
			q.Params[name] = values[0]
		}
	}
	n.wg.Go(func() { n.decide(s, v.RequestID, by, q) })
	n.mu.Unlock()
}

// decide answers one request.
func (n *networkOf) decide(s *cdp.Session, id cdpfetch.RequestID, by *route, q routed) {
	answer, abort, pass := by.answer, by.abort, false
	ctx := n.c.stage.context()
	if by.ask != nil {
		err := n.c.f.ask(ctx, by.ask, q, func(v goja.Value) {
			switch text, _ := v.Export().(string); {
			case goja.IsUndefined(v) || goja.IsNull(v) || text == "continue":
				pass = true
			case text == "abort":
				abort = true
			default:
				answer = (&call{f: n.c.f, name: "the answer of a route"}).response(v)
			}
		})
		if err != nil {
			abort = true
		}
	}
	switch {
	case abort:
		_ = s.Go("Fetch.failRequest", cdpfetch.FailRequestParams{RequestID: id, ErrorReason: network.ErrorReasonFailed}) // it is gone
	case pass || answer == nil:
		_ = s.Go("Fetch.continueRequest", map[string]any{"requestId": id}) // it is gone
	default:
		if answer.delay > 0 {
			_ = pause(ctx, answer.delay) // the test is over: answer at once
		}
		p := map[string]any{"requestId": id, "responseCode": answer.status, "body": base64.StdEncoding.EncodeToString(answer.body)}
		if answer.text != "" {
			p["responsePhrase"] = answer.text
		}
		headers := []map[string]string{}
		for _, h := range answer.headers {
			headers = append(headers, map[string]string{"name": h[0], "value": h[1]})
		}
		if answer.header("content-type") == "" {
			u, _ := url.Parse(q.URL)
			headers = append(headers, map[string]string{"name": "content-type", "value": contentType(u.Path)})
		}
		p["responseHeaders"] = headers
		_ = s.Go("Fetch.fulfillRequest", p) // it is gone
	}
}

// remove takes routes away; with none left, nothing is paused any more.
func (n *networkOf) remove(ctx context.Context, which func(*route) bool) error {
	n.mu.Lock()
	n.routes = slices.DeleteFunc(n.routes, which)
	none := len(n.routes) == 0
	sub := n.workers
	if none {
		n.workers = nil
	}
	n.mu.Unlock()
	if !none || sub == nil {
		return nil
	}
	for _, s := range n.c.sessions() {
		if _, err := cdproto.Call(ctx, s, cdpfetch.Disable, cdproto.Empty{}); err != nil {
			return err
		}
	}
	flat := true
	_, err := cdproto.Call(ctx, n.c.o.conn.Root(), target.SetAutoAttach, target.SetAutoAttachParams{AutoAttach: false, Flatten: &flat})
	sub.Close()
	return err
}

func (n *networkOf) set(ctx context.Context, kind inspector.ActionKind, on bool) error {
	if _, err := n.c.act(ctx, inspector.Action{Kind: kind, Context: n.c.id, On: on}); err != nil {
		return err
	}
	if kind != inspector.SetOffline {
		return nil
	}
	// The script's own pages obey at once, also those that the inspector sees later.
	for _, s := range n.c.sessions() {
		if err := s.Call(ctx, "Network.emulateNetworkConditions", map[string]any{"offline": on, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}, nil); err != nil {
			return err
		}
	}
	return nil
}
