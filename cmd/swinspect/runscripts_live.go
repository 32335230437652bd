package main

import (
	"fmt"
	"io"
	"sync"
	"time"
)

// liveLine is the last line of a terminal: what runs now. Whatever else is written there
// goes through around. One goroutine draws it; stop waits for it. Without a terminal
// there is no line.
type liveLine struct {
	w    io.Writer // nil: no terminal
	quit chan struct{}
	done chan struct{}

	mu    sync.Mutex
	text  func() string
	shown bool
	ended bool
}

func newLiveLine(std stdio) *liveLine {
	l := &liveLine{}
	if !isTerminal(std.err) || std.env("TERM") == "dumb" || std.env("CI") != "" {
		return l
	}
	l.w, l.quit, l.done = std.err, make(chan struct{}), make(chan struct{})
	go func() {
		defer close(l.done)
		tick := time.NewTicker(100 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				l.mu.Lock()
				l.draw()
				l.mu.Unlock()
			case <-l.quit:
				return
			}
		}
	}()
	return l
}

// show sets what is drawn; it is called with the time between.
func (l *liveLine) show(text func() string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text = text
}

// draw is called with the lock held.
func (l *liveLine) draw() {
	if l.text == nil || l.w == nil {
		return
	}
	line := []rune(clean(l.text()))
	if len(line) == 0 {
		return
	}
	l.shown = true
	_, _ = fmt.Fprintf(l.w, "\r\x1b[K%s", string(line[:min(len(line), 78)]))
}

// around takes the line away while f writes.
func (l *liveLine) around(f func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.shown {
		_, _ = fmt.Fprint(l.w, "\r\x1b[K")
		l.shown = false
	}
	f()
}

// stop takes the line away for good.
func (l *liveLine) stop() {
	if l.w == nil {
		return
	}
	l.mu.Lock()
	ended := l.ended
	l.ended = true
	l.mu.Unlock()
	if ended {
		return
	}
	close(l.quit)
	<-l.done
	l.around(func() {})
}
