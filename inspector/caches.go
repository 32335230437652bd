package inspector

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/chromedp/cdproto/cachestorage"
	cdproto "github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/storage"

	"github.com/swinspect/swinspect/cdp"
)

// cacheStore keeps what was read of caches: their entries are not part of the
// state because they may be many.
type cacheStore struct {
	mu       sync.Mutex
	listings map[CacheRef]*kept
	reading  map[CacheRef]*reading
	tracked  map[StorageRef]bool // storage keys whose changes the browser tells
}

// kept is a listing with the number of changes its cache had when it was read.
type kept struct {
	listing *Listing
	changes int
}

// reading is one read under way, for everybody who wants the same.
type reading struct {
	done    chan struct{}
	listing *Listing
	err     error
}

func newCacheStore() cacheStore {
	return cacheStore{
		listings: map[CacheRef]*kept{},
		reading:  map[CacheRef]*reading{},
		tracked:  map[StorageRef]bool{},
	}
}

// maxListings bounds how many listings are kept.
const maxListings = 64

// storagePlace is where a storage can be read.
type storagePlace struct {
	l   *link
	w   *watcher
	key StorageKey
	ref StorageRef
}

func (b *Browser) storagePlace(ref StorageRef) (*storagePlace, error) {
	l, err := b.current()
	if err != nil {
		return nil, err
	}
	w := l.watcher(ref.Context)
	if ref.Instance != l.instance || w == nil {
		return nil, fmt.Errorf("inspector: the storage of %s went away with its browser or context", ref.StorageKey)
	}
	key := ParseStorageKey(ref.StorageKey)
	if key.Origin == "" || !strings.Contains(key.Origin, "://") {
		return nil, fmt.Errorf("inspector: %q is not a storage key", ref.StorageKey)
	}
	return &storagePlace{l: l, w: w, key: key, ref: ref}, nil
}

// Caches lists the caches of a storage, in the order of CacheStorage.keys(): from
// the state when they were read and have not changed since, unless refresh.
func (b *Browser) Caches(ctx context.Context, ref StorageRef, refresh bool) (*Storage, error) {
	if st := b.State().Storage(ref); st != nil && !refresh && !st.ReadAt.IsZero() && !st.Stale && st.Error == "" {
		return st, nil
	}
	p, err := b.storagePlace(ref)
	if err != nil {
		return nil, err
	}
	f, release, err := p.w.frameOf(ctx, p.key)
	if err == nil {
		defer release()
		_, err = p.readNames(ctx, f)
	}
	if err != nil {
		err = fmt.Errorf("inspector: caches of %s: %w", ref.StorageKey, err)
		p.l.note(ref.Context, NoteCaches{Ref: ref, Error: words(err)})
	}
	return b.State().Storage(ref), err
}

// readNames reads the names of the caches and notes them. Changes are tracked
// from before, so that none is missed.
func (p *storagePlace) readNames(ctx context.Context, f *frame) ([]*cachestorage.Cache, error) {
	p.track(ctx)
	params := cachestorage.RequestCacheNamesParams{StorageKey: p.ref.StorageKey}
	if p.ref.Bucket != "" {
		params = cachestorage.RequestCacheNamesParams{
			StorageBucket: &storage.Bucket{StorageKey: storage.SerializedStorageKey(p.ref.StorageKey), Name: p.ref.Bucket},
		}
	}
	res, err := cdproto.Call(ctx, f.session, cachestorage.RequestCacheNames, params)
	if err != nil {
		return nil, err
	}
	n := NoteCaches{Ref: p.ref, Caches: make([]NoteCache, 0, len(res.Caches))}
	for _, c := range res.Caches {
		n.Caches = append(n.Caches, NoteCache{ID: string(c.CacheID), Name: c.CacheName, Entries: -1})
	}
	p.l.note(p.ref.Context, n)
	return res.Caches, nil
}

// track asks the browser to tell changes of the storage key's caches and
// buckets, once. Without it a listing is as of when it was read.
func (p *storagePlace) track(ctx context.Context) {
	b := p.l.b
	once := p.ref
	once.Bucket = ""
	b.store.mu.Lock()
	done := b.store.tracked[once]
	b.store.tracked[once] = true
	b.store.mu.Unlock()
	if done {
		return
	}
	main, err := p.w.main()
	if err == nil {
		_, err = cdproto.Call(ctx, main, storage.TrackCacheStorageForStorageKey,
			storage.TrackCacheStorageForStorageKeyParams{StorageKey: p.ref.StorageKey})
	}
	if err == nil {
		_, err = cdproto.Call(ctx, main, storage.SetStorageBucketTracking,
			storage.SetStorageBucketTrackingParams{StorageKey: p.ref.StorageKey, Enable: true})
	}
	if err != nil && ctx.Err() == nil {
		b.log.Debug("tracking caches", "storage key", p.ref.StorageKey, "err", err)
	}
}

// forgetTracking is for a new link, whose sessions track nothing yet.
func (s *cacheStore) forgetTracking() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.tracked)
	clear(s.listings)
}

// ErrNoCache says that a cache does not exist.
var ErrNoCache = errors.New("no such cache")

// cacheID finds the CDP id of a cache, reading the names when it is not known.
func (p *storagePlace) cacheID(ctx context.Context, f *frame, name string) (cachestorage.CacheID, error) {
	if st := p.l.b.State().Storage(p.ref); st != nil && !st.Stale {
		for _, c := range st.Caches {
			if c.Name == name && c.ID != "" {
				return cachestorage.CacheID(c.ID), nil
			}
		}
	}
	caches, err := p.readNames(ctx, f)
	if err != nil {
		return "", err
	}
	for _, c := range caches {
		if c.CacheName == name {
			return c.CacheID, nil
		}
	}
	return "", fmt.Errorf("%w: %q", ErrNoCache, name)
}

// Entries hands out the whole content of a cache. It is read once and kept until
// the browser says that the cache changed, or refresh is asked for; one that
// changed while it was read is Stale. A cache too large to list gives a
// listing with TooBig and no entries: [Browser.Lookup] still works.
//
// Listings are shared: do not modify them.
func (b *Browser) Entries(ctx context.Context, ref CacheRef, refresh bool) (*Listing, error) {
	if l := b.store.fresh(b.State(), ref); l != nil && !refresh {
		return l, nil
	}
	p, err := b.storagePlace(ref.StorageRef)
	if err != nil {
		return nil, err
	}
	b.store.mu.Lock()
	r := b.store.reading[ref]
	if r == nil {
		r = &reading{done: make(chan struct{})}
		b.store.reading[ref] = r
		if err := b.spawn(func() { b.readListing(p, ref, r) }); err != nil {
			delete(b.store.reading, ref)
			b.store.mu.Unlock()
			return nil, err
		}
	}
	b.store.mu.Unlock()
	select {
	case <-r.done:
		return r.listing, r.err
	case <-ctx.Done():
		return nil, ctx.Err() // the read goes on, for the next who asks
	}
}

// fresh is the kept listing if its cache has not changed since it was read.
func (s *cacheStore) fresh(state *State, ref CacheRef) *Listing {
	s.mu.Lock()
	defer s.mu.Unlock()
	k := s.listings[ref]
	if k == nil {
		return nil
	}
	changes, exists := changesOf(state, ref)
	if !exists || changes != k.changes {
		return nil
	}
	return k.listing
}

// changesOf counts the changes of a cache since attach.
func changesOf(s *State, ref CacheRef) (n int, exists bool) {
	st := s.Storage(ref.StorageRef)
	if st == nil {
		return 0, false
	}
	for _, c := range st.Caches {
		if c.Name == ref.Name {
			return c.Changes, true
		}
	}
	return 0, false
}

// listTimeout bounds reading a cache: 20,000 entries took 17 s on a slow machine.
const listTimeout = 90 * time.Second

// readListing is the goroutine of one read.
func (b *Browser) readListing(p *storagePlace, ref CacheRef, r *reading) {
	ctx, cancel := context.WithTimeout(p.l.ctx, listTimeout)
	defer cancel()
	var before int
	r.listing, before, r.err = p.list(ctx, ref)
	if r.err != nil {
		r.err = fmt.Errorf("inspector: entries of cache %q of %s: %w", ref.Name, ref.StorageKey, r.err)
	} else {
		after, _ := changesOf(b.State(), ref)
		n := NoteCacheRead{Ref: ref, Entries: len(r.listing.Entries), Problem: r.listing.Problem, Stale: after != before}
		r.listing.Stale = n.Stale
		if r.listing.TooBig {
			n.Entries = -1
		}
		p.l.note(ref.Context, n)
	}
	b.store.mu.Lock()
	delete(b.store.reading, ref)
	if r.err == nil {
		if len(b.store.listings) >= maxListings {
			clear(b.store.listings)
		}
		b.store.listings[ref] = &kept{r.listing, before}
	}
	b.store.mu.Unlock()
	close(r.done)
}

// How a cache is listed. Every page costs the browser as much as the whole, so
// one page it is, unless the reply might be too large for a message: where the
// storage uses more than atOnceUsage, a first few entries tell how large they are.
const (
	wholeCache  = 1 << 24  // entries: more than any cache that can be listed
	atOnceUsage = 24 << 20 // bytes of cache storage, in which all headers are
	firstPage   = 10
	pageBytes   = 16 << 20 // a message may have 100 MiB
)

// list reads a cache. before is its number of changes when the read began.
func (p *storagePlace) list(ctx context.Context, ref CacheRef) (l *Listing, before int, err error) {
	f, release, err := p.w.frameOf(ctx, p.key)
	if err != nil {
		return nil, 0, err
	}
	defer release()
	id, err := p.cacheID(ctx, f, ref.Name)
	if err != nil {
		return nil, 0, err
	}
	before, _ = changesOf(p.l.b.State(), ref)
	l = &Listing{Ref: ref, ReadAt: p.l.b.now(), Entries: []CacheEntry{}}
	size := int64(wholeCache)
	if u, err := p.usage(ctx); err != nil || u.Breakdown["cache_storage"] > atOnceUsage {
		size = firstPage
	}
	for {
		page, total, err := p.listPage(ctx, f, id, len(l.Entries), size, "")
		if tooLarge(err) {
			l.TooBig, l.Problem = true, "too large for the browser to list: look entries up by their URL"
			l.Entries = nil
			return l, before, nil
		}
		if err != nil {
			return nil, 0, err
		}
		l.Entries = append(l.Entries, page...)
		if len(page) == 0 || len(l.Entries) >= total {
			return l, before, nil
		}
		size = nextPage(l.Entries)
	}
}

// nextPage is how many entries like those read fit a message.
func nextPage(read []CacheEntry) int64 {
	return max(1, pageBytes/(headerBytes(read)/int64(len(read))+1))
}

// listPage reads a page of a cache, of the entries with path in the path of their
// URL ("" is all), and their total number.
func (p *storagePlace) listPage(ctx context.Context, f *frame, id cachestorage.CacheID, skip int, size int64, path string) ([]CacheEntry, int, error) {
	res, err := cdproto.Call(ctx, f.session, cachestorage.RequestEntries,
		cachestorage.RequestEntriesParams{CacheID: id, SkipCount: int64(skip), PageSize: size, PathFilter: path})
	if err != nil {
		return nil, 0, err
	}
	entries := make([]CacheEntry, 0, len(res.CacheDataEntries))
	for i, e := range res.CacheDataEntries {
		if e != nil {
			entries = append(entries, cacheEntry(skip+i, e))
		}
	}
	return entries, int(res.ReturnCount), nil
}

// headerBytes is about how many bytes the entries were in a message.
func headerBytes(entries []CacheEntry) int64 {
	var n int64
	for i := range entries {
		e := &entries[i]
		n += int64(300 + len(e.URL))
		for _, h := range e.RequestHeaders {
			n += int64(len(h.Name) + len(h.Value) + 24)
		}
		for _, h := range e.ResponseHeaders {
			n += int64(len(h.Name) + len(h.Value) + 24)
		}
	}
	return n
}

// tooLarge recognises Chromium's refusal to list a cache. Its code is that of
// every server error, so the text is all there is to tell it by.
func tooLarge(err error) bool {
	call, ok := errors.AsType[*cdp.CallError](err)
	return ok && strings.Contains(strings.ToLower(call.Message), "operation too large")
}

// cacheEntry takes over an entry as CDP describes it.
func cacheEntry(i int, e *cachestorage.DataEntry) CacheEntry {
	c := CacheEntry{
		Index: i, Method: e.RequestMethod, URL: e.RequestURL,
		Status: int(e.ResponseStatus), StatusText: e.ResponseStatusText, Type: string(e.ResponseType),
		RequestHeaders: cacheHeaders(e.RequestHeaders), ResponseHeaders: cacheHeaders(e.ResponseHeaders), Size: -1,
	}
	if e.ResponseTime > 0 {
		c.Time = time.UnixMicro(int64(e.ResponseTime * 1e6))
	}
	switch e.ResponseType {
	case cachestorage.CachedResponseTypeOpaqueResponse:
		c.Type = "opaque"
	case cachestorage.CachedResponseTypeOpaqueRedirect:
		c.Type = "opaqueredirect"
	}
	c.ContentType = headerValue(c.ResponseHeaders, "content-type")
	c.Vary = headerValue(c.ResponseHeaders, "vary")
	return c
}

func cacheHeaders(hs []*cachestorage.Header) []Header {
	list := make([]Header, 0, len(hs))
	for _, h := range hs {
		if h != nil {
			list = append(list, Header{h.Name, h.Value})
		}
	}
	return list
}

// headerValue joins the values of a header, as Headers.get does.
func headerValue(hs []Header, name string) string {
	var values []string
	for _, h := range hs {
		if strings.EqualFold(h.Name, name) {
			values = append(values, h.Value)
		}
	}
	return strings.Join(slices.Compact(values), ", ")
}
