package inspector

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

func (w *world) storage(t *testing.T, fixture string) StorageRef {
	t.Helper()
	r := w.registered(t, w.scope(fixture))
	return StorageRef{Instance: r.Key.Instance, Context: r.Key.Context, StorageKey: r.StorageKey.Raw}
}

func (w *world) entries(t *testing.T, ref CacheRef) *Listing {
	t.Helper()
	l, err := w.b.Entries(t.Context(), ref, false)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestChromiumCaches(t *testing.T) {
	w := inShared(t)
	p := w.open(t, "vary")
	ref := w.storage(t, "vary")
	st, err := w.b.Caches(t.Context(), ref, false)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, c := range st.Caches {
		names = append(names, c.Name)
	}
	if !slices.Equal(names, []string{"vary-v1", "variants"}) {
		t.Errorf("caches %q", names)
	}
	cache := CacheRef{ref, "variants"}
	l := w.entries(t, cache)
	// Chromium keeps one entry for a URL: a later variant replaces the others.
	if len(l.Entries) != 2 {
		t.Fatalf("%d entries", len(l.Entries))
	}
	if l.Entries[0].Vary != "Accept-Language, X-Variant" || l.Entries[0].ContentType == "" || l.Entries[0].Time.IsZero() {
		t.Errorf("entry %+v", l.Entries[0])
	}
	if err := w.b.Measure(t.Context(), cache, nil); err != nil {
		t.Fatal(err)
	}
	for _, e := range w.entries(t, cache).Entries {
		body, err := w.b.Body(t.Context(), cache, e.URL, e.RequestHeaders, 1000)
		if err != nil {
			t.Fatal(err)
		}
		if e.Size != body.Size || body.Truncated || int64(len(body.Data)) != body.Size {
			t.Errorf("%s: measured %d, body %d of %d", e.URL, e.Size, len(body.Data), body.Size)
		}
		for _, h := range e.RequestHeaders {
			if h.Name == "x-variant" && !strings.Contains(string(body.Data), "variant "+h.Value) {
				t.Errorf("another variant than %s: %s", h.Value, body.Data)
			}
		}
	}
	if l := w.entries(t, cache); l != w.entries(t, cache) {
		t.Error("read twice though nothing changed")
	}
	// A change in the page makes the listing stale; the next look reads again.
	p.Eval(t, "caches.open('variants').then((c) => c.put('/vary/new', new Response('new'))).then(() => 'ok')")
	w.until(t, "the change is seen", func(s *State) bool {
		return slices.ContainsFunc(s.Storage(ref).Caches, func(c *Cache) bool { return c.Name == "variants" && c.Stale })
	})
	if n := len(w.entries(t, cache).Entries); n != 3 {
		t.Errorf("%d entries after a put", n)
	}
	body, err := w.b.Body(t.Context(), cache, w.site.Origin(w.origin)+"/vary/new", nil, 2)
	if err != nil || string(body.Data) != "ne" || !body.Truncated || body.Size != 3 {
		t.Errorf("body with a limit: %+v %v", body, err)
	}
	if _, err := w.b.Body(t.Context(), cache, w.site.Origin(w.origin)+"/nowhere", nil, 10); err == nil {
		t.Error("a body of nothing")
	}
	if _, err := w.b.Entries(t.Context(), CacheRef{ref, "no such"}, false); !errors.Is(err, ErrNoCache) {
		t.Errorf("entries of no cache: %v", err)
	}
	if got := p.Eval(t, "caches.has('no such')"); got != "false" {
		t.Error("asking for a cache made it")
	}
}

func TestChromiumDeletingFromCaches(t *testing.T) {
	w := inShared(t)
	p := w.open(t, "images")
	ref := w.storage(t, "images")
	url := w.site.Origin(w.origin) + "/images/data.json"
	cache := CacheRef{ref, "images"}
	w.refused(t, Action{Kind: DeleteCache, Cache: CacheRef{ref, "nope"}}, "nope")
	w.refused(t, Action{Kind: DeleteEntry, Cache: cache, URL: url + "x"}, url+"x")
	w.do(t, Confirmed, Action{Kind: DeleteEntry, Cache: cache, URL: url})
	if got := p.Eval(t, "caches.open('images').then((c) => c.keys()).then((k) => k.length)"); got != "2" {
		t.Errorf("%s entries left", got)
	}
	w.do(t, Confirmed, Action{Kind: DeleteCache, Cache: cache})
	if got := p.Eval(t, "caches.has('images')"); got != "false" {
		t.Error("the cache is still there")
	}
	p.Eval(t, "localStorage.setItem('a', 'b')")
	w.do(t, Confirmed, Action{Kind: ClearSiteData, Storage: ref})
	if got := p.Eval(t, "caches.keys().then((k) => k.length + String(localStorage.getItem('a')))"); got != "0null" {
		t.Errorf("left: %s", got)
	}
}

func TestChromiumUsageAttributesPadding(t *testing.T) {
	w := inShared(t)
	w.open(t, "opaque")
	ref := w.storage(t, "opaque")
	u, err := w.b.Usage(t.Context(), ref)
	if err != nil {
		t.Fatal(err)
	}
	if u.Quota <= 0 || u.Opaque != 2 || u.Bodies != 8+50+1000 {
		t.Errorf("usage %+v", u)
	}
	if u.Padding <= 10_000 || float64(u.Padding) > u.Breakdown["cache_storage"] {
		t.Errorf("padding %d of %v", u.Padding, u.Breakdown)
	}
	cache, url := CacheRef{ref, "opaque"}, w.site.OtherSite()+"/bytes/1000"
	_, other := attachTo(t, w.Endpoint()) // has listed nothing
	for _, c := range other.State().Clients(live(other.State(), w.scope("opaque"))) {
		if !c.Since.IsZero() {
			t.Errorf("%s was there at attach, but is so since %v", c.Target.URL, c.Since)
		}
	}
	e, err := other.Lookup(t.Context(), cache, url)
	if err != nil || e == nil || e.Status != 200 || e.Type != "opaque" || len(e.ResponseHeaders) == 0 || e.Time.IsZero() || e.Problem != "" {
		t.Errorf("looked up without a listing: %+v %v", e, err)
	}
	if e, err := other.Lookup(t.Context(), cache, url+"#part"); err != nil || e == nil || e.URL != url || e.Status != 200 {
		t.Errorf("looked up as written otherwise: %+v %v", e, err)
	}
	body, err := w.b.Body(t.Context(), CacheRef{ref, "opaque"}, w.site.OtherSite()+"/bytes/1000", nil, 1<<20)
	if err != nil || body.Size != 1000 {
		t.Errorf("opaque body: %+v %v", body, err)
	}
}

func TestChromiumPartitionedCaches(t *testing.T) {
	w := inOwn(t)
	w.Open(t, w.site.Origin(0)+"/partitioned/")
	scope := w.site.OtherSite() + "/frame/"
	var r *Registration
	w.until(t, "the partitioned registration is known", func(s *State) bool {
		for _, o := range s.Live() {
			if o.Scope == scope && o.StorageKey.Partitioned() && o.Active() != nil {
				r = o
			}
		}
		return r != nil
	})
	ref := StorageRef{r.Key.Instance, r.Key.Context, r.StorageKey.Raw, ""}
	st, err := w.b.Caches(t.Context(), ref, false)
	if err != nil {
		t.Fatal(err)
	}
	if len(st.Caches) != 1 || st.Caches[0].Name != "frame-v1" {
		t.Errorf("caches %+v", st.Caches)
	}
	if _, err := w.b.Usage(t.Context(), ref); err != nil {
		t.Error(err)
	}
	first := ref
	first.StorageKey = w.site.OtherSite() + "/"
	st, err = w.b.Caches(t.Context(), first, false)
	if err != nil || len(st.Caches) != 0 {
		t.Errorf("the first party has %+v, %v", st, err)
	}
	if err := w.b.Facts(t.Context(), r.Key); err != nil {
		t.Error(err)
	}
}

// A cache of 10,000 entries is read once.
func TestChromiumTenThousandEntries(t *testing.T) {
	w := inShared(t)
	w.open(t, "cache?n=10000")
	ref := CacheRef{w.storage(t, "cache"), "large 10000"}
	began := time.Now()
	l := w.entries(t, ref)
	t.Logf("read %d entries in %v", len(l.Entries), time.Since(began).Round(time.Millisecond))
	if len(l.Entries) != 10_000 {
		t.Fatalf("%d entries", len(l.Entries))
	}
	began = time.Now()
	if l2 := w.entries(t, ref); l2 != l || time.Since(began) > 50*time.Millisecond {
		t.Errorf("read again (%v)", time.Since(began))
	}
	began = time.Now()
	if err := w.b.Measure(t.Context(), ref, []string{l.Entries[9_999].URL, l.Entries[5].URL}); err != nil {
		t.Fatal(err)
	}
	t.Logf("measured two in %v", time.Since(began).Round(time.Millisecond))
	began = time.Now()
	if err := w.b.Measure(t.Context(), ref, nil); err != nil {
		t.Fatal(err)
	}
	t.Logf("measured all in %v", time.Since(began).Round(time.Millisecond))
	for _, e := range w.entries(t, ref).Entries {
		if e.Size < 64 {
			t.Fatalf("%s: size %d", e.URL, e.Size)
		}
	}
}

func TestChromiumHostileStrings(t *testing.T) {
	w := inShared(t)
	p := w.open(t, "hostile")
	var r *Registration
	w.until(t, "it is registered", func(s *State) bool {
		for _, o := range s.Live() {
			if strings.HasPrefix(o.Scope, w.scope("hostile")) && o.Active() != nil {
				r = o
			}
		}
		return r != nil
	})
	ref := StorageRef{r.Key.Instance, r.Key.Context, r.StorageKey.Raw, ""}
	st, err := w.b.Caches(t.Context(), ref, false)
	if err != nil {
		t.Fatal(err)
	}
	if len(st.Caches) != 8 {
		t.Errorf("%d caches", len(st.Caches))
	}
	for _, c := range st.Caches {
		cache := CacheRef{ref, c.Name}
		l, err := w.b.Entries(t.Context(), cache, false)
		if err != nil {
			t.Errorf("%.40q: %v", c.Name, err)
			continue
		}
		if err := w.b.Measure(t.Context(), cache, nil); err != nil {
			t.Errorf("%.40q: %v", c.Name, err)
		}
		for _, e := range l.Entries {
			if _, err := w.b.Body(t.Context(), cache, e.URL, e.RequestHeaders, 100); err != nil {
				t.Errorf("%.40q %s: %v", c.Name, e.URL, err)
			}
			if got, err := w.b.Lookup(t.Context(), cache, e.URL); err != nil || got == nil {
				t.Errorf("%.40q %s: lookup %v %v", c.Name, e.URL, got, err)
			}
		}
	}
	w.do(t, Confirmed, Action{Kind: DeleteCache, Cache: CacheRef{ref, st.Caches[0].Name}})
	if got := p.Eval(t, "String(window.hacked)"); got != "undefined" {
		t.Error("a script of the page's strings ran")
	}
}

func TestChromiumScripts(t *testing.T) {
	w := inShared(t)
	w.open(t, "imports")
	r := w.registered(t, w.scope("imports"))
	scripts, err := w.b.Scripts(t.Context(), r.Key, "")
	if err != nil {
		t.Fatal(err)
	}
	var urls []string
	for _, s := range scripts {
		urls = append(urls, strings.TrimPrefix(s.URL, w.scope("imports")))
		if s.Source == "" || s.Hash == "" {
			t.Errorf("script %+v", s)
		}
	}
	if !slices.Equal(urls, []string{"sw.js", "lib-a.js", "lib-b.js"}) || !scripts[0].Main {
		t.Errorf("scripts %q", urls)
	}
	if v := w.b.State().Registration(r.Key).Active(); v.KeptAlive != "" || len(v.Scripts) != 3 {
		t.Errorf("after reading: kept alive %q, %d scripts", v.KeptAlive, len(v.Scripts))
	}
	for _, target := range w.Targets(t) {
		if target.Type == "service_worker" && target.URL == r.Active().ScriptURL && target.Attached {
			t.Error("still attached")
		}
	}
	w.do(t, Confirmed, Action{Kind: Stop, Registration: r.Key})
	if _, err := w.b.Scripts(t.Context(), r.Key, r.Active().ID); err != nil {
		t.Errorf("known scripts of a stopped worker: %v", err)
	}
	w.open(t, "module")
	m := w.registered(t, w.scope("module"))
	if scripts, err := w.b.Scripts(t.Context(), m.Key, ""); err != nil || len(scripts) != 2 || !scripts[0].Module {
		t.Errorf("module: %+v %v", scripts, err)
	}
}

func TestChromiumConsole(t *testing.T) {
	w := inShared(t)
	p := w.open(t, "errors")
	r := w.registered(t, w.scope("errors"))
	w.do(t, Confirmed, Action{Kind: SetConsole, Registration: r.Key, On: true})
	has := func(text string) func(*State) bool {
		return func(s *State) bool {
			return slices.ContainsFunc(s.Registration(r.Key).Active().Console, func(m ConsoleMessage) bool { return strings.Contains(m.Text, text) })
		}
	}
	w.until(t, "what was logged before is there", has("a warning"))
	if kept := w.b.State().Registration(r.Key).Active().KeptAlive; kept != "console" {
		t.Errorf("kept alive: %q", kept)
	}
	p.Reload(t)
	p.Eval(t, "fetch('/errors/throw').then(() => 1, () => 1)")
	w.until(t, "an exception is there", has("fetch threw"))
	// Through a restart.
	w.do(t, Confirmed, Action{Kind: Stop, Registration: r.Key})
	before := len(w.b.State().Registration(r.Key).Active().Console)
	w.do(t, Confirmed, Action{Kind: Start, Registration: r.Key})
	w.until(t, "the console of the new run is there", func(s *State) bool {
		v := s.Registration(r.Key).Active()
		return len(v.Console) > before && v.KeptAlive == "console"
	})
	w.do(t, Confirmed, Action{Kind: SetConsole, Registration: r.Key, On: false})
	w.until(t, "it is let go", func(s *State) bool { return s.Registration(r.Key).Active().KeptAlive == "" })
}

func TestChromiumFacts(t *testing.T) {
	w := inShared(t)
	w.open(t, "simple")
	r := w.registered(t, w.scope("simple"))
	if err := w.b.Facts(t.Context(), r.Key); err != nil {
		t.Fatal(err)
	}
	r = w.b.State().Registration(r.Key)
	if r.UpdateViaCache != "imports" || r.NavigationPreload == nil || r.NavigationPreload.Enabled {
		t.Errorf("%q %+v", r.UpdateViaCache, r.NavigationPreload)
	}
}

// The document that lists caches is no event of the application's worker, not
// even where the scope is the whole origin.
func TestChromiumCachesPastAGreedyWorker(t *testing.T) {
	w := inShared(t)
	w.open(t, "greedy")
	r := w.registered(t, w.site.Origin(w.origin)+"/")
	ref := StorageRef{Instance: r.Key.Instance, Context: r.Key.Context, StorageKey: r.StorageKey.Raw}
	if _, err := w.b.Caches(t.Context(), ref, false); err != nil {
		t.Fatal(err)
	}
	if n := w.site.Hits(blankPath); n != 0 {
		t.Errorf("the worker saw the document of swinspect: the network was asked %d times", n)
	}
}

// A cache that Chromium refuses to list (20 MiB of requests, which are 50,000
// ordinary ones) says so, and entries can be looked up.
func TestChromiumCacheTooLargeToList(t *testing.T) {
	w := inShared(t)
	const pad = 200_000
	w.open(t, fmt.Sprintf("cache?n=120&url=%d", pad))
	ref := CacheRef{w.storage(t, "cache"), "large 120"}
	l := w.entries(t, ref)
	if !l.TooBig || l.Problem == "" || len(l.Entries) != 0 {
		t.Fatalf("%d entries, too big: %v", len(l.Entries), l.TooBig)
	}
	if c := w.b.State().Storage(ref.StorageRef).Caches[1]; c.Problem == "" || c.Entries != -1 {
		t.Errorf("cache %+v", c)
	}
	url := w.site.Origin(w.origin) + "/cache/entry/119?page=0&pad=" + strings.Repeat("p", pad)
	e, err := w.b.Lookup(t.Context(), ref, url)
	if err != nil || e == nil || e.Status != 200 || headerValue(e.ResponseHeaders, "x-index") != "119" || e.Problem == "" {
		t.Fatalf("lookup: %v %v", e != nil, err)
	}
	if e, err := w.b.Lookup(t.Context(), ref, url+"0"); err != nil || e != nil {
		t.Errorf("lookup of nothing: %v %v", e != nil, err)
	}
	body, err := w.b.Body(t.Context(), ref, url, nil, 1000)
	if err != nil || len(body.Data) != 67 {
		t.Errorf("body: %+v %v", body, err)
	}
	w.do(t, Confirmed, Action{Kind: DeleteEntry, Cache: ref, URL: url})
}

// A listing that might be larger than a message is read in pages.
func TestChromiumHugeListing(t *testing.T) {
	w := inShared(t)
	w.open(t, "cache?n=60&header=600000")
	ref := CacheRef{w.storage(t, "cache"), "large 60"}
	l := w.entries(t, ref)
	if len(l.Entries) != 60 {
		t.Fatalf("%d entries", len(l.Entries))
	}
	seen := map[string]bool{}
	for i, e := range l.Entries {
		if e.Index != i || seen[e.URL] {
			t.Errorf("entry %d: index %d, %s", i, e.Index, e.URL)
		}
		seen[e.URL] = true
	}
	if s := w.b.State(); s.Connection.Status != Live {
		t.Error("the connection was lost")
	}
}

// A bucket's caches are their own.
func TestChromiumBuckets(t *testing.T) {
	w := inShared(t)
	p := w.open(t, "simple")
	p.Eval(t, `(async () => {
		const bucket = await navigator.storageBuckets.open('inbox');
		const cache = await bucket.caches.open('letters');
		await cache.put('/simple/letter', new Response('dear', { headers: { 'content-type': 'text/plain' } }));
		return 'ok';
	})()`)
	ref := w.storage(t, "simple")
	if _, err := w.b.Caches(t.Context(), ref, false); err != nil {
		t.Fatal(err)
	}
	w.until(t, "the bucket is known", func(s *State) bool {
		return slices.Equal(s.Storage(ref).Buckets, []string{"inbox"})
	})
	ref.Bucket = "inbox"
	st, err := w.b.Caches(t.Context(), ref, false)
	if err != nil || len(st.Caches) != 1 || st.Caches[0].Name != "letters" {
		t.Fatalf("caches of the bucket: %+v %v", st, err)
	}
	cache := CacheRef{ref, "letters"}
	l := w.entries(t, cache)
	if len(l.Entries) != 1 {
		t.Fatalf("%d entries", len(l.Entries))
	}
	body, err := w.b.Body(t.Context(), cache, l.Entries[0].URL, nil, 100)
	if err != nil || string(body.Data) != "dear" {
		t.Errorf("body %+v %v", body, err)
	}
	p.Eval(t, `navigator.storageBuckets.open('inbox').then((b) => b.caches.open('letters')).then((c) => c.put('/simple/2', new Response('')))`)
	w.until(t, "a change in the bucket is seen", func(s *State) bool { return s.Storage(ref).Caches[0].Stale })
}

// A worker that claims its clients claims swinspect's document too: it is closed,
// or it would hold the next version.
func TestChromiumClaimedDocumentIsClosed(t *testing.T) {
	w := inShared(t)
	p := w.open(t, "greedy")
	r := w.registered(t, w.site.Origin(w.origin)+"/")
	ref := StorageRef{Instance: r.Key.Instance, Context: r.Key.Context, StorageKey: r.StorageKey.Raw}
	if _, err := w.b.Caches(t.Context(), ref, false); err != nil {
		t.Fatal(err)
	}
	documents := func() (n int) {
		for _, target := range w.Targets(t) {
			if strings.HasSuffix(target.URL, blankPath) && strings.HasPrefix(target.URL, ref.StorageKey) {
				n++
			}
		}
		return n
	}
	if documents() != 1 {
		t.Fatalf("%d documents", documents())
	}
	p.Eval(t, "navigator.serviceWorker.ready.then((r) => r.active.postMessage('claim'))")
	for range 200 {
		if documents() == 0 {
			return
		}
		time.Sleep(25 * time.Millisecond)
	}
	t.Errorf("the document is still there:\n%s", describeState(w.b.State()))
}
