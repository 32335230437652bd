package ui

import (
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// request is one way to ask, told by its headers: "Host: …" and the rest.
func request(method, path string, headers ...string) *http.Request {
	r := httptest.NewRequest(method, path, strings.NewReader("kind=update&back=/start"))
	r.Host = "127.0.0.1:7777"
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		if name == "Host" {
			r.Host = value
		} else {
			r.Header.Set(name, value)
		}
	}
	return r
}

func answer(s *Server, r *http.Request) *http.Response {
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w.Result()
}

// everyRoute is one address of every kind.
var everyRoute = []string{"/", "/start", "/b/1", "/b/1/r/x", "/events", "/assets/x/css/style.css", "/nothing"}

func TestGuardHost(t *testing.T) {
	cases := []struct {
		listen, host string
		allowed      bool
	}{
		{"", "localhost:7777", true},
		{"", "LOCALHOST:7777", true},
		{"", "localhost", true},
		{"", "localhost.:7777", true},
		{"", "127.0.0.1:7777", true},
		{"", "[::1]:7777", true},
		{"", "127.0.0.1:80", true}, // a tunnel's port
		{"", "", false},
		{"", "rebound.example:7777", false},
		{"", "localhost.rebound.example", false},
		{"", "127.0.0.1.rebound.example", false},
		{"", "192.168.1.7:7777", false},
		{"", "evil@localhost:7777", false},
		{"devbox.lan:7777", "devbox.lan:7777", true},
		{"devbox.lan:7777", "other.lan:7777", false},
		{"0.0.0.0:7777", "192.168.1.7:7777", true},
		{"0.0.0.0:7777", "rebound.example:7777", false},
		{"[::]:7777", "[fe80::1]:7777", true},
	}
	for _, c := range cases {
		s := New(Options{Hub: storyHub{newStory(t)}, Token: "tok", Listen: c.listen})
		for _, path := range everyRoute {
			r := request(http.MethodGet, path, "Host: "+c.host, "Cookie: "+tokenCookie+"=tok")
			got := answer(s, r).StatusCode
			if (got != http.StatusMisdirectedRequest) != c.allowed {
				t.Errorf("listen %q, host %q, %s: %d", c.listen, c.host, path, got)
			}
		}
		s.Close()
	}
}

// TestGuardOrigin asks as browsers do when another site makes them.
func TestGuardOrigin(t *testing.T) {
	s := newStory(t).server()
	token := "X-Swinspect-Token: tok"
	cases := []struct {
		name, method, path string
		headers            []string
		status             int
	}{
		{"a program reads", "GET", "/start", nil, 200},
		{"the address bar", "GET", "/start", []string{"Sec-Fetch-Site: none", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document"}, 200},
		{"a link elsewhere", "GET", "/start", []string{"Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document"}, 200},
		{"a frame elsewhere", "GET", "/start", []string{"Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: iframe"}, 403},
		{"a script tag elsewhere", "GET", "/assets/x/js/app.js", []string{"Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: no-cors", "Sec-Fetch-Dest: script"}, 403},
		{"a fetch from another port", "GET", "/start", []string{"Sec-Fetch-Site: same-site", "Sec-Fetch-Mode: cors"}, 403},
		{"a stream from another port", "GET", "/events?page=/start", []string{"Origin: http://127.0.0.1:5173"}, 403},
		{"a stream from elsewhere", "GET", "/events?page=/start", []string{"Origin: https://evil.example", "Sec-Fetch-Site: cross-site"}, 403},
		{"a form of ours", "POST", "/look", []string{"Origin: http://127.0.0.1:7777", "Sec-Fetch-Site: same-origin", token}, 303},
		{"a program with the token", "POST", "/look", []string{token}, 303},
		{"a program without", "POST", "/look", nil, 403},
		{"a program with a wrong one", "POST", "/look", []string{"X-Swinspect-Token: nope"}, 403},
		{"ours without the token", "POST", "/look", []string{"Origin: http://127.0.0.1:7777", "Sec-Fetch-Site: same-origin"}, 403},
		{"a form elsewhere with a stolen token", "POST", "/look", []string{"Origin: https://evil.example", "Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document", token}, 403},
		{"a form of a sandboxed frame", "POST", "/look", []string{"Origin: null", token}, 403},
		{"another port with a stolen token", "POST", "/look", []string{"Origin: http://127.0.0.1:5173", "Sec-Fetch-Site: same-site", token}, 403},
		{"localhost posing as 127.0.0.1", "POST", "/look", []string{"Origin: http://localhost:7777", token}, 403},
		{"an action elsewhere", "POST", "/b/1/do", []string{"Origin: https://evil.example", token}, 403},
		{"another method", "DELETE", "/b/1", []string{token}, 404},
	}
	for _, c := range cases {
		if got := answer(s, request(c.method, c.path, c.headers...)).StatusCode; got != c.status {
			t.Errorf("%s: %d, not %d", c.name, got, c.status)
		}
	}
}

// TestGuardEveryPost goes through every route that changes something.
func TestGuardEveryPost(t *testing.T) {
	st := newStory(t)
	s := st.server()
	for _, path := range []string{"/attach", "/launch", "/look", "/prefs", "/b/1/do", "/b/1/detach", "/b/1/r/x/read", "/nothing"} {
		if got := answer(s, request(http.MethodPost, path)).StatusCode; got != http.StatusForbidden {
			t.Errorf("POST %s without a token: %d", path, got)
		}
	}
	if len(st.did) != 0 {
		t.Errorf("a request without a token did %v", st.did)
	}
}

func TestGuardRemoteListener(t *testing.T) {
	s := New(Options{Hub: storyHub{newStory(t)}, Token: "tok", Listen: "0.0.0.0:7777"})
	defer s.Close()
	host := "Host: 192.168.1.7:7777"
	for _, path := range everyRoute {
		if got := answer(s, request(http.MethodGet, path, host)).StatusCode; got != http.StatusUnauthorized {
			t.Errorf("%s without the token: %d", path, got)
		}
	}
	if got := answer(s, request(http.MethodGet, "/start?token=nope", host)).StatusCode; got != http.StatusUnauthorized {
		t.Errorf("a wrong token: %d", got)
	}
	in := answer(s, request(http.MethodGet, "/start?token=tok&x=1", host))
	if in.StatusCode != http.StatusSeeOther || in.Header.Get("Location") != "/start?x=1" {
		t.Fatalf("the token in the address: %d to %q", in.StatusCode, in.Header.Get("Location"))
	}
	cookies := in.Cookies()
	if len(cookies) != 1 || !cookies[0].HttpOnly || cookies[0].SameSite != http.SameSiteStrictMode {
		t.Fatalf("cookies %v", cookies)
	}
	cookie := "Cookie: " + cookies[0].String()
	if got := answer(s, request(http.MethodGet, "/start", host, cookie)).StatusCode; got != http.StatusOK {
		t.Errorf("with the cookie: %d", got)
	}
	if got := answer(s, request(http.MethodPost, "/look", host, cookie)).StatusCode; got != http.StatusForbidden {
		t.Errorf("the cookie alone changes things: %d", got)
	}
}

func TestGuardLearnsFromListener(t *testing.T) {
	s := New(Options{Hub: storyHub{newStory(t)}, Token: "tok", Listen: "127.0.0.1:0"})
	defer s.Close()
	loop, lan := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1234}, &net.TCPAddr{IP: net.IPv4(192, 168, 1, 7), Port: 1234}
	s.guard.listener(loop)
	if got := s.URL(loop); got != "http://localhost:1234/" {
		t.Errorf("loopback: %s", got)
	}
	s.guard.listener(lan)
	if got := s.URL(lan); got != "http://192.168.1.7:1234/?token=tok" {
		t.Errorf("beyond: %s", got)
	}
}

func TestHeaders(t *testing.T) {
	s := newStory(t).server()
	for _, path := range everyRoute {
		h := answer(s, request(http.MethodGet, path)).Header
		csp := h.Get("Content-Security-Policy")
		for _, part := range []string{"default-src 'none'", "script-src 'self'", "style-src 'self'", "form-action 'self'", "frame-ancestors 'none'", "base-uri 'none'"} {
			if !strings.Contains(csp, part) {
				t.Errorf("%s: policy %q lacks %q", path, csp, part)
			}
		}
		if strings.Contains(csp, "unsafe") {
			t.Errorf("%s: policy %q", path, csp)
		}
		for name, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin",
			"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin",
		} {
			if h.Get(name) != want {
				t.Errorf("%s: %s is %q", path, name, h.Get(name))
			}
		}
	}
	w := httptest.NewRecorder()
	setHeaders(w.Header())
	SandboxHeaders(w)
	if got := w.Header().Get("Content-Security-Policy"); !strings.HasPrefix(got, "sandbox; default-src 'none'") || strings.Contains(got, "script") {
		t.Errorf("sandbox policy %q", got)
	}
}

func TestLocalPath(t *testing.T) {
	for in, want := range map[string]string{
		"/b/1?x=y": "/b/1?x=y", "": "/", "b": "/", "//evil.example": "/", "/\\evil.example": "/",
		"https://evil.example/": "/", "javascript:alert(1)": "/", "/a\r\nSet-Cookie: x": "/",
	} {
		if got := localPath(in); got != want {
			t.Errorf("%q: %q", in, got)
		}
	}
}
