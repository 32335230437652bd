package session

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/inspector"
	"github.com/swinspect/swinspect/inspector/explain"
	"github.com/swinspect/swinspect/inspector/fetches"
	"github.com/swinspect/swinspect/internal/filter"
)

// fetchesOf is Fetches of swinspect.d.ts: the fetch log of a browser context.
type fetchesOf struct {
	c *browserContext

	mu      sync.Mutex // guards the fields below
	log     *fetches.Log
	capture *inspector.Capture
	untap   func()
	after   uint64 // rows up to this Seq were cleared
}

func (x *fetchesOf) class() *class  { return fetchesClass }
func (x *fetchesOf) String() string { return "Fetches" }

// watchFetches begins the log of a browser if its script says the word: watching costs.
func (c *browserContext) watchFetches(ctx context.Context) error {
	if !c.f.bundle.mentions("fetches") || c.taped != nil {
		return nil
	}
	x := c.fetches
	capture, err := c.o.browser.Capture(ctx, inspector.CaptureOptions{})
	if err != nil {
		return err
	}
	log := fetches.NewLog(fetches.Options{Limit: 100_000})
	_, untap := c.o.browser.Tap(log.Apply)
	x.mu.Lock()
	defer x.mu.Unlock()
	x.log, x.capture, x.untap = log, capture, untap
	return nil
}

func (x *fetchesOf) stop() {
	x.mu.Lock()
	capture, untap := x.capture, x.untap
	x.capture, x.untap = nil, nil
	x.mu.Unlock()
	if untap != nil {
		untap()
	}
	if capture != nil {
		capture.Stop()
	}
}

// fetchRow is FetchRow of swinspect.d.ts.
type fetchRow struct{ *fetches.Fetch }

func (r *fetchRow) class() *class { return rowClass }

func (r *fetchRow) String() string {
	return strings.TrimSpace(fmt.Sprintf("Fetch %s %s → %d %s %s", r.Method, r.URL, r.Status, r.Decision, r.Source))
}

// rowFilter is FetchFilter of swinspect.d.ts, or a query.
type rowFilter struct {
	Method   string `json:"method"`
	Status   int    `json:"status"`
	Decision string `json:"decision"`
	Source   string `json:"source"`
	Cache    string `json:"cache"`
	Kind     string `json:"kind"`
	url      *pattern
	error    *pattern
	query    *filter.Query
	text     string
}

// rowFilter reads an argument that is one.
func (c *call) rowFilter(i int, base string) *rowFilter {
	f := &rowFilter{}
	if !c.has(i) {
		return f
	}
	if text, ok := c.arg(i).Export().(string); ok {
		q, err := fetches.ParseQuery(text)
		if err != nil {
			c.fail("%v", err)
		}
		f.query, f.text = &q, text
		return f
	}
	o, ok := c.arg(i).(*goja.Object)
	if !ok {
		c.fail("a filter is an object of fields, or text")
	}
	plain := c.f.rt.NewObject()
	for _, key := range o.Keys() {
		v := o.Get(key)
		switch key {
		case "url":
			p, err := c.f.patternOf(v, base)
			if err != nil {
				c.fail("%v", err)
			}
			f.url = p
		case "error":
			f.error = c.textPattern(v)
		default:
			must(plain.Set(key, v))
		}
	}
	c.decode(plain, "the filter", f)
	f.text = c.f.shown(c.arg(i))
	return f
}

// textPattern matches text that contains a string or matches an expression.
func (c *call) textPattern(v goja.Value) *pattern {
	if text, ok := v.Export().(string); ok {
		return &pattern{text: text, re: regexp.MustCompile(regexp.QuoteMeta(text))}
	}
	p, err := c.f.patternOf(v, "")
	if err != nil {
		c.fail("%v", err)
	}
	return p
}

// differs says how a row is not what a filter asks for; "" when it is.
func (f *rowFilter) differs(r *fetches.Fetch) string {
	if f.query != nil {
		if f.query.Match(r.Field) {
			return ""
		}
		return "does not match " + f.text
	}
	for _, x := range []struct{ name, want, has string }{
		{"method", f.Method, r.Method}, {"decision", f.Decision, string(r.Decision)}, {"source", f.Source, string(r.Source)},
		{"cache", f.Cache, r.CacheName}, {"kind", f.Kind, string(r.Kind)},
	} {
		if x.want != "" && x.want != x.has {
			return fmt.Sprintf("its %s is %q, not %q", x.name, x.has, x.want)
		}
	}
	switch {
	case f.url != nil && !f.url.match(r.URL):
		return "its URL is " + r.URL
	case f.Status != 0 && f.Status != r.Status:
		return fmt.Sprintf("its status is %d, not %d", r.Status, f.Status)
	case f.error != nil && !f.error.match(r.Error):
		return fmt.Sprintf("its error is %q", r.Error)
	}
	return ""
}

// rows are those of the context, oldest first.
func (x *fetchesOf) rows(ctx context.Context) ([]*fetches.Fetch, error) {
	if x.c.taped != nil {
		all, _, _, err := x.c.taped.fetches().Rows(ctx, "", "time", 0, 100_000)
		return all, err
	}
	x.mu.Lock()
	log, after := x.log, x.after
	x.mu.Unlock()
	if log == nil {
		root, err := x.rootLog()
		if err != nil {
			return nil, err
		}
		log = root
	}
	var all []*fetches.Fetch
	for _, r := range log.All() {
		if r.Seq > after && (r.Context == x.c.id || r.Context == "") {
			all = append(all, r)
		}
	}
	return all, nil
}

// rootLog is the log of the browser that a further context belongs to.
func (x *fetchesOf) rootLog() (*fetches.Log, error) {
	x.c.stage.mu.Lock()
	root := x.c.stage.browser
	x.c.stage.mu.Unlock()
	if root == nil || root.fetches == x || root.fetches.log == nil {
		return nil, errors.New("the requests of this browser are not watched")
	}
	return root.fetches.log, nil
}

// changed is closed when there may be more rows.
func (x *fetchesOf) changed() <-chan struct{} {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.log == nil {
		return nil
	}
	return x.log.Changed()
}

// await waits for the first row that is done and for which found gives true.
func (x *fetchesOf) await(ctx context.Context, limit *span, after uint64, what string, found func(*fetches.Fetch) bool) (*fetches.Fetch, error) {
	inner, cancel, d := x.c.stage.limited(ctx, limit)
	defer cancel()
	for {
		changed := x.changed()
		rows, err := x.rows(inner)
		if err != nil {
			return nil, err
		}
		for _, r := range rows {
			if r.Seq > after && r.Done && found(r) {
				return r, nil
			}
		}
		if x.c.taped != nil {
			return nil, fmt.Errorf("the recording does not have %s: %s", what, rowsWords(rows, after))
		}
		select {
		case <-changed:
		case <-afterPoll():
		case <-inner.Done():
			text := fmt.Sprintf("waited %s for %s: %s", spanText(d), what, rowsWords(rows, after))
			if cause := context.Cause(ctx); cause != nil {
				text = fmt.Sprintf("%v; it was waiting for %s: %s", cause, what, rowsWords(rows, after))
			}
			return nil, &timeoutError{what: text}
		}
	}
}

// rowsWords say which requests there were.
func rowsWords(rows []*fetches.Fetch, after uint64) string {
	var parts []string
	for _, r := range slices.Backward(rows) {
		if r.Seq <= after {
			continue
		}
		if len(parts) == 10 {
			parts = append(parts, "…")
			break
		}
		text := fmt.Sprintf("%s %s (%s, %s)", r.Method, r.URL, r.Decision, r.Source)
		if !r.Done {
			text = fmt.Sprintf("%s %s (under way)", r.Method, r.URL)
		}
		parts = append(parts, text)
	}
	if len(parts) == 0 {
		return "there was no request"
	}
	slices.Reverse(parts)
	return "there were\n  " + strings.Join(parts, "\n  ")
}

// afterOption reads {timeout, after}.
func (c *call) afterOption(i int) (limit *span, after uint64) {
	o, ok := c.arg(i).(*goja.Object)
	if !ok {
		return nil, 0
	}
	plain := c.f.rt.NewObject()
	for _, key := range o.Keys() {
		if key == "after" {
			row, ok := c.f.goValue(o.Get(key)).(*fetchRow)
			if !ok && !goja.IsUndefined(o.Get(key)) {
				c.fail("after is a row of the fetch log")
			}
			if ok {
				after = row.Seq
			}
			continue
		}
		must(plain.Set(key, o.Get(key)))
	}
	var w struct {
		Timeout *span `json:"timeout"`
	}
	c.decode(plain, "options", &w)
	return w.Timeout, after
}

func thisFetches(c *call) *fetchesOf { return c.this.(*fetchesOf) }

var fetchesClass = &class{
	name: "Fetches", word: "fetches", plain: true,
	methods: map[string]func(*call) goja.Value{
		"list": func(c *call) goja.Value {
			x := thisFetches(c)
			want := c.rowFilter(0, x.c.base())
			return c.async(func(ctx context.Context) (any, error) {
				rows, err := x.rows(ctx)
				all := []*fetchRow{}
				for _, r := range rows {
					if want.differs(r) == "" {
						all = append(all, &fetchRow{r})
					}
				}
				return all, err
			})
		},
		"waitFor": func(c *call) goja.Value {
			x := thisFetches(c)
			want := c.rowFilter(0, x.c.base())
			limit, after := c.afterOption(1)
			return c.async(func(ctx context.Context) (any, error) {
				r, err := x.await(ctx, limit, after, "a request with "+want.text, func(r *fetches.Fetch) bool { return want.differs(r) == "" })
				return rowOrNil(r, err)
			})
		},
		"expect": func(c *call) goja.Value {
			x := thisFetches(c)
			url, want := c.pattern(0, x.c.base()), c.rowFilter(1, x.c.base())
			limit, after := c.afterOption(2)
			return c.async(func(ctx context.Context) (any, error) {
				r, err := x.await(ctx, limit, after, "a request of "+url.text, func(r *fetches.Fetch) bool { return url.match(r.URL) && (want.Kind != "" || r.Parent == "") })
				if err != nil {
					return nil, err
				}
				if why := want.differs(r); why != "" {
					return nil, &assertion{message: fmt.Sprintf("expected the request %s %s to be %s: %s\n%s", r.Method, r.URL, want.text, why, explain.Sentence(r)), expected: want.text, received: (&fetchRow{r}).String()}
				}
				return &fetchRow{r}, nil
			})
		},
		"explain": func(c *call) goja.Value { return thisFetches(c).explainCall(c) },
		"replay": func(c *call) goja.Value {
			x := thisFetches(c)
			row, ok := c.f.goValue(c.arg(0)).(*fetchRow)
			if !ok {
				c.fail("what is replayed is a row of the fetch log, not %s", c.f.shown(c.arg(0)))
			}
			return c.async(func(ctx context.Context) (any, error) { return x.replay(ctx, row.Fetch) })
		},
		"clear": func(c *call) goja.Value {
			x := thisFetches(c)
			return c.async(func(ctx context.Context) (any, error) {
				rows, err := x.rows(ctx)
				x.mu.Lock()
				defer x.mu.Unlock()
				for _, r := range rows {
					x.after = max(x.after, r.Seq)
				}
				return undefined{}, err
			})
		},
	},
}

func rowOrNil(r *fetches.Fetch, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	return &fetchRow{r}, nil
}

// explainCall is fetches.explain(row or request).
func (x *fetchesOf) explainCall(c *call) goja.Value {
	if row, ok := c.f.goValue(c.arg(0)).(*fetchRow); ok {
		return c.async(func(ctx context.Context) (any, error) {
			if t := x.c.taped; t != nil {
				world, err := t.still.World(ctx, row.Fetch)
				return chainOf(explain.Fetch(row.Fetch, world)), err
			}
			var log explain.Log
			x.mu.Lock()
			if x.log != nil {
				log = x.log
			}
			x.mu.Unlock()
			return chainOf(explain.Fetch(row.Fetch, explain.Live(ctx, x.c.o.browser, log, row.Fetch))), nil
		})
	}
	q := c.request(0, x.c)
	asked := explain.Asked{Method: q.Method, URL: q.URL, Instance: x.c.state().Connection.Instance, Context: x.c.id, Headers: q.asked().Headers}
	if asked.Method == "" {
		asked.Method = "GET"
	}
	return c.async(func(ctx context.Context) (any, error) {
		return chainOf(explain.Predict(ctx, x.c.o.browser, asked)), nil
	})
}

// chainOf is FetchExplanation of swinspect.d.ts.
func chainOf(c explain.Chain) any {
	type link struct {
		Question  string `json:"question"`
		Answer    string `json:"answer"`
		Verdict   string `json:"verdict"`
		Algorithm string `json:"algorithm"`
		Step      string `json:"step"`
		Known     string `json:"known"`
	}
	links := []link{}
	for _, l := range c.Links {
		links = append(links, link{l.Question, l.Answer, l.Verdict, l.Algorithm, l.Step, string(l.Known)})
	}
	return struct {
		Subject string `json:"subject"`
		Verdict string `json:"verdict"`
		Answer  string `json:"answer"`
		Links   []link `json:"links"`
	}{c.Subject, c.Verdict, c.Answer, links}
}

// replay makes a request again.
func (x *fetchesOf) replay(ctx context.Context, r *fetches.Fetch) (any, error) {
	if x.c.taped != nil {
		return nil, x.c.notLive("replaying a request (recording.replay() replays recordings)")
	}
	init := &fetchInit{Method: r.Method, Navigation: r.Kind == fetches.KindNavigation}
	headers := map[string]string{}
	for _, h := range r.RequestHeaders {
		if !forbidden(h.Name) {
			headers[strings.ToLower(h.Name)] = h.Value
		}
	}
	data, err := json.Marshal(headers)
	if err != nil {
		return nil, err
	}
	init.Headers = data
	if init.headers, err = readHeaders(data); err != nil {
		return nil, err
	}
	if r.Scope != "" {
		return x.c.registration(r.Scope).dispatch(ctx, r.URL, init)
	}
	var answer *fetched
	err = x.c.inOrigin(ctx, originOf(r.URL), func(p *page) error {
		answer, err = p.fetch(ctx, r.URL, init)
		return err
	})
	return answer, err
}

// forbidden reports whether fetch() takes no header of that name.
func forbidden(name string) bool {
	name = strings.ToLower(name)
	return strings.HasPrefix(name, ":") || strings.HasPrefix(name, "sec-") || strings.HasPrefix(name, "proxy-") ||
		slices.Contains([]string{"host", "connection", "referer", "origin", "cookie", "user-agent", "accept-encoding", "content-length", "upgrade-insecure-requests", "service-worker-navigation-preload"}, name)
}

func rowField(get func(*fetches.Fetch) any) func(*call) goja.Value {
	return func(c *call) goja.Value { return c.f.value(get(c.this.(*fetchRow).Fetch)) }
}

var rowClass = &class{
	name: "FetchRow", word: "row", plain: true,
	getters: map[string]func(*call) goja.Value{
		"id":             rowField(func(r *fetches.Fetch) any { return r.ID }),
		"method":         rowField(func(r *fetches.Fetch) any { return r.Method }),
		"url":            rowField(func(r *fetches.Fetch) any { return r.URL }),
		"kind":           rowField(func(r *fetches.Fetch) any { return string(r.Kind) }),
		"page":           rowField(func(r *fetches.Fetch) any { return r.Page }),
		"status":         rowField(func(r *fetches.Fetch) any { return r.Status }),
		"decision":       rowField(func(r *fetches.Fetch) any { return string(r.Decision) }),
		"source":         rowField(func(r *fetches.Fetch) any { return string(r.Source) }),
		"cache":          rowField(func(r *fetches.Fetch) any { return r.CacheName }),
		"route":          rowField(func(r *fetches.Fetch) any { return r.Route }),
		"error":          rowField(func(r *fetches.Fetch) any { return r.Error }),
		"requestHeaders": rowField(func(r *fetches.Fetch) any { return headerMap(r.RequestHeaders) }),
		"headers":        rowField(func(r *fetches.Fetch) any { return headerMap(r.ResponseHeaders) }),
		"began": rowField(func(r *fetches.Fetch) any {
			return float64(r.Began.UnixMicro()) / float64(time.Millisecond/time.Microsecond)
		}),
		"done":     rowField(func(r *fetches.Fetch) any { return r.Done }),
		"sentence": rowField(func(r *fetches.Fetch) any { return explain.Sentence(r) }),
	},
}
