package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/swinspect/swinspect/internal/testsite"
	"github.com/swinspect/swinspect/internal/testsite/drive"
)

// The cache commands on a cache of 100 entries.
func TestCache(t *testing.T) {
	site, browser := testsite.Start(t), drive.Start(t)
	at := browser.Endpoint()
	page := browser.Open(t, site.URL(0, "cache?n=100&size=10"))
	page.Eval(t, "caches.open('other').then(() => 'made')")
	const name = "large 100"
	url := site.Origin(0) + "/cache/entry/10?page=3"
	cache := func(args ...string) []string { return append(append([]string{"cache"}, args...), "--attach", at) }

	names := decode[[]cacheView](t, call(t, cache("ls", "/cache/", "--json")...).want(t, exitOK))
	// The worker's own cache is older than the page's.
	if len(names) != 3 || names[0].Name != "cache-v1" || names[1].Name != name || names[2].Name != "other" {
		t.Errorf("caches = %+v", names)
	}
	all := decode[[]entryView](t, call(t, cache("ls", "/cache/", name, "--json")...).want(t, exitOK))
	i := slices.IndexFunc(all, func(e entryView) bool { return e.URL == url })
	if len(all) != 100 || i < 0 || all[i].Status != 203 || all[i].Size != nil || all[i].Time == nil || all[i].ContentType == "" {
		t.Errorf("%d entries, at %d %s", len(all), i, url)
	}
	some := decode[[]entryView](t, call(t, cache("ls", "/cache/", name, "--json", "--filter", "status:203", "--size", "--sort", "-size")...).want(t, exitOK))
	if len(some) != 9 || some[0].Size == nil || *some[0].Size != 12 {
		t.Errorf("filtered: %d entries, first %+v; want 9 of 12 bytes", len(some), some[0])
	}
	if few := decode[[]entryView](t, call(t, cache("ls", "/cache/", name, "--json", "--filter", "size:<12")...).want(t, exitOK)); len(few) != 10 {
		t.Errorf("size:<12 leaves %d entries, want the first ten", len(few))
	}
	// The page's words work here too.
	for query, want := range map[string]int{
		"status:203 mime:text":         6,
		"status:203 content-type:text": 6,
		"is:unmeasured -vary:accept":   100,
		"203 header:content-type /10?": 1,
	} {
		if got := decode[[]entryView](t, call(t, cache("ls", "/cache/", name, "--json", "--filter", query)...).want(t, exitOK)); len(got) != want {
			t.Errorf("--filter %q leaves %d entries, want %d", query, len(got), want)
		}
	}
	call(t, cache("ls", "/cache/", "nope")...).want(t, exitNo, `"nope"`, `"large 100"`)
	call(t, cache("ls", "/nope/")...).want(t, exitNo, "/nope/")

	e := decode[bodyView](t, call(t, cache("show", "/cache/", name, url, "--json")...).want(t, exitOK))
	if e.Body != "xxxxxxxxxx10" || e.Base64 || e.Status != 203 {
		t.Errorf("show --json = %+v", e)
	}
	if r := call(t, cache("show", "/cache/", name, url, "--body")...).want(t, exitOK); r.out != "xxxxxxxxxx10" {
		t.Errorf("show --body = %q", r.out)
	}
	file := filepath.Join(t.TempDir(), "body")
	call(t, cache("show", "/cache/", name, url, "-o", file)...).want(t, exitOK, "12 bytes")
	if b, err := os.ReadFile(file); err != nil || string(b) != "xxxxxxxxxx10" {
		t.Errorf("-o wrote %q, %v", b, err)
	}
	if r := call(t, cache("show", "/cache/", name, url, "--max", "4", "--body")...).want(t, exitOK, "first 4 of 12"); r.out != "xxxx" {
		t.Errorf("--max 4 gives %q", r.out)
	}
	call(t, cache("show", "/cache/", name, url+"0")...).want(t, exitNo, url+"0")

	m := decode[[]matchView](t, call(t, cache("match", "/cache/", url, "--json")...).want(t, exitOK))
	if len(m) != 2 || m[0].Result != "fail" || m[1].Result != "pass" || m[1].Entry == nil || m[1].Entry.URL != url {
		t.Errorf("match = %+v", m)
	}
	other := strings.Replace(url, "page=3", "page=4", 1)
	m = decode[[]matchView](t, call(t, cache("match", "/cache/", other, "--cache", name, "--json")...).want(t, exitNo))
	if len(m) != 1 || len(m[0].Candidates) != 1 || m[0].Candidates[0].Steps["search"].Result != "fail" || m[0].Hint == "" {
		t.Errorf("match of another search = %+v", m)
	}
	call(t, cache("match", "/cache/", other, "--ignore-search")...).want(t, exitOK)
	if r := call(t, cache("match", "/cache/", other)...).want(t, exitNo); !strings.Contains(r.out, "page=3") {
		t.Errorf("match for people:\n%s", r.out)
	}
	call(t, cache("match", "/cache/", url, "--method", "POST")...).want(t, exitNo)

	call(t, cache("rm", "/cache/", name, url)...).want(t, exitOK)
	if got := page.Eval(t, "caches.open('large 100').then(c => c.keys()).then(k => k.length)"); got != "99" {
		t.Errorf("after rm of an entry the page counts %s", got)
	}
	call(t, cache("rm", "/cache/", name, url)...).want(t, exitNo, url)
	call(t, cache("rm", "/cache/", name)...).want(t, exitOK)
	if got := page.Eval(t, "caches.has('large 100').then(String)"); got != "false" {
		t.Errorf("after rm caches.has is %s", got)
	}
	call(t, cache("rm", "/cache/", name)...).want(t, exitNo, name, `"other"`)
}
