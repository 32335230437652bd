package ui

import (
	"crypto/subtle"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
)

// guard keeps other sites, other machines and rebound names away from the page.
// It stands before every route, assets and stream included.
//
//   - Host: only names of this machine (DNS rebinding reaches a loopback
//     listener under any other name).
//   - Who asks: what another origin starts is refused, except plain navigation.
//     Another port of localhost is another origin.
//   - Token: on every request that changes something; on every request at all
//     when the listener is not a loopback one.
type guard struct {
	host  string // configured host beside the loopback names, "" none
	any   bool   // listening on every address: any IP literal is a host
	token string
	cover *coverage
}

// coverage is what a listener adds to the guard after it was made.
type coverage struct{ remote atomic.Bool }

const tokenCookie = "swinspect-token"

func newGuard(listen, token string) guard {
	g := guard{token: token, cover: &coverage{}}
	host := listen
	if h, _, err := net.SplitHostPort(listen); err == nil {
		host = h
	}
	if listen == "" {
		host = "127.0.0.1"
	}
	g.host = strings.ToLower(strings.Trim(host, "[]"))
	if ip, err := netip.ParseAddr(g.host); g.host == "" || err == nil && ip.IsUnspecified() {
		g.any = true
	}
	if !loopback(g.host) {
		g.cover.remote.Store(true)
	}
	return g
}

// listener adds what the real listener says: an address that is not loopback
// asks for the token whatever was configured.
func (g guard) listener(addr net.Addr) {
	if tcp, ok := addr.(*net.TCPAddr); ok && !tcp.IP.IsLoopback() {
		g.cover.remote.Store(true)
	}
}

func (g guard) needsToken() bool { return g.cover.remote.Load() }

func loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}

func (g guard) wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		setHeaders(w.Header())
		if !g.hostAllowed(r.Host) {
			refuse(w, http.StatusMisdirectedRequest, "This name is not one of swinspect's. Open it as http://localhost or http://127.0.0.1, or start it with --listen NAME:PORT.")
			return
		}
		if !sameSite(r) {
			refuse(w, http.StatusForbidden, "Another site asked for this. swinspect answers only its own pages.")
			return
		}
		if g.needsToken() && !g.knows(w, r) {
			return
		}
		if !safe(r.Method) && !g.tokenMatches(sentToken(w, r)) {
			refuse(w, http.StatusForbidden, "The page is older than this swinspect. Reload it and try again.")
			return
		}
		next.ServeHTTP(w, r)
	})
}

func safe(method string) bool { return method == http.MethodGet || method == http.MethodHead }

func (g guard) hostAllowed(hostport string) bool {
	host := hostport
	if h, _, err := net.SplitHostPort(hostport); err == nil {
		host = h
	}
	host = strings.ToLower(strings.TrimSuffix(strings.Trim(host, "[]"), "."))
	switch host {
	case "":
		return false
	case "localhost", "127.0.0.1", "::1", g.host:
		return true
	}
	_, err := netip.ParseAddr(host)
	return g.any && err == nil
}

// sameSite tells whether the request comes from a page of swinspect, from the
// user (address bar, bookmark, a followed link) or from a program.
func sameSite(r *http.Request) bool {
	if origin := r.Header.Get("Origin"); origin != "" {
		u, err := url.Parse(origin)
		if err != nil || u.Host == "" || !strings.EqualFold(u.Host, r.Host) {
			return false
		}
	}
	switch r.Header.Get("Sec-Fetch-Site") {
	case "", "same-origin", "none":
		return true
	}
	// Following a link from elsewhere changes nothing; framing and embedding
	// are not that.
	return safe(r.Method) && r.Header.Get("Sec-Fetch-Mode") == "navigate" && r.Header.Get("Sec-Fetch-Dest") == "document"
}

// knows checks the cookie of a listener that other machines reach, and sets it
// when the token comes in the address. It answers by itself when it refuses.
func (g guard) knows(w http.ResponseWriter, r *http.Request) bool {
	if c, err := r.Cookie(tokenCookie); err == nil && g.tokenMatches(c.Value) {
		return true
	}
	if g.tokenMatches(r.Header.Get("X-Swinspect-Token")) {
		return true
	}
	q := r.URL.Query()
	if !safe(r.Method) || !g.tokenMatches(q.Get("token")) {
		refuse(w, http.StatusUnauthorized, "swinspect listens beyond this machine, so it asks for its token: open the address it printed when it started.")
		return false
	}
	http.SetCookie(w, &http.Cookie{
		Name: tokenCookie, Value: g.token, Path: "/",
		HttpOnly: true, SameSite: http.SameSiteStrictMode,
	})
	q.Del("token")
	to := url.URL{Path: localPath(r.URL.Path), RawQuery: q.Encode()}
	http.Redirect(w, r, to.String(), http.StatusSeeOther)
	return false
}

func (g guard) tokenMatches(sent string) bool {
	return subtle.ConstantTimeCompare([]byte(sent), []byte(g.token)) == 1
}

// maxForm bounds a posted form: a push payload is the largest thing in one.
const maxForm = 1 << 20

// uploadPath takes files; only with the token in a header, which is read before the body.
const uploadPath = "/recordings/import"

func sentToken(w http.ResponseWriter, r *http.Request) string {
	if t := r.Header.Get("X-Swinspect-Token"); t != "" {
		limit := int64(maxForm)
		if r.URL.Path == uploadPath {
			limit = maxHAR
		}
		r.Body = http.MaxBytesReader(w, r.Body, limit)
		return t
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	return r.PostFormValue("token")
}

func refuse(w http.ResponseWriter, status int, why string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(why + "\n"))
}
