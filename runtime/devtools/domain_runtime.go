package devtools

import (
	"context"
	"strconv"
	"time"

	cdproto "github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/runtime"
	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/runtime/script"
)

// runtimeDomain is Runtime.
func runtimeDomain(t *table) {
	eventOf(t, runtime.ExecutionContextCreated)
	eventOf(t, contextDestroyed)
	eventOf(t, runtime.ExecutionContextsCleared)
	eventOf(t, runtime.ConsoleAPICalled)
	eventOf(t, runtime.ExceptionThrown)
	eventOf(t, runtime.BindingCalled)
	handle(t, runtime.Enable, runtimeEnable)
	handle(t, runtime.Disable, func(_ context.Context, s *session, _ cdproto.Empty) (cdproto.Empty, error) {
		s.disable("Runtime")
		return none, nil
	})
	handle(t, runtime.Evaluate, evaluate)
	handle(t, runtime.CallFunctionOn, callFunctionOn)
	handle(t, runtime.AwaitPromise, awaitPromise)
	handle(t, runtime.GetProperties, getProperties)
	handle(t, runtime.CompileScript, compileScript)
	handle(t, runtime.RunScript, runScript)
	handle(t, runtime.ReleaseObject, func(_ context.Context, s *session, p runtime.ReleaseObjectParams) (cdproto.Empty, error) {
		if _, err := s.objects.get(p.ObjectID); err != nil {
			return none, err
		}
		s.objects.release(func(id string, _ heldObject) bool { return id == string(p.ObjectID) })
		return none, nil
	})
	handle(t, runtime.ReleaseObjectGroup, func(_ context.Context, s *session, p runtime.ReleaseObjectGroupParams) (cdproto.Empty, error) {
		s.objects.release(func(_ string, h heldObject) bool { return h.group == p.ObjectGroup })
		return none, nil
	})
	handle(t, runtime.DiscardConsoleEntries, func(_ context.Context, s *session, _ cdproto.Empty) (cdproto.Empty, error) {
		for _, rs := range s.realmStates() {
			rs.post("devtools", func() { rs.past = nil })
		}
		return none, nil
	})
	handle(t, runtime.AddBinding, addBinding)
	handle(t, runtime.RemoveBinding, func(_ context.Context, s *session, p runtime.RemoveBindingParams) (cdproto.Empty, error) {
		s.server.mu.Lock()
		delete(s.bindings, p.Name)
		s.server.mu.Unlock()
		return none, nil
	})
	handle(t, runtime.RunIfWaitingForDebugger, runIfWaiting)
	handle(t, runtime.GetIsolateID, func(_ context.Context, s *session, _ cdproto.Empty) (runtime.GetIsolateIDResult, error) {
		return runtime.GetIsolateIDResult{ID: s.target.id[:16]}, nil
	})
	handle(t, runtime.GlobalLexicalScopeNames, globalLexicalScopeNames)
	handle(t, runtime.TerminateExecution, func(_ context.Context, s *session, _ cdproto.Empty) (cdproto.Empty, error) {
		return none, failed("Execution cannot be terminated without ending the agent: use ServiceWorker.stopWorker or Target.closeTarget")
	})
	accept(t, named("Runtime.setAsyncCallStackDepth")) // stacks are not collected across tasks
	accept(t, runtime.SetMaxCallStackSizeToCapture)    // whole stacks are
	accept(t, runtime.SetCustomObjectFormatterEnabled) // no formatter is ever asked
}

// realmStates are the realms of the session's target.
func (s *session) realmStates() []*realmState {
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	return append([]*realmState(nil), s.target.realms...)
}

// runtimeEnable tells of the contexts there are, and of what was said before.
func runtimeEnable(_ context.Context, s *session, _ cdproto.Empty) (cdproto.Empty, error) {
	s.server.mu.Lock()
	if s.on["Runtime"] {
		s.server.mu.Unlock()
		return none, nil
	}
	s.on["Runtime"] = true
	realms := append([]*realmState(nil), s.target.realms...)
	for _, rs := range realms {
		for _, w := range rs.worlds {
			emit(s, runtime.ExecutionContextCreated, runtime.EventExecutionContextCreated{Context: s.server.describeWorld(w)})
		}
	}
	s.server.mu.Unlock()
	for _, rs := range realms {
		rs.post("devtools", func() {
			for _, m := range rs.past {
				s.say(rs, m)
			}
		})
	}
	return none, nil
}

// runIfWaiting is Runtime.runIfWaitingForDebugger.
func runIfWaiting(_ context.Context, s *session, _ cdproto.Empty) (cdproto.Empty, error) {
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	s.resumed = true
	t := s.target
	if t == nil {
		return none, nil
	}
	if t.kind == kindTab {
		if page := t.child; page != nil && len(page.waiting) == 0 {
			s.server.startUnlessAwaited(page)
		}
		return none, nil
	}
	if s.on["Debugger"] && t.start != nil && t.page == nil {
		s.server.resumedSoon(t, s)
		return none, nil
	}
	s.server.resumedBy(t, s)
	return none, nil
}

// DevTools lets a worker go first and sets its breakpoints behind that, without waiting.
// In a browser they are there in time. quiet is how long a debugger has to say nothing
// before its worker starts, at most quietAtMost times.
const (
	quiet       = 25 * time.Millisecond
	quietAtMost = 40
)

// resumedSoon is resumedBy once the commands have been handled that a debugger sent
// behind the one that lets its worker go; with Server.mu held.
func (s *Server) resumedSoon(t *subject, x *session) {
	if s.closed {
		return
	}
	start := t.start
	s.others.Go(func() {
		for range quietAtMost {
			before := x.conn.commands.Load()
			select {
			case <-time.After(quiet):
			case <-s.ctx.Done():
			}
			if x.conn.commands.Load() == before || s.ctx.Err() != nil {
				break
			}
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		if t.start == start { // it is the start that was waited for
			s.resumedBy(t, x)
		}
	})
}

// outcome is what became of an evaluation.
type outcome struct {
	result    *runtime.RemoteObject
	exception *runtime.ExceptionDetails
	err       error
}

// run queues work at the world's agent and waits for its outcome later; the work
// ends by calling done, at once or when a promise settles.
func (s *session) run(ctx context.Context, w *world, done chan outcome) (outcome, error) {
	agent := w.realm.realm.Agent()
	select {
	case o := <-done:
		return o, o.err
	case <-ctx.Done():
		return outcome{}, ctx.Err()
	case <-agent.Done():
		select {
		case o := <-done:
			return o, o.err
		default:
		}
		return outcome{}, failed("Execution context was destroyed.")
	case <-w.realm.gone:
		select {
		case o := <-done:
			return o, o.err
		default:
		}
		return outcome{}, failed("Execution context was destroyed.")
	}
}

// settle tells an evaluation's result, after the promise it is when await is set.
// On the loop.
func (s *session) settle(w *world, v goja.Value, err error, await bool, o wrapOptions, done chan outcome) {
	agent := w.realm.realm.Agent()
	if err != nil {
		done <- outcome{result: s.thrownObject(w, err, o), exception: s.exceptionDetails(w, agent.Describe(err), err, o)}
		return
	}
	if await {
		if _, object := v.(*goja.Object); object {
			agent.Then(v, func(v goja.Value) {
				s.settle(w, v, nil, false, o, done)
			}, func(reason goja.Value) {
				e := agent.DescribeValue(reason)
				details := s.exceptionDetails(w, e, nil, o)
				details.Text = "Uncaught (in promise)"
				if e.Name != "" {
					details.Text += " " + e.Name + ": " + e.Message
				}
				done <- outcome{result: details.Exception, exception: details}
			})
			return
		}
	}
	result, err := s.wrap(w, v, o)
	done <- outcome{result: result, err: err}
}

func (s *session) thrownObject(w *world, err error, o wrapOptions) *runtime.RemoteObject {
	r, werr := s.wrap(w, w.realm.thrown(err), wrapOptions{group: o.group, preview: o.preview})
	if werr != nil {
		return &runtime.RemoteObject{Type: runtime.RemoteObjectTypeUndefined}
	}
	return r
}

// exceptionDetails tells of an exception; on the loop.
func (s *session) exceptionDetails(w *world, e *script.Exception, err error, o wrapOptions) *runtime.ExceptionDetails {
	d := &runtime.ExceptionDetails{
		ExceptionID: s.server.nextID(), Text: "Uncaught", URL: sourceURL(e.URL),
		LineNumber: int64(max(e.Line-1, 0)), ColumnNumber: int64(max(e.Column-1, 0)),
		ExecutionContextID: runtime.ExecutionContextID(w.id), StackTrace: s.server.named(w.realm, stackTrace(e.Stack)),
	}
	v := e.Value
	if v == nil && err != nil {
		v = w.realm.thrown(err)
	}
	if r, werr := s.wrap(w, v, wrapOptions{group: o.group, preview: o.preview}); werr == nil {
		d.Exception = r
		if describe := w.realm.realm.Agent().DescribePlatform; describe != nil && r.Subtype == "" {
			asError(r, v, describe)
		}
	}
	return d
}

// asError tells a DOMException that was thrown as V8 does: it is an error.
func asError(r *runtime.RemoteObject, v goja.Value, describe func(*goja.Object) (name, message, stack string)) {
	o, ok := v.(*goja.Object)
	if !ok {
		return
	}
	name, message, stack := describe(o)
	if name == "" && message == "" {
		return
	}
	if stack == "" {
		stack = name + ": " + message
	}
	r.Subtype, r.Description = runtime.RemoteObjectSubtypeError, v8Stack(stack)
	if r.Preview != nil {
		r.Preview.Subtype, r.Preview.Description = runtime.ObjectPreviewSubtypeError, r.Description
	}
}

// nextID is a number no other exception, script or stream has.
func (s *Server) nextID() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ids++
	return s.ids
}

func on(b *bool) bool { return b != nil && *b }

func evaluate(_ context.Context, s *session, p runtime.EvaluateParams) (runtime.EvaluateResult, error) {
	var id *int64
	if p.ContextID != 0 {
		n := int64(p.ContextID)
		id = &n
	}
	w, err := s.worldOf(id, p.UniqueContextID)
	if err != nil {
		return runtime.EvaluateResult{}, err
	}
	o := newWrap(p.ObjectGroup, p.ReturnByValue, p.GeneratePreview, p.SerializationOptions)
	done := make(chan outcome, 1)
	w.realm.post("Runtime.evaluate", func() {
		if on(p.UserGesture) && w.realm.frame != nil {
			w.realm.frame.Page().Activate()
		}
		if on(p.ThrowOnSideEffect) {
			v, err := w.realm.pure(p.Expression, func(name string) (goja.Value, error) { return w.realm.evaluate(name, "") })
			s.settle(w, v, err, false, o, done)
			return
		}
		var v goja.Value
		var err error
		w.realm.evaluatingFor(on(p.Silent), func() { v, err = w.realm.evaluateREPL(p.Expression, on(p.ReplMode)) })
		s.settle(w, v, err, on(p.AwaitPromise) || on(p.ReplMode) && isREPLPromise(p.Expression), o, done)
	})
	return later(s, func(ctx context.Context) (runtime.EvaluateResult, error) {
		r, err := s.run(ctx, w, done)
		return runtime.EvaluateResult{Result: r.result, ExceptionDetails: r.exception}, err
	})
}

func callFunctionOn(_ context.Context, s *session, p runtime.CallFunctionOnParams) (runtime.CallFunctionOnResult, error) {
	w, this, err := s.callee(p)
	if err != nil {
		return runtime.CallFunctionOnResult{}, err
	}
	o := newWrap(p.ObjectGroup, p.ReturnByValue, p.GeneratePreview, p.SerializationOptions)
	done := make(chan outcome, 1)
	agent := w.realm.realm.Agent()
	w.realm.post("Runtime.callFunctionOn", func() {
		if on(p.UserGesture) && w.realm.frame != nil {
			w.realm.frame.Page().Activate()
		}
		arguments := make([]goja.Value, len(p.Arguments))
		for i, a := range p.Arguments {
			v, err := s.argument(w.realm, a)
			if err != nil {
				done <- outcome{err: err}
				return
			}
			arguments[i] = v
		}
		f, err := w.realm.evaluate("("+p.FunctionDeclaration+"\n)", nameOf(p.FunctionDeclaration))
		if err != nil {
			s.settle(w, nil, err, false, o, done)
			return
		}
		call, ok := goja.AssertFunction(f)
		if !ok {
			done <- outcome{err: failed("Given expression does not evaluate to a function")}
			return
		}
		if this == nil {
			this = w.realm.realm.Global()
		}
		var v goja.Value
		w.realm.evaluatingFor(on(p.Silent), func() { v, err = agent.Call(call, this, arguments...) })
		s.settle(w, v, err, on(p.AwaitPromise), o, done)
	})
	return later(s, func(ctx context.Context) (runtime.CallFunctionOnResult, error) {
		r, err := s.run(ctx, w, done)
		return runtime.CallFunctionOnResult{Result: r.result, ExceptionDetails: r.exception}, err
	})
}

// callee is where a function is to be called, and its this.
func (s *session) callee(p runtime.CallFunctionOnParams) (*world, goja.Value, error) {
	if p.ObjectID != "" {
		h, err := s.objects.get(p.ObjectID)
		return h.world, h.value, err
	}
	if p.ExecutionContextID == 0 && p.UniqueContextID == "" {
		return nil, nil, invalid("Either objectId or executionContextId or uniqueContextId must be specified")
	}
	var id *int64
	if p.ExecutionContextID != 0 {
		n := int64(p.ExecutionContextID)
		id = &n
	}
	w, err := s.worldOf(id, p.UniqueContextID)
	return w, nil, err
}

func awaitPromise(_ context.Context, s *session, p runtime.AwaitPromiseParams) (runtime.AwaitPromiseResult, error) {
	h, err := s.objects.get(p.PromiseObjectID)
	if err != nil {
		return runtime.AwaitPromiseResult{}, err
	}
	if o, ok := h.value.(*goja.Object); !ok || hint(o) != "Promise" {
		return runtime.AwaitPromiseResult{}, failed("Could not find promise with given id")
	}
	done := make(chan outcome, 1)
	h.world.realm.post("Runtime.awaitPromise", func() {
		s.settle(h.world, h.value, nil, true, newWrap(h.group, p.ReturnByValue, p.GeneratePreview, nil), done)
	})
	return later(s, func(ctx context.Context) (runtime.AwaitPromiseResult, error) {
		r, err := s.run(ctx, h.world, done)
		return runtime.AwaitPromiseResult{Result: r.result, ExceptionDetails: r.exception}, err
	})
}

func getProperties(_ context.Context, s *session, p runtime.GetPropertiesParams) (runtime.GetPropertiesResult, error) {
	h, err := s.objects.get(p.ObjectID)
	if err != nil {
		return runtime.GetPropertiesResult{}, err
	}
	done := make(chan outcome, 1)
	var r runtime.GetPropertiesResult
	h.world.realm.post("Runtime.getProperties", func() {
		r.Result = s.propertyDescriptors(h, p)
		if !on(p.AccessorPropertiesOnly) {
			r.InternalProperties = s.internalProperties(h)
		}
		done <- outcome{}
	})
	return later(s, func(ctx context.Context) (runtime.GetPropertiesResult, error) {
		_, err := s.run(ctx, h.world, done)
		return r, err
	})
}

func (s *session) propertyDescriptors(h heldObject, p runtime.GetPropertiesParams) []*runtime.PropertyDescriptor {
	if h.scope != nil {
		if on(p.AccessorPropertiesOnly) {
			return []*runtime.PropertyDescriptor{}
		}
		return s.scopeProperties(h, on(p.GeneratePreview))
	}
	o := wrapOptions{group: h.group, preview: on(p.GeneratePreview)}
	out := []*runtime.PropertyDescriptor{}
	wrap := func(v goja.Value) *runtime.RemoteObject {
		if v == nil {
			return nil
		}
		r, err := s.wrap(h.world, v, o)
		if err != nil {
			return nil
		}
		return r
	}
	for _, d := range h.world.realm.properties(h.value, on(p.OwnProperties), on(p.AccessorPropertiesOnly), on(p.NonIndexedPropertiesOnly)) {
		x := &runtime.PropertyDescriptor{Name: d.key, Enumerable: d.enumerable, Configurable: d.configurable, Writable: d.writable, IsOwn: d.own}
		if d.symbol != nil {
			x.Symbol = wrap(d.symbol)
		}
		if d.accessor {
			x.Get, x.Set = wrap(orUndefined(d.get)), wrap(orUndefined(d.set))
		} else {
			x.Value = wrap(d.value)
		}
		out = append(out, x)
	}
	return out
}

func orUndefined(v goja.Value) goja.Value {
	if v == nil {
		return goja.Undefined()
	}
	return v
}

// internalProperties are [[Prototype]] and a promise's state.
func (s *session) internalProperties(h heldObject) []*runtime.InternalPropertyDescriptor {
	o, ok := h.value.(*goja.Object)
	if !ok || h.scope != nil || hint(o) == "Proxy" {
		return nil
	}
	wrap := wrapOptions{group: h.group}
	out := []*runtime.InternalPropertyDescriptor{}
	add := func(name string, v goja.Value) {
		if r, err := s.wrap(h.world, v, wrap); err == nil {
			out = append(out, &runtime.InternalPropertyDescriptor{Name: name, Value: r})
		}
	}
	if proto := o.Prototype(); proto != nil {
		add("[[Prototype]]", proto)
	} else {
		add("[[Prototype]]", goja.Null())
	}
	if p, ok := promiseOf(o); ok {
		rt := h.world.realm.realm.Runtime()
		state := promiseStates[p.State()]
		add("[[PromiseState]]", rt.ToValue(state))
		add("[[PromiseResult]]", orUndefined(p.Result()))
	}
	return out
}

func promiseOf(o *goja.Object) (*goja.Promise, bool) {
	if hint(o) != "Promise" {
		return nil, false
	}
	p, ok := o.Export().(*goja.Promise)
	return p, ok
}

// compileScript checks the syntax, and keeps the source when it is to be run later.
func compileScript(_ context.Context, s *session, p runtime.CompileScriptParams) (runtime.CompileScriptResult, error) {
	w, err := s.worldOf(contextID(p.ExecutionContextID), "")
	if err != nil {
		return runtime.CompileScriptResult{}, err
	}
	if _, err := script.Compile(p.SourceURL, []byte(p.Expression)); err != nil {
		done := make(chan outcome, 1)
		w.realm.post("Runtime.compileScript", func() {
			done <- outcome{exception: s.exceptionDetails(w, w.realm.realm.Agent().Describe(err), err, wrapOptions{})}
		})
		return later(s, func(ctx context.Context) (runtime.CompileScriptResult, error) {
			r, err := s.run(ctx, w, done)
			return runtime.CompileScriptResult{ExceptionDetails: r.exception}, err
		})
	}
	if !p.PersistScript {
		return runtime.CompileScriptResult{}, nil
	}
	id := strconv.FormatInt(s.server.nextID(), 10)
	s.server.mu.Lock()
	if s.page.compiled == nil {
		s.page.compiled = map[string]compiledScript{}
	}
	s.page.compiled[id] = compiledScript{p.SourceURL, p.Expression}
	s.server.mu.Unlock()
	return runtime.CompileScriptResult{ScriptID: cdproto.ScriptID(id)}, nil
}

// compiledScript is a script that Runtime.compileScript keeps.
type compiledScript struct{ url, source string }

func contextID(id runtime.ExecutionContextID) *int64 {
	if id == 0 {
		return nil
	}
	n := int64(id)
	return &n
}

func runScript(_ context.Context, s *session, p runtime.RunScriptParams) (runtime.RunScriptResult, error) {
	s.server.mu.Lock()
	c, found := s.page.compiled[string(p.ScriptID)]
	s.server.mu.Unlock()
	if !found {
		return runtime.RunScriptResult{}, failed("No script with given id")
	}
	w, err := s.worldOf(contextID(p.ExecutionContextID), "")
	if err != nil {
		return runtime.RunScriptResult{}, err
	}
	done := make(chan outcome, 1)
	w.realm.post("Runtime.runScript", func() {
		v, err := w.realm.evaluate(c.source, c.url)
		s.settle(w, v, err, on(p.AwaitPromise), newWrap(p.ObjectGroup, p.ReturnByValue, p.GeneratePreview, nil), done)
	})
	return later(s, func(ctx context.Context) (runtime.RunScriptResult, error) {
		r, err := s.run(ctx, w, done)
		return runtime.RunScriptResult{Result: r.result, ExceptionDetails: r.exception}, err
	})
}
