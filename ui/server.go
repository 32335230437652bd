package ui

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/swinspect/swinspect/assets"
	"github.com/swinspect/swinspect/breakpoints"
	"github.com/swinspect/swinspect/ui/code"
)

// Options configure a [Server]. Only Hub is required.
type Options struct {
	Hub     Hub
	Token   string // asked of state-changing requests; made up when empty
	Listen  string // the address as configured: its host is an allowed one
	Logger  *slog.Logger
	Version string // of swinspect, shown in the page
	// Attach attaches to an endpoint and returns the browser's id.
	Attach func(ctx context.Context, endpoint string) (string, error)
	// Launch starts a browser on a throwaway profile and returns its id.
	Launch func(ctx context.Context, url string) (string, error)
	// Discover tells what can be attached on this machine and why not.
	Discover func(ctx context.Context) []Found
	// Recordings is the folder of the recordings that the page lists and makes; "": none.
	Recordings string
	// Replay runs recorded requests on the reference engine; nil: there is none.
	Replay Replayer
	// Scripts runs the project's session scripts; nil: there are none.
	Scripts Scripter
	// Debug makes the debugger of a browser, off; nil, or an answer of nil: it cannot be
	// debugged. The server closes what it made.
	Debug func(b Browser) Debugger
	// Breakpoints are those of the project; one in memory when nil.
	Breakpoints *breakpoints.Set
	// Now is the clock, time.Now when nil.
	Now func() time.Time
}

// Found is a browser, or a way to one, on this machine.
type Found struct {
	Endpoint string // what to attach to, "" when it cannot be
	Label    string // shown, e.g. "127.0.0.1:9222" or "~/.config/chromium"
	Browser  string // "Chromium 156, 2 contexts"
	State    string // "ready", "asks first", "no port" …
	Class    string // ok wait bad idle
	Advice   string // what to do, "" when it is ready
	Command  string // a command line that would help, "" none
	Attached string // id of the browser when it is attached already
}

// Server is the page. Make one with [New]; it is an [http.Handler], safe for
// concurrent use. Close ends its streams; requests after that are answered 503.
type Server struct {
	opts    Options
	log     *slog.Logger
	assets  *assets.Bundle
	boot    string
	guard   guard
	mux     http.Handler // behind the guard
	handler http.Handler
	panels  []Panel
	notices notices
	found   discovery
	reads   readings
	watches watches
	resent  resends
	library library
	replays replays
	scripts scriptRuns
	seats   seats
	values  readings // of paused workers
	code    code.Cache

	life   context.Context // ends with Close, and with it the streams
	cancel context.CancelFunc
}

// New returns a server for a hub.
func New(o Options) *Server {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Token == "" {
		o.Token = rand.Text()
	}
	if o.Breakpoints == nil {
		o.Breakpoints = breakpoints.NewSet()
	}
	s := &Server{
		opts:   o,
		log:    o.Logger,
		assets: assets.Load(),
		boot:   rand.Text()[:8],
		panels: panelTable(),
	}
	s.library.dir = o.Recordings
	s.values.most = maxValues
	s.life, s.cancel = context.WithCancel(context.Background())
	s.guard = newGuard(o.Listen, o.Token)
	s.mux = s.routes()
	s.handler = s.guard.wrap(s.mux)
	return s
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.handler.ServeHTTP(w, r)
}

// Token is what state-changing requests must carry, and every request when the
// listener is not a loopback one.
func (s *Server) Token() string { return s.opts.Token }

// URL is the address to open for a listener, with the token where it is needed.
func (s *Server) URL(addr net.Addr) string {
	url := "http://" + displayHost(addr) + "/"
	if s.guard.needsToken() {
		url += "?token=" + s.opts.Token
	}
	return url
}

// Serve answers requests on a listener until the context ends, then lets
// running ones finish for a moment. It returns nil after such an end.
func (s *Server) Serve(ctx context.Context, ln net.Listener) error {
	s.guard.listener(ln.Addr())
	srv := &http.Server{
		Handler:           s,
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
	}
	served := make(chan error, 1)
	go func() { served <- srv.Serve(ln) }()
	select {
	case err := <-served:
		s.Close()
		return err
	case <-ctx.Done():
	}
	s.Close()
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	err := srv.Shutdown(grace)
	if err != nil {
		err = srv.Close()
	}
	if served := <-served; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return err
}

// Close ends the streams and waits for what runs in the background. It may be
// called more than once.
func (s *Server) Close() {
	s.cancel()
	s.found.wait()
	s.reads.wait()
	s.values.wait()
	s.seats.closeAll()
	s.watches.closeAll()
	s.replays.close()
	s.scripts.close()
	if err := s.library.close(); err != nil {
		s.log.Warn("ending recordings", "error", err)
	}
}
