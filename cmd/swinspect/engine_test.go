package main

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/swinspect/swinspect/runtime/cache"
	"github.com/swinspect/swinspect/runtime/fetch"
	"github.com/swinspect/swinspect/runtime/window"
)

// Without a word, swinspect shows the demo: a new version waits, caches, a fetch explained.
func TestServeOpensTheDemo(t *testing.T) {
	defer http.DefaultClient.CloseIdleConnections()
	url, errs, stop := serving(t, nil, "--discover=false")
	base := strings.TrimSuffix(url, "/")
	eventually(t, base, "tideline.example")
	eventually(t, base, "<title>tideline.example/, overview") // what waits is shown first
	page := registrationPage(t, base)
	eventually(t, page+"/caches", "shell-v1")
	eventually(t, page+"/explain?filter=kind:fetch", "/news/latest.json")
	eventually(t, page+"/explain?filter=verdict:cache-miss", "/api/forecast")
	eventually(t, page+"/routes", "/news/*")
	if exit := stop(); exit != exitOK {
		t.Errorf("exit %d after an interrupt: %s", exit, errs)
	}
}

// registrationPage is where / leads to.
func registrationPage(t *testing.T, base string) string {
	t.Helper()
	_, body := get(t, base)
	m := regexp.MustCompile(`href="(/b/\w+/r/[\w-]+)/explain"`).FindStringSubmatch(body)
	if m == nil {
		t.Fatalf("no registration on %s: %.2000s", base, body)
	}
	return base + m[1]
}

// A built site opens under its own origin.
func TestServeASite(t *testing.T) {
	defer http.DefaultClient.CloseIdleConnections()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"index.html": `<!doctype html><title>shop</title><script>navigator.serviceWorker.register('/sw.js')</script>`,
		"sw.js":      `addEventListener('fetch', e => e.respondWith(fetch(e.request)))`,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	url, _, _ := serving(t, nil, "--site", dir+"@https://shop.example")
	eventually(t, strings.TrimSuffix(url, "/"), "shop.example")
}

func TestEngineRefusesWhatItCannotServe(t *testing.T) {
	call(t, "engine", "--site", "/no/such/folder").want(t, exitUsage, "there is no folder /no/such/folder")
	call(t, "engine", "--site", t.TempDir()+"@ftp://x").want(t, exitUsage, "is no origin")
	call(t, "serve", "--engine-memory", "1").want(t, exitUsage, "128 MiB")
	call(t, "engine", "--listen", "0.0.0.0:0").want(t, exitUsage, "--token")
	call(t, "engine", "--allow", "*", "--resolve", "x").want(t, exitUsage, "--resolve")
	call(t, "serve", "--listen", "127.0.0.1:0", "--site", "/no/such/folder").want(t, exitUsage, "there is no folder")
	one, two := filepath.Join(t.TempDir(), "dist"), filepath.Join(t.TempDir(), "dist")
	for _, dir := range []string{one, two} {
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	call(t, "engine", "--site", one, "--site", two).want(t, exitUsage, "https://dist.localhost is the origin of "+one)
	file := filepath.Join(one, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	call(t, "serve", "--listen", "127.0.0.1:0", "--site", one, "--profile", file).want(t, exitNo, "the engine does not start: --profile: ")
}

// An engine that is killed comes back with what it had.
func TestTheEngineComesBack(t *testing.T) {
	defer http.DefaultClient.CloseIdleConnections()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"index.html": `<!doctype html><title>hog</title><script>navigator.serviceWorker.register('/sw.js')</script>`,
		"sw.js":      `addEventListener('install', e => e.waitUntil(caches.open('kept').then(c => c.put('/x', new Response('x')))))`,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	url, errs, _ := serving(t, nil, "--site", dir+"@https://hog.example")
	base := strings.TrimSuffix(url, "/")
	eventually(t, base, "<title>hog.example/, overview")
	eventually(t, registrationPage(t, base)+"/caches", "kept")
	time.Sleep(3 * time.Second) // the state is written once a second
	child := childWith(t, dir)
	if child == 0 {
		t.Fatal("there is no engine process")
	}
	if err := syscall.Kill(child, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(30 * time.Second); !strings.Contains(errs.String(), "the engine ended"); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("nothing was said of the engine's end: %s", errs)
		}
	}
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		if again := childWith(t, dir); again != 0 && again != child {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("it did not come back: %s", errs)
		}
	}
	eventually(t, base, "<title>hog.example/, overview")
	eventually(t, registrationPage(t, base)+"/caches", "kept")
}

// childWith is the process of an engine that this test started, by a word of its
// command line; 0 when there is none.
func childWith(t *testing.T, word string) int {
	t.Helper()
	names, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		line, err := os.ReadFile(name)
		if err == nil && strings.Contains(string(line), "--pipe") && strings.Contains(string(line), word) {
			pid, err := strconv.Atoi(filepath.Base(filepath.Dir(name)))
			if err != nil {
				t.Fatal(err)
			}
			return pid
		}
	}
	return 0
}

// Two engines would overwrite each other's state.
func TestAProfileIsUsedByOneEngine(t *testing.T) {
	browser := window.NewBrowser(window.BrowserOptions{})
	defer browser.Close()
	dir := t.TempDir()
	one, err := openProfile(dir, browser.DefaultContext())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := openProfile(dir, browser.DefaultContext()); err == nil || !strings.Contains(err.Error(), "in use") {
		t.Errorf("a profile in use was opened: %v", err)
	}
	one.close()
	again, err := openProfile(dir, browser.DefaultContext())
	if err != nil {
		t.Fatalf("after it was let go of: %v", err)
	}
	again.close()
}

func TestAProfileIsWrittenAsItIsRead(t *testing.T) {
	entry := func(url, body string) cache.SavedEntry {
		return cache.SavedEntry{Time: time.Unix(5, 6).UTC(), Request: cache.SavedRequest{Method: "GET", URL: url}, Response: cache.SavedResponse{Status: 200, Body: []byte(body)}}
	}
	p := savedProfile{Format: profileFormat, Caches: map[string]cache.Saved{
		"https://b/": {Caches: []cache.SavedCache{{Name: []byte("v1"), Entries: []cache.SavedEntry{entry("https://b/", "one"), entry("https://b/2", "\x00\xff")}}, {Name: []byte("v2"), Entries: []cache.SavedEntry{}}}},
		"https://a/": {Caches: []cache.SavedCache{}},
	}}
	var b bytes.Buffer
	if err := p.write(&b); err != nil {
		t.Fatal(err)
	}
	var read savedProfile
	if err := json.Unmarshal(b.Bytes(), &read); err != nil || !reflect.DeepEqual(read, p) {
		t.Errorf("%v\n%s\n%+v", err, b.Bytes(), read)
	}
	before, err := p.fingerprint()
	if err != nil {
		t.Fatal(err)
	}
	p.Caches["https://b/"].Caches[0].Entries[1].Time = time.Unix(7, 0)
	if after, _ := p.fingerprint(); after == before {
		t.Error("an entry was stored anew, the fingerprint is the same")
	}
}

// Caches are kept of every storage key, those of pages without a worker too.
func TestAProfileKeepsTheCachesOfPages(t *testing.T) {
	dir := t.TempDir()
	const key = "https://a.example"
	browser := window.NewBrowser(window.BrowserOptions{})
	defer browser.Close()
	kept, err := openProfile(dir, browser.DefaultContext())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := browser.DefaultContext().Engine().CacheStorage(key).Open("kept"); err != nil {
		t.Fatal(err)
	}
	kept.close()
	again := window.NewBrowser(window.BrowserOptions{})
	defer again.Close()
	kept, err = openProfile(dir, again.DefaultContext())
	if err != nil {
		t.Fatal(err)
	}
	defer kept.close()
	if names := again.DefaultContext().Engine().CacheStorage(key).Keys(); len(names) != 1 || names[0] != "kept" {
		t.Errorf("caches %q", names)
	}
}

func TestALinkOutOfASiteLeadsNowhere(t *testing.T) {
	outside, dir := t.TempDir(), t.TempDir()
	for name, text := range map[string]string{filepath.Join(outside, "secret"): "s", filepath.Join(dir, "page"): "p"} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, to := range map[string]string{"out": filepath.Join(outside, "secret"), "folder": outside, "in": "page"} {
		if err := os.Symlink(to, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	site := fetch.Folder(folder(dir), "https://a.example")
	for path, want := range map[string]int{"/page": 200, "/in": 200, "/out": 404, "/folder/secret": 404, "/none": 404} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://a.example"+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		response, err := site.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if response.StatusCode != want {
			t.Errorf("%s: %d, want %d", path, response.StatusCode, want)
		}
	}
}
