package replay

import (
	"context"
	"time"

	"github.com/swinspect/swinspect/inspector"
	"github.com/swinspect/swinspect/runtime/cache"
	"github.com/swinspect/swinspect/runtime/fetch"
)

// store is the caches of a storage key in a world, and when the recording tells of them.
type store struct {
	times []time.Time // of the readings that are still to come, ascending
}

// overlapping is how long before a reading a write of the replay may have been for the
// reading to have missed it: the clocks of the browser and of the recorder.
const overlapping = time.Second

// align brings the caches of a world to what the recording read of them since the event
// before: writes and deletions by pages, messages and whatever else is not replayed.
// What the replay wrote about that time stays.
func (w *world) align(ctx context.Context, at time.Time) error {
	for storageKey, s := range w.stores {
		latest := time.Time{}
		for len(s.times) > 0 && !s.times[0].After(at) {
			latest, s.times = s.times[0], s.times[1:]
		}
		if latest.IsZero() {
			continue
		}
		set, taken, err := w.run.recording.snapshotsAt(ctx, w.key, storageKey, latest)
		if err != nil {
			return err
		}
		w.alignStore(storageKey, set, taken)
	}
	return nil
}

func (w *world) alignStore(storageKey string, set *cacheSet, taken map[string]time.Time) {
	storage := w.context.Engine().CacheStorage(storageKey)
	have := storage.Save()
	var missing cacheSet
	missing.entries = map[string][]cache.SavedEntry{}
	for _, c := range have.Caches {
		name := string(c.Name)
		read, known := taken[name]
		recorded := map[string]bool{}
		for _, e := range set.entries[name] {
			recorded[entryKey(e)] = true
		}
		for _, e := range c.Entries {
			if known && set.whole[name] && !recorded[entryKey(e)] && e.Time.Before(read.Add(-overlapping)) {
				remove(storage.Lookup(name), e)
			}
		}
	}
	for _, name := range set.names {
		kept := map[string]bool{}
		for _, c := range have.Caches {
			if string(c.Name) == name {
				for _, e := range c.Entries {
					kept[entryKey(e)] = true
				}
			}
		}
		for _, e := range set.entries[name] {
			if !kept[entryKey(e)] {
				missing.put(name, e)
			}
		}
	}
	if err := storage.Restore(missing.saved()); err != nil {
		w.run.problem("caches of %s: %v", storageKey, err)
	}
	for k, v := range set.missing {
		w.missing[k] = v
	}
}

// remove deletes one entry: with its own headers, the request matches no other variant.
func remove(c *cache.Cache, e cache.SavedEntry) {
	u, err := fetch.ParseURL(e.Request.URL, nil)
	if err != nil || c == nil {
		return
	}
	r := fetch.NewRequest(u)
	r.Method, r.Headers = e.Request.Method, e.Request.Headers
	c.Delete(r, cache.QueryOptions{IgnoreMethod: true})
}

// follow remembers when the caches of a storage key were read after a moment.
func (w *world) follow(ctx context.Context, s *standIn, at time.Time) {
	if w.stores[s.storageKey] != nil || s.rawKey == "" {
		return
	}
	times, err := w.run.recording.file.CacheTimes(ctx, inspector.StorageRef{Instance: w.key.instance, Context: w.key.context, StorageKey: s.rawKey})
	if err != nil {
		w.run.problem("when the caches of %s were read: %v", s.storageKey, err)
		return
	}
	st := &store{}
	for _, t := range times {
		if t.After(at) {
			st.times = append(st.times, t)
		}
	}
	w.stores[s.storageKey] = st
}
