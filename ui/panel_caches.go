package ui

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/swinspect/swinspect/inspector"
	"github.com/swinspect/swinspect/ui/components"
	"github.com/swinspect/swinspect/ui/pages"
)

const (
	// cachePatience is how long a page waits for what it reads before it shows
	// that it is being read.
	cachePatience = 700 * time.Millisecond
	// lookupAtMost is how long a page waits for one entry of a large cache:
	// that is all that was asked for.
	lookupAtMost = 6 * time.Second
	// smallCache is up to how many entries a cache that changed is read again
	// by itself; listing takes about a millisecond per entry.
	smallCache = 1500
	// rereadEvery is the shortest time between two such reads.
	rereadEvery = 1500 * time.Millisecond
	// usageFresh is how old a usage may be that a page shows.
	usageFresh = 15 * time.Second
)

// cacheCount is the number on the caches tab: caches, where they were listed.
func cacheCount(p *PageContext) (int, bool) {
	st := p.State.Storage(storageRef(p, ""))
	if st == nil || st.ReadAt.IsZero() || st.Error != "" {
		return 0, false
	}
	return len(st.Caches), true
}

func storageRef(p *PageContext, bucket string) inspector.StorageRef {
	k := p.Registration.Key
	return inspector.StorageRef{Instance: k.Instance, Context: k.Context, StorageKey: p.Registration.StorageKey.Raw, Bucket: bucket}
}

// cachesPage is one request for the caches panel.
type cachesPage struct {
	s       *Server
	r       *http.Request
	p       *PageContext
	ref     inspector.StorageRef
	storage *inspector.Storage
	usageAt time.Time // when the usage was read: that measures small caches
	until   time.Time // how long the page waits for what it reads, all together
	view    pages.CachesView
}

func caches(s *Server, w http.ResponseWriter, r *http.Request, p *PageContext) {
	if components.Canonical(w, r, "filter") {
		return
	}
	c := newCachesPage(s, r, p)
	c.fill()
	p.Shell.PageClass = "fill caches"
	p.Shell.Panes, p.Shell.Split = true, true
	p.Shell.Modules = append(p.Shell.Modules, "js/panel.js")
	p.Render(w, r, pages.Caches(p.Shell, c.view))
}

func newCachesPage(s *Server, r *http.Request, p *PageContext) *cachesPage {
	a := components.AddressOf(r.URL)
	base := p.URL("caches")
	a.Path = base // also for requests of the panel's other routes
	c := &cachesPage{s: s, r: r, p: p, ref: storageRef(p, a.Query.Get("bucket")), until: time.Now().Add(cachePatience)}
	c.view = pages.CachesView{
		Address: a, Now: p.Now, PostURL: base, BodyURL: base + "/body",
		Recorded: isTape(p.Browser), Storage: c.ref, Own: components.Origin(p.Registration.Scope), Key: c.ref.StorageKey,
	}
	return c
}

// fill reads what the page shows, as far as it is there.
func (c *cachesPage) fill() {
	v := &c.view
	c.readStorage()
	v.Caches, v.Selected = pages.SelectCaches(c.storage, v.Address)
	v.Bar = pages.NewUsageBar(c.usage())
	for i, name := range append([]string{""}, c.bucketNames()...) {
		v.Buckets = append(v.Buckets, pages.BucketLink{Name: name, Current: name == c.ref.Bucket && (i > 0 || name == "")})
	}
	tester, question := pages.ParseTester(v.Address, c.p.Registration.Scope)
	v.Tester = tester
	if v.Selected == nil {
		return
	}
	listing := c.entries(v.Selected)
	v.Confirm = c.confirm(listing)
	c.compare(listing)
	c.test(listing, question)
	c.drawer(listing)
}

// bucketNames are the other buckets of the storage key.
func (c *cachesPage) bucketNames() []string {
	if st := c.p.State.Storage(storageRef(c.p, "")); st != nil {
		return st.Buckets
	}
	return nil
}

// readStorage reads the names of the caches when they are not known or changed.
func (c *cachesPage) readStorage() {
	st := c.p.State.Storage(c.ref)
	known := read(c.s, c.r.Context(), c.key("names"), c.patience(), func(was Reading[*inspector.Storage]) bool {
		switch {
		case !c.p.readable():
			return false
		case was.Err != nil: // tried again by a new page, not by the stream
			return !c.p.Live
		case was.At.IsZero():
			return st == nil || st.ReadAt.IsZero()
		}
		return st != nil && st.Stale && c.s.opts.Now().Sub(was.At) > rereadEvery/3
	}, func(ctx context.Context) (*inspector.Storage, error) {
		return c.p.Browser.Caches(ctx, c.ref, true)
	})
	// The state has what the read told, and what changed since.
	if now := c.p.Browser.State().Storage(c.ref); now != nil {
		st = now
	}
	if st == nil {
		st = cmp.Or(known.Value, &inspector.Storage{Ref: c.ref})
	}
	c.storage = st
	c.view.Reading = known.Running && st.ReadAt.IsZero()
	switch {
	case known.Err != nil:
		c.view.Error = known.Err.Error()
	case st.Error != "":
		c.view.Error = st.Error
	case st.ReadAt.IsZero() && !known.Running && !c.p.readable():
		c.view.Error = "The browser is gone, and the caches were not read while it was there."
	}
}

func (c *cachesPage) usage() *inspector.Usage {
	u := read(c.s, c.r.Context(), c.key("usage"), c.patience()/4, func(was Reading[*inspector.Usage]) bool {
		if c.p.Live || !c.p.readable() {
			return false
		}
		return was.At.IsZero() || c.s.opts.Now().Sub(was.At) > usageFresh
	}, func(ctx context.Context) (*inspector.Usage, error) {
		return c.p.Browser.Usage(ctx, c.ref)
	})
	c.usageAt = u.At
	if c.storage.Usage != nil && (u.Value == nil || !c.storage.Usage.ReadAt.Before(u.Value.ReadAt)) {
		return c.storage.Usage
	}
	return u.Value
}

// patience is how long to wait for a read: the stream does not, it is called
// again when the read ends.
func (c *cachesPage) patience() time.Duration {
	if c.p.Live {
		return 0
	}
	return max(0, time.Until(c.until))
}

func (c *cachesPage) key(parts ...string) string {
	k := c.p.readKey() + "\x00" + c.ref.Instance + "\x00" + c.ref.Context + "\x00" + c.ref.StorageKey + "\x00" + c.ref.Bucket
	for _, part := range parts {
		k += "\x00" + part
	}
	return k
}

// listing reads the entries of a cache.
func (c *cachesPage) listing(item *pages.CacheItem) Reading[*inspector.Listing] {
	var wait time.Duration
	measured := c.measuring(item)
	return read(c.s, c.r.Context(), c.key("entries", item.Cache.Name), c.patience(), func(was Reading[*inspector.Listing]) bool {
		switch {
		case !c.p.readable():
			return false
		case was.Err != nil:
			return !c.p.Live
		case was.Value == nil:
			return true
		}
		if !item.Cache.Stale && (was.At.Before(c.usageAt) || was.At.Before(measured.At)) {
			return true // measured since: from what is kept, so at once
		}
		small := len(was.Value.Entries) <= smallCache && !was.Value.TooBig
		wait = rereadEvery - c.s.opts.Now().Sub(was.At)
		return small && item.Cache.Stale
	}, func(ctx context.Context) (*inspector.Listing, error) {
		// A cache that is being filled changes many times a second.
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		return c.p.Browser.Entries(ctx, item.Ref, item.Cache.Stale)
	})
}

// measuring is the last measuring of a cache's bodies; it begins none.
func (c *cachesPage) measuring(item *pages.CacheItem) Reading[int] {
	return read(c.s, c.r.Context(), c.key("measure", item.Cache.Name), 0, func(Reading[int]) bool { return false }, nil)
}

// entries fills in the table.
func (c *cachesPage) entries(item *pages.CacheItem) *inspector.Listing {
	got := c.listing(item)
	v := pages.NewEntries(c.view.Address, got.Value, c.storage.Usage)
	v.Reading, v.Since = got.Running, got.Since
	v.Measuring = c.measuring(item).Running
	v.Stale = v.Stale || item.Cache.Stale && got.Value != nil
	switch {
	case got.Err != nil:
		v.Error = got.Err.Error()
	case got.Value == nil && !got.Running:
		v.Error = "The browser is gone, and this cache was not read while it was there."
	case got.Value != nil && got.Value.Problem != "" && !got.Value.TooBig:
		v.Error = got.Value.Problem
	}
	c.view.Entries = v
	if v.TooBig {
		c.lookup(item)
	}
	return got.Value
}

func lookupPatience(live bool) time.Duration {
	if live {
		return 0
	}
	return lookupAtMost
}

// lookup finds one entry of a cache that cannot be listed.
func (c *cachesPage) lookup(item *pages.CacheItem) {
	l := &c.view.Entries.Lookup
	l.URL = c.view.Address.Query.Get("lookup")
	if l.URL == "" {
		return
	}
	url := pages.Absolute(l.URL, c.p.Registration.Scope)
	got := read(c.s, c.r.Context(), c.key("lookup", item.Cache.Name, url), lookupPatience(c.p.Live), func(was Reading[*inspector.CacheEntry]) bool {
		return !c.p.Live && (was.At.IsZero() || c.s.opts.Now().Sub(was.At) > rereadEvery)
	}, func(ctx context.Context) (*inspector.CacheEntry, error) {
		return c.p.Browser.Lookup(ctx, item.Ref, url)
	})
	l.Asked, l.Entry = !got.Running, got.Value
	if got.Err != nil {
		l.Error = got.Err.Error()
	}
}

// drawer shows the chosen entry.
func (c *cachesPage) drawer(l *inspector.Listing) {
	q := c.view.Address.Query
	var e *inspector.CacheEntry
	switch url := q.Get("entry"); {
	case c.view.Entries.Lookup.Entry != nil:
		e = c.view.Entries.Lookup.Entry
	case url == "" || l == nil || c.view.Compare != nil || c.view.Confirm != nil:
		return
	default:
		e = pages.FindEntry(l, url, q.Get("n"))
	}
	if e == nil {
		return
	}
	c.view.Drawer = pages.NewEntryView(e, l, c.view)
}

// compare fills in the comparison with another cache.
func (c *cachesPage) compare(l *inspector.Listing) {
	other, asked := c.view.Address.Query.Get("compare"), c.view.Address.Query.Has("compare")
	if !asked {
		return
	}
	i := slices.IndexFunc(c.view.Caches, func(x pages.CacheItem) bool { return x.Cache.Name == other })
	if i < 0 || c.view.Caches[i].Current {
		return
	}
	got := c.listing(&c.view.Caches[i])
	c.view.Compare = &pages.CompareView{A: c.view.Selected.Cache.Name, B: other}
	switch {
	case got.Err != nil:
		c.view.Compare.Error = got.Err.Error()
	case l == nil || got.Value == nil:
		c.view.Compare.Reading = true
	case l.TooBig || got.Value.TooBig:
		c.view.Compare.Error = "One of them is too large to list."
	default:
		c.view.Compare = pages.NewCompare(c.view.Address, l, got.Value)
	}
}

// test answers the match tester's question.
func (c *cachesPage) test(l *inspector.Listing, q inspector.MatchRequest) {
	t := &c.view.Tester
	if !t.Asked || t.Problem != "" {
		return
	}
	for i := range c.view.Caches {
		item := &c.view.Caches[i]
		report := pages.CacheReport{Cache: item.Cache.Name}
		listing := l
		switch {
		case !item.Current && !t.AllCaches:
			continue
		case !item.Current:
			got := c.listing(item)
			listing = got.Value
			if got.Err != nil {
				report.Problem = got.Err.Error()
			}
		}
		switch {
		case listing == nil:
			report.Reading = report.Problem == ""
		case listing.TooBig:
			report.Problem = "too large to list, so it cannot be tested"
		default:
			report.Report = inspector.MatchCache(listing.Entries, q, t.Options)
		}
		t.Reports = append(t.Reports, report)
	}
}
