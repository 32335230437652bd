package cache

import (
	"slices"
	"sync"

	"github.com/swinspect/swinspect/runtime/clock"
	"github.com/swinspect/swinspect/runtime/fetch"
)

// Options of a Storage; all may be left out.
type Options struct {
	Clock clock.Clock // time of entries; the machine's when nil
	Quota Quota       // nil: unlimited
	// Padding is what an opaque response counts on top of its size, so that usage
	// does not tell how large another origin's resource is. nil: see OpaquePadding.
	Padding func(url string) int64
}

// Quota grants or refuses storage. Reserve is called with the Storage's lock held;
// a negative delta gives back and is never refused.
type Quota interface{ Reserve(delta int64) bool }

// Storage is a name to cache map: the caches of one storage key.
//
// Source: https://w3c.github.io/ServiceWorker/#dfn-name-to-cache-map
type Storage struct {
	clock   clock.Clock
	quota   Quota
	padding func(string) int64

	// OnLookup, when set, is told of every Match, MatchAll and Keys with a request:
	// each candidate and the step that rejected it. OnChange is told what changed.
	// Set both before use; they are called with no lock held.
	OnLookup func(Lookup)
	OnChange func(Change)

	mu    sync.Mutex // guards the fields below and everything inside the caches
	names []string   // in the order of opening
	byKey map[string]*Cache
	usage int64
	seq   uint64
	// listeners are those of Listen.
	listeners []func(Change)
}

// Change says what a call changed: the list of caches, or one cache's content.
type Change struct {
	Cache   string
	List    bool // a cache was added or removed
	Added   []string
	Deleted []string // URLs of entries
}

// NewStorage returns an empty Storage.
func NewStorage(o Options) *Storage {
	if o.Clock == nil {
		o.Clock = clock.Real()
	}
	if o.Padding == nil {
		o.Padding = OpaquePadding
	}
	return &Storage{clock: o.Clock, quota: o.Quota, padding: o.Padding, byKey: map[string]*Cache{}}
}

// Open is the cache of that name, made when there is none (CacheStorage.open). The
// error is ErrQuotaExceeded.
func (s *Storage) Open(name string) (*Cache, error) {
	s.mu.Lock()
	if c, ok := s.byKey[name]; ok {
		s.mu.Unlock()
		return c, nil
	}
	if !s.reserve(int64(len(name)) + cacheOverhead) {
		s.mu.Unlock()
		return nil, ErrQuotaExceeded
	}
	c := newCache(s, name)
	s.byKey[name] = c
	s.names = append(s.names, name)
	s.mu.Unlock()
	s.changed(Change{Cache: name, List: true})
	return c, nil
}

// Lookup is the cache of that name; nil when there is none.
func (s *Storage) Lookup(name string) *Cache {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.byKey[name]
}

// Has reports whether there is a cache of that name.
func (s *Storage) Has(name string) bool { return s.Lookup(name) != nil }

// Delete removes a cache from the map and reports whether it was there. Who holds
// the *Cache can go on using it.
func (s *Storage) Delete(name string) bool {
	s.mu.Lock()
	c, ok := s.byKey[name]
	if ok {
		delete(s.byKey, name)
		s.names = slices.DeleteFunc(s.names, func(n string) bool { return n == name })
		s.reserve(-(c.size + int64(len(name)) + cacheOverhead))
		c.detached = true
	}
	s.mu.Unlock()
	if ok {
		s.changed(Change{Cache: name, List: true})
	}
	return ok
}

// Keys are the names in the order in which the caches were opened.
func (s *Storage) Keys() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.names)
}

// Match is CacheStorage.match: the first match in the order of the caches, or in
// the one cache named by only. It returns nil for none.
func (s *Storage) Match(request *fetch.Request, o QueryOptions, only *string) *fetch.Response {
	if only != nil {
		if c := s.Lookup(*only); c != nil {
			return c.Match(request, o)
		}
		return nil
	}
	for _, c := range s.caches() {
		if r := c.Match(request, o); r != nil {
			return r
		}
	}
	return nil
}

func (s *Storage) caches() []*Cache {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]*Cache, len(s.names))
	for i, name := range s.names {
		list[i] = s.byKey[name]
	}
	return list
}

// Usage is what all caches count against the quota, in bytes, padding included.
func (s *Storage) Usage() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.usage
}

// reserve accounts for delta bytes, with the lock held.
func (s *Storage) reserve(delta int64) bool {
	if delta > 0 && s.quota != nil && !s.quota.Reserve(delta) {
		return false
	}
	if delta < 0 && s.quota != nil {
		s.quota.Reserve(delta)
	}
	s.usage += delta
	return true
}

func (s *Storage) changed(c Change) {
	for _, f := range s.listening() {
		f(c)
	}
	if s.OnChange != nil {
		s.OnChange(c)
	}
}

// Listen calls f for every change from now on, as OnChange is called.
func (s *Storage) Listen(f func(Change)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.listeners = append(s.listeners[:len(s.listeners):len(s.listeners)], f)
}

func (s *Storage) listening() []func(Change) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.listeners
}
