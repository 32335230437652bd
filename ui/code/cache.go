package code

import (
	"hash/maphash"
	"sync"
)

// Cache keeps the files that were split last, because a page is rendered again
// with every change. Safe for concurrent use; the zero value is ready.
type Cache struct {
	mu    sync.Mutex
	files map[cacheKey]*File
	order []cacheKey // oldest first
}

type cacheKey struct {
	sum    uint64
	length int
	lang   Language
}

const maxFiles = 24

var cacheSeed = maphash.MakeSeed()

// File is the file of a source, split now or before.
func (c *Cache) File(source string, lang Language) *File {
	k := cacheKey{maphash.String(cacheSeed, source), len(source), lang}
	c.mu.Lock()
	f := c.files[k]
	c.mu.Unlock()
	if f != nil && f.Source == source {
		return f
	}
	f = New(source, lang)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.files == nil {
		c.files = map[cacheKey]*File{}
	}
	if _, ok := c.files[k]; !ok {
		if len(c.order) >= maxFiles {
			delete(c.files, c.order[0])
			c.order = c.order[1:]
		}
		c.order = append(c.order, k)
	}
	c.files[k] = f
	return f
}
