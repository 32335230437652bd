// Package testsite serves sites with service workers of every kind that
// swinspect has to show: the fixtures of its tests, and something to look at.
//
// Every fixture is a folder with a page (which registers the worker and says in
// its title and in <html data-state> how that went) and a worker sw.js:
//
//	simple       installs, waits for its clients, handles fetch, push, sync
//	claim        skipWaiting and clients.claim
//	imports      importScripts of two files
//	module       a module worker with an import
//	routes       static routing rules (addRoutes)
//	redirect     sw.js answers with a redirect: registering fails
//	missing      sw.js is 404: Chromium keeps a ghost registration
//	vanish       like simple; sw.js is 404 after Break("vanish")
//	syntax       sw.js does not parse
//	badupdate    like simple; sw.js does not parse after Break("badupdate")
//	reject       install rejects
//	throw        install throws synchronously (and installs all the same)
//	slow         install takes ?install= ms, activate ?activate= ms
//	partitioned  embeds frame/ of another site: a partitioned registration
//	frame        the same worker as a first party
//	many         registers ?n= scopes below /many/
//	cache        fills a cache with ?n= entries of ?size= bytes, with ?header= bytes
//	             of header and ?url= bytes of URL more each
//	opaque       caches opaque responses of another site
//	vary         caches variants of one URL under Vary
//	hostile      markup in scope, cache names, entry URLs, headers, bodies, console
//	errors       console output, unhandled rejections, errors in fetch
//	busy         a message event that lasts ?ms=
//	workers      a dedicated and a shared worker as clients
//	greedy       its scope is the whole origin, and it answers everything
//	plain        a page without a worker
//
// In every script and page of a fixture the text __VERSION__ is its version,
// which Bump increments: the next update finds a new worker.
package testsite

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"sync"
	"testing"
	"time"
)

// Site is a running fixture server. One listener serves any number of origins:
// each is a host below localhost, which browsers resolve to loopback by
// themselves and treat as secure.
//
// Its methods may be called from any goroutine.
type Site struct {
	port   int
	server *http.Server
	done   chan struct{} // closed when the server's goroutine has ended

	mu       sync.Mutex
	versions map[string]int  // by fixture
	broken   map[string]bool // by fixture
	hits     map[string]int  // by request path
}

// New serves on addr ("127.0.0.1:0" for a free port) until Close.
func New(addr string) (*Site, error) {
	l, err := new(net.ListenConfig).Listen(context.Background(), "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("testsite: listen: %w", err)
	}
	tcp, ok := l.Addr().(*net.TCPAddr)
	if !ok {
		return nil, errors.Join(fmt.Errorf("testsite: %s is no TCP address", l.Addr()), l.Close())
	}
	s := &Site{
		port:     tcp.Port,
		done:     make(chan struct{}),
		versions: map[string]int{},
		broken:   map[string]bool{},
		hits:     map[string]int{},
	}
	s.server = &http.Server{Handler: s, ReadHeaderTimeout: 10 * time.Second}
	go func() {
		defer close(s.done)
		// Serve ends with http.ErrServerClosed at Close.
		_ = s.server.Serve(l)
	}()
	return s, nil
}

// Start serves on a free port until the test ends.
func Start(t testing.TB) *Site {
	t.Helper()
	s, err := New("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// Close ends the server and its open connections.
func (s *Site) Close() {
	_ = s.server.Close()
	<-s.done
}

// Origin is the n-th origin, without a trailing slash: http://localhost:PORT,
// http://o1.localhost:PORT, … All are different sites.
func (s *Site) Origin(n int) string {
	if n == 0 {
		return "http://localhost:" + strconv.Itoa(s.port)
	}
	return fmt.Sprintf("http://o%d.localhost:%d", n, s.port)
}

// OtherSite is an origin of another site than every Origin.
func (s *Site) OtherSite() string { return "http://127.0.0.1:" + strconv.Itoa(s.port) }

// URL is the page of a fixture at the n-th origin, with its query if any:
// URL(0, "cache?n=10").
func (s *Site) URL(n int, fixture string) string {
	name, query := cut(fixture, "?")
	return s.Origin(n) + "/" + name + "/" + query
}

// Scope is the scope that a fixture registers at the n-th origin.
func (s *Site) Scope(n int, fixture string) string { return s.Origin(n) + "/" + fixture + "/" }

// Bump gives a fixture a new version and returns it.
func (s *Site) Bump(fixture string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.versions[fixture]++
	return s.versions[fixture] + 1
}

// Break makes the worker script of a fixture fail from now on (see the list of
// fixtures for those that can).
func (s *Site) Break(fixture string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.broken[fixture] = true
}

// Hits is how often a path was requested.
func (s *Site) Hits(path string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.hits[path]
}

func (s *Site) version(fixture string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.versions[fixture] + 1
}

func (s *Site) isBroken(fixture string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.broken[fixture]
}
