package recording

import (
	"context"
	"sort"
	"sync"
	"time"

	"github.com/swinspect/swinspect/inspector"
)

// states are checkpoints of the fold: the slider moves between them without folding
// the whole recording again.
type states struct {
	mu    sync.Mutex
	every int64 // messages between two checkpoints
	at    []checkpoint
}

// checkpoint is the state after the messages up to seq; time is the latest of theirs.
type checkpoint struct {
	seq, time int64
	state     *inspector.State
}

const (
	checkpointEvery = 2000
	maxCheckpoints  = 128
)

// State is the state as of a moment: the fold of the messages up to the first one
// after it (of all of them when at is zero). Messages that only the fetch log reads
// are not folded, and not counted in its Seq.
func (f *File) State(ctx context.Context, at time.Time) (*inspector.State, error) {
	limit := int64(1<<63 - 1)
	if !at.IsZero() {
		limit = at.UnixMicro()
	}
	c := f.states.before(limit)
	s := c.state
	if s == nil {
		s = new(inspector.State)
	}
	n := int64(0)
	for r, err := range f.records(ctx, c.seq+1, at, classState) {
		if err != nil {
			return nil, err
		}
		s, _ = inspector.Apply(s, r.message())
		if n++; n%f.states.step() == 0 {
			f.states.keep(checkpoint{r.Seq, r.at(), s})
		}
	}
	return s, nil
}

// Changes are what changed after one moment and up to another, as the fold tells it,
// at most the newest max of them (0: all).
func (f *File) Changes(ctx context.Context, after, until time.Time, max int) ([]inspector.Change, error) {
	s, err := f.State(ctx, after)
	if err != nil {
		return nil, err
	}
	if after.IsZero() {
		s = new(inspector.State)
	}
	limit := int64(0)
	if !after.IsZero() {
		limit = after.UnixMicro()
	}
	from := int64(1)
	if !after.IsZero() {
		from = f.states.before(limit).seq + 1
	}
	var changes []inspector.Change
	for r, err := range f.records(ctx, from, until, classState) {
		if err != nil {
			return nil, err
		}
		if !after.IsZero() && r.at() <= limit {
			continue // in s already
		}
		var more []inspector.Change
		s, more = inspector.Apply(s, r.message())
		changes = append(changes, more...)
		if max > 0 && len(changes) > 2*max {
			changes = append(changes[:0], changes[len(changes)-max:]...)
		}
	}
	if max > 0 && len(changes) > max {
		changes = changes[len(changes)-max:]
	}
	return changes, nil
}

// before is the newest checkpoint that has no message after limit; the zero one is the
// beginning.
func (s *states) before(limit int64) checkpoint {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := sort.Search(len(s.at), func(i int) bool { return s.at[i].time > limit })
	if i == 0 {
		return checkpoint{}
	}
	return s.at[i-1]
}

func (s *states) step() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.every == 0 {
		s.every = checkpointEvery
	}
	return s.every
}

// keep adds a checkpoint; when there are too many, every other one goes.
func (s *states) keep(c checkpoint) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := sort.Search(len(s.at), func(i int) bool { return s.at[i].seq >= c.seq })
	if i < len(s.at) && s.at[i].seq == c.seq {
		return
	}
	s.at = append(s.at, checkpoint{})
	copy(s.at[i+1:], s.at[i:])
	s.at[i] = c
	if len(s.at) <= maxCheckpoints {
		return
	}
	kept := s.at[:0]
	for i, c := range s.at {
		if i%2 == 1 {
			kept = append(kept, c)
		}
	}
	clear(s.at[len(kept):])
	s.at = kept
	s.every *= 2
}

// RecordedScript is a script of a service worker that a recording keeps.
type RecordedScript struct {
	Time      time.Time
	Version   string
	ScriptURL string // the worker's script
	URL       string // this one: the same, or one that it imported
	Hash      string // of its source: see File.Body
}

// Scripts lists the scripts that were recorded up to a moment (the end, when until is
// zero), in the order in which they were told.
func (f *File) Scripts(ctx context.Context, until time.Time) ([]RecordedScript, error) {
	limit := int64(1<<63 - 1)
	if !until.IsZero() {
		limit = until.UnixMicro()
	}
	var all []RecordedScript
	err := each(ctx, f.db, "SELECT time, version, scriptURL, url, hash FROM scripts WHERE time <= ? ORDER BY seq, rowid", func(scan func(...any) error) error {
		var at int64
		var s RecordedScript
		if err := scan(&at, &s.Version, &s.ScriptURL, &s.URL, &s.Hash); err != nil {
			return err
		}
		s.Time = time.UnixMicro(at).UTC()
		all = append(all, s)
		return nil
	}, limit)
	return all, fileError("read", f.path, err)
}
