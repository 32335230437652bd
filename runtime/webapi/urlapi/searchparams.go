package urlapi

import (
	"slices"
	"strings"
	"unicode/utf16"

	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/runtime/fetch"
	"github.com/swinspect/swinspect/runtime/webapi/fetchapi"
	"github.com/swinspect/swinspect/runtime/webapi/idl"
)

// searchParams is the implementation of a URLSearchParams object.
type searchParams struct {
	list []pair
	url  *urlObject // nil: of no URL
}

type pair struct{ name, value string }

// URLSearchParams is the interface of that name.
var URLSearchParams = &idl.Interface{Name: "URLSearchParams"}

func init() {
	URLSearchParams.New = newSearchParams
	this := func(c *idl.Call) (*searchParams, string) { return idl.This[*searchParams](c), scalar(c.String(0)) }
	URLSearchParams.Members = []idl.Member{
		idl.Attr("size", func(c *idl.Call) goja.Value { return c.Value(len(idl.This[*searchParams](c).list)) }, nil),
		idl.Method("append", 2, func(c *idl.Call) goja.Value {
			p, name := this(c)
			p.list = append(p.list, pair{name, scalar(c.String(1))})
			p.update()
			return nil
		}),
		idl.Method("delete", 1, func(c *idl.Call) goja.Value {
			p, name := this(c)
			matches := matcher(c, name)
			p.list = slices.DeleteFunc(p.list, matches)
			p.update()
			return nil
		}),
		idl.Method("get", 1, func(c *idl.Call) goja.Value {
			p, name := this(c)
			for _, q := range p.list {
				if q.name == name {
					return c.Value(q.value)
				}
			}
			return goja.Null()
		}),
		idl.Method("getAll", 1, func(c *idl.Call) goja.Value {
			p, name := this(c)
			all := []any{}
			for _, q := range p.list {
				if q.name == name {
					all = append(all, q.value)
				}
			}
			return c.Runtime().NewArray(all...)
		}),
		idl.Method("has", 1, func(c *idl.Call) goja.Value {
			p, name := this(c)
			return c.Value(slices.ContainsFunc(p.list, matcher(c, name)))
		}),
		idl.Method("set", 2, paramsSet),
		idl.Method("sort", 0, func(c *idl.Call) goja.Value {
			p := idl.This[*searchParams](c)
			slices.SortStableFunc(p.list, func(a, b pair) int {
				return slices.Compare(utf16.Encode([]rune(a.name)), utf16.Encode([]rune(b.name)))
			})
			p.update()
			return nil
		}),
		idl.Pairs("URLSearchParams", func(c *idl.Call, impl goja.Value, i int) (goja.Value, goja.Value, bool) {
			p, ok := idl.Unwrap[*searchParams](impl)
			if !ok {
				panic(idl.TypeError(c.Realm, "Illegal invocation"))
			}
			if i >= len(p.list) {
				return nil, nil, false
			}
			return c.Value(p.list[i].name), c.Value(p.list[i].value), true
		}),
		idl.Stringifier(func(c *idl.Call) string { return idl.This[*searchParams](c).Serialized() }),
	}
}

// matcher tells the pairs that delete and has mean: by name, and by value where a
// second argument is given.
func matcher(c *idl.Call, name string) func(pair) bool {
	if !c.Has(1) {
		return func(q pair) bool { return q.name == name }
	}
	value := scalar(c.String(1))
	return func(q pair) bool { return q.name == name && q.value == value }
}

func paramsSet(c *idl.Call) goja.Value {
	p, name, value := idl.This[*searchParams](c), scalar(c.String(0)), scalar(c.String(1))
	first := slices.IndexFunc(p.list, func(q pair) bool { return q.name == name })
	if first < 0 {
		p.list = append(p.list, pair{name, value})
	} else {
		p.list[first].value = value
		rest := slices.DeleteFunc(p.list[first+1:], func(q pair) bool { return q.name == name })
		p.list = p.list[:first+1+len(rest)]
	}
	p.update()
	return nil
}

// newSearchParams takes a sequence of pairs, a record or a string.
func newSearchParams(c *idl.Call) any {
	p := &searchParams{}
	if !c.Has(0) {
		return p
	}
	o, ok := c.Arg(0).(*goja.Object)
	if !ok {
		p.list = parseQuery(strings.TrimPrefix(scalar(c.String(0)), "?"))
		return p
	}
	if !idl.IsNullish(o.GetSymbol(goja.SymIterator)) {
		for _, item := range idl.Sequence(c, o) {
			values := idl.Sequence(c, item)
			if len(values) != 2 {
				panic(c.Fail("Sequence initializer must only contain pair elements"))
			}
			p.list = append(p.list, pair{scalar(idl.ToString(c, values[0])), scalar(idl.ToString(c, values[1]))})
		}
		return p
	}
	fetchapi.Record(c, o, func(key, value goja.Value) {
		q := pair{scalar(idl.ToString(c, key)), scalar(idl.ToString(c, value))}
		// Two keys that differ in lone surrogates are one key as USVStrings.
		if i := slices.IndexFunc(p.list, func(other pair) bool { return other.name == q.name }); i >= 0 {
			p.list[i] = q
			return
		}
		p.list = append(p.list, q)
	}, func(goja.Value) {})
	return p
}

// update is "update a URLSearchParams object": its URL gets the new query.
func (p *searchParams) update() {
	if p.url != nil {
		p.url.url.SetSearch(p.Serialized())
	}
}

// Serialized is the application/x-www-form-urlencoded serialisation.
//
// Source: https://url.spec.whatwg.org/#concept-urlencoded-serializer
func (p *searchParams) Serialized() string {
	var b strings.Builder
	for i, q := range p.list {
		if i > 0 {
			b.WriteByte('&')
		}
		encode(&b, q.name)
		b.WriteByte('=')
		encode(&b, q.value)
	}
	return b.String()
}

func encode(b *strings.Builder, s string) {
	const hex = "0123456789ABCDEF"
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == ' ':
			b.WriteByte('+')
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '*', c == '-', c == '.', c == '_':
			b.WriteByte(c)
		default:
			b.Write([]byte{'%', hex[c>>4], hex[c&15]})
		}
	}
}

// parseQuery is the application/x-www-form-urlencoded string parser.
//
// Source: https://url.spec.whatwg.org/#concept-urlencoded-parser
func parseQuery(query string) []pair {
	var list []pair
	for part := range strings.SplitSeq(query, "&") {
		if part == "" {
			continue
		}
		name, value, _ := strings.Cut(part, "=")
		list = append(list, pair{decode(name), decode(value)})
	}
	return list
}

func decode(s string) string {
	return fetchapi.DecodeUTF8NoBOM(fetch.PercentDecode(strings.ReplaceAll(s, "+", " ")))
}

// scalar is a USVString of a string.
func scalar(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }
