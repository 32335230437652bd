package cdp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"time"
)

// errRefused marks a ResolveError for a port nothing listens on.
var errRefused = errors.New("connection refused")

// askWithin bounds one HTTP question to a browser; the limit of its answer is
// askLimit bytes.
const (
	askWithin = 5 * time.Second
	askLimit  = 1 << 20
)

// version is the part of /json/version that matters.
type version struct {
	Browser              string `json:"Browser"`
	WebSocketDebuggerURL string `json:"webSocketDebuggerUrl"`
}

// discover asks /json/version below base and returns the browser's endpoint.
func (r resolver) discover(ctx context.Context, base *url.URL) (Endpoint, error) {
	ask := base.JoinPath("json", "version")
	ask.RawQuery = base.RawQuery
	status, body, err := get(ctx, ask)
	switch {
	case err != nil && refused(err):
		return Endpoint{}, r.fail(errRefused, hintStart, "nothing listens on %s", base.Host)
	case err != nil:
		return Endpoint{}, r.fail(err, "", "%s does not answer: %v", base.Host, rootCause(err))
	case status == http.StatusNotFound:
		return r.discoverSilent(ctx, base)
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		return Endpoint{}, r.fail(nil, "give the token the service wants: in the query, or as user:password@ in the URL",
			"%s refuses (HTTP %d)", base.Host, status)
	case status != http.StatusOK:
		return Endpoint{}, r.fail(nil, "", "%s answers HTTP %d on /json/version: %s", base.Host, status, firstLine(body))
	}
	var v version
	if Decode(body, &v) != nil || (v.Browser == "" && v.WebSocketDebuggerURL == "") {
		return Endpoint{}, r.fail(nil, "is it the port of the page rather than the debugging port?",
			"%s is a web server, but not a browser's debugging port", base.Host)
	}
	if v.WebSocketDebuggerURL == "" {
		return Endpoint{}, r.fail(nil, "service workers live in browsers: give the port of one",
			"%s is %s, which has no browser endpoint", base.Host, v.Browser)
	}
	ws, err := url.Parse(v.WebSocketDebuggerURL)
	if err != nil {
		return Endpoint{}, r.fail(err, "", "%s names a WebSocket URL that cannot be read", base.Host)
	}
	return endpointOf(throughBase(ws, base), v.Browser), nil
}

// discoverSilent handles a 404 on /json/version: a Chrome 144 or later whose
// remote debugging was allowed in chrome://inspect has no /json, only a
// WebSocket whose path stands in its profile's DevToolsActivePort.
func (r resolver) discoverSilent(ctx context.Context, base *url.URL) (Endpoint, error) {
	if isLoopback(base.Hostname()) {
		for _, dir := range profileDirs() {
			active, err := readActivePort(dir)
			if err == nil && active.port == base.Port() {
				return active.endpoint(ctx), nil
			}
		}
	}
	if ok, _ := isSeleniumHub(ctx, base); ok {
		return Endpoint{}, r.fail(nil, "give the session: "+base.JoinPath("session", "SESSION-ID").String(),
			"%s is a Selenium hub, not a browser", base.Host)
	}
	return Endpoint{}, r.fail(nil,
		"give its user data directory (the path shown in chrome://version, without the last part), or "+hintStart,
		"%s answers, but has no /json/version (HTTP 404): a Chrome 144 or later whose debugging was allowed in "+
			"chrome://inspect/#remote-debugging is reached through the DevToolsActivePort file of its profile, and no profile here names this port",
		base.Host)
}

// throughBase rewrites the WebSocket URL a browser names so that it goes the way
// the question went: a browser knows the Host header it was asked with and its
// own loopback address, not the tunnel, container or proxy in front of it.
func throughBase(ws, base *url.URL) *url.URL {
	out := *ws
	if isLoopback(ws.Hostname()) || net.ParseIP(ws.Hostname()) != nil || ws.Hostname() == base.Hostname() {
		out.Host = base.Host
		out.Scheme = map[string]string{"http": "ws", "https": "wss"}[base.Scheme]
		if prefix := strings.TrimSuffix(base.Path, "/"); prefix != "" && !strings.HasPrefix(out.Path, prefix+"/") {
			out.Path = prefix + out.Path
		}
		out.User = base.User
	}
	if out.RawQuery == "" {
		out.RawQuery = base.RawQuery
	}
	return &out
}

// get asks one URL. A Host that Chromium refuses, one that is a name, is asked
// again by address.
func get(ctx context.Context, u *url.URL) (status int, body []byte, err error) {
	status, body, err = getAs(ctx, u, "")
	if err == nil && status == http.StatusInternalServerError {
		if host := numericHost(ctx, u); host != "" {
			return getAs(ctx, u, host)
		}
	}
	return status, body, err
}

// asker keeps no connection open: a browser that ends must not find us waiting.
var asker = &http.Client{Transport: &http.Transport{
	Proxy:             http.ProxyFromEnvironment,
	DisableKeepAlives: true,
}}

func getAs(ctx context.Context, u *url.URL, host string) (int, []byte, error) {
	ctx, cancel := context.WithTimeout(ctx, askWithin)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return 0, nil, fmt.Errorf("asking %s: %w", u.Host, err)
	}
	req.Host = host
	return do(req)
}

func do(req *http.Request) (int, []byte, error) {
	resp, err := asker.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer func() { _ = resp.Body.Close() }() // read to its end or given up
	body, err := io.ReadAll(io.LimitReader(resp.Body, askLimit))
	return resp.StatusCode, body, err
}

func refused(err error) bool {
	return errors.Is(err, syscall.ECONNREFUSED)
}

// rootCause is the part of a network error that says what happened, without the
// URL, which the reader knows and which may hold a token.
func rootCause(err error) error {
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		err = wrapped.Err
	}
	return err
}

func isLoopback(host string) bool {
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && (ip.IsLoopback() || ip.IsUnspecified())
}

func firstLine(b []byte) string {
	line, _, _ := strings.Cut(strings.TrimSpace(string(b)), "\n")
	if len(line) > 120 {
		line = line[:120]
	}
	return line
}
