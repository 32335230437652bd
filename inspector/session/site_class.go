package session

import (
	"context"
	"net/url"

	"github.com/dop251/goja"
)

func thisSite(c *call) *site { return c.this.(*site) }

var siteClass = &class{
	name: "Site", word: "site",
	getters: map[string]func(*call) goja.Value{
		"origin": func(c *call) goja.Value { return c.f.value(thisSite(c).origin()) },
	},
	methods: map[string]func(*call) goja.Value{
		"url": func(c *call) goja.Value {
			u, err := url.Parse(thisSite(c).origin() + "/")
			if err == nil {
				u, err = u.Parse(c.textOr(0, "the path", "/"))
			}
			if err != nil {
				c.fail("%v", err)
			}
			return c.f.value(u.String())
		},
		"deploy": func(c *call) goja.Value {
			if err := thisSite(c).deploy(c.arg(0)); err != nil {
				c.fail("%v", err)
			}
			return goja.Undefined()
		},
		"put": func(c *call) goja.Value {
			w, at := thisSite(c), c.text(0, "the path")
			r := c.response(c.arg(1))
			w.put(&siteRoute{pattern: at, match: pathPattern(at), answer: r})
			return goja.Undefined()
		},
		"route": func(c *call) goja.Value {
			w := thisSite(c)
			r, err := w.route(c.text(0, "the pattern"), c.arg(1))
			if err != nil {
				panic(err)
			}
			w.put(r)
			return goja.Undefined()
		},
		"remove": func(c *call) goja.Value {
			at := c.text(0, "the path")
			thisSite(c).put(&siteRoute{pattern: at, match: pathPattern(at)})
			return goja.Undefined()
		},
		"reset": func(c *call) goja.Value {
			w := thisSite(c)
			w.mu.Lock()
			defer w.mu.Unlock()
			w.over = nil
			return goja.Undefined()
		},
		"requests": func(c *call) goja.Value {
			w := thisSite(c)
			var p *pattern
			if c.has(0) {
				p = c.pattern(0, w.origin())
			}
			w.mu.Lock()
			defer w.mu.Unlock()
			found := []siteRequest{}
			for _, q := range w.requests {
				if p == nil || p.match(w.origin()+q.URL) {
					found = append(found, q)
				}
			}
			return c.f.value(found)
		},
		"clearRequests": func(c *call) goja.Value {
			w := thisSite(c)
			w.mu.Lock()
			defer w.mu.Unlock()
			w.requests = nil
			return goja.Undefined()
		},
		"down": func(c *call) goja.Value {
			thisSite(c).down()
			return goja.Undefined()
		},
		"up": func(c *call) goja.Value {
			if err := thisSite(c).up(); err != nil {
				c.fail("%v", err)
			}
			return goja.Undefined()
		},
		"close": func(c *call) goja.Value {
			w := thisSite(c)
			return c.async(func(context.Context) (any, error) {
				w.stage.unclose(w)
				return undefined{}, w.close()
			})
		},
	},
}
