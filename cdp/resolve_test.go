package cdp

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

const guid = "da82d600-3e66-4c68-8a83-210bee8f4686"

// browserServer answers /json/version as Chromium does: it echoes the Host
// header, and refuses one that is a name.
func browserServer(t *testing.T) *url.URL {
	t.Helper()
	return serveHTTP(t, func(w http.ResponseWriter, r *http.Request) {
		if host, _, _ := net.SplitHostPort(r.Host); net.ParseIP(host) == nil {
			http.Error(w, "Host header is specified and is not an IP address or localhost.", 500)
			return
		}
		if r.URL.Path != "/json/version" {
			http.NotFound(w, r)
			return
		}
		answerJSON(w, map[string]string{
			"Browser": "Chrome/156.0.8078.79", "webSocketDebuggerUrl": "ws://" + r.Host + "/devtools/browser/" + guid,
		})
	})
}

func serveHTTP(t *testing.T, h http.HandlerFunc) *url.URL {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	u, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func answerJSON(w http.ResponseWriter, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	_, _ = w.Write(b)
}

func TestResolve(t *testing.T) {
	u := browserServer(t)
	port := u.Port()
	want := Endpoint{
		WebSocketURL: "ws://127.0.0.1:" + port + "/devtools/browser/" + guid,
		Instance:     guid, Product: "Chrome/156.0.8078.79", Kind: KindBrowser,
	}
	byName := want
	byName.WebSocketURL = "ws://localhost:" + port + "/devtools/browser/" + guid
	token := want
	token.WebSocketURL += "?token=t%20t"
	for in, want := range map[string]Endpoint{
		port:                                   want,
		" " + port + "\n":                      want,
		"127.0.0.1:" + port:                    want,
		"localhost:" + port:                    byName, // refused by name, asked again by address
		"http://127.0.0.1:" + port:             want,
		"http://127.0.0.1:" + port + "/":       want,
		"HTTP://127.0.0.1:" + port + "/json":   want,
		u.String() + "/json/version":           want,
		u.String() + "?token=t%20t":            token,
		"ws://127.0.0.1:" + port:               want,
		"ws://127.0.0.1:" + port + "/":         want,
		"ws://h:1/devtools/browser/abc":        {WebSocketURL: "ws://h:1/devtools/browser/abc", Instance: "abc", Kind: KindBrowser},
		"wss://h/x/devtools/browser/abc?k=v":   {WebSocketURL: "wss://h/x/devtools/browser/abc?k=v", Instance: "abc", Kind: KindBrowser},
		"ws://h:1/devtools/browser":            {WebSocketURL: "ws://h:1/devtools/browser", Instance: "h:1/devtools/browser", Kind: KindBrowser},
		"ws://h:1/devtools/page/abc":           {WebSocketURL: "ws://h:1/devtools/page/abc", Instance: "h:1/devtools/page/abc", Kind: KindPage},
		"wss://cloud.example/ws?token=secret":  {WebSocketURL: "wss://cloud.example/ws?token=secret", Instance: "cloud.example/ws", Kind: KindRemote},
		"wss://cloud.example?token=secret":     {WebSocketURL: "wss://cloud.example?token=secret", Instance: "cloud.example", Kind: KindRemote},
		"ws://hub:4444/session/0123456/se/cdp": {WebSocketURL: "ws://hub:4444/session/0123456/se/cdp", Instance: "hub:4444/session/0123456/se/cdp", Kind: KindSelenium},
	} {
		t.Run(strings.ReplaceAll(in, port, "PORT"), func(t *testing.T) {
			got, err := Resolve(t.Context(), in)
			want.Input = strings.TrimSpace(in)
			if err != nil || got != want {
				t.Errorf("got  %+v, %v\nwant %+v", got, err, want)
			}
		})
	}
}

// closedPort is a port nothing listens on.
func closedPort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().(*net.TCPAddr).Port
}

func TestResolveFails(t *testing.T) {
	page := serveHTTP(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "<!doctype html>") })
	node := serveHTTP(t, func(w http.ResponseWriter, _ *http.Request) {
		answerJSON(w, map[string]string{"Browser": "node.js/v22.1.0", "Protocol-Version": "1.1"})
	})
	private := serveHTTP(t, func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", http.StatusUnauthorized) })
	broken := serveHTTP(t, func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "Bad\nGateway", http.StatusBadGateway) })
	silent := serveHTTP(t, http.NotFound)
	hub := serveHTTP(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/status" {
			http.NotFound(w, r)
			return
		}
		answerJSON(w, map[string]any{"value": map[string]any{"ready": true}})
	})
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for in, want := range map[string]struct{ reason, hint string }{
		"":                                  {"no endpoint given", "give a port"},
		"0":                                 {"0 is not a port", ""},
		"70000":                             {"70000 is not a port", ""},
		"host:x":                            {`"x" is not a port`, ""},
		"ftp://h/":                          {"the scheme", ""},
		"http://":                           {"the URL cannot be read", ""},
		"ws://%zz":                          {"the URL cannot be read", ""},
		"/no/such/dir":                      {"there is no such directory", ""},
		file:                                {"it is a file", ""},
		t.TempDir():                         {"no browser with remote debugging runs on it", "--remote-debugging-port"},
		strconv.Itoa(closedPort(t)):         {"nothing listens on", "--remote-debugging-port=9222 --user-data-dir=DIR (Chrome 136"},
		page.String():                       {"is a web server, but not a browser", "rather than the debugging port"},
		node.String():                       {"is node.js/v22.1.0, which has no browser endpoint", "service workers live in browsers"},
		private.String():                    {"refuses (HTTP 401)", "token"},
		broken.String():                     {"answers HTTP 502 on /json/version: Bad", ""},
		silent.String():                     {"no /json/version (HTTP 404): a Chrome 144", "user data directory"},
		hub.String():                        {"is a Selenium hub", "/session/SESSION-ID"},
		hub.String() + "/session/abcdef012": {"does not tell the capabilities", "still open"},
	} {
		t.Run(in, func(t *testing.T) {
			_, err := Resolve(t.Context(), in)
			failed, ok := errors.AsType[*ResolveError](err)
			if !ok || !strings.Contains(failed.Reason, want.reason) || !strings.Contains(failed.Hint, want.hint) || failed.Input != in {
				t.Errorf("got %#v", err)
			}
		})
	}
}

func TestThroughBase(t *testing.T) {
	for _, test := range []struct{ ws, base, want string }{
		{"ws://127.0.0.1:9222/devtools/browser/x", "http://tunnel:4000", "ws://tunnel:4000/devtools/browser/x"},
		{"ws://172.17.0.2:9222/devtools/browser/x", "https://chrome.example/a/b/", "wss://chrome.example/a/b/devtools/browser/x"},
		{"ws://chrome.example/a/devtools/browser/x", "https://chrome.example/a", "wss://chrome.example/a/devtools/browser/x"},
		{"wss://other.example/ws/7", "https://chrome.example/?token=t", "wss://other.example/ws/7?token=t"},
		{"ws://localhost/devtools/browser/x?own=1", "http://u:p@h:1/?token=t", "ws://u:p@h:1/devtools/browser/x?own=1"},
	} {
		ws, errA := url.Parse(test.ws)
		base, errB := url.Parse(test.base)
		if errA != nil || errB != nil {
			t.Fatal(errA, errB)
		}
		if got := throughBase(ws, base).String(); got != test.want {
			t.Errorf("%s through %s: got %s, want %s", test.ws, test.base, got, test.want)
		}
	}
}

// profileWith is a user data directory with a DevToolsActivePort.
func profileWith(t *testing.T, content string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "DevToolsActivePort"), []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestResolveProfile(t *testing.T) {
	listens := browserServer(t).Port()
	silent := serveHTTP(t, http.NotFound).Port()
	dir := profileWith(t, listens+"\n/devtools/browser/stale")
	for name, test := range map[string]struct{ dir, instance, reason string }{
		"listens; the path of the browser counts": {dir, guid, ""},
		"a profile in it":                         {filepath.Join(dir, "Default"), guid, ""},
		"without /json (Chrome 144)":              {profileWith(t, silent+"\n/devtools/browser/fresh\n"), "fresh", ""},
		"ended":                                   {profileWith(t, strconv.Itoa(closedPort(t))+"\n/devtools/browser/x"), "", "the browser has ended"},
		"garbage":                                 {profileWith(t, "not a port"), "", "is not a port and a path"},
		"empty":                                   {profileWith(t, ""), "", "is not a port and a path"},
	} {
		t.Run(name, func(t *testing.T) {
			if err := os.MkdirAll(test.dir, 0o700); err != nil {
				t.Fatal(err)
			}
			got, err := Resolve(t.Context(), test.dir)
			if test.reason == "" {
				if err != nil || got.Instance != test.instance || got.Kind != KindBrowser || got.Input != test.dir {
					t.Errorf("got %+v, %v", got, err)
				}
				return
			}
			if failed, ok := errors.AsType[*ResolveError](err); !ok || !strings.Contains(failed.Reason, test.reason) {
				t.Errorf("got %+v, %v", got, err)
			}
		})
	}
}

func TestRunningOn(t *testing.T) {
	dir := t.TempDir()
	running := []process{
		{1, []string{"/bin/sh", "/usr/bin/chromium", "--user-data-dir=" + dir, "--remote-debugging-port=1"}},
		{2, []string{"/usr/lib/chromium/chromium", "--type=renderer", "--user-data-dir=" + dir}},
		{3, []string{"/usr/lib/chromium/chromium", "--user-data-dir=" + dir, "--remote-debugging-port=9000", "--remote-debugging-port=9001"}},
	}
	for _, in := range []string{dir, filepath.Join(dir, "Default")} {
		if p, ok := runningOn(in, running); !ok || p.pid != 3 || p.port() != 9001 {
			t.Errorf("%s: %+v, %v", in, p, ok)
		}
	}
	if _, ok := runningOn(t.TempDir(), running); ok {
		t.Error("a browser runs on an empty directory")
	}
}

func TestLockHolder(t *testing.T) {
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	for target, want := range map[string]int{
		fmt.Sprintf("%s-%d", host, os.Getpid()):  os.Getpid(),
		host + "-2147483646":                     0,
		fmt.Sprintf("elsewhere-%d", os.Getpid()): 0,
		"nonsense":                               0,
	} {
		dir := t.TempDir()
		if err := os.Symlink(target, filepath.Join(dir, "SingletonLock")); err != nil {
			t.Fatal(err)
		}
		if got := lockHolder(dir); got != want {
			t.Errorf("%s: got %d, want %d", target, got, want)
		}
	}
}

// TestResolveSelenium has a hub that tells the capabilities in each of the ways
// hubs and drivers do.
func TestResolveSelenium(t *testing.T) {
	const id = "3f1c9a0b2d4e5f60718293a4b5c6d7e8"
	caps := map[string]any{"browserName": "chrome", "browserVersion": "156.0", "se:cdp": "ws://127.0.0.1:4444/session/" + id + "/se/cdp"}
	text, err := json.Marshal(caps)
	if err != nil {
		t.Fatal(err)
	}
	browser := browserServer(t)
	hubs := map[string]map[string]any{
		"driver": {"/session/" + id: map[string]any{"value": map[string]any{"capabilities": caps}}},
		"old":    {"/wd/hub/session/" + id: map[string]any{"value": caps}},
		"graph":  {"/graphql": map[string]any{"data": map[string]any{"session": map[string]any{"capabilities": string(text)}}}},
		"status": {"/status": map[string]any{"value": map[string]any{"ready": true, "nodes": []any{map[string]any{
			"slots": []any{map[string]any{"session": nil}, map[string]any{"session": map[string]any{"sessionId": id, "capabilities": caps}}}}}}}},
		"local": {"/session/" + id: map[string]any{"value": map[string]any{"browserName": "chrome", "goog:chromeOptions": map[string]any{"debuggerAddress": browser.Host}}}},
		"other": {"/session/" + id: map[string]any{"value": map[string]any{"browserName": "firefox", "browserVersion": "140"}}},
	}
	for name, answers := range hubs {
		t.Run(name, func(t *testing.T) {
			hub := serveHTTP(t, func(w http.ResponseWriter, r *http.Request) {
				if answer, ok := answers[r.URL.Path]; ok {
					answerJSON(w, answer)
					return
				}
				w.WriteHeader(404)
				answerJSON(w, map[string]any{"value": map[string]any{"error": "unknown command"}})
			})
			in := hub.String() + "/session/" + id
			if name == "old" {
				in = hub.String() + "/wd/hub/session/" + id
			}
			got, err := Resolve(t.Context(), in)
			switch name {
			case "local":
				if err != nil || got.Instance != guid {
					t.Errorf("got %+v, %v", got, err)
				}
			case "other":
				if failed, ok := errors.AsType[*ResolveError](err); !ok || !strings.Contains(failed.Reason, "(firefox/140) has no se:cdp") {
					t.Errorf("got %+v, %v", got, err)
				}
			default:
				if err != nil || got.WebSocketURL != caps["se:cdp"] || got.Kind != KindSelenium || got.Product != "chrome/156.0" {
					t.Errorf("got %+v, %v", got, err)
				}
			}
		})
	}
}

func TestResolveObeysContext(t *testing.T) {
	release := make(chan struct{})
	u := serveHTTP(t, func(http.ResponseWriter, *http.Request) { <-release })
	defer close(release)
	ctx, cancel := contextWithTimeout(t, 50*time.Millisecond)
	defer cancel()
	_, err := Resolve(ctx, u.Host)
	if failed, ok := errors.AsType[*ResolveError](err); !ok || !strings.Contains(failed.Reason, "does not answer") {
		t.Errorf("got %v", err)
	}
}
