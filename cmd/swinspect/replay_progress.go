package main

import (
	"fmt"
	"strings"
	"time"
)

// progress draws how far a replay is, from its first second on and only at a terminal.
// stop takes the bar away and waits for the one goroutine.
func (p *replayPool) progress(began time.Time) (stop func()) {
	if !isTerminal(p.io.err) {
		return func() {}
	}
	quit, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(200 * time.Millisecond)
		defer tick.Stop()
		shown := false
		for {
			select {
			case <-tick.C:
				if since := time.Since(began); since > time.Second {
					shown = true
					_, _ = fmt.Fprint(p.io.err, "\r\x1b[K"+bar(int(p.done.Load()), p.total(), since))
				}
			case <-quit:
				if shown {
					_, _ = fmt.Fprint(p.io.err, "\r\x1b[K")
				}
				return
			}
		}
	}()
	return func() { close(quit); <-done }
}

// total is how many events there are; an estimate until every process has said.
func (p *replayPool) total() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	sum, known := 0, 0
	for _, n := range p.totals {
		if n > 0 {
			sum += n
			known++
		}
	}
	if known == 0 {
		return 0
	}
	return sum * len(p.totals) / known
}

// bar is one line: a bar, the count, the rate, what is left.
func bar(done, total int, since time.Duration) string {
	rate := float64(done) / since.Seconds()
	if total <= 0 {
		return fmt.Sprintf("reading the recording … %d s", int(since.Seconds()))
	}
	const width = 24
	full := min(width, done*width/total)
	left := ""
	if rate > 0 {
		left = "  " + time.Duration(float64(max(total-done, 0))/rate*float64(time.Second)).Round(time.Second).String() + " left"
	}
	return fmt.Sprintf("[%s%s] %d of %d  %.0f/s%s", strings.Repeat("=", full), strings.Repeat(" ", width-full), done, total, rate, left)
}
