package session

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/dop251/goja"
)

// clockStart reads the option clock.
func clockStart(data json.RawMessage) (time.Time, error) {
	var ms float64
	if json.Unmarshal(data, &ms) == nil {
		return time.UnixMilli(int64(ms)), nil
	}
	var text string
	if err := json.Unmarshal(data, &text); err != nil || text == "real" || text == "virtual" {
		return time.Time{}, err
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04", time.DateOnly} {
		if t, err := time.Parse(layout, text); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("clock: %q is no date: write 2030-01-31T12:00:00Z", text)
}

// openFixtures opens what a test asks for.
func (s *stage) openFixtures(names []string, everything bool, t *testCase) (any, error) {
	has := func(name string) bool {
		for _, n := range names {
			if n == name {
				return true
			}
		}
		return everything
	}
	if len(names) == 0 && !everything {
		return func(f *file) goja.Value { return f.rt.NewObject() }, nil
	}
	web, err := s.serve(t.options.site)
	if err != nil {
		return nil, s.fixtureError(t, err)
	}
	s.site = web
	fixtures := map[string]any{"site": web}
	for _, name := range fixtureNames {
		if name == "site" || !has(name) || s.browser != nil {
			continue
		}
		c, err := s.open(s.context(), t.options.startOptions, web)
		if err != nil {
			return nil, s.fixtureError(t, err)
		}
		s.browser = c
	}
	if c := s.browser; c != nil {
		fixtures["browser"], fixtures["network"], fixtures["clock"] = c, c.network, c.clock
		fixtures["caches"], fixtures["fetches"] = c.storage(web.origin()), c.fetches
		if has("page") {
			fixtures["page"] = &page{context: c, lazy: true}
		}
	}
	return func(f *file) goja.Value {
		o := f.rt.NewObject()
		for _, name := range fixtureNames {
			if v, ok := fixtures[name]; ok {
				must(o.Set(name, f.value(v)))
			}
		}
		return o
	}, nil
}

// fixtureError is a failure to open what a test asks for: there is no call to name.
func (s *stage) fixtureError(t *testCase, err error) error {
	var late *timeoutError
	if cause := context.Cause(s.context()); cause != nil && errors.As(cause, &late) {
		err = fmt.Errorf("%w: the browser was not open by then", cause)
	}
	e := s.f.framed(reportFailure(err))
	e.At = t.At
	e.Message = "opening the browser: " + e.Message
	return &thrownError{failure: s.f.framed(e)}
}

// defineStarts makes start, launch, engine, attach, open and serve.
func (f *file) defineStarts() {
	start := func(name, backend string) {
		f.function(name, func(c *call) goja.Value {
			o := struct {
				startOptions
				Script string `json:"script"`
			}{}
			i := 0
			endpoint := ""
			if name == "attach" {
				endpoint, i = c.text(0, "the endpoint"), 1
			}
			folder := c.takeSite(i, &o)
			if o.Script != "" && name != "engine" {
				c.fail("script is an option of engine()")
			}
			if o.Backend == "" {
				o.Backend = backend
			}
			if name == "attach" {
				o.Backend, o.theirs = endpoint, true
			}
			s := f.current()
			web, err := s.serve(folder)
			if err != nil {
				c.fail("%v", err)
			}
			if o.Script != "" {
				path := f.resolvePath(o.Script)
				f.read(path)
				web.putFile("/sw.js", path)
			}
			return c.async(func(ctx context.Context) (any, error) {
				b, err := s.open(ctx, o.startOptions, web)
				if err != nil || o.Script == "" {
					return b, err
				}
				return b, b.registerScript(ctx)
			})
		})
	}
	start("start", "")
	start("launch", "chromium")
	start("engine", "engine")
	start("attach", "")
	f.function("serve", func(c *call) goja.Value {
		var what goja.Value
		if c.has(0) {
			what = c.arg(0)
		}
		web, err := f.current().serve(what)
		if err != nil {
			c.fail("%v", err)
		}
		return c.async(func(context.Context) (any, error) { return web, nil })
	})
	f.function("open", f.openRecording)
}

// registerScript registers /sw.js in a page of the site.
func (c *browserContext) registerScript(ctx context.Context) error {
	p, err := c.openPage(ctx, "")
	if err != nil {
		return err
	}
	c.site.putBlank("/")
	if _, err := p.navigate(ctx, c.base()+"/", "load"); err != nil {
		return err
	}
	_, err = p.evaluate(ctx, `navigator.serviceWorker.register('/sw.js').then(() => null)`)
	return err
}

func trimSlash(s string) string { return strings.TrimSuffix(s, "/") }
