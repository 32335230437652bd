package urlapi

import (
	"github.com/dop251/goja"
	"github.com/dunglas/go-urlpattern"

	"github.com/swinspect/swinspect/runtime/webapi/idl"
)

// pattern is the implementation of a URLPattern object.
type pattern struct{ concept *urlpattern.URLPattern }

// URLPattern is the concept, for interfaces that take URLPattern objects.
func (p *pattern) URLPattern() *urlpattern.URLPattern { return p.concept }

// URLPattern is the interface of that name.
var URLPattern = &idl.Interface{Name: "URLPattern"}

// components of a pattern, in order.
var components = []struct {
	name   string
	get    func(*urlpattern.URLPattern) string
	result func(*urlpattern.URLPatternResult) urlpattern.URLPatternComponentResult
}{
	{"protocol", (*urlpattern.URLPattern).Protocol, func(r *urlpattern.URLPatternResult) urlpattern.URLPatternComponentResult { return r.Protocol }},
	{"username", (*urlpattern.URLPattern).Username, func(r *urlpattern.URLPatternResult) urlpattern.URLPatternComponentResult { return r.Username }},
	{"password", (*urlpattern.URLPattern).Password, func(r *urlpattern.URLPatternResult) urlpattern.URLPatternComponentResult { return r.Password }},
	{"hostname", (*urlpattern.URLPattern).Hostname, func(r *urlpattern.URLPatternResult) urlpattern.URLPatternComponentResult { return r.Hostname }},
	{"port", (*urlpattern.URLPattern).Port, func(r *urlpattern.URLPatternResult) urlpattern.URLPatternComponentResult { return r.Port }},
	{"pathname", (*urlpattern.URLPattern).Pathname, func(r *urlpattern.URLPatternResult) urlpattern.URLPatternComponentResult { return r.Pathname }},
	{"search", (*urlpattern.URLPattern).Search, func(r *urlpattern.URLPatternResult) urlpattern.URLPatternComponentResult { return r.Search }},
	{"hash", (*urlpattern.URLPattern).Hash, func(r *urlpattern.URLPatternResult) urlpattern.URLPatternComponentResult { return r.Hash }},
}

func init() {
	URLPattern.New = newPattern
	for _, component := range components {
		URLPattern.Members = append(URLPattern.Members, idl.Attr(component.name, func(c *idl.Call) goja.Value {
			return c.Value(component.get(idl.This[*pattern](c).concept))
		}, nil))
	}
	URLPattern.Members = append(URLPattern.Members,
		idl.Attr("hasRegExpGroups", func(c *idl.Call) goja.Value { return c.Value(idl.This[*pattern](c).concept.HasRegexpGroups()) }, nil),
		idl.Method("test", 0, func(c *idl.Call) goja.Value {
			p := idl.This[*pattern](c).concept
			in := inputOf(c)
			if in.init != nil {
				return c.Value(p.TestInit(in.init))
			}
			return c.Value(p.Test(in.text, in.base))
		}),
		idl.Method("exec", 0, patternExec),
	)
}

// input is URLPatternInput with its base URL.
type input struct {
	text, base string
	init       *urlpattern.URLPatternInit
	value      goja.Value // as it was given
	hasBase    bool
}

// inputOf converts the first argument and, for a string, the base URL after it.
func inputOf(c *idl.Call) input {
	in := input{value: c.Arg(0)}
	if o, ok := c.Arg(0).(*goja.Object); ok {
		in.init = initOf(c, o)
	} else if !c.Has(0) {
		in.init, in.value = &urlpattern.URLPatternInit{}, c.Runtime().NewObject()
	} else {
		in.text = scalar(c.String(0))
	}
	if _, dictionary := c.Arg(1).(*goja.Object); c.Has(1) && !dictionary {
		in.base, in.hasBase = scalar(c.String(1)), true
		if in.init != nil {
			panic(c.Fail("a base URL must not be given with a URLPatternInit"))
		}
	}
	return in
}

// initOf converts a URLPatternInit, its members in the order of their names.
func initOf(c *idl.Call, o *goja.Object) *urlpattern.URLPatternInit {
	init := &urlpattern.URLPatternInit{}
	d := idl.ToDict(c, o)
	for _, member := range []struct {
		name string
		to   **string
	}{
		{"baseURL", &init.BaseURL}, {"hash", &init.Hash}, {"hostname", &init.Hostname}, {"password", &init.Password}, {"pathname", &init.Pathname},
		{"port", &init.Port}, {"protocol", &init.Protocol}, {"search", &init.Search}, {"username", &init.Username},
	} {
		if v, ok := d.Get(member.name); ok {
			text := scalar(idl.ToString(c, v))
			*member.to = &text
		}
	}
	return init
}

// newPattern is new URLPattern(input, baseURL, options), or (input, options).
func newPattern(c *idl.Call) any {
	in := inputOf(c)
	at := 1
	if in.hasBase {
		at = 2
	}
	options := &urlpattern.Options{IgnoreCase: c.Dict(at).Bool("ignoreCase", false)}
	var concept *urlpattern.URLPattern
	var err error
	if in.init != nil {
		concept, err = in.init.New(options)
	} else {
		concept, err = urlpattern.New(in.text, in.base, options)
	}
	if err != nil {
		panic(c.Fail("%s", err))
	}
	return &pattern{concept}
}

func patternExec(c *idl.Call) goja.Value {
	p := idl.This[*pattern](c).concept
	in := inputOf(c)
	var result *urlpattern.URLPatternResult
	if in.init != nil {
		result = p.ExecInit(in.init)
	} else {
		result = p.Exec(in.text, in.base)
	}
	if result == nil {
		return goja.Null()
	}
	rt := c.Runtime()
	out := rt.NewObject()
	inputs := []any{in.value}
	if in.hasBase {
		inputs = append(inputs, in.base)
	}
	_ = out.Set("inputs", rt.NewArray(inputs...))
	for _, component := range components {
		part := component.result(result)
		groups := rt.NewObject()
		for name, value := range part.Groups {
			_ = groups.Set(name, value)
		}
		o := rt.NewObject()
		_ = o.Set("input", part.Input)
		_ = o.Set("groups", groups)
		_ = out.Set(component.name, o)
	}
	return out
}
