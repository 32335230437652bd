package window

import (
	"context"
	"errors"
	"fmt"

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

// workerSpec is what a dedicated or shared worker is started with.
type workerSpec struct {
	kind        env.Kind
	url         *fetch.URL
	module      bool
	name        string
	credentials fetch.Credentials
	source      *inheritance
	owner       *Document     // of a dedicated worker
	outside     *workerObject // the object in it
}

// workerScope is the global of a dedicated or shared worker.
type workerScope struct {
	workerscope.Scope
	worker    *Worker
	spec      workerSpec
	evaluated bool
	waiting   []func() // what arrives before the script has run
	outside   *workerObject
}

// errWorkerClosed is close().
var errWorkerClosed = errors.New("the worker closed itself")

var dedicatedScope = &idl.Interface{Name: "DedicatedWorkerGlobalScope", Parent: workerscope.Interface}

var sharedScope = &idl.Interface{Name: "SharedWorkerGlobalScope", Parent: workerscope.Interface}

func init() {
	scope := func(c *idl.Call) *workerScope { return idl.This[*workerScope](c) }
	name := idl.Attr("name", func(c *idl.Call) goja.Value { return c.Value(scope(c).spec.name) }, nil)
	end := idl.Method("close", 0, func(c *idl.Call) goja.Value { scope(c).worker.Terminate(errWorkerClosed); return nil })
	dedicatedScope.Members = []idl.Member{
		name, end, dom.Handler("message"), dom.Handler("messageerror"),
		idl.Method("postMessage", 1, func(c *idl.Call) goja.Value {
			s := scope(c)
			m := messaging.Serialize(c, c.Arg(0), messaging.TransferList(c, 1))
			out := s.outside
			out.doc.queue("posted message", func() { messaging.FireMessage(&out.Target, m, "", nil) })
			return nil
		}),
	}
	sharedScope.Members = []idl.Member{name, end, dom.Handler("connect")}
}

// startWorker starts a worker: its agent and realm at once, its script when it is
// there. failed is told, off every loop, when there is none.
func (c *Context) startWorker(spec workerSpec, failed func(err error)) (*Worker, *workerScope) {
	b := c.browser
	o := runtime.ClientOptions{Type: runtime.ClientWorker, FrameType: "none", URL: spec.url, Origin: spec.source.origin, StorageKey: spec.source.storageKey, Secure: spec.source.secure}
	if spec.kind == env.SharedWorker {
		o.Type = runtime.ClientSharedWorker
	}
	if spec.url.Scheme() == "blob" {
		o.Controller = spec.source.controller
	}
	if spec.url.Scheme() == "data" {
		o.Origin, o.StorageKey = fetch.OpaqueOrigin(), "null"
	}
	w := &Worker{context: c, id: b.newID(), kind: spec.kind, url: spec.url.String(), name: spec.name, client: c.engine.NewClient(o)}
	if spec.owner != nil {
		w.owner = spec.owner.frame
	}
	w.agent = script.New(script.Options{Name: w.url, Clock: b.clock, Rand: b.options.Random, Logger: b.log})
	w.end = func(reason error) {
		w.client.Discard()
		w.agent.Terminate(reason)
	}
	s := &workerScope{worker: w, spec: spec, outside: spec.outside}
	_ = w.agent.Do(context.Background(), "set up", func() { c.setUpWorker(w, s) })
	c.started(w)
	_ = w.agent.Do(context.Background(), "realm", func() { b.observe.RealmCreated(w.realm, nil, w) })
	c.watchEnd(w)
	w.agent.Go(func(ctx context.Context) {
		if b.options.Hold != nil {
			b.options.Hold(ctx, nil, w)
		}
		c.runWorker(ctx, w, s, failed)
	})
	return w, s
}

func (c *Context) setUpWorker(w *Worker, s *workerScope) {
	realm := w.agent.NewRealm(nil)
	w.realm = realm
	settings := c.settings(func() fetch.Client { return w.fetchClient() })
	settings.Kind, settings.ID, settings.Client = s.spec.kind, w.client.ID(), w.client
	settings.CreationURL, settings.BaseURL = w.client.URL, w.client.URL
	settings.Origin, settings.StorageKey, settings.Secure = w.client.Origin(), w.client.StorageKey(), s.spec.source.secure
	settings.Caches = c.cachesFor(w.client.Origin(), w.client.StorageKey(), settings.Secure)
	settings.Console = func(level string, args []goja.Value) { c.browser.observe.Console(w.realm, level, args) }
	env.Attach(realm, settings)
	r := idl.Of(realm)
	s.Uncaught = func(e *workerscope.Uncaught) { c.workerError(w, s, e) }
	s.ImportScripts = func(call *idl.Call, urls []string) { s.importScripts(call, urls) }
	i := dedicatedScope
	if s.spec.kind == env.SharedWorker {
		i = sharedScope
	}
	workerscope.Install(r, i, s)
	idl.Expose(r, dom.Interfaces...)
	_, environment := serviceworker.InstallContainer(r)
	if controller := w.client.Controller(); controller != nil {
		serviceworker.ContainerOf(r).SetController(controller)
	}
	w.client.SetEnvironment(environment)
	base.Install(r, s)
	idl.Expose(r, xmlHTTPRequest, xhrEventTarget, xhrUpload)
}

// workerError tells the worker object of an exception nobody handled.
func (c *Context) workerError(w *Worker, s *workerScope, e *workerscope.Uncaught) {
	c.browser.observe.Exception(w.realm, e.Exception, e.InPromise)
	out := s.outside
	if out == nil || e.InPromise {
		return
	}
	message, url, line, column := runtime.Uncaught(e.Exception, false), e.URL, e.Line, e.Column
	out.doc.queue("error", func() {
		out.Fire(dom.ErrorEvent, &dom.Failure{Event: dom.Event{Type: "error", Cancelable: true}, Message: message, Filename: url, Line: line, Column: column, Value: goja.Null()})
	})
}

// runWorker fetches and runs the worker's script.
func (c *Context) runWorker(ctx context.Context, w *Worker, s *workerScope, failed func(err error)) {
	source, sources, err := c.workerSource(ctx, w, s.spec)
	if err != nil {
		failed(err)
		w.Terminate(err)
		return
	}
	w.client.ExecutionReady()
	w.agent.Queue("run the worker", func() {
		compile := w.agent.Compile
		if s.spec.module {
			compile = script.Compile // a bundle has no text of its own to stop in
		}
		p, err := compile(w.url, []byte(source))
		if err == nil {
			for _, s := range sources {
				w.realm.Source(s)
			}
			_, err = w.agent.Run(p)
		}
		if err != nil {
			w.realm.ReportError(err)
		}
		s.evaluated = true
		serviceworker.ContainerOf(idl.Of(w.realm)).StartMessages()
		for _, f := range s.waiting {
			f()
		}
		s.waiting = nil
	})
}

func (c *Context) workerSource(ctx context.Context, w *Worker, spec workerSpec) (string, []script.Source, error) {
	r := fetch.NewRequest(spec.url)
	r.Destination, r.Mode, r.Credentials, r.UseURLCredentials = "worker", "same-origin", "same-origin", true
	if spec.kind == env.SharedWorker {
		r.Destination = "sharedworker"
	}
	r.Origin, r.ClientID, r.ReservedClientID = spec.source.origin, spec.source.client.ID, w.client.ID()
	r.ReferrerPolicy = spec.source.policy
	if spec.module {
		r.Credentials = spec.credentials
	}
	response := c.fetcher.Fetch(ctx, r, spec.source.client)
	body, err := readBody(ctx, response)
	if err != nil {
		return "", nil, err
	}
	inner := response.Unfiltered()
	if inner.Status != 0 && !inner.OK() {
		return "", nil, fmt.Errorf("the script answered with status %d", inner.Status)
	}
	if u := inner.URL(); u != nil && !inner.FromServiceWorker {
		w.client.SetURL(u)
	}
	if m, ok := fetch.ExtractMIMEType(inner.Headers); spec.url.IsHTTP() && (!ok || !isJavaScript(m.Essence())) {
		return "", nil, errors.New("the script has a MIME type that is not JavaScript")
	}
	source := fetchapi.DecodeUTF8(body)
	if !spec.module {
		return source, []script.Source{{URL: w.url, Text: func() string { return source }}}, nil
	}
	loader := &moduleLoader{client: w.fetchClient(), credentials: spec.credentials, origin: spec.source.origin, context: c, ctx: ctx}
	bundle, err := loader.bundle(spec.url.String(), &source)
	return bundle, loader.sources, err
}

// importScripts blocks the worker's loop while scripts are fetched.
func (s *workerScope) importScripts(c *idl.Call, urls []string) {
	if s.spec.module {
		panic(c.Fail("Module scripts don't support importScripts()."))
	}
	w := s.worker
	var parsed []*fetch.URL
	for _, href := range urls {
		u, err := fetch.ParseURL(href, w.client.URL())
		if err != nil {
			panic(c.Exception("SyntaxError", "The URL '%s' is invalid.", href))
		}
		parsed = append(parsed, u)
	}
	for _, u := range parsed {
		r := fetch.NewRequest(u)
		r.Destination, r.Mode, r.Credentials = "script", "no-cors", "include"
		response := w.context.fetcher.Fetch(w.agent.Context(), r, w.fetchClient())
		body, err := readBody(w.agent.Context(), response)
		inner := response.Unfiltered()
		m, _ := fetch.ExtractMIMEType(inner.Headers)
		if err != nil || inner.Status != 0 && !inner.OK() || u.IsHTTP() && !isJavaScript(m.Essence()) {
			panic(c.Exception("NetworkError", "The script at '%s' failed to load.", u))
		}
		source := fetchapi.DecodeUTF8(body)
		p, err := w.agent.Compile(u.String(), []byte(source))
		if err != nil {
			panic(thrown(c.Realm, err))
		}
		w.realm.Source(script.Source{URL: u.String(), Text: func() string { return source }})
		if _, err := w.agent.Run(p); err != nil {
			panic(script.Thrown(c.Runtime(), err))
		}
	}
}

// deliver runs f when the worker's script has run.
func (s *workerScope) deliver(f func()) {
	s.worker.agent.Queue("posted message", func() {
		if !s.evaluated {
			s.waiting = append(s.waiting, f)
			return
		}
		f()
	})
}

// workerObject is the implementation of a Worker.
type workerObject struct {
	dom.Target
	doc    *Document
	worker *Worker
	scope  *workerScope
}

var workerInterface = &idl.Interface{Name: "Worker", Parent: dom.EventTarget, Length: 1}

func init() {
	object := func(c *idl.Call) *workerObject { return idl.This[*workerObject](c) }
	workerInterface.New = func(c *idl.Call) any {
		d := documentOf(c.Realm)
		o := &workerObject{doc: d}
		o.Bind(c.Realm, c.Object)
		spec := workerOptions(c, d, env.DedicatedWorker)
		spec.owner, spec.outside = d, o
		o.worker, o.scope = d.frame.page.context.startWorker(spec, func(error) {
			d.queue("error", func() { o.FireSimple("error") })
		})
		c.Realm.OnDestroy(func() { o.worker.Terminate(runtime.ErrClosed) })
		return o
	}
	workerInterface.Members = []idl.Member{
		idl.Method("postMessage", 1, func(c *idl.Call) goja.Value {
			o := object(c)
			m := messaging.Serialize(c, c.Arg(0), messaging.TransferList(c, 1))
			s := o.scope
			s.deliver(func() { messaging.FireMessage(&s.Target, m, "", nil) })
			return nil
		}),
		idl.Method("terminate", 0, func(c *idl.Call) goja.Value { object(c).worker.Terminate(runtime.ErrClosed); return nil }),
		dom.Handler("message"), dom.Handler("messageerror"), dom.Handler("error"),
	}
}

// workerOptions are the arguments of new Worker and new SharedWorker.
func workerOptions(c *idl.Call, d *Document, kind env.Kind) workerSpec {
	u, err := fetch.ParseURL(c.String(0), d.base())
	if err != nil {
		panic(c.Exception("SyntaxError", "Failed to parse URL '%s'.", c.String(0)))
	}
	spec := workerSpec{kind: kind, url: u, credentials: "same-origin", source: d.inheritance()}
	if o, ok := c.Arg(1).(*goja.Object); ok {
		opts := idl.ToDict(c, o)
		spec.credentials = fetch.Credentials(opts.Enum("credentials", "same-origin", "RequestCredentials", "omit", "same-origin", "include"))
		spec.name = opts.String("name", "")
		spec.module = opts.Enum("type", "classic", "WorkerType", "classic", "module") == "module"
	} else if c.Has(1) && kind == env.SharedWorker {
		spec.name = c.String(1)
	}
	if u.Scheme() != "data" && !u.Origin().Same(d.origin) && u.Scheme() != "blob" {
		panic(c.Exception("SecurityError", "Script at '%s' cannot be accessed from origin '%s'.", u, d.origin))
	}
	return spec
}
