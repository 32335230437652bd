package explain

import (
	"context"
	"fmt"

	"github.com/swinspect/swinspect/inspector"
	"github.com/swinspect/swinspect/inspector/fetches"
)

// Log is where the rows of a live fetch log are found.
type Log interface {
	Children(ctx context.Context, id string) ([]*fetches.Fetch, error)
}

// Live is the world of a request of a live backend. The caches are read as they are
// now, which is not always as they were. log may be nil.
func Live(ctx context.Context, b *inspector.Browser, log Log, r *fetches.Fetch) World {
	w := World{State: b.State(), CachesFrom: "as they are now"}
	if log != nil {
		// Without children the chain is shorter, no less true.
		w.Children, _ = log.Children(ctx, r.ID)
	}
	g := w.State.Registration(inspector.RegistrationKey{Instance: r.Instance, Context: r.Context, ID: r.Registration})
	if g == nil {
		return w
	}
	w.Caches, w.CachesProblem = liveCaches(ctx, b, g)
	return w
}

func liveCaches(ctx context.Context, b *inspector.Browser, g *inspector.Registration) (caches []Cache, problem string) {
	ref := inspector.StorageRef{Instance: g.Key.Instance, Context: g.Key.Context, StorageKey: g.StorageKey.Raw}
	storage, err := b.Caches(ctx, ref, false)
	if err != nil {
		return nil, fmt.Sprintf("The caches of %s could not be read: %v.", g.StorageKey.Raw, err)
	}
	for _, c := range storage.Caches {
		listing, err := b.Entries(ctx, inspector.CacheRef{StorageRef: ref, Name: c.Name}, false)
		if err != nil {
			problem = fmt.Sprintf("The cache %q could not be read: %v.", c.Name, err)
			continue
		}
		if listing.TooBig {
			problem = fmt.Sprintf("The cache %q is too large to be listed.", c.Name)
			continue
		}
		caches = append(caches, Cache{Name: c.Name, Entries: listing.Entries})
	}
	return caches, problem
}

// Predict is [Request] for a live backend.
func Predict(ctx context.Context, b *inspector.Browser, q Asked) Chain {
	w := World{State: b.State(), CachesFrom: "as they are now"}
	if g := w.registration(q); g != nil {
		w.Caches, w.CachesProblem = liveCaches(ctx, b, g)
	}
	return Request(q, w)
}
