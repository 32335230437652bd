package replay

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/swinspect/swinspect/inspector"
	"github.com/swinspect/swinspect/inspector/fetches"
	"github.com/swinspect/swinspect/inspector/recording"
)

// ErrNoScript: neither the recording nor the options have a script to replay with.
var ErrNoScript = errors.New("there is no service worker script to replay with")

// ErrOutOfScope: no recorded event would be given to the options' script.
var ErrOutOfScope = errors.New("no recorded request is in the scope of the script")

// events are the rows to replay, in recorded order, and how many of the other rows
// there are, by why they are none.
func (run *run) events(ctx context.Context) ([]*fetches.Fetch, map[string]int, error) {
	query, err := fetches.ParseQuery(run.options.Filter)
	if err != nil {
		return nil, nil, err
	}
	var all []*fetches.Fetch
	skipped := map[string]int{}
	for _, row := range run.recording.rows {
		if why := run.skip(row); why != "" {
			skipped[why]++
			continue
		}
		if !query.Empty() && !query.Match(row.Field) || run.options.Only != nil && !run.options.Only[row.ID] {
			skipped["not asked for"]++
			continue
		}
		all = append(all, row)
	}
	if n := run.options.Shards; n > 1 {
		// A shard is a stretch of time: its world is built once, and grows as it did.
		from, to := len(all)*(run.options.Shard-1)/n, len(all)*run.options.Shard/n
		all = all[from:to]
	}
	return all, skipped, ctx.Err()
}

// skip is why a row is no event; empty when it is one.
func (run *run) skip(f *fetches.Fetch) string {
	switch f.Kind {
	case fetches.KindWorker:
		return "requests of workers"
	case fetches.KindScript:
		return "scripts of workers"
	case fetches.KindPreload:
		return "navigation preloads"
	}
	if run.recording.twins[f.ID] {
		return "told twice"
	}
	if f.RedirectedFrom != "" && f.Mode != "navigate" && f.Kind != fetches.KindNavigation && !f.Intercepted() {
		return "redirects that no worker sees"
	}
	if f.Destination == "serviceworker" || strings.EqualFold(header(f.RequestHeaders, "Service-Worker"), "script") || run.isUpdate(f) {
		return "scripts of workers"
	}
	told := f.Intercepted() || f.Decision == fetches.NoFetchHandler || f.Decision == fetches.EmptyFetchHandler
	if !told || run.har() && f.IsInferred("decision") {
		if !run.everything() {
			return "not controlled"
		}
		if !run.inScope(f) {
			return "out of scope"
		}
	}
	return ""
}

// everything reports whether requests count that no worker saw: those of a HAR, which
// does not tell, when a script is given.
func (run *run) everything() bool { return run.options.scripted() && (run.unseen || run.har()) }

func (run *run) inScope(f *fetches.Fetch) bool {
	page := f.Page
	if f.Kind == fetches.KindNavigation || page == "" {
		page = f.URL
	}
	return strings.HasPrefix(page, run.scope())
}

// choose finds out which script the options' one stands in for.
func (run *run) choose() error {
	r := run.recording
	intercepted := false
	urls := map[string]int{}
	state, err := r.file.State(run.ctx, r.end)
	if err != nil {
		return fmt.Errorf("replay: %w", err)
	}
	perRegistration := map[string]int{}
	for _, row := range r.rows {
		if row.Intercepted() || row.Decision == fetches.NoFetchHandler || row.Decision == fetches.EmptyFetchHandler {
			intercepted = true
			perRegistration[row.Registration]++
		}
	}
	run.unseen = !intercepted
	for _, g := range state.Registrations {
		for _, v := range g.Versions {
			if run.har() && !looksLikeScript(v.ScriptURL) {
				continue // a HAR does not name scripts
			}
			urls[v.ScriptURL] += perRegistration[g.Key.ID] + 1
		}
	}
	run.scriptURL = run.options.ScriptURL
	if run.scriptURL == "" && run.options.scripted() {
		for u, n := range urls {
			if run.scriptURL == "" || n > urls[run.scriptURL] || n == urls[run.scriptURL] && u < run.scriptURL {
				run.scriptURL = u
			}
		}
	}
	if run.options.scripted() && run.scriptURL == "" {
		run.scriptURL = run.guessScriptURL()
	}
	if run.options.scripted() && run.scriptURL == "" {
		return fmt.Errorf("replay: %w: the recording names no script that the new one could stand in for; name its URL", ErrNoScript)
	}
	if run.options.scripted() {
		return run.takesPart(state, urls)
	}
	return nil
}

// takesPart refuses a script that no event would be given to: its answers would all be
// equal, of course. A script of another URL than those recorded stands in for the
// registration of its scope.
func (run *run) takesPart(state *inspector.State, recorded map[string]int) error {
	var scopes, all []string
	for _, g := range state.Registrations {
		all = append(all, g.Scope)
		named := slices.ContainsFunc(g.Versions, func(v *inspector.Version) bool { return v.ScriptURL == run.scriptURL }) || run.har()
		if recorded[run.scriptURL] == 0 && g.Scope == run.scope() {
			run.replaces, named = g.Scope, true
		}
		if named && (run.options.Scope == "" || run.options.Scope == g.Scope) {
			scopes = append(scopes, g.Scope)
		}
	}
	if len(scopes) == 0 {
		scopes = []string{run.scope()}
	}
	for _, row := range run.recording.rows {
		if run.skip(row) != "" {
			continue
		}
		page := row.Page
		if row.Kind == fetches.KindNavigation || page == "" {
			page = row.URL
		}
		if slices.ContainsFunc(scopes, func(scope string) bool { return strings.HasPrefix(page, scope) }) {
			return nil
		}
	}
	slices.Sort(all)
	return fmt.Errorf("replay: %w: its scope would be %s; recorded are %s", ErrOutOfScope, strings.Join(scopes, ", "), cmp.Or(strings.Join(slices.Compact(all), ", "), "none"))
}

// har reports a recording that was made of a HAR: its workers are conclusions.
func (run *run) har() bool { return run.recording.meta.Mode == recording.HAR }

func looksLikeScript(u string) bool {
	base, _, _ := strings.Cut(u, "?")
	return strings.HasSuffix(base, ".js") || strings.HasSuffix(base, ".mjs")
}

// guessScriptURL is /sw.js of the origin that most navigations went to.
func (run *run) guessScriptURL() string {
	origins := map[string]int{}
	best := ""
	for _, row := range run.recording.rows {
		if row.Kind != fetches.KindNavigation {
			continue
		}
		o := originOf(row.URL)
		if origins[o]++; best == "" || origins[o] > origins[best] {
			best = o
		}
	}
	if best == "" && len(run.recording.rows) > 0 {
		best = originOf(run.recording.rows[0].URL)
	}
	if best == "" {
		return ""
	}
	return best + "/sw.js"
}

// clusters groups events that were under way together; each is one when they are not
// to overlap.
func (run *run) clusters(all []*fetches.Fetch) [][]*fetches.Fetch {
	var out [][]*fetches.Fetch
	for i := 0; i < len(all); {
		end := endOf(all[i])
		j := i + 1
		for run.options.Overlap && j < len(all) && all[j].Began.Before(end) && j-i < 64 {
			if e := endOf(all[j]); e.After(end) {
				end = e
			}
			j++
		}
		out = append(out, slices.Clip(all[i:j]))
		i = j
	}
	return out
}

// isUpdate reports whether a row is how a browser looks for an update of a script.
func (run *run) isUpdate(f *fetches.Fetch) bool {
	if f.Destination != "" || f.Intercepted() || f.Kind != fetches.KindFetch {
		return false
	}
	for _, s := range run.recording.scripts {
		for _, source := range s.all {
			if source.url == f.URL {
				return true
			}
		}
	}
	return false
}
