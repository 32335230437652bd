package inspector

import (
	"context"
	"encoding/base64"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/serviceworker"
	"github.com/chromedp/cdproto/target"
)

// do does an action and wants its outcome.
func (w *world) do(t *testing.T, want Outcome, a Action) Receipt {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 40*time.Second)
	defer cancel()
	r, err := w.b.Do(ctx, a, 0)
	if err != nil {
		t.Fatalf("%s: %v\n%s", a.Kind, err, describeState(w.b.State()))
	}
	if r.Outcome != want {
		t.Fatalf("%s: %s (%s), want %s\n%s", a.Kind, r.Outcome, r.Detail, want, describeState(w.b.State()))
	}
	if r.EndedAt.IsZero() || r.Detail == "" || r.Subject == "" {
		t.Errorf("%s: incomplete receipt %+v", a.Kind, r)
	}
	t.Logf("%s: %s (%s) after %v", a.Kind, r.Outcome, r.Detail, r.EndedAt.Sub(r.SentAt).Round(time.Millisecond))
	return r
}

// refused wants an action to be refused for a reason that says why.
func (w *world) refused(t *testing.T, a Action, why string) {
	t.Helper()
	before := len(w.b.State().Receipts)
	_, err := w.b.Do(t.Context(), a, 0)
	refused, ok := errors.AsType[*RefusedError](err)
	if !ok {
		t.Fatalf("%s: %v, want it refused", a.Kind, err)
	}
	if !strings.Contains(refused.Reason, why) {
		t.Errorf("%s: refused with %q, want %q", a.Kind, refused.Reason, why)
	}
	if n := len(w.b.State().Receipts); n != before {
		t.Errorf("%s: refused, but left a receipt", a.Kind)
	}
}

// waiting makes a version of the fixture wait, held by the returned page's id.
func (w *world) waiting(t *testing.T, fixture string) (*Registration, string) {
	t.Helper()
	p := w.open(t, fixture)
	r := w.registered(t, w.scope(fixture))
	p.Reload(t) // comes under control
	w.site.Bump(fixture)
	w.do(t, Confirmed, Action{Kind: Update, Registration: r.Key})
	w.until(t, "a version waits", func(s *State) bool {
		r = live(s, w.scope(fixture))
		return r.Waiting() != nil
	})
	return r, p.ID
}

func TestChromiumUpdate(t *testing.T) {
	w := inShared(t)
	w.open(t, "simple")
	r := w.registered(t, w.scope("simple"))
	if got := w.do(t, Confirmed, Action{Kind: Update, Registration: r.Key}); !strings.Contains(got.Detail, "identical") {
		t.Errorf("identical script: %s", got.Detail)
	}
	w.site.Bump("simple")
	if got := w.do(t, Confirmed, Action{Kind: Update, Registration: r.Key}); !strings.Contains(got.Detail, "new version") {
		t.Errorf("new script: %s", got.Detail)
	}
}

func TestChromiumUpdateThatCannotWork(t *testing.T) {
	w := inShared(t)
	w.open(t, "vanish")
	w.open(t, "badupdate")
	gone, bad := w.registered(t, w.scope("vanish")), w.registered(t, w.scope("badupdate"))
	w.site.Break("vanish")
	w.site.Break("badupdate")
	if got := w.do(t, Failed, Action{Kind: Update, Registration: gone.Key}); !strings.Contains(got.Detail, "404") {
		t.Errorf("404: %s", got.Detail)
	}
	if got := w.do(t, Failed, Action{Kind: Update, Registration: bad.Key}); !strings.Contains(got.Detail, "SyntaxError") && !strings.Contains(got.Detail, "evaluat") {
		t.Errorf("syntax error: %s", got.Detail)
	}
}

func TestChromiumSkipWaiting(t *testing.T) {
	w := inShared(t)
	r, client := w.waiting(t, "simple")
	waiting := r.Waiting().ID
	w.until(t, "the client is known to hold it", func(s *State) bool {
		return slices.Contains(s.Registration(r.Key).Active().Clients, client)
	})
	w.do(t, Confirmed, Action{Kind: SkipWaiting, Registration: r.Key})
	now := w.b.State().Registration(r.Key)
	if v := now.Active(); v == nil || v.ID != waiting || v.Status != serviceworker.VersionStatusActivated {
		t.Errorf("confirmed, but active is %+v", v)
	}
	w.refused(t, Action{Kind: SkipWaiting, Registration: r.Key}, w.scope("simple"))
}

func TestChromiumStartAndStop(t *testing.T) {
	w := inShared(t)
	w.open(t, "claim")
	r := w.registered(t, w.scope("claim"))
	w.do(t, Confirmed, Action{Kind: Stop, Registration: r.Key})
	if v := w.b.State().Registration(r.Key).Active(); !isStopped(v) {
		t.Errorf("confirmed, but it is %s", v.Running)
	}
	w.refused(t, Action{Kind: Stop, Registration: r.Key}, "running")
	w.do(t, Confirmed, Action{Kind: Start, Registration: r.Key})
	w.do(t, Confirmed, Action{Kind: Start, Registration: r.Key}) // runs already
	w.do(t, Confirmed, Action{Kind: Stop, Registration: r.Key, Version: r.Active().ID})
	w.do(t, Confirmed, Action{Kind: Start, Registration: r.Key})
	w.do(t, Confirmed, Action{Kind: StopAll})
}

func TestChromiumUnregister(t *testing.T) {
	w := inShared(t)
	p := w.open(t, "simple")
	r := w.registered(t, w.scope("simple"))
	p.Reload(t)
	w.do(t, Confirmed, Action{Kind: Unregister, Registration: r.Key})
	w.refused(t, Action{Kind: Unregister, Registration: r.Key}, "unregistered")
	w.refused(t, Action{Kind: Update, Registration: RegistrationKey{r.Key.Instance, r.Key.Context, "4711"}}, "4711")
	w.refused(t, Action{Kind: "dance"}, "dance")
	w.refused(t, Action{Kind: CloseClient, Client: "nobody"}, "nobody")
	w.refused(t, Action{Kind: StopAll, Context: "nowhere"}, "nowhere")
}

func TestChromiumEvents(t *testing.T) {
	w := inShared(t)
	p := w.open(t, "simple")
	r := w.registered(t, w.scope("simple"))
	w.do(t, Confirmed, Action{Kind: Push, Registration: r.Key, Data: "grüße <b>😀</b>"})
	w.do(t, Confirmed, Action{Kind: Push, Registration: r.Key, Data: ""})
	w.do(t, Confirmed, Action{Kind: Push, Registration: r.Key, Binary: true, Data: base64.StdEncoding.EncodeToString([]byte(`{"a":1}`))})
	w.refused(t, Action{Kind: Push, Registration: r.Key, Binary: true, Data: base64.StdEncoding.EncodeToString([]byte("ab\xff"))}, "byte 2")
	w.do(t, Confirmed, Action{Kind: Sync, Registration: r.Key, Tag: "a tag"})
	w.do(t, Confirmed, Action{Kind: PeriodicSync, Registration: r.Key, Tag: "daily"})
	p.Reload(t)
	got := p.Eval(t, "fetch('/simple/seen').then((r) => r.text())")
	if want := `[["push","grüße <b>😀</b>"],["push",null],["push","{\"a\":1}"],["sync","a tag"],["periodicsync","daily"]]`; got != want {
		t.Errorf("the worker saw %s\nwant %s", got, want)
	}
	w.do(t, Confirmed, Action{Kind: Stop, Registration: r.Key})
	w.do(t, Confirmed, Action{Kind: Push, Registration: r.Key, Data: "wake up"})
	for range 2 { // the second error has the text of the first
		if got := w.do(t, Confirmed, Action{Kind: Push, Registration: r.Key, Data: "throw"}); !strings.Contains(got.Detail, "reported an error: Uncaught Error: the push handler threw") {
			t.Errorf("a handler that throws: %s", got.Detail)
		}
	}
	if got := w.do(t, Confirmed, Action{Kind: Push, Registration: r.Key, Data: "again"}); strings.Contains(got.Detail, "error") {
		t.Errorf("a handler that does not throw: %s", got.Detail)
	}
}

func TestChromiumClientsActions(t *testing.T) {
	w := inShared(t)
	p := w.open(t, "plain")
	p.Eval(t, "void (window.marked = true)")
	w.do(t, Confirmed, Action{Kind: FocusClient, Client: p.ID})
	w.do(t, Confirmed, Action{Kind: ReloadClient, Client: p.ID})
	if got := p.Eval(t, "String(window.marked)"); got != "undefined" {
		t.Errorf("after a reload the page still has what it had: %s", got)
	}
	w.do(t, Confirmed, Action{Kind: CloseClient, Client: p.ID})
}

func TestChromiumUpdateOnReloadSurvivesRefreshes(t *testing.T) {
	w := inOwn(t)
	p := w.open(t, "simple")
	r := w.registered(t, w.scope("simple"))
	w.do(t, Confirmed, Action{Kind: SetUpdateOnReload, On: true})
	for range 2 {
		had := len(w.b.State().Registration(r.Key).Versions)
		p.Reload(t) // which also makes the watcher take a snapshot
		w.until(t, "a reload made a new version", func(s *State) bool {
			return len(s.Registration(r.Key).Versions) > had
		})
		time.Sleep(1800 * time.Millisecond) // for the second snapshot
	}
	w.do(t, Confirmed, Action{Kind: SetUpdateOnReload, On: false})
	had := len(w.b.State().Registration(r.Key).Versions)
	p.Reload(t)
	time.Sleep(time.Second)
	if n := len(w.b.State().Registration(r.Key).Versions); n != had {
		t.Errorf("switched off, but a reload still makes versions: %d, was %d", n, had)
	}
}

func TestChromiumBypassAndOffline(t *testing.T) {
	w := inOwn(t)
	p := w.open(t, "simple")
	r := w.registered(t, w.scope("simple"))
	p.Reload(t)
	synth := "fetch('/simple/synth').then((r) => r.text()).then((t) => t.slice(0, 5), () => 'failed')"
	through := "fetch('/simple/through').then((r) => r.text()).then((t) => 'fetched', () => 'failed')"
	expect := func(what, expr, want string) {
		t.Helper()
		if got := p.Eval(t, expr); got != want {
			t.Errorf("%s: %q, want %q", what, got, want)
		}
	}
	expect("before", synth, "synth")
	w.do(t, Confirmed, Action{Kind: SetBypass, On: true})
	expect("bypass", synth, "<!doc")
	w.do(t, Confirmed, Action{Kind: SetBypass, On: false})
	expect("no bypass", synth, "synth")

	expect("online through the worker", through, "fetched")
	w.do(t, Confirmed, Action{Kind: SetOffline, On: true})
	expect("offline, answered by the worker", synth, "synth")
	expect("offline, fetched by the worker", through, "failed")
	expect("offline, fetched by the page", "fetch('/plain/').then(() => 'fetched', () => 'failed')", "failed")
	if kept := w.b.State().Registration(r.Key).Active().KeptAlive; kept != "offline" {
		t.Errorf("kept alive: %q", kept)
	}
	// A worker that stops and starts again is cut off again.
	w.do(t, Confirmed, Action{Kind: Stop, Registration: r.Key})
	w.do(t, Confirmed, Action{Kind: Start, Registration: r.Key})
	w.until(t, "the new run is covered", func(s *State) bool {
		v := s.Registration(r.Key).Active()
		return v.KeptAlive == "offline" && v.Running == serviceworker.VersionRunningStatusRunning
	})
	for range 100 { // it ran a moment before it could be cut off
		if p.Eval(t, through) == "failed" {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	expect("offline, fetched by the restarted worker", through, "failed")
	// A page that comes later is covered too.
	w.OpenAny(t, "", "about:blank")
	w.do(t, Confirmed, Action{Kind: SetOffline, On: false})
	expect("online again", through, "fetched")
	w.until(t, "nothing is kept alive", func(s *State) bool { return s.Registration(r.Key).Active().KeptAlive == "" })
}

// Actions on a partitioned registration never touch the first-party one of the
// same scope, and the other way round.
func TestChromiumPartitionedTwinIsSafe(t *testing.T) {
	w := inOwn(t)
	scope := w.site.OtherSite() + "/frame/"
	w.Open(t, w.site.OtherSite()+"/frame/")
	outer := w.Open(t, w.site.Origin(0)+"/partitioned/")
	var first, part *Registration
	both := func(s *State) bool {
		first, part = nil, nil
		for _, r := range s.Live() {
			if r.Scope != scope || r.StorageKey.Known != Seen || r.Active() == nil || r.Active().Status != "activated" {
				continue
			}
			if r.StorageKey.Partitioned() {
				part = r
			} else {
				first = r
			}
		}
		return first != nil && part != nil
	}
	w.until(t, "both are there and told apart", both)
	outer.Reload(t)
	w.site.Bump("frame")
	w.do(t, Confirmed, Action{Kind: Update, Registration: part.Key})
	w.until(t, "the partitioned one has a version waiting", func(s *State) bool { return s.Registration(part.Key).Waiting() != nil })
	if n := len(w.b.State().Registration(first.Key).Versions); n != 1 {
		t.Errorf("the first-party twin has %d versions", n)
	}
	for _, kind := range []ActionKind{Push, Sync, PeriodicSync} {
		w.refused(t, Action{Kind: kind, Registration: part.Key, Data: "x"}, "first-party")
	}
	w.do(t, Confirmed, Action{Kind: SkipWaiting, Registration: part.Key})
	if got := w.b.State().Registration(first.Key); len(got.Versions) != 1 || got.Waiting() != nil {
		t.Errorf("the first-party twin was touched: %s", describeState(w.b.State()))
	}
	w.do(t, Confirmed, Action{Kind: Stop, Registration: part.Key})
	if v := w.b.State().Registration(part.Key).Active(); !isStopped(v) {
		t.Error("the partitioned worker runs")
	}
	w.refused(t, Action{Kind: Start, Registration: part.Key}, "first-party")
	w.do(t, Confirmed, Action{Kind: Unregister, Registration: part.Key})
	if s := w.b.State(); !s.Registration(part.Key).Deleted() || s.Registration(first.Key).Deleted() {
		t.Errorf("unregistered the wrong one: %s", describeState(s))
	}
	w.do(t, Confirmed, Action{Kind: Update, Registration: first.Key})
}

// Two registrations of one scope whose workers are stopped: an action finds out
// which is which before it is sent.
func TestChromiumDoubtIsSettledBeforeActing(t *testing.T) {
	w := inOwn(t)
	scope := w.site.OtherSite() + "/frame/"
	w.Open(t, w.site.OtherSite()+"/frame/").Close(t)
	outer := w.Open(t, w.site.Origin(0)+"/partitioned/")
	partitioned := ""
	w.until(t, "both are active", func(s *State) bool {
		n := 0
		for _, r := range s.Live() {
			if r.StorageKey.Partitioned() {
				partitioned = r.Key.ID
			}
			if r.Scope == scope && r.Active() != nil && r.Active().Status == "activated" && r.StorageKey.Known == Seen {
				n++
			}
		}
		return n == 2
	})
	outer.Close(t)
	w.do(t, Confirmed, Action{Kind: StopAll})

	_, b := attachTo(t, w.Endpoint()) // knows nothing of what was
	second := &world{Chromium: w.Chromium, site: w.site, b: b}
	var twins []*Registration
	for _, r := range b.State().Live() {
		if r.Scope == scope {
			twins = append(twins, r)
		}
	}
	if len(twins) != 2 || twins[0].StorageKey.Doubt == "" || twins[1].StorageKey.Doubt == "" {
		t.Fatalf("not in doubt:\n%s", describeState(b.State()))
	}
	// CDP unregisters by scope: whichever is asked for first, the right one goes
	// or none does.
	for _, r := range twins {
		receipt, err := b.Do(t.Context(), Action{Kind: Unregister, Registration: r.Key}, 2*time.Second)
		now := b.State().Registration(r.Key)
		if _, ok := errors.AsType[*RefusedError](err); ok {
			if now.Deleted() {
				t.Errorf("refused, but unregistered:\n%s", describeState(b.State()))
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if deleted := now.Deleted(); deleted != (receipt.Outcome == Confirmed) {
			t.Errorf("%s, but deleted: %v\n%s", receipt.Outcome, deleted, describeState(b.State()))
		}
	}
	var left []string
	for _, r := range second.b.State().Live() {
		left = append(left, r.Key.ID)
	}
	if len(left) != 1 || left[0] != partitioned {
		t.Errorf("left %q, want only the partitioned one, %s", left, partitioned)
	}
}

// An old worker that somebody holds in a debugger blocks skipWaiting: the receipt
// says so, and no more than that is claimed.
func TestChromiumSkipWaitingBlockedByAPause(t *testing.T) {
	w := inShared(t)
	r, _ := w.waiting(t, "simple")
	active := r.Active()
	w.do(t, Confirmed, Action{Kind: SetConsole, Registration: r.Key, Version: active.ID, On: true})
	v := w.b.State().Registration(r.Key).Version(active.ID)
	debugger, err := w.Conn().Attach(t.Context(), target.ID(v.TargetID))
	if err != nil {
		t.Fatal(err)
	}
	for _, method := range []string{"Debugger.enable", "Debugger.pause"} {
		if err := debugger.Call(t.Context(), method, map[string]any{}, nil); err != nil {
			t.Fatal(err)
		}
	}
	if err := debugger.Go("Runtime.evaluate", map[string]any{"expression": "1"}); err != nil {
		t.Fatal(err)
	}
	w.until(t, "the pause is seen", func(s *State) bool { return s.Registration(r.Key).Version(active.ID).Paused != nil })
	receipt, err := w.b.Do(t.Context(), Action{Kind: SkipWaiting, Registration: r.Key}, 2*time.Second)
	if err != nil || receipt.Outcome != NoEffect || !strings.Contains(receipt.Detail, "paused") {
		t.Errorf("%+v %v", receipt, err)
	}
	if err := debugger.Call(t.Context(), "Debugger.resume", map[string]any{}, nil); err != nil {
		t.Fatal(err)
	}
	w.until(t, "it activates when resumed", func(s *State) bool {
		a := s.Registration(r.Key).Active()
		return a != nil && a.ID != active.ID && a.Status == serviceworker.VersionStatusActivated
	})
}
