package notifications

import (
	goruntime "runtime"
	"slices"
	"sync"
	"time"
	"weak"

	"github.com/swinspect/swinspect/runtime"
)

// Store is what a registration has outstanding. Safe for any number of goroutines.
type Store struct {
	mu            sync.Mutex
	next          int
	notifications []*Notification
	subscription  *Subscription
	syncs         []string
	firing        []string // those of syncs whose event is under way, or waits to be tried again
	periodic      []Periodic
	observers     []func(Change)
}

// Change is something that happened to a registration's store.
type Change struct {
	// Kind is "notification-shown", "notification-closed", "push-subscribed",
	// "push-unsubscribed", "sync-registered", "sync-done", "periodicsync-registered"
	// or "periodicsync-unregistered".
	Kind         string
	Notification *Notification
	Tag          string
}

// Periodic is a periodic sync registration.
type Periodic struct {
	Tag         string
	MinInterval time.Duration
}

// stores finds the store of a registration, without keeping the registration alive.
var stores = struct {
	mu sync.Mutex
	of map[weak.Pointer[runtime.Registration]]*Store
}{of: map[weak.Pointer[runtime.Registration]]*Store{}}

// Of is the store of a registration.
func Of(r *runtime.Registration) *Store {
	key := weak.Make(r)
	stores.mu.Lock()
	defer stores.mu.Unlock()
	if s, ok := stores.of[key]; ok {
		return s
	}
	s := &Store{}
	stores.of[key] = s
	goruntime.AddCleanup(r, forget, key)
	return s
}

func forget(key weak.Pointer[runtime.Registration]) {
	stores.mu.Lock()
	defer stores.mu.Unlock()
	delete(stores.of, key)
}

// Observe has f told of every change, in order; it must not block nor call the store.
func (s *Store) Observe(f func(Change)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.observers = append(s.observers, f)
}

func (s *Store) changed(c Change) {
	for _, f := range s.observers {
		f(c)
	}
}

// Notifications are those that are shown, oldest first; of a tag when it is not empty.
func (s *Store) Notifications(tag string) []*Notification {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []*Notification
	for _, n := range s.notifications {
		if tag == "" || n.Tag == tag {
			list = append(list, n)
		}
	}
	return list
}

// show adds a notification; one with the same tag is replaced in its place.
func (s *Store) show(n *Notification) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.next++
	n.Number, n.store = s.next, s
	if i := slices.IndexFunc(s.notifications, func(old *Notification) bool { return n.Tag != "" && old.Tag == n.Tag }); i >= 0 {
		s.notifications[i] = n
	} else {
		s.notifications = append(s.notifications, n)
	}
	s.changed(Change{Kind: "notification-shown", Notification: n})
}

// Close takes a notification away; it reports false when it is not shown any more.
func (s *Store) Close(n *Notification) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.Index(s.notifications, n)
	if i < 0 {
		return false
	}
	s.notifications = slices.Delete(s.notifications, i, i+1)
	s.changed(Change{Kind: "notification-closed", Notification: n})
	return true
}

// Subscription is the push subscription; nil for none.
func (s *Store) Subscription() *Subscription {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.subscription
}

func (s *Store) setSubscription(p *Subscription) (old *Subscription) {
	s.mu.Lock()
	defer s.mu.Unlock()
	old, s.subscription = s.subscription, p
	switch {
	case p != nil:
		s.changed(Change{Kind: "push-subscribed"})
	case old != nil:
		s.changed(Change{Kind: "push-unsubscribed"})
	}
	return old
}

// Syncs are the tags that wait for a sync event.
func (s *Store) Syncs() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.syncs)
}

// addSync reports false when the tag is registered already.
func (s *Store) addSync(tag string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if slices.Contains(s.syncs, tag) {
		return false
	}
	s.syncs = append(s.syncs, tag)
	s.changed(Change{Kind: "sync-registered", Tag: tag})
	return true
}

// beginSync reports false when the tag's event is under way.
func (s *Store) beginSync(tag string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if slices.Contains(s.firing, tag) {
		return false
	}
	s.firing = append(s.firing, tag)
	return true
}

// endSync takes a tag away whose event is through; one that is not stays registered.
func (s *Store) endSync(tag string, done bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.firing = slices.DeleteFunc(s.firing, func(t string) bool { return t == tag })
	if !done {
		return
	}
	s.syncs = slices.DeleteFunc(s.syncs, func(t string) bool { return t == tag })
	s.changed(Change{Kind: "sync-done", Tag: tag})
}

// Periodic are the periodic sync registrations.
func (s *Store) Periodic() []Periodic {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.periodic)
}

func (s *Store) addPeriodic(p Periodic) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.periodic = append(slices.DeleteFunc(s.periodic, func(old Periodic) bool { return old.Tag == p.Tag }), p)
	s.changed(Change{Kind: "periodicsync-registered", Tag: p.Tag})
}

func (s *Store) removePeriodic(tag string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.periodic = slices.DeleteFunc(s.periodic, func(old Periodic) bool { return old.Tag == tag })
	s.changed(Change{Kind: "periodicsync-unregistered", Tag: tag})
}
