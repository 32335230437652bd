package inspector

import (
	"fmt"
	"slices"
	"testing"
)

func TestCaches(t *testing.T) {
	p := newPlay(t)
	p.active()
	ref := StorageRef{browser1, context1, origin1 + "/", ""}
	content := func(cache string) []Change {
		return p.event("Storage.cacheStorageContentUpdated", fmt.Sprintf(`{"origin":%q,"storageKey":%q,"bucketId":"1","cacheName":%q}`, origin1, ref.StorageKey, cache))
	}
	equal(t, what(p.note(NoteCaches{Ref: ref, Caches: []NoteCache{{"id-a", "a", 3}, {"id-b", "b", -1}}})))
	st := p.s.Storage(ref)
	if len(st.Caches) != 2 || st.Caches[0].Entries != 3 || st.Caches[1].Entries != -1 || st.Stale {
		t.Fatalf("storage %+v", st)
	}
	cs := content("a")
	equal(t, what(cs), "cache: cache a changed")
	if cs[0].Registration != key0 {
		t.Errorf("the change belongs to %v", cs[0].Registration)
	}
	equal(t, what(content("a")))
	if c := p.s.Storage(ref).Caches[0]; !c.Stale || c.Changes != 2 {
		t.Errorf("cache %+v", c)
	}
	if c := st.Caches[0]; c.Stale {
		t.Error("an old state changed")
	}
	p.note(NoteCacheRead{Ref: CacheRef{ref, "a"}, Entries: 5})
	if c := p.s.Storage(ref).Caches[0]; c.Stale || c.Entries != 5 || c.ReadAt.IsZero() {
		t.Errorf("cache read: %+v", c)
	}
	p.event("Storage.cacheStorageListUpdated", fmt.Sprintf(`{"storageKey":%q,"bucketId":"1"}`, ref.StorageKey))
	if !p.s.Storage(ref).Stale {
		t.Error("the list is not stale")
	}
	equal(t, what(p.note(NoteCaches{Ref: ref, Caches: []NoteCache{{"id-b", "b", 1}, {"id-c", "c", 0}}})), "cache: cache c appeared", "cache: cache a is gone")
	p.note(NoteCaches{Ref: ref, Error: "No frame found"})
	if st := p.s.Storage(ref); st.Error != "No frame found" || len(st.Caches) != 2 {
		t.Errorf("after an error: %+v", st)
	}
	p.note(NoteUsage{Ref: ref, Usage: Usage{Usage: 10, Quota: 20}})
	if u := p.s.Storage(ref).Usage; u == nil || u.Quota != 20 || !u.ReadAt.Equal(p.now) {
		t.Errorf("usage %+v", u)
	}
}

func TestBuckets(t *testing.T) {
	p := newPlay(t)
	key := origin1 + "/"
	p.event("Storage.storageBucketCreatedOrUpdated", fmt.Sprintf(`{"bucketInfo":{"bucket":{"storageKey":%q,"name":"inbox"},"id":"7","expiration":0,"quota":0,"persistent":false,"durability":"relaxed"}}`, key))
	def, inbox := StorageRef{browser1, context1, key, ""}, StorageRef{browser1, context1, key, "inbox"}
	p.note(NoteCaches{Ref: inbox, Caches: []NoteCache{{"id", "mail", 1}}})
	if st := p.s.Storage(def); st == nil || !slices.Equal(st.Buckets, []string{"inbox"}) {
		t.Fatalf("default bucket %+v", st)
	}
	p.event("Storage.cacheStorageContentUpdated", fmt.Sprintf(`{"storageKey":%q,"bucketId":"7","cacheName":"mail"}`, key))
	if c := p.s.Storage(inbox).Caches[0]; !c.Stale {
		t.Error("the event of the bucket's id did not reach its cache")
	}
	if p.s.Storage(def).Stale {
		t.Error("the event of another bucket made the default one stale")
	}
}
