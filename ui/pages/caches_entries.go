package pages

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/swinspect/swinspect/inspector"
	"github.com/swinspect/swinspect/ui/components"
)

func opaque(e *inspector.CacheEntry) bool {
	return e.Type == "opaque" || e.Type == "opaqueredirect"
}

// fields splits a comma-separated header value.
func fields(s string) []string {
	var out []string
	for f := range strings.SplitSeq(s, ",") {
		if f = strings.TrimSpace(f); f != "" {
			out = append(out, f)
		}
	}
	return out
}

// entryOrders compare entries by a sort key of the table.
var entryOrders = map[string]func(a, b *inspector.CacheEntry) int{
	"n":      func(a, b *inspector.CacheEntry) int { return cmp.Compare(a.Index, b.Index) },
	"method": func(a, b *inspector.CacheEntry) int { return cmp.Compare(a.Method, b.Method) },
	"url":    func(a, b *inspector.CacheEntry) int { return cmp.Compare(a.URL, b.URL) },
	"status": func(a, b *inspector.CacheEntry) int { return cmp.Compare(a.Status, b.Status) },
	"type":   func(a, b *inspector.CacheEntry) int { return cmp.Compare(a.Type, b.Type) },
	"mime":   func(a, b *inspector.CacheEntry) int { return cmp.Compare(a.ContentType, b.ContentType) },
	"size":   func(a, b *inspector.CacheEntry) int { return cmp.Compare(a.Size, b.Size) },
	"cached": func(a, b *inspector.CacheEntry) int { return a.Time.Compare(b.Time) },
	"vary":   func(a, b *inspector.CacheEntry) int { return cmp.Compare(a.Vary, b.Vary) },
}

// SelectEntries filters and sorts entries without touching the given slice.
// keep nil keeps all; an unknown sort key means the order in the cache.
func SelectEntries(entries []inspector.CacheEntry, keep func(*inspector.CacheEntry) bool, sort components.Sort) []*inspector.CacheEntry {
	out := make([]*inspector.CacheEntry, 0, len(entries))
	for i := range entries {
		if e := &entries[i]; keep == nil || keep(e) {
			out = append(out, e)
		}
	}
	order, ok := entryOrders[sort.Key]
	if !ok {
		return out
	}
	slices.SortStableFunc(out, func(a, b *inspector.CacheEntry) int {
		if sort.Desc {
			return order(b, a)
		}
		return order(a, b)
	})
	return out
}

// EntryKey names an entry within its cache in URLs: Vary variants of one URL
// share method and URL, so the place in the cache tells them apart.
func EntryKey(e *inspector.CacheEntry) string {
	return strconv.Itoa(e.Index)
}
