package cdp

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/swinspect/swinspect/cdp/internal/install"
)

// activePort is what a DevToolsActivePort file says: the port, and the path of
// the browser's WebSocket.
type activePort struct {
	dir, port, path string
}

// readActivePort reads the DevToolsActivePort of a user data directory, or of
// the one above when dir is a profile in it.
func readActivePort(dir string) (activePort, error) {
	for _, at := range []string{dir, filepath.Dir(dir)} {
		b, err := os.ReadFile(filepath.Join(at, "DevToolsActivePort"))
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return activePort{}, err
		}
		port, path, _ := strings.Cut(strings.TrimSpace(string(b)), "\n")
		port, path = strings.TrimSpace(port), strings.TrimSpace(path)
		if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 || !strings.HasPrefix(path, "/") {
			return activePort{}, fmt.Errorf("DevToolsActivePort in %s is not a port and a path", at)
		}
		return activePort{dir: at, port: port, path: path}, nil
	}
	return activePort{}, fmt.Errorf("no DevToolsActivePort in %s: %w", dir, os.ErrNotExist)
}

// endpoint is the WebSocket the file names, with the product when the browser
// tells it.
func (a activePort) endpoint(ctx context.Context) Endpoint {
	u := &url.URL{Scheme: "ws", Host: net.JoinHostPort("127.0.0.1", a.port), Path: a.path}
	ask := &url.URL{Scheme: "http", Host: u.Host, Path: "/json/version"}
	var v version
	if status, body, err := get(ctx, ask); err == nil && status == 200 && Decode(body, &v) == nil {
		if fresh, err := url.Parse(v.WebSocketDebuggerURL); err == nil && fresh.Path != "" {
			u.Path = fresh.Path // the file of a browser that crashed, its port taken by another
		}
	}
	return endpointOf(u, v.Browser)
}

// alive reports whether anything listens on the port.
func (a activePort) alive(ctx context.Context) bool {
	d := net.Dialer{Timeout: time.Second}
	c, err := d.DialContext(ctx, "tcp", net.JoinHostPort("127.0.0.1", a.port))
	if err != nil {
		return false
	}
	_ = c.Close() // only whether it listens matters
	return true
}

func (r resolver) resolveProfile(ctx context.Context, dir string) (Endpoint, error) {
	info, err := os.Stat(dir)
	switch {
	case err != nil:
		return Endpoint{}, r.fail(err, hintForms, "there is no such directory")
	case !info.IsDir():
		return Endpoint{}, r.fail(nil, hintForms, "it is a file, not a user data directory")
	}
	active, err := readActivePort(dir)
	if errors.Is(err, os.ErrNotExist) {
		return r.resolveRunning(ctx, dir)
	}
	if err != nil {
		return Endpoint{}, r.fail(err, "", "%v", err)
	}
	if !active.alive(ctx) {
		return Endpoint{}, r.fail(errRefused, hintStart,
			"its DevToolsActivePort names port %s, but nothing listens there: the browser has ended", active.port)
	}
	return active.endpoint(ctx), nil
}

// profileDirs are the default user data directories of this machine's browsers.
func profileDirs() []string { return install.This().Profiles() }
