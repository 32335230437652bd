package dom

// StopImmediatePropagation is the method of that name, for events whose own
// methods stop them (FetchEvent.respondWith).
func (e *Event) StopImmediatePropagation() { e.stopPropagation, e.stopImmediate = true, true }
