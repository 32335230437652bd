package devtools

import (
	"context"
	"slices"
	"strings"

	cdproto "github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/storage"

	"github.com/swinspect/swinspect/runtime"
	"github.com/swinspect/swinspect/runtime/cache"
	"github.com/swinspect/swinspect/runtime/fetch"
	"github.com/swinspect/swinspect/runtime/webapi/env"
	"github.com/swinspect/swinspect/runtime/webapi/indexeddb"
	"github.com/swinspect/swinspect/runtime/window"
)

func storageDomain(t *table) {
	eventOf(t, storage.CacheStorageContentUpdated)
	eventOf(t, storage.CacheStorageListUpdated)
	handle(t, storage.GetStorageKey, storageKey)
	handle(t, storage.GetUsageAndQuota, usageAndQuota)
	handle(t, storage.ClearDataForOrigin, func(_ context.Context, s *session, p storage.ClearDataForOriginParams) (cdproto.Empty, error) {
		return none, clearData(s.target.context, wireKey(p.Origin), p.StorageTypes)
	})
	handle(t, storage.ClearDataForStorageKey, func(_ context.Context, s *session, p storage.ClearDataForStorageKeyParams) (cdproto.Empty, error) {
		return none, clearData(s.target.context, p.StorageKey, p.StorageTypes)
	})
	track := func(s *session, key string, on bool) (cdproto.Empty, error) {
		s.server.mu.Lock()
		if on {
			s.tracking[engineKey(key)] = true
		} else {
			delete(s.tracking, engineKey(key))
		}
		s.server.mu.Unlock()
		if on {
			s.server.watchCaches(s.target.context, engineKey(key))
		}
		return none, nil
	}
	handle(t, storage.TrackCacheStorageForOrigin, func(_ context.Context, s *session, p storage.TrackCacheStorageForOriginParams) (cdproto.Empty, error) {
		return track(s, wireKey(p.Origin), true)
	})
	handle(t, storage.UntrackCacheStorageForOrigin, func(_ context.Context, s *session, p storage.UntrackCacheStorageForOriginParams) (cdproto.Empty, error) {
		return track(s, wireKey(p.Origin), false)
	})
	handle(t, storage.TrackCacheStorageForStorageKey, func(_ context.Context, s *session, p storage.TrackCacheStorageForStorageKeyParams) (cdproto.Empty, error) {
		return track(s, p.StorageKey, true)
	})
	handle(t, storage.UntrackCacheStorageForStorageKey, func(_ context.Context, s *session, p storage.UntrackCacheStorageForStorageKeyParams) (cdproto.Empty, error) {
		return track(s, p.StorageKey, false)
	})
	accept(t, storage.TrackIndexedDBForOrigin) // changes of databases are not told
	accept(t, storage.UntrackIndexedDBForOrigin)
	accept(t, storage.TrackIndexedDBForStorageKey)
	accept(t, storage.UntrackIndexedDBForStorageKey)
	accept(t, storage.SetStorageBucketTracking) // there are no buckets but the default ones
	storageCookies(t)
}

// storageBrowserDomain is what the browser's session has of Storage.
func storageBrowserDomain(t *table) { storageCookies(t) }

func storageCookies(t *table) {
	jar := func(s *session, id cdproto.BrowserContextID) (*fetch.CookieJar, error) {
		if id == "" && s.target != nil {
			return s.target.context.Fetcher().Cookies(), nil
		}
		c, err := s.server.contextByID(id)
		if err != nil {
			return nil, err
		}
		return c.Fetcher().Cookies(), nil
	}
	handle(t, storage.GetCookies, func(_ context.Context, s *session, p storage.GetCookiesParams) (storage.GetCookiesResult, error) {
		j, err := jar(s, p.BrowserContextID)
		r := storage.GetCookiesResult{Cookies: []*network.Cookie{}}
		if err != nil {
			return r, err
		}
		for _, c := range j.All() {
			r.Cookies = append(r.Cookies, cookieOf(c))
		}
		return r, nil
	})
	handle(t, cdproto.Command[cookiesParams, cdproto.Empty]{Method: storage.CommandSetCookies}, func(_ context.Context, s *session, p cookiesParams) (cdproto.Empty, error) {
		j, err := jar(s, p.BrowserContextID)
		if err != nil {
			return none, err
		}
		return none, setCookies(j, s.server.clock.Now(), p.Cookies)
	})
	handle(t, storage.ClearCookies, func(_ context.Context, s *session, p storage.ClearCookiesParams) (cdproto.Empty, error) {
		j, err := jar(s, p.BrowserContextID)
		if err == nil {
			j.Remove(func(fetch.Cookie) bool { return true })
		}
		return none, err
	})
}

// storageKey answers a worker's key, or that of a frame, which a page must name.
func storageKey(_ context.Context, s *session, p storage.GetStorageKeyParams) (storage.GetStorageKeyResult, error) {
	if s.target.page == nil {
		s.server.mu.Lock()
		w := s.target.worker
		s.server.mu.Unlock()
		if w == nil {
			return storage.GetStorageKeyResult{}, failed("The worker is not running")
		}
		return storage.GetStorageKeyResult{StorageKey: storage.SerializedStorageKey(wireKey(w.StorageKey()))}, nil
	}
	if p.FrameID == "" {
		return storage.GetStorageKeyResult{}, failed("Internal error")
	}
	f := s.target.page.Frame(string(p.FrameID))
	if f == nil {
		return storage.GetStorageKeyResult{}, invalid("Frame tree node for given frame not found")
	}
	key := make(chan string, 1)
	f.Agent().Queue("Storage.getStorageKey", func() {
		if f.Client() == nil {
			key <- ""
			return
		}
		key <- f.StorageKey()
	})
	return later(s, func(ctx context.Context) (storage.GetStorageKeyResult, error) {
		select {
		case k := <-key:
			if k == "" || k == "null" {
				return storage.GetStorageKeyResult{}, failed("Frame corresponds to an opaque origin and its storage key cannot be serialized")
			}
			return storage.GetStorageKeyResult{StorageKey: storage.SerializedStorageKey(wireKey(k))}, nil
		case <-f.Agent().Done():
			return storage.GetStorageKeyResult{}, failed("The frame is gone")
		case <-ctx.Done():
			return storage.GetStorageKeyResult{}, ctx.Err()
		}
	})
}

// quota is what an origin may store.
const quota = 10 << 30

func usageAndQuota(_ context.Context, s *session, p storage.GetUsageAndQuotaParams) (storage.GetUsageAndQuotaResult, error) {
	if originOf(p.Origin) == "" {
		return storage.GetUsageAndQuotaResult{}, failed("%s is not a valid URL", p.Origin)
	}
	used := float64(s.target.context.Engine().CacheStorage(originOf(p.Origin)).Usage())
	r := storage.GetUsageAndQuotaResult{Usage: used, Quota: quota, UsageBreakdown: []*storage.UsageForType{}}
	for _, kind := range []storage.Type{"file_systems", "indexeddb", "cache_storage", "service_workers"} {
		u := &storage.UsageForType{StorageType: kind}
		if kind == "cache_storage" {
			u.Usage = used
		}
		r.UsageBreakdown = append(r.UsageBreakdown, u)
	}
	return r, nil
}

// clearData removes what a storage key has of the types named.
func clearData(c *window.Context, key, types string) error {
	key = engineKey(key)
	wanted := strings.Split(types, ",")
	if !slices.ContainsFunc(wanted, func(t string) bool { return slices.Contains(storageTypes, t) }) {
		return invalid("No valid storage type specified")
	}
	has := func(kind string) bool { return slices.Contains(wanted, kind) || slices.Contains(wanted, "all") }
	if has("service_workers") {
		c.Engine().ClearRegistrations(key)
	}
	if has("cache_storage") {
		store := c.Engine().CacheStorage(key)
		for _, name := range store.Keys() {
			store.Delete(name)
		}
	}
	if has("indexeddb") {
		dbs := indexeddb.Of(&env.Settings{Engine: c.Engine(), StorageKey: key})
		for _, db := range dbs.Databases() {
			dbs.Drop(db.Name)
		}
	}
	if has("cookies") {
		host := domainOf(key)
		c.Fetcher().Cookies().Remove(func(k fetch.Cookie) bool { return strings.TrimPrefix(k.Domain, ".") == host })
	}
	return nil
}

// storageTypes are those of Storage.StorageType.
var storageTypes = []string{
	"cookies", "file_systems", "indexeddb", "local_storage", "shader_cache", "websql", "service_workers", "cache_storage",
	"interest_groups", "shared_storage", "storage_buckets", "all", "other",
}

// watchCaches follows the changes of a storage key's caches, once.
func (s *Server) watchCaches(c *window.Context, key string) {
	e := c.Engine()
	s.mu.Lock()
	state := s.contextOf(c)
	if state.watched[key] {
		s.mu.Unlock()
		return
	}
	state.watched[key] = true
	s.mu.Unlock()
	watch(e, key, func(change cache.Change) { s.cacheChanged(c, key, change) })
}

// watch adds a listener to a cache storage, after the one there is.
func watch(e *runtime.Engine, key string, f func(cache.Change)) {
	e.CacheStorage(key).Listen(f)
}

func (s *Server) cacheChanged(c *window.Context, key string, change cache.Change) {
	s.mu.Lock()
	defer s.mu.Unlock()
	origin, wire := originOf(key), wireKey(key)
	for conn := range s.connections {
		for _, x := range conn.sessions {
			if x.target == nil || x.target.context != c || !x.tracking[key] {
				continue
			}
			if change.List {
				emit(x, storage.CacheStorageListUpdated, storage.EventCacheStorageListUpdated{Origin: origin, StorageKey: wire, BucketID: "0"})
			}
			for range len(change.Added) + len(change.Deleted) {
				emit(x, storage.CacheStorageContentUpdated, storage.EventCacheStorageContentUpdated{Origin: origin, StorageKey: wire, BucketID: "0", CacheName: change.Cache})
			}
		}
	}
}
