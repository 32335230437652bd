package runtime

import (
	"sync/atomic"
	"time"

	"github.com/swinspect/swinspect/runtime/clock"
	"github.com/swinspect/swinspect/runtime/fetch"
)

// Registration is a service worker registration. A pointer to it is its identity.
// Its exported methods may be called from anywhere, at any time, also within
// Environment methods; none of them blocks.
//
// Source: https://w3c.github.io/ServiceWorker/#service-worker-registration-concept
type Registration struct {
	engine     *Engine
	id         string
	storageKey string
	scope      *fetch.URL
	scopeKey   string // serialised, without its fragment

	// Guarded by the engine's lock.
	installing, waiting, active *Worker
	lastUpdateCheck             time.Time
	updateViaCache              string
	preload                     NavigationPreload
	cleared                     bool
	users                       map[*Client]struct{}
	updateTimer                 clock.Timer // of a Soft Update to come

	snapshot atomic.Pointer[RegistrationSnapshot]
}

// RegistrationSnapshot is a registration at one moment; its workers' states are
// those of the same moment.
type RegistrationSnapshot struct {
	Installing, Waiting, Active                *Worker // nil for none
	InstallingState, WaitingState, ActiveState State
	UpdateViaCache                             string
	NavigationPreload                          NavigationPreload
	// Unregistered is set when the registration is no longer in the map.
	Unregistered bool
}

// ID is the registration's number in its engine, in decimal.
func (r *Registration) ID() string { return r.id }

// StorageKey is the storage key, serialised.
func (r *Registration) StorageKey() string { return r.storageKey }

// ScopeURL is the scope URL.
func (r *Registration) ScopeURL() *fetch.URL { return r.scope }

// Snapshot is the registration now.
func (r *Registration) Snapshot() RegistrationSnapshot { return *r.snapshot.Load() }
