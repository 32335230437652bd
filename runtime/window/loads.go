package window

import (
	"regexp"
	"strings"

	"github.com/dop251/goja"
	"golang.org/x/net/html/atom"

	"github.com/swinspect/swinspect/runtime/fetch"
	"github.com/swinspect/swinspect/runtime/webapi/idl"
)

// load fetches a subresource for an element and fires load or error at it; ok may
// say more about what counts as success. The newest load of an element wins.
func (d *Document) load(w *Node, r *fetch.Request, ok func(response *fetch.Response, body []byte) bool) {
	w.loads++
	mine := w.loads
	d.block()
	d.fetchBody(r, func(response *fetch.Response, body []byte, err error) {
		defer d.unblock()
		if w.loads != mine {
			return
		}
		if err != nil || response.IsNetworkError() || ok != nil && !ok(response, body) {
			w.FireSimple("error")
			return
		}
		w.FireSimple("load")
	})
}

// imageState is an image's: without decoding, what the first bytes tell.
type imageState struct {
	complete      bool
	width, height int
}

// loadImage is "update the image data".
func (w *Node) loadImage() {
	d := w.doc
	src, has := attr(w.n, "src")
	if d.gone || d.realm == nil {
		return
	}
	w.image = imageState{}
	u := d.resolve(src)
	if !has || src == "" || u == nil {
		if has {
			d.queue("image", func() { w.image.complete = true; w.FireSimple("error") })
		}
		return
	}
	r := d.request(u, "image")
	cors(r, w)
	if policy := w.attribute("referrerpolicy"); policy != "" {
		r.ReferrerPolicy = policy
	}
	d.load(w, r, func(_ *fetch.Response, body []byte) bool {
		w.image.complete = true
		var ok bool
		w.image.width, w.image.height, ok = imageSize(body)
		return ok
	})
}

// loadLink fetches what a <link> asks for.
func (d *Document) loadLink(w *Node) {
	href, has := attr(w.n, "href")
	if !has || href == "" || d.gone {
		return
	}
	u := d.resolve(href)
	if u == nil {
		return
	}
	for rel := range strings.FieldsSeq(strings.ToLower(w.attribute("rel"))) {
		switch rel {
		case "stylesheet":
			r := d.request(u, "style")
			cors(r, w)
			r.Integrity = w.attribute("integrity")
			d.load(w, r, func(response *fetch.Response, body []byte) bool {
				inner := response.Unfiltered()
				if inner.Status != 0 && !inner.OK() {
					return false
				}
				w.sheet = d.realm.Runtime().NewObject()
				base := u
				if final := inner.URL(); final != nil {
					base = final
				}
				d.loadCSS(string(body), base, 0)
				return true
			})
		case "preload", "prefetch", "modulepreload":
			r := d.request(u, fetch.Destination(w.attribute("as")))
			cors(r, w)
			d.load(w, r, nil)
		case "manifest":
			r := d.request(u, "manifest")
			r.Mode, r.Credentials = "cors", "omit"
			d.fetchBody(r, func(*fetch.Response, []byte, error) {})
		case "icon":
			if d.frame.isMain() {
				d.fetchBody(d.request(u, "image"), func(*fetch.Response, []byte, error) {})
			}
		}
	}
}

// styleInserted loads what an inline sheet imports and points at.
func (d *Document) styleInserted(w *Node) {
	w.sheet = d.realm.Runtime().NewObject()
	d.loadCSS(textOf(w.n), d.base(), 0)
}

var (
	cssImport = regexp.MustCompile(`@import\s+(?:url\()?\s*["']?([^"')\s;]+)`)
	cssURL    = regexp.MustCompile(`url\(\s*["']?([^"')]+)["']?\s*\)`)
	cssFont   = regexp.MustCompile(`(?s)@font-face\s*\{[^}]*\}`)
)

// loadCSS fetches imported sheets, images and fonts of a sheet: without layout, all
// of them.
func (d *Document) loadCSS(sheet string, base *fetch.URL, depth int) {
	if depth > 4 {
		return
	}
	get := func(href string, destination fetch.Destination, mode fetch.Mode, then func(body []byte)) {
		u, err := fetch.ParseURL(href, base)
		if err != nil || u.Scheme() == "data" {
			return
		}
		r := d.request(u, destination)
		r.Referrer = base.String()
		if mode != "" {
			r.Mode, r.Credentials = mode, "same-origin"
		}
		d.block()
		d.fetchBody(r, func(response *fetch.Response, body []byte, err error) {
			if err == nil && !response.IsNetworkError() && then != nil {
				then(body)
			}
			d.unblock()
		})
	}
	rest := sheet
	for _, m := range cssImport.FindAllStringSubmatch(sheet, -1) {
		u, err := fetch.ParseURL(m[1], base)
		if err != nil {
			continue
		}
		get(m[1], "style", "", func(body []byte) { d.loadCSS(string(body), u, depth+1) })
	}
	rest = cssImport.ReplaceAllString(rest, "")
	for _, face := range cssFont.FindAllString(rest, -1) {
		if m := cssURL.FindStringSubmatch(face); m != nil {
			get(m[1], "font", "cors", nil)
		}
	}
	rest = cssFont.ReplaceAllString(rest, "")
	for _, m := range cssURL.FindAllStringSubmatch(rest, -1) {
		get(m[1], "image", "", nil)
	}
}

// loadPlugin fetches what <object> and <embed> name: a navigation by its nature.
func (d *Document) loadPlugin(w *Node, attribute string, destination fetch.Destination) {
	u := d.resolve(w.attribute(attribute))
	if w.attribute(attribute) == "" || u == nil {
		return
	}
	r := d.request(u, destination)
	r.Mode = "navigate"
	d.load(w, r, func(response *fetch.Response, _ []byte) bool { return response.Unfiltered().Status < 400 })
}

// loadMedia fetches what <audio> and <video> name, with a range as media does.
func (d *Document) loadMedia(w *Node) {
	src := w.attribute("src")
	if src == "" || d.gone {
		return
	}
	u := d.resolve(src)
	if u == nil {
		return
	}
	destination := fetch.Destination("video")
	if w.n.DataAtom == atom.Audio {
		destination = "audio"
	}
	r := d.request(u, destination)
	cors(r, w)
	r.Headers.Set("Range", "bytes=0-")
	w.loads++
	mine := w.loads
	d.fetchBody(r, func(response *fetch.Response, _ []byte, err error) {
		if w.loads != mine {
			return
		}
		if err != nil || response.IsNetworkError() || response.Unfiltered().Status >= 400 {
			w.FireSimple("error")
			return
		}
		for _, event := range []string{"loadstart", "loadedmetadata", "loadeddata", "canplay", "canplaythrough"} {
			w.FireSimple(event)
		}
	})
}

func init() {
	image := defineElement("HTMLImageElement", []string{"img"},
		reflectURL("src", "src"), reflectString("alt", "alt"), reflectString("srcset", "srcset"), reflectString("sizes", "sizes"),
		reflectString("crossOrigin", "crossorigin"), reflectString("loading", "loading"), reflectString("decoding", "decoding"), reflectString("referrerPolicy", "referrerpolicy"),
		idl.Attr("complete", func(c *idl.Call) goja.Value {
			w := node(c)
			_, has := attr(w.n, "src")
			return c.Value(w.image.complete || !has)
		}, nil),
		nodeAttr("naturalWidth", func(w *Node) any { return w.image.width }), nodeAttr("naturalHeight", func(w *Node) any { return w.image.height }),
		idl.Attr("width", func(c *idl.Call) goja.Value { return c.Value(node(c).image.width) }, func(c *idl.Call) goja.Value {
			node(c).setAttribute("width", c.String(0))
			return nil
		}),
		idl.Attr("height", func(c *idl.Call) goja.Value { return c.Value(node(c).image.height) }, func(c *idl.Call) goja.Value {
			node(c).setAttribute("height", c.String(0))
			return nil
		}),
		nodeAttr("currentSrc", func(w *Node) any {
			if u := w.doc.resolve(w.attribute("src")); u != nil {
				return u.String()
			}
			return ""
		}),
		idl.PromiseMethod("decode", 0, func(c *idl.Call) goja.Value { node(c); return idl.Resolved(c.Realm, nil) }),
	)
	_ = image
	media := []idl.Member{
		reflectURL("src", "src"), reflectString("crossOrigin", "crossorigin"), reflectString("preload", "preload"), reflectBool("autoplay", "autoplay"),
		reflectBool("loop", "loop"), reflectBool("muted", "muted"), reflectBool("controls", "controls"),
		idl.Method("load", 0, func(c *idl.Call) goja.Value { w := node(c); w.doc.loadMedia(w); return nil }),
		idl.PromiseMethod("play", 0, func(c *idl.Call) goja.Value { node(c); return idl.Resolved(c.Realm, nil) }),
		idl.Method("pause", 0, func(c *idl.Call) goja.Value { node(c); return nil }),
		idl.Method("canPlayType", 1, func(c *idl.Call) goja.Value { node(c); return c.Value("maybe") }),
	}
	defineElement("HTMLVideoElement", []string{"video"}, media...)
	defineElement("HTMLAudioElement", []string{"audio"}, media...)
}
