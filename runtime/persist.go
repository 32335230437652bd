package runtime

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	urlpattern "github.com/dunglas/go-urlpattern"

	"github.com/swinspect/swinspect/runtime/fetch"
)

// SavedRegistration is a registration as it outlives the engine: plain data, fit for
// JSON. An installing worker is not part of it.
type SavedRegistration struct {
	ID, StorageKey, Scope, UpdateViaCache string
	NavigationPreload                     NavigationPreload
	LastUpdateCheck                       time.Time
	Waiting, Active                       *SavedWorker
}

// SavedWorker is a worker of a SavedRegistration.
type SavedWorker struct {
	ID, ScriptURL, Type string
	State               State         // installed or activated
	Scripts             []SavedScript // the main script first
	Imported            bool          // classic scripts imported flag
	SkipWaiting         bool
	Evaluated           bool
	EventTypes          []string // set of event types to handle
	EmptyFetch          bool     // all fetch listeners are empty flag
	Routes              []RouterRule
}

// SavedScript is a script of a worker's script resource map.
type SavedScript struct {
	URL, Final        string
	Source            []byte
	Headers           fetch.HeaderList
	Muted             bool
	Fetched, Modified time.Time
}

// Save is every registration in the map that has an installed worker, by age. It
// does not block.
func (e *Engine) Save() []SavedRegistration {
	e.mu.Lock()
	defer e.mu.Unlock()
	var saved []SavedRegistration
	for _, r := range e.sortedRegistrations() {
		if r.waiting == nil && r.active == nil {
			continue
		}
		saved = append(saved, SavedRegistration{
			ID: r.id, StorageKey: r.storageKey, Scope: r.scopeKey, UpdateViaCache: r.updateViaCache,
			NavigationPreload: r.preload, LastUpdateCheck: r.lastUpdateCheck, Waiting: saveWorker(r.waiting), Active: saveWorker(r.active),
		})
	}
	return saved
}

// SaveWorker is w's registration with w alone, as its active worker whatever it is now:
// what it takes to run an event of it again elsewhere.
func (e *Engine) SaveWorker(w *Worker) SavedRegistration {
	e.mu.Lock()
	defer e.mu.Unlock()
	r := w.registration
	active := saveWorker(w)
	active.State = StateActivated
	return SavedRegistration{
		ID: r.id, StorageKey: r.storageKey, Scope: r.scopeKey, UpdateViaCache: r.updateViaCache, NavigationPreload: r.preload,
		LastUpdateCheck: r.lastUpdateCheck, Active: active,
	}
}

// StorageKeys are those that have a cache storage, registrations or not, sorted.
func (e *Engine) StorageKeys() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	var keys []string
	for key, p := range e.partitions {
		if p.caches != nil {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return keys
}

func saveWorker(w *Worker) *SavedWorker {
	if w == nil {
		return nil
	}
	s := &SavedWorker{
		ID: w.id, ScriptURL: w.scriptURL.String(), Type: w.typ, State: w.State(), Imported: w.imported, SkipWaiting: w.skipWaiting,
		Evaluated: w.evaluated, EventTypes: slices.Sorted(maps.Keys(w.eventTypes)), EmptyFetch: w.emptyFetch,
	}
	if s.State == StateActivating {
		s.State = StateActivated // nothing keeps an activating worker from getting there
	}
	for _, u := range w.resources.order {
		r := w.resources.get(u)
		if r.bad != nil {
			continue
		}
		script := SavedScript{URL: r.URL.String(), Final: r.Final.String(), Source: r.Source, Headers: r.Headers, Muted: r.Muted, Fetched: r.Fetched, Modified: r.Modified}
		if r == w.script {
			s.Scripts = slices.Insert(s.Scripts, 0, script)
		} else {
			s.Scripts = append(s.Scripts, script)
		}
	}
	for _, r := range w.routes {
		s.Routes = append(s.Routes, r.rule)
	}
	return s
}

// Restore puts saved registrations into the map: their workers are stopped. Call it
// before there is any client. What cannot be restored is left out, and the error
// names the first of it.
func (e *Engine) Restore(saved []SavedRegistration) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	var first error
	for _, s := range saved {
		if err := e.restore(s); err != nil && first == nil {
			first = fmt.Errorf("runtime: restoring the registration for %q: %w", s.Scope, err)
		}
	}
	return first
}

func (e *Engine) restore(s SavedRegistration) error {
	scope, err := fetch.ParseURL(s.Scope, nil)
	if err != nil {
		return err
	}
	if e.getRegistration(s.StorageKey, scope) != nil {
		return fmt.Errorf("there is one already")
	}
	r := &Registration{
		engine: e, id: e.restoredID(s.ID), storageKey: s.StorageKey, scope: scope, scopeKey: scope.WithoutFragment(),
		updateViaCache: s.UpdateViaCache, preload: s.NavigationPreload, lastUpdateCheck: s.LastUpdateCheck, users: map[*Client]struct{}{},
	}
	r.publishFirst()
	if r.waiting, err = e.restoreWorker(r, s.Waiting, StateInstalled); err != nil {
		return err
	}
	if r.active, err = e.restoreWorker(r, s.Active, StateActivated); err != nil {
		return err
	}
	if r.waiting == nil && r.active == nil {
		return fmt.Errorf("it has no worker")
	}
	e.insertRegistration(r)
	for _, w := range []*Worker{r.waiting, r.active} {
		if w != nil {
			e.workers[w.id] = w
			e.workerChanged(w)
		}
	}
	return nil
}

// publishFirst gives a registration a snapshot before it is in the map.
func (r *Registration) publishFirst() { r.snapshot.Store(&RegistrationSnapshot{Unregistered: true}) }

func (e *Engine) restoreWorker(r *Registration, s *SavedWorker, state State) (*Worker, error) {
	if s == nil {
		return nil, nil
	}
	u, err := fetch.ParseURL(s.ScriptURL, nil)
	if err != nil {
		return nil, err
	}
	if len(s.Scripts) == 0 {
		return nil, fmt.Errorf("the worker %s has no script", s.ID)
	}
	w := &Worker{
		engine: e, id: e.restoredID(s.ID), registration: r, scriptURL: u, typ: s.Type, used: map[string]struct{}{}, eventTypes: map[string]struct{}{},
		imported: s.Imported, skipWaiting: s.SkipWaiting, evaluated: s.Evaluated, emptyFetch: s.EmptyFetch, everInstalled: true,
	}
	idle := stopped
	w.state.Store(&state)
	w.running.Store(&idle)
	for i, script := range s.Scripts {
		restored, err := script.restore()
		if err != nil {
			return nil, err
		}
		if i == 0 {
			w.script = restored
		}
		w.resources.set(script.URL, restored)
		w.used[script.URL] = struct{}{}
	}
	for _, t := range s.EventTypes {
		w.eventTypes[t] = struct{}{}
	}
	for _, rule := range s.Routes {
		compiled, ok := verifyRouterCondition(rule.Condition, w)
		if !ok {
			return nil, fmt.Errorf("a route of the worker %s is not valid", s.ID)
		}
		w.routes = append(w.routes, newCompiledRule(rule, compiled, len(w.routes)+1))
	}
	return w, nil
}

func (s SavedScript) restore() (*Script, error) {
	u, err := fetch.ParseURL(s.URL, nil)
	if err != nil {
		return nil, err
	}
	final, err := fetch.ParseURL(s.Final, nil)
	if err != nil {
		return nil, err
	}
	return &Script{URL: u, Final: final, Source: s.Source, Headers: s.Headers, Muted: s.Muted, Fetched: s.Fetched, Modified: s.Modified}, nil
}

// restoredID is id, which no new registration or worker will get.
func (e *Engine) restoredID(id string) string {
	if n, err := strconv.ParseUint(id, 10, 64); err == nil && n < 1<<62 {
		e.lastID = max(e.lastID, n+1)
		return id
	}
	return e.newID()
}

// MarshalJSON writes the pattern's parts: a URLPattern object as a URLPatternInit
// (that it ignores case is not kept), a string as a string.
func (p URLPatternInput) MarshalJSON() ([]byte, error) {
	switch {
	case p.Text != nil:
		return json.Marshal(*p.Text)
	case p.Pattern == nil:
		return json.Marshal(p.Init)
	}
	part := func(s string) *string { return &s }
	return json.Marshal(urlpattern.URLPatternInit{
		Protocol: part(p.Pattern.Protocol()), Username: part(p.Pattern.Username()), Password: part(p.Pattern.Password()),
		Hostname: part(p.Pattern.Hostname()), Port: part(p.Pattern.Port()), Pathname: part(p.Pattern.Pathname()),
		Search: part(p.Pattern.Search()), Hash: part(p.Pattern.Hash()),
	})
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (p *URLPatternInput) UnmarshalJSON(b []byte) error {
	var text string
	if json.Unmarshal(b, &text) == nil {
		p.Text = &text
		return nil
	}
	p.Init = &urlpattern.URLPatternInit{}
	return json.Unmarshal(b, p.Init)
}
