package replay

import (
	"strings"
	"testing"
	"time"

	"github.com/swinspect/swinspect/inspector/recording"
)

var (
	plainHeaders = map[string]string{"Content-Type": "text/plain"}
	madeHeaders  = map[string]string{"Content-Type": "text/plain;charset=UTF-8"} // of new Response("text")
)

// cacheFirst answers from its cache, else from the network; it counts what it has seen.
const cacheFirst = `
let seen = 0;
addEventListener('install', () => skipWaiting());
addEventListener('activate', e => e.waitUntil(clients.claim()));
addEventListener('fetch', e => {
  seen++;
  const url = new URL(e.request.url);
  if (url.pathname === '/count') return e.respondWith(new Response(String(seen)));
  if (url.pathname === '/random') return e.respondWith(new Response(String(Math.random())));
  if (url.pathname === '/now') return e.respondWith(new Response(new Date().toISOString().slice(0, 19)));
  if (url.pathname === '/late') return e.respondWith(Promise.race([fetch(e.request), new Promise(f => setTimeout(() => f(new Response('late')), 1500))]));
  if (url.pathname === '/through') return;
  e.respondWith(caches.match(e.request).then(hit => hit || fetch(e.request)));
});
`

// session is a recording of cacheFirst.
func session(t *testing.T) *Recording {
	m := newMade(t, recording.Passive, cacheFirst, map[string]map[string]string{"c": {"/a": "a", "/b": "b"}})
	m.add(exchange{path: "/a", status: 200, reply: plainHeaders, body: "a", source: "cache-storage", cache: "c"})
	m.add(exchange{path: "/count", status: 200, reply: madeHeaders, body: "2", source: "fallback-code"})
	m.add(exchange{path: "/net", status: 200, reply: plainHeaders, body: "net", source: "network"})
	m.add(exchange{path: "/late", status: 200, reply: plainHeaders, body: "in time", source: "network"})
	m.add(exchange{path: "/through", status: 404, reply: plainHeaders, body: "no such thing"})
	m.add(exchange{path: "/now", status: 200, reply: madeHeaders, body: "2026-05-01T12:00:10", source: "fallback-code"})
	return m.done()
}

// verdicts are those of results, by path.
func verdicts(all []*Result) map[string]Verdict {
	m := map[string]Verdict{}
	for _, r := range all {
		m[strings.TrimPrefix(r.URL, madeOrigin)] = r.Verdict
	}
	return m
}

func TestVariants(t *testing.T) {
	r := session(t)
	tests := []struct {
		name  string
		o     Options
		other map[string]Verdict // but for these, all are equal
		first string             // field that differs first, of each of those
	}{
		{"as recorded", Options{}, nil, ""},
		{"overlapping", Options{Overlap: true}, nil, ""},
		{"offline", Options{Offline: true}, map[string]Verdict{"/net": Different, "/late": Different, "/through": Different}, ""},
		{"slow", Options{Slow: 2 * time.Second}, map[string]Verdict{"/late": Different, "/now": Different}, ""},
		{"not that slow", Options{Slow: time.Second}, map[string]Verdict{"/now": Different}, ""},
		{"without caches", Options{Caches: CachesNone}, map[string]Verdict{"/a": Different}, FieldSource},
		{"killed between", Options{KillBetween: true}, map[string]Verdict{"/count": Different}, FieldBody},
		{"filtered", Options{Filter: "url:count"}, map[string]Verdict{"/count": Different}, FieldBody},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			all, s := replayed(t, r, tt.o)
			for path, got := range verdicts(all) {
				want := Equal
				if v, ok := tt.other[path]; ok {
					want = v
				}
				if got != want {
					t.Errorf("%s is %s, want %s", path, got, want)
				}
			}
			for _, x := range all {
				if _, ok := tt.other[strings.TrimPrefix(x.URL, madeOrigin)]; ok && tt.first != "" && (len(x.Differences) == 0 || x.Differences[0].Field != tt.first) {
					t.Errorf("%s differs in %v", x.URL, x.Differences)
				}
			}
			if t.Failed() {
				logged(t, all, s)
			}
		})
	}
}

// What depends on chance differs between seeds, and says so.
func TestRepeat(t *testing.T) {
	m := newMade(t, recording.Passive, cacheFirst, nil)
	m.add(exchange{path: "/random", status: 200, reply: madeHeaders, body: "0.5", source: "fallback-code"})
	r := m.done()
	all, s := replayed(t, r, Options{Repeat: 3})
	if len(all) != 1 || all[0].Verdict != Explained || all[0].Seeds != 3 || s.Rules[RuleVaries] != 1 || s.Varying != 1 {
		logged(t, all, s)
		t.Errorf("%+v", s)
	}
	again, _ := replayed(t, r, Options{})
	twice, _ := replayed(t, r, Options{})
	if again[0].Verdict != Different || again[0].Replayed.Body.Hash != twice[0].Replayed.Body.Hash {
		t.Errorf("the same seed gives %s and %s", again[0].Replayed.Body.Bytes(), twice[0].Replayed.Body.Bytes())
	}
}

// A new script stands in at once, or comes as an update and waits for the clients.
func TestDeploy(t *testing.T) {
	m := newMade(t, recording.Passive, `addEventListener('fetch', e => e.respondWith(new Response('old')))`, nil)
	m.add(exchange{path: "/x", status: 200, reply: madeHeaders, body: "old", source: "fallback-code"})
	m.add(exchange{path: "/", navigation: true, status: 200, reply: madeHeaders, body: "old", source: "fallback-code"})
	m.add(exchange{path: "/x", status: 200, reply: madeHeaders, body: "old", source: "fallback-code"})
	r := m.done()
	script := `addEventListener('fetch', e => e.respondWith(new Response('new')))`
	for _, tt := range []struct {
		o    Options
		want string
	}{
		{Options{Script: []byte(script)}, "new new new"},
		{Options{Script: []byte(script), Lifecycle: true}, "old old old waiting"}, // the navigation's client keeps the old one
		{Options{Script: []byte("addEventListener('install', () => skipWaiting());" + script), Lifecycle: true}, "new new new activated"},
		{Options{Script: []byte("nonsense here"), Lifecycle: true}, "old old old install failed"},
	} {
		all, s := replayed(t, r, tt.o)
		var got []string
		for _, x := range all {
			got = append(got, string(x.Replayed.Body.Bytes()))
		}
		for _, l := range s.Lifecycle {
			got = append(got, l.Step)
		}
		if strings.Join(got, " ") != tt.want {
			t.Errorf("%s (lifecycle %v): %v, want %s", tt.o.Script, tt.o.Lifecycle, got, tt.want)
			logged(t, all, s)
		}
	}
}

// An event that never ends is given up, and the next ones go on.
func TestStuck(t *testing.T) {
	m := newMade(t, recording.Passive, `addEventListener('fetch', e => e.respondWith(e.request.url.endsWith('/never') ? new Promise(() => {}) : new Response('x')))`, nil)
	m.add(exchange{path: "/never", failed: "net::ERR_FAILED"})
	m.add(exchange{path: "/x", status: 200, reply: madeHeaders, body: "x", source: "fallback-code"})
	all, s := replayed(t, m.done(), Options{EventTimeout: 5 * time.Second})
	if s.Events < 1 || all[len(all)-1].Verdict != Equal {
		logged(t, all, s)
		t.Error(s)
	}
}

// One request, edited by hand.
func TestOne(t *testing.T) {
	r := session(t)
	ask := func(q Request) string {
		t.Helper()
		x, err := One(t.Context(), r, q, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if x.Replayed == nil {
			return string(x.Verdict) + " " + x.Reason
		}
		if len(x.Replayed.Steps) == 0 {
			t.Errorf("%+v has no steps", q)
		}
		return strings.TrimSpace(x.Replayed.Decision + " " + x.Replayed.Source + " " + string(x.Replayed.Body.Bytes()) + " " + string(x.Verdict))
	}
	row := r.rows[0].ID
	for want, q := range map[string]Request{
		"responded cache a equal":     {Row: row},
		"responded cache b different": {Row: row, URL: madeOrigin + "/b"},
		"responded cache b":           {URL: madeOrigin + "/b", Page: madeOrigin + "/"},
		"responded worker 1":          {URL: madeOrigin + "/count", Mode: "navigate"},
		"not-replayable its registration is not part of the recording": {URL: "https://elsewhere.example/"},
	} {
		if got := ask(q); got != want {
			t.Errorf("%+v: %q, want %q", q, got, want)
		}
	}
	if _, err := One(t.Context(), r, Request{Row: "none"}, Options{}); err == nil {
		t.Error("a row that is not there is no error")
	}
}
