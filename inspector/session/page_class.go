package session

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	cdproto "github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/target"
	"github.com/dop251/goja"
)

func thisPage(c *call) *page { return c.this.(*page) }

var pageClass = &class{
	name: "Page", word: "page",
	getters: map[string]func(*call) goja.Value{
		"id": func(c *call) goja.Value {
			p := thisPage(c)
			p.mu.Lock()
			defer p.mu.Unlock()
			return c.f.value(string(p.id))
		},
	},
	methods: map[string]func(*call) goja.Value{
		"url":   pageExpression("location.href"),
		"title": pageExpression("document.title"),
		"html":  pageExpression("document.documentElement.outerHTML"),
		"goto": func(c *call) goja.Value {
			p, ref, o := thisPage(c), c.text(0, "the URL"), c.navigateOptions(1)
			return c.async(func(ctx context.Context) (any, error) {
				full, err := p.context.resolve(ref)
				if err != nil {
					return nil, err
				}
				return p.navigateWithin(ctx, full, o)
			})
		},
		"reload": func(c *call) goja.Value {
			p, o := thisPage(c), c.navigateOptions(0)
			return c.async(func(ctx context.Context) (any, error) { return p.reload(ctx, o) })
		},
		"close": func(c *call) goja.Value {
			p := thisPage(c)
			return c.async(func(ctx context.Context) (any, error) { return undefined{}, p.closeAndForget(ctx) })
		},
		"evaluate": func(c *call) goja.Value {
			p, expression := thisPage(c), c.asExpression(0)
			return c.async(func(ctx context.Context) (any, error) { return jsonOrUndefined(p.evaluate(ctx, expression)) })
		},
		"fetch": func(c *call) goja.Value {
			p, ref, init := thisPage(c), c.text(0, "the URL"), c.fetchInit(1)
			return c.async(func(ctx context.Context) (any, error) { return p.fetch(ctx, ref, init) })
		},
		"text": func(c *call) goja.Value {
			return c.onElement(`(e ?? document.body ?? document.documentElement).innerText ?? ''`, false)
		},
		"click": func(c *call) goja.Value { return c.onElement(`(e.click(), null)`, true) },
		"waitFor": func(c *call) goja.Value {
			p := thisPage(c)
			var o struct {
				Timeout *span `json:"timeout"`
			}
			c.options(1, &o)
			expression := (&call{f: c.f, name: c.name, args: append([]goja.Value{c.arg(0)}, c.args[min(2, len(c.args)):]...)}).asExpression(0)
			title := shortened(c.f.shown(c.arg(0)), 60)
			if text, ok := c.arg(0).Export().(string); ok {
				title = text
			}
			return c.async(func(ctx context.Context) (any, error) { return p.waitFor(ctx, expression, title, o.Timeout) })
		},
		"register": func(c *call) goja.Value { return thisPage(c).registerCall(c) },
		"controller": func(c *call) goja.Value {
			p := thisPage(c)
			return c.async(func(ctx context.Context) (any, error) { return p.controller(ctx) })
		},
		"waitForController": func(c *call) goja.Value { return thisPage(c).waitForController(c) },
		"postMessage": func(c *call) goja.Value {
			p := thisPage(c)
			data, ok := c.f.json(c.arg(0))
			if !ok {
				c.fail("the message must be JSON, not %s", c.f.shown(c.arg(0)))
			}
			return c.async(func(ctx context.Context) (any, error) {
				_, err := p.evaluate(ctx, `(() => { const w = navigator.serviceWorker.controller; if (!w) throw new Error('the page has no controller to send a message to'); w.postMessage(`+string(data)+`); })()`)
				return undefined{}, err
			})
		},
		"console": func(c *call) goja.Value {
			p := thisPage(c)
			p.mu.Lock()
			all := slices.Clone(p.console)
			p.mu.Unlock()
			if all == nil {
				all = []consoleMessage{}
			}
			return c.f.value(all)
		},
		"focus": func(c *call) goja.Value {
			p := thisPage(c)
			return c.async(func(ctx context.Context) (any, error) {
				if _, err := p.live(ctx); err != nil {
					return nil, err
				}
				_, err := cdproto.Call(ctx, p.context.o.conn.Root(), target.ActivateTarget, target.ActivateTargetParams{TargetID: p.id})
				return undefined{}, err
			})
		},
		"send": func(c *call) goja.Value {
			p := thisPage(c)
			method, params := c.send()
			return c.async(func(ctx context.Context) (any, error) {
				s, err := p.live(ctx)
				if err != nil {
					return nil, err
				}
				return sendRaw(ctx, s, method, params)
			})
		},
	},
}

func pageExpression(expression string) func(*call) goja.Value {
	return func(c *call) goja.Value {
		p := thisPage(c)
		return c.async(func(ctx context.Context) (any, error) { return jsonOrUndefined(p.evaluate(ctx, expression)) })
	}
}

func jsonOrUndefined(data json.RawMessage, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	if data == nil {
		return undefined{}, nil
	}
	return data, nil
}

// allPages are the open pages of the context, those of the script and others.
func (c *browserContext) allPages(ctx context.Context) ([]*page, error) {
	if c.taped != nil {
		return nil, c.notLive("pages")
	}
	r, err := cdproto.Call(ctx, c.o.conn.Root(), target.GetTargets, target.GetTargetsParams{})
	if err != nil {
		return nil, err
	}
	all := []*page{}
	for _, t := range r.TargetInfos {
		if t.Type != "page" || string(t.BrowserContextID) != c.id || strings.HasPrefix(t.URL, "devtools:") {
			continue
		}
		c.mu.Lock()
		p := c.pages[t.TargetID]
		c.mu.Unlock()
		if c.ownOfInspector(string(t.TargetID)) {
			continue
		}
		if p == nil {
			if p, err = c.openPage(ctx, t.TargetID); err != nil {
				return nil, err
			}
		}
		all = append(all, p)
	}
	return all, nil
}

// ownOfInspector reports whether a target is one that the inspector made.
func (c *browserContext) ownOfInspector(id string) bool {
	for _, t := range c.state().Targets {
		if t.Key.ID == id {
			return t.Own
		}
	}
	return false
}

// closeAndForget closes the tab and waits until the browser has done so.
func (p *page) closeAndForget(ctx context.Context) error {
	if p.lazy {
		p.mu.Lock()
		unused := p.session == nil && p.opening == nil
		p.mu.Unlock()
		if unused {
			return nil
		}
	}
	if _, err := p.live(ctx); err != nil {
		return nil // it is closed
	}
	if err := p.closeTarget(ctx); err != nil {
		return err
	}
	err := p.await(ctx, func(l *loads) bool { return l.closed })
	p.context.mu.Lock()
	delete(p.context.pages, p.id)
	p.context.mu.Unlock()
	return err
}

// onElement waits for an element that a selector finds (none given: null) and gives the
// value of an expression of e.
func (c *call) onElement(expression string, needed bool) goja.Value {
	p := thisPage(c)
	selector := "null"
	words := "the page"
	if needed || c.has(0) {
		s := c.text(0, "the selector")
		data, _ := json.Marshal(s)
		selector, words = string(data), s
	}
	var o struct {
		Timeout *span `json:"timeout"`
	}
	c.options(1, &o)
	code := fmt.Sprintf(`(() => { const s = %s; const e = s === null ? null : document.querySelector(s); if (s !== null && !e) return {missing: true}; return {value: %s}; })()`, selector, expression)
	return c.async(func(ctx context.Context) (any, error) {
		inner, cancel, limit := p.context.stage.limited(ctx, o.Timeout)
		defer cancel()
		for wait := 5 * time.Millisecond; ; wait = min(2*wait, 100*time.Millisecond) {
			data, err := p.evaluate(ctx, code)
			if err != nil {
				return nil, err
			}
			var found struct {
				Missing bool
				Value   json.RawMessage
			}
			if err := json.Unmarshal(data, &found); err != nil {
				return nil, err
			}
			if !found.Missing {
				if needed {
					return undefined{}, nil
				}
				return found.Value, nil
			}
			if pause(inner, wait) != nil {
				if ctx.Err() == nil {
					return nil, &timeoutError{what: fmt.Sprintf("waited %s for an element %q: the page has none", spanText(limit), words)}
				}
				return nil, ctx.Err()
			}
		}
	})
}

func (p *page) waitFor(ctx context.Context, expression, title string, limit *span) (any, error) {
	inner, cancel, d := p.context.stage.limited(ctx, limit)
	defer cancel()
	seen := "it was not asked yet"
	for wait := 5 * time.Millisecond; ; wait = min(2*wait, 100*time.Millisecond) {
		data, err := p.evaluate(inner, `(async () => { const v = await (`+expression+`); return {ok: !!v, v}; })()`)
		var got struct {
			OK bool            `json:"ok"`
			V  json.RawMessage `json:"v"`
		}
		if err == nil {
			err = json.Unmarshal(data, &got)
		}
		switch {
		case err == nil && got.OK:
			return jsonOrUndefined(got.V, nil)
		case err == nil && got.V == nil:
			seen = "it gave undefined"
		case err == nil:
			seen = "it gave " + shortened(string(got.V), 100)
		case inner.Err() == nil:
			seen = "it threw " + errorName(err) + ": " + words(err)
		}
		if pause(inner, wait) != nil {
			if ctx.Err() == nil {
				return nil, &timeoutError{what: fmt.Sprintf("waited %s for %s in the page: %s", spanText(d), title, seen)}
			}
			return nil, ctx.Err()
		}
	}
}

// registerCall is page.register(script, options).
func (p *page) registerCall(c *call) goja.Value {
	script := c.text(0, "the script")
	var o struct {
		Scope          string `json:"scope,omitempty"`
		Type           string `json:"type,omitempty"`
		UpdateViaCache string `json:"updateViaCache,omitempty"`
	}
	c.options(1, &o)
	options, err := json.Marshal(o)
	if err != nil {
		c.fail("%v", err)
	}
	url, err := json.Marshal(script)
	if err != nil {
		c.fail("%v", err)
	}
	return c.async(func(ctx context.Context) (any, error) {
		data, err := p.evaluate(ctx, fmt.Sprintf(`navigator.serviceWorker.register(%s, %s).then(r => r.scope)`, url, options))
		if err != nil {
			return nil, err
		}
		var scope string
		if err := json.Unmarshal(data, &scope); err != nil {
			return nil, err
		}
		r := p.context.registration(scope)
		return r, r.known(ctx)
	})
}
