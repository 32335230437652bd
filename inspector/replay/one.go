package replay

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/swinspect/swinspect/inspector"
	"github.com/swinspect/swinspect/inspector/fetches"
	"github.com/swinspect/swinspect/inspector/recording"
)

// Request is one request to dispatch: a recorded one with whatever was changed by
// hand, or one that nobody made.
type Request struct {
	// Row is the recorded request that it began as; what is zero below is as it was
	// there. Empty: a request of its own.
	Row    string
	Method string
	URL    string
	// Headers are those that the page sets, all of them; nil: those of the row.
	Headers []Header
	// Body is sent when it is not nil; NoBody leaves the row's away.
	Body        []byte
	NoBody      bool
	Mode        string // "navigate", "cors", "no-cors", "same-origin"
	Destination string
	Credentials string
	CacheMode   string
	Redirect    string
	// Client is the recorded id of the client that asks; Page its URL, which decides
	// the registration when there is no row. A navigation has none of the two.
	Client, Page string
	// At is the moment of the world; zero: that of the row, or the recording's end.
	At time.Time
}

// One dispatches one request in the world of a recording at a moment. Of a row it
// compares the answer with the recorded one; otherwise Verdict is empty and Recorded
// nil. Replayed has body bytes and steps.
func One(ctx context.Context, r *Recording, q Request, o Options) (*Result, error) {
	run := newRun(ctx, r, &o)
	defer run.close()
	if err := run.choose(); err != nil {
		return nil, err
	}
	f, body, err := run.row(q)
	if err != nil {
		return nil, err
	}
	w, err := run.worldOf(f)
	if err != nil {
		return nil, err
	}
	w.pace.advance(ctx, f.Began)
	w.network.at(f.ID, f.Began)
	if q.Row != "" && !q.edited() {
		return run.in(w, f), ctx.Err()
	}
	result := resultOf(f)
	began := time.Now()
	a, reason := w.prepare(ctx, f)
	if body != nil {
		a.body = body
	}
	if reason == "" || body != nil || q.NoBody {
		ctx, cancel := context.WithTimeoutCause(ctx, run.eventTimeout(), fmt.Errorf("the event took longer than %s", run.eventTimeout()))
		reply := w.dispatch(ctx, a)
		cancel()
		if reason = reply.reason; reason == "" {
			result.Replayed, result.Asked = reply.answer, reply.asked
			same := *f
			same.Decision = "" // it has no recorded answer: the network's is looked up
			run.throughNetwork(result, &same)
		}
	}
	if reason != "" {
		result.Verdict, result.Reason = NotReplayable, reason
	}
	result.Took = time.Since(began)
	if q.Row != "" && reason == "" {
		result.Recorded = run.recorded(r.byID[q.Row])
		run.compare(w, result, r.byID[q.Row])
	}
	return result, ctx.Err()
}

// edited reports whether anything of the row was changed.
func (q *Request) edited() bool {
	return q.Method != "" || q.URL != "" || q.Headers != nil || q.Body != nil || q.NoBody || q.Mode != "" || q.Destination != "" ||
		q.Credentials != "" || q.CacheMode != "" || q.Redirect != "" || q.Client != "" || q.Page != ""
}

// row is a request as a row of the recording.
func (run *run) row(q Request) (*fetches.Fetch, []byte, error) {
	f := fetches.Fetch{ID: "edited", Kind: fetches.KindFetch, Method: "GET", Began: run.recording.end, Decision: fetches.Unknown, Timing: fetches.NoTiming}
	if q.Row != "" {
		known := run.recording.byID[q.Row]
		if known == nil {
			return nil, nil, fmt.Errorf("replay: the recording has no request %q", q.Row)
		}
		f = *known
	} else if n := len(run.recording.rows); n > 0 {
		f.Instance, f.Context = run.recording.rows[n-1].Instance, run.recording.rows[n-1].Context
	}
	set := func(field *string, v string) { *field = cmp.Or(v, *field) }
	set(&f.Method, q.Method)
	set(&f.URL, q.URL)
	set(&f.Mode, q.Mode)
	set(&f.Destination, q.Destination)
	set(&f.Credentials, q.Credentials)
	set(&f.CacheMode, q.CacheMode)
	set(&f.Redirect, q.Redirect)
	set(&f.Client, q.Client)
	set(&f.Page, q.Page)
	if q.Mode == "navigate" {
		f.Kind, f.Page = fetches.KindNavigation, ""
	} else if q.Mode != "" {
		f.Kind = fetches.KindFetch
	}
	if f.Kind == fetches.KindFetch && (f.Destination == "document" || f.Destination == "iframe") {
		f.Destination = ""
	}
	if q.Client != "" {
		for _, row := range run.recording.rows {
			if row.Client == q.Client || row.ResultingClient == q.Client {
				f.Target, f.Frame, f.Instance, f.Context = row.Target, row.Frame, row.Instance, row.Context
				if q.Page == "" {
					f.Page = cmp.Or(row.Page, f.Page)
				}
			}
		}
	}
	if q.Headers != nil {
		f.RequestHeaders = nil
		for _, h := range q.Headers {
			f.RequestHeaders = append(f.RequestHeaders, inspector.Header{Name: h.Name, Value: h.Value})
		}
	}
	if q.Body != nil || q.NoBody {
		f.RequestBody = fetches.Body{}
	}
	if !q.At.IsZero() {
		f.Began, f.Version = q.At, ""
	}
	if q.Row == "" || q.URL != "" {
		f.Registration, f.Version = "", ""
		run.recording.place(run.ctx, &f, f.Began)
	}
	return &f, q.Body, nil
}

// OneLive dispatches one request in the world of a live browser as it is now: scripts
// and caches are read from it, what the worker asks of the network is answered by
// Options.Live or not at all. The browser notices nothing but the reading.
func OneLive(ctx context.Context, b *inspector.Browser, q Request, o Options) (*Result, error) {
	dir, err := os.MkdirTemp("", "swinspect-replay-")
	if err != nil {
		return nil, fmt.Errorf("replay: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	path := filepath.Join(dir, "now.swrec")
	w, err := recording.Create(path, recording.Meta{Mode: recording.Passive, Browser: b.State().Connection.Product, Began: time.Now()}, recording.Options{KeepSecrets: true})
	if err != nil {
		return nil, fmt.Errorf("replay: %w", err)
	}
	rec, err := recording.Record(ctx, b, w, recording.RecordOptions{})
	if err == nil {
		err = rec.Stop(ctx)
	}
	if closed := w.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return nil, fmt.Errorf("replay: reading the browser: %w", err)
	}
	f, err := recording.Open(path)
	if err != nil {
		return nil, fmt.Errorf("replay: %w", err)
	}
	defer func() { _ = f.Close() }()
	r, err := Load(ctx, f)
	if err != nil {
		return nil, err
	}
	q.Row, q.At = "", time.Time{}
	return One(ctx, r, q, o)
}

// Clients are the clients that a recording knows of, by id, with the URL of each, in
// the order in which they were seen: for choosing the client of an edited request.
func (r *Recording) Clients() []ClientPage {
	var all []ClientPage
	for _, f := range r.rows {
		if f.Client == "" || slices.ContainsFunc(all, func(c ClientPage) bool { return c.ID == f.Client }) {
			continue
		}
		all = append(all, ClientPage{f.Client, cmp.Or(f.Page, f.URL)})
	}
	return all
}

// ClientPage is a client and its page.
type ClientPage struct{ ID, URL string }

// Row is a recorded request; nil for none.
func (r *Recording) Row(id string) *fetches.Fetch { return r.byID[id] }

// Live is a network for Options.Live: this machine's.
var Live http.RoundTripper = http.DefaultTransport
