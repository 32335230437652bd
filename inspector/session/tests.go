package session

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/inspector/session/report"
)

// testOptions are TestOptions of swinspect.d.ts. Site is a folder or routes.
type testOptions struct {
	startOptions
	Timeout     *span `json:"timeout"`
	WaitTimeout *span `json:"waitTimeout"`
	Retries     *int  `json:"retries"`
}

// startOptions are StartOptions of swinspect.d.ts, but for the site.
type startOptions struct {
	Backend string          `json:"backend"`
	Clock   json.RawMessage `json:"clock"`
	Network []string        `json:"network"`
	Args    []string        `json:"args"`
	Headed  bool            `json:"headed"`
	site    goja.Value      // a folder or routes; nil: none
	theirs  bool            // of attach(): what the browser's own profile has is meant
}

func (o *testOptions) timeout(r *runner) time.Duration {
	if o.Timeout != nil {
		return time.Duration(*o.Timeout)
	}
	return r.timeout()
}

func (o *testOptions) wait(r *runner) time.Duration {
	if o.WaitTimeout != nil {
		return time.Duration(*o.WaitTimeout)
	}
	return r.waitTimeout()
}

func (o *testOptions) retries(r *runner) int {
	if o.Retries != nil {
		return *o.Retries
	}
	return r.Retries
}

// with are options of which others win.
func (o testOptions) with(p testOptions) testOptions {
	o.Backend = cmp.Or(p.Backend, o.Backend)
	if p.Clock != nil {
		o.Clock = p.Clock
	}
	if p.Network != nil {
		o.Network = p.Network
	}
	if p.Args != nil {
		o.Args = p.Args
	}
	o.Headed = o.Headed || p.Headed
	if p.site != nil {
		o.site = p.site
	}
	o.Timeout, o.WaitTimeout, o.Retries = cmp.Or(p.Timeout, o.Timeout), cmp.Or(p.WaitTimeout, o.WaitTimeout), cmp.Or(p.Retries, o.Retries)
	return o
}

// group is a describe(), or the file.
type group struct {
	parent  *group
	name    string
	options testOptions
	hooks   map[string][]goja.Callable // beforeEach, afterEach, beforeAll, afterAll
	asks    []goja.Value               // hooks that are given fixtures
	begun   bool                       // beforeAll has run
	failure *report.Failure            // of beforeAll
}

// chain are the groups from the file's down to g.
func (g *group) chain() []*group {
	var all []*group
	for ; g != nil; g = g.parent {
		all = append(all, g)
	}
	slices.Reverse(all)
	return all
}

func (g *group) prefix() string {
	text := ""
	for _, x := range g.chain() {
		if x.name != "" {
			text += x.name + " › "
		}
	}
	return text
}

// testCase is a test that was declared.
type testCase struct {
	report.Test
	group   *group
	options testOptions
	body    goja.Value
	skip    bool
	reason  string
	only    bool
	fails   bool
}

// declareTests makes test, use, describe and the hooks.
func (f *file) declareTests() {
	test := f.native("test", func(in goja.FunctionCall) goja.Value { return f.declare("test", in.Arguments, nil) })
	o := test.ToObject(f.rt)
	set := func(name string, change func(*testCase)) {
		must(o.Set(name, f.native(name, func(in goja.FunctionCall) goja.Value { return f.declare("test."+name, in.Arguments, change) })))
	}
	set("skip", func(t *testCase) { t.skip = true })
	set("only", func(t *testCase) { t.only = true })
	set("fails", func(t *testCase) { t.fails = true })
	must(f.api.Set("test", test))
	f.function("use", func(c *call) goja.Value {
		f.groups.options = f.groups.options.with(c.testOptions(0))
		return goja.Undefined()
	})
	f.function("describe", func(c *call) goja.Value {
		parent := f.groups
		f.groups = &group{parent: parent, name: c.text(0, "the name"), options: parent.options}
		defer func() { f.groups = parent }()
		v, err := f.agent.Call(c.function(1, "the body"), goja.Undefined())
		if err != nil {
			panic(err)
		}
		if _, ok := v.Export().(*goja.Promise); ok {
			c.fail("the body must not be async: it only declares tests")
		}
		return goja.Undefined()
	})
	for _, name := range []string{"beforeEach", "afterEach", "beforeAll", "afterAll"} {
		f.function(name, func(c *call) goja.Value {
			g := f.groups
			if g.hooks == nil {
				g.hooks = map[string][]goja.Callable{}
			}
			g.hooks[name] = append(g.hooks[name], c.function(0, "the hook"))
			if strings.HasSuffix(name, "Each") {
				g.asks = append(g.asks, c.arg(0))
			}
			return goja.Undefined()
		})
	}
	f.function("skip", func(c *call) goja.Value {
		panic(f.throwable(&skipError{c.textOr(0, "the reason", "")}, f.here()))
	})
	f.function("step", f.step)
}

// function defines a function of the API.
func (f *file) function(name string, body func(*call) goja.Value) {
	must(f.api.Set(name, f.native(name, func(in goja.FunctionCall) goja.Value {
		return body(&call{f: f, name: name, args: in.Arguments})
	})))
}

// declare is test(name, [options or reason], body).
func (f *file) declare(name string, args []goja.Value, change func(*testCase)) goja.Value {
	c := &call{f: f, name: name, args: args}
	if s := f.current(); s == nil || s.test != nil && s.test.ID > 0 && len(f.tests) > 0 {
		c.fail("tests are declared at the top of a script, not within tests")
	}
	t := &testCase{group: f.groups, options: f.groups.options, Test: report.Test{ID: len(f.tests) + 1}}
	t.Name = f.groups.prefix() + c.text(0, "the name of a test")
	if at := f.here(); len(at) > 0 {
		t.At = at[0]
	}
	if change != nil {
		change(t)
	}
	body := 1
	if _, isBody := goja.AssertFunction(c.arg(1)); !isBody && c.has(1) {
		if t.skip {
			t.reason = c.text(1, "the reason")
		} else {
			t.options = t.options.with(c.testOptions(1))
		}
		body = 2
	}
	if c.has(body) || !t.skip {
		c.function(body, "the test")
		t.body = c.arg(body)
	}
	f.tests = append(f.tests, t)
	return goja.Undefined()
}

// testOptions reads an argument of options.
func (c *call) testOptions(i int) testOptions {
	var o testOptions
	o.site = c.takeSite(i, &o)
	return o
}

// takeSite reads an argument of options without its site, which JSON cannot hold: it may
// have functions.
func (c *call) takeSite(i int, into any) goja.Value {
	v := c.arg(i)
	o, ok := v.(*goja.Object)
	if !ok {
		c.options(i, into)
		return nil
	}
	plain := c.f.rt.NewObject()
	var site goja.Value
	for _, key := range o.Keys() {
		if key == "site" {
			site = o.Get(key)
			continue
		}
		must(plain.Set(key, o.Get(key)))
	}
	c.decode(plain, "options", into)
	if site != nil && (goja.IsUndefined(site) || goja.IsNull(site)) {
		site = nil
	}
	return site
}

// step is step(name, body).
func (f *file) step(c *call) goja.Value {
	title, body, s := c.text(0, "the name of a step"), c.function(1, "the step"), f.current()
	o := s.beginStep(title, f.here())
	v, err := f.agent.Call(body, goja.Undefined())
	if err != nil {
		ex, ok := err.(*goja.Exception) //nolint:errorlint // Call gives it as it is
		if !ok {
			panic(err)
		}
		s.endStep(o, ex.Value())
		p := f.realm.NewPromise()
		p.Reject(ex.Value())
		return p.Value
	}
	p := f.realm.NewPromise()
	f.agent.Then(v, func(result goja.Value) {
		s.endStep(o, nil)
		p.Resolve(result)
	}, func(reason goja.Value) {
		s.endStep(o, reason)
		p.Reject(reason)
	})
	return p.Value
}

// wants are the names of fixtures that a function asks for by destructuring its
// parameter; all is set when it takes the parameter as it is.
func (f *file) wants(fn goja.Value) (names []string, all bool) {
	o, ok := fn.(*goja.Object)
	if !ok || o.Get("length").ToInteger() == 0 {
		return nil, false
	}
	text := o.String()
	_, rest, ok := strings.Cut(text, "(")
	rest = strings.TrimLeft(rest, " \t\r\n")
	if !ok || !strings.HasPrefix(rest, "{") {
		return nil, true
	}
	pattern, _, ok := strings.Cut(rest[1:], "}")
	if !ok || strings.ContainsAny(pattern, "{[.") {
		return nil, true
	}
	for part := range strings.SplitSeq(pattern, ",") {
		name, _, _ := strings.Cut(part, ":")
		name, _, _ = strings.Cut(name, "=")
		if name = strings.TrimSpace(name); name != "" {
			names = append(names, name)
		}
	}
	return names, false
}
