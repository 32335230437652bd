package window

import (
	"slices"
	"strings"

	"github.com/dop251/goja"
	"golang.org/x/net/html"

	"github.com/swinspect/swinspect/runtime/webapi/idl"
)

// tokenList is the implementation of a DOMTokenList over an attribute.
type tokenList struct {
	w         *Node
	attribute string
}

func (t *tokenList) tokens() []string { return strings.Fields(t.w.attribute(t.attribute)) }

func (t *tokenList) set(tokens []string) { t.w.setAttribute(t.attribute, strings.Join(tokens, " ")) }

var tokenListInterface = &idl.Interface{
	Name: "DOMTokenList",
	Members: []idl.Member{
		idl.Attr("length", func(c *idl.Call) goja.Value { return c.Value(len(tokens(c).tokens())) }, nil),
		idl.Attr("value", func(c *idl.Call) goja.Value { t := tokens(c); return c.Value(t.w.attribute(t.attribute)) },
			func(c *idl.Call) goja.Value { t := tokens(c); t.w.setAttribute(t.attribute, c.String(0)); return nil }),
		idl.Method("item", 1, func(c *idl.Call) goja.Value {
			all, i := tokens(c).tokens(), int(idl.UnsignedLong(c, c.Arg(0)))
			if i >= len(all) {
				return goja.Null()
			}
			return c.Value(all[i])
		}),
		idl.Method("contains", 1, func(c *idl.Call) goja.Value { return c.Value(slices.Contains(tokens(c).tokens(), c.String(0))) }),
		idl.Method("add", 0, func(c *idl.Call) goja.Value {
			t := tokens(c)
			all := t.tokens()
			for i := range c.Args {
				if name := c.String(i); !slices.Contains(all, name) {
					all = append(all, name)
				}
			}
			t.set(all)
			return nil
		}),
		idl.Method("remove", 0, func(c *idl.Call) goja.Value {
			t := tokens(c)
			all := t.tokens()
			for i := range c.Args {
				name := c.String(i)
				all = slices.DeleteFunc(all, func(s string) bool { return s == name })
			}
			t.set(all)
			return nil
		}),
		idl.Method("toggle", 1, func(c *idl.Call) goja.Value {
			t, name := tokens(c), c.String(0)
			all := t.tokens()
			has := slices.Contains(all, name)
			want := !has
			if c.Has(1) {
				want = c.Bool(1)
			}
			if want && !has {
				t.set(append(all, name))
			} else if !want && has {
				t.set(slices.DeleteFunc(all, func(s string) bool { return s == name }))
			}
			return c.Value(want)
		}),
		idl.Method("supports", 1, func(c *idl.Call) goja.Value { tokens(c); return c.Value(true) }),
		idl.Stringifier(func(c *idl.Call) string { t := tokens(c); return t.w.attribute(t.attribute) }),
	},
}

func tokens(c *idl.Call) *tokenList { return idl.This[*tokenList](c) }

func (w *Node) tokenList(attribute string) goja.Value {
	if o := w.tokens[attribute]; o != nil {
		return o
	}
	if w.tokens == nil {
		w.tokens = map[string]*goja.Object{}
	}
	o := idl.Wrap(w.doc.realm, tokenListInterface, &tokenList{w, attribute})
	w.tokens[attribute] = o
	return o
}

// dataset is the implementation of a DOMStringMap.
type dataset struct{ w *Node }

func dataName(key string) string {
	var b strings.Builder
	b.WriteString("data-")
	for _, r := range key {
		if r >= 'A' && r <= 'Z' {
			b.WriteByte('-')
			r += 'a' - 'A'
		}
		b.WriteRune(r)
	}
	return b.String()
}

func (d dataset) Get(key string) goja.Value {
	if v, ok := attr(d.w.n, dataName(key)); ok {
		return d.w.doc.realm.Runtime().ToValue(v)
	}
	return nil
}

func (d dataset) Set(key string, v goja.Value) bool {
	d.w.setAttribute(dataName(key), v.String())
	return true
}

func (d dataset) Has(key string) bool { _, ok := attr(d.w.n, dataName(key)); return ok }

func (d dataset) Delete(key string) bool { d.w.dropAttribute(dataName(key)); return true }

func (d dataset) Keys() []string {
	var keys []string
	for _, a := range d.w.n.Attr {
		if name, ok := strings.CutPrefix(a.Key, "data-"); ok {
			parts := strings.Split(name, "-")
			for i := 1; i < len(parts); i++ {
				if parts[i] != "" {
					parts[i] = strings.ToUpper(parts[i][:1]) + parts[i][1:]
				}
			}
			keys = append(keys, strings.Join(parts, ""))
		}
	}
	return keys
}

func (w *Node) datasetObject() goja.Value {
	if w.data == nil {
		w.data = w.doc.realm.Runtime().NewDynamicObject(dataset{w})
	}
	return w.data
}

// inlineStyle is a CSSStyleDeclaration without a layout: what is set is kept, in
// the style attribute.
type inlineStyle struct {
	w      *Node
	values map[string]string
	order  []string
}

func cssName(key string) string {
	name := strings.TrimPrefix(dataName(key), "data-")
	if strings.HasPrefix(name, "webkit-") || strings.HasPrefix(name, "moz-") {
		return "-" + name
	}
	return name
}

func (s *inlineStyle) set(name, value string) {
	if _, known := s.values[name]; !known && value != "" {
		s.order = append(s.order, name)
	}
	if value == "" {
		delete(s.values, name)
		s.order = slices.DeleteFunc(s.order, func(n string) bool { return n == name })
	} else {
		s.values[name] = value
	}
	if s.w == nil {
		return
	}
	var b strings.Builder
	for _, n := range s.order {
		b.WriteString(n + ": " + s.values[n] + "; ")
	}
	setAttr(s.w.n, "style", strings.TrimSpace(b.String()))
}

func (s *inlineStyle) parse(text string) {
	s.values, s.order = map[string]string{}, nil
	for declaration := range strings.SplitSeq(text, ";") {
		if name, value, ok := strings.Cut(declaration, ":"); ok {
			name = strings.TrimSpace(name)
			s.values[name] = strings.TrimSpace(value)
			s.order = append(s.order, name)
		}
	}
}

// newStyle is the object of an inline style, with w nil of a computed one.
func newStyle(d *Document, w *Node) *goja.Object {
	rt := d.realm.Runtime()
	s := &inlineStyle{w: w, values: map[string]string{}}
	if w != nil {
		s.parse(w.attribute("style"))
	}
	methods := map[string]goja.Value{
		"getPropertyValue":    rt.ToValue(func(c goja.FunctionCall) goja.Value { return rt.ToValue(s.values[c.Argument(0).String()]) }),
		"getPropertyPriority": rt.ToValue(func(goja.FunctionCall) goja.Value { return rt.ToValue("") }),
		"setProperty": rt.ToValue(func(c goja.FunctionCall) goja.Value {
			s.set(c.Argument(0).String(), c.Argument(1).String())
			return goja.Undefined()
		}),
		"removeProperty": rt.ToValue(func(c goja.FunctionCall) goja.Value {
			name := c.Argument(0).String()
			old := s.values[name]
			s.set(name, "")
			return rt.ToValue(old)
		}),
	}
	return rt.NewDynamicObject(&styleObject{inlineStyle: s, rt: rt, methods: methods})
}

type styleObject struct {
	*inlineStyle
	rt      *goja.Runtime
	methods map[string]goja.Value
}

func (s *styleObject) Get(key string) goja.Value {
	if m, ok := s.methods[key]; ok {
		return m
	}
	switch key {
	case "length":
		return s.rt.ToValue(len(s.order))
	case "cssText":
		var b strings.Builder
		for _, n := range s.order {
			b.WriteString(n + ": " + s.values[n] + "; ")
		}
		return s.rt.ToValue(strings.TrimSpace(b.String()))
	}
	if key == "" || key[0] < 'A' || key[0] > 'z' {
		return nil
	}
	return s.rt.ToValue(s.values[cssName(key)])
}

func (s *styleObject) Set(key string, v goja.Value) bool {
	if key == "cssText" {
		s.parse(v.String())
		return true
	}
	text := v.String()
	if goja.IsNull(v) {
		text = ""
	}
	s.set(cssName(key), text)
	return true
}

func (s *styleObject) Has(key string) bool { return s.Get(key) != nil }
func (s *styleObject) Delete(string) bool  { return true }
func (s *styleObject) Keys() []string      { return s.order }

func (w *Node) styleObject() goja.Value {
	if w.style == nil {
		w.style = newStyle(w.doc, w)
	}
	return w.style
}

// byID is the first element in the document with an id.
func (d *Document) byID(id string) *html.Node {
	if id == "" {
		return nil
	}
	return findFirst(d.root, func(n *html.Node) bool { v, ok := attr(n, "id"); return ok && v == id })
}

func findFirst(n *html.Node, is func(n *html.Node) bool) *html.Node {
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if c.Type == html.ElementNode && is(c) {
			return c
		}
		if found := findFirst(c, is); found != nil {
			return found
		}
	}
	return nil
}
