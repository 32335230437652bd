package devtools

import (
	"context"
	"encoding/base64"
	"runtime"
	"strconv"
	"sync"
	"time"

	cdproto "github.com/chromedp/cdproto/cdp"

	"github.com/swinspect/swinspect/cdp/swproto"
	engine "github.com/swinspect/swinspect/runtime"
	"github.com/swinspect/swinspect/runtime/fetch"
)

// swinspectDomain is SWInspect: see package swproto.
func swinspectDomain(t *table) {
	eventOf(t, swproto.Traced)
	handle(t, swproto.Enable, func(_ context.Context, s *session, _ cdproto.Empty) (cdproto.Empty, error) {
		e := s.target.context.Engine()
		s.server.mu.Lock()
		if s.traced != nil {
			s.server.mu.Unlock()
			return none, nil
		}
		feed := newTraceFeed(s)
		s.traced = feed
		s.server.mu.Unlock()
		feed.begin(e.Trace(0, 0))
		return none, nil
	})
	handle(t, swproto.Disable, func(_ context.Context, s *session, _ cdproto.Empty) (cdproto.Empty, error) {
		s.server.mu.Lock()
		feed := s.traced
		s.traced = nil
		s.server.mu.Unlock()
		if feed != nil {
			feed.stop()
		}
		return none, nil
	})
	handle(t, swproto.GetTrace, func(_ context.Context, s *session, p swproto.GetTraceParams) (swproto.GetTraceResult, error) {
		if p.Limit <= 0 {
			p.Limit = 1000
		}
		r := swproto.GetTraceResult{Steps: []swproto.Trace{}}
		for _, e := range s.target.context.Engine().Trace(p.After, int(p.Limit)) {
			r.Steps = append(r.Steps, traceOf(e))
		}
		return r, nil
	})
	handle(t, swproto.GetClock, func(_ context.Context, s *session, _ cdproto.Empty) (swproto.ClockResult, error) {
		_, virtual := s.server.clock.(virtualClock)
		return swproto.ClockResult{Now: millis(s.server.clock.Now()), Virtual: virtual}, nil
	})
	handle(t, swproto.AdvanceClock, func(_ context.Context, s *session, p swproto.AdvanceClockParams) (swproto.ClockResult, error) {
		c, virtual := s.server.clock.(virtualClock)
		if !virtual {
			return swproto.ClockResult{}, failed("The engine runs on the machine's clock: start it with --virtual-time")
		}
		if p.By < 0 {
			return swproto.ClockResult{}, invalid("by: zero or more")
		}
		return later(s, func(ctx context.Context) (swproto.ClockResult, error) {
			s.server.advance(ctx, c, duration(p.By))
			return swproto.ClockResult{Now: millis(c.Now()), Virtual: true}, nil
		})
	})
	notificationCommands(t)
	handle(t, swproto.DispatchFetch, dispatchFetch)
	handle(t, swproto.PutCacheEntry, putCacheEntry)
	handle(t, swproto.GetMemory, func(_ context.Context, s *session, _ cdproto.Empty) (swproto.GetMemoryResult, error) {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return swproto.GetMemoryResult{Heap: float64(m.HeapAlloc), Total: float64(m.Sys), Limit: float64(s.server.options.MemoryLimit)}, nil
	})
}

func traceOf(e engine.TraceEvent) swproto.Trace {
	return swproto.Trace{
		Seq: e.Seq, Timestamp: millis(e.Time), Algorithm: e.Algorithm, Step: e.Step, Subject: e.Subject, Parent: e.Parent,
		Decision: e.Decision, Verdict: e.Verdict, Details: e.Details,
	}
}

// How traced events are batched, and how many steps wait for a slow reader.
const (
	traceEvery = 50 * time.Millisecond
	traceBatch = 500
	traceKept  = 20_000
)

// traceFeed collects the steps of a session's context and sends them in batches. Its
// timer ends with stop.
type traceFeed struct {
	session *session

	mu      sync.Mutex
	steps   []swproto.Trace
	last    uint64 // Seq of the last step taken in
	missed  uint64
	timer   *time.Timer
	ready   bool
	stopped bool
}

func newTraceFeed(s *session) *traceFeed { return &traceFeed{session: s} }

// begin sends what the engine remembers; steps that came meanwhile follow.
func (f *traceFeed) begin(past []engine.TraceEvent) {
	f.mu.Lock()
	defer f.mu.Unlock()
	early := f.steps
	f.steps = nil
	for _, e := range past {
		f.steps = append(f.steps, traceOf(e))
		f.last = e.Seq
	}
	for _, e := range early {
		if e.Seq > f.last {
			f.steps, f.last = append(f.steps, e), e.Seq
		}
	}
	f.ready = true
	f.send()
}

// add takes a step in; it does not block.
func (f *traceFeed) add(e engine.TraceEvent) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.stopped || e.Seq <= f.last {
		return
	}
	if len(f.steps) >= traceKept {
		f.steps = f.steps[1:]
		f.missed++
	}
	f.steps = append(f.steps, traceOf(e))
	if !f.ready {
		return
	}
	f.last = e.Seq
	if len(f.steps) >= traceBatch {
		f.send()
	} else if f.timer == nil {
		f.timer = time.AfterFunc(traceEvery, func() {
			f.mu.Lock()
			defer f.mu.Unlock()
			f.send()
		})
	}
}

// send sends what there is; with mu held.
func (f *traceFeed) send() {
	if f.timer != nil {
		f.timer.Stop()
		f.timer = nil
	}
	for len(f.steps) > 0 && !f.stopped {
		n := min(len(f.steps), traceBatch)
		emit(f.session, swproto.Traced, swproto.TracedEvent{Missed: f.missed, Steps: f.steps[:n:n]})
		f.steps, f.missed = f.steps[n:], 0
	}
	f.steps = nil
}

func (f *traceFeed) stop() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.stopped = true
	if f.timer != nil {
		f.timer.Stop()
	}
}

// dispatchFetch sends a request through a registration's worker as a client of its
// scope would.
func dispatchFetch(_ context.Context, s *session, p swproto.DispatchFetchParams) (swproto.DispatchFetchResult, error) {
	e := s.target.context.Engine()
	r := e.RegistrationByID(p.RegistrationID)
	if r == nil {
		return swproto.DispatchFetchResult{}, invalid("No registration with id %q", p.RegistrationID)
	}
	if r.Snapshot().Active == nil {
		return swproto.DispatchFetchResult{}, failed("The registration has no active worker")
	}
	u, err := fetch.ParseURL(p.URL, r.ScopeURL())
	if err != nil {
		return swproto.DispatchFetchResult{}, invalid("url: %v", err)
	}
	body, err := base64.StdEncoding.DecodeString(p.Body)
	if err != nil {
		return swproto.DispatchFetchResult{}, invalid("body: not base64")
	}
	return later(s, func(ctx context.Context) (swproto.DispatchFetchResult, error) {
		client := e.NewClient(engine.ClientOptions{
			URL: r.ScopeURL(), Type: engine.ClientWindow, FrameType: "top-level", Origin: r.ScopeURL().Origin(), StorageKey: r.StorageKey(), Secure: true,
		})
		defer client.Discard()
		q := fetch.NewRequest(u)
		if p.Method != "" {
			q.Method = p.Method
		}
		for _, h := range p.Headers {
			q.Headers.Append(h.Name, h.Value)
		}
		if len(body) > 0 {
			q.Body = fetch.BytesBody(body)
		}
		env := fetch.Client{ID: client.ID(), Origin: client.Origin(), BaseURL: r.ScopeURL(), CreationURL: r.ScopeURL(), Secure: true, StorageKey: r.StorageKey()}
		q.Origin = env.Origin
		if p.Navigation {
			q.Mode, q.Destination, q.Redirect, q.Credentials = "navigate", "document", "manual", "include"
			q.ReservedClientID = client.ID()
		} else {
			q.Mode, q.ClientID = "cors", client.ID()
			client.SetController(r.Snapshot().Active)
		}
		return fetched(ctx, s.target.context.Fetcher().Fetch(ctx, q, env)), nil
	})
}

func fetched(ctx context.Context, response *fetch.Response) swproto.DispatchFetchResult {
	inner := response.Unfiltered()
	out := swproto.DispatchFetchResult{Status: int64(inner.Status), StatusText: inner.StatusText, Headers: []swproto.Header{}, Source: inner.Source, FromServiceWorker: inner.FromServiceWorker}
	for _, h := range inner.Headers {
		out.Headers = append(out.Headers, swproto.Header{Name: h.Name, Value: h.Value})
	}
	if response.IsNetworkError() {
		out.Error = fetch.NetError(response.Err)
		if response.Err != nil {
			out.Error = response.Err.Error()
		}
		return out
	}
	if inner.Body != nil {
		body, err := inner.Body.ReadAll(ctx, maxBody)
		if err != nil {
			out.Error = err.Error()
		}
		out.Body = base64.StdEncoding.EncodeToString(body)
	}
	return out
}

func putCacheEntry(_ context.Context, s *session, p swproto.PutCacheEntryParams) (cdproto.Empty, error) {
	u, err := fetch.ParseURL(p.RequestURL, nil)
	if err != nil {
		return none, invalid("requestURL: %v", err)
	}
	body, err := base64.StdEncoding.DecodeString(p.Body)
	if err != nil {
		return none, invalid("body: not base64")
	}
	if originOf(p.StorageKey) == "" {
		return none, invalid("storageKey: not a storage key: %s", strconv.Quote(p.StorageKey))
	}
	c, err := s.target.context.Engine().CacheStorage(engineKey(p.StorageKey)).Open(p.CacheName)
	if err != nil {
		return none, failed("%v", err)
	}
	q := fetch.NewRequest(u)
	for _, h := range p.RequestHeaders {
		q.Headers.Append(h.Name, h.Value)
	}
	r := &fetch.Response{Type: "default", Status: int(p.Status), StatusText: p.StatusText, URLList: []*fetch.URL{u}, Body: fetch.BytesBody(body)}
	if r.Status == 0 {
		r.Status = 200
	}
	for _, h := range p.ResponseHeaders {
		r.Headers.Append(h.Name, h.Value)
	}
	if err := c.Put(q, r); err != nil {
		return none, failed("%v", err)
	}
	return none, nil
}
