package inspector

import "slices"

// maxJournal and maxJournalBytes bound what a Browser remembers for those who tap it later.
const (
	maxJournal      = 50_000
	maxJournalBytes = 64 << 20
)

// tap is one who is handed every message.
type tap struct{ f func(Message, *State) }

// Tap hands f every message that is folded, in order, each with the state it led to:
// first those that were folded before (as far as they are remembered: Missed tells how
// many are not), then each as it comes, until stop is called. f is called with the
// browser's lock held: it must not block, nor call the Browser.
func (b *Browser) Tap(f func(Message, *State)) (missed uint64, stop func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var s *State
	for _, m := range b.journal {
		s, _ = Apply(s, m)
		f(m, s)
	}
	t := &tap{f}
	b.taps = append(b.taps, t)
	return b.unjournaled, func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.taps = slices.DeleteFunc(slices.Clone(b.taps), func(o *tap) bool { return o == t })
	}
}

// tapped hands a message on. The caller holds the lock.
func (b *Browser) tapped(m Message, s *State) {
	if size := len(m.Params) + len(m.Result); len(b.journal) < maxJournal && b.journalBytes+size < maxJournalBytes {
		b.journal = append(b.journal, m)
		b.journalBytes += size
	} else {
		b.unjournaled++
	}
	for _, t := range b.taps {
		t.f(m, s)
	}
}
