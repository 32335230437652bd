package session

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/inspector/debugger"
)

func thisPoint(c *call) *breakpoint { return c.this.(*breakpoint) }
func thisPaused(c *call) *paused    { return c.this.(*paused) }
func thisFrame(c *call) *frame      { return c.this.(*frame) }

var breakpointClass = &class{
	name: "Breakpoint", word: "breakpoint", plain: true,
	getters: map[string]func(*call) goja.Value{
		"id":   func(c *call) goja.Value { return c.f.value(thisPoint(c).id) },
		"kind": func(c *call) goja.Value { return c.f.value(string(thisPoint(c).kind)) },
		"hits": func(c *call) goja.Value {
			if s := thisPoint(c).status(); s != nil {
				return c.f.value(s.Hits)
			}
			return c.f.value(0)
		},
		"problem": func(c *call) goja.Value {
			if s := thisPoint(c).status(); s != nil {
				return c.f.value(s.Problem)
			}
			return c.f.value("")
		},
		"log": func(c *call) goja.Value {
			b, lines := thisPoint(c), []string{}
			for _, l := range b.c.o.debug.d.State().Log {
				if l.Breakpoint == b.id {
					lines = append(lines, l.Text)
				}
			}
			return c.f.value(lines)
		},
	},
	methods: map[string]func(*call) goja.Value{
		"remove": func(c *call) goja.Value {
			b := thisPoint(c)
			return c.async(func(ctx context.Context) (any, error) { return undefined{}, b.remove(ctx) })
		},
	},
}

func pausedField(get func(*paused) any) func(*call) goja.Value {
	return func(c *call) goja.Value { return c.f.value(get(thisPaused(c))) }
}

func (p *paused) frames() []*frame {
	all := []*frame{}
	for _, x := range p.pause.Frames {
		all = append(all, &frame{p, x})
	}
	return all
}

var pausedClass = &class{
	name: "Paused", word: "paused", plain: true,
	getters: map[string]func(*call) goja.Value{
		"reason":    pausedField(func(p *paused) any { return p.pause.Stop.Reason }),
		"words":     pausedField(func(p *paused) any { return p.pause.Stop.Words }),
		"event":     pausedField(func(p *paused) any { return p.pause.Stop.Event }),
		"url":       pausedField(func(p *paused) any { return p.pause.Stop.URL }),
		"method":    pausedField(func(p *paused) any { return p.pause.Stop.Method }),
		"cache":     pausedField(func(p *paused) any { return p.pause.Stop.Cache }),
		"operation": pausedField(func(p *paused) any { return p.pause.Stop.Operation }),
		"state":     pausedField(func(p *paused) any { return p.pause.Stop.State }),
		"error":     pausedField(func(p *paused) any { return p.pause.Stop.Error }),
		"scope":     pausedField(func(p *paused) any { return p.scope }),
		"version":   pausedField(func(p *paused) any { return p.worker }),
		"frames":    pausedField(func(p *paused) any { return p.frames() }),
		"frame": pausedField(func(p *paused) any {
			if all := p.frames(); len(all) > 0 {
				return all[0]
			}
			return nil
		}),
		"holding": pausedField(func(p *paused) any { return append([]string{}, p.pause.Holding...) }),
	},
	methods: map[string]func(*call) goja.Value{
		"evaluate": func(c *call) goja.Value {
			p, expression := thisPaused(c), c.asExpression(0)
			return c.async(func(ctx context.Context) (any, error) { return p.evaluate(ctx, 0, expression) })
		},
		"step": func(c *call) goja.Value {
			p, how := thisPaused(c), c.textOr(0, "how", "over")
			if !slices.Contains([]string{"over", "into", "out", "await"}, how) {
				c.fail("a step is over, into, out or await, not %q", how)
			}
			return c.async(func(ctx context.Context) (any, error) {
				return p.stepped(ctx, func(ctx context.Context, d *debugger.Debugger) error { return d.Step(ctx, p.thread, how) })
			})
		},
		"stepBack": func(c *call) goja.Value {
			p, far := thisPaused(c), c.flag(0, false)
			return c.async(func(ctx context.Context) (any, error) {
				if !p.pause.CanStepBack {
					return nil, &needsError{"paused.stepBack", "stepBack", p.c.product()}
				}
				return p.stepped(ctx, func(ctx context.Context, d *debugger.Debugger) error { return d.StepBack(ctx, p.thread, far) })
			})
		},
		"resume": func(c *call) goja.Value {
			p := thisPaused(c)
			return c.async(func(ctx context.Context) (any, error) { return undefined{}, p.c.o.debug.release(ctx, p) })
		},
	},
}

var frameClass = &class{
	name: "Frame", word: "frame", plain: true,
	getters: map[string]func(*call) goja.Value{
		"function": func(c *call) goja.Value { return c.f.value(thisFrame(c).Function) },
		"url":      func(c *call) goja.Value { return c.f.value(thisFrame(c).place().URL) },
		"line":     func(c *call) goja.Value { return c.f.value(thisFrame(c).place().Line) },
		"column":   func(c *call) goja.Value { return c.f.value(thisFrame(c).place().Column) },
		"async":    func(c *call) goja.Value { return c.f.value(thisFrame(c).Async) },
	},
	methods: map[string]func(*call) goja.Value{
		"scopes": func(c *call) goja.Value {
			x, all := thisFrame(c), []*scope{}
			for _, s := range x.Scopes {
				all = append(all, &scope{x.p, s})
			}
			return c.async(func(context.Context) (any, error) { return all, nil })
		},
		"evaluate": func(c *call) goja.Value {
			x, expression := thisFrame(c), c.asExpression(0)
			return c.async(func(ctx context.Context) (any, error) { return x.p.evaluate(ctx, x.Index, expression) })
		},
		"set": func(c *call) goja.Value {
			x, name, expression := thisFrame(c), c.text(0, "the name"), c.text(1, "the expression")
			return c.async(func(ctx context.Context) (any, error) { return undefined{}, x.set(ctx, name, expression) })
		},
	},
}

// place is where the frame is: in the source before bundling, where that is known.
func (x *frame) place() debugger.Place {
	if x.Original != nil {
		return *x.Original
	}
	return debugger.Place{URL: x.URL, Line: x.Line, Column: x.Column}
}

// set gives the innermost variable of a name a value.
func (x *frame) set(ctx context.Context, name, expression string) error {
	d := x.p.c.o.debug.d
	var known []string
	for i, s := range x.Scopes {
		if s.Type == "global" {
			continue
		}
		properties, err := d.Properties(ctx, x.p.thread, s.Object)
		if err != nil {
			return err
		}
		for _, v := range properties {
			if v.Name == name {
				_, err := d.SetVariable(ctx, x.p.thread, x.Index, i, name, expression)
				return err
			}
			known = append(known, v.Name)
		}
	}
	return fmt.Errorf("there is no variable %q here: %s", name, strings.Join(known, ", "))
}

var scopeClass = &class{
	name: "Scope", word: "scope", plain: true,
	getters: map[string]func(*call) goja.Value{
		"type": func(c *call) goja.Value { return c.f.value(c.this.(*scope).Type) },
		"name": func(c *call) goja.Value { return c.f.value(c.this.(*scope).Name) },
	},
	methods: map[string]func(*call) goja.Value{
		"variables": func(c *call) goja.Value {
			x := c.this.(*scope)
			return c.async(func(ctx context.Context) (any, error) {
				properties, err := x.p.c.o.debug.d.Properties(ctx, x.p.thread, x.Object)
				all := map[string]string{}
				for _, v := range properties {
					if !v.Internal {
						all[v.Name] = v.Value.Text
					}
				}
				return all, err
			})
		},
	},
}
