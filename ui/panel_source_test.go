package ui

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/swinspect/swinspect/inspector"
)

const shopWorker = `// The shop's worker.
importScripts('/lib/routes.js');
const V = 'v124';
self.addEventListener('install', (e) => {
  e.waitUntil(caches.open(V).then((c) => c.addAll(['/', '/basket'])));
});

self.addEventListener('fetch', (event) => {
  if (event.request.mode !== 'navigate') return;
  event.respondWith(fetch(event.request));
});

throw new TypeError('cache.addAll: 404');
`

func scriptsOf(now time.Time, main, lib string) []*inspector.Script {
	return []*inspector.Script{
		{URL: shop + "sw.js", ID: "1", Source: main, Length: len(main), Main: true, ReadAt: now},
		{URL: shop + "lib/routes.js", ID: "2", Source: lib, Length: len(lib), ReadAt: now},
	}
}

// sourceStory is the shop with its source: 7 was read while it ran, 9 runs.
func sourceStory(t testing.TB) *story {
	s := cacheStory(t)
	s.note(inspector.NoteScripts{Registration: storyKey("1"), Version: "7", Scripts: scriptsOf(s.now, shopWorker, "const ROUTES = [];\n")})
	changed := strings.Replace(strings.Replace(shopWorker, "v124", "v131", 1), "'/basket'", "'/basket', '/offline'", 1)
	s.scripts["9"] = scriptsOf(s.now, changed, "const ROUTES = [];\n")
	return s
}

func TestSourceShowsScriptsAndErrorsAtTheirLine(t *testing.T) {
	s := sourceStory(t)
	s.workerError("1", "7", "Uncaught TypeError: cache.addAll: 404", shop+"sw.js", 13)
	page := s.page(s.server(), "source?version=7&line=13")
	for _, want := range []string{"sw.js", "routes.js", "main script", "imported", `<span class="k">const</span>`, `id="L13"`, "Uncaught TypeError: cache.addAll: 404", "1 error"} {
		if !strings.Contains(page, want) {
			t.Errorf("%q is not on the page", want)
		}
	}
	rows := find(t, page, "div", "err")
	if len(rows) != 1 || attr(rows[0], "id") != "L13" || !strings.Contains(attr(rows[0], "class"), "at") {
		t.Errorf("the marked rows are %v", rows)
	}
	if s.reads != 0 {
		t.Errorf("scripts that are known were read %d times", s.reads)
	}
}

func TestSourceReadsARunningVersionOnce(t *testing.T) {
	s := sourceStory(t)
	srv := s.server()
	for range 3 {
		if page := s.page(srv, "source?version=9"); !strings.Contains(page, "v131") {
			t.Error("the source is not on the page")
		}
	}
	if s.reads != 1 {
		t.Errorf("read %d times", s.reads)
	}
}

func TestSourceSaysWhatToDoAboutAStoppedVersion(t *testing.T) {
	s := shopStory(t)
	page := s.page(s.server(), "source?version=7")
	if !strings.Contains(page, "#7 is stopped") || !strings.Contains(page, "Start #7") {
		t.Error("a stopped active version has no Start button")
	}
	page = s.page(s.server(), "source?version=8")
	if !strings.Contains(page, "It is redundant, and its source was not read") || strings.Contains(page, "Start #8") {
		t.Error("a redundant version is not explained")
	}
	s.failing = errors.New("target closed")
	page = s.page(s.server(), "source?version=9")
	if !strings.Contains(page, "The source cannot be read") || !strings.Contains(page, "target closed") {
		t.Error("a failed read is not explained")
	}
	if s.reads != 1 {
		t.Errorf("read %d times", s.reads)
	}
}

func TestSourceSaysWhenItKeepsTheWorkerAlive(t *testing.T) {
	s := sourceStory(t)
	s.event("Target.targetCreated", `{"targetInfo":{"targetId":"W9","type":"service_worker","url":"https://shop.example/sw.js","title":"","attached":false,"canAccessOpener":false,"browserContextId":"CTX0"}}`)
	s.event("ServiceWorker.workerVersionUpdated", `{"versions":[{"versionId":"9","registrationId":"1","scriptURL":"https://shop.example/sw.js","runningStatus":"running","status":"installed","targetId":"W9","controlledClients":[]}]}`)
	s.note(inspector.NoteTargetSession{TargetID: "W9", Reason: "source", Attached: true})
	if page := s.page(s.server(), "source?version=9"); !strings.Contains(page, "kept alive by swinspect") {
		t.Error("it is not said")
	}
}

func TestSourceDiffMarksWhatChanged(t *testing.T) {
	s := sourceStory(t)
	srv := s.server()
	s.page(srv, "source?version=9")
	page := s.page(srv, "source?version=9&diff=7")
	for _, want := range []string{"2 changes: 2 lines removed, 2 lines added.", `<del><span class="q">v124</span></del>`, `<ins><span class="q">v131</span></ins>`, "5 equal lines", "changed", "equal"} {
		if !strings.Contains(page, want) {
			t.Errorf("%q is not on the page", want)
		}
	}
	if page := s.page(srv, "source?version=9&diff=7&context=all"); strings.Contains(page, "equal lines<") {
		t.Error("lines are folded though all were asked for")
	}
	if page := s.page(srv, "source?version=9&diff=7&script="+url.QueryEscape(shop+"lib/routes.js")); !strings.Contains(page, "is the same in #7 and #9") {
		t.Error("equal scripts are not called equal")
	}
	if page := s.page(srv, "source?version=9&diff=8"); !strings.Contains(page, "was not read") {
		t.Error("a comparison with nothing is not explained")
	}
}

func TestSourceFindAndDownload(t *testing.T) {
	s := sourceStory(t)
	srv := s.server()
	page := s.page(srv, "source?version=7&find=ADDEVENTLISTENER")
	if !strings.Contains(page, "In 2 rows:") || strings.Count(page, "<mark>addEventListener</mark>") != 2 {
		t.Error("what was searched for is not marked")
	}
	w := s.get(srv, "source/raw?version=7&script="+url.QueryEscape(shop+"sw.js"))
	if w.Header().Get("Content-Type") != "application/octet-stream" || w.Body.String() != shopWorker {
		t.Errorf("%v %q", w.Header(), w.Body.String())
	}
	if w := s.get(srv, "source/raw?version=7&script=x"); w.Code != 404 {
		t.Errorf("an unknown script: %d", w.Code)
	}
}

func TestSourceOfManyMegabytesStaysFluent(t *testing.T) {
	s := sourceStory(t)
	line := "async function f(r){const p=await caches.open('p');return p.match(r)}"
	for name, big := range map[string]string{
		"lines":    strings.Repeat(line+"\n", 4<<20/len(line)),
		"minified": strings.Repeat(line+";", 4<<20/len(line)),
	} {
		s.note(inspector.NoteScripts{Registration: storyKey("1"), Version: "7", Scripts: scriptsOf(s.now, big, "")})
		srv := s.server()
		first := time.Now()
		s.page(srv, "source?version=7")
		cold := time.Since(first)
		again := time.Now()
		page := s.page(srv, "source?version=7&from=20000")
		t.Logf("%s: first %v, another window %v, %d kB", name, cold, time.Since(again), len(page)/1000)
		if rows := find(t, page, "div", "ln"); len(rows) != 400 {
			t.Errorf("%d rows", len(rows))
		}
	}
}

func TestSourceWithHostileStrings(t *testing.T) {
	s := sourceStory(t)
	bad := scriptsOf(s.now, evilText+"\n"+evilText, evilText)
	bad[1].URL = shop + evilText
	s.note(inspector.NoteScripts{Registration: storyKey("1"), Version: "7", Scripts: bad})
	s.workerError("1", "7", evilText, shop+"sw.js", 1)
	srv := s.server()
	s.page(srv, "source?version=9")
	for _, q := range []string{"version=7", "version=7&script=" + url.QueryEscape(shop+evilText), "version=7&find=script", "version=9&diff=7", "version=" + url.QueryEscape(evilText), "version=7&line=" + url.QueryEscape(evilText), "version=7&line=99999999"} {
		s.page(srv, "source?"+q)
	}
}

func BenchmarkSourceDiffOfMinifiedMegabyte(b *testing.B) {
	s := sourceStory(b)
	line := "self.addEventListener('fetch',e=>{e.respondWith(caches.match(e.request).then(r=>r||fetch(e.request)))});"
	var one, two strings.Builder
	for i := range 1 << 20 / len(line) {
		fmt.Fprintf(&one, "var a%d=%d;%s", i, i, line)
		if i%50 == 0 {
			fmt.Fprintf(&two, "var b%d='x';", i)
		}
		fmt.Fprintf(&two, "var a%d=%d;%s", i, i, line)
	}
	s.note(inspector.NoteScripts{Registration: storyKey("1"), Version: "7", Scripts: scriptsOf(s.now, one.String(), "")})
	s.note(inspector.NoteScripts{Registration: storyKey("1"), Version: "9", Scripts: scriptsOf(s.now, two.String(), "")})
	srv := s.server()
	for b.Loop() {
		s.get(srv, "source?version=9&diff=7")
	}
}
