package window

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/runtime"
	"github.com/swinspect/swinspect/runtime/fetch"
	"github.com/swinspect/swinspect/runtime/script"
	"github.com/swinspect/swinspect/runtime/webapi/base"
	"github.com/swinspect/swinspect/runtime/webapi/dom"
	"github.com/swinspect/swinspect/runtime/webapi/env"
	"github.com/swinspect/swinspect/runtime/webapi/fetchapi"
	"github.com/swinspect/swinspect/runtime/webapi/idl"
	"github.com/swinspect/swinspect/runtime/webapi/messaging"
	"github.com/swinspect/swinspect/runtime/webapi/serviceworker"
	"github.com/swinspect/swinspect/runtime/webapi/workerscope"
)

// Window is the implementation of a Window object.
type Window struct {
	dom.Target
	doc       *Document
	location  *goja.Object
	history   *goja.Object
	navigator *goja.Object
	opener    goja.Value // what a script assigned; nil: the page's
	frames    uint64     // animation frame callbacks handed out
	cancelled map[uint64]struct{}
}

func window(c *idl.Call) *Window { return idl.This[*Window](c) }

// windowInterface is Window; its members are on the window object itself.
var windowInterface = &idl.Interface{Name: "Window", Parent: dom.EventTarget}

func winAttr(name string, get func(c *idl.Call, w *Window) goja.Value) idl.Member {
	return idl.Attr(name, func(c *idl.Call) goja.Value { return get(c, window(c)) }, nil)
}

// replaceable is an attribute that a script may replace by a value of its own.
func replaceable(name string, get func(c *idl.Call, w *Window) goja.Value) idl.Member {
	return idl.Attr(name, func(c *idl.Call) goja.Value { return get(c, window(c)) }, func(c *idl.Call) goja.Value {
		_ = c.Realm.Global().DefineDataProperty(name, c.Arg(0), goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_TRUE)
		return nil
	})
}

func number(v any) func(c *idl.Call, w *Window) goja.Value {
	return func(c *idl.Call, _ *Window) goja.Value { return c.Value(v) }
}

func init() {
	self := func(c *idl.Call, _ *Window) goja.Value { return c.Realm.Global() }
	windowInterface.Members = append([]idl.Member{
		winAttr("window", self), replaceable("self", self), replaceable("frames", self),
		winAttr("document", func(c *idl.Call, w *Window) goja.Value { return w.doc.node().Object() }),
		idl.Attr("name", func(c *idl.Call) goja.Value { return c.Value(window(c).doc.frame.Name()) }, func(c *idl.Call) goja.Value {
			window(c).doc.frame.setName(c.String(0))
			return nil
		}),
		idl.Attr("location", func(c *idl.Call) goja.Value { return window(c).locationObject() }, func(c *idl.Call) goja.Value {
			window(c).doc.navigateTo(c, c.String(0), false)
			return nil
		}),
		winAttr("history", func(c *idl.Call, w *Window) goja.Value { return w.historyObject() }),
		winAttr("navigator", func(c *idl.Call, w *Window) goja.Value { return w.navigatorObject() }),
		replaceable("clientInformation", func(c *idl.Call, w *Window) goja.Value { return w.navigatorObject() }),
		winAttr("top", func(c *idl.Call, w *Window) goja.Value { return windowOf(w.doc.frame.top()) }),
		replaceable("parent", func(c *idl.Call, w *Window) goja.Value {
			if p := w.doc.frame.parentFrame(); p != nil {
				return windowOf(p)
			}
			return windowOf(w.doc.frame)
		}),
		idl.Attr("opener", func(c *idl.Call) goja.Value {
			w := window(c)
			if w.opener != nil {
				return w.opener
			}
			if o := w.doc.frame.page.opener; o != nil && w.doc.frame.isMain() && !o.Closed() {
				return windowOf(o.main)
			}
			return goja.Null()
		}, func(c *idl.Call) goja.Value { window(c).opener = c.Arg(0); return nil }),
		winAttr("frameElement", func(c *idl.Call, w *Window) goja.Value {
			if f := w.doc.frame; f.container != nil && f.container.doc.origin.Same(w.doc.origin) {
				return f.container.Object()
			}
			return goja.Null()
		}),
		replaceable("length", func(c *idl.Call, w *Window) goja.Value { return c.Value(len(w.doc.frame.Children())) }),
		winAttr("closed", func(c *idl.Call, w *Window) goja.Value { return c.Value(w.closed()) }),
		idl.Attr("status", func(c *idl.Call) goja.Value { return c.Value("") }, func(c *idl.Call) goja.Value { return nil }),
		replaceable("origin", func(c *idl.Call, w *Window) goja.Value { return c.Value(w.doc.origin.String()) }),
		winAttr("isSecureContext", func(c *idl.Call, w *Window) goja.Value { return c.Value(w.doc.secure) }),
		winAttr("crossOriginIsolated", number(false)), winAttr("originAgentCluster", number(false)),
		replaceable("innerWidth", number(1280)), replaceable("innerHeight", number(720)), replaceable("outerWidth", number(1280)), replaceable("outerHeight", number(720)),
		replaceable("scrollX", number(0)), replaceable("scrollY", number(0)), replaceable("pageXOffset", number(0)), replaceable("pageYOffset", number(0)),
		replaceable("screenX", number(0)), replaceable("screenY", number(0)), replaceable("devicePixelRatio", number(1)),
		replaceable("screen", screen), replaceable("visualViewport", func(c *idl.Call, w *Window) goja.Value { return goja.Null() }),
		idl.Method("alert", 0, func(c *idl.Call) goja.Value { window(c).dialog(c, "alert"); return nil }),
		idl.Method("confirm", 0, func(c *idl.Call) goja.Value { ok, _ := window(c).dialog(c, "confirm"); return c.Value(ok) }),
		idl.Method("prompt", 0, func(c *idl.Call) goja.Value {
			ok, text := window(c).dialog(c, "prompt")
			if !ok {
				return goja.Null()
			}
			return c.Value(text)
		}),
		idl.Method("open", 0, windowOpen),
		idl.Method("close", 0, func(c *idl.Call) goja.Value { window(c).close(); return nil }),
		idl.Method("stop", 0, func(c *idl.Call) goja.Value { window(c).doc.frame.discardPending(); return nil }),
		idl.Method("focus", 0, func(c *idl.Call) goja.Value { window(c).doc.frame.focus(); return nil }),
		idl.Method("blur", 0, func(c *idl.Call) goja.Value { window(c); return nil }),
		idl.Method("print", 0, func(c *idl.Call) goja.Value { return nil }),
		idl.Method("scroll", 0, func(c *idl.Call) goja.Value { return nil }), idl.Method("scrollTo", 0, func(c *idl.Call) goja.Value { return nil }),
		idl.Method("scrollBy", 0, func(c *idl.Call) goja.Value { return nil }), idl.Method("moveTo", 0, func(c *idl.Call) goja.Value { return nil }),
		idl.Method("resizeTo", 0, func(c *idl.Call) goja.Value { return nil }),
		idl.Method("postMessage", 1, func(c *idl.Call) goja.Value { window(c).postMessage(c); return nil }),
		idl.Method("getComputedStyle", 1, func(c *idl.Call) goja.Value { return newStyle(window(c).doc, nil) }),
		idl.Method("getSelection", 0, func(c *idl.Call) goja.Value { return goja.Null() }),
		idl.Method("matchMedia", 1, matchMedia),
		idl.Attr("customElements", func(c *idl.Call) goja.Value {
			e := window(c).doc.customRegistry()
			if e.object == nil {
				e.object = idl.Wrap(c.Realm, customElementRegistry, e)
			}
			return e.object
		}, nil),
		idl.Method("requestAnimationFrame", 1, requestFrame),
		idl.Method("cancelAnimationFrame", 1, func(c *idl.Call) goja.Value {
			window(c).cancelled[uint64(idl.Long(c, c.Arg(0)))] = struct{}{}
			return nil
		}),
		idl.Method("requestIdleCallback", 1, requestIdle),
		idl.Method("cancelIdleCallback", 1, func(c *idl.Call) goja.Value {
			window(c).cancelled[uint64(idl.Long(c, c.Arg(0)))] = struct{}{}
			return nil
		}),
	}, append(handlers(htmlHandlers...), handlers("afterprint", "beforeprint", "beforeunload", "hashchange", "languagechange", "message",
		"messageerror", "offline", "online", "pagehide", "pageshow", "popstate", "rejectionhandled", "storage", "unhandledrejection", "unload")...)...)
}

// windowOf is the window object a frame shows; null when it has none.
func windowOf(f *Frame) goja.Value {
	if f == nil || f.document == nil || f.document.realm == nil {
		return goja.Null()
	}
	return f.document.realm.Global()
}

func screen(c *idl.Call, _ *Window) goja.Value {
	o := c.Runtime().NewObject()
	for k, v := range map[string]int{"width": 1280, "height": 720, "availWidth": 1280, "availHeight": 720, "colorDepth": 24, "pixelDepth": 24} {
		_ = o.Set(k, v)
	}
	return o
}

// makeRealm makes the document's window object and realm.
func (d *Document) makeRealm() {
	agent := d.frame.page.group.agent
	rt := agent.Runtime()
	previous := d.frame.reusable(d)
	global := d.frame.windowObject(rt, previous != nil)
	realm := agent.NewRealm(global)
	d.realm = idl.Of(realm)
	realm.SetValue(documentKey{}, d)
	d.settings = d.newSettings()
	env.Attach(realm, d.settings)
	d.window = &Window{cancelled: map[uint64]struct{}{}}
	if previous != nil {
		d.window = previous
		d.window.location, d.window.history, d.window.navigator = nil, nil, nil
	}
	d.window.doc = d
	d.window.Bind(d.realm, global)
	realm.Entered = func() { d.frame.page.group.shared.current = d.window }
	realm.Report = d.window.report
	d.frame.page.group.wireRejections()
	idl.Expose(d.realm, windowInterface)
	idl.Global(d.realm, windowInterface, d.window)
	d.named()
	_ = global.DefineDataProperty("globalThis", global, goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_FALSE)
	d.scope = newScope(d.realm)
	d.scope.installFunction()
	d.installAPIs()
}

// newSettings is the document's environment settings object.
func (d *Document) newSettings() *env.Settings {
	c := d.frame.page.context
	s := c.settings(d.fetchClient)
	s.Kind, s.ID = env.Window, d.client.ID()
	s.CreationURL = d.client.URL
	s.BaseURL = d.base
	s.Origin, s.StorageKey, s.Secure, s.Client = d.origin, d.storageKey, d.secure, d.client
	s.Closing = d.frame.page.closing.Load
	s.Caches = c.cachesFor(d.origin, d.storageKey, d.secure)
	s.Console = func(level string, args []goja.Value) { d.frame.observer().Console(d.realm.Realm, level, args) }
	return s
}

// installAPIs puts what every window has into the realm.
func (d *Document) installAPIs() {
	r := d.realm
	idl.Expose(r, dom.Interfaces...)
	idl.Expose(r, windowInterfaces...)
	idl.Lazy(r, "Image", func() goja.Value { return constructorOf(r, "img", []string{"width", "height"}) })
	idl.Lazy(r, "Audio", func() goja.Value { return constructorOf(r, "audio", []string{"src"}) })
	idl.Lazy(r, "Option", func() goja.Value { return constructorOf(r, "option", []string{"textContent", "value"}) })
	_, environment := serviceworker.InstallContainer(r)
	if w := d.client.Controller(); w != nil {
		serviceworker.ContainerOf(r).SetController(w)
	}
	d.client.SetEnvironment(environment)
	base.Install(r, d.window)
	idl.Expose(r, d.navigatorInterface())
	d.installStorage()
}

// windowInterfaces are those that windows expose; filled by init, for they refer to
// all that makes windows.
var windowInterfaces []*idl.Interface

func init() {
	windowInterfaces = append([]*idl.Interface{
		nodeInterface, elementInterface, htmlElement, svgElement, unknownElement, characterData, textInterface, commentNode, doctypeNode,
		fragmentElement, documentInterface, htmlDocument, nodeList, tokenListInterface, domParser, xmlSerializer, xpathResultInterface, shadowRoot, mouseEvent, uiEvent, pageTransition,
		locationInterface, historyInterface, popState, hashChange, mutationObserverInterface, mediaQueryList, htmlCollection, intersectionObserver, resizeObserver, customElementRegistry,
		fontFaceInterface, fontFaceSetInterface, xmlHTTPRequest, xhrEventTarget, xhrUpload, workerInterface, sharedWorkerInterface,
	}, elementInterfaces...)
}

// constructorOf is a legacy factory: new Image(width, height).
func constructorOf(r *idl.Realm, tag string, properties []string) goja.Value {
	rt := r.Runtime()
	return rt.ToValue(func(c goja.ConstructorCall) *goja.Object {
		d := documentOf(r)
		create, _ := goja.AssertFunction(d.node().Object().Get("createElement"))
		v, err := r.Agent().Call(create, d.node().Object(), rt.ToValue(tag))
		if err != nil {
			panic(err)
		}
		o := v.(*goja.Object)
		for i, p := range properties {
			if i < len(c.Arguments) && !goja.IsUndefined(c.Arguments[i]) {
				_ = o.Set(p, c.Arguments[i])
			}
		}
		return o
	})
}

// report is "report an exception" for the window.
func (w *Window) report(e *script.Exception) {
	value := e.Value
	if value == nil {
		value = goja.Null()
	}
	d := w.doc
	if d.gone {
		return
	}
	message, url, line, column := runtime.Uncaught(e, false), e.URL, e.Line, e.Column
	if _, muted := d.muted[e.URL]; muted {
		message, url, line, column, value = "Script error.", "", 0, 0, goja.Null()
	}
	w.reporting()
	defer func() { d.realm.Report = w.report }()
	handled := !w.Fire(dom.ErrorEvent, &dom.Failure{
		Event: dom.Event{Type: "error", Cancelable: true}, Message: message, Filename: url, Line: line, Column: column, Value: value,
	})
	if !handled {
		d.frame.observer().Exception(d.realm.Realm, e, false)
	}
}

// reporting keeps an exception of an error handler from being reported there again.
func (w *Window) reporting() {
	d := w.doc
	d.realm.Report = func(e *script.Exception) { d.frame.observer().Exception(d.realm.Realm, e, false) }
}

// rejected tells a window of a promise nobody handles.
func (w *Window) rejected(p *goja.Promise) {
	handled := w.Listens("unhandledrejection") && !w.Fire(dom.PromiseRejectionEvent, &dom.Rejection{
		Event: dom.Event{Type: "unhandledrejection", Cancelable: true}, Promise: w.Realm().Runtime().ToValue(p), Reason: p.Result(),
	})
	if !handled {
		w.doc.frame.observer().Exception(w.doc.realm.Realm, w.Realm().Agent().DescribeValue(p.Result()), true)
	}
}

// fireLoad fires load, then pageshow.
func (w *Window) fireLoad() {
	w.Fire(dom.EventInterface, &dom.Event{Type: "load"})
	w.Fire(pageTransition, &dom.Event{Type: "pageshow"})
}

func (w *Window) dialog(c *idl.Call, kind string) (bool, string) {
	p := w.doc.frame.page
	return w.doc.frame.observer().Dialog(w.doc.ctx, p, kind, c.StringOr(0, ""), c.StringOr(1, ""))
}

func (w *Window) close() {
	p := w.doc.frame.page
	if w.doc.frame.isMain() {
		p.closing.Store(true)
		p.group.agent.Go(func(ctx context.Context) { p.Close(context.WithoutCancel(ctx)) })
	}
}

// closed is the getter of that name: also of a page that is about to close.
func (w *Window) closed() bool {
	f := w.doc.frame
	return w.doc.gone && f.isDetached() || f.isMain() && f.page.closing.Load()
}

// postMessage is window.postMessage.
func (w *Window) postMessage(c *idl.Call) {
	target, transfer := "/", []goja.Value(nil)
	if o, ok := c.Arg(1).(*goja.Object); ok {
		d := idl.ToDict(c, o)
		target = d.String("targetOrigin", "/")
		transfer = messaging.TransferOption(c, o)
	} else {
		if c.Has(1) {
			target = c.String(1)
		}
		if c.Has(2) {
			transfer = idl.Sequence(c, c.Arg(2))
		}
	}
	sender := callerOf(c, w)
	allowed := target == "*" || target == "/" && sender.doc.origin.Same(w.doc.origin)
	if !allowed && target != "/" {
		u := sender.doc.resolve(target)
		if u == nil || u.Scheme() == "about" {
			panic(c.Exception("SyntaxError", "Invalid target origin '%s' in a call to 'postMessage'.", target))
		}
		allowed = u.Origin().Same(w.doc.origin)
	}
	m := messaging.Serialize(c, c.Arg(0), transfer)
	if !allowed {
		return
	}
	origin, source := sender.doc.origin.String(), sender.Object()
	w.doc.queue("posted message", func() { messaging.FireMessage(&w.Target, m, origin, source) })
}

// callerOf is the window whose script calls (the incumbent one): by the script on
// top of the stack when only one window has run it, otherwise the one whose turn it is.
func callerOf(c *idl.Call, w *Window) *Window {
	current := w.doc.frame.page.group.currentWindow()
	if current == nil {
		current = w
	}
	url := ""
	for _, f := range c.Runtime().CaptureCallStack(8, nil) {
		if name := f.SrcName(); name != "" && name != "<native>" && !strings.HasPrefix(name, "swinspect:") {
			url = name
			break
		}
	}
	if url == "" || current.doc.scope != nil && current.doc.scope.hasRun(url) {
		return current
	}
	for _, p := range w.doc.frame.page.context.Pages() {
		if p.group != w.doc.frame.page.group {
			continue
		}
		for _, f := range p.Frames() {
			if d := f.document; d != nil && d.scope != nil && d.scope.hasRun(url) {
				return d.window
			}
		}
	}
	return current
}

func requestFrame(c *idl.Call) goja.Value {
	return later(c, 16*time.Millisecond, func() goja.Value { return c.Value(dom.Now(c.Realm)) })
}

// later calls a callback with one argument after a while, unless it is cancelled.
func later(c *idl.Call, after time.Duration, argument func() goja.Value) goja.Value {
	w, f := window(c), idl.Callback(c, c.Arg(0))
	w.frames++
	id := w.frames
	agent := c.Realm.Agent()
	timer := agent.Clock().AfterFunc(after, func() {
		w.doc.queue("animation frame", func() {
			if _, cancelled := w.cancelled[id]; cancelled {
				delete(w.cancelled, id)
				return
			}
			if _, err := agent.Call(f, c.Realm.Global(), argument()); err != nil {
				c.Realm.ReportError(err)
			}
		})
	})
	c.Realm.OnDestroy(func() { timer.Stop() })
	return c.Value(id)
}

func matchMedia(c *idl.Call) goja.Value {
	t := &mediaQuery{text: c.String(0)}
	t.Bind(c.Realm, idl.Wrap(c.Realm, mediaQueryList, t))
	return t.Object()
}

type mediaQuery struct {
	dom.Target
	text string
}

var mediaQueryList = &idl.Interface{
	Name: "MediaQueryList", Parent: dom.EventTarget,
	Members: []idl.Member{
		idl.Attr("media", func(c *idl.Call) goja.Value { return c.Value(idl.This[*mediaQuery](c).text) }, nil),
		idl.Attr("matches", func(c *idl.Call) goja.Value { idl.This[*mediaQuery](c); return c.Value(false) }, nil),
		idl.Method("addListener", 1, func(c *idl.Call) goja.Value { return nil }),
		idl.Method("removeListener", 1, func(c *idl.Call) goja.Value { return nil }),
		dom.Handler("change"),
	},
}

// navigator is a window's Navigator.
type navigator struct{ w *Window }

// Navigator has fewer members where the context is not secure.
var (
	navigatorInterface = &idl.Interface{Name: "Navigator"}
	insecureNavigator  = &idl.Interface{Name: "Navigator"}
)

func (d *Document) navigatorInterface() *idl.Interface {
	if d.secure {
		return navigatorInterface
	}
	return insecureNavigator
}

func init() {
	insecureNavigator.Members = append(workerscope.NavigatorMembers(func(c *idl.Call) *env.Settings {
		return idl.This[*navigator](c).w.doc.settings
	}), []idl.Member{
		idl.Attr("cookieEnabled", func(c *idl.Call) goja.Value { return c.Value(true) }, nil),
		idl.Attr("doNotTrack", func(c *idl.Call) goja.Value { return goja.Null() }, nil),
		idl.Attr("maxTouchPoints", func(c *idl.Call) goja.Value { return c.Value(0) }, nil),
		idl.Attr("webdriver", func(c *idl.Call) goja.Value { return c.Value(true) }, nil),
		idl.Attr("vendor", func(c *idl.Call) goja.Value { return c.Value("") }, nil),
		idl.Method("sendBeacon", 1, func(c *idl.Call) goja.Value { return idl.This[*navigator](c).w.sendBeacon(c) }),
		idl.Method("vibrate", 1, func(c *idl.Call) goja.Value { return c.Value(false) }),
	}...)
	navigatorInterface.Members = append(navigatorInterface.Members, insecureNavigator.Members...)
	navigatorInterface.Members = append(navigatorInterface.Members, serviceworker.NavigatorMembers(func(c *idl.Call) { idl.This[*navigator](c) })...)
	navigatorInterface.Members = append(navigatorInterface.Members, idl.Attr("serviceWorker", func(c *idl.Call) goja.Value {
		d := idl.This[*navigator](c).w.doc
		if d.origin.IsOpaque() {
			panic(c.Exception("SecurityError", "Service worker is disabled because the context is sandboxed and lacks the 'allow-same-origin' flag."))
		}
		return serviceworker.ContainerOf(d.realm).Object()
	}, nil))
}

func (w *Window) navigatorObject() goja.Value {
	if w.navigator == nil {
		w.navigator = idl.Wrap(w.Realm(), w.doc.navigatorInterface(), &navigator{w})
	}
	return w.navigator
}

func (w *Window) sendBeacon(c *idl.Call) goja.Value {
	u := w.doc.resolve(c.String(0))
	if u == nil || !u.IsHTTP() {
		panic(c.Fail("The URL argument is ill-formed or unsupported."))
	}
	r := w.doc.request(u, "")
	r.Method, r.Keepalive, r.Mode = "POST", true, "no-cors"
	if c.Has(1) {
		body, mimeType := fetchapi.ExtractBody(c, c.Arg(1))
		r.Body = body
		if mimeType != "" {
			r.Headers.Set("Content-Type", mimeType)
		}
	}
	w.doc.fetchBody(r, func(*fetch.Response, []byte, error) {})
	return c.Value(true)
}

// named makes the window's frames reachable by index, and frames and elements by
// name and id: in an object between Window.prototype and EventTarget.prototype.
func (d *Document) named() {
	rt := d.realm.Runtime()
	properties := rt.NewDynamicObject(&namedProperties{d})
	proto := d.realm.Prototype(windowInterface)
	must(properties.SetPrototype(proto.Prototype()))
	must(proto.SetPrototype(properties))
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

// namedProperties are the named properties of a window, and the language's own
// globals, which all windows of a group share.
type namedProperties struct{ d *Document }

func (n *namedProperties) Get(key string) goja.Value {
	d := n.d
	if i, err := strconv.Atoi(key); err == nil {
		if frames := d.frame.Children(); i >= 0 && i < len(frames) {
			return windowOf(frames[i])
		}
		return nil
	}
	for _, f := range d.frame.Children() {
		if f.Name() == key && key != "" {
			return windowOf(f)
		}
	}
	if _, shared := languageGlobals[key]; shared {
		return d.realm.Runtime().GlobalObject().Get(key)
	}
	if e := d.byID(key); e != nil {
		return d.object(e)
	}
	return nil
}

func (n *namedProperties) Has(key string) bool         { return n.Get(key) != nil }
func (n *namedProperties) Set(string, goja.Value) bool { return false }
func (n *namedProperties) Delete(string) bool          { return false }
func (n *namedProperties) Keys() []string              { return nil }

// languageGlobals are the names of the language that f.contentWindow.X must have.
var languageGlobals = map[string]struct{}{}

func init() {
	for _, name := range []string{
		"Object", "Function", "Array", "Number", "Boolean", "String", "Symbol", "BigInt", "Date", "Promise", "RegExp", "Error", "AggregateError",
		"EvalError", "RangeError", "ReferenceError", "SyntaxError", "TypeError", "URIError", "Map", "Set", "WeakMap", "WeakSet", "WeakRef",
		"ArrayBuffer", "DataView", "Int8Array", "Uint8Array", "Uint8ClampedArray", "Int16Array", "Uint16Array", "Int32Array", "Uint32Array",
		"Float32Array", "Float64Array", "BigInt64Array", "BigUint64Array", "JSON", "Math", "Reflect", "Proxy", "NaN", "Infinity", "undefined",
		"parseInt", "parseFloat", "isNaN", "isFinite", "encodeURIComponent", "decodeURIComponent", "encodeURI", "decodeURI", "escape", "unescape",
		"eval", "Intl", "Iterator", "FinalizationRegistry", "Atomics", "SharedArrayBuffer",
	} {
		languageGlobals[name] = struct{}{}
	}
}
