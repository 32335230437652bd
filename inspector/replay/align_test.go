package replay

import (
	"testing"

	"github.com/swinspect/swinspect/inspector"
	"github.com/swinspect/swinspect/inspector/recording"
)

// What a page put into a cache, and what it deleted, is there and gone when the
// recording has read the cache.
func TestAlign(t *testing.T) {
	m := newMade(t, recording.Passive, cacheFirst, map[string]map[string]string{"c": {"/a": "a", "/gone": "gone"}})
	hit := func(path, body string) {
		m.add(exchange{path: path, status: 200, reply: plainHeaders, body: body, source: "cache-storage", cache: "c"})
	}
	hit("/a", "a")
	hit("/gone", "gone")
	hash, err := m.w.Body([]byte("by the page"))
	m.must(err)
	entry := func(path, hash string, size int64) recording.SnapshotEntry {
		return recording.SnapshotEntry{Method: "GET", URL: madeOrigin + path, Status: 200, StatusText: "OK", ResponseType: "basic", BodyHash: hash, Size: size,
			ResponseHeaders: []inspector.Header{{Name: "Content-Type", Value: "text/plain"}}, ResponseTime: m.now}
	}
	a, err := m.w.Body([]byte("a"))
	m.must(err)
	m.note(recording.NoteCacheSnapshot{StorageKey: madeOrigin + "/", Cache: "c", Entries: []recording.SnapshotEntry{entry("/a", a, 1), entry("/new", hash, 11)}})
	hit("/new", "by the page")
	m.add(exchange{path: "/gone", status: 200, reply: plainHeaders, body: "fetched", source: "network"})
	all, s := replayed(t, m.done(), Options{})
	if s.Equal != 4 {
		logged(t, all, s)
		t.Error(s)
	}
}
