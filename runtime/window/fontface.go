package window

import (
	"slices"

	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/runtime/fetch"
	"github.com/swinspect/swinspect/runtime/script"
	"github.com/swinspect/swinspect/runtime/webapi/dom"
	"github.com/swinspect/swinspect/runtime/webapi/idl"
)

// fontFace is the implementation of a FontFace: it fetches and does not render.
type fontFace struct {
	object      *goja.Object
	doc         *Document
	family      string
	url         *fetch.URL // nil: the source is data, or names no URL
	status      string
	loaded      *script.Promise
	descriptors map[string]string
}

// fontDescriptors are the descriptors of a face with their initial values.
var fontDescriptors = map[string]string{
	"style": "normal", "weight": "normal", "stretch": "normal", "unicodeRange": "U+0-10FFFF",
	"featureSettings": "normal", "variationSettings": "normal", "display": "auto",
	"ascentOverride": "normal", "descentOverride": "normal", "lineGapOverride": "normal",
}

// fontFaceInterface is FontFace.
//
// Source: https://drafts.csswg.org/css-font-loading/#fontface-interface
var fontFaceInterface = &idl.Interface{
	Name: "FontFace", Length: 2,
	New: func(c *idl.Call) any { return newFontFace(c) },
	Members: []idl.Member{
		fontText("family", func(f *fontFace) *string { return &f.family }),
		fontDescriptor("style"), fontDescriptor("weight"), fontDescriptor("stretch"), fontDescriptor("unicodeRange"),
		fontDescriptor("featureSettings"), fontDescriptor("variationSettings"), fontDescriptor("display"),
		fontDescriptor("ascentOverride"), fontDescriptor("descentOverride"), fontDescriptor("lineGapOverride"),
		idl.Attr("status", func(c *idl.Call) goja.Value { return c.Value(idl.This[*fontFace](c).status) }, nil),
		idl.PromiseAttr("loaded", func(c *idl.Call) goja.Value { return idl.This[*fontFace](c).loaded.Value }),
		idl.PromiseMethod("load", 0, func(c *idl.Call) goja.Value { return idl.This[*fontFace](c).load() }),
	},
}

func newFontFace(c *idl.Call) *fontFace {
	f := &fontFace{object: c.Object, doc: documentOf(c.Realm), family: c.String(0), status: "unloaded", loaded: c.Realm.NewPromise(), descriptors: map[string]string{}}
	given := c.Dict(2)
	for name, initial := range fontDescriptors {
		f.descriptors[name] = given.String(name, initial)
	}
	if _, isObject := c.Arg(1).(*goja.Object); isObject {
		f.settle(true) // an ArrayBuffer, or a view
		return f
	}
	if m := cssURL.FindStringSubmatch(c.String(1)); m != nil {
		f.url = f.doc.resolve(m[1])
	}
	return f
}

func fontText(name string, field func(f *fontFace) *string) idl.Member {
	return idl.Attr(name, func(c *idl.Call) goja.Value { return c.Value(*field(idl.This[*fontFace](c))) },
		func(c *idl.Call) goja.Value { *field(idl.This[*fontFace](c)) = c.String(0); return nil })
}

func fontDescriptor(name string) idl.Member {
	return idl.Attr(name, func(c *idl.Call) goja.Value { return c.Value(idl.This[*fontFace](c).descriptors[name]) },
		func(c *idl.Call) goja.Value { idl.This[*fontFace](c).descriptors[name] = c.String(0); return nil })
}

// load is the method of that name.
func (f *fontFace) load() goja.Value {
	if f.status != "unloaded" {
		return f.loaded.Value
	}
	f.status = "loading"
	if f.url == nil {
		f.doc.queue("fonts", func() { f.settle(false) })
		return f.loaded.Value
	}
	r := f.doc.request(f.url, "font")
	r.Mode, r.Credentials = "cors", "same-origin"
	f.doc.fetchBody(r, func(response *fetch.Response, body []byte, err error) {
		f.settle(err == nil && !response.IsNetworkError() && isFont(body))
	})
	return f.loaded.Value
}

func (f *fontFace) settle(ok bool) {
	if ok {
		f.status = "loaded"
		f.loaded.Resolve(f.object)
		return
	}
	f.status = "error"
	f.loaded.Reject(idl.DOMError(f.doc.realm, "NetworkError", "A network error occurred."))
}

// isFont looks for the first bytes of a font file.
func isFont(body []byte) bool {
	return len(body) >= 4 && slices.Contains([]string{"\x00\x01\x00\x00", "OTTO", "ttcf", "wOFF", "wOF2", "true"}, string(body[:4]))
}

// fontFaceSet is the implementation of document.fonts.
type fontFaceSet struct {
	dom.Target
	doc   *Document
	faces []*fontFace
}

var fontFaceSetInterface = &idl.Interface{Name: "FontFaceSet", Parent: dom.EventTarget}

func init() {
	fontFaceSetInterface.Members = []idl.Member{
		dom.Handler("loading"), dom.Handler("loadingdone"), dom.Handler("loadingerror"),
		idl.Attr("size", func(c *idl.Call) goja.Value { return c.Value(len(idl.This[*fontFaceSet](c).faces)) }, nil),
		idl.Attr("status", func(c *idl.Call) goja.Value { return c.Value("loaded") }, nil),
		idl.PromiseAttr("ready", func(c *idl.Call) goja.Value {
			p := c.Realm.NewPromise()
			p.Resolve(idl.This[*fontFaceSet](c).Object())
			return p.Value
		}),
		idl.Method("add", 1, func(c *idl.Call) goja.Value {
			s, f := idl.This[*fontFaceSet](c), fontArg(c)
			if !slices.Contains(s.faces, f) {
				s.faces = append(s.faces, f)
			}
			return s.Object()
		}),
		idl.Method("delete", 1, func(c *idl.Call) goja.Value {
			s, f := idl.This[*fontFaceSet](c), fontArg(c)
			before := len(s.faces)
			s.faces = slices.DeleteFunc(s.faces, func(o *fontFace) bool { return o == f })
			return c.Value(len(s.faces) < before)
		}),
		idl.Method("has", 1, func(c *idl.Call) goja.Value {
			return c.Value(slices.Contains(idl.This[*fontFaceSet](c).faces, fontArg(c)))
		}),
		idl.Method("clear", 0, func(c *idl.Call) goja.Value { idl.This[*fontFaceSet](c).faces = nil; return nil }),
		idl.Method("check", 1, func(c *idl.Call) goja.Value { return c.Value(true) }),
		idl.Method("forEach", 1, func(c *idl.Call) goja.Value {
			s, each := idl.This[*fontFaceSet](c), idl.Callback(c, c.Arg(0))
			for _, f := range slices.Clone(s.faces) {
				if _, err := each(c.Arg(1), f.object, f.object, s.Object()); err != nil {
					panic(err) // what it threw goes on to the caller
				}
			}
			return nil
		}),
	}
}

func fontArg(c *idl.Call) *fontFace {
	if f, ok := idl.Unwrap[*fontFace](c.Arg(0)); ok {
		return f
	}
	panic(c.Fail("parameter 1 is not of type 'FontFace'."))
}

// fontSet is document.fonts.
func (d *Document) fontSet() goja.Value {
	if d.fonts == nil {
		d.fonts = &fontFaceSet{doc: d}
		d.fonts.Bind(d.realm, idl.Wrap(d.realm, fontFaceSetInterface, d.fonts))
	}
	return d.fonts.Object()
}
