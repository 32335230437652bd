package indexeddb

import (
	"sort"

	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/runtime/webapi/idl"
)

// DatabaseInfo describes a database to an inspector.
type DatabaseInfo struct {
	Name    string
	Version uint64
	Stores  []StoreInfo // by name
}

// StoreInfo describes an object store. KeyPath is empty for none; KeyPathArray
// tells a list of paths from a single one.
type StoreInfo struct {
	Name          string
	KeyPath       []string
	KeyPathArray  bool
	AutoIncrement bool
	Next          float64 // of the key generator
	Count         int
	Indexes       []IndexInfo // by name
}

// IndexInfo describes an index.
type IndexInfo struct {
	Name               string
	KeyPath            []string
	KeyPathArray       bool
	Unique, MultiEntry bool
}

// Databases lists the databases that were ever given a version, by name.
func (s *Storage) Databases() []DatabaseInfo {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []DatabaseInfo
	for _, d := range s.databases {
		if d.version == 0 {
			continue
		}
		info := DatabaseInfo{Name: d.name, Version: d.version}
		for _, store := range d.stores {
			info.Stores = append(info.Stores, store.info())
		}
		sort.Slice(info.Stores, func(i, j int) bool { return info.Stores[i].Name < info.Stores[j].Name })
		list = append(list, info)
	}
	sort.Slice(list, func(i, j int) bool { return list[i].Name < list[j].Name })
	return list
}

// committed is databases(): with the version from before a change under way.
func (s *Storage) committed() []DatabaseInfo {
	all := s.Databases()
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []DatabaseInfo
	for _, info := range all {
		if d := s.databases[info.Name]; d != nil && d.upgrading {
			if info.Version = d.before; info.Version == 0 {
				continue
			}
		}
		list = append(list, info)
	}
	return list
}

func (s *objectStore) info() StoreInfo {
	info := StoreInfo{Name: s.name, KeyPath: s.path.paths, KeyPathArray: s.path.array, AutoIncrement: s.auto, Next: s.next, Count: len(s.records)}
	for _, x := range s.indexes {
		info.Indexes = append(info.Indexes, IndexInfo{x.name, x.path.paths, x.path.array, x.unique, x.multiEntry})
	}
	sort.Slice(info.Indexes, func(i, j int) bool { return info.Indexes[i].Name < info.Indexes[j].Name })
	return info
}

// Entry is a record as an inspector reads it: functions that make the JavaScript
// values in a realm, on its loop.
type Entry struct {
	Key, PrimaryKey, Value func(r *idl.Realm) goja.Value
}

// Entries reads records of a store, or of an index of it when index is not empty,
// from a position on. It reports how many there are; false when there is no such place.
func (s *Storage) Entries(name, storeName, indexName string, skip, limit int) ([]Entry, int, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.databases[name]
	if d == nil || d.stores[storeName] == nil {
		return nil, 0, false
	}
	store := d.stores[storeName]
	at, n := func(i int) entry { return entry{store.records[i].key, store.records[i].key} }, len(store.records)
	if indexName != "" {
		x := store.indexes[indexName]
		if x == nil {
			return nil, 0, false
		}
		at, n = func(i int) entry { return x.entries[i] }, len(x.entries)
	}
	var list []Entry
	for i := max(skip, 0); i < n && len(list) < limit; i++ {
		e := at(i)
		place, _ := store.find(e.primary)
		r := store.records[place]
		list = append(list, Entry{
			Key:        func(realm *idl.Realm) goja.Value { return fromKey(realm, e.key) },
			PrimaryKey: func(realm *idl.Realm) goja.Value { return fromKey(realm, e.primary) },
			Value:      func(realm *idl.Realm) goja.Value { return store.read(realm, r) },
		})
	}
	return list, n, true
}

// Drop deletes a database whoever uses it (CDP's IndexedDB.deleteDatabase and the
// clearing of site data): its transactions are aborted.
func (s *Storage) Drop(name string) {
	s.mu.Lock()
	d := s.databases[name]
	delete(s.databases, name)
	s.mu.Unlock()
	if d == nil {
		return
	}
	for {
		s.mu.Lock()
		var t *transaction
		if len(d.live) > 0 {
			t = d.live[0]
		}
		s.mu.Unlock()
		if t == nil {
			return
		}
		t.end(true)
	}
}
