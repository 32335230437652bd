package pages

import (
	"strings"
	"testing"

	"github.com/swinspect/swinspect/inspector"
)

func TestCompareCaches(t *testing.T) {
	entry := func(url, etag, language string) inspector.CacheEntry {
		e := inspector.CacheEntry{Method: "GET", URL: url, Status: 200, Size: -1, ResponseHeaders: []inspector.Header{{Name: "ETag", Value: etag}, {Name: "Date", Value: etag}}}
		if language != "" {
			e.Vary = "Accept-Language"
			e.RequestHeaders = []inspector.Header{{Name: "accept-language", Value: language}}
		}
		return e
	}
	a := []inspector.CacheEntry{entry("/same", "1", ""), entry("/changed", "1", ""), entry("/gone", "1", ""), entry("/v", "en", "en"), entry("/v", "de", "de")}
	b := []inspector.CacheEntry{entry("/changed", "2", ""), entry("/same", "1", ""), entry("/v", "de", "de"), entry("/v", "fr", "fr")}
	var got []string
	for _, d := range CompareCaches(a, b) {
		got = append(got, d.URL+" "+d.What+" "+strings.Join(d.Fields, "; "))
	}
	want := "/changed different etag: 1 → 2|/gone only in A |/same equal |/v only in A |/v equal |/v only in B "
	if g := strings.Join(got, "|"); g != want {
		t.Errorf("got  %s\nwant %s", g, want)
	}
}
