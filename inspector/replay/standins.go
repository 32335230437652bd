package replay

import (
	"context"
	"strings"
	"time"

	"github.com/swinspect/swinspect/inspector"
)

// standIns are the registrations that a world has at a moment: those that were active,
// each with the version that answers, and the one that Options.Script makes.
func (run *run) standIns(ctx context.Context, state *inspector.State, key worldKey, at time.Time, versions map[string]string) []*standIn {
	var all []*standIn
	taken := false
	for _, g := range state.Registrations {
		answering := versions[g.Key.ID]
		if g.Key.Instance != key.instance || g.Key.Context != key.context || !g.Alive() && answering == "" {
			continue
		}
		v := g.Active()
		if answering != "" && (v == nil || v.ID != answering) {
			v = g.Version(answering)
		}
		if v == nil {
			continue
		}
		s := &standIn{id: g.Key.ID, version: v.ID, storageKey: engineKey(g.StorageKey.Raw), rawKey: g.StorageKey.Raw, scope: g.Scope, viaCache: g.UpdateViaCache, routes: v.Routes, preload: g.NavigationPreload}
		if s.storageKey == "" {
			s.storageKey = originOf(g.Scope)
		}
		if run.options.scripted() && run.options.Lifecycle && run.isMeant(g, v) {
			taken = true
		}
		if run.options.scripted() && !run.options.Lifecycle && (run.isMeant(g, v) || run.har()) && (run.options.Scope == "" || run.options.Scope == g.Scope) {
			s.scripts, s.kind, s.routes, taken = run.another(ctx, v, at), run.options.Type, nil, true
			s.version = run.scriptVersion
		} else {
			s.scripts = run.recording.scriptsOf(ctx, v, v.ID, at)
			s.installed = installed(v)
		}
		all = append(all, s)
	}
	if run.options.scripted() && !taken {
		all = append(all, &standIn{
			id: madeUpRegistration, version: run.scriptVersion, storageKey: originOf(run.scriptURL), scope: run.scope(), kind: run.options.Type,
			scripts: run.another(ctx, nil, at),
		})
	}
	return all
}

// isMeant reports whether the options' script stands in for a version.
func (run *run) isMeant(g *inspector.Registration, v *inspector.Version) bool {
	return v.ScriptURL == run.scriptURL || run.replaces != "" && g.Scope == run.replaces
}

// madeUpRegistration is the id of the registration for a script of which the recording
// has none.
const madeUpRegistration = "1000000001"

// another is the script that stands in, with the imports that the recorded one had.
func (run *run) another(ctx context.Context, v *inspector.Version, at time.Time) *scripts {
	s := &scripts{version: run.scriptVersion, url: run.scriptURL, all: []scriptSource{{run.scriptURL, run.options.Script}}}
	given := map[string]bool{run.scriptURL: true}
	for u, source := range run.options.Imports {
		s.all = append(s.all, scriptSource{u, source})
		given[u] = true
	}
	if v != nil {
		if recorded := run.recording.scriptsOf(ctx, v, v.ID, at); recorded != nil {
			for _, i := range recorded.all {
				if !given[i.url] {
					s.all = append(s.all, i)
				}
			}
		}
	}
	return s
}

// installed is when the recording saw a version install; zero when it did not.
func installed(v *inspector.Version) time.Time {
	if !v.Complete || len(v.History) == 0 {
		return time.Time{}
	}
	return v.History[0].Time
}

// scope is that of a registration that is made for a script.
func (run *run) scope() string {
	if run.options.Scope != "" {
		return run.options.Scope
	}
	base, _, _ := strings.Cut(run.scriptURL, "?")
	return base[:strings.LastIndexByte(base, '/')+1]
}

// originOf is the origin of an http URL.
func originOf(u string) string {
	scheme, rest, ok := strings.Cut(u, "://")
	if !ok {
		return ""
	}
	host, _, _ := strings.Cut(rest, "/")
	return scheme + "://" + host
}
