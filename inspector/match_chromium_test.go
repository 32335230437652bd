package inspector

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp/jsonv2"
)

// TestChromiumAgreesOnMatches asks a real cache what it answers, and MatchCache
// what it would answer over the entries as CDP lists them.
func TestChromiumAgreesOnMatches(t *testing.T) {
	w := inShared(t)
	p := w.open(t, "vary")
	ref := CacheRef{w.storage(t, "vary"), "agree"}
	filled := p.Eval(t, `(async () => {
  const cache = await caches.open('agree');
  const put = (url, vary, headers) => cache.put(new Request(url, {headers}), new Response(url, {headers: {...(vary ? {vary} : {}), 'x-at': url}}));
  await put('/m/plain');
  await put('/m/search?v=1');
  await put('/m/search?v=2');
  await put('/m/empty?');
  await put('/m/vary', 'X-A', {'x-a': '1'});
  await put('/m/vary2', 'X-A, X-B', {'x-a': '1', 'x-b': '2'});
  await put('/m/absent', 'X-C', {'x-a': '1'});
  await put('/m/ü?q=ä');
  return 'filled';
})()`)
	if filled != "filled" {
		t.Fatal(filled)
	}
	entries := w.entries(t, ref).Entries
	if len(entries) != 8 {
		t.Fatalf("%d entries", len(entries))
	}
	origin := originOf(w.scope("vary"))
	for _, c := range []struct {
		url, method, headers string
		o                    MatchOptions
	}{
		{url: "/m/plain"},
		{url: "/m/plain#fragment"},
		{url: "/m/plain?"},
		{url: "/m/plain?x"},
		{url: "/m/plain?x", o: MatchOptions{IgnoreSearch: true}},
		{url: "/m/empty"},
		{url: "/m/empty?"},
		{url: "/m/search?v=2"},
		{url: "/m/search?v=3"},
		{url: "/m/search", o: MatchOptions{IgnoreSearch: true}},
		{url: "/m/./x/../plain"},
		{url: "/M/plain"},
		{url: "/m/ü?q=ä"},
		{url: "/m/%C3%BC?q=%C3%A4"},
		{url: "/m/plain", method: "POST"},
		{url: "/m/plain", method: "POST", o: MatchOptions{IgnoreMethod: true}},
		{url: "/m/plain", method: "HEAD"},
		{url: "/m/vary"},
		{url: "/m/vary", headers: "x-a: 1"},
		{url: "/m/vary", headers: "X-A: 2"},
		{url: "/m/vary", o: MatchOptions{IgnoreVary: true}},
		{url: "/m/vary2", headers: "x-a: 1; x-b: 2"},
		{url: "/m/vary2", headers: "x-a: 1; x-b: 3"},
		{url: "/m/absent"},
		{url: "/m/absent", headers: "x-c: 1"},
		{url: "/m/none"},
	} {
		if c.method == "" {
			c.method = "GET"
		}
		var lines []string
		if c.headers != "" {
			lines = strings.Split(c.headers, "; ")
		}
		q := MatchRequest{Method: c.method, URL: origin + c.url, Headers: headers(lines...)}
		script, err := jsonv2.Marshal(map[string]any{"url": c.url, "method": c.method, "lines": lines, "o": map[string]bool{
			"ignoreSearch": c.o.IgnoreSearch, "ignoreMethod": c.o.IgnoreMethod, "ignoreVary": c.o.IgnoreVary,
		}})
		if err != nil {
			t.Fatal(err)
		}
		said := p.Eval(t, fmt.Sprintf(`(async c => {
  const cache = await caches.open('agree');
  const r = await cache.match(new Request(c.url, {method: c.method, headers: (c.lines || []).map(l => l.split(': '))}), c.o);
  return r ? await r.text() : 'none';
})(%s)`, script))
		r := MatchCache(entries, q, c.o)
		ours := "none"
		if r.Result == Pass {
			ours = strings.TrimPrefix(entries[r.First].URL, origin)
		}
		if strings.ReplaceAll(strings.ReplaceAll(said, "ü", "%C3%BC"), "ä", "%C3%A4") != ours {
			t.Errorf("%s %s %q %+v: Chromium answers with %s, MatchCache with %s (%s)", c.method, c.url, c.headers, c.o, said, ours, r.Verdict)
		}
	}
}

// TestChromiumAgreesOnPatterns puts patterns to Chromium's URLPattern and to the
// one that MatchRoutes uses; addRoutes completes dictionaries with the script's URL.
func TestChromiumAgreesOnPatterns(t *testing.T) {
	w := inShared(t)
	p := w.open(t, "vary")
	const base = "https://shop.example/app/sw.js"
	urls := []string{
		"https://shop.example/", "https://shop.example/app/", "https://shop.example/app/a.jpg", "https://shop.example/app/a/b.jpg?x=1",
		"https://shop.example/app/books/12", "https://shop.example/app/books/x", "http://shop.example:8080/app/a.jpg", "https://img.shop.example/app/a.jpg#f",
	}
	for _, pattern := range []string{
		"/app/*", "/app/*.jpg", "./a.jpg", "*", "/app/books/:id", `/app/books/:id(\\d+)`, "/app/{books/}?*", "https://*.shop.example/*",
		"/app/a.jpg?*", "/app/a/b.jpg?x=1", "http://shop.example:8080/*",
		`{"pathname":"/app/*"}`, `{"pathname":"/app/:file.jpg"}`, `{"hostname":"shop.example"}`, `{"search":"x=*"}`, `{"protocol":"http{s}?","port":"8080"}`,
		`{"hash":"*","hostname":"shop.example","password":"*","pathname":"/app/*","port":"","protocol":"https","search":"*","username":"*"}`,
	} {
		pattern = strings.ReplaceAll(pattern, `\\`, `\`)
		for _, url := range urls {
			arguments, err := jsonv2.Marshal([]string{pattern, base, url})
			if err != nil {
				t.Fatal(err)
			}
			said := p.Eval(t, fmt.Sprintf(`(([p, base, url]) => String((p[0] == '{' ? new URLPattern({...JSON.parse(p), baseURL: base}) : new URLPattern(p, base)).test(url)))(%s)`, arguments))
			ours, err := testPattern(pattern, RouteRequest{URL: url, Base: base})
			if err != nil || fmt.Sprint(ours) != said {
				t.Errorf("%s on %s: Chromium says %s, we say %v %v", pattern, url, said, ours, err)
			}
		}
	}
}
