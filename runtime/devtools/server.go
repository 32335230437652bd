package devtools

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"log/slog"
	"strings"
	"sync"

	"github.com/swinspect/swinspect/cdp"
	"github.com/swinspect/swinspect/runtime/clock"
	"github.com/swinspect/swinspect/runtime/window"
)

// Options configure a Server.
type Options struct {
	// Browser is what the engine is made of. Its Observer, Fetches, Engines and Hold
	// are set by New.
	Browser window.BrowserOptions
	// Product is its name and version, "swinspect/1.2.3"; what Browser.getVersion
	// makes of it: see product.
	Product string
	Logger  *slog.Logger
	// Token, when set, must be part of every HTTP request (as ?token= or a Bearer).
	Token string
	// Hosts are Host header values accepted beside IP addresses and localhost;
	// Origins are web origins that may open WebSockets ("*" for all), beside that of
	// the DevTools front end inside every Chromium.
	Hosts, Origins []string
	// OnClose is called when a client asks for Browser.close.
	OnClose func()
	// MemoryLimit is reported by SWInspect.getMemory; 0 for none.
	MemoryLimit int64
}

// Server is the engine as a CDP browser. See the package comment for its lock.
//
// Its goroutines are those of connections (Serve waits for them) and navigations
// that wait for a debugger (Close waits for them).
type Server struct {
	options Options
	log     *slog.Logger
	browser *window.Browser
	clock   clock.Clock
	id      string // of the browser target
	tables  tables

	ctx    context.Context
	cancel context.CancelFunc
	others sync.WaitGroup

	mu           sync.Mutex
	closed       bool
	connections  map[*connection]struct{}
	targets      map[string]*subject
	order        []*subject // by age
	contexts     map[string]*contextState
	realms       map[realmKey]*realmState
	scriptIDs    int64 // the last of Debugger.scriptParsed
	contextIDs   int64 // of execution contexts
	requests     map[requestKey]*request
	requestOrder []requestKey // of requests, oldest first
	ids          int64        // of scripts added, streams, …
	nodes        map[int64]nodeRef
	nodeIDs      int64
}

// New starts the browser. End the server with Close.
func New(o Options) *Server {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Product == "" {
		o.Product = "swinspect/dev"
	}
	s := &Server{
		options: o, log: o.Logger, id: newUUID(),
		connections: map[*connection]struct{}{}, targets: map[string]*subject{},
		contexts: map[string]*contextState{}, realms: map[realmKey]*realmState{},
		requests: map[requestKey]*request{}, nodes: map[int64]nodeRef{},
	}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.tables = newTables()
	b := o.Browser
	b.Observer = &browserObserver{s: s}
	b.Fetches = s.fetchObserver
	b.Engines = s.engineObserver
	b.Hold = s.hold
	if b.Logger == nil {
		b.Logger = o.Logger
	}
	s.browser = window.NewBrowser(b)
	s.clock = s.browser.Clock()
	return s
}

// Browser is the browser that is served.
func (s *Server) Browser() *window.Browser { return s.browser }

// ID is the part of the browser's WebSocket URL that no web page can guess.
func (s *Server) ID() string { return s.id }

// Close ends every connection and the browser.
func (s *Server) Close() {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.cancel()
	s.browser.Close()
	s.others.Wait()
}

// ServeBrowser answers a client of the browser itself (a pipe, or
// /devtools/browser/ID) until it goes away or ctx ends.
func (s *Server) ServeBrowser(ctx context.Context, t cdp.Transport) error {
	return s.serve(ctx, t, nil)
}

// serve answers a client; on is the target of its root session, nil for the browser.
func (s *Server) serve(ctx context.Context, t cdp.Transport, on *subject) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(s.ctx, cancel)()
	c := newConnection(s, cancel)
	root := c.newSession(on, nil)
	mux := s.tables.browser.mux
	if on != nil {
		mux = s.tables.of(on.kind).mux
	}
	s.mu.Lock()
	s.connections[c] = struct{}{}
	s.mu.Unlock()
	sending := make(chan struct{})
	go func() {
		defer close(sending)
		c.out.run(ctx)
	}()
	err := cdp.Serve(ctx, t, mux, cdp.ServeLogger(s.log), cdp.RootData(root), cdp.OnConnect(func(wire *cdp.ServerSession) {
		root.wire = wire
		s.mu.Lock()
		s.attached(root)
		s.mu.Unlock()
	}))
	cancel()
	<-sending
	s.disconnected(c)
	return err
}

// disconnected takes a connection and its sessions away.
func (s *Server) disconnected(c *connection) {
	s.mu.Lock()
	delete(s.connections, c)
	var gone []*session
	for _, x := range c.sessions {
		gone = append(gone, x)
	}
	disposed := c.contexts
	hidden := c.hidden
	s.mu.Unlock()
	for _, x := range gone {
		s.endSession(x)
	}
	for _, t := range hidden {
		s.closeTarget(t)
	}
	for _, c := range disposed {
		c.Dispose()
	}
}

// newID is 32 hexadecimal digits in capitals, as Chromium's session ids are.
func newID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	return strings.ToUpper(hex.EncodeToString(b[:]))
}

// newUUID is a version 4 UUID.
func newUUID() string {
	var b [16]byte
	_, _ = rand.Read(b[:])
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// parallel runs f in a goroutine that Close waits for; ctx ends with the server.
func (s *Server) parallel(f func(ctx context.Context)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	s.others.Go(func() { f(s.ctx) })
}
