package session

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/cdp"
	"github.com/swinspect/swinspect/inspector"
)

func thisContext(c *call) *browserContext { return c.this.(*browserContext) }

var contextClass = &class{
	name: "Context", word: "context",
	getters: map[string]func(*call) goja.Value{
		"id":      func(c *call) goja.Value { return c.f.value(thisContext(c).id) },
		"caches":  func(c *call) goja.Value { x := thisContext(c); return c.f.value(x.storage(x.base())) },
		"fetches": func(c *call) goja.Value { return c.f.value(thisContext(c).fetches) },
		"network": func(c *call) goja.Value { return c.f.value(thisContext(c).network) },
		"clock":   func(c *call) goja.Value { return c.f.value(thisContext(c).clock) },
		"breakpoints": func(c *call) goja.Value {
			x := thisContext(c)
			x.mu.Lock()
			defer x.mu.Unlock()
			return c.f.value(slices.Clone(x.points))
		},
	},
	methods: map[string]func(*call) goja.Value{
		"open": func(c *call) goja.Value {
			x, ref := thisContext(c), c.textOr(0, "the URL", "")
			o := c.navigateOptions(1)
			return c.async(func(ctx context.Context) (any, error) {
				p, err := x.openPage(ctx, "")
				if err != nil || ref == "" {
					return p, err
				}
				full, err := x.resolve(ref)
				if err == nil {
					_, err = p.navigateWithin(ctx, full, o)
				}
				return p, err
			})
		},
		"pages": func(c *call) goja.Value {
			x := thisContext(c)
			return c.async(func(ctx context.Context) (any, error) { return x.allPages(ctx) })
		},
		"registration": func(c *call) goja.Value {
			x := thisContext(c)
			scope, err := x.resolve(c.textOr(0, "the scope", "/"))
			if err != nil {
				c.fail("%v", err)
			}
			return c.f.value(x.registration(scope))
		},
		"registrations": func(c *call) goja.Value {
			x := thisContext(c)
			return c.async(func(context.Context) (any, error) {
				all := []*registration{}
				for _, r := range x.state().Live() {
					if r.Key.Context == x.id {
						all = append(all, x.registration(r.Scope))
					}
				}
				return all, nil
			})
		},
		"cachesOf": func(c *call) goja.Value {
			return c.f.value(thisContext(c).storage(trimSlash(c.text(0, "the origin"))))
		},
		"timeline": func(c *call) goja.Value {
			x := thisContext(c)
			return c.async(func(context.Context) (any, error) { return x.timeline(nil), nil })
		},
		"kill": func(c *call) goja.Value {
			x := thisContext(c)
			return c.async(func(ctx context.Context) (any, error) {
				_, err := x.act(ctx, inspector.Action{Kind: inspector.StopAll, Context: x.id})
				return undefined{}, err
			})
		},
		"setPermission": func(c *call) goja.Value {
			x, name, state := thisContext(c), c.text(0, "the name"), c.text(1, "the state")
			return c.async(func(ctx context.Context) (any, error) { return undefined{}, x.setPermission(ctx, name, state) })
		},
		"clearSiteData": func(c *call) goja.Value {
			x := thisContext(c)
			origin := c.textOr(0, "the origin", x.base())
			return c.async(func(ctx context.Context) (any, error) { return undefined{}, x.clearSiteData(ctx, origin) })
		},
		"on":    func(c *call) goja.Value { return thisContext(c).on(c) },
		"once":  func(c *call) goja.Value { return thisContext(c).once(c) },
		"close": func(c *call) goja.Value { return thisContext(c).closeCall(c) },
	},
}

var browserClass = &class{
	name: "Browser", word: "browser", parent: contextClass,
	getters: map[string]func(*call) goja.Value{
		"product": func(c *call) goja.Value { return c.f.value(thisContext(c).product()) },
	},
	methods: map[string]func(*call) goja.Value{
		"has": func(c *call) goja.Value { return c.f.value(thisContext(c).has(c.capability())) },
		"needs": func(c *call) goja.Value {
			x, name := thisContext(c), c.capability()
			if !x.has(name) {
				panic(c.f.throwable(&skipError{fmt.Sprintf("needs %q, which %s has not", name, x.product())}, c.f.here()))
			}
			return goja.Undefined()
		},
		"newContext": func(c *call) goja.Value {
			x := thisContext(c)
			return c.async(func(ctx context.Context) (any, error) {
				if x.taped != nil {
					return nil, x.notLive(c.name)
				}
				made, err := x.stage.newContext(ctx, x.o, true, x.site)
				if err != nil {
					return nil, err
				}
				x.mu.Lock()
				defer x.mu.Unlock()
				x.kids = append(x.kids, made)
				return made, nil
			})
		},
		"contexts": func(c *call) goja.Value {
			x := thisContext(c)
			x.mu.Lock()
			defer x.mu.Unlock()
			return c.f.value(append([]*browserContext{x}, x.kids...))
		},
		"send": func(c *call) goja.Value {
			x := thisContext(c)
			method, params := c.send()
			return c.async(func(ctx context.Context) (any, error) {
				if x.taped != nil {
					return nil, x.notLive(method)
				}
				return sendRaw(ctx, x.o.conn.Root(), method, params)
			})
		},
	},
}

// send reads the arguments of a CDP command.
func (c *call) send() (method string, params json.RawMessage) {
	method = c.text(0, "the method")
	if c.has(1) {
		params, _ = c.f.json(c.arg(1))
	}
	return method, params
}

func sendRaw(ctx context.Context, s *cdp.Session, method string, params json.RawMessage) (any, error) {
	var in any
	if params != nil {
		in = params
	}
	var out json.RawMessage
	if err := s.Call(ctx, method, in, &out); err != nil {
		return nil, err
	}
	return out, nil
}

func (c *browserContext) closeCall(in *call) goja.Value {
	return in.async(func(ctx context.Context) (any, error) {
		c.stage.unclose(c)
		err := c.dispose(ctx)
		if c.root && c.o != nil && !c.o.backend.Shared && c.stage.unclose(c.o) {
			err = errors.Join(err, c.o.close())
		}
		return undefined{}, err
	})
}
