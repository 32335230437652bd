package ui

import "sync"

// signal is a level-triggered notification: [signal.Changed] hands out a channel
// that the next raise closes. The zero value is ready; safe for concurrent use.
type signal struct {
	mu sync.Mutex
	ch chan struct{}
}

// Changed is closed at the next raise.
func (s *signal) Changed() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ch == nil {
		s.ch = make(chan struct{})
	}
	return s.ch
}

func (s *signal) raise() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ch != nil {
		close(s.ch)
		s.ch = nil
	}
}
