package pages

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/a-h/templ"

	"github.com/swinspect/swinspect/inspector"
	"github.com/swinspect/swinspect/ui/components"
)

// maxShownCandidates is how many candidates of a match the tester shows.
const maxShownCandidates = 8

func (p UsagePart) title() string {
	t := p.Label + ", " + components.Bytes(p.Bytes)
	if p.Guess != "" {
		t += ", inferred: " + p.Guess
	}
	return t
}

// where names the storage and the cache in a posted form.
func (v CachesView) where() []components.Param { return v.keep("bucket", "cache") }

func (v CachesView) keep(names ...string) []components.Param {
	var out []components.Param
	for _, n := range names {
		if v.Address.Query.Has(n) {
			out = append(out, components.Param{Name: n, Value: v.Address.Query.Get(n)})
		} else if n == "cache" && v.Selected != nil {
			out = append(out, components.Param{Name: n, Value: v.Selected.Cache.Name})
		}
	}
	return out
}

func (v CachesView) cacheURL(c CacheItem) templ.SafeURL {
	return v.only("cache", c.Cache.Name, v.Storage.Bucket)
}

func (v CachesView) bucketURL(b BucketLink) templ.SafeURL { return v.only("", "", b.Name) }

// only is the address of a cache with nothing else chosen in it.
func (v CachesView) only(key, cache, bucket string) templ.SafeURL {
	q := map[string][]string{}
	if key != "" {
		q[key] = []string{cache}
	}
	if bucket != "" {
		q["bucket"] = []string{bucket}
	}
	return components.Address{Path: v.Address.Path, Query: q}.With()
}

func (v CachesView) comparable() bool {
	return len(v.Caches) > 1 && v.Selected != nil && !v.Entries.TooBig
}

func (v CachesView) errorAdvice() string {
	return "The caches of a storage key are read through a frame of its origin. Attach again or open a page of the site, then read again."
}

func (b BucketLink) title() string {
	if b.Name == "" {
		return "default"
	}
	return b.Name
}

func (c CacheItem) count() string {
	switch {
	case strings.HasPrefix(c.Cache.Problem, "too large"):
		return "many"
	case c.Cache.Entries < 0:
		return "?"
	}
	return components.Number(c.Cache.Entries)
}

func (c CacheItem) countTitle() string {
	if c.Cache.Entries < 0 {
		return "not counted yet: choose the cache to read it"
	}
	return components.Count(c.Cache.Entries, "entry", "entries")
}

func (v EntriesView) countWords() string {
	if v.Window.Total == v.Total {
		return components.Count(v.Total, "entry", "entries")
	}
	return components.Number(v.Window.Total) + " of " + components.Number(v.Total)
}

func (v EntriesView) problemWords() string {
	if v.Problem == "" {
		return "Chromium refuses to list a cache of this size."
	}
	return upper(v.Problem) + "."
}

func upper(s string) string {
	if s == "" {
		return ""
	}
	return strings.ToUpper(s[:1]) + strings.TrimSuffix(s[1:], ".")
}

func sentence(s string) string {
	if s == "" {
		return ""
	}
	return upper(s) + "."
}

// shortMIME is a content type without its parameters.
func shortMIME(s string) string {
	t, _, _ := strings.Cut(s, ";")
	return strings.TrimSpace(t)
}

func opaqueEntry(e *inspector.CacheEntry) bool { return opaque(e) }

func statusLine(e *inspector.CacheEntry) string {
	parts := []string{strings.TrimSpace(fmt.Sprintf("%d %s", e.Status, e.StatusText)), e.Type}
	if e.Size >= 0 {
		parts = append(parts, components.Bytes(float64(e.Size)))
	}
	return strings.Join(parts, ", ")
}

// varies reports whether the entry's Vary names a header.
func varies(e *inspector.CacheEntry, name string) bool {
	for _, f := range fields(e.Vary) {
		if strings.EqualFold(f, name) {
			return true
		}
	}
	return false
}

func noRequestHeaders(e *inspector.CacheEntry) string {
	if e.Vary != "" {
		return "The browser shows no request headers for entries made by cache.add() and addAll(), though Vary selects by them."
	}
	return "No request headers were stored."
}

// headerNote explains a header whose value is easily misread.
func headerNote(e *inspector.CacheEntry, h inspector.Header) string {
	if strings.EqualFold(h.Name, "content-length") && e.Size >= 0 && h.Value != fmt.Sprint(e.Size) {
		return "compressed; the body is " + components.Bytes(float64(e.Size))
	}
	return ""
}

func sizeWords(e *inspector.CacheEntry) string {
	if e.Size < 0 {
		return "not measured"
	}
	return fmt.Sprintf("%s (%s bytes)", components.Bytes(float64(e.Size)), components.Number(int(e.Size)))
}

func deleteTitle(d *EntryView) string {
	if d.Twins > 0 {
		return "Deletes this URL with all its Vary variants"
	}
	return "Deletes this entry; cache.delete(url) in the browser"
}

// asFetch is the entry's request as a JavaScript call.
func asFetch(e *inspector.CacheEntry) string {
	init := map[string]any{}
	if e.Method != "" && e.Method != "GET" {
		init["method"] = e.Method
	}
	if len(e.RequestHeaders) > 0 {
		hs := map[string]string{}
		for _, h := range e.RequestHeaders {
			hs[h.Name] = h.Value
		}
		init["headers"] = hs
	}
	if len(init) == 0 {
		return "fetch(" + quoteJS(e.URL) + ")"
	}
	b, err := json.MarshalIndent(init, "", "  ")
	if err != nil {
		return ""
	}
	return "fetch(" + quoteJS(e.URL) + ", " + string(b) + ")"
}

func quoteJS(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		return `""`
	}
	return string(b)
}

func searchWord(s inspector.MatchStep) string {
	if s.Query == "" && s.Entry == "" {
		return "none"
	}
	return "same"
}

func varyWord(s inspector.MatchStep) string {
	if s.Entry == "" {
		return "no Vary"
	}
	return "same"
}

// varyFails names what differs.
func varyFails(s inspector.MatchStep) string {
	if s.Detail != "" {
		return s.Detail
	}
	return "differs"
}

func showVary(s inspector.MatchStep) bool {
	return s.Result != inspector.NotReached && (s.Entry != "" || s.Query != "")
}

// othersWords says what of the rest of the cache the table leaves out.
func othersWords(r inspector.MatchReport, total int) string {
	rest := total - len(r.Candidates)
	switch {
	case len(r.Candidates) > 0 && r.Candidates[0].URL.Result == inspector.Fail:
		return "These are the nearest ones."
	case rest > 0:
		return components.Count(rest, "other entry has", "other entries have") + " another URL."
	}
	return "These are all entries of the cache."
}

func trimOwn(raw, own string) string {
	if rest, ok := strings.CutPrefix(raw, own); ok && strings.HasPrefix(rest, "/") {
		return rest
	}
	return raw
}

func (c *CompareView) emptyTitle() string {
	if !c.Filter.Query.Empty() {
		return "No difference passes the filter"
	}
	return "Both caches hold the same"
}

// entryStatus is a status code; opaque responses have none that can be seen.
func entryStatus(e *inspector.CacheEntry) string { return fmt.Sprint(e.Status) }
