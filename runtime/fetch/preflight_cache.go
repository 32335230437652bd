package fetch

import (
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/swinspect/swinspect/runtime/clock"
)

// preflightCache is the CORS-preflight cache.
//
// Source: https://fetch.spec.whatwg.org/#concept-cache
type preflightCache struct {
	clock clock.Clock

	mu      sync.Mutex // guards entries
	entries map[preflightKey][]preflightEntry
}

type preflightKey struct {
	partition, origin, url string
	credentials            bool
}

type preflightEntry struct {
	method, header string // one of them; header in lower case
	until          time.Time
}

func newPreflightCache(c clock.Clock) *preflightCache {
	return &preflightCache{clock: c, entries: map[preflightKey][]preflightEntry{}}
}

func preflightKeyOf(r *Request, env Client) preflightKey {
	return preflightKey{networkPartition(env), r.Origin.String(), r.CurrentURL().WithoutFragment(), r.Credentials == "include"}
}

// allows reports whether the cache has an entry for the method or the header.
func (c *preflightCache) allows(key preflightKey, method, header string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.clock.Now()
	keys := []preflightKey{key}
	if !key.credentials {
		with := key
		with.credentials = true
		keys = append(keys, with)
	}
	return slices.ContainsFunc(keys, func(k preflightKey) bool {
		return slices.ContainsFunc(c.entries[k], func(e preflightEntry) bool {
			if !e.until.After(now) {
				return false
			}
			if method != "" {
				return e.method == method || e.method == "*"
			}
			return e.header == header || e.header == "*" && header != "authorization"
		})
	})
}

// add remembers methods and headers for as long as maxAge.
func (c *preflightCache) add(key preflightKey, methods, headers []string, maxAge time.Duration) {
	if maxAge <= 0 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.clock.Now()
	entries := slices.DeleteFunc(c.entries[key], func(e preflightEntry) bool { return !e.until.After(now) })
	for _, m := range methods {
		entries = append(entries, preflightEntry{method: m, until: now.Add(maxAge)})
	}
	for _, h := range headers {
		entries = append(entries, preflightEntry{header: strings.ToLower(h), until: now.Add(maxAge)})
	}
	c.entries[key] = entries
}

func (c *preflightCache) clear(key preflightKey) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.entries, key)
	key.credentials = !key.credentials
	delete(c.entries, key)
}

// networkPartition keeps apart what two top-level sites may share.
func networkPartition(env Client) string {
	o := env.TopLevelOrigin
	if o == (Origin{}) {
		o = env.Origin
	}
	return Site(o)
}
