package replay

import (
	"cmp"
	"context"
	"fmt"
	"regexp"
	"time"

	"github.com/swinspect/swinspect/inspector"
	"github.com/swinspect/swinspect/runtime"
	"github.com/swinspect/swinspect/runtime/cache"
	"github.com/swinspect/swinspect/runtime/fetch"
)

// learned is what installing a script taught: which events it handles, its routes, and
// what it left in the caches.
type learned struct {
	worker  *runtime.SavedWorker
	preload runtime.NavigationPreload
	caches  *cache.Saved // nil: it did not install
	asked   []Asked
	problem string
	failed  bool // the install was refused; problem says why
}

// moduleSource finds the statements that only a module has.
var moduleSource = regexp.MustCompile(`(?m)^\s*(import\s*["'{*]|import\s+\w|export\s)`)

func kindOf(kind string, source []byte) string {
	if kind != "" {
		return kind
	}
	if moduleSource.Match(source) {
		return "module"
	}
	return "classic"
}

// learn installs and activates a script in a world of its own, with the recorded
// network and the caches as they were. What it learns of a version is remembered.
func (run *run) learn(ctx context.Context, s *standIn, at time.Time, before *cacheSet) *learned {
	memo := s.scope + " " + s.version
	if l := run.known[memo]; l != nil {
		return l
	}
	if !s.installed.IsZero() {
		at = s.installed
		before = newCacheSet() // what is there by now is what the install made
	}
	l := run.install(ctx, s, at, before)
	run.known[memo] = l
	return l
}

func (run *run) install(ctx context.Context, s *standIn, at time.Time, before *cacheSet) *learned {
	w := newWorld(run, worldKey{}, at, run.seed)
	defer w.close()
	w.network.at("", at)
	w.network.latest = run.stands(s)             // nobody has recorded its install
	w.network.slow, w.network.offline = 0, false // it installed before the events
	w.context.SetOffline(false)
	flight := w.observer.begin("install")
	for _, script := range s.scripts.all {
		w.network.scripts[script.url] = script.source
	}
	engine := w.context.Engine()
	storage := engine.CacheStorage(s.storageKey)
	l := &learned{worker: s.guess()}
	if s.preload != nil {
		l.preload = runtime.NavigationPreload{Enabled: s.preload.Enabled, HeaderValue: s.preload.Header}
	}
	if err := storage.Restore(before.saved()); err != nil {
		l.problem = err.Error()
		return l
	}
	scope, err := fetch.ParseURL(s.scope, nil)
	if err != nil {
		l.problem = err.Error()
		return l
	}
	script, err := fetch.ParseURL(s.scripts.url, nil)
	if err != nil {
		l.problem = err.Error()
		return l
	}
	client := w.newClient("", scope, s.storageKey, false, nil, false)
	ctx, cancel := context.WithTimeoutCause(ctx, run.eventTimeout(), fmt.Errorf("the install took longer than %s", run.eventTimeout()))
	defer cancel()
	var failed error
	err = w.pace.run(ctx, func(ctx context.Context) {
		r, err := engine.Register(ctx, client, script, scope, kindOf(s.kind, s.scripts.all[0].source), cmp.Or(s.viaCache, "imports"), nil)
		if err != nil {
			failed = err
			return
		}
		failed = activated(ctx, r)
	})
	now := w.observer.take(flight)
	l.asked = now.asked
	if failed = cmp.Or(failed, err); failed != nil {
		l.failed = true
		l.problem = "its install does not succeed in the replay: " + failed.Error() + thrownWords(now.thrown) + unansweredWords(l.asked) + "; it stands in all the same, with the routes that were recorded"
		return l
	}
	for _, a := range l.asked {
		if a.How == asBodiless {
			l.problem = "its install was given an answer without the body, which was not recorded: " + a.Method + " " + a.URL
		}
	}
	_, started := w.network.busy()
	w.pace.settle(ctx, started-1)
	for _, saved := range engine.Save() {
		if saved.Active != nil {
			l.worker, l.preload = saved.Active, saved.NavigationPreload
			caches := storage.Save()
			l.caches = &caches
		}
	}
	return l
}

func thrownWords(thrown []string) string {
	if len(thrown) == 0 {
		return ""
	}
	return " (" + thrown[0] + ")"
}

func unansweredWords(asked []Asked) string {
	for _, a := range asked {
		if a.How == asMissing {
			return " (the recording has no answer to " + a.Method + " " + a.URL + ")"
		}
	}
	return ""
}

// activated waits until a registration's worker is active.
func activated(ctx context.Context, r *runtime.Registration) error {
	for ctx.Err() == nil {
		s := r.Snapshot()
		if s.Active != nil && s.ActiveState == runtime.StateActivated {
			return nil
		}
		if s.Active == nil && s.Installing == nil && s.Waiting == nil {
			return fmt.Errorf("install failed")
		}
		time.Sleep(pause)
	}
	return context.Cause(ctx)
}

// guess is a worker as it can be told without running it.
func (s *standIn) guess() *runtime.SavedWorker {
	w := &runtime.SavedWorker{
		ID: s.version, ScriptURL: s.scripts.url, Type: kindOf(s.kind, s.scripts.all[0].source), State: runtime.StateActivated, Imported: true, Evaluated: true,
		EventTypes: []string{"install", "activate", "fetch", "message", "push", "sync", "periodicsync", "notificationclick", "notificationclose"},
	}
	for _, script := range s.scripts.all {
		w.Scripts = append(w.Scripts, runtime.SavedScript{URL: script.url, Final: script.url, Source: script.source, Headers: fetch.HeaderList{{Name: "content-type", Value: "text/javascript"}}})
	}
	for _, r := range s.routes {
		if rule, ok := routeOf(r); ok {
			w.Routes = append(w.Routes, rule)
		}
	}
	return w
}

func routeOf(r inspector.Route) (runtime.RouterRule, bool) {
	rule := runtime.RouterRule{Condition: conditionOf(r.Condition), Source: runtime.RouterSource{Enum: r.Source.Type}}
	if r.Source.Type == "cache" && r.Source.CacheName != "" {
		name := r.Source.CacheName
		rule.Source = runtime.RouterSource{Enum: "cache", CacheName: &name}
	}
	return rule, r.Source.Type != ""
}

func conditionOf(c inspector.RouteCondition) runtime.RouterCondition {
	text := func(s string) *string {
		if s == "" {
			return nil
		}
		return &s
	}
	out := runtime.RouterCondition{RequestMethod: text(c.RequestMethod), RequestMode: text(c.RequestMode), RequestDestination: text(c.RequestDestination), RunningStatus: c.RunningStatus}
	if c.URLPattern != "" {
		var p runtime.URLPatternInput
		if c.URLPattern[0] != '{' || p.UnmarshalJSON([]byte(c.URLPattern)) != nil {
			p = runtime.URLPatternInput{Text: &c.URLPattern}
		}
		out.URLPattern = &p
	}
	for _, o := range c.Or {
		out.Or, out.HasOr = append(out.Or, conditionOf(o)), true
	}
	if c.Not != nil {
		n := conditionOf(*c.Not)
		out.Not = &n
	}
	return out
}

// registration is a stand-in as the engine restores it.
func (l *learned) registration(s *standIn) runtime.SavedRegistration {
	worker := *l.worker
	worker.ID, worker.State = s.version, runtime.StateActivated
	return runtime.SavedRegistration{
		ID: s.id, StorageKey: s.storageKey, Scope: s.scope, UpdateViaCache: cmp.Or(s.viaCache, "imports"), NavigationPreload: l.preload, Active: &worker,
	}
}
