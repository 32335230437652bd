package cache

// index leads from a key to the items with it, in the order of the list. A
// removed item stays until half of a bucket is removed ones, so removing is
// cheap however many items share a key.
type index map[string]*bucket

type bucket struct {
	items   []*item
	removed int
}

func (x index) add(key string, it *item) {
	b := x[key]
	if b == nil {
		b = &bucket{}
		x[key] = b
	}
	b.items = append(b.items, it)
}

// drop takes note of an item that was removed for good. Cleaning up may take
// other removed items of the bucket along; their own drop then finds them gone.
func (x index) drop(key string) {
	b := x[key]
	if b == nil {
		return
	}
	if b.removed++; b.removed <= len(b.items)/2 {
		return
	}
	live := make([]*item, 0, len(b.items)-min(b.removed, len(b.items)))
	for _, it := range b.items {
		if !it.removed {
			live = append(live, it)
		}
	}
	b.items, b.removed = live, 0
	if len(live) == 0 {
		delete(x, key)
	}
}

// push appends an item to the list; its index entries come with it.
func (c *Cache) push(it *item) {
	it.prev = c.last
	if c.last != nil {
		c.last.next = it
	} else {
		c.first = it
	}
	c.last = it
	c.length++
	c.byURL.add(it.url, it)
	c.byPath.add(it.path, it)
}

// unlink takes an item out of the list; restore puts it back, provided that
// everything done since has been undone.
func (c *Cache) unlink(it *item) {
	it.removed = true
	if it.prev != nil {
		it.prev.next = it.next
	} else {
		c.first = it.next
	}
	if it.next != nil {
		it.next.prev = it.prev
	} else {
		c.last = it.prev
	}
	c.length--
}

func (c *Cache) restore(it *item) {
	it.removed = false
	if it.prev != nil {
		it.prev.next = it
	} else {
		c.first = it
	}
	if it.next != nil {
		it.next.prev = it
	} else {
		c.last = it
	}
	c.length++
}

// forget drops a removed item from the indexes.
func (c *Cache) forget(it *item) {
	c.byURL.drop(it.url)
	c.byPath.drop(it.path)
}
