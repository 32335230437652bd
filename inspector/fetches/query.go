package fetches

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/swinspect/swinspect/internal/filter"
)

// Table is rows that can be asked for: a live [Log] is one, and a recording's index.
type Table interface {
	// Rows gives the rows from position from on, at most n, of those that match, in an
	// order of [Sorts] ("time", "-took"), and how many match and how many there are.
	Rows(ctx context.Context, query, sort string, from, n int) (rows []*Fetch, matching, total int, err error)
	// Fetch is one row; nil when there is none.
	Fetch(ctx context.Context, id string) (*Fetch, error)
	// Children are the requests that a worker made for a row.
	Children(ctx context.Context, id string) ([]*Fetch, error)
}

// Keys are the fields of the filter language.
var Keys = []string{
	"is", "has", "source", "cache", "client", "decision", "method", "url", "status", "scope", "kind", "mime", "mode", "dest", "version", "route", "size", "took", "id", "page", "error", "header",
}

// Sorts are the orders of rows; a minus in front turns them round.
var Sorts = []string{"time", "url", "method", "status", "decision", "source", "size", "took", "kind"}

// ParseQuery reads a filter over rows.
func ParseQuery(s string) (filter.Query, error) { return filter.Parse(s, Keys...) }

// Field gives the values of a field of a row, for [filter.Query.Match].
func (f *Fetch) Field(key string) []string {
	switch key {
	case "":
		return []string{f.URL, f.Method, string(f.Decision), string(f.Source), f.CacheName, f.Error, f.MIME}
	case "is":
		return f.is()
	case "has":
		return f.has()
	case "source":
		return []string{string(f.Source)}
	case "cache":
		return some(f.CacheName)
	case "client":
		return some(f.Client, f.Target, f.Frame)
	case "decision":
		return []string{string(f.Decision)}
	case "method":
		return []string{f.Method}
	case "url":
		return []string{f.URL}
	case "status":
		return []string{strconv.Itoa(f.Status)}
	case "scope":
		return some(f.Scope)
	case "kind":
		return []string{string(f.Kind)}
	case "mime":
		return some(f.MIME)
	case "mode":
		return some(f.Mode)
	case "dest":
		return some(f.Destination)
	case "version":
		return some(f.Version)
	case "route":
		return []string{strconv.Itoa(f.Route)}
	case "size":
		if f.ResponseBody.Size < 0 {
			return nil
		}
		return []string{strconv.FormatInt(f.ResponseBody.Size, 10)}
	case "took":
		if f.Timing.End < 0 {
			return nil
		}
		return []string{strconv.FormatFloat(float64(f.Timing.End)/float64(time.Millisecond), 'f', -1, 64)}
	case "id":
		return []string{f.ID}
	case "page":
		return some(f.Page)
	case "error":
		return some(f.Error)
	case "header":
		var all []string
		for _, h := range f.RequestHeaders {
			all = append(all, h.Name+": "+h.Value)
		}
		for _, h := range f.ResponseHeaders {
			all = append(all, h.Name+": "+h.Value)
		}
		return all
	}
	return nil
}

// is are the words that "is:" knows.
func (f *Fetch) is() []string {
	words := []string{string(f.Kind)}
	if f.Intercepted() {
		words = append(words, "intercepted")
	}
	if f.Done {
		words = append(words, "done")
	} else {
		words = append(words, "pending")
	}
	if f.Error != "" || f.Status >= 400 || f.Decision == RespondError {
		words = append(words, "failed")
	}
	if f.Status >= 300 && f.Status < 400 {
		words = append(words, "redirect")
	}
	if f.Parent != "" {
		words = append(words, "sub")
	}
	if len(f.Inferred) > 0 {
		words = append(words, "inferred")
	}
	return words
}

func (f *Fetch) has() []string {
	var words []string
	for name, there := range map[string]bool{
		"error": f.Error != "", "body": f.ResponseBody.Hash != "", "request-body": f.RequestBody.Hash != "" || f.RequestBody.Missing != "", "trace": len(f.Steps) > 0,
	} {
		if there {
			words = append(words, name)
		}
	}
	return words
}

func some(values ...string) []string {
	return slices.DeleteFunc(values, func(v string) bool { return v == "" })
}

// Compare orders two rows by one of [Sorts].
func Compare(a, b *Fetch, by string) int {
	by, desc := strings.CutPrefix(by, "-")
	n := 0
	switch by {
	case "url":
		n = cmp.Compare(a.URL, b.URL)
	case "method":
		n = cmp.Compare(a.Method, b.Method)
	case "status":
		n = cmp.Compare(a.Status, b.Status)
	case "decision":
		n = cmp.Compare(a.Decision, b.Decision)
	case "source":
		n = cmp.Compare(a.Source, b.Source)
	case "size":
		n = cmp.Compare(a.ResponseBody.Size, b.ResponseBody.Size)
	case "took":
		n = cmp.Compare(a.Timing.End, b.Timing.End)
	case "kind":
		n = cmp.Compare(a.Kind, b.Kind)
	}
	if n == 0 {
		n = cmp.Compare(a.Seq, b.Seq)
	}
	if desc {
		return -n
	}
	return n
}

// CheckSort reports what is wrong with an order.
func CheckSort(sort string) error {
	if by := strings.TrimPrefix(sort, "-"); by != "" && !slices.Contains(Sorts, by) {
		return fmt.Errorf("fetches: no order %q: there are %s, each with a minus in front to turn it round", sort, strings.Join(Sorts, ", "))
	}
	return nil
}

// Rows is of [Table].
func (l *Log) Rows(_ context.Context, query, sort string, from, n int) ([]*Fetch, int, int, error) {
	q, err := ParseQuery(query)
	if err != nil {
		return nil, 0, 0, err
	}
	if err := CheckSort(sort); err != nil {
		return nil, 0, 0, err
	}
	all := l.All()
	keep := all
	if !q.Empty() {
		keep = nil
		for _, f := range all {
			if q.Match(f.Field) {
				keep = append(keep, f)
			}
		}
	}
	switch sort {
	case "", "time":
	default:
		keep = slices.Clone(keep)
		slices.SortStableFunc(keep, func(a, b *Fetch) int { return Compare(a, b, sort) })
	}
	from = min(max(from, 0), len(keep))
	to := len(keep)
	if n > 0 {
		to = min(from+n, len(keep))
	}
	return keep[from:to:to], len(keep), len(all), nil
}

// Fetch is of [Table].
func (l *Log) Fetch(_ context.Context, id string) (*Fetch, error) { return l.Get(id), nil }

// Children is of [Table].
func (l *Log) Children(_ context.Context, id string) ([]*Fetch, error) {
	var all []*Fetch
	for _, f := range l.All() {
		if f.Parent == id {
			all = append(all, f)
		}
	}
	return all, nil
}
