package replay

import (
	"slices"
	"strings"
	"time"

	"github.com/swinspect/swinspect/inspector/fetches"
)

// joinTwins puts what a worker told of an event into the row of its request, where the
// fetch log has a row of each.
func (r *Recording) joinTwins() {
	r.twins = map[string]bool{}
	taken := map[string]bool{}
	for _, f := range r.rows {
		if !strings.HasPrefix(f.ID, "event:") || f.Status != 0 {
			continue
		}
		at := r.twin(f, taken)
		if at < 0 {
			continue
		}
		r.twins[f.ID] = true
		row := *r.rows[at]
		taken[row.ID] = true
		row.Mode, row.Credentials, row.CacheMode, row.Redirect, row.Referrer = f.Mode, f.Credentials, f.CacheMode, f.Redirect, f.Referrer
		row.Client, row.ResultingClient = f.Client, f.ResultingClient
		if len(f.RequestHeaders) > 0 {
			row.RequestHeaders = f.RequestHeaders
		}
		if row.IsInferred("decision") || row.Decision == fetches.Unknown || row.Decision == fetches.Pending {
			row.Decision = f.Decision
		}
		row.Steps = append(slices.Clone(row.Steps), f.Steps...)
		r.rows[at] = &row
	}
}

// twin is the position of the request that an event's row is about; -1 for none.
func (r *Recording) twin(f *fetches.Fetch, taken map[string]bool) int {
	const near = 2 * time.Second
	from, _ := slices.BinarySearchFunc(r.rows, f.Began.Add(-near), func(r *fetches.Fetch, t time.Time) int { return r.Began.Compare(t) })
	for i, o := range r.rows[from:] {
		if o.Began.After(f.Began.Add(near)) {
			break
		}
		if o == f || taken[o.ID] || o.Method != f.Method || withoutFragment(o.URL) != withoutFragment(f.URL) || strings.HasPrefix(o.ID, "event:") {
			continue
		}
		if (o.Kind == fetches.KindFetch || o.Kind == fetches.KindNavigation) && o.Mode == "" == (o.Kind == fetches.KindFetch) {
			return from + i
		}
	}
	return -1
}
