package cdp

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// Endpoint is a browser that can be dialed.
type Endpoint struct {
	Input        string // what the user gave
	WebSocketURL string // ws:// or wss://, with any token; "" for a browser on a pipe
	Instance     string // the browser instance: the guid of its WebSocket path; without one, host and path
	Product      string // "Chrome/156.0.8078.79" where it could be asked
	Kind         string // KindBrowser, KindPage, KindSelenium, KindRemote
}

// The kinds of endpoint.
const (
	KindBrowser  = "browser"  // a browser's own endpoint, /devtools/browser/…
	KindPage     = "page"     // one target's endpoint, /devtools/page/…: no browser session there
	KindSelenium = "selenium" // Selenium Grid's se:cdp proxy
	KindRemote   = "remote"   // a WebSocket of a service that speaks the protocol
)

// ResolveError says why an input leads to no browser, and what would help.
type ResolveError struct {
	Input  string
	Reason string // what was found
	Hint   string // what to do about it, "" when there is nothing to say
	Err    error  // the cause, may be nil
	// Malformed says that Input is no endpoint as it is written, such as a port
	// above 65535 or a URL of another scheme: nothing was asked.
	Malformed bool
}

func (e *ResolveError) Error() string {
	return fmt.Sprintf("cdp: cannot attach to %q: %s", e.Input, e.Reason)
}

// Unwrap gives the cause.
func (e *ResolveError) Unwrap() error { return e.Err }

// The hints that several errors share.
const (
	hintStart = "start the browser with --remote-debugging-port=9222 --user-data-dir=DIR " +
		"(Chrome 136 and later ignore the port flag on the default profile, without a word)"
	hintAllow = "in Chrome 144 and later, allow remote debugging in chrome://inspect/#remote-debugging; " +
		"or restart it with --remote-debugging-port=9222 --user-data-dir=DIR"
	hintForms = "give a port, host:port, an http(s) or ws(s) URL, or a user data directory"
)

// seleniumSession matches the WebDriver URL of one session of a hub.
var seleniumSession = regexp.MustCompile(`/session/[0-9A-Za-z-]{8,}/?$`)

// seCDP matches the path of Selenium Grid's proxy to a session's browser.
var seCDP = regexp.MustCompile(`/session/[^/]+/se/cdp/?$`)

// Resolve finds the endpoint an input means:
//
//	9222                        a port of this machine
//	host, host:9222             the same elsewhere (9222 when no port is given)
//	http://…, https://…         asks /json/version below that URL; a query (a token) is kept
//	http://hub/session/ID       a Selenium session: its se:cdp capability
//	ws://…, wss://…             used as it is, with its token; without a path, asks /json/version
//	adb:, adb:SERIAL[/SOCKET]   a browser or WebView of an Android device, through a forwarded port
//	/path/to/user-data-dir      its DevToolsActivePort file (also a profile below it)
//
// A Chrome that was asked for remote debugging in chrome://inspect (144 and
// later) answers 404 on /json; it is then found through the DevToolsActivePort
// of a profile of this machine. Every error is a [*ResolveError].
func Resolve(ctx context.Context, input string) (Endpoint, error) {
	r := resolver{input: strings.TrimSpace(input)}
	ep, err := r.resolve(ctx)
	if err != nil {
		return Endpoint{}, err
	}
	ep.Input = r.input
	return ep, nil
}

type resolver struct{ input string }

func (r resolver) fail(cause error, hint, reason string, args ...any) error {
	return &ResolveError{Input: r.input, Reason: fmt.Sprintf(reason, args...), Hint: hint, Err: cause}
}

// malformed is the failure for an input that names no endpoint.
func (r resolver) malformed(cause error, reason string, args ...any) error {
	return &ResolveError{Input: r.input, Reason: fmt.Sprintf(reason, args...), Hint: hintForms, Err: cause, Malformed: true}
}

func (r resolver) resolve(ctx context.Context) (Endpoint, error) {
	in := r.input
	lower := strings.ToLower(in)
	switch {
	case in == "":
		return Endpoint{}, r.malformed(nil, "no endpoint given")
	case isNumber(in):
		port, err := strconv.Atoi(in)
		if err != nil || port < 1 || port > 65535 {
			return Endpoint{}, r.malformed(err, "%s is not a port", in)
		}
		return r.resolvePort(ctx, port)
	case strings.HasPrefix(lower, "ws://"), strings.HasPrefix(lower, "wss://"):
		return r.resolveWebSocket(ctx)
	case strings.HasPrefix(lower, "http://"), strings.HasPrefix(lower, "https://"):
		return r.resolveHTTP(ctx)
	case strings.HasPrefix(lower, "adb:"):
		return r.resolveADB(ctx, in[len("adb:"):])
	case strings.Contains(in, "://"):
		return Endpoint{}, r.malformed(nil, "the scheme of the URL is not http, https, ws or wss")
	case looksLikePath(in):
		return r.resolveProfile(ctx, expandHome(in))
	}
	return r.resolveHost(ctx)
}

func isNumber(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}

// looksLikePath tells a directory from a host: it exists, or is written as one.
func looksLikePath(s string) bool {
	if strings.ContainsAny(s, `/\`) || strings.HasPrefix(s, "~") || s == "." || s == ".." {
		return true
	}
	info, err := os.Stat(s)
	return err == nil && info.IsDir()
}

func expandHome(path string) string {
	home, err := os.UserHomeDir()
	if err != nil || (path != "~" && !strings.HasPrefix(path, "~/") && !strings.HasPrefix(path, `~\`)) {
		return path
	}
	return filepath.Join(home, path[1:])
}

// resolvePort asks this machine, by IPv4 and then by IPv6.
func (r resolver) resolvePort(ctx context.Context, port int) (Endpoint, error) {
	ep, err := r.discover(ctx, &url.URL{Scheme: "http", Host: fmt.Sprintf("127.0.0.1:%d", port)})
	if errors.Is(err, errRefused) {
		if ep6, err6 := r.discover(ctx, &url.URL{Scheme: "http", Host: fmt.Sprintf("[::1]:%d", port)}); err6 == nil {
			return ep6, nil
		}
	}
	return ep, err
}

func (r resolver) resolveHost(ctx context.Context) (Endpoint, error) {
	host, port, err := net.SplitHostPort(r.input)
	if err != nil {
		host, port = strings.Trim(r.input, "[]"), "9222"
	}
	if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 {
		return Endpoint{}, r.malformed(err, "%q is not a port", port)
	}
	u, err := url.Parse("http://" + net.JoinHostPort(host, port))
	if err != nil || host == "" {
		return Endpoint{}, r.malformed(err, "it is not a host")
	}
	return r.discover(ctx, u)
}

func (r resolver) resolveWebSocket(ctx context.Context) (Endpoint, error) {
	u, err := url.Parse(r.input)
	if err != nil || u.Host == "" {
		return Endpoint{}, r.malformed(err, "the URL cannot be read")
	}
	if strings.Trim(u.Path, "/") == "" && u.RawQuery == "" {
		ask := *u
		ask.Scheme = map[string]string{"ws": "http", "wss": "https"}[strings.ToLower(u.Scheme)]
		ep, err := r.discover(ctx, &ask)
		if err == nil || errors.Is(err, errRefused) {
			return ep, err
		}
	}
	return endpointOf(u, ""), nil
}

func (r resolver) resolveHTTP(ctx context.Context) (Endpoint, error) {
	u, err := url.Parse(r.input)
	if err != nil || u.Host == "" {
		return Endpoint{}, r.malformed(err, "the URL cannot be read")
	}
	if seleniumSession.MatchString(u.Path) {
		return r.resolveSelenium(ctx, u)
	}
	for _, known := range []string{"/json/version", "/json/list", "/json"} {
		u.Path = strings.TrimSuffix(strings.TrimSuffix(u.Path, "/"), known)
	}
	return r.discover(ctx, u)
}

// endpointOf reads what a WebSocket URL tells.
func endpointOf(u *url.URL, product string) Endpoint {
	ep := Endpoint{WebSocketURL: u.String(), Product: product, Kind: KindRemote, Instance: u.Host + u.Path}
	dir, last := "", ""
	if i := strings.LastIndexByte(u.Path, '/'); i >= 0 {
		dir, last = u.Path[:i], u.Path[i+1:]
	}
	switch {
	case seCDP.MatchString(u.Path):
		ep.Kind = KindSelenium
	case strings.HasSuffix(dir, "/devtools/browser") && last != "":
		ep.Kind, ep.Instance = KindBrowser, last
	case strings.HasSuffix(u.Path, "/devtools/browser"): // Android has no guid
		ep.Kind = KindBrowser
	case strings.HasSuffix(dir, "/devtools/page"):
		ep.Kind = KindPage
	}
	return ep
}
