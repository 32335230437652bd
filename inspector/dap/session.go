package dap

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	godap "github.com/google/go-dap"
)

// session is one client with, once it launched or attached, one browser.
//
// Concurrency: the reader puts requests in a queue; run takes them out. What changes
// the session or moves a worker is done in run, in the order in which it came; what
// only asks is done in a goroutine of its own, so that a slow answer holds up nothing.
// The pump (pump.go) tells the client what happens. mu guards the fields below it and is
// never held while the browser is asked. emit is held by the pump while it tells, and by
// run while a worker is moved and the client is answered: an answer comes before what
// follows from it.
type session struct {
	o      Options
	log    *slog.Logger
	out    sender
	queue  chan *message
	gone   chan struct{} // closed when nothing more will be read
	asking sync.WaitGroup
	// setting is held while breakpoints are set anew; before mu, after emit.
	setting sync.Mutex
	slots   chan struct{} // one for each request that is asked beside others
	emit    sync.Mutex
	told    told // what the client knows; of whoever holds emit

	mu      sync.Mutex
	running map[int]context.CancelFunc // requests under way, by their seq
	cancel  map[int]bool               // asked to be cancelled before they began
	hurry   *time.Timer                // calls cancelAll: disconnect was asked for
	leaving bool                       // and what came before it took too long
	client  godap.InitializeRequestArguments
	phase   phase
	launch  *Launch // what was launched; nil: attached
	common  *Common
	at      *Debuggee
	stop    func() // ends the pump and waits for it; nil: there is none
	paths   paths
	threads threads
	handles handles
	points  points
	sources sources
	maps    maps
}

// phase is how far a session has come.
type phase int

const (
	fresh phase = iota
	initialized
	debugging  // launched or attached
	configured // and configurationDone
	over
)

// leaveWithin is how long the requests before a disconnect may take.
const leaveWithin = time.Second

// maxQueue is how many requests may wait; a client that sends more is not read until
// some are answered.
const maxQueue = 1024

// maxAsking is how many requests are asked at a time; each has a time limit.
const maxAsking = 256

func newSession(ctx context.Context, o Options, w io.Writer) *session {
	x := &session{
		o: o, log: o.Logger, queue: make(chan *message, maxQueue), gone: make(chan struct{}), slots: make(chan struct{}, maxAsking),
		running: map[int]context.CancelFunc{}, cancel: map[int]bool{},
	}
	x.out.w = w
	x.out.log = func(b []byte) { x.log.Debug("server", "message", string(b)) }
	x.client.LinesStartAt1, x.client.ColumnsStartAt1 = true, true
	x.threads.init()
	x.handles.init()
	x.points.init()
	x.sources.init()
	x.maps.init()
	return x
}

// hangUp says that nothing more will be read.
func (x *session) hangUp() { close(x.gone) }

// enqueue is false when the session is over.
func (x *session) enqueue(m *message) bool {
	x.mu.Lock()
	if m.Command == "disconnect" && x.hurry == nil {
		// It must not wait for ever for what came before it.
		x.hurry = time.AfterFunc(leaveWithin, x.cancelAll)
	}
	ended := x.phase == over
	x.mu.Unlock()
	if ended {
		return false
	}
	select {
	case x.queue <- m:
		return true
	case <-x.gone:
		return false
	}
}

// cancelAll cancels all requests but disconnect.
func (x *session) cancelAll() {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.leaving = true
	for _, cancel := range x.running {
		cancel()
	}
}

// run does the requests, until the session is over; then everything is let go of.
func (x *session) run(ctx context.Context) error {
	defer x.letGo()
	for {
		var m *message
		select {
		case <-ctx.Done():
			return nil
		case m = <-x.queue:
		default:
			select {
			case <-ctx.Done():
				return nil
			case m = <-x.queue:
			case <-x.gone:
				select { // what came before the end
				case m = <-x.queue:
				default:
					return nil
				}
			}
		}
		x.take(ctx, m)
		x.mu.Lock()
		ended := x.phase == over
		x.mu.Unlock()
		if err := x.out.failure(); ended || err != nil {
			return err
		}
	}
}

// failure is why nothing can be written any more.
func (s *sender) failure() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// take does one request, or starts to.
func (x *session) take(ctx context.Context, m *message) {
	h, ok := requests[m.Command]
	if !ok {
		x.out.respond(m, nil, fmt.Errorf("%q is no request that swinspect knows", m.Command))
		return
	}
	ctx, done := x.begin(ctx, m)
	if h.asks {
		x.slots <- struct{}{}
		x.asking.Go(func() {
			defer func() { done(); <-x.slots }()
			x.answer(ctx, h, m)
		})
		return
	}
	defer done()
	if h.moves {
		x.emit.Lock()
		defer x.emit.Unlock()
	}
	x.answer(ctx, h, m)
}

func (x *session) answer(ctx context.Context, h handler, m *message) {
	body, err := x.guarded(ctx, h, m)
	x.out.respond(m, body, err)
	if err == nil && h.then != nil {
		h.then(x)
	}
}

// guarded calls a handler. A mistake of ours in one request is no reason to let go of
// a worker that somebody debugs.
func (x *session) guarded(ctx context.Context, h handler, m *message) (body any, err error) {
	defer func() {
		if r := recover(); r != nil {
			x.log.Error("panic", "request", m.Command, "value", r, "stack", string(debug.Stack()))
			body, err = nil, fmt.Errorf("%s: %w: %v", m.Command, errInternal, r)
		}
	}()
	if err := x.may(h, m.Command); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return h.do(x, ctx, m.Arguments)
}

var errInternal = errors.New("an error of swinspect's own")

// may says whether the time for a request has come.
func (x *session) may(h handler, command string) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	switch {
	case x.phase < h.from && h.from == initialized:
		return fmt.Errorf("%s before initialize", command)
	case x.phase < h.from:
		return fmt.Errorf("%s before launch or attach", command)
	case h.until != 0 && x.phase >= h.until:
		return fmt.Errorf("%s comes too late: the session has it already", command)
	}
	return nil
}

// begin makes the context of a request, which cancel ends, and its time limit.
func (x *session) begin(ctx context.Context, m *message) (context.Context, func()) {
	x.mu.Lock()
	defer x.mu.Unlock()
	limit := defaultTimeout
	if x.common != nil {
		limit = x.common.timeout
	}
	leaves := m.Command == "disconnect"
	if m.Command == "launch" || m.Command == "attach" || m.Command == "restart" || m.Command == "terminate" || leaves {
		limit = 10 * time.Minute // they have limits of their own
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	if x.cancel[m.Seq] || (x.leaving && !leaves) {
		delete(x.cancel, m.Seq)
		cancel()
	}
	if !leaves {
		x.running[m.Seq] = cancel
	}
	return ctx, func() {
		x.mu.Lock()
		delete(x.running, m.Seq)
		x.mu.Unlock()
		cancel()
	}
}

// cancelRequest is the cancel request: it is done where it is read.
func (x *session) cancelRequest(m *message) {
	var a godap.CancelArguments
	if len(m.Arguments) > 0 {
		if err := json.Unmarshal(m.Arguments, &a); err != nil {
			x.out.respond(m, nil, fmt.Errorf("cancel: %w", err))
			return
		}
	}
	x.mu.Lock()
	if cancel := x.running[a.RequestId]; cancel != nil {
		cancel()
	} else if a.RequestId > 0 && len(x.cancel) < maxQueue {
		x.cancel[a.RequestId] = true // it waits in the queue, or was answered
	}
	x.mu.Unlock()
	x.out.respond(m, nil, nil)
}

// say writes to the client's debug console; category is of the output event.
func (x *session) say(category, text string) {
	x.out.event("output", godap.OutputEventBody{Category: category, Output: text})
}

// letGo ends everything: it may be called when nothing was begun.
func (x *session) letGo() {
	x.mu.Lock()
	x.phase = over
	if x.hurry != nil {
		x.hurry.Stop()
	}
	terminate := x.launch != nil
	x.mu.Unlock()
	x.cancelAll()
	x.asking.Wait()
	if err := x.release(terminate); err != nil {
		x.log.Error("letting go", "err", err)
	}
}

// release ends the pump, takes the session's breakpoints away and gives the browser
// back. It does nothing when there is none.
func (x *session) release(terminate bool) error {
	x.mu.Lock()
	at, stop := x.at, x.stop
	ids := x.points.forget()
	x.at, x.stop = nil, nil
	x.handles.init()
	x.sources.init()
	x.maps.init()
	x.mu.Unlock()
	if at == nil {
		return nil
	}
	if stop != nil {
		stop()
	}
	err := remove(at, ids)
	return cmp.Or(at.Release(terminate), err)
}

// debuggee is the browser, or an error when there is none.
func (x *session) debuggee() (*Debuggee, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.at == nil {
		return nil, errors.New("nothing is being debugged")
	}
	return x.at, nil
}
