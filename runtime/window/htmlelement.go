package window

import (
	"strings"

	"github.com/dop251/goja"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"github.com/swinspect/swinspect/runtime/webapi/dom"
	"github.com/swinspect/swinspect/runtime/webapi/idl"
)

// htmlHandlers are the event handler attributes of GlobalEventHandlers that pages use.
var htmlHandlers = []string{
	"abort", "blur", "cancel", "canplay", "change", "click", "close", "contextmenu", "dblclick", "ended", "error", "focus", "input",
	"invalid", "keydown", "keypress", "keyup", "load", "loadeddata", "loadedmetadata", "loadend", "loadstart", "mousedown", "mouseenter", "mouseleave",
	"mousemove", "mouseout", "mouseover", "mouseup", "pause", "play", "playing", "pointerdown", "pointerup", "progress", "reset", "resize",
	"scroll", "select", "submit", "timeupdate", "toggle", "touchstart", "touchend", "transitionend", "animationend", "wheel",
}

func handlers(names ...string) []idl.Member {
	members := make([]idl.Member, 0, len(names))
	for _, name := range names {
		members = append(members, dom.Handler(name))
	}
	return members
}

var htmlElement = &idl.Interface{Name: "HTMLElement", Parent: elementInterface}

func init() {
	htmlElement.Members = append([]idl.Member{
		reflectString("title", "title"), reflectString("lang", "lang"), reflectString("dir", "dir"), reflectBool("hidden", "hidden"),
		reflectString("accessKey", "accesskey"), reflectString("nonce", "nonce"), reflectString("contentEditable", "contenteditable"),
		idl.Attr("tabIndex", func(c *idl.Call) goja.Value { node(c); return c.Value(0) }, func(c *idl.Call) goja.Value { node(c); return nil }),
		idl.Attr("innerText", func(c *idl.Call) goja.Value { return c.Value(textOf(node(c).n)) }, setTextContent),
		idl.Attr("outerText", func(c *idl.Call) goja.Value { return c.Value(textOf(node(c).n)) }, nil),
		idl.Attr("style", func(c *idl.Call) goja.Value { return node(c).styleObject() }, func(c *idl.Call) goja.Value {
			node(c).setAttribute("style", c.String(0))
			return nil
		}),
		idl.Attr("dataset", func(c *idl.Call) goja.Value { return node(c).datasetObject() }, nil),
		idl.Attr("offsetParent", func(c *idl.Call) goja.Value { node(c); return goja.Null() }, nil),
		idl.Method("click", 0, func(c *idl.Call) goja.Value { node(c).click(); return nil }),
		idl.Method("focus", 0, func(c *idl.Call) goja.Value {
			w := node(c)
			w.doc.active = w.n
			w.FireSimple("focus")
			if w.frame != nil {
				w.frame.focus()
			}
			return nil
		}),
		idl.Method("blur", 0, func(c *idl.Call) goja.Value { w := node(c); w.doc.active = nil; w.FireSimple("blur"); return nil }),
	}, append(handlers(htmlHandlers...), zeroes("offsetWidth", "offsetHeight", "offsetTop", "offsetLeft")...)...)
}

// click fires a click and does what the element does when it is not prevented.
func (w *Node) click() {
	w.doc.frame.page.Activate()
	event := &dom.Event{Type: "click", Bubbles: true, Cancelable: true, Composed: true}
	if w.Fire(mouseEvent, event) {
		w.activate()
	}
}

var mouseEvent = &idl.Interface{Name: "MouseEvent", Parent: uiEvent, Length: 1, New: newPlainEvent}

var uiEvent = &idl.Interface{Name: "UIEvent", Parent: dom.EventInterface, Length: 1, New: newPlainEvent}

func newPlainEvent(c *idl.Call) any {
	e := &dom.Event{}
	dom.InitEvent(c, e)
	return e
}

// activate is the activation behaviour of links, buttons and boxes.
func (w *Node) activate() {
	switch w.n.DataAtom {
	case atom.A, atom.Area:
		if href, ok := attr(w.n, "href"); ok {
			w.doc.followLink(w, href)
		}
	case atom.Button, atom.Input:
		kind := strings.ToLower(w.attribute("type"))
		switch {
		case kind == "checkbox" || kind == "radio":
			on := !w.checked()
			w.check = &on
			w.FireSimple("change")
		case kind == "submit" || kind == "image" || kind == "" && w.n.DataAtom == atom.Button:
			if form := w.form(); form != nil {
				form.requestSubmit(w)
			}
		}
	}
}

func (w *Node) checked() bool {
	if w.check != nil {
		return *w.check
	}
	_, ok := attr(w.n, "checked")
	return ok
}

// form is the form owner of a control.
func (w *Node) form() *Node {
	if id, ok := attr(w.n, "form"); ok {
		return w.doc.wrap(w.doc.byID(id))
	}
	for n := w.n.Parent; n != nil; n = n.Parent {
		if n.DataAtom == atom.Form {
			return w.doc.wrap(n)
		}
	}
	return nil
}

// htmlInterfaces are the interfaces of elements by tag name; filled by the files
// about them.
var htmlInterfaces = map[string]*idl.Interface{}

func defineElement(name string, tags []string, members ...idl.Member) *idl.Interface {
	i := &idl.Interface{Name: name, Parent: htmlElement, Members: members}
	for _, tag := range tags {
		htmlInterfaces[tag] = i
	}
	elementInterfaces = append(elementInterfaces, i)
	return i
}

// elementInterfaces are all that defineElement made.
var elementInterfaces []*idl.Interface

var (
	svgElement      = &idl.Interface{Name: "SVGElement", Parent: elementInterface}
	unknownElement  = &idl.Interface{Name: "HTMLUnknownElement", Parent: htmlElement}
	characterData   = &idl.Interface{Name: "CharacterData", Parent: nodeInterface}
	textInterface   = &idl.Interface{Name: "Text", Parent: characterData}
	commentNode     = &idl.Interface{Name: "Comment", Parent: characterData}
	doctypeNode     = &idl.Interface{Name: "DocumentType", Parent: nodeInterface}
	fragmentElement = &idl.Interface{Name: "DocumentFragment", Parent: nodeInterface}
)

func init() {
	characterData.Members = append([]idl.Member{
		idl.Attr("data", nodeValue, setNodeValue),
		nodeAttr("length", func(w *Node) any { return len([]rune(w.n.Data)) }),
		idl.Method("appendData", 1, func(c *idl.Call) goja.Value { node(c).n.Data += c.String(0); return nil }),
	}, childMembers()...)
	fragmentElement.Members = parentMembers()
	fragmentElement.New = func(c *idl.Call) any {
		d := documentOf(c.Realm)
		w := &Node{n: &html.Node{Type: html.DocumentNode, Data: fragmentData}, doc: d}
		d.nodes[w.n] = w
		w.Bind(c.Realm, c.Object)
		return w
	}
	textInterface.New = func(c *idl.Call) any {
		d := documentOf(c.Realm)
		w := &Node{n: &html.Node{Type: html.TextNode, Data: c.StringOr(0, "")}, doc: d}
		d.nodes[w.n] = w
		w.Bind(c.Realm, c.Object)
		return w
	}
}

// interfaceOf is the interface of a node.
func interfaceOf(n *html.Node) *idl.Interface {
	switch n.Type {
	case html.TextNode:
		return textInterface
	case html.CommentNode:
		return commentNode
	case html.DoctypeNode:
		return doctypeNode
	case html.DocumentNode:
		if n.Data == fragmentData {
			return fragmentElement
		}
		return htmlDocument
	}
	if n.Namespace != "" {
		return svgElement
	}
	if i := htmlInterfaces[n.Data]; i != nil {
		return i
	}
	if strings.Contains(n.Data, "-") || n.DataAtom != 0 {
		return htmlElement
	}
	return unknownElement
}

// attributeHandlers makes on* content attributes handlers.
func (w *Node) attributeHandlers() {
	if w.n.Type != html.ElementNode {
		return
	}
	for _, a := range w.n.Attr {
		if event, ok := strings.CutPrefix(a.Key, "on"); ok {
			w.setAttributeHandler(event, a.Val)
		}
	}
}

// setAttributeHandler compiles a handler in the window: with the element as this.
func (w *Node) setAttributeHandler(event, source string) {
	d := w.doc
	if d.scope == nil || !d.scripting() {
		return
	}
	target := &w.Target
	if w.n.DataAtom == atom.Body && (event == "load" || event == "unload" || event == "message" || event == "error") && d.window != nil {
		target = &d.window.Target
	}
	f, err := d.scope.run(d.url.String(), "(function on"+event+"(event) {\n"+source+"\n})")
	if err != nil {
		d.realm.ReportError(err)
		return
	}
	target.SetHandler(event, f)
}
