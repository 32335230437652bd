package indexeddb

import (
	"slices"
	"strings"
	"sync"

	"github.com/swinspect/swinspect/runtime/webapi/env"
	"github.com/swinspect/swinspect/runtime/webapi/messaging"
)

// Storage holds the databases of one storage key. Safe for concurrent use.
type Storage struct {
	mu        sync.Mutex // guards all below, and everything in the databases
	databases map[string]*database
	queues    map[string][]chan struct{} // connection queues: who waits for a name's turn; the first has it
	changed   chan struct{}              // closed and replaced whenever a connection closes or a transaction ends
}

// NewStorage makes an empty one.
func NewStorage() *Storage {
	return &Storage{databases: map[string]*database{}, queues: map[string][]chan struct{}{}, changed: make(chan struct{})}
}

type storageKey string

// Of is the storage of a realm's storage key: shared by every realm of the browser
// context that has the same.
func Of(s *env.Settings) *Storage {
	return s.Engine.Attached(storageKey(s.StorageKey), func() any { return NewStorage() }).(*Storage)
}

// database is the concept of a database.
type database struct {
	name        string
	version     uint64
	upgrading   bool   // a version change is under way
	before      uint64 // the version before it
	stores      map[string]*objectStore
	connections []*connection
	live        []*transaction // in the order of creation
}

// objectStore is the concept of an object store.
type objectStore struct {
	name    string
	path    keyPath
	auto    bool
	next    float64 // the key generator's current number
	records []*record
	indexes map[string]*index
}

// record is an entry of a store. Where the key generator made its key, it has to be
// injected into the value when that is read.
type record struct {
	key       string
	value     *messaging.Serialized
	generated bool
	keys      map[*index][]string // its entries in the indexes
}

// index is the concept of an index.
type index struct {
	name               string
	path               keyPath
	unique, multiEntry bool
	entries            []entry
}

// entry is a record of an index, in order of key, then primary key. In a store,
// primary is the key.
type entry struct{ key, primary string }

func (e entry) compare(other entry) int {
	if d := strings.Compare(e.key, other.key); d != 0 {
		return d
	}
	return strings.Compare(e.primary, other.primary)
}

func (s *objectStore) find(key string) (int, bool) {
	n := len(s.records)
	if n > 0 && s.records[n-1].key < key { // the usual way of filling a store
		return n, false
	}
	return slices.BinarySearchFunc(s.records, key, func(r *record, key string) int { return strings.Compare(r.key, key) })
}

// span is the positions of the records of a range.
func (s *objectStore) span(k keyRange) (from, to int) {
	from, _ = slices.BinarySearchFunc(s.records, k, func(r *record, k keyRange) int { return side(k.below(r.key)) })
	to, _ = slices.BinarySearchFunc(s.records, k, func(r *record, k keyRange) int { return side(!k.above(r.key)) })
	return from, max(from, to)
}

func (x *index) span(k keyRange) (from, to int) {
	from, _ = slices.BinarySearchFunc(x.entries, k, func(e entry, k keyRange) int { return side(k.below(e.key)) })
	to, _ = slices.BinarySearchFunc(x.entries, k, func(e entry, k keyRange) int { return side(!k.above(e.key)) })
	return from, max(from, to)
}

func side(before bool) int {
	if before {
		return -1
	}
	return 1
}

// failure is why an operation failed: a DOMException's name and message.
type failure struct{ name, message string }

// put is "store a record into an object store". An empty key asks the key
// generator; index keys may then hold the marker.
func (t *transaction) put(s *objectStore, r *record, noOverwrite bool) (string, *failure) {
	next := s.next
	key, failed := t.store(s, r, noOverwrite)
	if failed != nil {
		s.next = next
	}
	return key, failed
}

func (t *transaction) store(s *objectStore, r *record, noOverwrite bool) (string, *failure) {
	if r.key == "" {
		if s.next > 1<<53 {
			return "", &failure{"ConstraintError", "The key generator has reached its maximum."}
		}
		r.key = numberKey(s.next)
		r.generated = !s.path.none()
		t.setNext(s, s.next+1)
		for x, keys := range r.keys {
			r.keys[x] = unmark(keys, r.key)
		}
	} else if s.auto && r.key[0] == tagNumber {
		if n := decodeNumber(r.key[1:]); n >= s.next {
			t.setNext(s, nextAfter(n))
		}
	}
	at, exists := s.find(r.key)
	if exists && noOverwrite {
		return "", &failure{"ConstraintError", "Key already exists in the object store."}
	}
	for x, keys := range r.keys {
		if x.unique && x.taken(keys, r.key) {
			return "", &failure{"ConstraintError", "Unable to add key to index '" + x.name + "': at least one key does not satisfy the uniqueness requirements."}
		}
	}
	var old *record
	if exists {
		old = s.records[at]
		s.unindex(old)
		s.records[at] = r
	} else {
		s.records = slices.Insert(s.records, at, r)
	}
	s.index(r)
	t.undo(func() {
		at, _ := s.find(r.key)
		s.unindex(r)
		if old != nil {
			s.records[at] = old
			s.index(old)
		} else {
			s.records = slices.Delete(s.records, at, at+1)
		}
	})
	return r.key, nil
}

// nextAfter is the key generator's number after an explicit key.
func nextAfter(n float64) float64 {
	if n >= 1<<53 {
		return 1<<53 + 2
	}
	floor := float64(int64(n))
	return floor + 1
}

func (t *transaction) setNext(s *objectStore, n float64) {
	old := s.next
	s.next = n
	t.undo(func() { s.next = old })
}

// taken reports whether a unique index has one of the keys for another record.
func (x *index) taken(keys []string, primary string) bool {
	for _, key := range keys {
		from, to := x.span(only(key))
		for _, e := range x.entries[from:to] {
			if e.primary != primary {
				return true
			}
		}
	}
	return false
}

func (s *objectStore) index(r *record) {
	for x, keys := range r.keys {
		for _, key := range keys {
			x.insert(entry{key, r.key})
		}
	}
}

func (x *index) insert(e entry) {
	at, found := slices.BinarySearchFunc(x.entries, e, entry.compare)
	if !found {
		x.entries = slices.Insert(x.entries, at, e)
	}
}

func (s *objectStore) unindex(r *record) {
	for x, keys := range r.keys {
		for _, key := range keys {
			if at, found := slices.BinarySearchFunc(x.entries, entry{key, r.key}, entry.compare); found {
				x.entries = slices.Delete(x.entries, at, at+1)
			}
		}
	}
}

// remove deletes the records of a range.
func (t *transaction) remove(s *objectStore, k keyRange) {
	from, to := s.span(k)
	if from == to {
		return
	}
	gone := slices.Clone(s.records[from:to])
	if from == 0 && to == len(s.records) {
		t.clear(s)
		return
	}
	for _, r := range gone {
		s.unindex(r)
	}
	s.records = slices.Delete(s.records, from, to)
	t.undo(func() {
		at, _ := s.find(gone[0].key)
		s.records = slices.Insert(s.records, at, gone...)
		for _, r := range gone {
			s.index(r)
		}
	})
}

func (t *transaction) clear(s *objectStore) {
	records, entries := s.records, map[*index][]entry{}
	s.records = nil
	for _, x := range s.indexes {
		entries[x], x.entries = x.entries, nil
	}
	t.undo(func() {
		s.records = records
		for x, list := range entries {
			x.entries = list
		}
	})
}
