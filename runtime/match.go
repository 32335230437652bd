package runtime

import (
	"slices"
	"strings"

	"github.com/swinspect/swinspect/runtime/fetch"
)

// matchRegistration is Match Service Worker Registration.
func (e *Engine) matchRegistration(storageKey string, u *fetch.URL) *Registration {
	p := e.partitions[storageKey]
	if p == nil {
		return nil
	}
	// Match Service Worker Registration 2
	clientURL := u.String()
	// Match Service Worker Registration 5 and 6: the longest scope that begins the URL.
	var best *Registration
	for _, r := range p.order {
		if strings.HasPrefix(clientURL, r.scopeKey) && (best == nil || len(r.scopeKey) > len(best.scopeKey)) {
			best = r
		}
	}
	// Match Service Worker Registration 7 to 9: the map's entry is at hand.
	return best
}

// getRegistration is Get Registration.
func (e *Engine) getRegistration(storageKey string, scope *fetch.URL) *Registration {
	p := e.partitions[storageKey]
	if p == nil || scope == nil {
		return nil
	}
	// Get Registration 3 to 5
	return p.registrations[scope.WithoutFragment()]
}

// setRegistration is Set Registration.
func (e *Engine) setRegistration(storageKey string, scope *fetch.URL, updateViaCache string) *Registration {
	// Set Registration 2 and 3
	id := e.newID()
	r := &Registration{
		engine: e, id: id,
		storageKey: storageKey, scope: scope, scopeKey: scope.WithoutFragment(),
		updateViaCache: updateViaCache, preload: NavigationPreload{HeaderValue: "true"}, users: map[*Client]struct{}{},
	}
	// Set Registration 4
	e.insertRegistration(r)
	// Set Registration 5
	return r
}

func (e *Engine) insertRegistration(r *Registration) {
	p := e.partition(r.storageKey)
	p.registrations[r.scopeKey] = r
	p.order = append(p.order, r)
	e.publish(r)
	e.registrationChanged(r)
}

// removeRegistration takes r out of the registration map.
func (e *Engine) removeRegistration(r *Registration) {
	if e.unregistered(r) {
		return
	}
	p := e.partitions[r.storageKey]
	delete(p.registrations, r.scopeKey)
	p.order = slices.DeleteFunc(p.order, func(o *Registration) bool { return o == r })
	e.publish(r)
	e.registrationChanged(r)
}

// GetRegistration is Match Service Worker Registration; nil for none. It does not block.
func (e *Engine) GetRegistration(storageKey string, u *fetch.URL) *Registration {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.matchRegistration(storageKey, u)
}

// GetRegistrations are the registrations of a storage key, in the order of the
// registration map. It does not block.
func (e *Engine) GetRegistrations(storageKey string) []*Registration {
	e.mu.Lock()
	defer e.mu.Unlock()
	if p := e.partitions[storageKey]; p != nil {
		return slices.Clone(p.order)
	}
	return nil
}

// IsRegistered reports whether the registration map holds r.
func (r *Registration) IsRegistered() bool { return !r.Snapshot().Unregistered }
