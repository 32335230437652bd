package dap

import (
	"cmp"
	"context"
	"fmt"
	"path/filepath"
	"slices"

	godap "github.com/google/go-dap"

	"github.com/swinspect/swinspect/breakpoints"
	"github.com/swinspect/swinspect/inspector/debugger"
)

// told is what the client was told so far.
type told struct {
	pauses   map[string]uint64 // id of the pause it knows of, by thread; 0: it runs
	moved    map[string]bool   // the client itself let it go on
	points   map[int]godap.Breakpoint
	scripts  map[string]bool
	log      uint64 // number of the newest line
	change   uint64 // of the browser's newest change
	stepBack bool   // it was offered
	state    StateBody
}

// startPump begins to tell what happens, and opens the pages that were asked for.
// Opening is not waited for: a page may wait for a worker that is stopped.
func (x *session) startPump(at *Debuggee) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	x.emit.Lock()
	x.told = told{pauses: map[string]uint64{}, moved: map[string]bool{}, points: map[int]godap.Breakpoint{}, scripts: map[string]bool{}, stepBack: x.told.stepBack}
	x.mu.Lock()
	limit := x.common.timeout
	if x.launch == nil { // what was before is no news
		if lines := at.Debugger.State().Log; len(lines) > 0 {
			x.told.log = lines[len(lines)-1].Seq
		}
		x.told.change = at.Browser.State().Seq
	}
	x.stop = func() { cancel(); <-done }
	x.mu.Unlock()
	x.emit.Unlock()
	opened := make(chan struct{})
	go func() {
		defer close(opened)
		if at.Open == nil {
			return
		}
		within, cancel := context.WithTimeout(ctx, limit)
		defer cancel()
		if err := at.Open(within); err != nil && ctx.Err() == nil {
			x.say("important", "swinspect: "+err.Error()+"\n")
		}
	}()
	go func() {
		defer close(done)
		x.pump(ctx, at)
		<-opened
	}()
}

func (x *session) pump(ctx context.Context, at *Debuggee) {
	for {
		changed, browser := at.Debugger.Changed(), at.Browser.Changed()
		x.tell(ctx, at)
		select {
		case <-changed:
		case <-browser:
		case <-at.Ended:
			x.say("important", "swinspect: "+at.Name+" ended\n")
			x.out.event("terminated", nil)
			<-ctx.Done()
			return
		case <-ctx.Done():
			return
		}
	}
}

// tell tells what changed since it was last called: first what led to a stop, then the
// stop.
func (x *session) tell(ctx context.Context, at *Debuggee) {
	x.emit.Lock()
	defer x.emit.Unlock()
	if ctx.Err() != nil {
		return
	}
	x.tellChanges(at) // a state that is older than the debugger's
	s := at.Debugger.State()
	x.tellThreads(s)
	x.tellLog(at, s)
	x.tellPoints(at, s)
	x.tellSources(ctx, at, s)
	x.tellPauses(s)
}

// live are the threads whose workers run.
func live(s *debugger.State) []*debugger.Thread {
	return slices.DeleteFunc(slices.Clone(s.Threads), func(t *debugger.Thread) bool { return t.Status == "stopped" })
}

// tellThreads tells of workers that started and stopped.
func (x *session) tellThreads(s *debugger.State) {
	now := live(s)
	for _, t := range now {
		if _, known := x.told.pauses[t.ID]; !known {
			x.told.pauses[t.ID] = 0
			x.out.event("thread", godap.ThreadEventBody{Reason: "started", ThreadId: x.threadID(t.ID)})
		}
	}
	for id := range x.told.pauses {
		if !slices.ContainsFunc(now, func(t *debugger.Thread) bool { return t.ID == id }) {
			delete(x.told.pauses, id)
			delete(x.told.moved, id)
			n := x.threadID(id)
			x.forgetThread(id)
			x.out.event("thread", godap.ThreadEventBody{Reason: "exited", ThreadId: n})
		}
	}
}

// tellPauses tells of workers that stopped and of those that somebody else let go.
func (x *session) tellPauses(s *debugger.State) {
	for _, t := range live(s) {
		was := x.told.pauses[t.ID]
		now := uint64(0)
		if t.Pause != nil {
			now = t.Pause.ID
		}
		if was == now {
			continue
		}
		n := x.threadID(t.ID)
		x.dropHandles(t.ID)
		if was != 0 && now == 0 && !x.told.moved[t.ID] {
			x.out.event("continued", godap.ContinuedEventBody{ThreadId: n})
		}
		delete(x.told.moved, t.ID)
		x.told.pauses[t.ID] = now
		if now == 0 {
			continue
		}
		if t.Pause.CanStepBack && !x.told.stepBack {
			x.told.stepBack = true
			x.out.event("capabilities", godap.CapabilitiesEventBody{Capabilities: godap.Capabilities{SupportsStepBack: true}})
		}
		x.mu.Lock()
		x.threads.focused = t.ID
		x.mu.Unlock()
		x.out.event("stopped", x.stopped(t, n))
	}
}

// stopped says why a worker stopped.
func (x *session) stopped(t *debugger.Thread, n int) godap.StoppedEventBody {
	stop := &t.Pause.Stop
	words := cmp.Or(x.wordsInSource(stop), stop.Words)
	text := words
	if stop.Error != "" && text != stop.Error {
		text += ": " + stop.Error
	}
	for _, held := range t.Pause.Holding {
		text += "\nholds up " + held
	}
	return godap.StoppedEventBody{
		Reason: reasonFor(stop.Reason), Description: sentence(words), Text: text, ThreadId: n,
		HitBreakpointIds: x.dapIDs(stop.Breakpoints),
	}
}

// wordsInSource are the words of a stop at a line of what was generated from the source
// that the client set it in; "" for others.
func (x *session) wordsInSource(stop *breakpoints.Stop) string {
	if stop.Reason != string(breakpoints.Line) || len(stop.Breakpoints) == 0 || stop.Error != "" {
		return ""
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	p := x.points.byID[stop.Breakpoints[0]]
	if p == nil || p.source == nil || !slices.ContainsFunc(p.targets, func(t target) bool { return t.b != nil && t.want.ID == stop.Breakpoints[0] }) {
		return ""
	}
	return fmt.Sprintf("line %d of %s", p.want.Line.Line, filepath.Base(p.file))
}

// sentence begins with "Paused", as editors show it beside the thread.
func sentence(words string) string {
	if words == "" {
		return "Paused"
	}
	return "Paused: " + words
}

// reasonFor is the protocol's word for why a worker stopped; editors know only these.
func reasonFor(reason string) string {
	switch reason {
	case string(breakpoints.Line), "debugger":
		return "breakpoint"
	case string(breakpoints.Exception):
		return "exception"
	case string(breakpoints.Start):
		return "entry"
	case "step", "pause":
		return reason
	}
	return "function breakpoint"
}

// tellPoints tells of breakpoints that came to stand somewhere, or no longer do.
func (x *session) tellPoints(at *Debuggee, s *debugger.State) {
	x.mu.Lock()
	var changed []godap.BreakpointEventBody
	for _, p := range x.points.all() {
		now := x.stand(p, s)
		if before, ok := x.told.points[p.id]; ok && same(before, now) || !ok && same(p.answered, now) {
			continue
		}
		reason := "changed"
		if p.answered.Id == 0 { // of the debug console
			reason, p.answered = "new", now
		}
		x.told.points[p.id] = now
		changed = append(changed, godap.BreakpointEventBody{Reason: reason, Breakpoint: now})
	}
	x.mu.Unlock()
	for _, b := range changed {
		x.out.event("breakpoint", b)
	}
}

// same compares what can change of a breakpoint.
func same(a, b godap.Breakpoint) bool {
	return a.Verified == b.Verified && a.Message == b.Message && a.Line == b.Line && a.Column == b.Column
}
