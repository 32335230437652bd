package inspector

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"
)

// RefusedError says that an action was not sent, because what it names does not
// exist or cannot be acted on.
type RefusedError struct {
	Action Action
	Reason string
}

func (e *RefusedError) Error() string {
	return fmt.Sprintf("inspector: %s refused: %s", e.Action.Kind, e.Reason)
}

// performer knows how one kind of action is done.
type performer struct {
	deadline time.Duration // when it is called without effect, unless the caller says
	// check finds what the action names, or says why it is refused. Nothing of
	// effect is sent before it.
	check func(ctx context.Context, at *attempt) error
	// run sends it and waits for the event that proves it. ctx ends at the
	// deadline.
	run func(ctx context.Context, at *attempt) result
}

var performers map[ActionKind]performer

func init() { // a variable's initializer would be a cycle: running an action reads the table
	performers = map[ActionKind]performer{
		Update:            {20 * time.Second, checkRegistration, runUpdate},
		SkipWaiting:       {10 * time.Second, checkWaiting, runSkipWaiting},
		Unregister:        {10 * time.Second, checkRegistration, runUnregister},
		Start:             {10 * time.Second, checkActive, runStart},
		Stop:              {10 * time.Second, checkRunning, runStop},
		StopAll:           {10 * time.Second, checkContext, runStopAll},
		Push:              {15 * time.Second, checkPush, runEvent},
		Sync:              {15 * time.Second, checkActive, runEvent},
		PeriodicSync:      {15 * time.Second, checkActive, runEvent},
		SetUpdateOnReload: {10 * time.Second, checkContext, runUpdateOnReload},
		SetBypass:         {15 * time.Second, checkContext, runBypass},
		SetOffline:        {15 * time.Second, checkContext, runOffline},
		DeleteCache:       {20 * time.Second, checkCache, runDeleteCache},
		DeleteEntry:       {20 * time.Second, checkEntry, runDeleteEntry},
		ClearSiteData:     {20 * time.Second, checkStorage, runClear},
		FocusClient:       {5 * time.Second, checkPage, runFocus},
		ReloadClient:      {20 * time.Second, checkPage, runReload},
		CloseClient:       {10 * time.Second, checkPage, runClose},
		SetConsole:        {5 * time.Second, checkConsole, runConsole},
	}
}

// attempt is one action under way.
type attempt struct {
	b *Browser
	l *link
	w *watcher // of the action's context
	a Action
	s *State // when it was checked

	r       *Registration // where the action names one
	v       *Version
	t       *Target
	payload string // what a push carries
	subject string // what it acts on, in words
	since   time.Time

	sent chan struct{} // closed when the command was sent
}

// result is what became of an attempt.
type result struct {
	outcome Outcome
	detail  string
}

func confirmed(format string, args ...any) result {
	return result{Confirmed, fmt.Sprintf(format, args...)}
}

func noEffect(format string, args ...any) result {
	return result{NoEffect, fmt.Sprintf(format, args...)}
}

func failed(format string, args ...any) result {
	return result{Failed, fmt.Sprintf(format, args...)}
}

// Do sends an action and waits until it is known what became of it: confirmed by
// the event that proves it, without effect after the timeout (0 takes the usual
// one of the action), or failed. The error is a [*RefusedError] or [*GoneError]
// before anything is sent, or the context's; the outcome is in the receipt.
func (b *Browser) Do(ctx context.Context, a Action, timeout time.Duration) (Receipt, error) {
	r, err := b.begin(ctx, a, timeout)
	if err != nil {
		return r, err
	}
	s, err := b.WaitFor(ctx, func(s *State) bool {
		r := s.Receipt(r.ID)
		return r == nil || r.Outcome != Sent
	})
	if now := s.Receipt(r.ID); now != nil {
		r = *now
	}
	return r, err
}

// Begin sends an action and returns its receipt once it is sent. Its outcome
// arrives in State.Receipts.
func (b *Browser) Begin(ctx context.Context, a Action) (Receipt, error) {
	return b.begin(ctx, a, 0)
}

// Receipt finds a receipt by its id, nil when it is not known (any more).
func (s *State) Receipt(id uint64) *Receipt {
	for _, r := range s.Receipts {
		if r.ID == id {
			return r
		}
	}
	return nil
}

func (b *Browser) begin(ctx context.Context, a Action, timeout time.Duration) (Receipt, error) {
	p, ok := performers[a.Kind]
	if !ok {
		return Receipt{}, &RefusedError{a, fmt.Sprintf("there is no action %q", a.Kind)}
	}
	l, err := b.current()
	if err != nil {
		return Receipt{}, err
	}
	at := &attempt{b: b, l: l, a: a, s: b.State(), sent: make(chan struct{})}
	if err := p.check(ctx, at); err != nil {
		return Receipt{}, err
	}
	b.mu.Lock()
	b.receipts++
	id := b.receipts
	b.mu.Unlock()
	at.since = b.now()
	deadline := cmp.Or(timeout, p.deadline)
	receipt := Receipt{
		ID: id, Action: at.a, Subject: at.subject, Outcome: Sent,
		SentAt: at.since, Deadline: at.since.Add(deadline),
	}
	b.note(l.instance, at.w.context, NoteReceipt{receipt})
	err = b.spawn(func() { at.perform(p, receipt, deadline) })
	if err != nil {
		return receipt, err
	}
	select {
	case <-at.sent:
		return receipt, nil
	case <-ctx.Done():
		return receipt, ctx.Err()
	}
}

// perform is the goroutine of one action.
func (at *attempt) perform(p performer, receipt Receipt, deadline time.Duration) {
	ctx, cancel := context.WithTimeout(at.l.ctx, deadline)
	defer cancel()
	res := p.run(ctx, at)
	at.markSent()
	if at.l.conn.Err() != nil && res.outcome != Confirmed {
		res = failed("the browser went away before it could be confirmed")
	}
	receipt.Outcome, receipt.Detail, receipt.EndedAt = res.outcome, res.detail, at.b.now()
	at.b.note(at.l.instance, at.w.context, NoteReceipt{receipt})
	at.b.log.Debug("action", "kind", at.a.Kind, "subject", at.subject, "outcome", res.outcome, "detail", res.detail)
}

// markSent says that the command is on its way. Only the action's goroutine
// calls it.
func (at *attempt) markSent() {
	select {
	case <-at.sent:
	default:
		close(at.sent)
	}
}

// await waits for a proof in the state of this link.
func (at *attempt) await(ctx context.Context, holds func(*State) bool) (*State, error) {
	return at.b.WaitFor(ctx, holds)
}

// registration is the action's registration as of a state; it does not go away.
func (at *attempt) registration(s *State) *Registration {
	if r := s.Registration(at.r.Key); r != nil {
		return r
	}
	return at.r
}

// failure is the result of a command that was answered with an error, or of a
// deadline before it was answered.
func failure(err error) result {
	if errors.Is(err, context.DeadlineExceeded) {
		return noEffect("the browser did not answer in time")
	}
	return failed("%s", words(err))
}
