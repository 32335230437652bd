package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/swinspect/swinspect/cdp"
	"github.com/swinspect/swinspect/cdp/chromium"
	scripting "github.com/swinspect/swinspect/inspector/session"
	"github.com/swinspect/swinspect/runtime/clock"
	"github.com/swinspect/swinspect/runtime/devtools"
	"github.com/swinspect/swinspect/runtime/fetch"
	"github.com/swinspect/swinspect/runtime/window"
)

// scriptHost opens the backends of scripts: engines in this process, Chromium (the one of
// the run, or one that a script wants with flags of its own), browsers that run, and
// recordings. It is safe for any number of goroutines.
type scriptHost struct {
	chromium string // endpoint of the run's; "" launches one when it is wanted

	mu       sync.Mutex
	launched *chromium.Process // stands in for the run's
}

var _ scripting.Host = (*scriptHost)(nil)

// Open implements [scripting.Host].
func (h *scriptHost) Open(ctx context.Context, o scripting.OpenOptions) (*scripting.Backend, error) {
	switch o.Backend {
	case "engine":
		return openScriptEngine(o)
	case "chromium":
		return h.openChromium(ctx, o)
	}
	endpoint, err := cdp.Resolve(ctx, o.Backend)
	if err != nil {
		return nil, explainedInWords(err)
	}
	return attached(o.Backend, endpoint.WebSocketURL, endpoint), nil
}

// isBackend reports whether a word can be a backend. A bare word could be a machine's
// name, but is more likely a browser's that there is no backend for.
func isBackend(word string) bool {
	if _, err := strconv.Atoi(word); err == nil || word == "engine" || word == "chromium" || word == "localhost" {
		return true
	}
	return strings.ContainsAny(word, `:./\~`) || isFolder(word)
}

// explainedInWords says why an endpoint leads nowhere, and what would help.
func explainedInWords(err error) error {
	why, ok := errors.AsType[*cdp.ResolveError](err)
	if !ok {
		return err
	}
	text := fmt.Sprintf("cannot attach to %s: %s", clean(why.Input), clean(why.Reason))
	if why.Hint != "" {
		text += "\n" + why.Hint
	}
	return &quietError{text, err}
}

// attached is a backend that is somebody else's, or the run's.
func attached(name, ws string, endpoint cdp.Endpoint) *scripting.Backend {
	return &scripting.Backend{
		Name: name, Shared: true, Close: func() error { return nil },
		Dial: func(ctx context.Context) (cdp.Transport, cdp.Endpoint, error) {
			t, err := cdp.DialWebSocket(ctx, ws)
			return t, endpoint, err
		},
	}
}

func (h *scriptHost) openChromium(ctx context.Context, o scripting.OpenOptions) (*scripting.Backend, error) {
	if len(o.Args) > 0 || o.Headed && h.chromium == "" {
		p, err := launchForScripts(ctx, o)
		if err != nil {
			return nil, err
		}
		b := attached("chromium", p.Endpoint().WebSocketURL, p.Endpoint())
		b.Shared, b.Close = false, p.Close
		return b, nil
	}
	if o.Fresh {
		p, err := launchForScripts(ctx, o)
		if err != nil {
			return nil, err
		}
		b := attached("chromium", p.Endpoint().WebSocketURL, p.Endpoint())
		b.Close = p.Close
		return b, nil
	}
	if h.chromium != "" {
		endpoint, err := cdp.Resolve(ctx, h.chromium)
		if err != nil {
			return nil, explainedInWords(err)
		}
		return attached("chromium", endpoint.WebSocketURL, endpoint), nil
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.launched == nil {
		p, err := launchForScripts(ctx, o)
		if err != nil {
			return nil, err
		}
		h.launched = p
	}
	return attached("chromium", h.launched.Endpoint().WebSocketURL, h.launched.Endpoint()), nil
}

func launchForScripts(ctx context.Context, o scripting.OpenOptions) (*chromium.Process, error) {
	headless := !o.Headed
	p, err := chromium.Launch(ctx, chromium.Options{Headless: &headless, Args: o.Args})
	if err != nil {
		return nil, fmt.Errorf("%w\ninstall Chromium, Chrome or Edge, or name one in SWINSPECT_BROWSER", err)
	}
	return p, nil
}

// close ends what was launched on the way.
func (h *scriptHost) close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.launched != nil {
		_ = h.launched.Close() // it was a throwaway
	}
}

// engines counts those of this process: each is an instance of its own.
var engines atomic.Int64

// openScriptEngine starts an engine in this process. Its time runs, and can be advanced.
func openScriptEngine(o scripting.OpenOptions) (*scripting.Backend, error) {
	time := clock.NewRunning(o.Clock)
	network := newScriptNetwork(o.Network)
	log := slog.New(slog.DiscardHandler)
	product := "swinspect/" + buildVersion().Version
	server := devtools.New(devtools.Options{
		Browser: window.BrowserOptions{Network: network, Clock: time, Logger: log}, Product: product, Logger: log,
	})
	endpoint := cdp.Endpoint{Input: "engine", Instance: "engine-" + strconv.FormatInt(engines.Add(1), 10), Product: product, Kind: "engine"}
	var serving sync.WaitGroup
	ctx, stop := context.WithCancel(context.Background())
	return &scripting.Backend{
		Name: "engine",
		Dial: func(context.Context) (cdp.Transport, cdp.Endpoint, error) {
			ours, theirs := cdp.Pipe()
			serving.Go(func() { _ = server.ServeBrowser(ctx, theirs) }) // it ends when the client hangs up, or at Close
			return ours, endpoint, nil
		},
		Close: func() error {
			stop()
			serving.Wait()
			server.Close()
			time.Close()
			network.CloseIdleConnections()
			return nil
		},
	}, nil
}

// scriptNetwork is the network of an engine that a script drives: this machine, where the
// sites of scripts are, and what else it is allowed.
type scriptNetwork struct {
	*fetch.Network
	allowed *fetch.Network // only asked what is allowed
}

func newScriptNetwork(origins []string) *scriptNetwork {
	return &scriptNetwork{
		Network: fetch.Live(fetch.LiveOptions{AllowedOrigins: []string{"*"}}),
		allowed: fetch.Live(fetch.LiveOptions{AllowedOrigins: origins}),
	}
}

// Allows hides that of the network, which would let everything through.
func (n *scriptNetwork) Allows(u *url.URL) bool {
	host := u.Hostname()
	if ip := net.ParseIP(host); host == "localhost" || ip != nil && ip.IsLoopback() {
		return true
	}
	return n.allowed.Allows(u)
}

// RoundTrip implements [http.RoundTripper].
func (n *scriptNetwork) RoundTrip(r *http.Request) (*http.Response, error) {
	if !n.Allows(r.URL) {
		if r.Body != nil {
			_ = r.Body.Close() // it is not sent
		}
		return nil, &fetch.OriginError{Origin: r.URL.Scheme + "://" + r.URL.Host}
	}
	return n.Network.RoundTrip(r)
}
