package runtime

import (
	"context"
	"sync"
)

// attachments is what other packages keep per engine: the databases and locks of
// its storage keys.
type attachments struct{ m sync.Map }

// Attached is the value kept under key (an unexported type's value, as with
// context.Context), made by make when there is none. Safe for concurrent use; of
// several makers at once one wins.
func (e *Engine) Attached(key any, make func() any) any {
	if v, ok := e.attachments.m.Load(key); ok {
		return v
	}
	v, _ := e.attachments.m.LoadOrStore(key, make())
	return v
}

// InBackground runs f in a goroutine that Close waits for; ctx ends when the engine
// closes. It reports false when that is so already. For work of other packages that
// outlives the page or the worker that asked for it.
func (e *Engine) InBackground(f func(ctx context.Context)) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.outside(func() { f(e.ctx) })
}
