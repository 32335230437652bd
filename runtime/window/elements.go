package window

import (
	"strconv"
	"strings"

	"github.com/dop251/goja"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"github.com/swinspect/swinspect/runtime/webapi/dom"
	"github.com/swinspect/swinspect/runtime/webapi/fetchapi"
	"github.com/swinspect/swinspect/runtime/webapi/idl"
)

func init() {
	defineElement("HTMLHtmlElement", []string{"html"})
	defineElement("HTMLHeadElement", []string{"head"})
	defineElement("HTMLBodyElement", []string{"body"}, handlers("message", "unload", "hashchange", "popstate")...)
	defineElement("HTMLTitleElement", []string{"title"}, idl.Attr("text", func(c *idl.Call) goja.Value { return c.Value(textOf(node(c).n)) }, setTextContent))
	defineElement("HTMLMetaElement", []string{"meta"}, reflectString("name", "name"), reflectString("content", "content"), reflectString("httpEquiv", "http-equiv"))
	defineElement("HTMLBaseElement", []string{"base"}, reflectURL("href", "href"))
	defineElement("HTMLDivElement", []string{"div"})
	defineElement("HTMLSpanElement", []string{"span"})
	defineElement("HTMLParagraphElement", []string{"p"})
	defineElement("HTMLHeadingElement", []string{"h1", "h2", "h3", "h4", "h5", "h6"})
	defineElement("HTMLPreElement", []string{"pre"})
	defineElement("HTMLUListElement", []string{"ul"})
	defineElement("HTMLOListElement", []string{"ol"})
	defineElement("HTMLLIElement", []string{"li"})
	defineElement("HTMLTableElement", []string{"table"})
	defineElement("HTMLTableRowElement", []string{"tr"})
	defineElement("HTMLTableCellElement", []string{"td", "th"})
	defineElement("HTMLTableSectionElement", []string{"tbody", "thead", "tfoot"})
	defineElement("HTMLLabelElement", []string{"label"}, reflectString("htmlFor", "for"))
	defineElement("HTMLCanvasElement", []string{"canvas"}, idl.Method("getContext", 1, func(c *idl.Call) goja.Value { node(c); return goja.Null() }))
	defineElement("HTMLTemplateElement", []string{"template"}, idl.Attr("content", func(c *idl.Call) goja.Value { return node(c).templateContent() }, nil))
	defineElement("HTMLObjectElement", []string{"object"}, reflectURL("data", "data"), reflectString("type", "type"))
	defineElement("HTMLEmbedElement", []string{"embed"}, reflectURL("src", "src"), reflectString("type", "type"))
	defineElement("HTMLStyleElement", []string{"style"}, reflectString("media", "media"), reflectString("type", "type"), sheetAttr())
	defineElement("HTMLLinkElement", []string{"link"},
		reflectURL("href", "href"), reflectString("rel", "rel"), reflectString("as", "as"), reflectString("media", "media"), reflectString("type", "type"),
		reflectString("integrity", "integrity"), reflectString("crossOrigin", "crossorigin"), reflectBool("disabled", "disabled"), sheetAttr(),
		idl.Attr("relList", func(c *idl.Call) goja.Value { return node(c).tokenList("rel") }, nil),
	)
	defineElement("HTMLAnchorElement", []string{"a"}, anchorMembers()...)
	defineElement("HTMLAreaElement", []string{"area"}, anchorMembers()...)
	defineElement("HTMLScriptElement", []string{"script"},
		reflectURL("src", "src"), reflectString("type", "type"), reflectBool("defer", "defer"), reflectBool("noModule", "nomodule"),
		reflectString("crossOrigin", "crossorigin"), reflectString("integrity", "integrity"), reflectString("referrerPolicy", "referrerpolicy"), reflectString("charset", "charset"),
		idl.Attr("async", func(c *idl.Call) goja.Value {
			w := node(c)
			_, has := attr(w.n, "async")
			return c.Value(has || w.scriptState().forceAsync)
		}, func(c *idl.Call) goja.Value {
			w := node(c)
			w.scriptState().forceAsync = false
			if c.Bool(0) {
				w.setAttribute("async", "")
			} else {
				w.dropAttribute("async")
			}
			return nil
		}),
		idl.Attr("text", func(c *idl.Call) goja.Value { return c.Value(textOf(node(c).n)) }, setTextContent))
	iframe := []idl.Member{
		reflectURL("src", "src"), reflectString("srcdoc", "srcdoc"), reflectString("name", "name"), reflectString("allow", "allow"), reflectString("width", "width"),
		reflectString("height", "height"), reflectString("referrerPolicy", "referrerpolicy"), reflectString("loading", "loading"), reflectBool("allowFullscreen", "allowfullscreen"),
		reflectString("scrolling", "scrolling"), reflectString("frameBorder", "frameborder"),
		idl.Attr("sandbox", func(c *idl.Call) goja.Value { return node(c).tokenList("sandbox") }, func(c *idl.Call) goja.Value {
			node(c).setAttribute("sandbox", c.String(0))
			return nil
		}),
		idl.Attr("contentWindow", func(c *idl.Call) goja.Value { return node(c).contentWindow() }, nil),
		idl.Attr("contentDocument", func(c *idl.Call) goja.Value { return node(c).contentDocument(c) }, nil),
	}
	defineElement("HTMLIFrameElement", []string{"iframe"}, iframe...)
	defineElement("HTMLFrameElement", []string{"frame"}, iframe...)
	defineElement("HTMLFrameSetElement", []string{"frameset"})
	defineElement("HTMLSourceElement", []string{"source"}, reflectURL("src", "src"), reflectString("type", "type"))
	defineElement("HTMLDialogElement", []string{"dialog"}, reflectBool("open", "open"))
	defineElement("HTMLDetailsElement", []string{"details"}, reflectBool("open", "open"))
}

func sheetAttr() idl.Member {
	return idl.Attr("sheet", func(c *idl.Call) goja.Value {
		if w := node(c); w.sheet != nil {
			return w.sheet
		}
		return goja.Null()
	}, nil)
}

func (w *Node) templateContent() goja.Value {
	if w.content == nil {
		fragment := &html.Node{Type: html.DocumentNode, Data: fragmentData}
		for w.n.FirstChild != nil {
			child := w.n.FirstChild
			w.n.RemoveChild(child)
			fragment.AppendChild(child)
		}
		w.content = w.doc.wrap(fragment)
	}
	return w.content.Object()
}

// anchorMembers are those of links: HTMLHyperlinkElementUtils.
func anchorMembers() []idl.Member {
	members := []idl.Member{
		reflectURL("href", "href"), reflectString("target", "target"), reflectString("rel", "rel"), reflectString("download", "download"),
		reflectString("type", "type"), reflectString("referrerPolicy", "referrerpolicy"),
		idl.Attr("text", func(c *idl.Call) goja.Value { return c.Value(textOf(node(c).n)) }, setTextContent),
		idl.Attr("relList", func(c *idl.Call) goja.Value { return node(c).tokenList("rel") }, nil),
		idl.Stringifier(func(c *idl.Call) string {
			w := node(c)
			if u := w.doc.resolve(w.attribute("href")); u != nil {
				return u.String()
			}
			return w.attribute("href")
		}),
	}
	for _, part := range urlParts {
		members = append(members, nodeAttr(part.name, func(w *Node) any {
			if u := w.doc.resolve(w.attribute("href")); u != nil {
				return part.get(u)
			}
			return ""
		}))
	}
	return members
}

// elementInserted runs the insertion steps of an element that came into the document.
func (d *Document) elementInserted(n *html.Node) {
	if d.gone {
		return
	}
	if d.custom != nil {
		d.customInserted(n)
	}
	switch n.DataAtom {
	case atom.Script:
		d.prepareScript(d.wrap(n))
	case atom.Iframe, atom.Frame:
		d.frameInserted(d.wrap(n))
	case atom.Img:
		if _, ok := attr(n, "src"); ok {
			d.wrap(n).loadImage()
		}
	case atom.Link:
		d.loadLink(d.wrap(n))
	case atom.Style:
		d.styleInserted(d.wrap(n))
	case atom.Object:
		d.loadPlugin(d.wrap(n), "data", "object")
	case atom.Embed:
		d.loadPlugin(d.wrap(n), "src", "embed")
	case atom.Video, atom.Audio:
		d.loadMedia(d.wrap(n))
	case atom.Title:
		d.childrenChanged(n)
	case atom.Body:
		if len(n.Attr) > 0 {
			d.wrap(n)
		}
	}
}

// attributeChanged runs what elements do when an attribute changes.
func (w *Node) attributeChanged(name string) {
	d := w.doc
	d.observeAttribute(w.n, name)
	if event, ok := strings.CutPrefix(name, "on"); ok {
		if source, has := attr(w.n, name); has {
			w.setAttributeHandler(event, source)
		}
		return
	}
	switch w.n.DataAtom {
	case atom.Img:
		if name == "src" || name == "srcset" || name == "crossorigin" {
			w.loadImage()
		}
	case atom.Script:
		if name == "src" && w.connected() {
			d.prepareScript(w)
		}
	case atom.Iframe, atom.Frame:
		if w.frame != nil && (name == "src" || name == "srcdoc") {
			d.loadFrame(w, false)
		}
		if w.frame != nil && name == "name" {
			w.frame.setName(w.attribute("name"))
		}
	case atom.Link:
		if (name == "href" || name == "rel") && w.connected() {
			d.loadLink(w)
		}
	case atom.Video, atom.Audio:
		if name == "src" {
			d.loadMedia(w)
		}
	}
	if name == "style" && w.style != nil {
		w.style = nil
	}
}

// formMembers are those of the controls: value, name, type, form.
func formMembers(more ...idl.Member) []idl.Member {
	return append([]idl.Member{
		reflectString("name", "name"), reflectBool("disabled", "disabled"), reflectBool("required", "required"), reflectString("placeholder", "placeholder"),
		idl.Attr("type", func(c *idl.Call) goja.Value { return c.Value(node(c).controlType()) }, func(c *idl.Call) goja.Value {
			node(c).setAttribute("type", c.String(0))
			return nil
		}),
		idl.Attr("form", func(c *idl.Call) goja.Value {
			if f := node(c).form(); f != nil {
				return f.Object()
			}
			return goja.Null()
		}, nil),
		idl.Attr("value", func(c *idl.Call) goja.Value { return c.Value(node(c).controlValue()) }, func(c *idl.Call) goja.Value {
			v := nullString(c, 0)
			node(c).value = &v
			return nil
		}),
		idl.Method("checkValidity", 0, func(c *idl.Call) goja.Value { node(c); return c.Value(true) }),
		idl.Method("select", 0, func(c *idl.Call) goja.Value { node(c); return nil }),
	}, more...)
}

func init() {
	defineElement("HTMLInputElement", []string{"input"}, formMembers(
		append(inputMembers(),
			reflectString("defaultValue", "value"),
			idl.Attr("checked", func(c *idl.Call) goja.Value { return c.Value(node(c).checked()) }, func(c *idl.Call) goja.Value {
				on := c.Bool(0)
				node(c).check = &on
				return nil
			}),
			idl.Attr("files", func(c *idl.Call) goja.Value {
				if w := node(c); w.files != nil {
					return w.files
				}
				return goja.Null()
			}, func(c *idl.Call) goja.Value { node(c).files = c.Arg(0); return nil }))...,
	)...)
	defineElement("HTMLTextAreaElement", []string{"textarea"}, formMembers(append(textMembers(), idl.Attr("defaultValue", func(c *idl.Call) goja.Value { return c.Value(textOf(node(c).n)) }, setTextContent))...)...)
	defineElement("HTMLButtonElement", []string{"button"}, formMembers()...)
	defineElement("HTMLSelectElement", []string{"select"}, formMembers(selectMembers()...)...)
	defineElement("HTMLOptionElement", []string{"option"}, optionMembers()...)
	defineElement("HTMLOptGroupElement", []string{"optgroup"}, reflectString("label", "label"), reflectBool("disabled", "disabled"))
	defineElement("HTMLFieldSetElement", []string{"fieldset"})
	defineElement("HTMLFormElement", []string{"form"},
		reflectString("name", "name"), reflectString("method", "method"), reflectURL("action", "action"), reflectString("enctype", "enctype"),
		reflectString("target", "target"), reflectString("acceptCharset", "accept-charset"), reflectString("rel", "rel"),
		idl.Attr("elements", func(c *idl.Call) goja.Value { w := node(c); return w.liveOf("elements", htmlCollection, w.controls) }, nil),
		nodeAttr("length", func(w *Node) any { return len(w.controls()) }),
		idl.Method("submit", 0, func(c *idl.Call) goja.Value { node(c).submit(nil); return nil }),
		idl.Method("requestSubmit", 0, func(c *idl.Call) goja.Value {
			by, _ := idl.Unwrap[*Node](c.Arg(0))
			node(c).requestSubmit(by)
			return nil
		}),
		idl.Method("reset", 0, func(c *idl.Call) goja.Value {
			for _, n := range node(c).controls() {
				if w, ok := node(c).doc.nodes[n]; ok {
					w.value, w.check = nil, nil
				}
			}
			return nil
		}),
		idl.Method("checkValidity", 0, func(c *idl.Call) goja.Value { node(c); return c.Value(true) }),
	)
}

func (w *Node) controlType() string {
	kind := strings.ToLower(w.attribute("type"))
	switch w.n.DataAtom {
	case atom.Button:
		if kind == "" {
			return "submit"
		}
	case atom.Textarea:
		return "textarea"
	case atom.Select:
		if _, multiple := attr(w.n, "multiple"); multiple {
			return "select-multiple"
		}
		return "select-one"
	case atom.Input:
		if kind == "" {
			return "text"
		}
	}
	return kind
}

func (w *Node) controlValue() string {
	if w.value != nil && w.n.DataAtom != atom.Select {
		return *w.value
	}
	switch w.n.DataAtom {
	case atom.Textarea:
		return textOf(w.n)
	case atom.Select:
		if chosen := w.selected(); len(chosen) > 0 {
			return optionValue(chosen[0])
		}
		return ""
	}
	if v, ok := attr(w.n, "value"); ok {
		return v
	}
	if kind := w.controlType(); kind == "checkbox" || kind == "radio" {
		return "on"
	}
	return ""
}

func optionValue(o *html.Node) string {
	if v, ok := attr(o, "value"); ok {
		return v
	}
	return strings.TrimSpace(textOf(o))
}

// controls are a form's.
func (w *Node) controls() []*html.Node {
	return descendants(w.doc.root, func(n *html.Node) bool {
		switch n.DataAtom {
		case atom.Input, atom.Button, atom.Select, atom.Textarea, atom.Fieldset, atom.Output, atom.Object:
			f := w.doc.wrap(n).form()
			return f == w
		}
		return false
	})
}

// requestSubmit fires submit and submits unless prevented.
func (w *Node) requestSubmit(by *Node) {
	if w.Fire(dom.EventInterface, &dom.Event{Type: "submit", Bubbles: true, Cancelable: true}) {
		w.submit(by)
	}
}

// entries is the form's entry list.
func (w *Node) entries(by *Node) []formEntry {
	var all []formEntry
	for _, n := range w.controls() {
		c := w.doc.wrap(n)
		name := c.attribute("name")
		if _, disabled := attr(n, "disabled"); name == "" || disabled {
			continue
		}
		switch kind := c.controlType(); kind {
		case "submit", "button", "image", "reset":
			if c != by {
				continue
			}
		case "checkbox", "radio":
			if !c.checked() {
				continue
			}
		case "file":
			files := filesOf(c.files)
			for _, f := range files {
				all = append(all, formEntry{name: name, file: f})
			}
			if len(files) == 0 {
				all = append(all, formEntry{name: name, file: &fetchapi.File{}})
			}
			continue
		}
		all = append(all, formEntry{name: name, value: c.controlValue()})
	}
	return all
}

type formEntry struct {
	name, value string
	file        *fetchapi.File
}

func filesOf(v goja.Value) []*fetchapi.File {
	o, ok := v.(*goja.Object)
	if !ok {
		return nil
	}
	var files []*fetchapi.File
	for i := range o.Get("length").ToInteger() {
		if f, ok := idl.Unwrap[*fetchapi.File](o.Get(strconv.FormatInt(i, 10))); ok {
			files = append(files, f)
		}
	}
	return files
}
