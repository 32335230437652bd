package session

import (
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"
	"time"

	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/inspector/session/report"
)

// defineAPI makes what the module 'swinspect' has, but for what lib.js makes.
func (f *file) defineAPI() {
	f.api = f.rt.NewObject()
	f.declareTests()
	f.function("sleep", func(c *call) goja.Value {
		d := c.duration(0, "the time")
		return c.async(func(ctx context.Context) (any, error) { return undefined{}, pause(ctx, d) })
	})
	f.function("readFile", func(c *call) goja.Value {
		path := f.resolvePath(c.text(0, "the path"))
		f.read(path)
		return c.async(func(context.Context) (any, error) {
			data, err := os.ReadFile(path)
			return string(data), err
		})
	})
	f.function("env", func(c *call) goja.Value {
		v, ok := f.run.Env(c.text(0, "the name"))
		if !ok {
			return goja.Undefined()
		}
		return f.rt.ToValue(v)
	})
	f.defineStarts()
}

// pause waits.
func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// poll is an expectation that is tried again until it holds.
type poll struct {
	stage   *stage
	op      *op
	until   time.Time
	limit   time.Duration
	timeout bool // the time was the option's, not the usual one
}

func (p *poll) words() string {
	if cause := context.Cause(p.op.ctx); cause != nil {
		return cause.Error() + "; waited " + spanText(time.Since(p.op.began).Round(time.Millisecond))
	}
	return "waited " + spanText(p.limit)
}

// natives are what lib.js asks of Go.
func (f *file) natives() goja.Value {
	n := f.rt.NewObject()
	set := func(name string, body func(*call) goja.Value) {
		must(n.Set(name, f.native(name, func(in goja.FunctionCall) goja.Value { return body(&call{f: f, name: name, args: in.Arguments}) })))
	}
	set("here", func(*call) goja.Value { return f.rt.ToValue(&slot{f.here()}) })
	set("short", func(c *call) goja.Value { return f.rt.ToValue(shortened(c.arg(0).String(), 60)) })
	set("stack", func(c *call) goja.Value { return f.rt.ToValue(f.cleanStack(c.arg(0).String())) })
	set("kindOf", func(c *call) goja.Value {
		switch v := f.goValue(c.arg(0)).(type) {
		case fmt.Stringer:
			return f.rt.ToValue(v.String())
		case handle:
			return f.rt.ToValue(v.class().name)
		}
		return f.rt.ToValue("")
	})
	set("isHandle", func(c *call) goja.Value {
		h, ok := f.goValue(c.arg(0)).(handle)
		return f.rt.ToValue(ok && !h.class().plain)
	})
	set("same", func(c *call) goja.Value {
		a, b := f.goValue(c.arg(0)), f.goValue(c.arg(1))
		return f.rt.ToValue(a == b)
	})
	set("isSkip", func(c *call) goja.Value { return f.rt.ToValue(f.isSkip(c.arg(0)) != nil) })
	set("print", func(c *call) goja.Value {
		e := &report.Event{Type: report.Printed, Output: &report.Output{Level: c.arg(0).String(), Text: c.arg(1).String()}}
		if s := f.current(); s != nil {
			e.Test = s.test
		}
		if at := f.here(); len(at) > 0 {
			e.Output.At = at[0]
		}
		f.run.emit(e)
		return goja.Undefined()
	})
	set("assertion", func(c *call) goja.Value {
		return f.throwable(&assertion{c.arg(0).String(), c.arg(1).String(), c.arg(2).String()}, placesIn(c.arg(3)))
	})
	set("timeout", func(c *call) goja.Value {
		return f.throwable(&timeoutError{what: c.arg(0).String()}, placesIn(c.arg(1)))
	})
	set("snapshot", func(c *call) goja.Value { return f.value(f.snapshot(c.arg(0).String(), c.arg(1).String())) })
	set("states", func(c *call) goja.Value {
		return f.quiet(func(ctx context.Context) (any, error) { return statesOf(ctx, f.goValue(c.arg(0))) })
	})
	set("exists", func(c *call) goja.Value {
		return f.quiet(func(ctx context.Context) (any, error) { return existsOf(ctx, f.goValue(c.arg(0))) })
	})
	set("matchURL", func(c *call) goja.Value {
		p, ok := f.goValue(c.arg(0)).(*page)
		if !ok {
			panic(f.rt.NewTypeError("toHaveURL is for pages"))
		}
		return f.rt.ToValue(c.pattern(1, p.context.base()).match(c.arg(2).String()))
	})
	f.pollNatives(set)
	return n
}

func (f *file) pollNatives(set func(string, func(*call) goja.Value)) {
	set("beginPoll", func(c *call) goja.Value {
		s := f.current()
		limit, given := s.o.wait(f.run), false
		if c.has(2) {
			if t := c.arg(2).ToObject(f.rt).Get("timeout"); t != nil && !goja.IsUndefined(t) {
				limit, given = (&call{f: f, name: "waitFor", args: []goja.Value{t}}).duration(0, "timeout"), true
			}
		}
		o := s.begin(c.arg(0).String(), placesIn(c.arg(1)))
		s.mu.Lock()
		o.awaited = !c.has(2)
		s.mu.Unlock()
		return f.rt.ToValue(&slot{&poll{stage: s, op: o, until: time.Now().Add(limit), limit: limit, timeout: given}})
	})
	of := func(c *call) *poll { return c.arg(0).Export().(*slot).value.(*poll) }
	set("pollOver", func(c *call) goja.Value {
		p := of(c)
		return f.rt.ToValue(time.Now().After(p.until) || p.op.ctx.Err() != nil)
	})
	set("pollWords", func(c *call) goja.Value { return f.rt.ToValue(of(c).words()) })
	set("pollGone", func(c *call) goja.Value {
		if errors.Is(context.Cause(of(c).op.ctx), errOver) {
			panic(f.throwable(errOver, of(c).op.at))
		}
		return goja.Undefined()
	})
	set("endPoll", func(c *call) goja.Value {
		p := of(c)
		var err error
		if c.has(1) {
			err = errors.New(f.failureOf(c.arg(1)).Message)
		}
		p.stage.finish(p.op, err)
		return goja.Undefined()
	})
	set("pause", func(c *call) goja.Value {
		p, d := of(c), c.duration(1, "interval")
		if left := time.Until(p.until); d > left {
			d = max(left, 0)
		}
		return f.promised(p.op.ctx, func(ctx context.Context) (any, error) {
			_ = pause(ctx, d) // its end is seen by pollOver
			return undefined{}, nil
		})
	})
}

// quiet is work that is no step of its own.
func (f *file) quiet(work func(context.Context) (any, error)) goja.Value {
	return f.promised(f.current().context(), work)
}

func (f *file) promised(ctx context.Context, work func(context.Context) (any, error)) goja.Value {
	at := f.here()
	p := f.realm.NewPromise()
	f.agent.Go(func(context.Context) {
		v, err := work(ctx)
		f.agent.Queue("swinspect", func() {
			if err != nil {
				p.Reject(f.throwable(err, at))
				return
			}
			p.Resolve(f.value(v))
		})
	})
	return p.Value
}

func placesIn(v goja.Value) []report.Place {
	s, ok := v.Export().(*slot)
	if !ok {
		return nil
	}
	places, _ := s.value.([]report.Place)
	return places
}

func shortened(text string, n int) string {
	text = strings.Join(strings.Fields(text), " ")
	if r := []rune(text); len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return text
}

// stackPlace finds the interpreter's places in a stack.
var stackPlace = regexp.MustCompile(`(file:[^\s()]+):(\d+):(\d+)(?:\(\d+\))?`)

// cleanStack is a stack with the names of files as the user knows them, and without the
// calls that are none of theirs.
func (f *file) cleanStack(stack string) string {
	var rows []string
	for row := range strings.SplitSeq(stack, "\n") {
		if at := strings.TrimSpace(row); strings.HasPrefix(at, "at ") {
			m := stackPlace.FindStringSubmatch(at)
			if m == nil && !strings.Contains(at, f.name) {
				continue
			}
			if m != nil {
				at = strings.Replace(at, m[0], fmt.Sprintf("%s:%s:%s", shortPath(pathOf(m[1]), f.name), m[2], m[3]), 1)
			}
			row = "    " + at
		}
		rows = append(rows, row)
	}
	return strings.Join(rows, "\n")
}

// pattern is a URL pattern: text with *, relative to a base, or a regular expression.
type pattern struct {
	text string
	re   *regexp.Regexp
	test func(string) bool
}

func (p *pattern) match(url string) bool {
	if p.test != nil {
		return p.test(url)
	}
	return p.re.MatchString(url)
}

// pattern reads an argument that is one. A regular expression is translated, so that it
// can be asked off the loop.
func (c *call) pattern(i int, base string) *pattern {
	p, err := c.f.patternOf(c.arg(i), base)
	if err != nil {
		c.fail("%v", err)
	}
	return p
}

func (f *file) patternOf(v goja.Value, base string) (*pattern, error) {
	if o, ok := v.(*goja.Object); ok && o.ClassName() == "RegExp" {
		source, flags := o.Get("source").String(), o.Get("flags").String()
		prefix := ""
		if strings.Contains(flags, "i") {
			prefix = "(?i)"
		}
		re, err := regexp.Compile(prefix + strings.ReplaceAll(source, `\/`, `/`))
		if err != nil {
			return nil, fmt.Errorf("the regular expression /%s/ cannot be used for URLs: %v", source, err)
		}
		return &pattern{text: "/" + source + "/" + flags, re: re}, nil
	}
	text, ok := v.Export().(string)
	if !ok {
		return nil, fmt.Errorf("a URL pattern is text or a regular expression, not %s", f.shown(v))
	}
	return newPattern(text, base), nil
}

// newPattern is a pattern of text: * is any characters. Without a scheme it is relative
// to a base; without a slash in front, anything may stand before it.
func newPattern(text, base string) *pattern {
	full := text
	switch {
	case strings.Contains(text, "://") || strings.HasPrefix(text, "*"):
	case strings.HasPrefix(text, "/"):
		full = originOf(base) + text
		if originOf(base) == "" {
			full = "*" + text
		}
	default:
		full = "*" + text
	}
	var b strings.Builder
	b.WriteString("^")
	for i, part := range strings.Split(full, "*") {
		if i > 0 {
			b.WriteString(".*")
		}
		b.WriteString(regexp.QuoteMeta(part))
	}
	if !strings.Contains(text, "?") && !strings.HasSuffix(text, "*") {
		b.WriteString(`(?:\?.*)?`)
	}
	if !strings.Contains(text, "#") {
		b.WriteString(`(?:#.*)?`)
	}
	return &pattern{text: text, re: regexp.MustCompile(b.String() + "$")}
}
