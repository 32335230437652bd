package inspector

import (
	"context"
	"slices"
	"sync"

	"github.com/chromedp/cdproto/target"

	"github.com/swinspect/swinspect/cdp"
)

// detach ends a session without waiting for the reply.
func (w *watcher) detach(s *cdp.Session) {
	err := w.l.conn.Root().Go(target.DetachFromTarget.Method, target.DetachFromTargetParams{SessionID: target.SessionID(s.ID())})
	if err != nil && w.l.ctx.Err() == nil {
		w.l.b.log.Debug("detaching", "err", err)
	}
}

// detachNow ends a session and waits until it has ended, so that what is said of
// it afterwards is true. It has a deadline of its own: it must happen even when
// the one who attached ran out of time.
func (w *watcher) detachNow(s *cdp.Session) {
	ctx, cancel := context.WithTimeout(w.l.ctx, applyTimeout)
	defer cancel()
	if err := s.Detach(ctx); err != nil && w.l.ctx.Err() == nil {
		w.l.b.log.Debug("detaching", "err", err)
	}
}

// keepers are the reasons for which sessions of swinspect are attached to
// service workers, which keeps them alive, by target.
type keepers struct {
	mu sync.Mutex
	by map[string][]string
}

// keep notes that a worker is kept alive for a reason, or no longer.
func (w *watcher) keep(id, reason string, attached bool) {
	k := &w.keepers
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.by == nil {
		k.by = map[string][]string{}
	}
	if attached {
		k.by[id] = append(k.by[id], reason)
	} else if i := slices.Index(k.by[id], reason); i >= 0 {
		k.by[id] = slices.Delete(slices.Clone(k.by[id]), i, i+1)
	}
	left := slices.Compact(slices.Sorted(slices.Values(k.by[id])))
	if len(left) == 0 {
		delete(k.by, id)
		w.l.note(w.context, NoteTargetSession{TargetID: id, Reason: reason, Attached: false})
		return
	}
	w.l.note(w.context, NoteTargetSession{TargetID: id, Reason: joinWords(left), Attached: true})
}

// joinWords lists words: "a", "a and b", "a, b and c".
func joinWords(words []string) string {
	switch n := len(words); n {
	case 0:
		return ""
	case 1:
		return words[0]
	default:
		text := words[0]
		for _, word := range words[1 : n-1] {
			text += ", " + word
		}
		return text + " and " + words[n-1]
	}
}
