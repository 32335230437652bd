package ui

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/swinspect/swinspect/inspector"
)

// listener reads a live stream as an open page does.
type listener struct {
	t      *testing.T
	events chan sse
}

type sse struct {
	name string
	data string
	at   time.Time
}

func listen(t *testing.T, base string, pages ...string) *listener {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, base+"/events?"+url.Values{"page": pages}.Encode(), nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	l := &listener{t: t, events: make(chan sse, 1000)}
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer close(l.events)
		scan := bufio.NewScanner(resp.Body)
		scan.Buffer(nil, 8<<20)
		var e sse
		for scan.Scan() {
			switch line := scan.Text(); {
			case strings.HasPrefix(line, "event: "):
				e.name = line[7:]
			case strings.HasPrefix(line, "data: "):
				e.data = line[6:]
			case line == "" && e.name != "":
				e.at = time.Now()
				l.events <- e
				e = sse{}
			}
		}
	}()
	t.Cleanup(func() {
		cancel()
		_ = resp.Body.Close()
		<-done
	})
	return l
}

func (l *listener) next(name string) sse {
	l.t.Helper()
	select {
	case e, ok := <-l.events:
		if !ok || e.name != name {
			l.t.Fatalf("got %q (%v), not %q", e.name, ok, name)
		}
		return e
	case <-time.After(5 * time.Second):
		l.t.Fatalf("no %s came", name)
	}
	return sse{}
}

// parts are the parts of a patch by id.
func (e sse) parts(t *testing.T) map[string]string {
	t.Helper()
	var p struct {
		Now   int64
		Parts [][2]string
	}
	if err := json.Unmarshal([]byte(e.data), &p); err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, part := range p.Parts {
		out[part[0]] = part[1]
	}
	return out
}

func liveServer(t *testing.T, s *story) (*Server, string) {
	t.Helper()
	srv := s.server()
	web := httptest.NewServer(srv)
	t.Cleanup(func() {
		srv.Close()
		web.Close()
		http.DefaultClient.CloseIdleConnections()
	})
	return srv, web.URL
}

func (s *story) path(id string) string {
	st := s.State()
	return "/b/1/r/" + st.Registration(storyKey(id)).Slug(st)
}

func TestStreamSendsWhatChanged(t *testing.T) {
	s := shopStory(t)
	_, base := liveServer(t, s)
	l := listen(t, base, s.path("1"))
	if got := l.next("hello").data; !strings.Contains(got, "boot") {
		t.Errorf("hello %s", got)
	}
	first := l.next("patch").parts(t)
	for _, id := range []string{"tree", "head", "tabs", "page", "foot-last", "banner"} {
		if !strings.Contains(first[id], `id="`+id+`"`) {
			t.Errorf("the first patch has no part %s: %.80q", id, first[id])
		}
	}
	// Another registration only changes the tree and the count of the browser.
	s.registered("2", "https://shop.example/checkout/")
	second := l.next("patch").parts(t)
	if !strings.Contains(second["tree"], "/checkout/") {
		t.Errorf("no /checkout/ in %q", second["tree"])
	}
	if _, sent := second["page"]; sent {
		t.Error("the page's own part was sent though nothing in it changed")
	}
	s.version("1", "9", "activating", "running")
	third := l.next("patch").parts(t)
	if !strings.Contains(third["page"], "activating") {
		t.Error("the page does not show that #9 activates")
	}
}

func TestStreamIsThrottled(t *testing.T) {
	s := shopStory(t)
	_, base := liveServer(t, s)
	l := listen(t, base, s.path("1"))
	l.next("hello")
	l.next("patch")
	time.Sleep(2 * streamEvery)
	const burst = 400
	began := time.Now()
	for i := range burst {
		s.receipt(uint64(100+i), inspector.Update, inspector.Confirmed, time.Millisecond, fmt.Sprint("burst ", i))
		time.Sleep(time.Millisecond)
	}
	last := fmt.Sprint("burst ", burst-1)
	patches := 0
	for {
		patches++
		if strings.Contains(l.next("patch").data, last) {
			break
		}
	}
	took := time.Since(began)
	if most := int(took/streamEvery) + 2; patches > most {
		t.Errorf("%d patches in %s, at most %d", patches, took, most)
	}
}

// TestStreamLatency is the way from a change of state to the patch on the wire
// when all was quiet before.
func TestStreamLatency(t *testing.T) {
	s := shopStory(t)
	_, base := liveServer(t, s)
	l := listen(t, base, s.path("1"))
	l.next("hello")
	l.next("patch")
	var took []time.Duration
	for i := range 15 {
		time.Sleep(streamEvery + 20*time.Millisecond)
		began := time.Now()
		s.receipt(uint64(100+i), inspector.Update, inspector.Confirmed, time.Millisecond, fmt.Sprint("probe ", i))
		e := l.next("patch")
		took = append(took, e.at.Sub(began))
	}
	slices.Sort(took)
	t.Logf("change to patch: p50 %s, worst %s", took[len(took)/2], took[len(took)-1])
	if p50 := took[len(took)/2]; p50 > 50*time.Millisecond {
		t.Errorf("p50 is %s", p50)
	}
}

func TestStreamFollowsAMovedPage(t *testing.T) {
	s := newStory(t)
	_, base := liveServer(t, s)
	l := listen(t, base, "/b/1")
	l.next("hello")
	if first := l.next("patch").parts(t); !strings.Contains(first["page"], "No service worker in") {
		t.Errorf("page %q", first["page"])
	}
	s.registered("1", shop)
	s.version("1", "7", "installing", "running")
	for range 5 {
		select {
		case e := <-l.events:
			if e.name == "go" {
				if !strings.Contains(e.data, s.path("1")) {
					t.Errorf("it went to %s", e.data)
				}
				return
			}
		case <-time.After(5 * time.Second):
		}
	}
	t.Error("the page did not move on to the first registration")
}

func TestStreamOfManyTabsEndsWithTheServer(t *testing.T) {
	s := shopStory(t)
	srv, base := liveServer(t, s)
	var tabs []*listener
	for _, page := range []string{"/start", "/b/1", s.path("1"), s.path("1"), s.path("1") + "/timeline"} {
		l := listen(t, base, page)
		l.next("hello")
		tabs = append(tabs, l)
	}
	srv.Close()
	for _, l := range tabs {
		ended := time.After(5 * time.Second)
		for open := true; open; {
			select {
			case _, open = <-l.events:
			case <-ended:
				t.Fatal("a stream outlived its server")
			}
		}
	}
}

func TestStreamOfSeveralPages(t *testing.T) {
	s := shopStory(t)
	_, base := liveServer(t, s)
	l := listen(t, base, "/start", s.path("1"))
	l.next("hello")
	var about []string
	for range 2 {
		var p struct{ Page string }
		if err := json.Unmarshal([]byte(l.next("patch").data), &p); err != nil {
			t.Fatal(err)
		}
		about = append(about, p.Page)
	}
	if want := []string{"/start", s.path("1")}; !slices.Equal(about, want) {
		t.Errorf("patches of %v, not %v", about, want)
	}
}

func TestStreamOfStrangePages(t *testing.T) {
	s := shopStory(t)
	srv := s.server()
	for _, page := range []string{"", "/events?page=/start", "https://evil.example/", "/assets/x", "/a\\b", "//evil.example"} {
		r := request(http.MethodGet, "/events?page="+url.QueryEscape(page))
		if got := answer(srv, r).StatusCode; got != http.StatusBadRequest {
			t.Errorf("%q: %d", page, got)
		}
	}
	many := request(http.MethodGet, "/events?"+strings.Repeat("page=/start&", maxPages+1))
	if got := answer(srv, many).StatusCode; got != http.StatusBadRequest {
		t.Errorf("%d pages: %d", maxPages+1, got)
	}
}

func TestGoneBrowserShowsAtOnce(t *testing.T) {
	s := shopStory(t)
	_, base := liveServer(t, s)
	l := listen(t, base, s.path("1"))
	l.next("hello")
	l.next("patch")
	s.note(inspector.NoteGone{Reason: "connection refused"})
	e := l.next("patch").parts(t)
	if !strings.Contains(e["banner"], "went away") || !strings.Contains(e["banner"], "connection refused") {
		t.Errorf("banner %q", e["banner"])
	}
	if !strings.Contains(e["conn"], "Gone") || !strings.Contains(e["tree"], "gone") || !strings.Contains(e["foot-state"], "Gone") {
		t.Errorf("top %q, tree %q, foot %q", e["conn"], e["tree"], e["foot-state"])
	}
	s.after(time.Second).note(inspector.NoteAttached{Endpoint: "127.0.0.1:9222", Product: "Chrome/156.0.8078.79"})
	back := l.next("patch").parts(t)
	if !strings.Contains(back["conn"], "Live") || strings.Contains(back["banner"], "went away") {
		t.Errorf("top %q, banner %q", back["conn"], back["banner"])
	}
}
