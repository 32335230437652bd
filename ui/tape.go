package ui

import (
	"cmp"
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/swinspect/swinspect/inspector"
	"github.com/swinspect/swinspect/inspector/explain"
	"github.com/swinspect/swinspect/inspector/fetches"
	"github.com/swinspect/swinspect/inspector/recording"
	"github.com/swinspect/swinspect/ui/pages"
)

// tape is an opened recording as a [Browser]: what its panels show is as of a moment
// that the user chooses. Safe for concurrent use; it has no goroutine.
type tape struct {
	signal
	id   string
	file *recording.File

	mu      sync.Mutex
	moment  time.Time
	state   *inspector.State
	caches  map[inspector.CacheRef]*recording.Snapshot
	scripts []recording.RecordedScript
	whole   []inspector.Change // of the whole recording, once read
}

// tapeReason is why nobody is at the other end of a recording.
const tapeReason = pages.Recorded

// errTape refuses to act on a recording.
var errTape = errors.New("this is a recording: nothing can be done to it")

// maxWhole bounds the changes of a recording that the slider knows of.
const maxWhole = 20_000

func openTape(ctx context.Context, id, path string) (*tape, error) {
	f, err := recording.Open(path)
	if err != nil {
		return nil, err
	}
	t := &tape{id: id, file: f}
	_, to := f.Span()
	t.whole, err = f.Changes(ctx, time.Time{}, time.Time{}, maxWhole)
	if err == nil {
		err = t.seek(ctx, to)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return t, nil
}

// seek shows the recording as of a moment, within its span.
func (t *tape) seek(ctx context.Context, at time.Time) error {
	from, to := t.file.Span()
	if at.Before(from) {
		at = from
	}
	if at.After(to) {
		at = to
	}
	state, err := t.file.State(ctx, at)
	if err != nil {
		return err
	}
	caches, err := t.file.Caches(ctx, at)
	if err != nil {
		return err
	}
	scripts, err := t.file.Scripts(ctx, at)
	if err != nil {
		return err
	}
	t.mu.Lock()
	t.moment, t.caches, t.scripts = at, caches, scripts
	t.state = stillState(state, caches, at)
	t.mu.Unlock()
	t.raise()
	return nil
}

// stillState is a recorded state with nobody at its other end, and with the caches as
// they were recorded.
func stillState(s *inspector.State, caches map[inspector.CacheRef]*recording.Snapshot, at time.Time) *inspector.State {
	still := *s
	still.Connection.Status, still.Connection.Reason = inspector.Closed, tapeReason
	still.Connection.Since = at
	still.Storages = slices.Clone(s.Storages)
	byKey := map[inspector.StorageRef][]*recording.Snapshot{}
	for _, c := range caches {
		byKey[c.Ref.StorageRef] = append(byKey[c.Ref.StorageRef], c)
	}
	for ref, snapshots := range byKey {
		i := slices.IndexFunc(still.Storages, func(st *inspector.Storage) bool { return st.Ref == ref })
		var st inspector.Storage
		if i >= 0 {
			st = *still.Storages[i]
		}
		st.Ref, st.Stale, st.Error = ref, false, ""
		st.Caches = cachesOf(st.Caches, snapshots)
		for _, c := range snapshots {
			if c.At.After(st.ReadAt) {
				st.ReadAt = c.At
			}
		}
		if i >= 0 {
			still.Storages[i] = &st
		} else {
			still.Storages = append(still.Storages, &st)
		}
	}
	return &still
}

// cachesOf are the caches of snapshots, in the order in which the state has them.
func cachesOf(known []*inspector.Cache, snapshots []*recording.Snapshot) []*inspector.Cache {
	place := map[string]int{}
	for i, c := range known {
		place[c.Name] = i + 1
	}
	slices.SortFunc(snapshots, func(a, b *recording.Snapshot) int {
		pa, pb := place[a.Ref.Name], place[b.Ref.Name]
		if pa == 0 {
			pa = len(known) + 1
		}
		if pb == 0 {
			pb = len(known) + 1
		}
		return cmp.Or(cmp.Compare(pa, pb), cmp.Compare(a.Ref.Name, b.Ref.Name))
	})
	var out []*inspector.Cache
	for _, s := range snapshots {
		out = append(out, &inspector.Cache{Name: s.Ref.Name, Entries: len(s.Entries), ReadAt: s.At, Problem: s.Problem})
	}
	return out
}

func (t *tape) ID() string   { return t.id }
func (t *tape) Name() string { return filepath.Base(t.file.Path()) }

func (t *tape) State() *inspector.State {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.state
}

// Moment is the time that the recording is shown as of.
func (t *tape) Moment() time.Time {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.moment
}

// Changes are those up to the moment.
func (t *tape) Changes(after uint64) []inspector.Change {
	moment := t.Moment()
	var out []inspector.Change
	for _, c := range t.whole {
		if c.Seq > after && !c.Time.After(moment) {
			out = append(out, c)
		}
	}
	return out
}

func (t *tape) Do(context.Context, inspector.Action, time.Duration) (inspector.Receipt, error) {
	return inspector.Receipt{}, errTape
}

func (t *tape) Begin(context.Context, inspector.Action) (inspector.Receipt, error) {
	return inspector.Receipt{}, errTape
}

func (t *tape) Facts(context.Context, inspector.RegistrationKey) error { return errTape }

func (t *tape) Caches(_ context.Context, ref inspector.StorageRef, _ bool) (*inspector.Storage, error) {
	if st := t.State().Storage(ref); st != nil {
		return st, nil
	}
	return &inspector.Storage{Ref: ref, ReadAt: t.Moment()}, nil
}

func (t *tape) snapshot(ref inspector.CacheRef) *recording.Snapshot {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.caches[ref]
}

// errNoContent is of a cache whose content was not recorded.
var errNoContent = errors.New("the content of this cache was not recorded before this moment")

func (t *tape) Entries(_ context.Context, ref inspector.CacheRef, _ bool) (*inspector.Listing, error) {
	s := t.snapshot(ref)
	if s == nil {
		return nil, errNoContent
	}
	l := &inspector.Listing{Ref: ref, ReadAt: s.At, Problem: s.Problem}
	for i := range s.Entries {
		l.Entries = append(l.Entries, tapeEntry(i, &s.Entries[i]))
	}
	return l, nil
}

func tapeEntry(i int, e *recording.SnapshotEntry) inspector.CacheEntry {
	return inspector.CacheEntry{
		Index: i, Method: cmp.Or(e.Method, "GET"), URL: e.URL, Status: e.Status, StatusText: e.StatusText, Type: e.ResponseType,
		ContentType: headerOf(e.ResponseHeaders, "content-type"), Vary: headerOf(e.ResponseHeaders, "vary"),
		RequestHeaders: e.RequestHeaders, ResponseHeaders: e.ResponseHeaders, Time: e.ResponseTime, Size: e.Size,
	}
}

func (t *tape) Lookup(ctx context.Context, ref inspector.CacheRef, url string) (*inspector.CacheEntry, error) {
	l, err := t.Entries(ctx, ref, false)
	if err != nil {
		return nil, err
	}
	for i := range l.Entries {
		if l.Entries[i].URL == url {
			return &l.Entries[i], nil
		}
	}
	return nil, nil
}

func (t *tape) Body(ctx context.Context, ref inspector.CacheRef, url string, sent []inspector.Header, limit int64) (*inspector.Body, error) {
	s := t.snapshot(ref)
	if s == nil {
		return nil, errNoContent
	}
	var found *recording.SnapshotEntry
	for i := range s.Entries {
		e := &s.Entries[i]
		if e.URL == url && (found == nil || slices.Equal(e.RequestHeaders, sent)) {
			found = e
		}
	}
	if found == nil || found.BodyHash == "" {
		return nil, recording.ErrNoBody
	}
	data, err := t.file.Body(ctx, found.BodyHash)
	if err != nil {
		return nil, err
	}
	b := &inspector.Body{Data: data, Size: int64(len(data)), Type: headerOf(found.ResponseHeaders, "content-type")}
	if limit > 0 && b.Size > limit {
		b.Data, b.Truncated = data[:limit], true
	}
	return b, nil
}

func (t *tape) Measure(context.Context, inspector.CacheRef, []string) error { return errTape }

// Usage is what was told of it before the moment.
func (t *tape) Usage(_ context.Context, ref inspector.StorageRef) (*inspector.Usage, error) {
	if st := t.State().Storage(ref); st != nil && st.Usage != nil {
		return st.Usage, nil
	}
	return nil, errors.New("the storage use was not recorded")
}

// Scripts are those of a version that were recorded up to the moment.
func (t *tape) Scripts(ctx context.Context, _ inspector.RegistrationKey, version string) ([]*inspector.Script, error) {
	t.mu.Lock()
	all := t.scripts
	t.mu.Unlock()
	var out []*inspector.Script
	for _, s := range all {
		if s.Version != version {
			continue
		}
		text, err := t.file.Body(ctx, s.Hash)
		if err != nil {
			return nil, err
		}
		out = append(out, &inspector.Script{URL: s.URL, ID: s.Hash, Hash: s.Hash, Length: len(text), Source: string(text), Main: s.URL == s.ScriptURL, ReadAt: s.Time})
	}
	if len(out) == 0 {
		return nil, errors.New("the scripts of this version were not recorded")
	}
	return out, nil
}

// tapeFetches are the requests of a recording up to a moment.
type tapeFetches struct {
	fetches.Table
	file *recording.File
}

func (f tapeFetches) Body(ctx context.Context, hash string) ([]byte, error) {
	return f.file.Body(ctx, hash)
}

// FetchSource implements [taped].
func (t *tape) FetchSource(ctx context.Context) (fetchSource, error) {
	moment := t.Moment()
	if _, to := t.file.Span(); !moment.Before(to) {
		return tapeFetches{t.file.Fetches(), t.file}, nil
	}
	table, err := t.file.FetchesAt(ctx, moment)
	if err != nil {
		return nil, err
	}
	return tapeFetches{table, t.file}, nil
}

// World implements [taped].
func (t *tape) World(ctx context.Context, f *fetches.Fetch) (explain.World, error) {
	return t.file.World(ctx, f)
}

// step is the moment of the next change, or the one before; zero when there is none.
func (t *tape) step(forward bool) time.Time {
	moment := t.Moment()
	var found time.Time
	for _, c := range t.whole {
		switch {
		case markClass(c.Kind) == "":
		case forward && c.Time.After(moment):
			return c.Time
		case !forward && c.Time.Before(moment):
			found = c.Time
		}
	}
	return found
}

func headerOf(hs []inspector.Header, name string) string {
	for _, h := range hs {
		if strings.EqualFold(h.Name, name) {
			return h.Value
		}
	}
	return ""
}
