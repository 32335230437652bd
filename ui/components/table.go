package components

import (
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/a-h/templ"
)

// Address is the address of the page a component is on. Its links change one or
// two query parameters of it and keep the rest, so that everything a page shows
// is in its address and works without script.
type Address struct {
	Path  string // escaped
	Query url.Values
}

// AddressOf takes a URL apart.
func AddressOf(u *url.URL) Address { return Address{Path: u.EscapedPath(), Query: u.Query()} }

// With is the address with query parameters set; an empty value removes one.
func (a Address) With(pairs ...string) templ.SafeURL {
	q := maps.Clone(a.Query)
	if q == nil {
		q = url.Values{}
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] == "" {
			q.Del(pairs[i])
		} else {
			q.Set(pairs[i], pairs[i+1])
		}
	}
	if len(q) == 0 {
		return templ.SafeURL(a.Path)
	}
	return templ.SafeURL(a.Path + "?" + q.Encode())
}

// Param is a query parameter that a form keeps as a hidden field.
type Param struct{ Name, Value string }

// Keep lists the parameters a GET form has to carry along: all but those named,
// which the form sets itself or which its result makes void.
func (a Address) Keep(except ...string) []Param {
	var out []Param
	for _, name := range slices.Sorted(maps.Keys(a.Query)) {
		if slices.Contains(except, name) {
			continue
		}
		for _, v := range a.Query[name] {
			if v != "" {
				out = append(out, Param{name, v})
			}
		}
	}
	return out
}

// Sort is the order of a table: a column's key, rising or falling.
type Sort struct {
	Key  string
	Desc bool
}

// ParseSort reads "size" or "-size".
func ParseSort(s string) Sort {
	key, desc := strings.CutPrefix(s, "-")
	return Sort{Key: key, Desc: desc}
}

func (s Sort) String() string {
	if s.Desc {
		return "-" + s.Key
	}
	return s.Key
}

// Column is a column's head.
type Column struct {
	Key   string // sort key, "" when the column cannot be sorted by
	Label string
	Class string // classes of the head: width, alignment, priority (c4, c3, c2)
	First string // sort that the first click gives: Key when "", else "-key"
}

// TableHead is a table's sortable head.
type TableHead struct {
	Address Address
	Columns []Column
	Sort    Sort
	Param   string // query parameter, "sort" when ""
	Default Sort   // the order without a parameter
}

func (h TableHead) param() string {
	if h.Param == "" {
		return "sort"
	}
	return h.Param
}

// link is where a click on a column's head leads: the column's first order, or
// the other direction when the table is in its order already.
func (h TableHead) link(c Column) templ.SafeURL {
	next := ParseSort(c.Key)
	if c.First != "" {
		next = ParseSort(c.First)
	}
	if h.Sort.Key == c.Key {
		next = Sort{Key: c.Key, Desc: !h.Sort.Desc}
	}
	value := next.String()
	if next == h.Default {
		value = ""
	}
	return h.Address.With(h.param(), value, "from", "")
}

// aria is the value of aria-sort, "" for a column the table is not sorted by.
func (h TableHead) aria(c Column) string {
	switch {
	case c.Key == "" || h.Sort.Key != c.Key:
		return ""
	case h.Sort.Desc:
		return "descending"
	}
	return "ascending"
}

// Window is the stretch of rows a page holds: [From, To) of Total.
type Window struct{ From, To, Total, Size int }

// WindowAt places a window of size rows at from, within total.
func WindowAt(from, size, total int) Window {
	if from >= total {
		from = max(0, (total-1)/size*size)
	}
	from = max(0, from)
	return Window{From: from, To: min(from+size, total), Total: total, Size: size}
}

// All reports whether every row is in the window.
func (w Window) All() bool { return w.From == 0 && w.To == w.Total }

// Prev, Next and Last are where the neighbouring windows and the last one begin.
func (w Window) Prev() int { return max(0, w.From-w.Size) }

// Next is where the next window begins.
func (w Window) Next() int { return w.From + w.Size }

// Last is where the last window begins.
func (w Window) Last() int { return max(0, (w.Total-1)/w.Size*w.Size) }
