package window

import (
	"regexp"

	"github.com/dop251/goja"
	"golang.org/x/net/html"

	"github.com/swinspect/swinspect/runtime/webapi/idl"
)

// customElements is a window's CustomElementRegistry.
//
// DIVERGES: reactions run at once instead of from a reaction queue, and customized
// built-in elements (is="…") do not exist, as in Safari.
type customElements struct {
	d            *Document
	object       *goja.Object
	byName       map[string]*customElement
	waiting      map[string]*pendingDefinition
	constructing []*Node // the construction stack: who is being upgraded
}

type pendingDefinition struct {
	promise goja.Value
	resolve func(any) error
}

// customElement is a custom element definition.
type customElement struct {
	name        string
	constructor *goja.Object
	prototype   *goja.Object
	observed    map[string]struct{}

	connected, disconnected, adopted, attributeChanged goja.Callable
}

var customElementRegistry = &idl.Interface{Name: "CustomElementRegistry"}

func registry(c *idl.Call) *customElements { return idl.This[*customElements](c) }

func init() {
	htmlElement.New = constructElement
	customElementRegistry.Members = []idl.Member{
		idl.Method("define", 2, func(c *idl.Call) goja.Value { registry(c).define(c); return nil }),
		idl.Method("get", 1, func(c *idl.Call) goja.Value {
			if e := registry(c).byName[c.String(0)]; e != nil {
				return e.constructor
			}
			return nil
		}),
		idl.Method("getName", 1, func(c *idl.Call) goja.Value {
			for name, e := range registry(c).byName {
				if e.constructor.SameAs(c.Arg(0)) {
					return c.Value(name)
				}
			}
			return goja.Null()
		}),
		idl.PromiseMethod("whenDefined", 1, func(c *idl.Call) goja.Value { return registry(c).whenDefined(c, c.String(0)) }),
		idl.Method("upgrade", 1, func(c *idl.Call) goja.Value { registry(c).upgradeAll(nodeArg(c, 0).n); return nil }),
	}
}

func (d *Document) customRegistry() *customElements {
	if d.custom == nil {
		d.custom = &customElements{d: d, byName: map[string]*customElement{}, waiting: map[string]*pendingDefinition{}}
	}
	return d.custom
}

var customName = regexp.MustCompile(`^[a-z][^\x00-,/:-@\[-^{-\x{b6}A-Z]*-[^\x00-,/:-@\[-^{-\x{b6}A-Z]*$`)

// define is CustomElementRegistry.define().
func (e *customElements) define(c *idl.Call) {
	name := c.String(0)
	constructor, ok := c.Arg(1).(*goja.Object)
	if _, callable := goja.AssertFunction(c.Arg(1)); !ok || !callable {
		panic(c.Fail("parameter 2 is not of type 'Function'."))
	}
	if !customName.MatchString(name) {
		panic(c.Exception("SyntaxError", "%q is not a valid custom element name", name))
	}
	if e.byName[name] != nil {
		panic(c.Exception("NotSupportedError", "the name %q has already been used with this registry", name))
	}
	for _, other := range e.byName {
		if other.constructor.SameAs(constructor) {
			panic(c.Exception("NotSupportedError", "this constructor has already been used with this registry"))
		}
	}
	prototype, ok := constructor.Get("prototype").(*goja.Object)
	if !ok {
		panic(c.Fail("constructor prototype is not an object"))
	}
	def := &customElement{name: name, constructor: constructor, prototype: prototype, observed: map[string]struct{}{}}
	for reaction, to := range map[string]*goja.Callable{
		"connectedCallback": &def.connected, "disconnectedCallback": &def.disconnected, "adoptedCallback": &def.adopted, "attributeChangedCallback": &def.attributeChanged,
	} {
		if v := prototype.Get(reaction); !idl.IsNullish(v) {
			*to = idl.Callback(c, v)
		}
	}
	if v := constructor.Get("observedAttributes"); def.attributeChanged != nil && !idl.IsNullish(v) {
		for _, item := range idl.Sequence(c, v) {
			def.observed[item.String()] = struct{}{}
		}
	}
	e.byName[name] = def
	e.upgradeAll(e.d.root)
	if p := e.waiting[name]; p != nil {
		delete(e.waiting, name)
		_ = p.resolve(constructor)
	}
}

func (e *customElements) whenDefined(c *idl.Call, name string) goja.Value {
	if def := e.byName[name]; def != nil {
		return idl.Resolved(c.Realm, def.constructor)
	}
	if !customName.MatchString(name) {
		panic(c.Exception("SyntaxError", "%q is not a valid custom element name", name))
	}
	p := e.waiting[name]
	if p == nil {
		promise, resolve, _ := c.Runtime().NewPromise()
		p = &pendingDefinition{c.Runtime().ToValue(promise), resolve}
		e.waiting[name] = p
	}
	return p.promise
}

// upgradeAll upgrades what is below a node and has a definition by now.
func (e *customElements) upgradeAll(root *html.Node) {
	for _, n := range descendants(root, func(n *html.Node) bool { return e.byName[n.Data] != nil }) {
		e.upgrade(e.d.wrap(n))
	}
}

// constructElement is HTMLElement's constructor: of a custom element that is made,
// or upgraded.
func constructElement(c *idl.Call) any {
	d := documentOf(c.Realm)
	if d.custom != nil {
		for _, def := range d.custom.byName {
			if def.constructor == c.NewTarget || def.constructor.SameAs(c.NewTarget) {
				return d.custom.construct(c, def)
			}
		}
	}
	panic(c.Fail("Illegal constructor"))
}

func (e *customElements) construct(c *idl.Call, def *customElement) any {
	if last := len(e.constructing) - 1; last >= 0 && e.constructing[last] != nil && e.constructing[last].n.Data == def.name {
		w := e.constructing[last]
		e.constructing[last] = nil // already constructed marker
		c.Object = w.Object()
		return w
	}
	w := &Node{n: &html.Node{Type: html.ElementNode, Data: def.name}, doc: e.d, custom: def}
	e.d.nodes[w.n] = w
	w.Bind(c.Realm, c.Object)
	w.Parent = w.eventParent
	return w
}

// upgrade is "upgrade an element".
func (e *customElements) upgrade(w *Node) {
	def := e.byName[w.n.Data]
	if def == nil || w.custom != nil || w.n.Namespace != "" {
		return
	}
	w.custom = def
	_ = w.Object().SetPrototype(def.prototype)
	e.constructing = append(e.constructing, w)
	err := w.Realm().Agent().Try(func() {
		if _, err := w.Realm().Runtime().New(def.constructor); err != nil {
			panic(err)
		}
	})
	e.constructing = e.constructing[:len(e.constructing)-1]
	if err != nil {
		w.Realm().ReportError(err)
		return
	}
	for _, a := range append([]html.Attribute(nil), w.n.Attr...) {
		w.reactAttribute(a.Key, goja.Null(), w.Realm().Runtime().ToValue(a.Val))
	}
	if w.connected() {
		w.react(def.connected)
	}
}

// react runs a reaction of a custom element.
func (w *Node) react(f goja.Callable, args ...goja.Value) {
	if f == nil || w.doc.gone {
		return
	}
	if _, err := w.Realm().Agent().Call(f, w.Object(), args...); err != nil {
		w.Realm().ReportError(err)
	}
}

func (w *Node) reactAttribute(name string, old, now goja.Value) {
	if w.custom == nil {
		return
	}
	if _, ok := w.custom.observed[name]; ok {
		w.react(w.custom.attributeChanged, w.Realm().Runtime().ToValue(name), old, now, goja.Null())
	}
}

// customInserted is what an element that came into the document does.
func (d *Document) customInserted(n *html.Node) {
	if d.custom == nil || d.custom.byName[n.Data] == nil {
		return
	}
	if w := d.wrap(n); w.custom == nil {
		d.custom.upgrade(w)
	} else {
		w.react(w.custom.connected)
	}
}
