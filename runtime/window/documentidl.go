package window

import (
	"strings"

	"github.com/dop251/goja"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"github.com/swinspect/swinspect/runtime/fetch"
	"github.com/swinspect/swinspect/runtime/webapi/dom"
	"github.com/swinspect/swinspect/runtime/webapi/idl"
)

var documentInterface = &idl.Interface{Name: "Document", Parent: nodeInterface}

// htmlDocument is the interface of every document here.
var htmlDocument = &idl.Interface{Name: "HTMLDocument", Parent: documentInterface}

func doc(c *idl.Call) *Document { return idl.This[*Node](c).doc }

func docAttr(name string, get func(d *Document) any) idl.Member {
	return idl.Attr(name, func(c *idl.Call) goja.Value { return c.Value(get(doc(c))) }, nil)
}

func docNode(name string, get func(d *Document) *html.Node) idl.Member {
	return idl.Attr(name, func(c *idl.Call) goja.Value { d := doc(c); return d.object(get(d)) }, nil)
}

func docList(name string, keep func(n *html.Node) bool) idl.Member {
	return idl.Attr(name, func(c *idl.Call) goja.Value {
		d := doc(c)
		return d.node().liveOf(name, htmlCollection, func() []*html.Node { return descendants(d.root, keep) })
	}, nil)
}

func (d *Document) element(a atom.Atom) *html.Node {
	return findFirst(d.root, func(n *html.Node) bool { return n.DataAtom == a })
}

func init() {
	documentInterface.Members = append(append([]idl.Member{
		idl.Method("evaluate", 1, xpathEvaluate),
		docAttr("URL", func(d *Document) any { return d.url.String() }),
		docAttr("documentURI", func(d *Document) any { return d.url.String() }),
		docAttr("compatMode", func(d *Document) any { return "CSS1Compat" }),
		docAttr("characterSet", func(d *Document) any { return "UTF-8" }),
		docAttr("charset", func(d *Document) any { return "UTF-8" }),
		docAttr("contentType", func(d *Document) any { return d.mime }),
		docAttr("readyState", func(d *Document) any { return d.state }),
		docAttr("referrer", func(d *Document) any { return d.referrer }),
		docAttr("lastModified", func(d *Document) any { return d.modified.Format("01/02/2006 15:04:05") }),
		docAttr("visibilityState", func(d *Document) any { return d.visibility() }),
		docAttr("hidden", func(d *Document) any { return d.visibility() == "hidden" }),
		docAttr("prerendering", func(d *Document) any { return false }),
		docAttr("fullscreenEnabled", func(d *Document) any { return false }),
		docNode("documentElement", func(d *Document) *html.Node {
			if c := children(d.root, true); len(c) > 0 {
				return c[0]
			}
			return nil
		}),
		docNode("head", func(d *Document) *html.Node { return d.element(atom.Head) }),
		idl.Attr("body", func(c *idl.Call) goja.Value { d := doc(c); return d.object(d.element(atom.Body)) }, func(c *idl.Call) goja.Value { return nil }),
		docNode("scrollingElement", func(d *Document) *html.Node { return d.element(atom.Body) }),
		docNode("doctype", func(d *Document) *html.Node {
			if n := d.root.FirstChild; n != nil && n.Type == html.DoctypeNode {
				return n
			}
			return nil
		}),
		docNode("activeElement", func(d *Document) *html.Node {
			if d.active != nil {
				return d.active
			}
			return d.element(atom.Body)
		}),
		docList("forms", func(n *html.Node) bool { return n.DataAtom == atom.Form }),
		docList("images", func(n *html.Node) bool { return n.DataAtom == atom.Img }),
		docList("links", func(n *html.Node) bool { _, ok := attr(n, "href"); return ok && n.DataAtom == atom.A }),
		docList("scripts", func(n *html.Node) bool { return n.DataAtom == atom.Script }),
		docList("styleSheets", func(n *html.Node) bool { return false }),
		idl.Attr("currentScript", func(c *idl.Call) goja.Value {
			if d := doc(c); d.current != nil {
				return d.current.Object()
			}
			return goja.Null()
		}, nil),
		idl.Attr("title", func(c *idl.Call) goja.Value { return c.Value(doc(c).title()) }, setTitle),
		idl.Attr("cookie", func(c *idl.Call) goja.Value {
			d := doc(c)
			if d.settings == nil || !d.url.IsHTTP() {
				return c.Value("")
			}
			return c.Value(d.frame.page.context.fetcher.Cookies().Header(d.url, fetch.CookieContext{SameSite: true, Script: true}))
		}, func(c *idl.Call) goja.Value {
			if d := doc(c); d.settings != nil && d.url.IsHTTP() {
				d.frame.page.context.fetcher.Cookies().Set(d.url, c.String(0), fetch.CookieContext{SameSite: true, Script: true})
			}
			return nil
		}),
		idl.Attr("domain", func(c *idl.Call) goja.Value { return c.Value(doc(c).origin.Hostname()) }, func(c *idl.Call) goja.Value { return nil }),
		idl.Attr("designMode", func(c *idl.Call) goja.Value { return c.Value("off") }, func(c *idl.Call) goja.Value { return nil }),
		idl.Attr("defaultView", func(c *idl.Call) goja.Value {
			if d := doc(c); d.window != nil && !d.gone {
				return d.realm.Global()
			}
			return goja.Null()
		}, nil),
		idl.Attr("location", func(c *idl.Call) goja.Value {
			if d := doc(c); d.window != nil {
				return d.window.locationObject()
			}
			return goja.Null()
		}, func(c *idl.Call) goja.Value { doc(c).navigateTo(c, c.String(0), false); return nil }),
		idl.Attr("implementation", func(c *idl.Call) goja.Value { return implementation(doc(c)) }, nil),
		idl.Attr("fonts", func(c *idl.Call) goja.Value { return doc(c).fontSet() }, nil),
		idl.Method("getElementById", 1, func(c *idl.Call) goja.Value { d := doc(c); return d.object(d.byID(c.String(0))) }),
		idl.Method("getElementsByName", 1, func(c *idl.Call) goja.Value {
			d, name := doc(c), c.String(0)
			return d.list(descendants(d.root, func(n *html.Node) bool { v, ok := attr(n, "name"); return ok && v == name }))
		}),
		idl.Method("createElement", 1, func(c *idl.Call) goja.Value { return createElement(c, "", c.String(0)) }),
		idl.Method("createElementNS", 2, func(c *idl.Call) goja.Value {
			namespace := ""
			if !goja.IsNull(c.Arg(0)) {
				switch c.String(0) {
				case "http://www.w3.org/2000/svg":
					namespace = "svg"
				case "http://www.w3.org/1998/Math/MathML":
					namespace = "math"
				}
			}
			return createElement(c, namespace, c.String(1))
		}),
		idl.Method("createTextNode", 1, func(c *idl.Call) goja.Value {
			return doc(c).object(&html.Node{Type: html.TextNode, Data: c.String(0)})
		}),
		idl.Method("createComment", 1, func(c *idl.Call) goja.Value {
			return doc(c).object(&html.Node{Type: html.CommentNode, Data: c.String(0)})
		}),
		idl.Method("createDocumentFragment", 0, func(c *idl.Call) goja.Value {
			return doc(c).object(&html.Node{Type: html.DocumentNode, Data: fragmentData})
		}),
		idl.Method("createEvent", 1, createEvent),
		idl.Method("importNode", 1, func(c *idl.Call) goja.Value { return doc(c).object(cloneNode(nodeArg(c, 0).n, c.Bool(1))) }),
		idl.Method("adoptNode", 1, func(c *idl.Call) goja.Value {
			w := nodeArg(c, 0)
			w.doc.remove(w.n)
			doc(c).adopt(w)
			return w.Object()
		}),
		idl.Method("hasFocus", 0, func(c *idl.Call) goja.Value { return c.Value(doc(c).visibility() == "visible") }),
		idl.Method("execCommand", 1, func(c *idl.Call) goja.Value { return c.Value(false) }),
		idl.Method("getSelection", 0, func(c *idl.Call) goja.Value { return goja.Null() }),
		idl.Method("open", 0, func(c *idl.Call) goja.Value { doc(c).openForWriting(); return c.This }),
		idl.Method("close", 0, func(c *idl.Call) goja.Value { doc(c).closeWriting(); return nil }),
		idl.Method("write", 0, func(c *idl.Call) goja.Value { doc(c).write(joined(c)); return nil }),
		idl.Method("writeln", 0, func(c *idl.Call) goja.Value { doc(c).write(joined(c) + "\n"); return nil }),
		dom.Handler("readystatechange"), dom.Handler("visibilitychange"), dom.Handler("DOMContentLoaded"),
	}, parentMembers()...), handlers(htmlHandlers...)...)
	documentInterface.New = func(c *idl.Call) any { return blankDocument(documentOf(c.Realm), c.Object) }
}

func joined(c *idl.Call) string {
	var b strings.Builder
	for i := range c.Args {
		b.WriteString(c.String(i))
	}
	return b.String()
}

func setTitle(c *idl.Call) goja.Value {
	d := doc(c)
	t := d.titleElement()
	if t == nil {
		head := d.element(atom.Head)
		if head == nil {
			return nil
		}
		t = &html.Node{Type: html.ElementNode, Data: "title", DataAtom: atom.Title}
		d.insertNode(head, t, nil)
	}
	d.wrap(t).setText(c.String(0))
	return nil
}

func createElement(c *idl.Call, namespace, name string) goja.Value {
	if namespace == "" {
		name = strings.ToLower(name)
	}
	if name == "" || strings.ContainsAny(name, " <>\"'/=\t\n") || name[0] >= '0' && name[0] <= '9' {
		panic(c.Exception("InvalidCharacterError", "The tag name provided ('%s') is not a valid name.", name))
	}
	w := doc(c).wrap(&html.Node{Type: html.ElementNode, Data: name, DataAtom: atom.Lookup([]byte(name)), Namespace: namespace})
	if w.doc.custom != nil {
		w.doc.custom.upgrade(w)
	}
	return w.Object()
}

// createEvent makes an event that initEvent then initialises.
func createEvent(c *idl.Call) goja.Value {
	r := doc(c).realm
	var o *goja.Object
	switch strings.ToLower(c.String(0)) {
	case "customevent":
		o = dom.New(r, dom.CustomEvent, &dom.Custom{Detail: goja.Null()})
	case "messageevent":
		o = dom.New(r, dom.MessageEvent, &dom.Message{})
	case "event", "events", "htmlevents", "uievent", "uievents", "mouseevent", "mouseevents", "keyboardevent":
		o = dom.New(r, dom.EventInterface, &dom.Event{})
	default:
		panic(c.Exception("NotSupportedError", "The provided event type ('%s') is invalid.", c.String(0)))
	}
	return o
}

func implementation(d *Document) goja.Value {
	rt := d.realm.Runtime()
	o := rt.NewObject()
	_ = o.Set("hasFeature", func(goja.FunctionCall) goja.Value { return rt.ToValue(true) })
	_ = o.Set("createHTMLDocument", func(c goja.FunctionCall) goja.Value {
		title := ""
		if !goja.IsUndefined(c.Argument(0)) {
			title = "<title>" + html.EscapeString(c.Argument(0).String()) + "</title>"
		}
		return parsedDocument(d, "<!doctype html><html><head>"+title+"</head><body></body></html>", "text/html").node().Object()
	})
	return o
}

// blankDocument is a document without a browsing context: new Document(), a parsed one.
func blankDocument(like *Document, object *goja.Object) *Node {
	d := inertDocument(like)
	w := &Node{n: d.root, doc: d}
	d.nodes[d.root] = w
	w.Bind(d.realm, object)
	return w
}

func inertDocument(like *Document) *Document {
	return &Document{
		frame: like.frame, realm: like.realm, origin: like.origin, url: like.url, creation: like.creation, gone: true,
		mime: "text/html", state: "complete", root: &html.Node{Type: html.DocumentNode}, nodes: map[*html.Node]*Node{},
		ctx: like.ctx, stop: func() {},
	}
}

// parsedDocument is DOMParser's and responseXML's: nothing in it runs or loads.
func parsedDocument(like *Document, source, mime string) *Document {
	d := inertDocument(like)
	d.mime = mime
	if root, err := html.Parse(strings.NewReader(source)); err == nil {
		d.root = root
	}
	return d
}

var domParser = &idl.Interface{
	Name: "DOMParser", New: func(c *idl.Call) any { return &struct{ parser int }{} },
	Members: []idl.Member{
		idl.Method("parseFromString", 2, func(c *idl.Call) goja.Value {
			mime := idl.Enum(c, c.Arg(1), "DOMParserSupportedType", "text/html", "text/xml", "application/xml", "application/xhtml+xml", "image/svg+xml")
			return parsedDocument(documentOf(c.Realm), c.String(0), mime).node().Object()
		}),
	},
}

// domEvent is a plain event of the engine, ready to fire.
func domEvent(name string, bubbles bool) (*idl.Interface, dom.EventLike) {
	return dom.EventInterface, &dom.Event{Type: name, Bubbles: bubbles}
}

// navigateTo is location's navigation.
func (d *Document) navigateTo(c *idl.Call, href string, replace bool) {
	u, err := fetch.ParseURL(href, documentOf(c.Realm).base())
	if err != nil {
		panic(c.Exception("SyntaxError", "'%s' is not a valid URL.", href))
	}
	d.frame.navigateFrom(documentOf(c.Realm), u, replace || !d.started && d.loaded)
}
