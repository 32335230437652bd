package runtime

import "sync"

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
