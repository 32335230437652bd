package session

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/inspector"
	"github.com/swinspect/swinspect/inspector/explain"
	"github.com/swinspect/swinspect/inspector/fetches"
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
