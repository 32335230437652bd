package cache

import (
	"fmt"

	"github.com/swinspect/swinspect/runtime/fetch"
)

// Operation is a cache batch operation. Type is "put" or "delete"; Options is nil
// for a put. The body of a put's response must be in memory (Body.ReadAll).
type Operation struct {
	Type     string
	Request  *fetch.Request
	Response *fetch.Response
	Options  *QueryOptions
}

// Error is an exception of a batch: a script sees a TypeError or a DOMException of
// that name.
type Error struct{ Name, Message string }

func (e *Error) Error() string { return e.Name + ": " + e.Message }

func typeError(format string, args ...any) error {
	return &Error{"TypeError", fmt.Sprintf(format, args...)}
}

// Put puts one response, replacing what matches the request.
func (c *Cache) Put(request *fetch.Request, response *fetch.Response) error {
	_, err := c.Batch(Operation{Type: "put", Request: request, Response: response})
	return err
}

// Delete removes what matches and reports whether there was any.
func (c *Cache) Delete(request *fetch.Request, o QueryOptions) bool {
	deleted, err := c.Batch(Operation{Type: "delete", Request: request, Options: &o})
	return err == nil && deleted > 0
}

// Batch is Batch Cache Operations: all of the operations, or none and an error
// (*Error, ErrQuotaExceeded). It returns how many entries delete operations removed.
func (c *Cache) Batch(operations ...Operation) (deleted int, err error) {
	s := c.storage
	s.mu.Lock()
	b := &batch{cache: c}
	// Batch Cache Operations 1, 2, 3, 4: instead of a copy of the cache, b keeps what it takes to undo.
	err = b.run(operations)
	if err != nil {
		// Batch Cache Operations 5: as if nothing had happened.
		b.undo()
		s.mu.Unlock()
		return 0, err
	}
	change := b.commit()
	s.mu.Unlock()
	if len(change.Added)+len(change.Deleted) > 0 {
		s.changed(change)
	}
	return b.deleted, nil
}

// batch is the state of Batch Cache Operations. With the Storage's lock held.
type batch struct {
	cache   *Cache
	done    []*item // pushed (not removed) or unlinked (removed), in order
	added   index   // the items this batch has put, by URL and by path
	puts    []*item
	deleted int
	granted int64 // what Reserve was asked for
}

func (b *batch) run(operations []Operation) error {
	for _, op := range operations {
		if err := b.perform(op); err != nil {
			return err
		}
	}
	return nil
}

func (b *batch) perform(op Operation) error {
	// Batch Cache Operations 4.2.1: there are two kinds.
	if op.Type != "delete" && op.Type != "put" {
		return typeError("%q is no cache operation", op.Type)
	}
	// Batch Cache Operations 4.2.2: deleting takes no response.
	if op.Type == "delete" && op.Response != nil {
		return typeError("a delete operation has a response")
	}
	// Batch Cache Operations 4.2.3: two operations of a batch must not touch the same entry.
	if b.touches(op) {
		return &Error{"InvalidStateError", "duplicate requests (" + op.Request.URL().String() + ")"}
	}
	if op.Type == "delete" {
		// Batch Cache Operations 4.2.5: everything that matches goes.
		b.deleted += b.remove(op.Request, op.options())
		return nil
	}
	return b.put(op)
}

func (op Operation) options() QueryOptions {
	if op.Options != nil {
		return *op.Options
	}
	return QueryOptions{}
}

// touches is Query Cache over the items this batch has added.
//
// DIVERGES: the added item is looked for with the operation's own Vary as well, as
// every browser does: what two requests vary on depends on whose response is asked.
func (b *batch) touches(op Operation) bool {
	o := op.options()
	bucket := b.added[urlKey(op.Request.URL(), o)]
	if bucket == nil {
		return false
	}
	for _, it := range bucket.items {
		if matched, _ := RequestMatchesCachedItem(op.Request, it.Request, it.Response, o); matched {
			return true
		}
		if matched, _ := RequestMatchesCachedItem(it.Request, op.Request, op.Response, o); matched && op.Response != nil {
			return true
		}
	}
	return false
}

func (b *batch) put(op Operation) error {
	c := b.cache
	// Batch Cache Operations 4.2.6.1, 4.2.6.2, 4.2.6.3, 4.2.6.4, 4.2.6.5: what cannot be put.
	switch {
	case op.Response == nil:
		return typeError("a put operation has no response")
	case !op.Request.URL().IsHTTP():
		return typeError("request scheme '%s' is unsupported", op.Request.URL().Scheme())
	case op.Request.Method != "GET":
		return typeError("request method '%s' is unsupported", op.Request.Method)
	case op.Options != nil:
		return typeError("a put operation has options")
	}
	if body := op.Response.Unfiltered().Body; body != nil {
		if _, inMemory := body.Bytes(); !inMemory {
			return typeError("the response's body has not been read")
		}
	}
	// Batch Cache Operations 4.2.6.6, 4.2.6.7: it takes the place of what matches.
	b.remove(op.Request, QueryOptions{})
	// Batch Cache Operations 4.2.6.8: at the end of the list.
	it := c.newItem(op.Request, op.Response)
	// Batch Cache Operations 4.2.6.9: within the quota.
	if !c.detached {
		if !c.storage.reserve(it.size) {
			return ErrQuotaExceeded
		}
		b.granted += it.size
	}
	c.size += it.size
	c.push(it)
	b.done = append(b.done, it)
	b.puts = append(b.puts, it)
	// Batch Cache Operations 4.2.6.10: for 4.2.3 of the operations to come.
	if b.added == nil {
		b.added = index{}
	}
	b.added.add(it.url, it)
	if it.path != it.url {
		b.added.add(it.path, it)
	}
	return nil
}

func (c *Cache) newItem(request *fetch.Request, response *fetch.Response) *item {
	s := c.storage
	s.seq++
	it := &item{
		Entry: Entry{Request: copyRequest(request), Response: copyResponse(response), Time: s.clock.Now()},
		seq:   s.seq, url: request.URL().WithoutFragment(), path: pathKey(request.URL()),
	}
	it.size = s.sizeOf(it.Request, it.Response)
	return it
}

func (b *batch) remove(request *fetch.Request, o QueryOptions) int {
	found := b.cache.queryLocked(request, o, false, nil)
	for _, it := range found {
		b.cache.unlink(it)
		b.done = append(b.done, it)
	}
	return len(found)
}

// undo takes everything back in reverse order. An item that was put and removed
// within the batch cannot be: 4.2.3 forbids it.
func (b *batch) undo() {
	c := b.cache
	for i := len(b.done) - 1; i >= 0; i-- {
		if it := b.done[i]; it.removed {
			c.restore(it)
		} else {
			c.unlink(it)
		}
	}
	for _, it := range b.puts {
		c.forget(it)
		c.size -= it.size
	}
	c.storage.reserve(-b.granted)
}

// commit makes the removals final.
func (b *batch) commit() Change {
	c := b.cache
	change := Change{Cache: c.name}
	freed := int64(0)
	for _, it := range b.done {
		if !it.removed {
			change.Added = append(change.Added, it.Request.URL().String())
			continue
		}
		change.Deleted = append(change.Deleted, it.Request.URL().String())
		c.forget(it)
		freed += it.size
	}
	c.size -= freed
	if !c.detached {
		c.storage.reserve(-freed)
	}
	return change
}
