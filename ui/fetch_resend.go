package ui

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/swinspect/swinspect/inspector"
	"github.com/swinspect/swinspect/inspector/fetches"
	"github.com/swinspect/swinspect/ui/components"
	"github.com/swinspect/swinspect/ui/pages"
)

const (
	// resendWait bounds a request that is made again.
	resendWait = 30 * time.Second
	// maxResents is how many results are kept.
	maxResents = 200
)

// resender is a Browser that makes requests; an [inspector.Browser] is one.
type resender interface {
	ResendThrough(ctx context.Context, client inspector.TargetKey, q inspector.Resend) (*inspector.Resent, error)
	ResendOnEngine(ctx context.Context, k inspector.RegistrationKey, q inspector.Resend) (*inspector.Resent, error)
}

// resends keeps what came of requests that were made again, by browser and fetch. It is
// safe for concurrent use.
type resends struct {
	mu    sync.Mutex
	of    map[string]*pages.ResendResult
	order []string
}

func (rs *resends) put(key string, r *pages.ResendResult) {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	if rs.of == nil {
		rs.of = map[string]*pages.ResendResult{}
	}
	if _, known := rs.of[key]; !known {
		rs.order = append(rs.order, key)
	}
	rs.of[key] = r
	for len(rs.order) > maxResents {
		delete(rs.of, rs.order[0])
		rs.order = rs.order[1:]
	}
}

func (rs *resends) get(key string) *pages.ResendResult {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	return rs.of[key]
}

func (f *fetchesPage) resendKey(id string) string { return f.p.Browser.ID() + "\x00" + id }

// ownEngine reports whether the browser is an engine, which dispatches by itself.
func (f *fetchesPage) ownEngine() bool {
	c := f.p.State.Context(f.p.Registration.Key.Instance, f.p.Registration.Key.Context)
	return c != nil && c.Traces
}

// canEngine reports whether a request can be run on the engine.
func (f *fetchesPage) canEngine() bool {
	return slices.ContainsFunc(f.runs(), func(c pages.Choice) bool { return c.Value == "engine" })
}

// runs are the places where a request can be made again.
func (f *fetchesPage) runs() []pages.Choice {
	var runs []pages.Choice
	reg := f.p.Registration
	active := reg.Active()
	_, live := f.p.Browser.(resender)
	live = live && f.p.State.Connection.Status == inspector.Live && f.tape == nil
	switch {
	case live && f.ownEngine():
		if active != nil {
			runs = append(runs, pages.Choice{Value: "engine", Label: "engine, #" + active.ID})
		}
	case f.s.opts.Replay != nil && active != nil:
		runs = append(runs, pages.Choice{Value: "engine", Label: "engine, with #" + active.ID + " and its caches"})
	}
	if !live {
		return runs
	}
	for _, c := range f.p.State.Clients(reg) {
		if c.Version == nil || c.Target == nil || c.Target.Type != "page" {
			continue
		}
		runs = append(runs, pages.Choice{Value: "client:" + c.Target.Key.ID, Label: "browser, through " + clientName(c)})
	}
	return runs
}

func clientName(c inspector.Client) string {
	name := strings.TrimPrefix(c.Target.URL, components.Origin(c.Target.URL))
	if c.Target.Title != "" && c.Target.Title != c.Target.URL {
		name = c.Target.Title + " (" + name + ")"
	}
	if r := []rune(name); len(r) > 60 {
		name = string(r[:57]) + "…"
	}
	return name
}

// resendForm is the form with the request as it was.
func (f *fetchesPage) resendForm(fetch *fetches.Fetch) *pages.ResendView {
	v := &pages.ResendView{Method: fetch.Method, URL: fetch.URL, Mode: fetch.Mode, Runs: f.runs(), Run: f.view.Address.Query.Get("run")}
	if v.Mode == "" {
		v.Mode = "cors"
	}
	var lines []string
	for _, h := range fetch.RequestHeaders {
		if !strings.HasPrefix(h.Name, ":") {
			lines = append(lines, h.Name+": "+h.Value)
		}
	}
	v.Headers = strings.Join(lines, "\n")
	if b := fetch.RequestBody; b.Hash != "" || b.Missing != "" {
		text := f.text(b)
		v.Body = string(text)
		if text == nil {
			v.BodyNote = "The recorded body is not text, or is not there: what stands in the form is sent."
		}
	}
	v.NoRuns = "There is nowhere to run it: the scope has no active version and no controlled page."
	if f.tape != nil {
		v.NoRuns = "A recording makes no requests, and this swinspect has no engine to run it on."
	}
	v.Result = f.s.resent.get(f.resendKey(fetch.ID))
	return v
}

// fetchResend makes a request again, as the form has it.
func fetchResend(s *Server, w http.ResponseWriter, r *http.Request, p *PageContext) {
	f := newFetchesPage(s, r, p)
	var was *fetches.Fetch
	if f.source != nil {
		was, _ = f.source.Fetch(r.Context(), r.PostFormValue("fetch")) // not there is answered below
	}
	if was == nil {
		s.missing(w, r, p.Browser, "This request is not known any more.")
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), resendWait)
	defer cancel()
	q, err := parseResend(r, p.Registration.Scope)
	var result *pages.ResendResult
	if err == nil {
		result, err = f.resend(ctx, was, q, r.PostFormValue("run"))
	}
	if err != nil {
		result = &pages.ResendResult{Error: strings.TrimPrefix(err.Error(), "inspector: ")}
	}
	result.At = s.opts.Now()
	s.resent.put(f.resendKey(was.ID), result)
	s.reads.raise()
	s.done(w, r, "")
}

// parseResend reads the form. A URL may be relative to the scope.
func parseResend(r *http.Request, scope string) (inspector.Resend, error) {
	q := inspector.Resend{
		Method: strings.TrimSpace(r.PostFormValue("method")), URL: pages.Absolute(strings.TrimSpace(r.PostFormValue("url")), scope),
		Mode: r.PostFormValue("mode"), Body: []byte(r.PostFormValue("body")),
	}
	if q.Method == "" {
		q.Method = "GET"
	}
	if u, err := url.Parse(q.URL); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return q, fmt.Errorf("%q is not an http or https URL", q.URL)
	}
	for i, line := range strings.Split(r.PostFormValue("headers"), "\n") {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		name, value, ok := strings.Cut(line, ":")
		if name = strings.TrimSpace(name); !ok || name == "" {
			return q, fmt.Errorf("line %d of the headers is no header: write name: value", i+1)
		}
		q.Headers = append(q.Headers, inspector.Header{Name: name, Value: strings.TrimSpace(value)})
	}
	return q, nil
}

// errNoPlace is of a place to run at that is not there.
var errNoPlace = errors.New("choose where to run it: the place that was chosen is not there any more")

// resend makes the request where the form says.
func (f *fetchesPage) resend(ctx context.Context, was *fetches.Fetch, q inspector.Resend, run string) (*pages.ResendResult, error) {
	if !slices.ContainsFunc(f.runs(), func(c pages.Choice) bool { return c.Value == run }) {
		return nil, errNoPlace
	}
	b, _ := f.p.Browser.(resender)
	k := f.p.Registration.Key
	client, through := strings.CutPrefix(run, "client:")
	var now *inspector.Resent
	var chain []pages.ChainLink
	var err error
	switch {
	case through:
		// What a page may not set is left out here rather than refused there.
		q.Headers = slices.DeleteFunc(q.Headers, func(h inspector.Header) bool { return !pages.Settable(h.Name) })
		now, err = b.ResendThrough(ctx, inspector.TargetKey{Instance: k.Instance, ID: client}, q)
	case f.tape == nil && f.ownEngine():
		now, err = b.ResendOnEngine(ctx, k, q)
	default:
		now, chain, err = f.confirm(ctx, was, q)
	}
	if err != nil {
		return nil, err
	}
	result := pages.NewResendResult(was, now, f.before(ctx, was), chain)
	if through && q.Mode == "navigate" {
		result.Dropped = "A page cannot make a navigation with fetch(): it was made as a subrequest. " + result.Dropped
	}
	return result, nil
}

// before is the body that the request had, nil when it is not known.
func (f *fetchesPage) before(ctx context.Context, was *fetches.Fetch) []byte {
	if was.ResponseBody.Hash == "" {
		return nil
	}
	data, err := f.source.Body(ctx, was.ResponseBody.Hash)
	if err != nil {
		return nil
	}
	return bytes.Clone(data)
}

// confirm runs the request on the replay engine, in the world as it was.
func (f *fetchesPage) confirm(ctx context.Context, was *fetches.Fetch, q inspector.Resend) (*inspector.Resent, []pages.ChainLink, error) {
	if f.s.opts.Replay == nil {
		return nil, nil, errNoPlace
	}
	ask := ReplayOne{Fetch: was, Request: q}
	switch b := f.p.Browser.(type) {
	case *tape:
		ask.Recording = b.file.Path()
	case *inspector.Browser:
		ask.Browser = b
	default:
		return nil, nil, errNoPlace
	}
	one, err := f.s.opts.Replay.One(ctx, ask)
	if err != nil {
		return nil, nil, err
	}
	return &one.Answer, pages.TracedChain(one.Steps), nil
}
