package devtools

import (
	"context"
	"strings"

	"github.com/chromedp/cdproto/cachestorage"
	cdproto "github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/storage"

	"github.com/swinspect/swinspect/runtime/cache"
	"github.com/swinspect/swinspect/runtime/fetch"
)

// cacheStorageDomain is CacheStorage. DIVERGES from Chromium: no frame of the storage
// key is needed.
func cacheStorageDomain(t *table) {
	handle(t, cachestorage.RequestCacheNames, func(_ context.Context, s *session, p cachestorage.RequestCacheNamesParams) (cachestorage.RequestCacheNamesResult, error) {
		key, err := storageKeyOf(p)
		if err != nil {
			return cachestorage.RequestCacheNamesResult{}, err
		}
		r := cachestorage.RequestCacheNamesResult{Caches: []*cachestorage.Cache{}}
		for _, name := range s.target.context.Engine().CacheStorage(engineKey(key)).Keys() {
			r.Caches = append(r.Caches, &cachestorage.Cache{
				CacheID: cachestorage.CacheID(key + "|" + name), SecurityOrigin: originOf(key), StorageKey: key, CacheName: name,
				StorageBucket: &storage.Bucket{StorageKey: storage.SerializedStorageKey(key)},
			})
		}
		return r, nil
	})
	handle(t, cachestorage.RequestEntries, requestEntries)
	handle(t, cachestorage.RequestCachedResponse, requestCachedResponse)
	handle(t, cachestorage.DeleteCache, func(_ context.Context, s *session, p cachestorage.DeleteCacheParams) (cdproto.Empty, error) {
		store, name, err := s.cacheOf(p.CacheID)
		if err != nil {
			return none, err
		}
		if !store.Delete(name) {
			return none, failed("Error requesting cache names: not found.")
		}
		return none, nil
	})
	handle(t, cachestorage.DeleteEntry, func(_ context.Context, s *session, p cachestorage.DeleteEntryParams) (cdproto.Empty, error) {
		store, name, err := s.cacheOf(p.CacheID)
		if err != nil {
			return none, err
		}
		u, err := fetch.ParseURL(p.Request, nil)
		c := store.Lookup(name)
		if err != nil || c == nil || !c.Delete(fetch.NewRequest(u), cache.QueryOptions{IgnoreVary: true}) {
			return none, failed("Error deleting cache entry: not found.")
		}
		return none, nil
	})
}

// storageKeyOf is the storage key that parameters name, as Chromium writes it.
func storageKeyOf(p cachestorage.RequestCacheNamesParams) (string, error) {
	given := 0
	key := ""
	if p.SecurityOrigin != "" {
		given++
		key = wireKey(p.SecurityOrigin)
	}
	if p.StorageKey != "" {
		given++
		key = p.StorageKey
	}
	if p.StorageBucket != nil {
		given++
		key = string(p.StorageBucket.StorageKey)
	}
	if given != 1 {
		return "", invalid("At least and at most one of security_origin, storage_key, storage_bucket must be specified")
	}
	if originOf(key) == "" || !strings.Contains(strings.TrimPrefix(key, originOf(key)), "/") {
		return "", invalid("Unable to deserialize storage key")
	}
	return key, nil
}

// engineKey is the engine's storage key for the wire's ("http://h:1/" is the
// origin), wireKey the other way.
func engineKey(wire string) string {
	if strings.Contains(wire, "^") {
		return wire
	}
	return strings.TrimSuffix(wire, "/")
}

func wireKey(key string) string {
	if strings.Contains(key, "^") || strings.HasSuffix(key, "/") {
		return key
	}
	return key + "/"
}

// cacheOf finds what a cache id names; the cache may not be there.
func (s *session) cacheOf(id cachestorage.CacheID) (*cache.Storage, string, error) {
	key, name, ok := strings.Cut(string(id), "|")
	if !ok || originOf(key) == "" {
		return nil, "", failed("Invalid cache id")
	}
	return s.target.context.Engine().CacheStorage(engineKey(key)), name, nil
}

func requestEntries(_ context.Context, s *session, p cachestorage.RequestEntriesParams) (cachestorage.RequestEntriesResult, error) {
	r := cachestorage.RequestEntriesResult{CacheDataEntries: []*cachestorage.DataEntry{}}
	store, name, err := s.cacheOf(p.CacheID)
	if err != nil {
		return r, err
	}
	c := store.Lookup(name)
	if c == nil {
		return r, nil
	}
	skip, limit := max(int(p.SkipCount), 0), max(int(p.PageSize), 0)
	entries := c.Entries(0, 0)
	for _, e := range entries {
		if p.PathFilter != "" && !strings.Contains(e.Request.URL().Path(), p.PathFilter) {
			continue
		}
		r.ReturnCount++
		if int(r.ReturnCount) <= skip || limit > 0 && len(r.CacheDataEntries) >= limit {
			continue
		}
		r.CacheDataEntries = append(r.CacheDataEntries, dataEntry(e))
	}
	return r, nil
}

var cachedTypes = map[fetch.ResponseType]cachestorage.CachedResponseType{
	"basic": "basic", "cors": "cors", "default": "default", "error": "error", "opaque": "opaqueResponse", "opaqueredirect": "opaqueRedirect",
}

func dataEntry(e cache.Entry) *cachestorage.DataEntry {
	inner := e.Response.Unfiltered()
	return &cachestorage.DataEntry{
		RequestURL: e.Request.URL().String(), RequestMethod: e.Request.Method, RequestHeaders: cacheHeaders(e.Request.Headers),
		ResponseTime: seconds(e.Time), ResponseStatus: int64(e.Response.Status), ResponseStatusText: e.Response.StatusText,
		ResponseType: cachedTypes[e.Response.Type], ResponseHeaders: cacheHeaders(inner.Headers),
	}
}

func cacheHeaders(l fetch.HeaderList) []*cachestorage.Header {
	out := []*cachestorage.Header{}
	for _, h := range l {
		out = append(out, &cachestorage.Header{Name: h.Name, Value: h.Value})
	}
	return out
}

func requestCachedResponse(_ context.Context, s *session, p cachestorage.RequestCachedResponseParams) (cachestorage.RequestCachedResponseResult, error) {
	missing := failed("Unable to read cached response: not found.")
	store, name, err := s.cacheOf(p.CacheID)
	if err != nil {
		return cachestorage.RequestCachedResponseResult{}, err
	}
	u, err := fetch.ParseURL(p.RequestURL, nil)
	c := store.Lookup(name)
	if err != nil || c == nil {
		return cachestorage.RequestCachedResponseResult{}, missing
	}
	request := fetch.NewRequest(u)
	for _, h := range p.RequestHeaders {
		request.Headers.Append(h.Name, h.Value)
	}
	response := c.Peek(request, cache.QueryOptions{})
	if response == nil {
		return cachestorage.RequestCachedResponseResult{}, missing
	}
	return later(s, func(ctx context.Context) (cachestorage.RequestCachedResponseResult, error) {
		body := []byte{}
		if inner := response.Unfiltered(); inner.Body != nil {
			var err error
			if body, err = inner.Body.ReadAll(ctx, 0); err != nil {
				return cachestorage.RequestCachedResponseResult{}, failed("Unable to read cached response: %v", err)
			}
		}
		return cachestorage.RequestCachedResponseResult{Response: &cachestorage.CachedResponse{Body: body}}, nil
	})
}
