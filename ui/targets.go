package ui

import (
	"context"
	"errors"
	"time"
)

// browsers are all targets of the page: the attached browsers, then the opened
// recordings.
func (s *Server) browsers() []Browser {
	all := s.opts.Hub.Browsers()
	for _, t := range s.library.tapes() {
		all = append(all, t)
	}
	return all
}

// browserOf is a target by its id, nil when there is none.
func (s *Server) browserOf(id string) Browser {
	if t := s.library.tape(id); t != nil {
		return t
	}
	return s.opts.Hub.Browser(id)
}

func isTape(b Browser) bool {
	_, ok := b.(*tape)
	return ok
}

// nowOf is the time that a target's pages are as of.
func (s *Server) nowOf(b Browser) time.Time {
	if t, ok := b.(*tape); ok {
		return t.Moment()
	}
	return s.opts.Now()
}

// OpenRecording opens a recording, which is a target of the page from then on, at /b/ID.
func (s *Server) OpenRecording(ctx context.Context, path string) (id string, err error) {
	t, err := s.library.open(ctx, path)
	if err != nil {
		return "", err
	}
	return t.ID(), nil
}

// letGo ends looking at a target: a browser is detached from, a recording is closed.
// What was being recorded of it is saved first.
func (s *Server) letGo(ctx context.Context, id string) error {
	if s.library.tape(id) != nil {
		return s.library.shut(id)
	}
	_, _, err := s.library.end(ctx, id)
	s.watches.forget(id)
	s.seats.drop(id)
	return errors.Join(err, s.opts.Hub.Detach(id))
}

// forget ends the watch of a browser.
func (ws *watches) forget(id string) {
	ws.mu.Lock()
	w := ws.of[id]
	delete(ws.of, id)
	ws.mu.Unlock()
	if w != nil {
		w.close()
	}
}
