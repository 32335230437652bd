package fetch

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"go.uber.org/goleak"

	"github.com/swinspect/swinspect/runtime/clock"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// site is a server on this machine with a Fetcher and a client of its origin.
type site struct {
	*httptest.Server
	f   *Fetcher
	env Client
	hit atomic.Int64
}

var epoch = time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)

func newSite(t *testing.T, o FetcherOptions, handlers map[string]http.HandlerFunc) *site {
	t.Helper()
	s := &site{}
	mux := http.NewServeMux()
	for path, h := range handlers {
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) { s.hit.Add(1); h(w, r) })
	}
	s.Server = httptest.NewServer(mux)
	t.Cleanup(s.Close)
	live := Live(LiveOptions{AllowedOrigins: []string{"*"}, HostMap: map[string]string{"*.test": "127.0.0.1"}})
	t.Cleanup(live.CloseIdleConnections)
	if o.Network == nil {
		o.Network = live
	}
	s.f = NewFetcher(o)
	base := MustParseURL(s.URL + "/page")
	s.env = Client{ID: "c1", Origin: base.Origin(), BaseURL: base, CreationURL: base}
	return s
}

func (s *site) request(path string) *Request {
	r := NewRequest(MustParseURL(s.URL + path))
	r.Mode = "cors"
	return r
}

func (s *site) other(path string) *Request { // the same server under another origin
	u := strings.Replace(s.URL, "127.0.0.1", "other.test", 1)
	r := NewRequest(MustParseURL(u + path))
	r.Mode = "cors"
	return r
}

func text(t *testing.T, r *Response) string {
	t.Helper()
	if r.Body == nil {
		return ""
	}
	b, err := r.Body.ReadAll(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestBasic(t *testing.T) {
	s := newSite(t, FetcherOptions{UserAgent: "swinspect"}, map[string]http.HandlerFunc{
		"/a": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Set-Cookie", "k=v; Path=/")
			w.Header().Set("X-Seen", r.Header.Get("Sec-Fetch-Site")+"|"+r.Header.Get("User-Agent")+"|"+r.Header.Get("Referer")+"|"+r.Header.Get("Cookie")+"|"+r.Header.Get("Origin"))
			w.WriteHeader(203)
			_, _ = io.WriteString(w, "hello")
		},
	})
	r := s.f.Fetch(t.Context(), s.request("/a#frag"), s.env)
	if r.Type != "basic" || r.Status != 203 || r.Headers.Has("Set-Cookie") || !r.Unfiltered().Headers.Has("set-cookie") || text(t, r) != "hello" {
		t.Fatalf("%+v", r)
	}
	if seen, _ := r.Headers.Get("X-Seen"); seen != "same-origin|swinspect|"+s.URL+"/page||" {
		t.Error(seen)
	}
	r = s.f.Fetch(t.Context(), s.request("/a"), s.env)
	if seen, _ := r.Headers.Get("X-Seen"); !strings.Contains(seen, "|k=v|") {
		t.Error(seen)
	}
	_ = text(t, r)
}

func TestDecoding(t *testing.T) {
	var zipped bytes.Buffer
	w := gzip.NewWriter(&zipped)
	_, _ = io.WriteString(w, strings.Repeat("z", 1000))
	w.Close()
	s := newSite(t, FetcherOptions{}, map[string]http.HandlerFunc{
		"/gz": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = w.Write(zipped.Bytes())
		},
		"/bad": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = io.WriteString(w, "not gzip at all")
		},
	})
	if got := text(t, s.f.Fetch(t.Context(), s.request("/gz"), s.env)); got != strings.Repeat("z", 1000) {
		t.Error(got)
	}
	if _, err := s.f.Fetch(t.Context(), s.request("/bad"), s.env).Body.ReadAll(t.Context(), 0); err == nil {
		t.Error("no error for a body that does not decode")
	}
}

func TestRedirects(t *testing.T) {
	s := newSite(t, FetcherOptions{}, map[string]http.HandlerFunc{
		"/to": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Location", "/end?m="+r.Method)
			w.WriteHeader(302)
		},
		"/307":  func(w http.ResponseWriter, r *http.Request) { w.Header().Set("Location", "/end"); w.WriteHeader(307) },
		"/loop": func(w http.ResponseWriter, r *http.Request) { w.Header().Set("Location", "/loop"); w.WriteHeader(301) },
		"/data": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Location", "data:,x")
			w.WriteHeader(301)
		},
		"/none": func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(302); fmt.Fprint(w, "stay") },
		"/end": func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			fmt.Fprint(w, r.Method, string(body), r.Header.Get("Content-Type"))
		},
	})
	post := s.request("/to")
	post.Method, post.Body = "POST", BytesBody([]byte("b"))
	post.Headers.Append("Content-Type", "text/plain")
	r := s.f.Fetch(t.Context(), post, s.env)
	if got := text(t, r); got != "GET" || len(r.URLList) != 2 || r.URL().Path() != "/end" {
		t.Error(got, r.URLList)
	}
	post = s.request("/307")
	post.Method, post.Body = "POST", BytesBody([]byte("b"))
	if got := text(t, s.f.Fetch(t.Context(), post, s.env)); got != "POSTb" {
		t.Error(got)
	}
	if r := s.f.Fetch(t.Context(), s.request("/loop"), s.env); !errors.Is(r.Err, ErrTooManyRedirects) || s.hit.Load() < 21 {
		t.Error(r.Err, s.hit.Load())
	}
	for _, path := range []string{"/data"} {
		if r := s.f.Fetch(t.Context(), s.request(path), s.env); !r.IsNetworkError() {
			t.Error(path)
		}
	}
	if r := s.f.Fetch(t.Context(), s.request("/none"), s.env); r.Status != 302 || text(t, r) != "stay" {
		t.Errorf("%+v", r)
	}
	manual := s.request("/to")
	manual.Redirect = "manual"
	r = s.f.Fetch(t.Context(), manual, s.env)
	if r.Type != "opaqueredirect" || r.Status != 0 || r.Unfiltered().Status != 302 {
		t.Errorf("%+v", r)
	}
	refused := s.request("/to")
	refused.Redirect = "error"
	if r := s.f.Fetch(t.Context(), refused, s.env); !r.IsNetworkError() {
		t.Errorf("%+v", r)
	}
}

func TestCORS(t *testing.T) {
	var preflights atomic.Int64
	s := newSite(t, FetcherOptions{}, map[string]http.HandlerFunc{
		"/closed": func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "secret") },
		"/open": func(w http.ResponseWriter, r *http.Request) {
			if r.Method == "OPTIONS" {
				preflights.Add(1)
				w.Header().Set("Access-Control-Allow-Headers", "x-a")
				w.Header().Set("Access-Control-Allow-Methods", "PUT")
				w.Header().Set("Access-Control-Max-Age", "100")
			}
			w.Header().Set("Access-Control-Allow-Origin", "*")
			w.Header().Set("Access-Control-Expose-Headers", "X-Shown")
			w.Header().Set("X-Shown", "1")
			w.Header().Set("X-Hidden", "1")
			fmt.Fprint(w, r.Header.Get("Origin"))
		},
	})
	r := s.f.Fetch(t.Context(), s.other("/closed"), s.env)
	var blocked *BlockedError
	if !errors.As(r.Err, &blocked) || blocked.CORS != "MissingAllowOriginHeader" {
		t.Error(r.Err)
	}
	r = s.f.Fetch(t.Context(), s.other("/open"), s.env)
	if r.Type != "cors" || !r.Headers.Has("x-shown") || r.Headers.Has("x-hidden") || text(t, r) != s.env.Origin.String() {
		t.Errorf("%+v", r)
	}
	credentialed := s.other("/open")
	credentialed.Credentials = "include"
	if r := s.f.Fetch(t.Context(), credentialed, s.env); !r.IsNetworkError() {
		t.Error("* with credentials")
	}
	noCORS := s.other("/closed")
	noCORS.Mode = "no-cors"
	r = s.f.Fetch(t.Context(), noCORS, s.env)
	if r.Type != "opaque" || r.Status != 0 || r.Body != nil || len(r.URLList) != 0 || text(t, r.Unfiltered()) != "secret" {
		t.Errorf("%+v", r)
	}
	for i := range 2 {
		unsafe := s.other("/open")
		unsafe.Method, unsafe.UnsafeRequest = "PUT", true
		unsafe.Headers.Append("X-A", "1")
		if r := s.f.Fetch(t.Context(), unsafe, s.env); r.IsNetworkError() || preflights.Load() != 1 {
			t.Error(i, r.Err, preflights.Load())
		}
	}
	unsafe := s.other("/open")
	unsafe.Method, unsafe.UnsafeRequest = "DELETE", true
	if r := s.f.Fetch(t.Context(), unsafe, s.env); !errors.As(r.Err, &blocked) || blocked.CORS != "MethodDisallowedByPreflightResponse" {
		t.Error(r.Err)
	}
}

// Cache modes and validation over a clock that the test moves.
func TestHTTPCache(t *testing.T) {
	c := clock.NewVirtual(epoch)
	n := 0
	s := newSite(t, FetcherOptions{Clock: c}, map[string]http.HandlerFunc{
		"/fresh": func(w http.ResponseWriter, r *http.Request) {
			n++
			w.Header().Set("Date", c.Now().Format(http.TimeFormat))
			w.Header().Set("Cache-Control", "max-age=60")
			w.Header().Set("Vary", "X-V")
			w.Header().Set("ETag", `"e"`)
			if r.Header.Get("If-None-Match") == `"e"` {
				w.WriteHeader(304)
				return
			}
			fmt.Fprint(w, n)
		},
	})
	get := func(mode CacheMode, vary string) string {
		r := s.request("/fresh")
		r.Cache = mode
		if vary != "" {
			r.Headers.Append("X-V", vary)
		}
		response := s.f.Fetch(t.Context(), r, s.env)
		if response.IsNetworkError() {
			return response.Err.Error()
		}
		return text(t, response)
	}
	steps := []struct {
		mode    CacheMode
		vary    string
		advance time.Duration
		want    string
		asked   int
	}{
		{"only-if-cached", "", 0, ErrNotCached.Error(), 0},
		{"default", "", 0, "1", 1},
		{"default", "", 0, "1", 1},
		{"default", "b", 0, "2", 2}, // another variant
		{"default", "", 0, "1", 2},
		{"no-cache", "", 0, "1", 3}, // validated
		{"reload", "", 0, "4", 4},
		{"no-store", "", 0, "5", 5},
		{"default", "", 0, "4", 5},
		{"default", "", time.Minute, "4", 6}, // stale, validated
		{"default", "", 30 * time.Second, "4", 6},
		{"force-cache", "", time.Hour, "4", 6},
		{"only-if-cached", "", 0, "4", 6},
	}
	for i, step := range steps {
		c.Advance(step.advance)
		if got := get(step.mode, step.vary); got != step.want || n != step.asked {
			t.Errorf("step %d: %q after %d requests, want %q after %d", i, got, n, step.want, step.asked)
		}
	}
}

func TestWorkerAnswers(t *testing.T) {
	s := newSite(t, FetcherOptions{}, map[string]http.HandlerFunc{"/": func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "net") }})
	s.f.HandleFetch = func(ctx context.Context, r *Request, env Client) *Response {
		switch r.URL().Path() {
		case "/made":
			return &Response{Type: "default", Status: 200, Body: BytesBody([]byte("sw"))}
		case "/opaque":
			return FilterOpaque(&Response{Type: "default", Status: 200})
		}
		return nil
	}
	r := s.f.Fetch(t.Context(), s.request("/made"), s.env)
	if text(t, r) != "sw" || r.Type != "basic" || !r.FromServiceWorker || r.URL().Path() != "/made" {
		t.Errorf("%+v", r)
	}
	if r := s.f.Fetch(t.Context(), s.request("/opaque"), s.env); !r.IsNetworkError() {
		t.Error("an opaque response to a cors request")
	}
	if r := s.f.Fetch(t.Context(), s.request("/other"), s.env); text(t, r) != "net" || r.Type != "basic" {
		t.Errorf("%+v", r)
	}
}

func TestLocalSchemes(t *testing.T) {
	f := NewFetcher(FetcherOptions{})
	env := Client{Origin: MustParseURL("https://a.test").Origin()}
	for input, want := range map[string]string{
		"data:,a%20b":                           "text/plain;charset=US-ASCII a b",
		"data:text/html;base64,PGI+":            "text/html <b>",
		"data:;charset=utf-8,x":                 "text/plain;charset=utf-8 x",
		"data:application/json ; Base64 ,eyJ9":  "application/json {\"}",
		"data:text/plain;a=\"b,c\",d":           `text/plain;a=b c",d`,
		"about:blank":                           "text/html;charset=utf-8 ",
		"about:config":                          "",
		"data:nocomma":                          "",
		"blob:https://a.test/1":                 "",
		"data:image/svg+xml;utf8,<svg/>#anchor": "image/svg+xml <svg/>",
	} {
		r := NewRequest(MustParseURL(input))
		r.Mode = "navigate"
		got := ""
		if response := f.Fetch(t.Context(), r, env); !response.IsNetworkError() {
			mimeType, _ := response.Headers.Get("Content-Type")
			got = mimeType + " " + text(t, response)
		}
		if got != want {
			t.Errorf("%s: %q, want %q", input, got, want)
		}
	}
}

func TestIntegrity(t *testing.T) {
	s := newSite(t, FetcherOptions{}, map[string]http.HandlerFunc{"/": func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "x") }})
	for metadata, ok := range map[string]bool{
		"sha256-LXEWQrcmsEQBYnyp+6wy9chTD7GQPMTbAiWHF5IaSIE=":                 true,
		"sha256-LXEWQrcmsEQBYnyp+6wy9chTD7GQPMTbAiWHF5IaSIE=?opt sha256-AAAA": true,
		"sha256-AAAA":  false,
		"md5-whatever": true,
		"sha256-LXEWQrcmsEQBYnyp+6wy9chTD7GQPMTbAiWHF5IaSIE= sha512-AAAA": false,
	} {
		r := s.request("/")
		r.Integrity = metadata
		response := s.f.Fetch(t.Context(), r, s.env)
		if response.IsNetworkError() == ok {
			t.Error(metadata, response.Err)
		} else if ok && text(t, response) != "x" {
			t.Error("body lost")
		}
	}
}

func TestAbort(t *testing.T) {
	release := make(chan struct{})
	s := newSite(t, FetcherOptions{}, map[string]http.HandlerFunc{"/slow": func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, "part")
		w.(http.Flusher).Flush()
		select {
		case <-release:
		case <-r.Context().Done():
		}
	}})
	defer close(release)
	cause := errors.New("the page is gone")
	ctx, cancel := context.WithCancelCause(t.Context())
	r := s.f.Fetch(ctx, s.request("/slow"), s.env)
	reader := r.Body.Reader()
	part := make([]byte, 4)
	if _, err := io.ReadFull(reader, part); err != nil || string(part) != "part" {
		t.Fatal(err, string(part))
	}
	cancel(cause)
	if _, err := reader.Read(part); !errors.Is(err, cause) {
		t.Error(err)
	}
	reader.Close()
	if r := s.f.Fetch(ctx, s.request("/slow"), s.env); !r.Aborted || !errors.Is(r.Err, cause) {
		t.Error(r.Err)
	}
}

func TestFolder(t *testing.T) {
	dir := fstest.MapFS{
		"index.html": {Data: []byte("<p>home")}, "sub/index.html": {Data: []byte("<p>sub")}, "sw.js": {Data: []byte("0")}, "a b.txt": {Data: []byte("0123456789")},
	}
	f := NewFetcher(FetcherOptions{Network: Folder(dir, "https://app.example")})
	base := MustParseURL("https://app.example/")
	env := Client{Origin: base.Origin(), CreationURL: base, Secure: true}
	for path, want := range map[string]string{
		"/": "200 text/html; charset=utf-8 <p>home", "/sub": "200 text/html; charset=utf-8 <p>sub", "/sw.js": "200 text/javascript; charset=utf-8 0",
		"/a%20b.txt": "200 text/plain; charset=utf-8 0123456789", "/none": "404 text/plain; charset=utf-8 404 page not found\n", "/sw.js/": "404 text/plain; charset=utf-8 404 page not found\n",
		"/../../etc/passwd": "404 text/plain; charset=utf-8 404 page not found\n",
	} {
		r := NewRequest(MustParseURL("https://app.example" + path))
		response := f.Fetch(t.Context(), r, env)
		mimeType, _ := response.Headers.Get("Content-Type")
		if got := fmt.Sprint(response.Status, " ", mimeType, " ", text(t, response)); got != want {
			t.Errorf("%s: %q %v", path, got, response.Err)
		}
	}
	r := NewRequest(MustParseURL("https://app.example/a%20b.txt"))
	r.Headers.Append("Range", "bytes=2-4")
	if response := f.Fetch(t.Context(), r, env); response.Status != 206 || text(t, response) != "234" || !response.Unfiltered().RangeRequested {
		t.Errorf("%+v", response)
	}
	r = NewRequest(MustParseURL("https://elsewhere.example/"))
	var origin *OriginError
	if response := f.Fetch(t.Context(), r, env); !errors.As(response.Err, &origin) {
		t.Error(response.Err)
	}
	r = NewRequest(MustParseURL("http://elsewhere.example/"))
	var refused *BlockedError
	if response := f.Fetch(t.Context(), r, env); !errors.As(response.Err, &refused) || refused.Reason != "mixed-content" {
		t.Error(response.Err)
	}
}

func TestReferrer(t *testing.T) {
	for policy, want := range map[string][3]string{ // same origin, cross origin, downgrade
		"":                                {"https://a.test/p?q", "https://a.test/", "no-referrer"},
		"no-referrer":                     {"no-referrer", "no-referrer", "no-referrer"},
		"origin":                          {"https://a.test/", "https://a.test/", "https://a.test/"},
		"unsafe-url":                      {"https://a.test/p?q", "https://a.test/p?q", "https://a.test/p?q"},
		"same-origin":                     {"https://a.test/p?q", "no-referrer", "no-referrer"},
		"strict-origin":                   {"https://a.test/", "https://a.test/", "no-referrer"},
		"origin-when-cross-origin":        {"https://a.test/p?q", "https://a.test/", "https://a.test/"},
		"no-referrer-when-downgrade":      {"https://a.test/p?q", "https://a.test/p?q", "no-referrer"},
		"strict-origin-when-cross-origin": {"https://a.test/p?q", "https://a.test/", "no-referrer"},
	} {
		for i, target := range []string{"https://a.test/x", "https://b.test/", "http://b.test/"} {
			r := NewRequest(MustParseURL(target))
			if r.ReferrerPolicy = policy; policy == "" {
				r.ReferrerPolicy = defaultReferrerPolicy
			}
			p := &fetching{r: r, env: Client{CreationURL: MustParseURL("https://u:p@a.test/p?q#f")}}
			if got := p.determineReferrer(); got != want[i] {
				t.Errorf("%q to %s: %s, want %s", policy, target, got, want[i])
			}
		}
	}
}
