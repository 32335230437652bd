package fetch

import (
	"container/list"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/swinspect/swinspect/runtime/clock"
)

// HTTPCache is a private HTTP cache in memory: the responses of one browser
// context, the least recently used dropped beyond its size. Safe for any number
// of goroutines.
//
// Source: https://www.rfc-editor.org/rfc/rfc9111
type HTTPCache struct {
	clock clock.Clock
	limit int64

	mu      sync.Mutex // guards the fields below
	byKey   map[string][]*stored
	order   list.List // of *stored; the most recently used in front
	size    int64
	revised uint64 // counts clears: what was fetched before one is not stored after it
}

// stored is a stored response. Its fields are never changed once it is in.
type stored struct {
	key                 string
	method              string
	varying             HeaderList // of the request, in the names of Vary
	status              int
	statusText          string
	headers             HeaderList
	body                []byte
	requested, received time.Time
	element             *list.Element
}

// Entry sizes: a body above a tenth of the cache is not stored.
const maxCacheShare = 10

// NewHTTPCache returns an empty cache of at most limit bytes (0: 64 MB).
func NewHTTPCache(limit int64, c clock.Clock) *HTTPCache {
	if limit <= 0 {
		limit = 64 << 20
	}
	if c == nil {
		c = clock.Real()
	}
	return &HTTPCache{clock: c, limit: limit, byKey: map[string][]*stored{}}
}

// Clear empties the cache (CDP's Network.clearBrowserCache).
func (c *HTTPCache) Clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.byKey = map[string][]*stored{}
	c.order.Init()
	c.size = 0
	c.revised++
}

// Len is the number of stored responses.
func (c *HTTPCache) Len() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.order.Len()
}

// lookup is the stored response that RFC 9111 section 4 selects for a request:
// the most recent of those whose Vary fields match.
func (c *HTTPCache) lookup(key string, headers HeaderList) *stored {
	c.mu.Lock()
	defer c.mu.Unlock()
	var best *stored
	for _, s := range c.byKey[key] {
		if s.selectedBy(headers) && (best == nil || s.received.After(best.received)) {
			best = s
		}
	}
	if best != nil {
		c.order.MoveToFront(best.element)
	}
	return best
}

// selectedBy is RFC 9111 section 4.1.
func (s *stored) selectedBy(headers HeaderList) bool {
	for _, field := range varyFields(s.headers) {
		if field == "*" {
			return false
		}
		a, inStored := s.varying.Get(field)
		b, inRequest := headers.Get(field)
		if inStored != inRequest || normalizeField(a) != normalizeField(b) {
			return false
		}
	}
	return true
}

func varyFields(l HeaderList) []string {
	value, _ := l.Get("Vary")
	return splitList(value)
}

func normalizeField(v string) string { return strings.Join(splitList(v), ",") }

// put stores s in place of those its own request would have selected.
func (c *HTTPCache) put(s *stored, headers HeaderList) {
	if int64(len(s.body)) > c.limit/maxCacheShare {
		return
	}
	for _, field := range varyFields(s.headers) {
		for _, h := range headers {
			if strings.EqualFold(h.Name, field) {
				s.varying = append(s.varying, h)
			}
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, old := range slices.Clone(c.byKey[s.key]) {
		if old.selectedBy(headers) {
			c.remove(old)
		}
	}
	s.element = c.order.PushFront(s)
	c.byKey[s.key] = append(c.byKey[s.key], s)
	c.size += s.bytes()
	for c.size > c.limit {
		c.remove(c.order.Back().Value.(*stored))
	}
}

func (s *stored) bytes() int64 {
	n := int64(len(s.body) + len(s.key) + 256)
	for _, h := range s.headers {
		n += int64(len(h.Name) + len(h.Value))
	}
	return n
}

// remove drops a stored response; with the lock held.
func (c *HTTPCache) remove(s *stored) {
	rest := slices.DeleteFunc(c.byKey[s.key], func(o *stored) bool { return o == s })
	if len(rest) == 0 {
		delete(c.byKey, s.key)
	} else {
		c.byKey[s.key] = rest
	}
	c.order.Remove(s.element)
	c.size -= s.bytes()
}

// replace puts a freshened response in the place of the one it was made from.
func (c *HTTPCache) replace(old, s *stored) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, o := range c.byKey[old.key] {
		if o == old {
			c.remove(old)
			s.element = c.order.PushFront(s)
			c.byKey[s.key] = append(c.byKey[s.key], s)
			c.size += s.bytes()
			return
		}
	}
}

// invalidate drops what is stored for a URL, as an unsafe request's success must.
func (c *HTTPCache) invalidate(key string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range slices.Clone(c.byKey[key]) {
		c.remove(s)
	}
}

// generation changes with Clear.
func (c *HTTPCache) generation() uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.revised
}
