package inspector

import (
	"cmp"
	"slices"

	"github.com/chromedp/cdproto/storage"
)

// storageEvents are the events of the Storage domain (after
// Storage.trackCacheStorageForStorageKey and setStorageBucketTracking).
var storageEvents = map[string]handler{
	storage.CacheStorageContentUpdated.Method:    (*fold).cacheContentUpdated,
	storage.CacheStorageListUpdated.Method:       (*fold).cacheListUpdated,
	storage.StorageBucketCreatedOrUpdated.Method: (*fold).bucketUpdated,
}

// storageNotes are the notes about caches and usage.
var storageNotes = tables(
	note((*fold).caches),
	note((*fold).cacheRead),
	note((*fold).usage),
)

// storage hands out a writable storage; an unknown one is added.
func (f *fold) storage(ref StorageRef) *Storage {
	i, ok := findStorage(f.s.Storages, ref)
	if ok && f.s.Storages[i].rev == f.s.Seq {
		return f.s.Storages[i]
	}
	own(&f.s.Storages, &f.copied.storages)
	if !ok {
		st := &Storage{Ref: ref, rev: f.s.Seq}
		f.s.Storages = slices.Insert(f.s.Storages, i, st)
		return st
	}
	c := *f.s.Storages[i]
	c.rev = f.s.Seq
	c.Caches = slices.Clone(c.Caches)
	f.s.Storages[i] = &c
	return &c
}

// cache hands out a writable cache of a writable storage, nil when there is no
// such.
func (st *Storage) cache(name string) *Cache {
	for i, c := range st.Caches {
		if c.Name == name {
			n := *c
			st.Caches[i] = &n
			return &n
		}
	}
	return nil
}

// Storage finds a storage, nil when nothing was read of it.
func (s *State) Storage(ref StorageRef) *Storage {
	if i, ok := findStorage(s.Storages, ref); ok {
		return s.Storages[i]
	}
	return nil
}

func findStorage(ss []*Storage, ref StorageRef) (int, bool) {
	return slices.BinarySearchFunc(ss, ref, func(s *Storage, ref StorageRef) int { return compareRefs(s.Ref, ref) })
}

func compareRefs(a, b StorageRef) int {
	return cmp.Or(
		cmp.Compare(a.Instance, b.Instance),
		cmp.Compare(a.Context, b.Context),
		cmp.Compare(a.StorageKey, b.StorageKey),
		cmp.Compare(a.Bucket, b.Bucket),
	)
}

// storageOf is the storage an event of a bucket id is about: the one known to
// have that id, else the default bucket.
func (f *fold) storageOf(key, bucketID string) *Storage {
	ref := StorageRef{f.m.Instance, f.m.Context, key, ""}
	for _, s := range f.s.Storages {
		if s.Ref.Instance == ref.Instance && s.Ref.Context == ref.Context && s.Ref.StorageKey == key && s.bucketID == bucketID && bucketID != "" {
			return f.storage(s.Ref)
		}
	}
	return f.storage(ref)
}

// Storage.cacheStorageContentUpdated.
func (f *fold) cacheContentUpdated() {
	p, ok := decode[storage.EventCacheStorageContentUpdated](f.m.Params)
	if !ok {
		return
	}
	st := f.storageOf(cmp.Or(p.StorageKey, p.Origin), p.BucketID)
	if c := st.cache(p.CacheName); c != nil {
		c.Stale = true
		c.Changes++
		if c.Changes > 1 && c.Changes%100 != 0 {
			return // a burst of puts is one line, and one per hundred
		}
	} else {
		st.Stale = true
	}
	f.change(Change{Kind: ChangeCache, Registration: f.registrationOfStorage(st.Ref), What: "cache " + p.CacheName + " changed"})
}

// Storage.cacheStorageListUpdated.
func (f *fold) cacheListUpdated() {
	p, ok := decode[storage.EventCacheStorageListUpdated](f.m.Params)
	if !ok {
		return
	}
	st := f.storageOf(cmp.Or(p.StorageKey, p.Origin), p.BucketID)
	if st.Stale && st.ReadAt.IsZero() {
		return
	}
	st.Stale = true
	f.change(Change{Kind: ChangeCache, Registration: f.registrationOfStorage(st.Ref), What: "list of caches changed"})
}

// Storage.storageBucketCreatedOrUpdated tells which bucket has which id.
func (f *fold) bucketUpdated() {
	p, ok := decode[storage.EventStorageBucketCreatedOrUpdated](f.m.Params)
	if !ok || p.BucketInfo == nil || p.BucketInfo.Bucket == nil || p.BucketInfo.ID == "" {
		return
	}
	b := p.BucketInfo.Bucket
	ref := StorageRef{f.m.Instance, f.m.Context, string(b.StorageKey), b.Name}
	if old := f.s.Storage(ref); old == nil || old.bucketID != p.BucketInfo.ID {
		f.storage(ref).bucketID = p.BucketInfo.ID
	}
	if b.Name == "" {
		return
	}
	ref.Bucket = ""
	if old := f.s.Storage(ref); old == nil || !slices.Contains(old.Buckets, b.Name) {
		st := f.storage(ref)
		st.Buckets = append(slices.Clip(st.Buckets), b.Name)
		slices.Sort(st.Buckets)
	}
}

// registrationOfStorage is a live registration of a storage key, for the
// timeline; the zero key when there is none or more than one.
func (f *fold) registrationOfStorage(ref StorageRef) RegistrationKey {
	var one RegistrationKey
	for _, r := range f.s.Registrations {
		if r.Key.Instance == ref.Instance && r.Key.Context == ref.Context && r.Alive() && r.StorageKey.Raw == ref.StorageKey {
			if one != (RegistrationKey{}) {
				return RegistrationKey{}
			}
			one = r.Key
		}
	}
	return one
}

func (f *fold) caches(n NoteCaches) {
	st := f.storage(n.Ref)
	st.ReadAt, st.Stale, st.Error = f.now, false, n.Error
	if n.Error != "" {
		return
	}
	if len(n.Buckets) > 0 { // an absent list and an empty one look the same as JSON
		st.Buckets = n.Buckets
	}
	old := st.Caches
	st.Caches = make([]*Cache, 0, len(n.Caches))
	for _, nc := range n.Caches {
		c := Cache{ID: nc.ID, Name: nc.Name, Entries: nc.Entries}
		if i := slices.IndexFunc(old, func(o *Cache) bool { return o.Name == nc.Name }); i >= 0 {
			c = *old[i]
			c.ID = nc.ID
			if nc.Entries >= 0 {
				c.Entries = nc.Entries
			}
		} else if old != nil {
			f.change(Change{Kind: ChangeCache, Registration: f.registrationOfStorage(n.Ref), What: "cache " + nc.Name + " appeared"})
		}
		st.Caches = append(st.Caches, &c)
	}
	for _, o := range old {
		if !slices.ContainsFunc(n.Caches, func(nc NoteCache) bool { return nc.Name == o.Name }) {
			f.change(Change{Kind: ChangeCache, Registration: f.registrationOfStorage(n.Ref), What: "cache " + o.Name + " is gone"})
		}
	}
}

func (f *fold) cacheRead(n NoteCacheRead) {
	st := f.storage(n.Ref.StorageRef)
	c := st.cache(n.Ref.Name)
	if c == nil {
		return
	}
	c.ReadAt, c.Stale, c.Entries, c.Problem = f.now, n.Stale, n.Entries, n.Problem
}

func (f *fold) usage(n NoteUsage) {
	u := n.Usage
	if u.ReadAt.IsZero() {
		u.ReadAt = f.now
	}
	f.storage(n.Ref).Usage = &u
}
