package session

import (
	"context"

	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/inspector"
)

func thisNetwork(c *call) *networkOf { return c.this.(*networkOf) }

// setting switches one of the inspector's settings of the context.
func setting(kind inspector.ActionKind) func(*call) goja.Value {
	return func(c *call) goja.Value {
		n, on := thisNetwork(c), c.flag(0, true)
		return c.async(func(ctx context.Context) (any, error) { return undefined{}, n.set(ctx, kind, on) })
	}
}

var networkClass = &class{
	name: "Network", word: "network", plain: true,
	methods: map[string]func(*call) goja.Value{
		"offline": setting(inspector.SetOffline),
		"online": func(c *call) goja.Value {
			n := thisNetwork(c)
			return c.async(func(ctx context.Context) (any, error) { return undefined{}, n.set(ctx, inspector.SetOffline, false) })
		},
		"bypassServiceWorker": setting(inspector.SetBypass),
		"updateOnReload":      setting(inspector.SetUpdateOnReload),
		"route": func(c *call) goja.Value {
			n := thisNetwork(c)
			r := &route{n: n, pattern: c.pattern(0, n.c.base())}
			if fn, ok := goja.AssertFunction(c.arg(1)); ok {
				r.ask = fn
			} else if text, ok := c.arg(1).Export().(string); ok && text == "abort" {
				r.abort = true
			} else {
				r.answer = c.response(c.arg(1))
			}
			return c.async(func(ctx context.Context) (any, error) { return r, n.add(ctx, r) })
		},
		"unroute": func(c *call) goja.Value {
			n := thisNetwork(c)
			text := ""
			if c.has(0) {
				text = c.pattern(0, n.c.base()).text
			}
			return c.async(func(ctx context.Context) (any, error) {
				return undefined{}, n.remove(ctx, func(r *route) bool { return text == "" || r.pattern.text == text })
			})
		},
	},
}

var routeClass = &class{
	name: "Route", word: "route", plain: true,
	getters: map[string]func(*call) goja.Value{
		"pattern": func(c *call) goja.Value { return c.f.value(c.this.(*route).pattern.text) },
		"hits": func(c *call) goja.Value {
			r := c.this.(*route)
			r.n.mu.Lock()
			defer r.n.mu.Unlock()
			return c.f.value(r.hits)
		},
	},
	methods: map[string]func(*call) goja.Value{
		"remove": func(c *call) goja.Value {
			r := c.this.(*route)
			return c.async(func(ctx context.Context) (any, error) {
				return undefined{}, r.n.remove(ctx, func(x *route) bool { return x == r })
			})
		},
	},
}
