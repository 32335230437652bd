package inspector

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/chromedp/cdproto/backgroundservice"
	cdproto "github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/serviceworker"

	"github.com/swinspect/swinspect/cdp"
)

// runEvent dispatches a push, sync or periodicsync event. The browser records
// such events (the Background services panel of DevTools shows them); the record
// with this registration proves that the event was dispatched, and for push also
// how it ended.
func runEvent(ctx context.Context, at *attempt) result {
	main, err := at.w.main()
	if err != nil {
		return failure(err)
	}
	records, err := at.w.observe(ctx, main, serviceOf(at.a.Kind))
	if err != nil {
		// A browser without such records: the worker that starts is the only proof.
		records = &recording{end: func() {}}
	}
	defer records.end()
	if err := at.dispatch(ctx, main); err != nil {
		return failure(err)
	}
	at.markSent()
	if records.sub == nil {
		return at.awaitRunning(ctx)
	}
	return at.awaitRecord(ctx, records)
}

func serviceOf(k ActionKind) backgroundservice.ServiceName {
	switch k {
	case Push:
		return backgroundservice.ServiceNamePushMessaging
	case PeriodicSync:
		return backgroundservice.ServiceNamePeriodicBackgroundSync
	}
	return backgroundservice.ServiceNameBackgroundSync
}

func (at *attempt) dispatch(ctx context.Context, main *cdp.Session) error {
	origin, id := at.r.StorageKey.Origin, serviceworker.RegistrationID(at.r.Key.ID)
	var err error
	switch at.a.Kind {
	case Push:
		_, err = cdproto.Call(ctx, main, serviceworker.DeliverPushMessage,
			serviceworker.DeliverPushMessageParams{Origin: origin, RegistrationID: id, Data: at.payload})
	case Sync:
		_, err = cdproto.Call(ctx, main, serviceworker.DispatchSyncEvent,
			serviceworker.DispatchSyncEventParams{Origin: origin, RegistrationID: id, Tag: at.a.Tag, LastChance: true})
	default:
		_, err = cdproto.Call(ctx, main, serviceworker.DispatchPeriodicSyncEvent,
			serviceworker.DispatchPeriodicSyncEventParams{Origin: origin, RegistrationID: id, Tag: at.a.Tag})
	}
	return err
}

// The names under which Chromium records what an event did.
const (
	pushCompleted = "Push event completed"
	statusKey     = "Status"
	payloadKey    = "Payload"
	statusSuccess = "Success"
)

// awaitRecord waits for the browser's record of the event.
func (at *attempt) awaitRecord(ctx context.Context, records *recording) result {
	dispatched := false
	for {
		var e cdp.Event
		select {
		case got, ok := <-records.sub.C():
			if !ok {
				return failed("the record of events ended: %s", words(errors.Join(records.sub.Err(), cdp.ErrSessionGone)))
			}
			e = got
		case <-ctx.Done():
			if dispatched {
				return noEffect("the event was dispatched, but has not ended%s", at.heldUp())
			}
			return noEffect("no event was recorded%s", at.heldUp())
		}
		r, ok := decode[backgroundservice.EventBackgroundServiceEventReceived](e.Params)
		if !ok || r.BackgroundServiceEvent == nil || !records.matches(r.BackgroundServiceEvent, at) {
			continue
		}
		rec := r.BackgroundServiceEvent
		switch {
		case at.a.Kind != Push:
			return at.delivered(ctx, fmt.Sprintf("the %s event with tag %s was dispatched", eventName(at.a.Kind), quoted(rec.InstanceID)))
		case rec.EventName == pushCompleted:
			if status := metadata(rec, statusKey); status != statusSuccess {
				return failed("the push event was dispatched and ended with: %s", status)
			}
			return at.delivered(ctx, "the push event was dispatched, and handlers that the worker has for it have finished")
		case metadata(rec, payloadKey) == at.payload:
			dispatched = true
		}
	}
}

// errorLag is how long an error of a handler may come after the record of its
// event.
const errorLag = 200 * time.Millisecond

// delivered is the result of an event that was dispatched. Its record does not
// tell a handler that threw, nor a worker without a handler: an error that the
// worker reported meanwhile is told instead.
func (at *attempt) delivered(ctx context.Context, what string) result {
	wait, cancel := context.WithTimeout(ctx, errorLag)
	defer cancel()
	var reported *WorkerError
	// That none is reported is the usual case, not an error.
	_, _ = at.await(wait, func(s *State) bool {
		reported = at.newError(s)
		return reported != nil
	})
	if reported != nil {
		return confirmed("delivered; the worker reported an error: %s", reported.Message)
	}
	return confirmed("%s", what)
}

// newError is an error of the action's version that was reported since the
// action was checked, nil when there is none.
func (at *attempt) newError(s *State) *WorkerError {
	for _, e := range at.registration(s).Errors {
		if e.VersionID != at.v.ID {
			continue
		}
		before := 0 // errors of the same text are one that counts up
		for _, was := range at.r.Errors {
			if was.VersionID == e.VersionID && was.Message == e.Message {
				before = was.Count
			}
		}
		if e.Count > before {
			return &e
		}
	}
	return nil
}

func eventName(k ActionKind) string {
	if k == PeriodicSync {
		return "periodicsync"
	}
	return "sync"
}

// heldUp says why an event may not come to its end.
func (at *attempt) heldUp() string {
	v := at.registration(at.b.State()).Version(at.v.ID)
	switch {
	case v == nil:
		return ": the version is gone"
	case v.Paused != nil:
		return ": the worker is paused in a debugger"
	case v.Running == serviceworker.VersionRunningStatusStarting:
		return ": the worker is still starting"
	}
	return ""
}

// awaitRunning is the weaker proof of a browser that keeps no records.
func (at *attempt) awaitRunning(ctx context.Context) result {
	if at.v.Running == serviceworker.VersionRunningStatusRunning {
		return noEffect("this browser keeps no record of such events, and the worker was running already: nothing proves that it was dispatched")
	}
	if _, err := at.await(ctx, func(s *State) bool {
		return at.ranSince(s, at.v.ID, serviceworker.VersionRunningStatusRunning)
	}); err != nil {
		return noEffect("the worker did not start")
	}
	return confirmed("the worker was started for it")
}

func metadata(e *backgroundservice.Event, key string) string {
	for _, m := range e.EventMetadata {
		if m.Key == key {
			return m.Value
		}
	}
	return ""
}

// recorder counts who needs the browser's record of background events, which is
// switched on for the whole profile: it is switched off again when nobody here
// needs it, unless it was on before.
type recorder struct {
	mu    sync.Mutex
	users map[backgroundservice.ServiceName]int
	wasOn map[backgroundservice.ServiceName]bool
}

// recording is one use of the record.
type recording struct {
	sub   *cdp.Subscription // nil: there is none
	begin float64           // seconds since the epoch, by the browser's clock
	end   func()
}

// matches reports whether a record is of this action: of its registration, and
// not an old one, all of which are sent when observing begins.
func (r *recording) matches(e *backgroundservice.Event, at *attempt) bool {
	if string(e.ServiceWorkerRegistrationID) != at.r.Key.ID || float64(e.Timestamp) < r.begin || e.Service != serviceOf(at.a.Kind) {
		return false
	}
	return at.a.Kind == Push || e.InstanceID == at.a.Tag
}

// observe begins to receive records of a service.
func (w *watcher) observe(ctx context.Context, main *cdp.Session, service backgroundservice.ServiceName) (*recording, error) {
	r := &w.record
	r.mu.Lock()
	defer r.mu.Unlock()
	sub := main.Listen(1024, backgroundservice.BackgroundServiceEventReceived.Method)
	if r.users[service] == 0 {
		if err := w.beginRecord(ctx, main, service); err != nil {
			sub.Close()
			return nil, err
		}
	}
	begin, err := clockOf(ctx, main)
	if err != nil {
		sub.Close()
		return nil, err
	}
	if r.users == nil {
		r.users = map[backgroundservice.ServiceName]int{}
	}
	r.users[service]++
	return &recording{sub: sub, begin: begin, end: func() {
		sub.Close()
		r.mu.Lock()
		defer r.mu.Unlock()
		if r.users[service]--; r.users[service] == 0 {
			w.endRecord(main, service)
		}
	}}, nil
}

// beginRecord switches a record on and notes whether it was. The caller holds
// recorder.mu.
func (w *watcher) beginRecord(ctx context.Context, main *cdp.Session, service backgroundservice.ServiceName) error {
	states := main.Listen(64, backgroundservice.RecordingStateChanged.Method)
	defer states.Close()
	if _, err := cdproto.Call(ctx, main, backgroundservice.StartObserving, backgroundservice.StartObservingParams{Service: service}); err != nil {
		return err
	}
	if w.record.wasOn == nil {
		w.record.wasOn = map[backgroundservice.ServiceName]bool{}
	}
	for known := false; !known; { // startObserving is followed by the present state
		select {
		case e, ok := <-states.C():
			if !ok {
				return cdp.ErrSessionGone
			}
			if s, ok := decode[backgroundservice.EventRecordingStateChanged](e.Params); ok && s.Service == service {
				w.record.wasOn[service] = s.IsRecording
				known = true
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	_, err := cdproto.Call(ctx, main, backgroundservice.SetRecording, backgroundservice.SetRecordingParams{ShouldRecord: true, Service: service})
	return err
}

// endRecord leaves things as they were. The caller holds recorder.mu.
func (w *watcher) endRecord(main *cdp.Session, service backgroundservice.ServiceName) {
	var err error
	if !w.record.wasOn[service] {
		err = main.Go(backgroundservice.SetRecording.Method, backgroundservice.SetRecordingParams{ShouldRecord: false, Service: service})
	}
	err = errors.Join(err, main.Go(backgroundservice.StopObserving.Method, backgroundservice.StopObservingParams{Service: service}))
	if err != nil && w.ctx.Err() == nil {
		w.l.b.log.Debug("ending the record of events", "err", err)
	}
}

// clockOf is the time of the browser, which may run on another machine.
func clockOf(ctx context.Context, s *cdp.Session) (float64, error) {
	yes := true
	res, err := cdproto.Call(ctx, s, runtime.Evaluate, runtime.EvaluateParams{Expression: "Date.now()", ReturnByValue: &yes})
	if err != nil {
		return 0, err
	}
	var ms float64
	err = evalResult(&ms, res.Result, res.ExceptionDetails)
	return ms / 1000, err
}
