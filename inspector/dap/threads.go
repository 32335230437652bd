package dap

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"path"
	"time"

	godap "github.com/google/go-dap"

	"github.com/swinspect/swinspect/inspector"
	"github.com/swinspect/swinspect/inspector/debugger"
)

// threads numbers the workers, as the protocol wants it. The session's mu guards it.
type threads struct {
	ids     map[string]int
	names   map[int]string
	last    int
	focused string // that stopped last
}

func (t *threads) init() { t.ids, t.names = map[string]int{}, map[int]string{} }

// threadID is the number of a worker.
func (x *session) threadID(id string) int {
	x.mu.Lock()
	defer x.mu.Unlock()
	n, ok := x.threads.ids[id]
	if !ok {
		x.threads.last++
		n = x.threads.last
		x.threads.ids[id], x.threads.names[n] = n, id
	}
	return n
}

// forgetThread forgets a worker that is gone; its number is not given again.
func (x *session) forgetThread(id string) {
	x.dropHandles(id)
	x.mu.Lock()
	defer x.mu.Unlock()
	delete(x.threads.names, x.threads.ids[id])
	delete(x.threads.ids, id)
	if x.threads.focused == id {
		x.threads.focused = ""
	}
	x.sources.forget(id)
	x.maps.forget(id)
}

// thread finds the worker of a number.
func (x *session) thread(n int) (*Debuggee, *debugger.Thread, error) {
	at, err := x.debuggee()
	if err != nil {
		return nil, nil, err
	}
	x.mu.Lock()
	id := x.threads.names[n]
	x.mu.Unlock()
	if t := at.Debugger.State().Thread(id); t != nil {
		return at, t, nil
	}
	return nil, nil, fmt.Errorf("there is no worker with the thread id %d", n)
}

// paused is thread for a worker that is paused.
func (x *session) paused(n int) (*Debuggee, *debugger.Thread, error) {
	at, t, err := x.thread(n)
	if err == nil && t.Pause == nil {
		err = debugger.ErrNotPaused
	}
	return at, t, err
}

// threadsRequest lists the workers that run.
func (x *session) threadsRequest(_ context.Context, _ *struct{}) (any, error) {
	at, err := x.debuggee()
	if err != nil {
		return nil, err
	}
	body := godap.ThreadsResponseBody{Threads: []godap.Thread{}}
	for _, t := range live(at.Debugger.State()) {
		body.Threads = append(body.Threads, godap.Thread{Id: x.threadID(t.ID), Name: threadName(t)})
	}
	return body, nil
}

// threadName is like "/shop/ #131 sw.js".
func threadName(t *debugger.Thread) string {
	name := t.Scope
	if u, err := url.Parse(t.Scope); err == nil && u.Path != "" {
		name = u.Host + u.Path
	}
	if name == "" {
		name = "worker"
	}
	if t.Version != "" {
		name += " #" + t.Version
	}
	if u, err := url.Parse(t.URL); err == nil && u.Path != "" {
		name += " " + path.Base(u.Path)
	}
	if t.Words != "" {
		name += " (" + t.Words + ")"
	}
	return name
}

// move does what lets a worker go on. Its caller holds emit.
func (x *session) move(n int, how func(at *Debuggee, id string) error) error {
	at, t, err := x.paused(n)
	if err != nil {
		return err
	}
	if err := how(at, t.ID); err != nil {
		return err
	}
	if x.told.moved != nil {
		x.told.moved[t.ID] = true
	}
	return nil
}

func (x *session) step(ctx context.Context, n int, how string) error {
	return x.move(n, func(at *Debuggee, id string) error { return at.Debugger.Step(ctx, id, how) })
}

// continueRequest lets one worker go on: the others have nothing to do with it.
func (x *session) continueRequest(ctx context.Context, a *godap.ContinueArguments) (any, error) {
	err := x.move(a.ThreadId, func(at *Debuggee, id string) error { return at.Debugger.Resume(ctx, id) })
	return godap.ContinueResponseBody{}, err
}

func (x *session) next(ctx context.Context, a *godap.NextArguments) (any, error) {
	return nil, x.step(ctx, a.ThreadId, "over")
}

func (x *session) stepIn(ctx context.Context, a *godap.StepInArguments) (any, error) {
	return nil, x.step(ctx, a.ThreadId, "into")
}

func (x *session) stepOut(ctx context.Context, a *godap.StepOutArguments) (any, error) {
	return nil, x.step(ctx, a.ThreadId, "out")
}

func (x *session) stepBack(ctx context.Context, a *godap.StepBackArguments) (any, error) {
	return nil, x.move(a.ThreadId, func(at *Debuggee, id string) error { return at.Debugger.StepBack(ctx, id, false) })
}

func (x *session) reverseContinue(ctx context.Context, a *godap.ReverseContinueArguments) (any, error) {
	return nil, x.move(a.ThreadId, func(at *Debuggee, id string) error { return at.Debugger.StepBack(ctx, id, true) })
}

func (x *session) pause(ctx context.Context, a *godap.PauseArguments) (any, error) {
	at, t, err := x.thread(a.ThreadId)
	if err != nil {
		return nil, err
	}
	if t.Pause != nil {
		return nil, errors.New("the worker is paused already")
	}
	return nil, at.Debugger.Pause(ctx, t.ID)
}

// terminateThreads stops workers; the browser starts them again when they are needed.
func (x *session) terminateThreads(ctx context.Context, a *godap.TerminateThreadsArguments) (any, error) {
	for _, n := range a.ThreadIds {
		at, t, err := x.thread(n)
		if err != nil {
			return nil, err
		}
		if t.Pause != nil { // a paused worker does not stop
			if err := at.Debugger.Resume(ctx, t.ID); err != nil {
				return nil, err
			}
		}
		if err := done(at.Browser.Do(ctx, inspector.Action{Kind: inspector.Stop, Registration: t.Registration, Version: t.Version}, 10*time.Second)); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

// done is the error of an action that was not confirmed.
func done(r inspector.Receipt, err error) error {
	if err != nil {
		return err
	}
	if r.Outcome != inspector.Confirmed {
		return fmt.Errorf("%s: %s: %s", r.Action.Kind, r.Outcome, r.Detail)
	}
	return nil
}

// exceptionInfo says what was thrown.
func (x *session) exceptionInfo(_ context.Context, a *godap.ExceptionInfoArguments) (any, error) {
	_, t, err := x.paused(a.ThreadId)
	if err != nil {
		return nil, err
	}
	stop := &t.Pause.Stop
	if stop.Error == "" {
		return nil, errors.New("the worker is not paused at an exception")
	}
	mode := godap.ExceptionBreakMode("always")
	x.mu.Lock()
	for _, id := range stop.Breakpoints {
		if p := x.points.byID[id]; p != nil && p.want.Exception != nil && p.want.Exception.Which != "all" {
			mode = "unhandled"
		}
	}
	x.mu.Unlock()
	kind, message := splitError(stop.Error)
	trace := ""
	for _, f := range t.Pause.Frames {
		trace += fmt.Sprintf("    at %s (%s:%d:%d)\n", frameName(&f), f.URL, f.Line, f.Column)
	}
	return godap.ExceptionInfoResponseBody{
		ExceptionId: kind, Description: message, BreakMode: mode,
		Details: &godap.ExceptionDetails{Message: message, TypeName: kind, StackTrace: trace},
	}, nil
}
