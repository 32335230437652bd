package recording

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/swinspect/swinspect/inspector"
	why "github.com/swinspect/swinspect/inspector/explain"
	"github.com/swinspect/swinspect/inspector/fetches"
)

// World is what a row of the recording can be explained with: the state and the
// caches as they were when its request began.
func (f *File) World(ctx context.Context, r *fetches.Fetch) (why.World, error) {
	w, err := f.WorldAt(ctx, r.Began, inspector.RegistrationKey{Instance: r.Instance, Context: r.Context, ID: r.Registration})
	if err != nil {
		return why.World{}, err
	}
	w.Children, err = f.Fetches().Children(ctx, r.ID)
	return w, err
}

// WorldAt is the state and the caches of a registration's storage key as of a moment.
func (f *File) WorldAt(ctx context.Context, at time.Time, key inspector.RegistrationKey) (why.World, error) {
	state, err := f.State(ctx, at)
	if err != nil {
		return why.World{}, err
	}
	w := why.World{State: state}
	g := state.Registration(key)
	if g == nil {
		return w, nil
	}
	all, err := f.Caches(ctx, at)
	if err != nil {
		return why.World{}, err
	}
	ref := inspector.StorageRef{Instance: key.Instance, Context: key.Context, StorageKey: g.StorageKey.Raw}
	var snapshots []*Snapshot
	for _, s := range all {
		if s.Ref.StorageRef == ref {
			snapshots = append(snapshots, s)
		}
	}
	later, err := f.nextSnapshots(ctx, ref, at)
	if err != nil {
		return why.World{}, err
	}
	order := cacheOrder(state, ref)
	snapshots = append(snapshots, later...)
	slices.SortStableFunc(snapshots, func(a, b *Snapshot) int {
		return cmp.Or(cmp.Compare(order[a.Ref.Name], order[b.Ref.Name]), cmp.Compare(a.Ref.Name, b.Ref.Name))
	})
	var oldest time.Time
	for _, s := range snapshots {
		if s.At.Before(at) && (oldest.IsZero() || s.At.Before(oldest)) {
			oldest = s.At
		}
		if s.Problem != "" {
			w.CachesProblem = s.Problem
		}
		entries := cacheEntries(s.Entries)
		if n := len(w.Caches); n > 0 && w.Caches[n-1].Name == s.Ref.Name {
			w.Caches[n-1].Entries = join(w.Caches[n-1].Entries, entries)
			continue
		}
		w.Caches = append(w.Caches, why.Cache{Name: s.Ref.Name, Entries: entries})
	}
	switch {
	case at.IsZero():
		w.CachesFrom = "as they were at the end of the recording"
	case !oldest.IsZero() && len(later) > 0:
		w.CachesFrom = fmt.Sprintf("as they were recorded %s before, with what a later look found that is older than this moment", at.Sub(oldest).Round(time.Millisecond))
	case !oldest.IsZero():
		w.CachesFrom = fmt.Sprintf("as they were recorded %s before", at.Sub(oldest).Round(time.Millisecond))
	case len(later) > 0:
		w.CachesFrom = "as they were recorded later, of which what is older than this moment"
	case w.CachesProblem == "":
		w.CachesProblem = "No content of its caches was recorded."
	}
	return w, nil
}

// nextSnapshots are the caches of a storage as they were first recorded after a moment,
// with those of their entries only that are older.
func (f *File) nextSnapshots(ctx context.Context, ref inspector.StorageRef, at time.Time) ([]*Snapshot, error) {
	times, err := f.CacheTimes(ctx, ref)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(times, func(t time.Time) bool { return t.After(at) })
	if i < 0 || at.IsZero() {
		return nil, nil
	}
	// The caches of one look are written within moments of each other.
	const together = 200 * time.Millisecond
	until := times[i]
	for _, t := range times[i:] {
		if t.Sub(times[i]) < together {
			until = t
		}
	}
	all, err := f.Caches(ctx, until)
	if err != nil {
		return nil, err
	}
	var later []*Snapshot
	for _, s := range all {
		if s.Ref.StorageRef != ref || !s.At.After(at) {
			continue
		}
		old := *s
		old.Entries = nil
		for _, e := range s.Entries {
			if !e.ResponseTime.IsZero() && !e.ResponseTime.After(at) {
				old.Entries = append(old.Entries, e)
			}
		}
		if len(old.Entries) > 0 {
			later = append(later, &old)
		}
	}
	return later, nil
}

// join adds the entries that are not there yet.
func join(entries, more []inspector.CacheEntry) []inspector.CacheEntry {
	for _, e := range more {
		if !slices.ContainsFunc(entries, func(o inspector.CacheEntry) bool {
			return o.URL == e.URL && o.Method == e.Method && slices.Equal(o.RequestHeaders, e.RequestHeaders)
		}) {
			e.Index = len(entries)
			entries = append(entries, e)
		}
	}
	return entries
}

// cacheOrder is the place of each cache in creation order.
func cacheOrder(s *inspector.State, ref inspector.StorageRef) map[string]int {
	order := map[string]int{}
	if storage := s.Storage(ref); storage != nil {
		for i, c := range storage.Caches {
			order[c.Name] = i
		}
	}
	return order
}

// CacheEntries are the entries as a browser's cache has them.
func (s *Snapshot) CacheEntries() []inspector.CacheEntry { return cacheEntries(s.Entries) }

func cacheEntries(all []SnapshotEntry) []inspector.CacheEntry {
	entries := make([]inspector.CacheEntry, len(all))
	for i, e := range all {
		entries[i] = inspector.CacheEntry{
			Index: i, Method: e.Method, URL: e.URL, Status: e.Status, StatusText: e.StatusText, Type: e.ResponseType,
			RequestHeaders: e.RequestHeaders, ResponseHeaders: e.ResponseHeaders, Time: e.ResponseTime, Size: e.Size,
			ContentType: firstHeader(e.ResponseHeaders, "content-type"), Vary: firstHeader(e.ResponseHeaders, "vary"),
		}
	}
	return entries
}

func firstHeader(all []inspector.Header, name string) string {
	for _, h := range all {
		if strings.EqualFold(h.Name, name) {
			return h.Value
		}
	}
	return ""
}
