package ui

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/swinspect/swinspect/inspector"
)

func (s *story) ref() inspector.StorageRef {
	return inspector.StorageRef{Instance: storyInstance, Context: storyContext, StorageKey: shop}
}

// cache tells a cache with its entries.
func (s *story) cache(name string, entries ...inspector.CacheEntry) {
	for i := range entries {
		entries[i].Index = i
	}
	s.listings[name] = &inspector.Listing{Ref: inspector.CacheRef{StorageRef: s.ref(), Name: name}, Entries: entries, ReadAt: s.now}
	var list []inspector.NoteCache
	if st := s.State().Storage(s.ref()); st != nil {
		for _, c := range st.Caches {
			if c.Name != name {
				list = append(list, inspector.NoteCache{ID: c.ID, Name: c.Name, Entries: c.Entries})
			}
		}
	}
	list = append(list, inspector.NoteCache{ID: "id-" + name, Name: name, Entries: len(entries)})
	s.note(inspector.NoteCaches{Ref: s.ref(), Caches: list})
}

func entry(url string, status int, kind, mime string, size int64) inspector.CacheEntry {
	return inspector.CacheEntry{
		Method: "GET", URL: url, Status: status, StatusText: "OK", Type: kind, ContentType: mime, Size: size,
		Time:            storyStart.Add(time.Second),
		ResponseHeaders: []inspector.Header{{Name: "content-type", Value: mime}, {Name: "etag", Value: `"b71"`}},
	}
}

func varying(e inspector.CacheEntry, language string) inspector.CacheEntry {
	e.Vary = "accept-language"
	e.RequestHeaders = []inspector.Header{{Name: "accept-language", Value: language}}
	e.ResponseHeaders = append(e.ResponseHeaders, inspector.Header{Name: "vary", Value: "accept-language"})
	return e
}

// cacheStory is the shop with its caches.
func cacheStory(t testing.TB) *story {
	s := shopStory(t)
	s.cache("pages-v131",
		entry(shop, 200, "basic", "text/html; charset=utf-8", 14200),
		entry(shop+"assets/app-4f1c9e2b.js", 200, "basic", "text/javascript", 186400),
		varying(entry(shop+"c/wetsuits", 200, "basic", "text/html", 31700), "en-GB,en;q=0.8"),
		varying(entry(shop+"c/wetsuits", 200, "basic", "text/html", 32200), "de-DE,de;q=0.7"),
		entry(shop+"api/stock?sku=TW-2210&region=north-sea", 200, "basic", "application/json", 1100),
		entry("https://tiles.example/v2/14/8187/5447@2x.webp?key=pub-31", 0, "opaque", "image/webp", 38100),
		entry(shop+"img/size-chart.avif", 404, "basic", "text/html", -1),
	)
	s.cache("pages-v124",
		entry(shop, 200, "basic", "text/html; charset=utf-8", 14100),
		entry(shop+"old", 200, "basic", "text/html", 100),
	)
	s.note(inspector.NoteUsage{Ref: s.ref(), Usage: inspector.Usage{
		Usage: 212.4e6, Quota: 9.6e9, Bodies: 14e6, Padding: 196.1e6, Opaque: 28,
		Breakdown: map[string]float64{"cache_storage": 210.1e6, "service_workers": 1.5e6, "indexeddb": 0.8e6},
	}})
	s.bodies[shop+"c/wetsuits"] = &inspector.Body{Data: []byte("<!doctype html>\n<title>Wetsuits</title>\n<script>alert(1)</script>"), Size: 66, Type: "text/html"}
	s.bodies[shop+"api/stock?sku=TW-2210&region=north-sea"] = &inspector.Body{Data: []byte(`{"sku":"TW-2210","left":[1,2,null]}`), Size: 36, Type: "application/json"}
	return s
}

func TestCachesShowsListQuotaAndEntries(t *testing.T) {
	s := cacheStory(t)
	page := s.page(s.server(), "caches")
	for _, want := range []string{
		"212 MB of 9.6 GB, 2.2 %", "padding", "196 MB", "for 28 opaque answers",
		"pages-v131", "pages-v124", "app-4f1c9e2b.js", "accept-language", "opaque",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("%q is not on the page", want)
		}
	}
	if rows := find(t, page, "tr", ""); len(rows) != 8 {
		t.Errorf("%d rows, want the head and 7 entries", len(rows))
	}
}

func TestCachesFilterSortAndChooseByAddress(t *testing.T) {
	s := cacheStory(t)
	srv := s.server()
	for query, want := range map[string]string{
		"cache=pages-v124":                "14.1 kB",
		"filter=type:opaque":              "1 of 7",
		"filter=status:200,0+-url:*.js":   "5 of 7",
		"filter=size:%3E10k":              "5 of 7",
		"filter=is:varying":               "2 of 7",
		"filter=header:etag":              "7 entries",
		"filter=vary:accept-language":     "2 of 7",
		"filter=nothing-has-this":         "No entry passes the filter",
		"filter=colour:red":               "known fields are url, method",
		"sort=-size":                      `aria-sort="descending"`,
		"entry=" + url.QueryEscape(shop):  "number 1 of the cache",
		"confirm=cache":                   "Delete the cache pages-v131?",
		"confirm=clear":                   "Delete all caches",
		"confirm=shown&filter=is:varying": "Delete 2 entries of pages-v131?",
		"compare=pages-v124":              "only in pages-v124",
	} {
		if page := s.page(srv, "caches?"+query); !strings.Contains(page, want) {
			t.Errorf("caches?%s: %q is not on the page", query, want)
		}
	}
}

func TestCachesDrawerTellsVaryVariantsApart(t *testing.T) {
	s := cacheStory(t)
	srv := s.server()
	at := "caches?entry=" + url.QueryEscape(shop+"c/wetsuits")
	for query, want := range map[string]string{"": "en-GB,en;q=0.8", "&n=1": "de-DE,de;q=0.7"} {
		page := s.page(srv, at+query)
		for _, want := range []string{want, "chosen by Vary", "1 other entry has this URL", `sandbox=""`} {
			if !strings.Contains(page, want) {
				t.Errorf("%s: %q is not on the page", query, want)
			}
		}
	}
}

func TestCachePreviewIsADocumentWithoutRights(t *testing.T) {
	s := cacheStory(t)
	srv := s.server()
	w := s.get(srv, "caches/body?cache=pages-v131&entry="+url.QueryEscape(shop+"c/wetsuits"))
	csp := w.Header().Get("Content-Security-Policy")
	if !strings.HasPrefix(csp, "sandbox; default-src 'none'; img-src data:; style-src 'sha256-") || strings.Contains(csp, "unsafe") {
		t.Errorf("policy %q", csp)
	}
	body := w.Body.String()
	if strings.Contains(body, "<script>") || !strings.Contains(body, "&lt;") {
		t.Errorf("the body became markup: %s", body)
	}
	w = s.get(srv, "caches/body?cache=pages-v131&entry="+url.QueryEscape(shop+"api/stock?sku=TW-2210&region=north-sea"))
	if !strings.Contains(w.Body.String(), `<span class="n">null</span>`) || strings.Count(w.Body.String(), "<li>") != 8 {
		t.Errorf("JSON is not laid out: %s", w.Body.String())
	}
	w = s.get(srv, "caches/body?cache=pages-v131&entry=https://nowhere.example/")
	if !strings.Contains(w.Body.String(), "The body cannot be read") {
		t.Error("a missing body is not explained")
	}
}

func TestCacheSaveIsOnlyEverADownload(t *testing.T) {
	s := cacheStory(t)
	odd := shop + `a/..\"%22;x=é` + "\n.html?q"
	s.bodies[odd] = &inspector.Body{Data: []byte("<script>1</script>"), Size: 18, Type: "text/html"}
	w := s.get(s.server(), "caches/body?as=download&cache=pages-v131&entry="+url.QueryEscape(odd))
	h := w.Header()
	if h.Get("Content-Type") != "application/octet-stream" || h.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("headers %v", h)
	}
	if d := h.Get("Content-Disposition"); !strings.HasPrefix(d, `attachment; filename="`) || strings.ContainsAny(d[22:len(d)-1], "\"\\\n/%;é") {
		t.Errorf("disposition %q", d)
	}
	if w.Body.String() != "<script>1</script>" {
		t.Errorf("body %q", w.Body.String())
	}
}

func TestCachesTooLargeToListOffersLookup(t *testing.T) {
	s := cacheStory(t)
	s.cache("huge", entry(shop+"tile/1", 200, "basic", "image/png", 10))
	l := s.listings["huge"]
	l.TooBig, l.Problem = true, "too large to list: Chromium answers “operation too large”"
	srv := s.server()
	page := s.page(srv, "caches?cache=huge")
	if !strings.Contains(page, "Too large to list") || !strings.Contains(page, `name="lookup"`) {
		t.Error("no lookup")
	}
	if page := s.page(srv, "caches?cache=huge&lookup=/tile/1"); !strings.Contains(page, "It is there") || !strings.Contains(page, `id="h-ed"`) {
		t.Error("the entry is not shown")
	}
	if page := s.page(srv, "caches?cache=huge&lookup=/none"); !strings.Contains(page, "No entry has this URL") {
		t.Error("a miss is not said")
	}
}

func TestMatchTesterShowsBothValues(t *testing.T) {
	s := cacheStory(t)
	page := s.page(s.server(), "caches?t.url=/c/wetsuits%3Fsize%3Dm&t.ignoreSearch=1&t.headers="+url.QueryEscape("accept-language: fr-FR"))
	for _, want := range []string{"No match in pages-v131.", "Two entries have this URL; Vary rejects both.", "accept-language: fr-FR", "accept-language: en-GB,en;q=0.8", "With ignoreVary entry 3 would answer."} {
		if !strings.Contains(page, want) {
			t.Errorf("%q is not on the page", want)
		}
	}
	for query, want := range map[string]string{
		"t.url=/":                      "Match in pages-v131.",
		"t.url=/&t.all=1":              "Match in pages-v124.",
		"t.url=/nope":                  "No match in pages-v131.",
		"t.url=/&t.method=POST":        "only GET requests match",
		"t.url=/&t.headers=nonsense":   "This line is no header",
		"t.url=%25&t.method=x":         "",
		"t.url=http://%5B::bad&t.all=": "This is not a URL",
	} {
		if page := s.page(s.server(), "caches?"+query); !strings.Contains(page, want) {
			t.Errorf("%s: %q is not on the page", query, want)
		}
	}
}

func TestCachesDeleteAsksThenActs(t *testing.T) {
	s := cacheStory(t)
	srv := s.server()
	base := "/b/1/r/" + s.State().Registration(storyKey("1")).Slug(s.State()) + "/caches"
	if w := s.ask(srv, http.MethodPost, base+"/delete", "confirm=cache&cache=pages-v131"); w.Code != http.StatusForbidden || len(s.did) > 0 {
		t.Fatalf("without a token: %d, did %v", w.Code, s.did)
	}
	w := s.ask(srv, http.MethodPost, base+"/delete", "token=tok&confirm=shown&cache=pages-v131&filter=is:varying&go="+url.QueryEscape(base))
	if w.Code != http.StatusSeeOther || w.Header().Get("Location") != base {
		t.Errorf("%d to %q", w.Code, w.Header().Get("Location"))
	}
	if len(s.did) != 1 || s.did[0].Kind != inspector.DeleteEntry || s.did[0].URL != shop+"c/wetsuits" {
		t.Errorf("did %v: two variants share one URL, so one action", s.did)
	}
	s.did = nil
	s.ask(srv, http.MethodPost, base+"/delete", "token=tok&confirm=clear")
	if len(s.did) != 2 || s.did[1].Kind != inspector.DeleteCache || s.did[1].Cache.Name != "pages-v124" {
		t.Errorf("did %v", s.did)
	}
}

func TestCachesSaysWhyTheyCannotBeRead(t *testing.T) {
	s := shopStory(t)
	s.failing = errors.New("no frame found for given storage key")
	if page := s.page(s.server(), "caches"); !strings.Contains(page, "The caches cannot be read") || !strings.Contains(page, "no frame found") {
		t.Error("the reason is not on the page")
	}
	empty := shopStory(t)
	if page := empty.page(empty.server(), "caches"); !strings.Contains(page, "No caches") || !strings.Contains(page, "caches.open") {
		t.Error("an empty storage does not say how a cache is made")
	}
}

func TestCachesWithHostileStrings(t *testing.T) {
	s := cacheStory(t)
	bad := entry("https://shop.example/"+evilText, 200, evilText, evilText, 1)
	bad.Method, bad.StatusText, bad.Vary = evilText, evilText, evilText
	bad.RequestHeaders = []inspector.Header{{Name: evilText, Value: evilText}}
	bad.ResponseHeaders = []inspector.Header{{Name: evilText, Value: evilText}, {Name: "vary", Value: evilText}}
	s.cache(evilText, bad, bad)
	s.bodies[bad.URL] = &inspector.Body{Data: []byte(evilText), Size: int64(len(evilText)), Type: "text/html"}
	srv := s.server()
	q := "cache=" + url.QueryEscape(evilText)
	for _, more := range []string{
		"", "&entry=" + url.QueryEscape(bad.URL), "&compare=pages-v131", "&confirm=cache", "&confirm=clear", "&confirm=shown",
		"&filter=" + url.QueryEscape(`"`+strings.ReplaceAll(evilText, `"`, "")+`"`), "&sort=" + url.QueryEscape(evilText),
		"&t.url=" + url.QueryEscape(evilText) + "&t.method=" + url.QueryEscape(evilText) + "&t.headers=" + url.QueryEscape("a: "+evilText),
		"&lookup=" + url.QueryEscape(evilText),
	} {
		s.page(srv, "caches?"+q+more)
	}
	if w := s.get(srv, "caches/body?"+q+"&entry="+url.QueryEscape(bad.URL)); strings.Contains(w.Body.String(), "<script>") {
		t.Error("the preview holds a script element")
	}
}

func manyEntries(n int) []inspector.CacheEntry {
	kinds := []string{"basic", "cors", "opaque", "default"}
	mimes := []string{"text/html", "image/avif", "text/javascript", "application/json"}
	out := make([]inspector.CacheEntry, n)
	for i := range out {
		out[i] = entry(fmt.Sprintf("%simg/%d/%08x-photo.avif?v=%d", shop, i%97, i*2654435761%4294967291, i%7), 200+i%3*102, kinds[i%4], mimes[i%4], int64(i*7919%400000))
		if i%5 == 0 {
			out[i] = varying(out[i], "en")
		}
	}
	return out
}

func TestTenThousandEntriesStayFluent(t *testing.T) {
	s := shopStory(t)
	s.cache("big", manyEntries(10000)...)
	srv := s.server()
	for _, query := range []string{"", "?sort=-size&filter=type:basic+-url:*/3/*", "?from=9900", "?filter=photo&sort=url&from=5000"} {
		s.page(srv, "caches"+query)
		start := time.Now()
		page := s.page(srv, "caches"+query)
		took := time.Since(start)
		if rows := find(t, page, "tr", ""); len(rows) > 201 {
			t.Errorf("caches%s: %d rows in the DOM", query, len(rows))
		}
		t.Logf("caches%s: %v, %d kB", query, took, len(page)/1000)
	}
}

func BenchmarkTenThousandEntries(b *testing.B) {
	s := shopStory(b)
	s.cache("big", manyEntries(10000)...)
	srv := s.server()
	for name, query := range map[string]string{
		"plain": "", "filtered and sorted": "?sort=-size&filter=type:basic+-url:*/3/*", "by URL": "?sort=url", "tester": "?t.url=/img/3/x", "header filter": "?filter=header:etag",
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if w := s.get(srv, "caches"+query); w.Code != http.StatusOK {
					b.Fatal(w.Code)
				}
			}
		})
	}
}

// A page with script sends its token as a header, so nothing has read the form
// before the handler does.
func TestCachesReadsTheFormOfAPageWithScript(t *testing.T) {
	s := cacheStory(t)
	base := "/b/1/r/" + s.State().Registration(storyKey("1")).Slug(s.State()) + "/caches"
	r := httptest.NewRequest(http.MethodPost, base+"/delete", strings.NewReader("confirm=cache&cache=pages-v124"))
	r.Host = "127.0.0.1:7777"
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("X-Swinspect", "1")
	r.Header.Set("X-Swinspect-Token", "tok")
	w := httptest.NewRecorder()
	s.server().ServeHTTP(w, r)
	if len(s.did) != 1 || s.did[0].Cache.Name != "pages-v124" {
		t.Errorf("%d, did %v", w.Code, s.did)
	}
}
