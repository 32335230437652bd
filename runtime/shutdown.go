package runtime

import "context"

// Shutdown is Handle User Agent Shutdown: what was installing is dropped, what was
// waiting becomes active. Save, then Close, come after it.
func (e *Engine) Shutdown(ctx context.Context) {
	e.mu.Lock()
	defer e.mu.Unlock()
	var activations []<-chan struct{}
	for _, r := range e.sortedRegistrations() {
		// Handle User Agent Shutdown 1.1
		if w := r.installing; w != nil {
			if r.waiting == nil && r.active == nil {
				e.clearRegistration(r, 0)
				e.removeRegistration(r)
				continue
			}
			e.terminate(w, errInstall)
			e.updateRegistrationState(r, SlotInstalling, nil)
			e.updateWorkerState(w, StateRedundant, 0)
		}
		// Handle User Agent Shutdown 1.2
		if r.waiting != nil {
			activations = append(activations, e.activate(r, 0))
		}
	}
	for _, done := range activations {
		if e.wait(ctx, done) != nil {
			return
		}
	}
}

// Close terminates every worker and waits for all goroutines of the engine. What
// still waits on it fails with ErrClosed.
func (e *Engine) Close() {
	e.mu.Lock()
	e.closed = true
	e.cancel(ErrClosed)
	for _, w := range e.sortedWorkers() {
		e.terminate(w, ErrClosed)
		if w.idle != nil {
			w.idle.Stop()
			w.idle = nil
		}
	}
	e.mu.Unlock()
	e.others.Wait()
}
