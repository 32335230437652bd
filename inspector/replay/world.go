package replay

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"github.com/swinspect/swinspect/inspector"
	"github.com/swinspect/swinspect/inspector/fetches"
	"github.com/swinspect/swinspect/inspector/recording"
	"github.com/swinspect/swinspect/runtime"
	"github.com/swinspect/swinspect/runtime/cache"
	"github.com/swinspect/swinspect/runtime/clock"
	"github.com/swinspect/swinspect/runtime/fetch"
	"github.com/swinspect/swinspect/runtime/window"
)

// worldKey names a browser context of the recording.
type worldKey struct{ instance, context string }

// world is a browser context of the recording, rebuilt on the engine.
type world struct {
	*pace
	run      *run
	key      worldKey
	clock    *clock.Virtual
	browser  *window.Browser
	context  *window.Context
	network  *network
	observer *observer

	registrations map[string]*member // by recorded id
	mu            sync.Mutex         // guards clients, madeUp, requests while events overlap
	clients       map[place]*runtime.Client
	stores        map[string]*store // by storage key
	madeUp        map[string]bool   // ids of clients that the recording does not tell
	requests      uint64
	missing       map[string]bool // "cache url" of entries without their body
}

// member is a registration in a world.
type member struct {
	recorded  string // its id
	version   string // of the recording
	scope     string
	scriptURL string
	live      *runtime.Registration
	updated   *runtime.Worker // the options' script, until it has taken over
	reason    string          // why it is not there
}

// newWorld starts an empty world at a moment.
func newWorld(run *run, key worldKey, at time.Time, seed uint64) *world {
	w := &world{
		run: run, key: key, clock: clock.NewVirtual(at), observer: newObserver(), registrations: map[string]*member{},
		clients: map[place]*runtime.Client{}, madeUp: map[string]bool{}, missing: map[string]bool{}, stores: map[string]*store{},
	}
	o := run.options
	w.network = &network{r: run.recording, clock: w.clock, offline: o.Offline, slow: o.Slow, live: o.Live, rows: run.har(), scripts: map[string][]byte{}, used: map[string]bool{}}
	w.network.asked = func(q *http.Request, row *fetches.Fetch, how string) {
		a := Asked{Method: q.Method, URL: q.URL.String(), How: how}
		if row != nil {
			a.Row = row.ID
		}
		w.observer.ask(a)
	}
	w.pace = &pace{clock: w.clock, network: w.network, over: w.observer.over, starting: w.observer.starting, workers: map[*window.Worker]struct{}{}}
	source := rand.NewChaCha8(seedOf(seed))
	random := rand.New(source)
	language := "-" // a browser shows a worker none
	if run.recording.meta.Mode == recording.Engine {
		language = ""
	}
	w.browser = window.NewBrowser(window.BrowserOptions{
		Network: w.network, Clock: w.clock, Rand: rand.NewChaCha8(seedOf(seed + 1)), Random: random.Float64, AcceptLanguage: language, HTTPCacheBytes: -1,
		// What follows a fetch after a while is not part of it: versions change when the
		// recording says so.
		Limits:   runtime.Limits{UpdateDelay: 100 * 365 * 24 * time.Hour},
		Observer: workers{pace: w.pace},
		Engines:  func(*window.Context) runtime.Observer { return w.observer },
	})
	w.context = w.browser.DefaultContext()
	for _, name := range []string{"notifications", "push", "background-sync", "periodic-background-sync", "persistent-storage"} {
		w.context.SetPermission(name, "granted")
	}
	if o.Offline {
		w.context.SetOffline(true)
	}
	return w
}

func seedOf(n uint64) (seed [32]byte) {
	for i := range 8 {
		seed[i] = byte(n >> (8 * i))
	}
	return seed
}

// workers tells the pace which agents there are.
type workers struct {
	window.NoObserver
	pace *pace
}

func (o workers) WorkerCreated(w *window.Worker)   { o.pace.lives(w, true) }
func (o workers) WorkerDestroyed(w *window.Worker) { o.pace.lives(w, false) }

// close ends the world and everything in it.
func (w *world) close() {
	if w != nil {
		w.browser.Close()
		w.pace.stop()
	}
}

// standIn is what a registration of a world is made of.
type standIn struct {
	id, version string // of the recording
	storageKey  string // as the engine writes it
	rawKey      string // as it was recorded
	scope       string
	viaCache    string
	scripts     *scripts
	kind        string // classic or module; "": by the source
	routes      []inspector.Route
	preload     *inspector.NavigationPreload
	installed   time.Time // when the recording saw it install; zero: not
}

// build makes the world of a browser context at a moment. versions are those that
// answer from then on, by registration; before is the world until then, nil for none.
func (run *run) build(ctx context.Context, key worldKey, at time.Time, versions map[string]string, before *world) (*world, error) {
	state, err := run.recording.file.State(ctx, at)
	if err != nil {
		return nil, fmt.Errorf("replay: the state at %s: %w", at.Format(time.RFC3339Nano), err)
	}
	for id := range versions {
		if state.Registration(inspector.RegistrationKey{Instance: key.instance, Context: key.context, ID: id}) == nil {
			// It answered before the browser had told of it.
			if state, err = run.recording.file.State(ctx, at.Add(told)); err != nil {
				return nil, fmt.Errorf("replay: the state at %s: %w", at.Format(time.RFC3339Nano), err)
			}
		}
	}
	w := newWorld(run, key, at, run.seed)
	all := run.standIns(ctx, state, key, at, versions)
	sets := map[string]*cacheSet{}
	var saved []runtime.SavedRegistration
	for _, s := range all {
		m := &member{recorded: s.id, version: s.version, scope: s.scope}
		w.registrations[s.id] = m
		if s.scripts == nil {
			m.reason = "the script of version " + s.version + " was not recorded"
			continue
		}
		m.scriptURL = s.scripts.url
		set, ok := sets[s.storageKey]
		if !ok {
			if set, err = run.caches(ctx, key, s.storageKey, at, before); err != nil {
				w.close()
				return nil, err
			}
			sets[s.storageKey] = set
		}
		l := run.learn(ctx, s, at, set)
		if l.problem != "" {
			run.problem("%s (version %s): %s", s.scope, s.version, l.problem)
			run.summary.InstallFailed = run.summary.InstallFailed || l.failed && run.stands(s)
		}
		if run.options.Caches != CachesNone && l.caches != nil && (run.stands(s) || !s.installed.IsZero()) {
			run.takeOver(set, l, run.stands(s))
		}
		saved = append(saved, l.registration(s))
	}
	if err := w.context.Engine().Restore(saved); err != nil {
		w.close()
		return nil, fmt.Errorf("replay: %w", err)
	}
	for storageKey, set := range sets {
		storage := w.context.Engine().CacheStorage(storageKey)
		if err := storage.Restore(set.saved()); err != nil {
			run.problem("caches of %s: %v", storageKey, err)
		}
		for k := range set.missing {
			w.missing[k] = true
		}
		storage.Listen(w.observer.changed)
	}
	for _, s := range all {
		if u, err := fetch.ParseURL(s.scope, nil); err == nil && s.scripts != nil {
			w.registrations[s.id].live = w.context.Engine().GetRegistration(s.storageKey, u)
			for _, script := range s.scripts.all {
				w.network.scripts[script.url] = script.source
			}
		}
	}
	if run.options.Caches != CachesNone && !run.options.scripted() {
		for _, s := range all {
			w.follow(ctx, s, at)
		}
	}
	w.open(state, before)
	return w, nil
}

// stands reports whether another script stands in for a registration's.
func (run *run) stands(s *standIn) bool {
	return run.options.scripted() && !run.options.Lifecycle && s.scripts != nil && s.scripts.url == run.scriptURL
}

// caches are those of a storage key as they were at a moment, with what the world
// before has put since they were recorded.
func (run *run) caches(ctx context.Context, key worldKey, storageKey string, at time.Time, before *world) (*cacheSet, error) {
	if run.options.Caches == CachesNone {
		return newCacheSet(), nil
	}
	set, taken, err := run.recording.cachesAt(ctx, key, storageKey, at)
	if err != nil {
		return nil, fmt.Errorf("replay: the caches at %s: %w", at.Format(time.RFC3339Nano), err)
	}
	if before != nil {
		set.merge(before.context.Engine().CacheStorage(storageKey).Save(), taken)
	}
	return set, nil
}

// takeOver puts what an install left into the caches: all of it when the script is
// another one, otherwise the caches that the recording does not show yet.
func (run *run) takeOver(set *cacheSet, l *learned, all bool) {
	if all {
		missing := set.missing
		*set = *newCacheSet()
		set.missing = missing
		set.merge(*l.caches, nil)
		return
	}
	for _, c := range l.caches.Caches {
		if _, known := set.entries[string(c.Name)]; !known {
			set.merge(cache.Saved{Caches: []cache.SavedCache{c}}, nil)
			continue
		}
		have := map[string]bool{}
		for _, e := range set.entries[string(c.Name)] {
			have[entryKey(e)] = true
		}
		if !set.whole[string(c.Name)] {
			for _, e := range c.Entries {
				if !have[entryKey(e)] {
					set.put(string(c.Name), e)
				}
			}
		}
	}
}

// open makes the clients that are there: those of the world before, or the pages that
// the recording knows of.
func (w *world) open(state *inspector.State, before *world) {
	if before != nil {
		for at, c := range before.clients {
			w.reopen(at, c.ID(), c.URL(), c.StorageKey(), before.madeUp[c.ID()], c.Controller() != nil)
		}
		return
	}
	for _, t := range state.Targets {
		if t.Own || t.Context != w.key.context || t.Key.Instance != w.key.instance || t.Type != "page" && t.Type != "iframe" {
			continue
		}
		u, err := fetch.ParseURL(t.URL, nil)
		if err != nil || !u.IsHTTP() {
			continue
		}
		controlled := false
		for _, g := range state.Registrations {
			for _, v := range g.Versions {
				for _, id := range v.Clients {
					controlled = controlled || id == t.Key.ID
				}
			}
		}
		w.reopen(place{t.Key.ID, t.Key.ID}, "", u, u.Origin().String(), true, controlled)
	}
}

func (w *world) reopen(at place, id string, u *fetch.URL, storageKey string, madeUp, controlled bool) {
	var controller *runtime.Worker
	if reg := w.context.Engine().GetRegistration(storageKey, u); reg != nil && controlled {
		controller = reg.Snapshot().Active
	}
	c := w.newClient(id, u, storageKey, at.frame != at.target, controller, false)
	if madeUp {
		w.madeUp[c.ID()] = true
	}
	w.clients[at] = c
}
