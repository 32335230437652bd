package inspector

import (
	"slices"
	"testing"
	"time"
)

// Every field has a value on an entry that has everything, under each of its
// names, and what is not known has none.
func TestEntryField(t *testing.T) {
	e := &CacheEntry{
		URL: "https://a.example/x?y=1", Method: "GET", Status: 404, Type: "basic", ContentType: "text/css",
		Vary: "Accept, Accept-Language", Size: 12, Time: time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC),
		RequestHeaders:  []Header{{Name: "accept", Value: "*/*"}},
		ResponseHeaders: []Header{{Name: "etag", Value: "b7"}},
	}
	want := map[string][]string{
		"":             {e.URL, "GET", "404", "basic", "text/css"},
		"url":          {e.URL},
		"method":       {"GET"},
		"status":       {"404"},
		"type":         {"basic"},
		"content-type": {"text/css"},
		"mime":         {"text/css"},
		"size":         {"12"},
		"vary":         {"Accept", "Accept-Language"},
		"time":         {"2026-02-03T04:05:06Z"},
		"header":       {"accept", "accept: */*", "etag", "etag: b7"},
		"is":           {"varying", "error"},
	}
	for _, key := range append([]string{""}, EntryFields...) {
		if got := EntryField(e, key); !slices.Equal(got, want[key]) {
			t.Errorf("%q is %q, want %q", key, got, want[key])
		}
	}
	bare := &CacheEntry{Size: -1, Type: "opaqueredirect"}
	for _, key := range []string{"size", "vary", "time", "header", "weather"} {
		if got := EntryField(bare, key); len(got) != 0 {
			t.Errorf("%q of a bare entry is %q", key, got)
		}
	}
	if got := EntryField(bare, "is"); !slices.Equal(got, []string{"opaque", "redirect", "unmeasured"}) {
		t.Errorf("a bare entry is %q", got)
	}
}
