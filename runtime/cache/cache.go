package cache

import (
	"slices"
	"time"

	"github.com/swinspect/swinspect/runtime/fetch"
)

// Entry is one request and its response. Their bodies are in memory.
type Entry struct {
	Request  *fetch.Request
	Response *fetch.Response
	Time     time.Time // when it was put
}

// Cache is a request response list, in the order of insertion, with two indexes:
// by URL without its fragment and by URL without its query.
type Cache struct {
	storage *Storage
	name    string

	// Guarded by storage.mu.
	first, last *item
	length      int
	size        int64
	detached    bool // deleted from its Storage; what it holds no longer counts
	byURL       index
	byPath      index
}

// item is an entry in the list. A removed one keeps its links, so that removals
// can be undone in reverse order.
type item struct {
	Entry
	seq        uint64
	size       int64
	removed    bool
	prev, next *item
	url, path  string
}

func newCache(s *Storage, name string) *Cache {
	return &Cache{storage: s, name: name, byURL: index{}, byPath: index{}}
}

// Name is the name the cache was opened under.
func (c *Cache) Name() string { return c.name }

// Len is the number of entries.
func (c *Cache) Len() int {
	c.storage.mu.Lock()
	defer c.storage.mu.Unlock()
	return c.length
}

// Match is the first response that matches, nil for none.
func (c *Cache) Match(request *fetch.Request, o QueryOptions) *fetch.Response {
	found := c.query(request, o, true)
	if len(found) == 0 {
		return nil
	}
	return c.responseOf(found[0])
}

// Peek is Match for those who only look: OnLookup is not told.
func (c *Cache) Peek(request *fetch.Request, o QueryOptions) *fetch.Response {
	c.storage.mu.Lock()
	found := c.queryLocked(request, o, true, nil)
	c.storage.mu.Unlock()
	if len(found) == 0 {
		return nil
	}
	return c.responseOf(found[0])
}

// MatchAll is every response that matches, all of them when request is nil.
func (c *Cache) MatchAll(request *fetch.Request, o QueryOptions) []*fetch.Response {
	found := c.query(request, o, false)
	responses := make([]*fetch.Response, len(found))
	for i, it := range found {
		responses[i] = c.responseOf(it)
	}
	return responses
}

// Keys are the requests of the entries that match, all of them when request is nil.
func (c *Cache) Keys(request *fetch.Request, o QueryOptions) []*fetch.Request {
	found := c.query(request, o, false)
	requests := make([]*fetch.Request, len(found))
	for i, it := range found {
		requests[i] = copyRequest(it.Request)
	}
	return requests
}

// Entries is a page of the list: at most limit (0: all) from position skip on.
func (c *Cache) Entries(skip, limit int) []Entry {
	c.storage.mu.Lock()
	defer c.storage.mu.Unlock()
	var list []Entry
	for it, i := c.first, 0; it != nil && (limit <= 0 || len(list) < limit); it, i = it.next, i+1 {
		if i >= skip {
			list = append(list, Entry{copyRequest(it.Request), copyResponse(it.Response), it.Time})
		}
	}
	return list
}

// responseOf is a copy of an item's response that says where it is from. Items are
// immutable once they are in, so no lock is needed.
func (c *Cache) responseOf(it *item) *fetch.Response {
	r := copyResponse(it.Response)
	r.Source, r.CacheName = "cache-storage", c.name
	if r.Internal != nil {
		r.Internal.Source, r.Internal.CacheName = r.Source, r.CacheName
	}
	return r
}

// query is Query Cache over the whole list; with one it stops at the first match.
func (c *Cache) query(request *fetch.Request, o QueryOptions, one bool) []*item {
	s := c.storage
	s.mu.Lock()
	if request == nil {
		all := make([]*item, 0, c.length)
		for it := c.first; it != nil; it = it.next {
			all = append(all, it)
		}
		s.mu.Unlock()
		return all
	}
	var trace *Lookup
	if s.OnLookup != nil {
		trace = &Lookup{Cache: c.name, Request: copyRequest(request), Options: o, Entries: c.length}
	}
	found := c.queryLocked(request, o, one, trace)
	if trace != nil && len(found) == 0 {
		c.explainMiss(trace)
	}
	s.mu.Unlock()
	if trace != nil {
		s.OnLookup(*trace)
	}
	return found
}

// queryLocked is Query Cache: the index gives the candidates whose URLs are
// equal, so only they are asked about the rest.
func (c *Cache) queryLocked(request *fetch.Request, o QueryOptions, one bool, trace *Lookup) []*item {
	// Query Cache 1, 2, 3, 4: the list is the cache's own.
	candidates := c.byURL[request.URL().WithoutFragment()]
	if o.IgnoreSearch {
		candidates = c.byPath[pathKey(request.URL())]
	}
	if candidates == nil {
		return nil
	}
	var found []*item
	// Query Cache 5: in the order of the list.
	for _, it := range candidates.items {
		if it.removed {
			continue
		}
		matched, rejection := RequestMatchesCachedItem(request, it.Request, it.Response, o)
		trace.add(it, matched, rejection)
		if matched {
			found = append(found, it)
			if one {
				break
			}
		}
	}
	// Query Cache 6: what was found.
	return found
}

// copyRequest is a copy of a cached request. Requests in a cache have no body.
func copyRequest(r *fetch.Request) *fetch.Request {
	c := *r
	c.URLList = slices.Clone(r.URLList)
	c.Headers = r.Headers.Clone()
	c.Body = nil
	return &c
}

// copyResponse is a copy of a cached response; the bytes of the body are shared.
func copyResponse(r *fetch.Response) *fetch.Response {
	c := *r
	c.URLList = slices.Clone(r.URLList)
	c.Headers = r.Headers.Clone()
	if r.Internal != nil {
		c.Internal = copyResponse(r.Internal)
	}
	if r.Body != nil {
		b, _ := r.Body.Bytes()
		c.Body = fetch.BytesBody(b)
	}
	if c.Internal != nil && c.Body != nil {
		c.Body = c.Internal.Body
	}
	return &c
}
