package inspector

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/chromedp/cdproto/cachestorage"
	cdproto "github.com/chromedp/cdproto/cdp"
)

// openCache is the head of the scripts below: the cache of a name in a bucket,
// unless there is none (open would create it; has(”) is false in Chromium even
// when keys() lists a cache of that name).
const openCache = `
	const store = bucket ? (await navigator.storageBuckets.open(bucket)).caches : caches;
	if (!(await store.keys()).includes(name)) return { Missing: 'cache' };
	const cache = await store.open(name);
	const request = (url, headers) => {
		const r = new Request(url);
		for (const h of headers || []) { try { r.headers.append(h.Name, h.Value); } catch (e) {} }
		return r;
	};`

// ErrNoEntry says that a cache has no entry of a URL.
var ErrNoEntry = errors.New("no such entry")

// Lookup finds the entry of a URL, nil when there is none: in the listing when
// the cache was listed, else among the entries of its path
// (CacheStorage.requestEntries). A cache too large for that is asked itself,
// which does not know everything: CacheEntry.Problem says what is missing. Of
// several variants (Vary) it gives the first.
func (b *Browser) Lookup(ctx context.Context, ref CacheRef, url string) (*CacheEntry, error) {
	if l := b.store.fresh(b.State(), ref); l != nil && !l.TooBig {
		for i := range l.Entries {
			if l.Entries[i].URL == url {
				e := l.Entries[i]
				return &e, nil
			}
		}
		return nil, nil
	}
	p, err := b.storagePlace(ref.StorageRef)
	if err != nil {
		return nil, err
	}
	f, release, err := p.w.frameOf(ctx, p.key)
	if err != nil {
		return nil, fmt.Errorf("inspector: cache %q: %w", ref.Name, err)
	}
	defer release()
	e, err := p.find(ctx, f, ref, url)
	if err != nil {
		return nil, fmt.Errorf("inspector: %s in cache %q: %w", url, ref.Name, err)
	}
	return e, nil
}

// find looks for an entry, as Lookup says.
func (p *storagePlace) find(ctx context.Context, f *frame, ref CacheRef, url string) (*CacheEntry, error) {
	id, err := p.cacheID(ctx, f, ref.Name)
	if err != nil {
		return nil, err
	}
	e, err := p.findListed(ctx, f, id, url)
	if e != nil || (err != nil && !tooLarge(err)) {
		return e, err
	}
	big := err != nil
	asked, err := f.lookup(ctx, ref, url) // knows other ways to write a URL
	if err != nil || asked == nil {
		return nil, err
	}
	if !big && asked.URL != url {
		if e, err := p.findListed(ctx, f, id, asked.URL); e != nil || err != nil {
			return e, err
		}
	}
	asked.Problem = "the cache is too large for the browser to list: when it was cached is not known"
	if strings.HasPrefix(asked.Type, "opaque") {
		asked.Problem += ", nor are the status and headers, which an opaque response hides"
	}
	return asked, nil
}

// findListed looks for an entry by its exact URL among those the browser lists
// for its path. A small page comes first: see list.
func (p *storagePlace) findListed(ctx context.Context, f *frame, id cachestorage.CacheID, url string) (*CacheEntry, error) {
	size, read := int64(firstPage), 0
	for {
		page, total, err := p.listPage(ctx, f, id, read, size, pathOf(url))
		if err != nil {
			return nil, err
		}
		if i := slices.IndexFunc(page, func(e CacheEntry) bool { return e.URL == url }); i >= 0 {
			e := page[i]
			e.Index = 0 // its place among those of its path is not its place in the cache
			return &e, nil
		}
		if read += len(page); len(page) == 0 || read >= total {
			return nil, nil
		}
		size = nextPage(page)
	}
}

// pathOf is the path of a URL as it is written there, "" when it has none.
func pathOf(url string) string {
	_, rest, ok := strings.Cut(url, "://")
	slash := strings.IndexByte(rest, '/')
	if !ok || slash < 0 {
		return ""
	}
	if end := strings.IndexAny(rest, "?#"); end >= 0 {
		if end < slash {
			return ""
		}
		rest = rest[:end]
	}
	return rest[slash:]
}

const lookupScript = `async (bucket, name, url) => {` + openCache + `
	const options = { ignoreVary: true, ignoreMethod: true };
	const [response] = await cache.matchAll(url, options);
	if (!response) return { Missing: 'entry' };
	const [asked] = await cache.keys(url, options);
	const list = (headers) => [...headers].map(([Name, Value]) => ({ Name, Value }));
	return { Entry: {
		Method: asked ? asked.method : 'GET', URL: asked ? asked.url : url,
		Status: response.status, StatusText: response.statusText, Type: response.type,
		RequestHeaders: asked ? list(asked.headers) : [], ResponseHeaders: list(response.headers), Size: -1,
	} };
}`

// lookup asks the cache itself.
func (f *frame) lookup(ctx context.Context, ref CacheRef, url string) (*CacheEntry, error) {
	var answer struct {
		Missing string
		Entry   *CacheEntry
	}
	if err := f.eval(ctx, &answer, lookupScript, ref.Bucket, ref.Name, url); err != nil {
		return nil, err
	}
	switch {
	case answer.Missing == "cache":
		return nil, fmt.Errorf("%w: %q", ErrNoCache, ref.Name)
	case answer.Entry == nil:
		return nil, nil
	}
	e := answer.Entry
	e.ContentType = headerValue(e.ResponseHeaders, "content-type")
	e.Vary = headerValue(e.ResponseHeaders, "vary")
	return e, nil
}

// maxCDPBody bounds what is fetched whole over CDP, which has no ranges.
const maxCDPBody = 48 << 20

// bodyTimeout bounds reading one body.
const bodyTimeout = 60 * time.Second

// Body reads a cached response's body, at most limit bytes of it. requestHeaders
// choose among variants; nil takes whichever comes first. It fails with
// ErrNoCache or ErrNoEntry (errors.Is), or what CDP answered.
func (b *Browser) Body(ctx context.Context, ref CacheRef, url string, requestHeaders []Header, limit int64) (*Body, error) {
	p, err := b.storagePlace(ref.StorageRef)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, bodyTimeout)
	defer cancel()
	f, release, err := p.w.frameOf(ctx, p.key)
	if err != nil {
		return nil, fmt.Errorf("inspector: cache %q: %w", ref.Name, err)
	}
	defer release()
	body, err := p.body(ctx, f, ref, url, requestHeaders, max(limit, 0))
	if err != nil {
		return nil, fmt.Errorf("inspector: body of %s in cache %q: %w", url, ref.Name, err)
	}
	return body, nil
}

const bodyScript = `async (bucket, name, url, headers, any, limit) => {` + openCache + `
	const options = { ignoreMethod: true, ignoreVary: any };
	const response = await cache.match(request(url, headers), options);
	if (!response) return { Missing: 'entry' };
	if (response.type.startsWith('opaque')) return { Missing: 'body' };
	const blob = await response.blob();
	const part = blob.size > limit ? blob.slice(0, limit) : blob;
	const reader = new FileReader();
	await new Promise((resolve, reject) => {
		reader.onload = resolve;
		reader.onerror = () => reject(reader.error);
		reader.readAsDataURL(part);
	});
	const data = reader.result;
	return { Size: blob.size, Type: response.headers.get('content-type') || '', Data: data.slice(data.indexOf(',') + 1) };
}`

// body reads in the page, which can cut a large body; what a page cannot see
// (opaque bodies, variants by headers that scripts cannot set) comes over CDP.
func (p *storagePlace) body(ctx context.Context, f *frame, ref CacheRef, url string, requestHeaders []Header, limit int64) (*Body, error) {
	var answer struct {
		Missing, Type, Data string
		Size                int64
	}
	if err := f.eval(ctx, &answer, bodyScript, ref.Bucket, ref.Name, url, requestHeaders, requestHeaders == nil, limit); err != nil {
		return nil, err
	}
	if answer.Missing == "cache" {
		return nil, fmt.Errorf("%w: %q", ErrNoCache, ref.Name)
	}
	if answer.Missing == "" {
		data, err := base64.StdEncoding.DecodeString(answer.Data)
		if err != nil {
			return nil, err
		}
		return &Body{Data: data, Size: answer.Size, Truncated: answer.Size > int64(len(data)), Type: answer.Type}, nil
	}
	entry := p.listed(ref, url, requestHeaders)
	if entry != nil {
		if n, err := strconv.ParseInt(headerValue(entry.ResponseHeaders, "content-length"), 10, 64); err == nil && n > maxCDPBody {
			return nil, fmt.Errorf("its %d bytes are too many to read over CDP", n)
		}
	}
	data, err := p.wholeBody(ctx, f, ref, url, requestHeaders)
	if err != nil {
		return nil, err
	}
	body := &Body{Data: data, Size: int64(len(data))}
	if entry != nil {
		body.Type = entry.ContentType
	}
	if body.Size > limit {
		body.Data, body.Truncated = data[:limit], true
	}
	return body, nil
}

// listed is the entry as the last listing has it, nil when it has not.
func (p *storagePlace) listed(ref CacheRef, url string, requestHeaders []Header) *CacheEntry {
	l := p.l.b.store.fresh(p.l.b.State(), ref)
	if l == nil {
		return nil
	}
	for i := range l.Entries {
		e := &l.Entries[i]
		if e.URL == url && (requestHeaders == nil || slices.Equal(e.RequestHeaders, requestHeaders)) {
			return e
		}
	}
	return nil
}

// wholeBody reads a body over CDP.
func (p *storagePlace) wholeBody(ctx context.Context, f *frame, ref CacheRef, url string, requestHeaders []Header) ([]byte, error) {
	id, err := p.cacheID(ctx, f, ref.Name)
	if err != nil {
		return nil, err
	}
	params := cachestorage.RequestCachedResponseParams{CacheID: id, RequestURL: url, RequestHeaders: []*cachestorage.Header{}}
	for _, h := range requestHeaders {
		params.RequestHeaders = append(params.RequestHeaders, &cachestorage.Header{Name: h.Name, Value: h.Value})
	}
	res, err := cdproto.Call(ctx, f.session, cachestorage.RequestCachedResponse, params)
	if err != nil {
		return nil, err
	}
	if res.Response == nil {
		return nil, ErrNoEntry
	}
	return res.Response.Body, nil
}

// How sizes are measured: in the page many at a time, over CDP a few.
const (
	measurePage = 200
	measureCDP  = 8
)

// Measure finds the real body sizes of entries of a listed cache, of those URLs
// or (nil) of all. The next [Browser.Entries] has them.
func (b *Browser) Measure(ctx context.Context, ref CacheRef, urls []string) error {
	l, err := b.Entries(ctx, ref, false)
	if err != nil {
		return err
	}
	var want []int
	for i := range l.Entries {
		if l.Entries[i].Size < 0 && (urls == nil || slices.Contains(urls, l.Entries[i].URL)) {
			want = append(want, i)
		}
	}
	if len(want) == 0 {
		return nil
	}
	p, err := b.storagePlace(ref.StorageRef)
	if err != nil {
		return err
	}
	f, release, err := p.w.frameOf(ctx, p.key)
	if err != nil {
		return err
	}
	defer release()
	sizes := make(map[int]int64, len(want))
	for part := range slices.Chunk(want, measurePage) {
		if err := p.measureInPage(ctx, f, l, part, sizes); err != nil {
			return fmt.Errorf("inspector: sizes in cache %q: %w", ref.Name, err)
		}
	}
	err = p.measureRest(ctx, f, l, want, sizes)
	b.store.setSizes(ref, l, sizes)
	if err != nil {
		return fmt.Errorf("inspector: sizes in cache %q: %w", ref.Name, err)
	}
	return nil
}

const measureScript = `async (bucket, name, wanted) => {` + openCache + `
	return { Sizes: await Promise.all(wanted.map(async ({ URL, Headers }) => {
		try {
			const response = await cache.match(request(URL, Headers), { ignoreMethod: true });
			if (!response || response.type.startsWith('opaque')) return -1;
			return (await response.blob()).size;
		} catch (e) { return -1; }
	})) };
}`

// measureInPage measures what a page can see.
func (p *storagePlace) measureInPage(ctx context.Context, f *frame, l *Listing, part []int, sizes map[int]int64) error {
	type wanted struct {
		URL     string
		Headers []Header
	}
	list := make([]wanted, len(part))
	for i, at := range part {
		list[i] = wanted{l.Entries[at].URL, l.Entries[at].RequestHeaders}
	}
	var answer struct {
		Missing string
		Sizes   []int64
	}
	if err := f.eval(ctx, &answer, measureScript, l.Ref.Bucket, l.Ref.Name, list); err != nil {
		return err
	}
	if answer.Missing != "" || len(answer.Sizes) != len(part) {
		return fmt.Errorf("%w: %q", ErrNoCache, l.Ref.Name)
	}
	for i, at := range part {
		if answer.Sizes[i] >= 0 {
			sizes[at] = answer.Sizes[i]
		}
	}
	return nil
}

// measureRest measures what only CDP can see, a few at a time. Entries that went
// away meanwhile stay unmeasured.
func (p *storagePlace) measureRest(ctx context.Context, f *frame, l *Listing, want []int, sizes map[int]int64) error {
	var mu sync.Mutex
	var wg sync.WaitGroup
	room := make(chan struct{}, measureCDP)
	rest := slices.DeleteFunc(slices.Clone(want), func(i int) bool { _, ok := sizes[i]; return ok })
	for _, i := range rest {
		e := l.Entries[i]
		if n, err := strconv.ParseInt(headerValue(e.ResponseHeaders, "content-length"), 10, 64); err == nil && n > maxCDPBody {
			continue
		}
		room <- struct{}{}
		wg.Go(func() {
			defer func() { <-room }()
			data, err := p.wholeBody(ctx, f, l.Ref, e.URL, e.RequestHeaders)
			if err != nil {
				return
			}
			mu.Lock()
			defer mu.Unlock()
			sizes[i] = int64(len(data))
		})
	}
	wg.Wait()
	return ctx.Err()
}

// setSizes replaces a listing by one with sizes, if it is still the kept one.
func (s *cacheStore) setSizes(ref CacheRef, of *Listing, sizes map[int]int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	k := s.listings[ref]
	if k == nil || k.listing.ReadAt != of.ReadAt || len(k.listing.Entries) != len(of.Entries) {
		return
	}
	next := *k.listing
	next.Entries = slices.Clone(next.Entries)
	for i, n := range sizes {
		next.Entries[i].Size = n
	}
	s.listings[ref] = &kept{&next, k.changes}
}
