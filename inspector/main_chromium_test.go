package inspector

import (
	"context"
	"fmt"
	"net"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/swinspect/swinspect/internal/testsite"
	"github.com/swinspect/swinspect/internal/testsite/drive"
)

// shared is the browser and the site of the tests that can live with what the
// others did: each uses an origin of its own.
var shared struct {
	once    sync.Once
	browser *drive.Chromium
	site    *testsite.Site
	err     error

	mu     sync.Mutex
	origin int
}

func TestMain(m *testing.M) {
	code := m.Run()
	if shared.browser != nil {
		shared.browser.Close()
	}
	if shared.site != nil {
		shared.site.Close()
	}
	if code == 0 {
		if err := goleak.Find(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

// world is a browser with the fixture sites and swinspect attached to it.
type world struct {
	*drive.Chromium
	site   *testsite.Site
	origin int // an origin that no other test uses
	hub    *Hub
	b      *Browser
}

// inShared is a world in the shared browser.
func inShared(t *testing.T) *world {
	t.Helper()
	shared.once.Do(func() {
		if shared.site, shared.err = testsite.New("127.0.0.1:0"); shared.err != nil {
			return
		}
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		shared.browser, shared.err = drive.Launch(ctx, drive.Options{})
	})
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	shared.mu.Lock()
	shared.origin++
	w := &world{Chromium: shared.browser, site: shared.site, origin: shared.origin}
	shared.mu.Unlock()
	w.attach(t)
	return w
}

// inOwn is a world in a browser of its own.
func inOwn(t *testing.T) *world {
	t.Helper()
	w := &world{Chromium: drive.Start(t), site: testsite.Start(t)}
	w.attach(t)
	return w
}

func (w *world) attach(t *testing.T) {
	t.Helper()
	w.hub, w.b = attachTo(t, w.Endpoint())
}

// attachTo attaches a hub of its own, which ends with the test.
func attachTo(t testing.TB, endpoint string) (*Hub, *Browser) {
	t.Helper()
	hub := NewHub(HubOptions{Logger: testLogger(t)})
	t.Cleanup(func() {
		if err := hub.Close(); err != nil {
			t.Error(err)
		}
	})
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	b, err := hub.Attach(ctx, AttachOptions{Endpoint: endpoint})
	if err != nil {
		t.Fatal(err)
	}
	return hub, b
}

// scope is the scope of a fixture at the test's own origin.
func (w *world) scope(fixture string) string { return w.site.Scope(w.origin, fixture) }

// open opens a fixture's page at the test's own origin.
func (w *world) open(t *testing.T, fixture string) *drive.Page {
	t.Helper()
	return w.Open(t, w.site.URL(w.origin, fixture))
}

// until waits for a condition on the state.
func (w *world) until(t testing.TB, what string, holds func(*State) bool) *State {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 15*time.Second)
	defer cancel()
	s, err := w.b.WaitFor(ctx, holds)
	if err != nil {
		t.Fatalf("waiting until %s: %v\n%s", what, err, describeState(s))
	}
	return s
}

// live is the live registration of a scope in the default context, nil when
// there is none.
func live(s *State, scope string) *Registration {
	for _, r := range s.Live() {
		if c := s.Context(r.Key.Instance, r.Key.Context); r.Scope == scope && c != nil && c.Default {
			return r
		}
	}
	return nil
}

// registered waits for an active version of the scope.
func (w *world) registered(t testing.TB, scope string) *Registration {
	t.Helper()
	var r *Registration
	w.until(t, scope+" is active", func(s *State) bool {
		r = live(s, scope)
		return r != nil && r.Active() != nil && r.Active().Status == "activated"
	})
	return r
}

func describeState(s *State) string {
	text := fmt.Sprintf("connection %s %s, %d targets\n", s.Connection.Status, s.Connection.Reason, len(s.Targets))
	for _, r := range s.Registrations {
		text += fmt.Sprintf("  registration %s/%s %s alive=%v key=%+v\n", r.Key.Context[:min(4, len(r.Key.Context))], r.Key.ID, r.Scope, r.Alive(), r.StorageKey)
		for _, v := range r.Versions {
			text += fmt.Sprintf("    version %s %s %s clients=%v kept=%q\n", v.ID, v.Status, v.Running, v.Clients, v.KeptAlive)
		}
		for _, e := range r.Errors {
			text += fmt.Sprintf("    error %s\n", e.Message)
		}
	}
	for _, r := range s.Receipts {
		text += fmt.Sprintf("  receipt %d %s %s: %s %s\n", r.ID, r.Action.Kind, r.Subject, r.Outcome, r.Detail)
	}
	return text
}

func newSite(t *testing.T) *testsite.Site { return testsite.Start(t) }

// startIn starts a browser on a profile and port that outlive it.
func startIn(t *testing.T, dir string, port int) *drive.Chromium {
	t.Helper()
	return drive.StartWith(t, drive.Options{UserDataDir: dir, Port: port})
}

func portOf(t *testing.T, c *drive.Chromium) int {
	t.Helper()
	_, port, err := net.SplitHostPort(c.Endpoint())
	if err != nil {
		t.Fatal(err)
	}
	n, err := strconv.Atoi(port)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
