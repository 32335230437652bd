package inspector

import (
	"context"
	"errors"
	"fmt"

	"github.com/chromedp/cdproto/serviceworker"
	"github.com/chromedp/cdproto/target"

	"github.com/swinspect/swinspect/cdp"
)

// batch bounds how many messages the pump folds before others see a state.
const batch = 256

// pump is the goroutine that folds what arrives. When it cannot keep up the
// subscription overflows, which ends the link: a gap must not go unnoticed.
func (l *link) pump() {
	for open := true; open; {
		select {
		case e, ok := <-l.sub.C():
			if open = ok; ok {
				open = l.drain([]cdp.Event{e})
			}
		case done := <-l.barriers:
			open = l.drain(nil)
			close(done)
		}
	}
	if err := l.sub.Err(); errors.Is(err, cdp.ErrOverflow) && l.ctx.Err() == nil {
		l.end(fmt.Errorf("events came faster than they could be read: %w", err))
		_ = l.conn.Close() // the supervisor connects again and takes a new inventory
	}
}

// drain folds events and all that wait behind them, a batch at a time. It
// reports whether more can come.
func (l *link) drain(events []cdp.Event) (more bool) {
	for {
		select {
		case e, ok := <-l.sub.C():
			if !ok {
				l.take(events)
				return false
			}
			if events = append(events, e); len(events) == batch {
				l.take(events)
				events = nil
			}
		default:
			l.take(events)
			return true
		}
	}
}

// barrier returns when every event that came before now is folded: a reply does
// not wait for the events before it.
func (l *link) barrier(ctx context.Context) error {
	done := make(chan struct{})
	select {
	case l.barriers <- done:
	case <-ctx.Done():
		return ctx.Err()
	case <-l.conn.Done():
		return l.conn.Err()
	}
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// take folds events and tells those who act on them.
func (l *link) take(events []cdp.Event) {
	if len(events) == 0 {
		return
	}
	messages := make([]Message, 0, len(events))
	places := make([]*place, len(events))
	for i, e := range events {
		if e.SessionID != "" {
			if places[i] = l.place(e.SessionID); places[i] == nil {
				continue
			}
		}
		if m, ok := l.message(e, places[i]); ok {
			messages = append(messages, m)
		}
	}
	s := l.b.fold(messages...)
	for i, e := range events {
		if e.SessionID == "" || places[i] != nil {
			l.react(e, places[i], s)
		}
	}
}

// message is what to fold of an event: the two events of a snapshot become one
// note at the place of the second.
func (l *link) message(e cdp.Event, p *place) (Message, bool) {
	m := Message{Time: e.Time, Kind: KindEvent, Instance: l.instance, Method: e.Method, Params: e.Params}
	if p == nil {
		return m, true
	}
	m.Context, m.Target = p.context, p.target
	if p.snapshot == nil {
		return m, !p.quiet
	}
	if p.snapshot.folded {
		return m, false
	}
	switch e.Method {
	case serviceworker.WorkerRegistrationUpdated.Method:
		p.snapshot.note.Registrations = e.Params
	case serviceworker.WorkerVersionUpdated.Method:
		p.snapshot.note.Versions = e.Params
	}
	if p.snapshot.note.Registrations == nil || p.snapshot.note.Versions == nil {
		return m, false
	}
	p.snapshot.folded = true
	return NewNote(e.Time, l.instance, p.context, p.snapshot.note), true
}

// react wakes whoever has something to do because of an event that was folded.
// It runs on the pump and must not block.
func (l *link) react(e cdp.Event, p *place, s *State) {
	if p != nil && p.snapshot != nil {
		if p.snapshot.folded {
			select {
			case <-p.snapshot.done:
			default:
				close(p.snapshot.done)
			}
		}
		return
	}
	if p != nil && p.on != nil {
		p.on(e)
	}
	switch e.Method {
	case serviceworker.WorkerVersionUpdated.Method:
		if p != nil && p.watcher != nil {
			p.watcher.versionsFolded()
		}
	case target.TargetCreated.Method, target.TargetInfoChanged.Method, target.TargetDestroyed.Method:
		if p == nil {
			l.reactTarget(e, s)
		}
	}
}

// targetEvent is the part of Target.targetCreated, targetInfoChanged and
// targetDestroyed that the watchers act on.
type targetEvent struct {
	TargetID   string `json:"targetId"`
	TargetInfo struct {
		TargetID         string `json:"targetId"`
		Type             string `json:"type"`
		URL              string `json:"url"`
		BrowserContextID string `json:"browserContextId"`
	} `json:"targetInfo"`
}

func (l *link) reactTarget(e cdp.Event, s *State) {
	t, ok := decode[targetEvent](e.Params)
	if !ok {
		return
	}
	if e.Method == target.TargetDestroyed.Method {
		l.mu.Lock()
		others := len(l.watchers) > 1
		for _, w := range l.watchers {
			w.targetGone(t.TargetID)
		}
		l.mu.Unlock()
		if others {
			kick(l.kickContexts)
		}
		return
	}
	i := t.TargetInfo
	w := l.watcher(i.BrowserContextID)
	if w == nil {
		if i.BrowserContextID != "" {
			kick(l.kickContexts)
		}
		return
	}
	w.targetSeen(i.TargetID, i.Type, i.URL, s)
}

// kick wakes the reader of a channel with room for one.
func kick(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
