package inspector

import (
	"strings"
	"testing"
)

const shop = "https://shop.example"

func headers(lines ...string) []Header {
	var hs []Header
	for _, l := range lines {
		name, value, _ := strings.Cut(l, ": ")
		hs = append(hs, Header{name, value})
	}
	return hs
}

func entry(path string, vary string, request ...string) CacheEntry {
	e := CacheEntry{Method: "GET", URL: shop + path, Status: 200, RequestHeaders: headers(request...)}
	if vary != "" {
		e.Vary, e.ResponseHeaders = vary, headers("Vary: "+vary)
	}
	return e
}

func TestMatchCache(t *testing.T) {
	plain := []CacheEntry{entry("/a", ""), entry("/a?v=1", ""), entry("/b", "")}
	languages := []CacheEntry{entry("/c", "Accept-Language", "accept-language: en"), entry("/c", "Accept-Language", "accept-language: de")}
	for _, c := range []struct {
		name    string
		entries []CacheEntry
		q       MatchRequest
		o       MatchOptions
		result  StepResult
		first   int
		steps   string // of the first candidate: method url search vary
		verdict string
		hint    string
	}{
		{"same URL", plain, MatchRequest{URL: shop + "/a"}, MatchOptions{}, Pass, 0, "pass pass pass pass", "Match: entry 1 answers.", ""},
		{"fragment is no matter", plain, MatchRequest{URL: shop + "/a#x"}, MatchOptions{}, Pass, 0, "pass pass pass pass", "Match: entry 1", ""},
		{"host case and default port", plain, MatchRequest{URL: "HTTPS://SHOP.example:443/a"}, MatchOptions{}, Pass, 0, "pass pass pass pass", "Match: entry 1", ""},
		{"search differs", plain[1:2], MatchRequest{URL: shop + "/a?v=2"}, MatchOptions{}, Fail, -1, "pass pass fail not reached", "No match. One entry has this URL; Search rejects it.", "With ignoreSearch entry 1 would answer."},
		{"ignoreSearch", plain[1:2], MatchRequest{URL: shop + "/a?v=2"}, MatchOptions{IgnoreSearch: true}, Pass, 0, "pass pass ignored pass", "Match: entry 1", ""},
		{"an empty query is a query", plain[:1], MatchRequest{URL: shop + "/a?"}, MatchOptions{}, Fail, -1, "pass pass fail not reached", "No match.", "With ignoreSearch"},
		{"method", plain, MatchRequest{Method: "POST", URL: shop + "/a"}, MatchOptions{}, Fail, -1, "fail not reached not reached not reached", "No match: the method is POST", "With ignoreMethod entry 1"},
		{"HEAD is not GET", plain, MatchRequest{Method: "HEAD", URL: shop + "/a"}, MatchOptions{}, Fail, -1, "fail not reached not reached not reached", "No match: the method is HEAD", "With ignoreMethod"},
		{"ignoreMethod", plain, MatchRequest{Method: "POST", URL: shop + "/a"}, MatchOptions{IgnoreMethod: true}, Pass, 0, "ignored pass pass pass", "Match", ""},
		{"no such URL", plain, MatchRequest{URL: shop + "/zzz"}, MatchOptions{}, Fail, -1, "pass fail not reached not reached", "No match: no entry has this URL.", ""},
		{"other origin", plain, MatchRequest{URL: "https://other.example/a"}, MatchOptions{}, Fail, -1, "", "No match: no entry has this URL.", ""},
		{"not a URL", plain, MatchRequest{URL: "/a"}, MatchOptions{}, Fail, -1, "", `No match: "/a" is not an absolute URL.`, ""},
		{"vary, second", languages, MatchRequest{URL: shop + "/c", Headers: headers("Accept-Language: de")}, MatchOptions{}, Pass, 1, "pass pass pass fail", "Match: entry 2 answers.", ""},
		{"vary, none", languages, MatchRequest{URL: shop + "/c", Headers: headers("Accept-Language: fr")}, MatchOptions{}, Fail, -1, "pass pass pass fail", "No match. Two entries have this URL; Vary rejects both.", "With ignoreVary entry 1 would answer."},
		{"vary, header missing", languages, MatchRequest{URL: shop + "/c"}, MatchOptions{}, Fail, -1, "pass pass pass fail", "No match. Two entries", "With ignoreVary"},
		{"ignoreVary", languages, MatchRequest{URL: shop + "/c"}, MatchOptions{IgnoreVary: true}, Pass, 0, "pass pass pass ignored", "Match: entry 1", ""},
		{"vary unknown", []CacheEntry{entry("/c", "Accept-Language")}, MatchRequest{URL: shop + "/c"}, MatchOptions{}, Unknown, -1, "pass pass pass unknown", "Cannot be told", "With ignoreVary"},
		{"vary star", []CacheEntry{entry("/c", "*")}, MatchRequest{URL: shop + "/c"}, MatchOptions{}, Fail, -1, "pass pass pass fail", "No match. One entry has this URL; Vary rejects it.", "With ignoreVary"},
		{"vary star among others", []CacheEntry{entry("/c", "accept, *", "accept: x")}, MatchRequest{URL: shop + "/c", Headers: headers("accept: x")}, MatchOptions{}, Fail, -1, "pass pass pass fail", "No match.", "With ignoreVary"},
		{"vary, both absent", []CacheEntry{entry("/c", "X-A", "accept: x")}, MatchRequest{URL: shop + "/c"}, MatchOptions{}, Pass, 0, "pass pass pass pass", "Match", ""},
		{"vary, values combined", []CacheEntry{entry("/c", "X-A", "x-a: 1", "x-a: 2")}, MatchRequest{URL: shop + "/c", Headers: headers("X-A: 1, 2")}, MatchOptions{}, Pass, 0, "pass pass pass pass", "Match", ""},
		{"search and vary", []CacheEntry{entry("/c?v=1", "X-A", "x-a: 1")}, MatchRequest{URL: shop + "/c?v=2"}, MatchOptions{}, Fail, -1, "pass pass fail not reached", "No match.", "With ignoreSearch and ignoreVary entry 1 would answer."},
		{"empty cache", nil, MatchRequest{URL: shop + "/c"}, MatchOptions{}, Fail, -1, "", "No match: no entry has this URL.", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := MatchCache(c.entries, c.q, c.o)
			if r.Result != c.result || r.First != c.first {
				t.Errorf("result %s, first %d; want %s, %d", r.Result, r.First, c.result, c.first)
			}
			if !strings.HasPrefix(r.Verdict, c.verdict) {
				t.Errorf("verdict %q, want %q", r.Verdict, c.verdict)
			}
			if !strings.HasPrefix(r.Hint, c.hint) || (c.hint == "") != (r.Hint == "") {
				t.Errorf("hint %q, want %q", r.Hint, c.hint)
			}
			steps := ""
			if len(r.Candidates) > 0 {
				x := r.Candidates[0]
				steps = strings.Join([]string{string(x.Method.Result), string(x.URL.Result), string(x.Search.Result), string(x.Vary.Result)}, " ")
			}
			if steps != c.steps {
				t.Errorf("steps %q, want %q", steps, c.steps)
			}
		})
	}
}

func TestMatchCacheFindsTheNearest(t *testing.T) {
	var entries []CacheEntry
	for _, p := range []string{"/x", "/img/a.png", "/img/ab.png", "/img/b.png", "/css/a.css", "/y", "/z"} {
		entries = append(entries, entry(p, ""))
	}
	r := MatchCache(entries, MatchRequest{URL: shop + "/img/abc.png"}, MatchOptions{})
	if len(r.Candidates) != maxNearest || r.Candidates[0].Entry.URL != shop+"/img/ab.png" || r.Candidates[1].Entry.URL != shop+"/img/a.png" {
		t.Errorf("nearest are %d, first %s", len(r.Candidates), r.Candidates[0].Entry.URL)
	}
}

func BenchmarkMatchCache10000(b *testing.B) {
	entries := make([]CacheEntry, 10_000)
	for i := range entries {
		entries[i] = entry("/img/"+strings.Repeat("x", i%50)+".png", "")
	}
	for b.Loop() {
		MatchCache(entries, MatchRequest{URL: shop + "/img/none.png"}, MatchOptions{})
	}
}
