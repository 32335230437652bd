package replay

import (
	"cmp"
	"context"
	"strings"
	"time"

	"github.com/swinspect/swinspect/inspector/fetches"
)

// place finds the registration of a request that has none: by scope, in the state as of
// a moment.
func (r *Recording) place(ctx context.Context, f *fetches.Fetch, at time.Time) {
	state, err := r.file.State(ctx, at)
	if err != nil {
		return
	}
	url := cmp.Or(f.Page, f.URL)
	if f.Kind == fetches.KindNavigation {
		url = f.URL
	}
	best := ""
	for _, g := range state.Registrations {
		if f.Instance != "" && (g.Key.Instance != f.Instance || g.Key.Context != f.Context) {
			continue
		}
		if v := g.Active(); v != nil && g.Alive() && len(g.Scope) > len(best) && strings.HasPrefix(url, g.Scope) {
			best = g.Scope
			f.Registration, f.Version, f.Scope, f.Instance, f.Context = g.Key.ID, v.ID, g.Scope, g.Key.Instance, g.Key.Context
		}
	}
}

// told is how much later than a thing happens a browser may tell of it.
const told = 3 * time.Second

// placeAll gives a registration to the events that a worker answered before the browser
// had told of its activation.
func (r *Recording) placeAll(ctx context.Context) {
	for i, f := range r.rows {
		if f.Registration != "" && f.Version != "" || !f.Intercepted() || r.twins[f.ID] {
			continue
		}
		row := *f
		if r.place(ctx, &row, f.Began.Add(told)); row.Version != "" {
			r.rows[i] = &row
		}
	}
}
