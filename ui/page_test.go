package ui

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/swinspect/swinspect/inspector"
	"github.com/swinspect/swinspect/ui/components"
)

const hostileText = `"><script>alert(1)</script><img src=x onerror=alert(2)>' javascript:alert(3)`

// TestHostileStrings lets a site put markup wherever it can put text.
func TestHostileStrings(t *testing.T) {
	s := shopStory(t)
	scope := "https://shop.example/" + hostileText
	s.registered("7", scope)
	s.version("7", "70", "activated", "running", "T7")
	s.target("T7", "page", "javascript:alert(1)//https://shop.example/"+hostileText, hostileText)
	s.target("T8", "page", scope, hostileText)
	s.workerError("7", "70", hostileText, "javascript:alert(4)//"+hostileText, 3)
	s.note(inspector.NoteReceipt{Receipt: inspector.Receipt{
		ID: 9, Subject: hostileText, Outcome: inspector.Failed, Detail: hostileText, SentAt: s.now, EndedAt: s.now,
		Action: inspector.Action{Kind: inspector.Sync, Tag: hostileText, Registration: storyKey("7")},
	}})
	srv := s.server()
	srv.notices.add("", s.now.Add(time.Hour), components.State{Icon: "failed", Word: "failed", Class: "bad"}, hostileText, hostileText)
	pages := []string{s.path("7"), "/start", "/b/1", "/b/1/r/" + url.PathEscape(hostileText), "/" + url.PathEscape(hostileText)}
	for _, page := range pages {
		body := s.ask(srv, http.MethodGet, page, "").Body.String()
		for _, bad := range []string{"<script>", "<img", "onerror=alert(2)>'", `href="javascript:`, `src="javascript:`} {
			if strings.Contains(body, bad) {
				t.Errorf("%s has %s: …%s…", page, bad, around(body, bad))
			}
		}
	}
	if body := s.ask(srv, http.MethodGet, s.path("7"), "").Body.String(); !strings.Contains(body, "&lt;script&gt;alert(1)") {
		t.Error("the hostileText text is not shown at all")
	}
}

func around(body, word string) string {
	i := strings.Index(body, word)
	return body[max(0, i-60):min(len(body), i+60)]
}

// TestNothingInline holds every page to its policy.
func TestNothingInline(t *testing.T) {
	s := shopStory(t)
	srv := s.server()
	for _, page := range []string{"/start", "/b/1", s.path("1"), "/nothing"} {
		body := s.ask(srv, http.MethodGet, page, "").Body.String()
		for _, bad := range []string{" style=", "<style", " onclick=", " onload=", "javascript:", "<script>"} {
			if strings.Contains(body, bad) {
				t.Errorf("%s has %q: %s", page, bad, around(body, bad))
			}
		}
	}
}

// TestWithoutScript does an action as a plain form does.
func TestWithoutScript(t *testing.T) {
	s := shopStory(t)
	srv := s.server()
	page := s.path("1")
	form := url.Values{"token": {"tok"}, "back": {page}}
	for _, f := range components.Fields(inspector.Action{Kind: inspector.SkipWaiting, Registration: storyKey("1"), Version: "9"}) {
		form.Set(f.Name, f.Value)
	}
	w := s.ask(srv, http.MethodPost, "/b/1/do", form.Encode())
	if w.Code != http.StatusSeeOther || w.Header().Get("Location") != page {
		t.Fatalf("%d to %q", w.Code, w.Header().Get("Location"))
	}
	if len(s.did) != 1 || s.did[0].Kind != inspector.SkipWaiting || s.did[0].Version != "9" {
		t.Errorf("did %+v", s.did)
	}
	form.Set("back", "https://evil.example/")
	if got := s.ask(srv, http.MethodPost, "/b/1/do", form.Encode()).Header().Get("Location"); got != "/" {
		t.Errorf("a form led to %q", got)
	}
}

func TestRefusedActionIsShown(t *testing.T) {
	s := shopStory(t)
	s.failing = errors.New("no registration 99 in this context")
	srv := s.server()
	s.after(time.Minute)
	form := "token=tok&kind=stop&back=" + url.QueryEscape(s.path("1"))
	if got := s.ask(srv, http.MethodPost, "/b/1/do", form).Code; got != http.StatusSeeOther {
		t.Fatal(got)
	}
	body := s.ask(srv, http.MethodGet, s.path("1"), "").Body.String()
	if !strings.Contains(body, "refused") || !strings.Contains(body, "no registration 99") {
		t.Error("the page does not say that it was refused, and why")
	}
}

func TestDestructiveAsksFirst(t *testing.T) {
	s := shopStory(t)
	srv := s.server()
	form := url.Values{"token": {"tok"}, "back": {s.path("1")}}
	for _, f := range components.Fields(inspector.Action{Kind: inspector.Unregister, Registration: storyKey("1")}) {
		form.Set(f.Name, f.Value)
	}
	w := s.ask(srv, http.MethodPost, "/b/1/do", form.Encode())
	if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "Unregister?") || len(s.did) != 0 {
		t.Fatalf("%d, did %v", w.Code, s.did)
	}
	form.Set("sure", "yes")
	if w = s.ask(srv, http.MethodPost, "/b/1/do", form.Encode()); w.Code != http.StatusSeeOther || len(s.did) != 1 {
		t.Errorf("%d, did %v", w.Code, s.did)
	}
}

func TestPushChecksJSON(t *testing.T) {
	s := shopStory(t)
	srv := s.server()
	form := "token=tok&kind=push&format=json&data=" + url.QueryEscape("{broken")
	s.ask(srv, http.MethodPost, "/b/1/do", form)
	if len(s.did) != 0 {
		t.Errorf("broken JSON was sent: %v", s.did)
	}
	s.ask(srv, http.MethodPost, "/b/1/do", "token=tok&kind=push&format=base64&data=AQID")
	if len(s.did) != 1 || !s.did[0].Binary {
		t.Errorf("did %+v", s.did)
	}
}

func TestScriptedPostStaysOnThePage(t *testing.T) {
	s := shopStory(t)
	srv := s.server()
	r := request(http.MethodPost, "/b/1/do", "X-Swinspect: 1", "X-Swinspect-Token: tok")
	if got := answer(srv, r); got.StatusCode != http.StatusNoContent {
		t.Errorf("%d", got.StatusCode)
	}
}

func TestPrefs(t *testing.T) {
	s := shopStory(t)
	srv := s.server()
	w := s.ask(srv, http.MethodPost, "/prefs", "token=tok&theme=dark&keys=off&back=/start")
	cookies := w.Result().Cookies()
	if w.Code != http.StatusSeeOther || len(cookies) != 1 {
		t.Fatalf("%d, %v", w.Code, cookies)
	}
	r := request(http.MethodGet, "/start")
	r.AddCookie(cookies[0])
	rec := httptest.NewRecorder()
	srv.ServeHTTP(rec, r)
	if body := rec.Body.String(); !strings.Contains(body, `data-theme="dark"`) || !strings.Contains(body, `data-keys="off"`) {
		t.Errorf("%.300s", body)
	}
}

func TestStartShowsWhatIsFound(t *testing.T) {
	s := newStory(t)
	looked := make(chan struct{})
	srv := New(Options{
		Hub: storyHub{s}, Token: "tok",
		Discover: func(ctx context.Context) []Found {
			defer close(looked)
			return []Found{{Label: "127.0.0.1:9333", Browser: "Edge 156", State: "no port", Class: "bad", Advice: "start it with a port"}}
		},
		Attach: func(_ context.Context, endpoint string) (string, error) {
			return "", errors.New("nobody answers at " + endpoint)
		},
	})
	defer srv.Close()
	first := s.ask(srv, http.MethodGet, "/start", "").Body.String()
	if !strings.Contains(first, "looking…") {
		t.Error("it does not say that it looks")
	}
	<-looked
	srv.found.wait()
	if body := s.ask(srv, http.MethodGet, "/start", "").Body.String(); !strings.Contains(body, "start it with a port") {
		t.Error("what was found is not shown")
	}
	w := s.ask(srv, http.MethodPost, "/attach", "token=tok&endpoint=127.0.0.1:1")
	if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/start?endpoint=127.0.0.1%3A1" {
		t.Errorf("%d to %q", w.Code, w.Header().Get("Location"))
	}
	if body := s.ask(srv, http.MethodGet, "/start", "").Body.String(); !strings.Contains(body, "nobody answers at 127.0.0.1:1") {
		t.Error("why attaching failed is not shown")
	}
}

func TestEndpointName(t *testing.T) {
	for endpoint, want := range map[string]string{
		"9222": "port 9222", "127.0.0.1:9222": "127.0.0.1:9222", "http://box.lan:9222/": "box.lan:9222",
		"ws://127.0.0.1:38165/devtools/browser/3c51": "127.0.0.1:38165", "/home/me/.config/chromium": "/home/me/.config/chromium", "": "",
	} {
		if got := endpointName(endpoint); got != want {
			t.Errorf("%q: %q, not %q", endpoint, got, want)
		}
	}
}

func TestBrowsersOfOneNameAreToldApart(t *testing.T) {
	items := []*components.BrowserItem{
		{Name: "Chrome 156", Connection: inspector.Connection{Endpoint: "9222"}},
		{Name: "Edge 156", Connection: inspector.Connection{Endpoint: "9333"}},
		{Name: "Chrome 156", Connection: inspector.Connection{Endpoint: "9444"}},
	}
	tellApart(items)
	if got := items[0].Name + " | " + items[1].Name + " | " + items[2].Name; got != "Chrome 156, port 9222 | Edge 156 | Chrome 156, port 9444" {
		t.Error(got)
	}
}
