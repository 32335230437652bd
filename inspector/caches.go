package inspector

// cacheStore keeps what was read of caches.
type cacheStore struct{}

func newCacheStore() cacheStore { return cacheStore{} }
