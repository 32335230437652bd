package clock

import (
	"sync"
	"testing"
	"time"
)

// A running clock's timers run by themselves, and when it is moved on.
func TestRunning(t *testing.T) {
	start := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	c := NewRunning(start)
	defer c.Close()
	if d := c.Now().Sub(start); d < 0 || d > time.Second {
		t.Errorf("begins %v off", d)
	}
	soon := make(chan struct{})
	c.AfterFunc(5*time.Millisecond, func() { close(soon) })
	<-soon
	var mu sync.Mutex
	var order []string
	note := func(s string) func() {
		return func() { mu.Lock(); defer mu.Unlock(); order = append(order, s) }
	}
	c.AfterFunc(2*time.Hour, note("2h"))
	c.AfterFunc(time.Hour, func() {
		note("1h")()
		c.AfterFunc(30*time.Minute, note("1h30"))
	})
	c.AfterFunc(90*time.Hour, note("never")).Stop()
	c.Advance(24 * time.Hour)
	mu.Lock()
	defer mu.Unlock()
	if got := len(order); got != 3 || order[0] != "1h" || order[1] != "1h30" || order[2] != "2h" {
		t.Errorf("ran %v", order)
	}
	if d := c.Now().Sub(start); d < 24*time.Hour || d > 24*time.Hour+5*time.Second {
		t.Errorf("moved by %v", d)
	}
}
