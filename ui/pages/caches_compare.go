package pages

import (
	"fmt"
	"slices"
	"strings"

	"github.com/swinspect/swinspect/inspector"
	"github.com/swinspect/swinspect/ui/components"
)

// Difference is one row of the comparison of two caches: entries with the same
// method, URL and Vary-selecting request headers.
type Difference struct {
	What   string // "only in A", "only in B", "different", "equal"
	Method string
	URL    string
	A, B   *inspector.CacheEntry // nil where a cache has none
	Fields []string              // what differs, in words with both values
}

// CompareCaches lines up the entries of two caches. Bodies are compared by what
// is known of them without reading: headers and, where measured, their size.
func CompareCaches(a, b []inspector.CacheEntry) []Difference {
	index := map[string][]int{}
	for i := range b {
		k := identity(&b[i])
		index[k] = append(index[k], i)
	}
	used := make([]bool, len(b))
	var out []Difference
	for i := range a {
		e := &a[i]
		d := Difference{What: "only in A", Method: e.Method, URL: e.URL, A: e}
		if js := index[identity(e)]; len(js) > 0 {
			j := js[0]
			index[identity(e)] = js[1:]
			used[j] = true
			d.B, d.Fields = &b[j], differing(e, &b[j])
			d.What = "different"
			if len(d.Fields) == 0 {
				d.What = "equal"
			}
		}
		out = append(out, d)
	}
	for j := range b {
		if !used[j] {
			out = append(out, Difference{What: "only in B", Method: b[j].Method, URL: b[j].URL, B: &b[j]})
		}
	}
	slices.SortStableFunc(out, func(x, y Difference) int { return strings.Compare(x.URL, y.URL) })
	return out
}

// identity is what makes two entries answer the same request.
func identity(e *inspector.CacheEntry) string {
	var b strings.Builder
	b.WriteString(e.Method + " " + e.URL)
	for _, name := range fields(e.Vary) {
		fmt.Fprintf(&b, "\n%s: %s", strings.ToLower(name), header(e.RequestHeaders, name))
	}
	return b.String()
}

// header is the value of a header, its lines joined as Fetch joins them.
func header(hs []inspector.Header, name string) string {
	var values []string
	for _, h := range hs {
		if strings.EqualFold(h.Name, name) {
			values = append(values, h.Value)
		}
	}
	return strings.Join(values, ", ")
}

// notCompared are the headers that differ between two answers though nothing of
// what is answered does.
var notCompared = map[string]bool{"date": true, "age": true, "expires": true, "x-request-id": true, "connection": true, "keep-alive": true}

// differing lists what differs between two entries.
func differing(a, b *inspector.CacheEntry) []string {
	var out []string
	add := func(what, x, y string) {
		if x != y {
			out = append(out, fmt.Sprintf("%s: %s → %s", what, orNone(x), orNone(y)))
		}
	}
	add("status", fmt.Sprint(a.Status), fmt.Sprint(b.Status))
	add("type", a.Type, b.Type)
	if a.Size >= 0 && b.Size >= 0 {
		add("size", components.Bytes(float64(a.Size)), components.Bytes(float64(b.Size)))
		if a.Size != b.Size && len(out) == 0 {
			out = append(out, fmt.Sprintf("size: %d → %d bytes", a.Size, b.Size))
		}
	}
	for _, name := range headerNames(a.ResponseHeaders, b.ResponseHeaders) {
		add(name, header(a.ResponseHeaders, name), header(b.ResponseHeaders, name))
	}
	return out
}

// headerNames are the comparable names of two header lists, in lower case, sorted.
func headerNames(lists ...[]inspector.Header) []string {
	seen := map[string]bool{}
	for _, hs := range lists {
		for _, h := range hs {
			if n := strings.ToLower(h.Name); !notCompared[n] {
				seen[n] = true
			}
		}
	}
	out := make([]string, 0, len(seen))
	for n := range seen {
		out = append(out, n)
	}
	slices.Sort(out)
	return out
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}
