package script

import (
	"sync"
	"time"
)

// watchdog ends an agent whose task computes for too long, or while the process has
// no memory left.
type watchdog struct {
	agent  *Agent
	source string
	until  time.Time

	mu      sync.Mutex // guards the fields below
	timer   *time.Timer
	stopped bool
}

func (a *Agent) newWatchdog(left time.Duration, source string) *watchdog {
	w := &watchdog{agent: a, source: source, until: time.Now().Add(left)}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.timer = time.AfterFunc(min(left, memoryCheck), w.look)
	return w
}

func (w *watchdog) stop() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.stopped = true
	w.timer.Stop()
}

func (w *watchdog) look() {
	w.mu.Lock()
	defer w.mu.Unlock()
	left := time.Until(w.until)
	switch {
	case w.stopped:
	case left <= 0:
		w.agent.overran(&TaskTimeoutError{Limit: w.agent.limit, Source: w.source})
	case !memory.room(0):
		w.agent.overran(&MemoryError{Limit: memory.limit(), Source: w.source})
	default:
		w.timer.Reset(min(left, memoryCheck))
	}
}
