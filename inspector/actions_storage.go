package inspector

import (
	"context"
	"errors"

	"github.com/chromedp/cdproto/cachestorage"
	cdproto "github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/storage"
)

// checkStorage finds the storage key an action is about: its own, that of its
// cache, or that of its registration.
func checkStorage(ctx context.Context, at *attempt) error {
	ref := at.a.Storage
	if ref == (StorageRef{}) {
		ref = at.a.Cache.StorageRef
	}
	if ref == (StorageRef{}) {
		if err := checkRegistration(ctx, at); err != nil {
			return err
		}
		ref = StorageRef{Instance: at.l.instance, Context: at.r.Key.Context, StorageKey: at.r.StorageKey.Raw}
	}
	p, err := at.b.storagePlace(ref)
	if err != nil {
		return at.refuse("%s", words(err))
	}
	at.a.Storage, at.subject = ref, ref.StorageKey
	return at.inContext(p.w.context)
}

// checkCache finds the cache in a fresh list of names.
func checkCache(ctx context.Context, at *attempt) error {
	if err := checkStorage(ctx, at); err != nil {
		return err
	}
	at.a.Cache.StorageRef = at.a.Storage
	st, err := at.b.Caches(ctx, at.a.Storage, true)
	if err != nil {
		return err
	}
	for _, c := range st.Caches {
		if c.Name == at.a.Cache.Name {
			at.subject = quoted(c.Name) + " of " + at.a.Storage.StorageKey
			return nil
		}
	}
	return at.refuse("%s has no cache %s", at.a.Storage.StorageKey, quoted(at.a.Cache.Name))
}

// checkEntry finds the entry by a fresh look.
func checkEntry(ctx context.Context, at *attempt) error {
	if err := checkCache(ctx, at); err != nil {
		return err
	}
	e, err := at.look(ctx)
	if err != nil {
		return err
	}
	if e == nil {
		return at.refuse("the cache %s has no entry of %s", quoted(at.a.Cache.Name), at.a.URL)
	}
	at.subject = at.a.URL + " in cache " + quoted(at.a.Cache.Name)
	return nil
}

// look asks the cache itself for the action's entry.
func (at *attempt) look(ctx context.Context) (*CacheEntry, error) {
	f, release, err := at.w.frameOf(ctx, ParseStorageKey(at.a.Storage.StorageKey))
	if err != nil {
		return nil, err
	}
	defer release()
	return f.lookup(ctx, at.a.Cache, at.a.URL)
}

func runDeleteCache(ctx context.Context, at *attempt) result {
	p, f, release, id, err := at.cache(ctx)
	if err != nil {
		return failure(err)
	}
	defer release()
	if _, err := cdproto.Call(ctx, f.session, cachestorage.DeleteCache, cachestorage.DeleteCacheParams{CacheID: id}); err != nil {
		return failure(err)
	}
	at.markSent()
	left, err := p.readNames(ctx, f)
	if err != nil {
		return failure(err)
	}
	for _, c := range left {
		if c.CacheName == at.a.Cache.Name {
			return noEffect("the cache is still listed")
		}
	}
	return confirmed("the cache is no longer listed")
}

func runDeleteEntry(ctx context.Context, at *attempt) result {
	_, f, release, id, err := at.cache(ctx)
	if err != nil {
		return failure(err)
	}
	defer release()
	if _, err := cdproto.Call(ctx, f.session, cachestorage.DeleteEntry,
		cachestorage.DeleteEntryParams{CacheID: id, Request: at.a.URL}); err != nil {
		return failure(err)
	}
	at.markSent()
	at.b.store.forget(at.a.Cache)
	e, err := f.lookup(ctx, at.a.Cache, at.a.URL)
	switch {
	case err != nil:
		return failure(err)
	case e != nil && e.Vary != "":
		return noEffect("an entry of this URL is still there: CDP deletes by URL and cannot name a variant (Vary: %s)", e.Vary)
	case e != nil:
		return noEffect("the entry is still there")
	}
	return confirmed("the cache has no entry of this URL any more")
}

// cache is a frame and the CDP id of the action's cache.
func (at *attempt) cache(ctx context.Context) (p *storagePlace, f *frame, release func(), id cachestorage.CacheID, err error) {
	p, err = at.b.storagePlace(at.a.Storage)
	if err != nil {
		return nil, nil, nil, "", err
	}
	f, release, err = p.w.frameOf(ctx, p.key)
	if err != nil {
		return nil, nil, nil, "", err
	}
	id, err = p.cacheID(ctx, f, at.a.Cache.Name)
	if err != nil {
		release()
		return nil, nil, nil, "", err
	}
	return p, f, release, id, nil
}

// forget drops a listing that is known to be wrong.
func (s *cacheStore) forget(ref CacheRef) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.listings, ref)
}

// runClear clears everything of a storage key. Its registrations and caches that
// are gone prove it.
func runClear(ctx context.Context, at *attempt) result {
	main, err := at.w.main()
	if err != nil {
		return failure(err)
	}
	key := at.a.Storage.StorageKey
	if _, err := cdproto.Call(ctx, main, storage.ClearDataForStorageKey,
		storage.ClearDataForStorageKeyParams{StorageKey: key, StorageTypes: "all"}); err != nil {
		return failure(err)
	}
	at.markSent()
	var left *Registration
	_, err = at.await(ctx, func(s *State) bool {
		left = nil
		for _, r := range s.Live() {
			if at.w.mine(r) && r.StorageKey.Raw == key {
				left = r
			}
		}
		return left == nil
	})
	if left != nil {
		return noEffect("%s is still registered", left.Scope)
	}
	if err != nil {
		return failure(err)
	}
	st, err := at.b.Caches(ctx, at.a.Storage, true)
	switch {
	case err != nil && ParseStorageKey(key).Partitioned():
		return confirmed("its registrations are gone (its caches could not be looked at: %s)", words(errors.Unwrap(err)))
	case err != nil:
		return failure(err)
	case len(st.Caches) > 0:
		return noEffect("%s left", counted(len(st.Caches), "cache is", "caches are"))
	}
	return confirmed("no registration and no cache is left")
}
