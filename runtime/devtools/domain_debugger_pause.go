package devtools

import (
	"context"
	"errors"
	"strconv"

	cdproto "github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/debugger"
	"github.com/chromedp/cdproto/runtime"

	"github.com/swinspect/swinspect/runtime/script"
)

// pausedEvent is Debugger.paused with what cdproto leaves out and clients read.
var pausedEvent = cdproto.Event[eventPaused]{Method: debugger.Paused.Method}

type eventPaused struct {
	CallFrames      []*callFrameOnWire    `json:"callFrames"`
	Reason          debugger.PausedReason `json:"reason"`
	Data            any                   `json:"data,omitzero"`
	HitBreakpoints  []string              `json:"hitBreakpoints"`
	AsyncStackTrace *runtime.StackTrace   `json:"asyncStackTrace,omitzero"`
}

// pauseGroup is V8's object group of what a pause shows: released when it ends.
const pauseGroup = "backtrace"

// maxSkips bounds the steps that leave blackboxed ranges, as V8 does.
const maxSkips = 10

// pauseCommands are the commands that stop script and let it go on.
func pauseCommands(t *table) {
	handle(t, debugger.Pause, pause)
	handle(t, debugger.SetPauseOnExceptions, func(ctx context.Context, s *session, p debugger.SetPauseOnExceptionsParams) (cdproto.Empty, error) {
		mode := script.ExceptionMode(p.State)
		switch mode {
		case script.NoExceptions, script.UncaughtExceptions, script.CaughtExceptions, script.AllExceptions:
		default:
			return none, failed("Unknown pause on exceptions mode: %s", p.State)
		}
		if err := s.change(func(d *debugSession) { d.exceptions = mode }); err != nil || mode == script.NoExceptions {
			return none, err
		}
		return none, needing(ctx, s)
	})
	handle(t, debugger.SetSkipAllPauses, func(_ context.Context, s *session, p debugger.SetSkipAllPausesParams) (cdproto.Empty, error) {
		err := s.change(func(d *debugSession) { d.skip = p.Skip })
		if errors.Is(err, errNotDebugging) {
			err = nil // as V8, which has this one remembered
		}
		return none, err
	})
	handle(t, debugger.SetAsyncCallStackDepth, func(ctx context.Context, s *session, p debugger.SetAsyncCallStackDepthParams) (cdproto.Empty, error) {
		err := s.change(func(d *debugSession) { d.asyncDepth = p.MaxDepth })
		if err == nil && p.MaxDepth > 0 {
			_ = needing(ctx, s) // the first breakpoint says what hinders it
		}
		return none, err
	})
	handle(t, debugger.SetBlackboxPatterns, func(_ context.Context, s *session, p debugger.SetBlackboxPatternsParams) (cdproto.Empty, error) {
		var all []pattern
		for _, source := range p.Patterns {
			x, err := newPattern(source, false)
			if err != nil {
				return none, failed("Pattern parser error: %v", err)
			}
			all = append(all, x)
		}
		return none, s.change(func(d *debugSession) { d.blackbox, d.anonymous = all, on(p.SkipAnonymous) })
	})
	handle(t, debugger.SetBlackboxedRanges, setBlackboxedRanges)
	accept(t, debugger.SetBlackboxExecutionContexts) // a worker has one, and who debugs it wants it
	goOn(t, debugger.CommandResume, (*script.Debugger).Resume)
	goOn(t, debugger.CommandStepOver, (*script.Debugger).StepOver)
	goOn(t, debugger.CommandStepInto, (*script.Debugger).StepInto)
	goOn(t, debugger.CommandStepOut, (*script.Debugger).StepOut)
	handle(t, debugger.ContinueToLocation, continueToLocation)
	handle(t, debugger.RestartFrame, func(context.Context, *session, debugger.RestartFrameParams) (cdproto.Empty, error) {
		return none, failed("Restarting frame failed: no frame can be restarted")
	})
	handle(t, debugger.SetReturnValue, func(context.Context, *session, debugger.SetReturnValueParams) (cdproto.Empty, error) {
		return none, failed("Return value cannot be changed")
	})
	handle(t, debugger.GetStackTrace, func(context.Context, *session, debugger.GetStackTraceParams) (debugger.GetStackTraceResult, error) {
		// Stacks are told with all their parents: no id of one is ever given.
		return debugger.GetStackTraceResult{}, failed("Stack trace with given id is not found")
	})
}

// pause is Debugger.pause. A worker that has to be restarted for it stops at its first
// statement.
func pause(ctx context.Context, s *session, _ cdproto.Empty) (cdproto.Empty, error) {
	if !s.enabled("Debugger") {
		return none, errNotDebugging
	}
	t := s.withoutProbes(func(*sourced) bool { return true })
	if t == nil {
		return none, s.withDebuggees((*debuggee).pauseSoon)
	}
	mark := func(on bool) {
		s.server.mu.Lock()
		defer s.server.mu.Unlock()
		t.pauseAtStart = on
	}
	mark(true)
	defer mark(false)
	return none, s.server.restart(ctx, t)
}

// withDebuggees runs f on each; with Server.mu held.
func (s *session) withDebuggees(f func(*debuggee)) error {
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	if !s.on["Debugger"] {
		return errNotDebugging
	}
	for _, g := range s.debuggees() {
		f(g)
	}
	return nil
}

var errNotPaused = failed("Can only perform operation while paused.")

// held is the debuggee that is paused; with Server.mu held.
func (s *session) held() (*debuggee, error) {
	for _, g := range s.debuggees() {
		if g.pause != nil && !g.frozen && s.on["Debugger"] {
			return g, nil
		}
	}
	return nil, errNotPaused
}

// goOn registers a command that ends a pause.
func goOn(t *table, method string, f func(*script.Debugger) error) {
	handle(t, cdproto.Command[map[string]any, cdproto.Empty]{Method: method}, func(_ context.Context, s *session, _ map[string]any) (cdproto.Empty, error) {
		s.server.mu.Lock()
		defer s.server.mu.Unlock()
		g, err := s.held()
		if err != nil {
			return none, err
		}
		g.skips, g.runsTo = 0, false
		return none, onWire(f(g.d))
	})
}

// onWire is an error of the debugger as V8 words it.
func onWire(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, script.ErrNotPaused):
		return errNotPaused
	case errors.Is(err, script.ErrNoLocation):
		return errUnresolved
	}
	return failed("%v", err)
}

func continueToLocation(_ context.Context, s *session, p debugger.ContinueToLocationParams) (cdproto.Empty, error) {
	if p.Location == nil {
		return none, invalid("Invalid parameters")
	}
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	g, err := s.held()
	if err != nil {
		return none, err
	}
	x := s.script(p.Location.ScriptID)
	if x == nil || x.debug == nil {
		return none, failed("Cannot continue to specified location")
	}
	at := locationOf(p.Location)
	if p.Location.ColumnNumber == nil {
		at.Column = 0
	}
	g.runsTo = true
	return none, onWire(g.d.RunTo(x.debug, at.Line, at.Column))
}

func setBlackboxedRanges(_ context.Context, s *session, p debugger.SetBlackboxedRangesParams) (cdproto.Empty, error) {
	var list []position
	for _, at := range p.Positions {
		if at == nil {
			return none, invalid("Invalid parameters")
		}
		next := position{int(at.LineNumber), int(at.ColumnNumber)}
		if next.line < 0 || next.column < 0 {
			return none, failed("Position missing 'line' or 'line' < 0.")
		}
		if n := len(list); n > 0 && !list[n-1].before(next) {
			return none, failed("Input positions array is not sorted or contains duplicate values.")
		}
		list = append(list, next)
	}
	s.server.mu.Lock()
	found := s.script(p.ScriptID) != nil
	s.server.mu.Unlock()
	if !found {
		return none, failed("No script with passed id.")
	}
	return none, s.change(func(d *debugSession) {
		if d.ranges == nil {
			d.ranges = map[string][]position{}
		}
		d.ranges[string(p.ScriptID)] = list
	})
}

// paused is told that the script is held. On the loop.
func (g *debuggee) paused(p *script.Pause) {
	if g.copy != nil && !g.copyPaused() {
		return
	}
	s := g.server
	s.mu.Lock()
	g.pauses++
	g.pause = p
	pauses := g.pauses
	var tell []*session
	clear(g.told)
	for _, x := range s.sessionsOf(g.rs.target, "Debugger") {
		if !x.debugging.skip {
			tell = append(tell, x)
			g.told[x] = true
		}
	}
	switch {
	case len(tell) == 0, p.ConditionError != "" && len(p.Hit) == 1 && p.Reason == script.PauseOnBreakpoint:
		// V8 does not stop where a condition throws.
		clear(g.told)
		s.mu.Unlock()
		_ = g.d.Resume()
		return
	case g.outOfSight(p, tell):
		g.skips++
		clear(g.told)
		s.mu.Unlock()
		_ = g.d.StepInto()
		return
	}
	if r := g.rs.target.restarting; r != nil {
		r.end(nil) // whoever waits for it has to be able to go on
	}
	s.mu.Unlock()
	g.tellPause(tell, p, pauses)
}

// outOfSight reports a step that ends, or an exception that is thrown, where every
// session has blackboxed the range. With Server.mu held.
func (g *debuggee) outOfSight(p *script.Pause, tell []*session) bool {
	if p.Reason != script.PauseOnStep && p.Reason != script.PauseOnException || len(p.Frames) == 0 || g.skips >= maxSkips {
		return false
	}
	top := p.Frames[0]
	x := g.scripts[top.Script]
	for _, s := range tell {
		if x == nil || !s.debugging.inRange(x, position{top.Line - 1, max(top.Column-1, 0)}) {
			return false
		}
	}
	return true
}

// tellPause tells sessions of the pause. On the loop, in it.
func (g *debuggee) tellPause(to []*session, p *script.Pause, pauses int64) {
	s := g.server
	s.mu.Lock()
	over := g.pauses != pauses || g.pause == nil
	g.skips = 0
	stepped := p.Reason == script.PauseOnStep && !g.runsTo
	first := g.first
	if p.Reason == script.PauseOnRequest && first != nil {
		g.first = nil
	} else {
		first = nil
	}
	s.mu.Unlock()
	if over {
		return
	}
	for _, x := range to {
		e := eventPaused{CallFrames: g.callFrames(x, p, pauses), Reason: debugger.PausedReasonOther, HitBreakpoints: []string{}}
		s.mu.Lock()
		for _, low := range p.Hit {
			if o := g.owners[low]; o.session == x {
				e.HitBreakpoints = append(e.HitBreakpoints, o.id)
			}
		}
		depth := x.debugging.asyncDepth
		s.mu.Unlock()
		e.AsyncStackTrace = g.asyncStack(p.Async, depth)
		e.Reason, e.Data = g.reason(x, p, first, stepped, len(e.HitBreakpoints) > 0)
		emit(x, pausedEvent, e)
	}
}

// why is one of several reasons of a pause.
type why struct {
	Reason  debugger.PausedReason `json:"reason"`
	AuxData any                   `json:"auxData,omitzero"`
}

type reasons struct {
	Reasons []why `json:"reasons"`
}

// thrownOnWire is what was thrown, in a pause's data.
type thrownOnWire struct {
	*remoteObject
	Uncaught bool `json:"uncaught"`
}

type scriptOnWire struct {
	ScriptID     string `json:"scriptId"`
	URL          string `json:"url"`
	SourceMapURL string `json:"sourceMapURL,omitzero"`
}

// reason is why it paused, in V8's words, and the data of that.
func (g *debuggee) reason(x *session, p *script.Pause, first *sourced, stepped, hit bool) (debugger.PausedReason, any) {
	switch {
	case first != nil:
		return debugger.PausedReasonInstrumentation, scriptOnWire{first.id, first.source.URL, sourceMapOf(first.text)}
	case p.Reason == script.PauseOnException:
		r, err := x.wrap(g.rs.worlds[0], p.Exception, wrapOptions{group: pauseGroup})
		if err != nil {
			r = &runtime.RemoteObject{Type: runtime.RemoteObjectTypeUndefined}
		}
		if o, ok := p.Exception.(interface{ ClassName() string }); ok && o != nil {
			if describe := g.rs.realm.Agent().DescribePlatform; describe != nil && r.Subtype == "" {
				asError(r, p.Exception, describe)
			}
		}
		if p.Rejection {
			return debugger.PausedReasonPromiseRejection, thrownOnWire{(*remoteObject)(r), p.Uncaught}
		}
		return debugger.PausedReasonException, thrownOnWire{(*remoteObject)(r), p.Uncaught}
	case stepped && hit:
		return debugger.PausedReasonAmbiguous, reasons{[]why{{Reason: debugger.PausedReasonOther}, {Reason: debugger.PausedReasonStep}}}
	case stepped:
		return debugger.PausedReasonStep, nil
	}
	return debugger.PausedReasonOther, nil
}

// resumed is told that the script goes on. On the loop.
func (g *debuggee) resumed() {
	s := g.server
	s.mu.Lock()
	g.pause = nil
	told := make([]*session, 0, len(g.told))
	for x := range g.told {
		told = append(told, x)
		emit(x, debugger.Resumed, debugger.EventResumed{})
	}
	clear(g.told)
	s.mu.Unlock()
	for _, x := range told {
		x.objects.release(func(_ string, h heldObject) bool { return h.group == pauseGroup && h.world.realm == g.rs })
	}
}

// frameID numbers a frame of a pause: "isolate.pause.frame".
func frameID(pauses int64, index int) debugger.CallFrameID {
	return debugger.CallFrameID("1." + strconv.FormatInt(pauses, 10) + "." + strconv.Itoa(index))
}
