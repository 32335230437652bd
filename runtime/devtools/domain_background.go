package devtools

import (
	"context"

	"github.com/chromedp/cdproto/backgroundservice"
	cdproto "github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/serviceworker"

	"github.com/swinspect/swinspect/runtime"
)

// backgroundServiceDomain is BackgroundService: the record of push, sync and
// periodicsync events, which is of the whole browser context. Of the other services
// there are no records, but they can be observed.
func backgroundServiceDomain(t *table) {
	eventOf(t, backgroundservice.RecordingStateChanged)
	eventOf(t, backgroundservice.BackgroundServiceEventReceived)
	handle(t, backgroundservice.StartObserving, startObserving)
	handle(t, backgroundservice.StopObserving, func(_ context.Context, s *session, p backgroundservice.StopObservingParams) (cdproto.Empty, error) {
		s.disable(observing(p.Service))
		return none, knownService(p.Service)
	})
	handle(t, backgroundservice.SetRecording, setRecording)
	handle(t, backgroundservice.ClearEvents, func(_ context.Context, s *session, p backgroundservice.ClearEventsParams) (cdproto.Empty, error) {
		s.server.mu.Lock()
		defer s.server.mu.Unlock()
		s.server.contextOf(s.target.context).backgroundLog(p.Service).events = nil
		return none, knownService(p.Service)
	})
}

// maxBackgroundEvents is how many records of a service a context keeps.
const maxBackgroundEvents = 1000

// backgroundLog is the record of one service; guarded by Server.mu.
type backgroundLog struct {
	recording bool
	events    []*backgroundservice.Event
}

func (c *contextState) backgroundLog(name backgroundservice.ServiceName) *backgroundLog {
	l := c.background[name]
	if l == nil {
		l = &backgroundLog{}
		if knownService(name) == nil {
			c.background[name] = l
		}
	}
	return l
}

// observing is a service among the enabled domains of a session.
func observing(name backgroundservice.ServiceName) string {
	return "BackgroundService." + string(name)
}

func knownService(name backgroundservice.ServiceName) error {
	switch name {
	case backgroundservice.ServiceNameBackgroundFetch, backgroundservice.ServiceNameBackgroundSync, backgroundservice.ServiceNamePushMessaging,
		backgroundservice.ServiceNameNotifications, backgroundservice.ServiceNamePaymentHandler, backgroundservice.ServiceNamePeriodicBackgroundSync:
		return nil
	}
	return invalid("Invalid service name")
}

// startObserving is followed by whether the service is recorded, and by the records
// so far.
func startObserving(_ context.Context, s *session, p backgroundservice.StartObservingParams) (cdproto.Empty, error) {
	if err := knownService(p.Service); err != nil {
		return none, err
	}
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	s.on[observing(p.Service)] = true
	log := s.server.contextOf(s.target.context).backgroundLog(p.Service)
	emit(s, backgroundservice.RecordingStateChanged, backgroundservice.EventRecordingStateChanged{IsRecording: log.recording, Service: p.Service})
	for _, e := range log.events {
		emit(s, backgroundservice.BackgroundServiceEventReceived, backgroundservice.EventBackgroundServiceEventReceived{BackgroundServiceEvent: e})
	}
	return none, nil
}

func setRecording(_ context.Context, s *session, p backgroundservice.SetRecordingParams) (cdproto.Empty, error) {
	if err := knownService(p.Service); err != nil {
		return none, err
	}
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	log := s.server.contextOf(s.target.context).backgroundLog(p.Service)
	if log.recording == p.ShouldRecord {
		return none, nil
	}
	log.recording = p.ShouldRecord
	o := &engineEvents{s.server, s.target.context}
	for _, x := range o.following(observing(p.Service)) {
		emit(x, backgroundservice.RecordingStateChanged, backgroundservice.EventRecordingStateChanged{IsRecording: p.ShouldRecord, Service: p.Service})
	}
	return none, nil
}

// FunctionalEvent is runtime.FunctionalObserver's: what is recorded of an event is
// told to those who observe its service.
func (o *engineEvents) FunctionalEvent(i runtime.FunctionalInfo) {
	record := backgroundEvent(i)
	if record == nil {
		return
	}
	s := o.s
	s.mu.Lock()
	defer s.mu.Unlock()
	log := s.contextOf(o.context).backgroundLog(record.Service)
	if !log.recording {
		return
	}
	log.events = append(log.events, record)
	if len(log.events) > maxBackgroundEvents {
		log.events = append(log.events[:0:0], log.events[maxBackgroundEvents/5:]...)
	}
	for _, x := range o.following(observing(record.Service)) {
		emit(x, backgroundservice.BackgroundServiceEventReceived, backgroundservice.EventBackgroundServiceEventReceived{BackgroundServiceEvent: record})
	}
}

// backgroundEvent is the record of a functional event; nil for one that has none: of
// sync and periodicsync it says only that they were dispatched.
func backgroundEvent(i runtime.FunctionalInfo) *backgroundservice.Event {
	e := &backgroundservice.Event{
		// Microseconds are exact in a double: a record is never before the Date.now() it follows.
		Timestamp: cdproto.TimeSinceEpoch(float64(i.Time.UnixMicro()) / 1e6),
		Origin:    originOf(i.Scope) + "/", ServiceWorkerRegistrationID: serviceworker.RegistrationID(i.Registration),
		InstanceID: i.Tag, EventMetadata: []*backgroundservice.EventMetadata{}, StorageKey: wireKey(i.StorageKey),
	}
	note := func(key, value string) {
		e.EventMetadata = append(e.EventMetadata, &backgroundservice.EventMetadata{Key: key, Value: value})
	}
	switch {
	case i.Type == "push" && !i.Over:
		e.Service, e.EventName = backgroundservice.ServiceNamePushMessaging, "Push event dispatched"
		note("Payload", string(i.Data))
	case i.Type == "push":
		e.Service, e.EventName = backgroundservice.ServiceNamePushMessaging, "Push event completed"
		status := "Success"
		if i.Err != nil {
			status = i.Err.Error()
		}
		note("Status", status)
	case i.Type == "sync" && !i.Over:
		e.Service, e.EventName = backgroundservice.ServiceNameBackgroundSync, "Dispatched sync event"
		last := "No"
		if i.LastChance {
			last = "Yes"
		}
		note("Last Chance", last)
	case i.Type == "periodicsync" && !i.Over:
		e.Service, e.EventName = backgroundservice.ServiceNamePeriodicBackgroundSync, "Dispatched periodicsync event"
	default:
		return nil
	}
	return e
}
