package ui

import (
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp/jsonv2"

	"github.com/swinspect/swinspect/inspector"
	"github.com/swinspect/swinspect/inspector/recording"
)

// writeTape writes a recording of a scope with a few requests, one of them hostile.
func writeTape(t *testing.T, path string) {
	t.Helper()
	began := storyStart
	w, err := recording.Create(path, recording.Meta{Mode: recording.Passive, Target: "shop", Browser: "Chrome/156.0", Began: began, Redacted: true}, recording.Options{})
	if err != nil {
		t.Fatal(err)
	}
	event := func(at time.Duration, target, method, params string) {
		t.Helper()
		m := inspector.Message{Time: began.Add(at), Kind: inspector.KindEvent, Instance: storyInstance, Context: storyContext, Target: target, Method: method, Params: jsonv2.Value(params)}
		if err := w.Write(m); err != nil {
			t.Fatal(err)
		}
	}
	for _, n := range []inspector.Note{
		inspector.NoteAttached{Endpoint: "x", Product: "Chrome/156.0"}, inspector.NoteContexts{Contexts: []inspector.NoteContext{{ID: storyContext, Default: true}}},
	} {
		if err := w.Note(began, storyInstance, storyContext, n); err != nil {
			t.Fatal(err)
		}
	}
	event(time.Second, "", "ServiceWorker.workerRegistrationUpdated", `{"registrations":[{"registrationId":"1","scopeURL":"https://shop.example/","isDeleted":false,"storageKey":"https://shop.example/"}]}`)
	event(2*time.Second, "", "ServiceWorker.workerVersionUpdated", `{"versions":[{"versionId":"9","registrationId":"1","scriptURL":"https://shop.example/sw.js","runningStatus":"running","status":"activated","controlledClients":["P"]}]}`)
	for i, u := range []string{"https://shop.example/a", "https://shop.example/" + hostileText} {
		at := time.Duration(3+i) * time.Second
		event(at, "P", "Network.requestWillBeSent", `{"requestId":"r`+string(rune('1'+i))+`","documentURL":"https://shop.example/","request":{"url":`+wire(u)+`,"method":"GET","headers":{"X":`+wire(hostileText)+`}},"timestamp":1,"type":"Fetch","frameId":"P","initiator":{"type":"script"}}`)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}

func tapeServer(t *testing.T) (s *story, srv *Server, dir string) {
	t.Helper()
	s = shopStory(t)
	dir = t.TempDir()
	writeTape(t, filepath.Join(dir, "shop.swrec"))
	srv = s.server()
	srv.library.dir = dir
	t.Cleanup(srv.Close)
	return s, srv, dir
}

// TestNamesStayInTheFolder lets a form name files that are none of the page's business.
func TestNamesStayInTheFolder(t *testing.T) {
	s, srv, dir := tapeServer(t)
	outside := filepath.Join(filepath.Dir(dir), "outside.swrec")
	if err := os.WriteFile(outside, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"../outside.swrec", outside, "..", ".", "", ".hidden", `..\outside.swrec`, "a/b.swrec"} {
		form := url.Values{"token": {"tok"}, "name": {name}, "sure": {"yes"}}
		s.ask(srv, http.MethodPost, "/recordings/delete", form.Encode())
		if _, err := srv.library.file(name); err == nil {
			t.Errorf("%q is taken for a recording", name)
		}
	}
	for _, path := range []string{outside, filepath.Join(dir, "shop.swrec")} {
		if _, err := os.Stat(path); err != nil {
			t.Error(err)
		}
	}
}

// TestDeleteAsksFirst needs the second word.
func TestDeleteAsksFirst(t *testing.T) {
	s, srv, dir := tapeServer(t)
	form := url.Values{"token": {"tok"}, "name": {"shop.swrec"}}
	s.ask(srv, http.MethodPost, "/recordings/delete", form.Encode())
	if _, err := os.Stat(filepath.Join(dir, "shop.swrec")); err != nil {
		t.Fatal("deleted without being asked", err)
	}
	form.Set("sure", "yes")
	s.ask(srv, http.MethodPost, "/recordings/delete", form.Encode())
	if _, err := os.Stat(filepath.Join(dir, "shop.swrec")); err == nil {
		t.Error("it is still there")
	}
}

// TestTape opens a recording, looks at every panel, and goes back in time.
func TestTape(t *testing.T) {
	s, srv, dir := tapeServer(t)
	id, err := srv.OpenRecording(t.Context(), filepath.Join(dir, "shop.swrec"))
	if err != nil {
		t.Fatal(err)
	}
	tape := srv.library.tape(id)
	reg := tape.State().Live()[0]
	base := "/b/" + id + "/r/" + reg.Slug(tape.State())
	for _, panel := range []string{"", "/timeline", "/caches", "/fetches", "/fetches?fetch=r2", "/fetches?fetch=r2&tab=request&edit=1", "/source", "/errors", "/routes", "/explain"} {
		w := s.ask(srv, http.MethodGet, base+panel, "")
		body := w.Body.String()
		if w.Code != http.StatusOK || !strings.Contains(body, `id="tape-at"`) {
			t.Errorf("%s: %d, slider %v", panel, w.Code, strings.Contains(body, `id="tape-at"`))
		}
		for _, bad := range []string{"<script>", "<img", `href="javascript:`, " style=", ">Unregister<"} {
			if strings.Contains(body, bad) {
				t.Errorf("%s has %s: …%s…", panel, bad, around(body, bad))
			}
		}
	}
	body := s.ask(srv, http.MethodGet, base+"/fetches", "").Body.String()
	if !strings.Contains(body, "2 requests") {
		t.Errorf("not both requests: %s", around(body, "requests"))
	}
	s.ask(srv, http.MethodPost, "/b/"+id+"/moment", url.Values{"token": {"tok"}, "step": {"start"}}.Encode())
	if n := len(tape.State().Live()); n != 0 {
		t.Errorf("%d registrations at the beginning", n)
	}
	s.ask(srv, http.MethodPost, "/b/"+id+"/moment", url.Values{"token": {"tok"}, "step": {"next"}}.Encode())
	if n := len(tape.State().Live()); n != 1 {
		t.Errorf("%d registrations after the first change", n)
	}
	if body := s.ask(srv, http.MethodGet, base+"/fetches", "").Body.String(); !strings.Contains(body, "No request up to this moment") {
		t.Error("requests of the future are shown")
	}
	if body := s.ask(srv, http.MethodGet, "/b/"+id+"/compare", "").Body.String(); !strings.Contains(body, "added") {
		t.Error("the comparison does not say what was added")
	}
}

// TestTapeNeedsTheToken: what changes something asks for it.
func TestTapeNeedsTheToken(t *testing.T) {
	s, srv, _ := tapeServer(t)
	for _, path := range []string{"/recordings/open", "/recordings/delete", "/recordings/import?name=a.har", "/b/1/record", "/b/1/record/stop", "/b/1/moment", "/replay/run", "/replay/stop", s.path("1") + "/fetches/watch", s.path("1") + "/fetches/resend"} {
		if got := s.ask(srv, http.MethodPost, path, "token=wrong").Code; got != http.StatusForbidden {
			t.Errorf("%s: %d", path, got)
		}
	}
}
