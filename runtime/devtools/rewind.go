package devtools

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync/atomic"
	"time"

	cdproto "github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/debugger"

	"github.com/swinspect/swinspect/cdp/swproto"
	"github.com/swinspect/swinspect/runtime/script"
	"github.com/swinspect/swinspect/runtime/window"
)

// rewindCommands are SWInspect's for going back in an event: see swproto.StepBack.
func rewindCommands(t *table) {
	handle(t, swproto.CanStepBack, func(_ context.Context, s *session, _ cdproto.Empty) (swproto.CanStepBackResult, error) {
		s.server.mu.Lock()
		defer s.server.mu.Unlock()
		var h *history
		g, err := s.held()
		if err == nil {
			h, err = g.history()
		}
		if err != nil {
			return swproto.CanStepBackResult{Reason: err.Error()}, nil
		}
		r := swproto.CanStepBackResult{Possible: true, Past: g.of != nil}
		if r.Past {
			if r.At, r.Present = h.at.Load(), int64(len(h.visits)-1); r.At == 0 {
				r.Possible, r.Reason = false, errBeginning.Error()
			}
		}
		return r, nil
	})
	handle(t, swproto.StepBack, func(_ context.Context, s *session, p swproto.StepBackParams) (swproto.StepBackResult, error) {
		s.server.mu.Lock()
		defer s.server.mu.Unlock()
		g, err := s.held()
		if err != nil {
			return swproto.StepBackResult{}, err
		}
		h, err := g.history()
		if err != nil {
			return swproto.StepBackResult{}, err
		}
		return later(s, func(ctx context.Context) (swproto.StepBackResult, error) { return h.back(ctx, p.ToBreakpoint) })
	})
}

// history is the event that a worker is paused in, statement by statement, and where in
// it a copy of the worker stands. One command at a time works on it (busy).
type history struct {
	server  *Server
	present *debuggee
	pause   *script.Pause // the present one
	past    *window.Past
	busy    atomic.Bool

	// visits are the statements of the event up to the present one; nil until they were
	// listed. Then they do not change.
	visits []visit
	at     atomic.Int64 // index in visits of where the copy stands, or the present
	copy   *copied      // nil: the present is shown; guarded by Server.mu
}

// visit is a statement that ran.
type visit struct {
	function string
	depth    int
	hit      bool // a breakpoint stood there and its condition held
}

var errNoEvent = failed("There is no event to go back in: the worker is not paused in one that began while it was debugged")

var errBeginning = failed("This is where the event began")

// history is that of the event g is paused in, or of which g is the copy. With
// Server.mu held.
func (g *debuggee) history() (*history, error) {
	if g.of != nil {
		return g.of, nil
	}
	if g.pause == nil {
		return nil, errNotPaused
	}
	if g.past != nil && g.past.pause == g.pause {
		return g.past, nil
	}
	past := g.rs.worker.Past(g.pause.Story())
	if past == nil {
		return nil, errNoEvent
	}
	h := &history{server: g.server, present: g, pause: g.pause, past: past}
	g.past = h
	return h, nil
}

// back goes one statement back, or to the breakpoint before.
func (h *history) back(ctx context.Context, toBreakpoint bool) (swproto.StepBackResult, error) {
	var r swproto.StepBackResult
	if !h.busy.CompareAndSwap(false, true) {
		return r, failed("The worker is being stepped back already")
	}
	defer h.busy.Store(false)
	if h.visits == nil {
		if err := h.list(ctx); err != nil {
			return r, failed("The worker cannot be stepped back: %v", err)
		}
		h.at.Store(int64(len(h.visits) - 1))
	}
	at := int(h.at.Load())
	if at == 0 {
		return r, errBeginning
	}
	to := h.before(at, toBreakpoint)
	if err := h.goTo(ctx, to); err != nil {
		return r, failed("The worker cannot be stepped back: %v", err)
	}
	return swproto.StepBackResult{At: int64(to), Present: int64(len(h.visits) - 1)}, nil
}

// before is the visit one step before another: in the same function, else in a caller,
// else whatever ran. Or the breakpoint before; the beginning when there is none.
func (h *history) before(at int, toBreakpoint bool) int {
	if toBreakpoint {
		for i := at - 1; i > 0; i-- {
			if h.visits[i].hit {
				return i
			}
		}
		return 0
	}
	now := h.visits[at]
	for i := at - 1; i >= 0; i-- {
		if v := h.visits[i]; v.function == now.function || v.depth < now.depth {
			return i
		}
	}
	return at - 1
}

// Bounds of a run that lists the statements of an event.
const (
	maxVisits  = 300_000
	listWithin = 15 * time.Second
)

// Why an event cannot be gone back in.
var (
	errDiverged = errors.New("run again from its start, the event does not come to this statement: it depends on what the worker keeps in memory from earlier events, on chance, or on code that a debugger ran")
	errTooLong  = fmt.Errorf("the event has run more than %d statements", maxVisits)
)

// list runs the event again and lists its statements, up to the present one.
func (h *history) list(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, listWithin)
	defer cancel()
	here := whereOf(h.pause)
	if here == nil {
		return errNoEvent
	}
	// The present variables are read in the pause.
	var now map[string]string
	if err := h.present.d.Interject(ctx, func() { now = here.frame.Primitives() }); err != nil {
		return err
	}
	var visits []visit
	var began, found atomic.Bool
	var tooLong bool
	l := &lister{h: h}
	l.visitor = func(v *script.Visit) script.VisitVerdict {
		if !began.Load() || found.Load() || tooLong {
			return script.VisitPass
		}
		visits = append(visits, visit{functionName(v), v.Depth, len(v.Hit) > 0})
		if v.Script.URL == here.url && v.Line == here.line && v.Column == here.column && maps.Equal(v.Frame.Primitives(), now) {
			found.Store(true)
			cancel()
		}
		if len(visits) > maxVisits {
			tooLong = true
			cancel()
		}
		return script.VisitPass
	}
	r, err := h.past.Relive(ctx, l)
	if err != nil {
		return err
	}
	began.Store(true)
	r.Dispatch(ctx)
	r.Close()
	switch {
	case tooLong:
		return errTooLong
	case !found.Load():
		return errDiverged
	}
	h.visits = visits
	return nil
}

// functionName tells functions of one name apart.
func functionName(v *script.Visit) string {
	return fmt.Sprintf("%s %s:%d:%d", v.Function, v.Script.URL, v.Frame.FunctionLine, v.Frame.FunctionColumn)
}

// where is the statement that a pause is in: of the innermost frame that is the worker's
// own and whose variables are known.
type where struct {
	url          string
	line, column int
	frame        *script.Frame
}

func whereOf(p *script.Pause) *where {
	for _, f := range p.Frames {
		if f.Script == nil || isTool(f.Script.URL) {
			continue
		}
		line, column, ok := f.Statement()
		if !ok {
			return nil
		}
		return &where{f.Script.URL, line, column, f}
	}
	return nil
}

// lister is the observer of a run that lists: its breakpoints stop nothing.
type lister struct {
	window.NoObserver
	h       *history
	visitor func(*script.Visit) script.VisitVerdict
}

// breakpointsOf are those that sessions have asked for.
func (h *history) breakpointsOf() []*asked {
	h.server.mu.Lock()
	defer h.server.mu.Unlock()
	var all []*asked
	for _, s := range h.server.sessionsOf(h.present.rs.target, "Debugger") {
		if s.debugging.inactive || s.debugging.skip {
			continue
		}
		for _, id := range sortedKeys(s.debugging.breakpoints) {
			all = append(all, s.debugging.breakpoints[id])
		}
	}
	return all
}

// emitResumed tells sessions that what they show is not where the worker is. With
// Server.mu held.
func (g *debuggee) emitResumed() {
	for x := range g.told {
		emit(x, debugger.Resumed, debugger.EventResumed{})
	}
	clear(g.told)
}
