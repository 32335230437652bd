package debugger

import (
	"slices"
	"testing"
)

// Every state that a first version enters is stopped at, one after the other, though a
// browser passes through them faster than anybody can hold it.
func TestEveryState(t *testing.T) {
	everyBackend(t, func(t *testing.T, name string) {
		w := newWorld(t, name, worker, "lifecycle:installing", "lifecycle:installed", "lifecycle:activating", "lifecycle:activated")
		w.begin(control)
		var states []string
		last := uint64(0)
		for range 4 {
			p := w.paused(last)
			last = p.Pause.ID
			states = append(states, p.Pause.Stop.State)
			w.resume(p)
		}
		if want := []string{"installing", "installed", "activating", "activated"}; !slices.Equal(states, want) {
			t.Errorf("stopped at %v", states)
		}
	})
}
