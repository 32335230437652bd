package session

import (
	"sync"
	"time"

	"github.com/swinspect/swinspect/inspector/session/report"
)

// emitter tells of events one after the other, from any goroutine. While it is held,
// events wait: a file does not know yet what they are about.
type emitter struct {
	mu   sync.Mutex
	sink func(*report.Event)
	file string
	held []*report.Event
	hold bool
}

func (e *emitter) to(emit func(*report.Event), file string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.sink, e.file = emit, file
}

func (e *emitter) emit(v *report.Event) {
	e.mu.Lock()
	defer e.mu.Unlock()
	v.File = e.file
	if v.Time.IsZero() {
		v.Time = time.Now()
	}
	if e.hold {
		e.held = append(e.held, v)
		return
	}
	if e.sink != nil {
		e.sink(v)
	}
}

// pause holds what comes from now on.
func (e *emitter) pause() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.hold = true
}

// drop forgets what was held.
func (e *emitter) drop() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.hold, e.held = false, nil
}

// first tells of an event before those that were held, which are none of a test.
func (e *emitter) first(v *report.Event) {
	e.mu.Lock()
	held := e.held
	e.hold, e.held = false, nil
	e.mu.Unlock()
	e.emit(v)
	for _, h := range held {
		if h.Step == nil {
			e.emit(h)
		}
	}
}
