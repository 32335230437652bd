package window

import (
	"slices"
	"strconv"
	"strings"

	"github.com/dop251/goja"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"github.com/swinspect/swinspect/runtime/webapi/idl"
)

// options are a select's, in tree order.
func (w *Node) options() []*html.Node {
	return descendants(w.n, func(n *html.Node) bool { return n.DataAtom == atom.Option })
}

// selectedness of an option: what was set, else its attribute.
func (w *Node) selectedness() bool {
	if w.check != nil {
		return *w.check
	}
	_, ok := attr(w.n, "selected")
	return ok
}

// selected are a select's options that are chosen: of one that takes a single
// choice the last chosen, else the first that is not disabled.
func (w *Node) selected() []*html.Node {
	options := w.options()
	chosen := slices.DeleteFunc(slices.Clone(options), func(n *html.Node) bool { return !w.doc.wrap(n).selectedness() })
	if _, multiple := attr(w.n, "multiple"); multiple {
		return chosen
	}
	if len(chosen) > 0 {
		return chosen[len(chosen)-1:]
	}
	if w.value != nil && *w.value == "" { // nothing was chosen
		return nil
	}
	for _, o := range options {
		if _, disabled := attr(o, "disabled"); !disabled {
			return []*html.Node{o}
		}
	}
	return nil
}

// choose selects the options that keep names and no other.
func (w *Node) choose(keep func(i int, n *html.Node) bool) {
	any := false
	for i, o := range w.options() {
		on := !any && keep(i, o)
		any = any || on
		w.doc.wrap(o).check = &on
	}
	w.value = nil
	if !any {
		none := ""
		w.value = &none
	}
}

// ownerSelect is the select an option is of.
func (w *Node) ownerSelect() *Node {
	for n := w.n.Parent; n != nil; n = n.Parent {
		if n.DataAtom == atom.Select {
			return w.doc.wrap(n)
		}
	}
	return nil
}

func selectMembers() []idl.Member {
	return []idl.Member{
		reflectBool("multiple", "multiple"), reflectString("autocomplete", "autocomplete"),
		idl.Attr("options", func(c *idl.Call) goja.Value { w := node(c); return w.liveOf("options", htmlCollection, w.options) }, nil),
		idl.Attr("selectedOptions", func(c *idl.Call) goja.Value { w := node(c); return w.doc.list(w.selected()) }, nil),
		nodeAttr("length", func(w *Node) any { return len(w.options()) }),
		idl.Attr("selectedIndex", func(c *idl.Call) goja.Value {
			w := node(c)
			if chosen := w.selected(); len(chosen) > 0 {
				return c.Value(slices.Index(w.options(), chosen[0]))
			}
			return c.Value(-1)
		}, func(c *idl.Call) goja.Value {
			at := int(idl.Long(c, c.Arg(0)))
			node(c).choose(func(i int, _ *html.Node) bool { return i == at })
			return nil
		}),
		idl.Attr("value", func(c *idl.Call) goja.Value { return c.Value(node(c).controlValue()) }, func(c *idl.Call) goja.Value {
			v := c.String(0)
			node(c).choose(func(_ int, n *html.Node) bool { return optionValue(n) == v })
			return nil
		}),
		idl.Method("item", 1, func(c *idl.Call) goja.Value {
			w, i := node(c), int(idl.UnsignedLong(c, c.Arg(0)))
			if options := w.options(); i < len(options) {
				return w.doc.object(options[i])
			}
			return goja.Null()
		}),
		idl.Method("add", 1, func(c *idl.Call) goja.Value {
			w, before := node(c), (*html.Node)(nil)
			if o, ok := idl.Unwrap[*Node](c.Arg(1)); ok {
				before = o.n
			}
			w.insert(c, nodeArg(c, 0), before)
			return nil
		}),
	}
}

func optionMembers() []idl.Member {
	return []idl.Member{
		reflectBool("disabled", "disabled"), reflectBool("defaultSelected", "selected"),
		idl.Attr("value", func(c *idl.Call) goja.Value { return c.Value(optionValue(node(c).n)) }, func(c *idl.Call) goja.Value {
			node(c).setAttribute("value", c.String(0))
			return nil
		}),
		idl.Attr("selected", func(c *idl.Call) goja.Value {
			w := node(c)
			if s := w.ownerSelect(); s != nil {
				return c.Value(slices.Contains(s.selected(), w.n))
			}
			return c.Value(w.selectedness())
		}, func(c *idl.Call) goja.Value {
			w, on := node(c), c.Bool(0)
			if s := w.ownerSelect(); s != nil && on {
				if _, multiple := attr(s.n, "multiple"); !multiple {
					s.choose(func(_ int, n *html.Node) bool { return n == w.n })
					return nil
				}
			}
			w.check = &on
			return nil
		}),
		idl.Attr("text", func(c *idl.Call) goja.Value { return c.Value(strings.Join(strings.Fields(textOf(node(c).n)), " ")) }, setTextContent),
		idl.Attr("label", func(c *idl.Call) goja.Value {
			w := node(c)
			if v, ok := attr(w.n, "label"); ok {
				return c.Value(v)
			}
			return c.Value(strings.Join(strings.Fields(textOf(w.n)), " "))
		}, func(c *idl.Call) goja.Value { node(c).setAttribute("label", c.String(0)); return nil }),
		nodeAttr("index", func(w *Node) any {
			if s := w.ownerSelect(); s != nil {
				return slices.Index(s.options(), w.n)
			}
			return 0
		}),
		idl.Attr("form", func(c *idl.Call) goja.Value {
			if f := node(c).form(); f != nil {
				return f.Object()
			}
			return goja.Null()
		}, nil),
	}
}

// textMembers are what controls with text have besides value: no caret is drawn, it
// stands at the end.
func textMembers() []idl.Member {
	end := func(c *idl.Call) goja.Value { return c.Value(len(node(c).controlValue())) }
	kept := func(c *idl.Call) goja.Value { node(c); return nil }
	return []idl.Member{
		reflectBool("readOnly", "readonly"), reflectString("autocomplete", "autocomplete"), reflectString("pattern", "pattern"),
		reflectNumber("maxLength", "maxlength", -1), reflectNumber("minLength", "minlength", -1),
		idl.Attr("selectionStart", end, kept), idl.Attr("selectionEnd", end, kept),
		idl.Attr("selectionDirection", func(c *idl.Call) goja.Value { node(c); return c.Value("none") }, kept),
		idl.Method("setSelectionRange", 2, kept), idl.Method("setRangeText", 1, kept),
		idl.Method("setCustomValidity", 1, kept), idl.Method("reportValidity", 0, func(c *idl.Call) goja.Value { node(c); return c.Value(true) }),
		idl.Attr("labels", func(c *idl.Call) goja.Value { w := node(c); return w.doc.list(w.labels()) }, nil),
	}
}

// labels are the label elements of a control.
func (w *Node) labels() []*html.Node {
	id := w.attribute("id")
	return descendants(w.doc.root, func(n *html.Node) bool {
		if n.DataAtom != atom.Label {
			return false
		}
		if to, ok := attr(n, "for"); ok {
			return id != "" && to == id
		}
		return inclusiveAncestor(n, w.n)
	})
}

// reflectNumber is an attribute that reflects an integer.
func reflectNumber(name, content string, otherwise int) idl.Member {
	return idl.Attr(name,
		func(c *idl.Call) goja.Value {
			n, err := strconv.Atoi(node(c).attribute(content))
			if err != nil {
				n = otherwise
			}
			return c.Value(n)
		},
		func(c *idl.Call) goja.Value {
			node(c).setAttribute(content, strconv.Itoa(int(idl.Long(c, c.Arg(0)))))
			return nil
		})
}

func inputMembers() []idl.Member {
	return append(textMembers(),
		reflectBool("defaultChecked", "checked"), reflectBool("multiple", "multiple"), reflectString("accept", "accept"), reflectString("min", "min"),
		reflectString("max", "max"), reflectString("step", "step"), reflectString("alt", "alt"), reflectURL("src", "src"), reflectString("inputMode", "inputmode"),
		idl.Attr("indeterminate", func(c *idl.Call) goja.Value { node(c); return c.Value(false) }, func(c *idl.Call) goja.Value { node(c); return nil }),
		idl.Attr("valueAsNumber", func(c *idl.Call) goja.Value {
			f, err := strconv.ParseFloat(node(c).controlValue(), 64)
			if err != nil {
				return goja.NaN()
			}
			return c.Value(f)
		}, func(c *idl.Call) goja.Value { v := c.Arg(0).String(); node(c).value = &v; return nil }),
	)
}
