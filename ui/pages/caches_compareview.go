package pages

import (
	"strconv"

	"github.com/swinspect/swinspect/inspector"
	"github.com/swinspect/swinspect/ui/components"
)

// CompareView is the comparison of two caches.
type CompareView struct {
	A, B    string // names
	Reading bool
	Error   string
	OnlyA   int
	OnlyB   int
	Differ  int
	Equal   int
	Filter  components.Filter
	Rows    []Difference
	Window  components.Window
	Unsized bool // some bodies are not measured, so equal headers may hide another body
}

// CompareKeys are the filter keys of the comparison.
var CompareKeys = []string{"url", "method", "is", "differs"}

func differenceField(d Difference, key string) []string {
	switch key {
	case "", "url":
		return []string{d.URL}
	case "method":
		return []string{d.Method}
	case "is":
		switch d.What {
		case "only in A":
			return []string{"only-a"}
		case "only in B":
			return []string{"only-b"}
		}
		return []string{d.What}
	case "differs":
		return d.Fields
	}
	return nil
}

// NewCompare compares two listings. Equal entries are left out unless the
// filter asks for them.
func NewCompare(a components.Address, la, lb *inspector.Listing) *CompareView {
	v := &CompareView{
		A: la.Ref.Name, B: lb.Ref.Name,
		Filter: components.NewFilter(a, "filter", "Filter differences", "is:different", CompareKeys),
	}
	asksEqual := false
	for _, t := range v.Filter.Query.Terms() {
		asksEqual = asksEqual || t.Key == "is" && !t.Negated
	}
	for _, d := range CompareCaches(la.Entries, lb.Entries) {
		switch d.What {
		case "only in A":
			v.OnlyA++
		case "only in B":
			v.OnlyB++
		case "different":
			v.Differ++
		default:
			v.Equal++
			v.Unsized = v.Unsized || d.A.Size < 0 || d.B.Size < 0
			if !asksEqual {
				continue
			}
		}
		if v.Filter.Query.Match(func(key string) []string { return differenceField(d, key) }) {
			v.Rows = append(v.Rows, d)
		}
	}
	from, _ := strconv.Atoi(a.Query.Get("from"))
	v.Window = components.WindowAt(from, entryWindow, len(v.Rows))
	v.Rows = v.Rows[v.Window.From:v.Window.To]
	return v
}

// state is a row's outcome.
func (d Difference) state(a, b string) components.State {
	switch d.What {
	case "only in A":
		return components.State{Icon: "minus", Word: "only in " + cacheTitle(a), Class: "bad"}
	case "only in B":
		return components.State{Icon: "plus", Word: "only in " + cacheTitle(b), Class: "ok"}
	case "different":
		return components.State{Icon: "differs", Word: "different", Class: "work"}
	}
	return components.State{Icon: "confirmed", Word: "equal", Class: "idle"}
}
