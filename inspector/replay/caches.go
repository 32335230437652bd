package replay

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/swinspect/swinspect/inspector"
	"github.com/swinspect/swinspect/inspector/recording"
	"github.com/swinspect/swinspect/runtime/cache"
	"github.com/swinspect/swinspect/runtime/fetch"
)

// A snapshot is taken when its cache has been quiet for a while: one taken that long
// after a moment may still show it.
const snapshotLag = 3 * time.Second

func sortedRefs(all map[inspector.CacheRef]*recording.Snapshot) []inspector.CacheRef {
	return slices.SortedFunc(maps.Keys(all), func(a, b inspector.CacheRef) int {
		return cmp.Or(cmp.Compare(a.StorageKey, b.StorageKey), all[a].At.Compare(all[b].At), cmp.Compare(a.Name, b.Name))
	})
}

// cacheSet is the caches of a storage key on their way into a world.
type cacheSet struct {
	names   []string
	entries map[string][]cache.SavedEntry
	missing map[string]bool // "cache url" of entries whose body was not recorded
	whole   map[string]bool // caches of which a snapshot shows all entries
}

func newCacheSet() *cacheSet {
	return &cacheSet{entries: map[string][]cache.SavedEntry{}, missing: map[string]bool{}, whole: map[string]bool{}}
}

func (c *cacheSet) open(name string) {
	if _, ok := c.entries[name]; !ok {
		c.names = append(c.names, name)
		c.entries[name] = nil
	}
}

// put adds an entry; an entry of the same request is replaced.
func (c *cacheSet) put(name string, e cache.SavedEntry) {
	c.open(name)
	key := entryKey(e)
	if i := slices.IndexFunc(c.entries[name], func(o cache.SavedEntry) bool { return entryKey(o) == key }); i >= 0 {
		c.entries[name][i] = e
		return
	}
	c.entries[name] = append(c.entries[name], e)
}

// entryKey tells the entries of a cache apart: method, URL and what the response
// varies by.
func entryKey(e cache.SavedEntry) string {
	key := e.Request.Method + " " + e.Request.URL
	if vary, ok := e.Response.Headers.Get("Vary"); ok {
		for name := range strings.SplitSeq(vary, ",") {
			v, _ := e.Request.Headers.Get(strings.TrimSpace(name))
			key += "\x00" + v
		}
	}
	return key
}

func (c *cacheSet) saved() cache.Saved {
	var s cache.Saved
	for _, name := range c.names {
		s.Caches = append(s.Caches, cache.SavedCache{Name: []byte(name), Entries: c.entries[name]})
	}
	return s
}

// merge adds what a storage holds; with since, only entries that were put after it into
// caches that are known already.
func (c *cacheSet) merge(s cache.Saved, since map[string]time.Time) {
	for _, from := range s.Caches {
		name := string(from.Name)
		after, known := since[name]
		c.open(name)
		for _, e := range from.Entries {
			if !known || e.Time.After(after) {
				c.put(name, e)
			}
		}
	}
}

// cachesAt are the caches of a storage key as they were at a moment: by the newest
// snapshot before it and, of the next one, the entries whose response is older than
// the moment. taken is when each cache was recorded.
func (r *Recording) cachesAt(ctx context.Context, key worldKey, storageKey string, at time.Time) (set *cacheSet, taken map[string]time.Time, err error) {
	if set, taken, err = r.snapshotsAt(ctx, key, storageKey, at); err != nil {
		return nil, nil, err
	}
	seen := map[string]bool{}
	for _, when := range []time.Time{at.Add(snapshotLag), at.Add(20 * snapshotLag), {}} {
		later, err := r.file.Caches(ctx, when)
		if err != nil {
			return nil, nil, err
		}
		for _, ref := range sortedRefs(later) {
			s := later[ref]
			if !key.holds(ref, storageKey) || seen[ref.Name] || !s.At.After(at) {
				continue
			}
			seen[ref.Name] = true
			for _, e := range s.Entries {
				before := !e.ResponseTime.IsZero() && !e.ResponseTime.After(at) && e.ResponseTime.After(taken[ref.Name])
				if before || e.ResponseTime.IsZero() && taken[ref.Name].IsZero() && s.At.Before(at.Add(snapshotLag)) {
					r.add(ctx, set, ref.Name, e)
				}
			}
		}
	}
	return set, taken, nil
}

// holds reports whether a cache is of a storage key in a browser context.
func (key worldKey) holds(ref inspector.CacheRef, storageKey string) bool {
	return ref.Instance == key.instance && ref.Context == key.context && engineKey(ref.StorageKey) == storageKey && ref.Bucket == ""
}

// snapshotsAt are the newest snapshots before a moment.
func (r *Recording) snapshotsAt(ctx context.Context, key worldKey, storageKey string, at time.Time) (*cacheSet, map[string]time.Time, error) {
	set, taken := newCacheSet(), map[string]time.Time{}
	base, err := r.file.Caches(ctx, at)
	if err != nil {
		return nil, nil, err
	}
	for _, ref := range sortedRefs(base) {
		if key.holds(ref, storageKey) {
			taken[ref.Name] = base[ref].At
			set.whole[ref.Name] = base[ref].Problem == ""
			set.open(ref.Name)
			for _, e := range base[ref].Entries {
				r.add(ctx, set, ref.Name, e)
			}
		}
	}
	return set, taken, nil
}

// add puts an entry of a snapshot.
func (r *Recording) add(ctx context.Context, set *cacheSet, name string, e recording.SnapshotEntry) {
	saved := cache.SavedEntry{
		Time:     e.ResponseTime,
		Request:  cache.SavedRequest{Method: cmp.Or(e.Method, "GET"), URL: e.URL, Headers: headerList(e.RequestHeaders), Mode: "cors", Credentials: "same-origin", Cache: "default", Redirect: "follow", Referrer: "client"},
		Response: cache.SavedResponse{Type: responseType(e.ResponseType), Status: e.Status, StatusText: e.StatusText, Headers: headerList(e.ResponseHeaders), Body: []byte{}},
	}
	if saved.Response.Type != "default" {
		saved.Response.URLs = []string{e.URL}
	}
	if saved.Response.Status == 0 {
		saved.Response.Status = 200 // inside of an opaque one
	}
	if e.BodyHash == "" {
		set.missing[name+" "+e.URL] = e.Size != 0
	} else if body, err := r.body(ctx, e.BodyHash); err == nil {
		saved.Response.Body = body
	} else {
		set.missing[name+" "+e.URL] = true
	}
	set.put(name, saved)
}

// responseType is CDP's word for a response's type as the standard's.
func responseType(t string) string {
	switch t {
	case "opaqueResponse", "opaque":
		return "opaque"
	case "opaqueRedirect", "opaqueredirect":
		return "opaqueredirect"
	case "cors", "basic", "error":
		return t
	}
	return "default"
}

func headerList(l []inspector.Header) fetch.HeaderList {
	var out fetch.HeaderList
	for _, h := range l {
		if h.Value != recording.Redacted && fetch.ValidName(h.Name) {
			out = append(out, fetch.Header{Name: h.Name, Value: h.Value})
		}
	}
	return out
}

// engineKey is a recorded storage key as the engine writes it: a first-party one has
// no slash at its end.
func engineKey(raw string) string {
	if strings.Contains(raw, "/^") {
		return raw
	}
	return strings.TrimSuffix(raw, "/")
}
