package inspector

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/swinspect/swinspect/cdp"
	"github.com/swinspect/swinspect/internal/testsite/drive"
)

func testLogger(testing.TB) *slog.Logger {
	if os.Getenv("LIVE_LOG") == "" {
		return slog.New(slog.DiscardHandler)
	}
	return slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// What was there before swinspect came is part of the first state.
func TestChromiumInventoryOfOriginsAndContexts(t *testing.T) {
	w := inOwn(t)
	w.open(t, "simple")
	w.Open(t, w.site.URL(1, "claim"))
	incognito := w.NewContext(t)
	w.OpenIn(t, incognito, w.site.URL(0, "simple"))

	_, b := attachTo(t, w.Endpoint())
	s := b.State() // at once: Attach returns with the inventory
	var got []string
	for _, r := range s.Live() {
		c := s.Context(r.Key.Instance, r.Key.Context)
		got = append(got, c.Label+" "+r.Scope)
		if r.Active() == nil || r.Active().ScriptURL != r.Scope+"sw.js" {
			t.Errorf("%s: active %+v", r.Scope, r.Active())
		}
	}
	slices.Sort(got)
	want := []string{
		"context 1 " + w.site.Scope(0, "simple"),
		"default " + w.site.Scope(0, "simple"),
		"default " + w.site.Scope(1, "claim"),
	}
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("got %q\nwant %q", got, want)
	}
	if s.Connection.Status != Live || s.Connection.Product == "" {
		t.Errorf("connection %+v", s.Connection)
	}
}

// Watching attaches to no page and no worker, and opens no tab.
func TestChromiumObservingTouchesNothing(t *testing.T) {
	w := inOwn(t)
	p := w.open(t, "simple")
	w.registered(t, w.scope("simple"))
	p.Reload(t)
	w.until(t, "the page is controlled", func(s *State) bool {
		return slices.Contains(live(s, w.scope("simple")).Active().Clients, p.ID)
	})
	time.Sleep(1500 * time.Millisecond)
	pages := 0
	for _, target := range w.Targets(t) {
		switch {
		case target.Type == "service_worker" && target.Attached:
			t.Errorf("somebody is attached to %s", target.URL)
		case target.Type == "page":
			pages++
		}
	}
	if pages != 2 { // the first tab and ours
		t.Errorf("%d tabs", pages)
	}
	for _, r := range w.b.State().Registrations {
		for _, v := range r.Versions {
			if v.KeptAlive != "" {
				t.Errorf("kept alive: %s", v.KeptAlive)
			}
		}
	}
}

// An incognito context that comes and goes is followed.
func TestChromiumContextsComeAndGo(t *testing.T) {
	w := inOwn(t)
	id := w.NewContext(t)
	p := w.OpenIn(t, id, w.site.URL(0, "claim"))
	in := func(s *State) *Registration {
		for _, r := range s.Live() {
			if r.Key.Context == id {
				return r
			}
		}
		return nil
	}
	w.until(t, "the registration of the new context is seen", func(s *State) bool {
		r := in(s)
		return r != nil && r.Active() != nil && slices.Contains(r.Active().Clients, p.ID)
	})
	w.DisposeContext(t, id)
	w.until(t, "the context is gone", func(s *State) bool {
		c := s.Context(s.Connection.Instance, id)
		return c != nil && c.Gone && in(s) == nil
	})
	left := func() (n int) {
		for _, target := range w.Targets(t) {
			if string(target.BrowserContextID) == id {
				n++
			}
		}
		return n
	}
	for range 50 {
		if left() == 0 {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Errorf("%d targets left in the disposed context", left())
}

// Two registrations of one scope are told apart by their storage keys.
func TestChromiumPartitionedRegistrationHasItsStorageKey(t *testing.T) {
	w := inOwn(t)
	first := w.Open(t, w.site.OtherSite()+"/frame/")
	first.Close(t)
	w.Open(t, w.site.Origin(0)+"/partitioned/")
	scope := w.site.OtherSite() + "/frame/"
	w.until(t, "both keys are known", func(s *State) bool {
		var keys []string
		for _, r := range s.Live() {
			if r.Scope == scope && (r.StorageKey.Known == Seen) {
				keys = append(keys, r.StorageKey.Raw)
			}
		}
		slices.Sort(keys)
		return slices.Equal(keys, []string{w.site.OtherSite() + "/", w.site.OtherSite() + "/^0http://localhost"})
	})
}

// Killing the browser is seen at once, its return is picked up, and what was is
// kept.
func TestChromiumKillAndRestart(t *testing.T) {
	dir := t.TempDir()
	site := newSite(t)
	c := startIn(t, dir, 0)
	port := portOf(t, c)
	_, b := attachTo(t, c.Endpoint())
	w := &world{Chromium: c, site: site, b: b}
	w.open(t, "simple")
	w.registered(t, w.scope("simple"))
	old := w.b.State().Connection.Instance
	time.Sleep(time.Second) // the profile is written to disk in the background

	began := time.Now()
	c.Kill()
	s := w.until(t, "the loss is seen", func(s *State) bool { return s.Connection.Status == Gone })
	if d := time.Since(began); d > 2*time.Second || s.Connection.Reason == "" {
		t.Errorf("seen after %v: %+v", d, s.Connection)
	}
	_, err := b.Do(t.Context(), Action{Kind: Stop, Registration: live(s, w.scope("simple")).Key}, time.Second)
	if _, ok := errors.AsType[*GoneError](err); !ok {
		t.Errorf("an action on a browser that is gone: %v", err)
	}

	w.Chromium = startIn(t, dir, port)
	began = time.Now()
	s = w.until(t, "its return is seen", func(s *State) bool {
		return s.Connection.Status == Live && s.Connection.Instance != old
	})
	if d := time.Since(began); d > 3*time.Second {
		t.Errorf("its return took %v to be seen", d)
	}
	if s.Connection.Instances != 2 {
		t.Errorf("instances %d", s.Connection.Instances)
	}
	w.open(t, "claim")
	w.registered(t, w.scope("claim"))
	kept := 0
	for _, r := range b.State().Registrations {
		if r.Key.Instance == old && !r.GoneAt.IsZero() && len(r.Versions) > 0 {
			kept++
		}
	}
	if kept != 1 {
		t.Errorf("%d registrations kept of the old instance", kept)
	}
}

// 200 registrations of 20 origins, with nothing lost and nothing twice.
func TestChromiumTwoHundredRegistrations(t *testing.T) {
	w := inOwn(t)
	twoHundred(t, w.Chromium, w.site, 200)
	all := func(s *State) bool {
		n := 0
		for _, r := range s.Live() {
			if v := r.Active(); v != nil && v.Status == "activated" {
				n++
			}
		}
		return n == 200 && len(s.Live()) == 200
	}
	w.until(t, "all are active in the browser that watched", all)
	began := time.Now()
	_, b := attachTo(t, w.Endpoint())
	if s := b.State(); !all(s) {
		t.Errorf("%d registrations after attach", len(s.Live()))
	}
	t.Logf("attached to 200 registrations in %v", time.Since(began).Round(time.Millisecond))
	slugs := map[string]bool{}
	for _, r := range b.State().Live() {
		slugs[r.Slug(b.State())] = true
	}
	if len(slugs) != 200 {
		t.Errorf("%d slugs for 200 registrations", len(slugs))
	}
}

// Two browsers attached at once do not mix, also when one goes.
func TestChromiumTwoBrowsers(t *testing.T) {
	w := inOwn(t)
	other := drive.Start(t)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	b2, err := w.hub.Attach(ctx, AttachOptions{Endpoint: other.Endpoint(), Name: "second"})
	if err != nil {
		t.Fatal(err)
	}
	if w.hub.Browser("2") != b2 || len(w.hub.Browsers()) != 2 || b2.Name() != "second" {
		t.Error("the hub lists them wrongly")
	}
	w.open(t, "simple")
	other.Open(t, w.site.URL(1, "claim"))
	w.registered(t, w.scope("simple"))
	if _, err := b2.WaitFor(ctx, func(s *State) bool { return live(s, w.site.Scope(1, "claim")) != nil }); err != nil {
		t.Fatal(err)
	}
	if len(w.b.State().Live()) != 1 || len(b2.State().Live()) != 1 {
		t.Errorf("mixed:\n%s%s", describeState(w.b.State()), describeState(b2.State()))
	}
	other.Kill()
	if _, err := b2.WaitFor(ctx, func(s *State) bool { return s.Connection.Status == Gone }); err != nil {
		t.Fatal(err)
	}
	if w.b.State().Connection.Status != Live {
		t.Error("the other browser is gone too")
	}
	if err := w.hub.Detach("2"); err != nil {
		t.Fatal(err)
	}
	if w.hub.Browser("2") != nil || b2.State().Connection.Status != Closed {
		t.Error("still attached")
	}
	w.do(t, Confirmed, Action{Kind: Stop, Registration: live(w.b.State(), w.scope("simple")).Key})
}

// Attaching to nothing fails with the reason, and leaves nothing behind.
func TestChromiumAttachFails(t *testing.T) {
	hub := NewHub(HubOptions{})
	defer func() { _ = hub.Close() }()
	_, err := hub.Attach(t.Context(), AttachOptions{Endpoint: "127.0.0.1:1"})
	if _, ok := errors.AsType[*cdp.ResolveError](err); !ok {
		t.Errorf("error %v", err)
	}
	if len(hub.Browsers()) != 0 {
		t.Error("a browser that was never attached is listed")
	}
}

// A worker that comes is seen within a second, from its first state on.
func TestChromiumNewWorkerIsSeenWithinASecond(t *testing.T) {
	w := inShared(t)
	w.open(t, "simple") // returns when the page knows that it is registered
	began := time.Now()
	w.until(t, "it is seen", func(s *State) bool { return live(s, w.scope("simple")) != nil })
	if d := time.Since(began); d > time.Second {
		t.Errorf("seen %v after the page", d)
	}
	w.registered(t, w.scope("simple"))
	v := live(w.b.State(), w.scope("simple")).Active()
	if !v.Complete || len(v.History) < 5 {
		t.Errorf("history %+v", v.History)
	}
}
