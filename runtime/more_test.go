package runtime

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/swinspect/swinspect/runtime/cache"
	"github.com/swinspect/swinspect/runtime/fetch"
)

func TestByteComparison(t *testing.T) {
	imports := &part{imports: []string{origin + "/a.js", origin + "/b.js"}}
	for name, c := range map[string]struct {
		change func(p *play)
		update bool
		asked  string
	}{
		"nothing new":    {func(*play) {}, false, "/sw.js no-cache\n/a.js default\n/b.js default"},
		"main script":    {func(p *play) { p.serve(origin+"/sw.js", "v2") }, true, "/sw.js no-cache"},
		"an import":      {func(p *play) { p.serve(origin+"/a.js", "a2") }, true, "/sw.js no-cache\n/a.js default\n/b.js default"},
		"a bad import":   {func(p *play) { p.serve(origin+"/a.js", "a2").status = 404 }, false, "/sw.js no-cache\n/a.js default\n/b.js default"},
		"one import bad": {func(p *play) { p.serve(origin+"/a.js", "a2").status = 404; p.serve(origin+"/b.js", "b2") }, true, "/sw.js no-cache\n/a.js default\n/b.js default"},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlay(t, Options{})
			p.serve(origin+"/sw.js", "v1")
			p.serve(origin+"/a.js", "a1")
			p.serve(origin+"/b.js", "b1")
			p.plays("v1", imports)
			page := p.open("page", "/")
			r := p.mustRegister(page)
			before := p.activated(r)
			p.requests()
			c.change(p)
			if err := p.engine.Update(context.Background(), page, r); err != nil && !strings.Contains(name, "one import bad") {
				t.Fatal(err)
			}
			asked := strings.ReplaceAll(p.requests(), origin, "")
			if !strings.HasPrefix(asked, c.asked) {
				t.Errorf("asked for\n%s\nwant\n%s", asked, c.asked)
			}
			if name == "one import bad" {
				return // the new worker imports the bad one and fails
			}
			p.until("settled", func() bool {
				s := r.Snapshot()
				return s.Installing == nil && s.Waiting == nil && s.ActiveState == StateActivated
			})
			if updated := r.Snapshot().Active != before; updated != c.update {
				t.Errorf("updated: %t", updated)
			}
		})
	}
}

func TestUpdateViaCache(t *testing.T) {
	for mode, want := range map[string]string{
		"imports": "/sw.js no-cache\n/a.js default",
		"none":    "/sw.js no-cache\n/a.js no-cache",
		"all":     "/sw.js default\n/a.js default",
	} {
		p := newPlay(t, Options{})
		p.serve(origin+"/sw.js", "v1")
		p.serve(origin+"/a.js", "a1")
		p.plays("v1", &part{imports: []string{origin + "/a.js"}})
		page := p.open("page", "/")
		r, err := p.engine.Register(context.Background(), page, fetch.MustParseURL(origin+"/sw.js"), nil, "classic", mode, nil)
		if err != nil {
			t.Fatal(err)
		}
		if asked := strings.ReplaceAll(p.requests(), origin, ""); asked != want {
			t.Errorf("%s: registering asked for\n%s", mode, asked)
		}
		p.activated(r)
		if err := p.engine.Update(context.Background(), page, r); err != nil {
			t.Fatal(err)
		}
		if asked := strings.ReplaceAll(p.requests(), origin, ""); asked != want {
			t.Errorf("%s: updating asked for\n%s", mode, asked)
		}
		if got := r.Snapshot().UpdateViaCache; got != mode {
			t.Errorf("%s became %s", mode, got)
		}
	}
}

// A day after the last check the HTTP cache is not asked any more, and fetches of
// subresources look for updates too.
func TestStaleAfterADay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlay(t, Options{})
		defer p.engine.Close()
		p.serve(origin+"/sw.js", "v1")
		p.plays("v1", &part{listens: []string{"fetch"}, fetch: respond("1")})
		r, err := p.engine.Register(context.Background(), p.open("page", "/"), fetch.MustParseURL(origin+"/sw.js"), nil, "classic", "all", nil)
		if err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		_ = r
		page, _ := p.navigate("second", "/")
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if asked := p.requests(); asked != origin+"/sw.js default\n"+origin+"/sw.js default" {
			t.Errorf("a navigation does not look for an update: %s", asked)
		}
		time.Sleep(24*time.Hour - time.Minute)
		p.get(page, "/x")
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if asked := p.requests(); asked != "" {
			t.Errorf("within a day: %s", asked)
		}
		time.Sleep(2 * time.Minute)
		p.get(page, "/x")
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if asked := p.requests(); asked != origin+"/sw.js no-cache" {
			t.Errorf("after a day: %q", asked)
		}
		p.get(page, "/x")
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if asked := p.requests(); asked != "" {
			t.Errorf("right after the check: %s", asked)
		}
	})
}

func TestIdleWorkersStopAndStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlay(t, Options{})
		defer p.engine.Close()
		p.serve(origin+"/sw.js", "v1")
		p.plays("v1", &part{listens: []string{"fetch"}, fetch: respond("1")})
		r := p.mustRegister(p.open("page", "/"))
		synctest.Wait()
		w := r.Snapshot().Active
		time.Sleep(29 * time.Second)
		if w.Running() != running {
			t.Fatal("stopped too early")
		}
		page, _ := p.navigate("second", "/")
		time.Sleep(29 * time.Second)
		if w.Running() != running {
			t.Fatal("an event did not keep it")
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if w.Running() != stopped {
			t.Fatal("it does not stop")
		}
		p.log()
		if got := text(p.get(page, "/x")); got != "1" {
			t.Error(got)
		}
		p.expect("worker1 starts: fetch")
		release := w.Hold()
		time.Sleep(time.Hour)
		synctest.Wait()
		if w.Running() != running {
			t.Error("it was stopped while held")
		}
		release()
		time.Sleep(31 * time.Second)
		synctest.Wait()
		if w.Running() != stopped {
			t.Error("it goes on after the release")
		}
	})
}

func TestTimeouts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlay(t, Options{})
		defer p.engine.Close()
		never := func(ctx context.Context, _ *agent, _ Event) EventResult {
			<-ctx.Done()
			return EventResult{Err: context.Cause(ctx)}
		}
		p.serve(origin+"/sw.js", "v1")
		p.plays("v1", &part{listens: []string{"install"}, event: never})
		p.serve(origin+"/slow.js", "slow")
		p.plays("slow", &part{evaluate: func(ctx context.Context, a *agent) error {
			select {
			case <-ctx.Done():
			case <-a.done:
			}
			return context.Cause(ctx)
		}})
		page := p.open("page", "/")
		p.mustRegister(page)
		time.Sleep(6 * time.Minute)
		synctest.Wait()
		if n := len(p.engine.Registrations()); n != 0 {
			t.Error("an install event without end was installed")
		}
		start := time.Now()
		_, err := p.register(page, "/slow.js")
		var exception *Exception
		if !errors.As(err, &exception) || time.Since(start) != time.Minute {
			t.Errorf("%v after %v", err, time.Since(start))
		}
	})
}

func TestMessagesKeepTheirOrder(t *testing.T) {
	p := newPlay(t, Options{})
	p.serve(origin+"/sw.js", "v1")
	block := make(chan struct{})
	p.plays("v1", &part{listens: []string{"message"}, event: func(ctx context.Context, a *agent, ev Event) EventResult {
		<-block
		a.play.engine.PostToClient(a.worker, ev.Message.Source.(*Client), Message{Data: fmt.Sprint("re ", ev.Message.Data)})
		return EventResult{}
	}})
	page := p.open("page", "/")
	w := p.activated(p.mustRegister(page))
	if err := p.engine.StopWorker(context.Background(), w, nil); err != nil {
		t.Fatal(err)
	}
	p.log()
	for i := range 5 {
		p.engine.PostToWorker(page, w, Message{Data: i})
	}
	var log string
	p.until("all five", func() bool { log += p.log() + "\n"; return strings.Contains(log, "message 4") })
	want := "worker1 starts: message\nworker1: message 0\nworker1: message 1\nworker1: message 2\nworker1: message 3\nworker1: message 4"
	if got := strings.Join(strings.Fields(log), " "); got != strings.Join(strings.Fields(want), " ") {
		t.Errorf("it went\n%s", log)
	}
	close(block)
	log = ""
	p.until("the answers", func() bool { log += p.log(); return strings.Count(log, "re ") == 5 })
}

func TestClaim(t *testing.T) {
	p := newPlay(t, Options{})
	p.serve(origin+"/app/sw.js", "v1")
	p.plays("v1", &part{listens: []string{"activate", "fetch"}, fetch: respond("1"), event: func(_ context.Context, a *agent, ev Event) EventResult {
		return EventResult{Err: a.play.engine.Claim(a.worker)}
	}})
	in, out := p.open("in", "/app/"), p.open("out", "/")
	r := p.mustRegister(in, "/app/sw.js")
	w := p.activated(r)
	if in.Controller() != w || out.Controller() != nil {
		t.Error(in.Controller(), out.Controller())
	}
	if views := p.engine.MatchClients(w, MatchOptions{}); len(views) != 1 || views[0].ID != "in" {
		t.Error(views)
	}
	if views := p.engine.MatchClients(w, MatchOptions{IncludeUncontrolled: true}); len(views) != 2 {
		t.Error(views)
	}
	out.SetFocus(true)
	if views := p.engine.MatchClients(w, MatchOptions{IncludeUncontrolled: true, Type: "all"}); views[0].ID != "out" || !views[0].Focused {
		t.Error("the last focused window is not the first", views)
	}
}

func TestFetchEvents(t *testing.T) {
	over := make(chan struct{})
	close(over)
	for name, c := range map[string]struct {
		result FetchResult
		want   string
	}{
		"responds":       {FetchResult{Responded: true, Response: &fetch.Response{Status: 200, Body: fetch.BytesBody([]byte("x"))}}, "x"},
		"falls":          {FetchResult{}, "network"},
		"prevents":       {FetchResult{Prevented: true}, "error: " + errPrevented.Error()},
		"rejects":        {FetchResult{Responded: true, Err: errors.New("no")}, "error: no"},
		"error()":        {FetchResult{Responded: true, Response: fetch.NetworkError(nil)}, "error: the worker responded with Response.error()"},
		"loops for ever": {FetchResult{Err: &TerminatedError{errors.New("too long")}}, "network"},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlay(t, Options{})
			p.serve(origin+"/sw.js", "v1")
			settled := make(chan error, 1)
			c.result.Extended, c.result.Settle = over, func(err error) { settled <- err }
			p.plays("v1", &part{listens: []string{"fetch"}, fetch: func(context.Context, *agent, FetchEvent) FetchResult { return c.result }})
			p.activated(p.mustRegister(p.open("page", "/")))
			_, response := p.navigate("next", "/")
			if got := text(response); got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
			if err := <-settled; (err != nil) != strings.HasPrefix(c.want, "error") && name != "error()" {
				t.Errorf("handled: %v", err)
			}
		})
	}
}

func TestNavigationPreload(t *testing.T) {
	p := newPlay(t, Options{})
	p.serve(origin+"/sw.js", "v1")
	p.serve(origin+"/page", "from the network")
	p.plays("v1", &part{listens: []string{"fetch"}, fetch: func(ctx context.Context, a *agent, ev FetchEvent) FetchResult {
		if ev.Preload == nil {
			return respond("no preload")(ctx, a, ev)
		}
		return FetchResult{Responded: true, Response: ev.Preload.Response(ctx)}
	}})
	r := p.mustRegister(p.open("page", "/"))
	p.activated(r)
	p.requests()
	if _, response := p.navigate("one", "/page"); text(response) != "no preload" {
		t.Error(text(response))
	}
	if err := r.SetNavigationPreload(true); err != nil {
		t.Fatal(err)
	}
	if err := r.SetNavigationPreloadHeader("hello"); err != nil {
		t.Fatal(err)
	}
	if r.SetNavigationPreloadHeader("a\nb") == nil || r.SetNavigationPreloadHeader("ł") == nil {
		t.Error("a header value that is none")
	}
	two, response := p.navigate("two", "/page")
	if text(response) != "from the network" {
		t.Error(text(response))
	}
	p.mu.Lock()
	header := ""
	for _, r := range p.asked {
		if v, ok := r.Headers.Get("Service-Worker-Navigation-Preload"); ok {
			header = v
		}
	}
	p.mu.Unlock()
	if header != "hello" {
		t.Errorf("header %q", header)
	}
	if got := text(p.get(two, "/page")); got != "no preload" {
		t.Errorf("a subresource: %s", got)
	}
}

func TestRoutes(t *testing.T) {
	get, post, bad := "get", "POST", "TRACE"
	image := "image"
	pattern := func(s string) RouterCondition { return RouterCondition{URLPattern: &URLPatternInput{Text: &s}} }
	name := "static"
	rules := []RouterRule{
		{pattern("/net/*"), RouterSource{Enum: "network"}},
		{RouterCondition{URLPattern: &URLPatternInput{Text: ptr("/cache/*")}, RequestMethod: &get}, RouterSource{CacheName: &name}},
		{RouterCondition{Or: []RouterCondition{pattern("/event/*"), {RequestDestination: &image}}}, RouterSource{Enum: "fetch-event"}},
		{pattern("/race/*"), RouterSource{Enum: "race-network-and-fetch-handler"}},
		{RouterCondition{Not: &RouterCondition{URLPattern: &URLPatternInput{Text: ptr("/rest/*")}}, RequestMethod: nil}, RouterSource{Enum: "network"}},
	}
	p := newPlay(t, Options{})
	p.serve(origin+"/sw.js", "v1")
	p.serve(origin+"/race/fast", "network was first")
	p.plays("v1", &part{listens: []string{"install", "fetch"}, fetch: func(ctx context.Context, a *agent, ev FetchEvent) FetchResult {
		if strings.Contains(ev.Request.URL().String(), "/race/fast") {
			<-ctx.Done()
			return FetchResult{Responded: true, Err: context.Cause(ctx)}
		}
		return respond("handler")(ctx, a, ev)
	}, event: func(_ context.Context, a *agent, _ Event) EventResult {
		for _, c := range []RouterCondition{{}, {RequestMethod: &bad}, {RequestMethod: &post, Not: &RouterCondition{RequestMethod: &get}}, pattern("/(a+)"), pattern("https://["), {Or: []RouterCondition{{}}}} {
			if a.worker.AddRoutes([]RouterRule{{c, RouterSource{Enum: "network"}}}) == nil {
				t.Errorf("accepted %+v", c)
			}
		}
		return EventResult{Err: a.worker.AddRoutes(rules)}
	}})
	r := p.mustRegister(p.open("page", "/"))
	p.activated(r)
	page, _ := p.navigate("next", "/event/")
	cached, err := p.engine.CacheStorage(origin).Open("static")
	if err != nil {
		t.Fatal(err)
	}
	if err := cached.Put(fetch.NewRequest(fetch.MustParseURL(origin+"/cache/hit")), &fetch.Response{Type: "basic", Status: 200, Body: fetch.BytesBody([]byte("cached"))}); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		"/net/x": "network", "/cache/hit": "cached", "/cache/miss": "network", "/event/x": "handler", "/race/slow": "handler",
		"/race/fast": "network was first", "/rest/x": "handler", "/else": "network",
	} {
		ctx, cancel := context.WithCancel(context.Background())
		request := fetch.NewRequest(fetch.MustParseURL(origin + path))
		request.ClientID, request.ID = page.ID(), path
		if got := text(p.engine.HandleFetch(ctx, request, fetch.Client{})); got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
		cancel()
	}
}

func ptr(s string) *string { return &s }

func TestRouterLimits(t *testing.T) {
	w := &Worker{scriptURL: fetch.MustParseURL(origin + "/sw.js")}
	leaf := RouterCondition{RunningStatus: "running"}
	deep := func(n int) RouterCondition {
		c := leaf
		for range n {
			inner := c
			c = RouterCondition{Not: &inner}
		}
		return c
	}
	compile := func(c RouterCondition) []compiledRule {
		compiled, ok := verifyRouterCondition(c, w)
		if !ok {
			t.Fatalf("%+v", c)
		}
		return []compiledRule{{condition: compiled}}
	}
	if !checkRouterRegistrationLimit(compile(deep(9))) || checkRouterRegistrationLimit(compile(deep(10))) {
		t.Error("depth")
	}
	many := func(n int) RouterCondition {
		c := RouterCondition{}
		for range n {
			c.Or = append(c.Or, leaf)
		}
		return c
	}
	if !checkRouterRegistrationLimit(compile(many(1022))) || checkRouterRegistrationLimit(compile(many(1023))) {
		t.Error("number")
	}
}

func TestSaveAndRestore(t *testing.T) {
	p := newPlay(t, Options{})
	p.serve(origin+"/sw.js", "v1")
	p.serve(origin+"/a.js", "a1")
	p.plays("v1", &part{listens: []string{"install", "fetch"}, imports: []string{origin + "/a.js"}, fetch: respond("1"), event: func(_ context.Context, a *agent, _ Event) EventResult {
		return EventResult{Err: a.worker.AddRoutes([]RouterRule{{RouterCondition{URLPattern: &URLPatternInput{Text: ptr("/net")}}, RouterSource{Enum: "network"}}})}
	}})
	r := p.mustRegister(p.open("page", "/"))
	p.activated(r)
	if err := r.SetNavigationPreload(true); err != nil {
		t.Fatal(err)
	}
	saved, err := json.Marshal(p.engine.Save())
	if err != nil {
		t.Fatal(err)
	}
	q := newPlay(t, Options{})
	q.network, q.scripts = p.network, p.scripts
	var read []SavedRegistration
	if err := json.Unmarshal(saved, &read); err != nil {
		t.Fatal(err)
	}
	if err := q.engine.Restore(read); err != nil {
		t.Fatal(err)
	}
	if q.engine.Restore(read) == nil {
		t.Error("restored twice")
	}
	again, err := json.Marshal(q.engine.Save())
	if err != nil || string(again) != string(saved) {
		t.Errorf("%v\n%s\n%s", err, saved, again)
	}
	page, response := q.navigate("next", "/")
	if text(response) != "1" || text(q.get(page, "/net")) != "network" {
		t.Error("the restored worker does not answer", text(response))
	}
}

func TestUndeliveredFetchesGoToTheNextRun(t *testing.T) {
	p := newPlay(t, Options{})
	p.serve(origin+"/sw.js", "v1")
	p.plays("v1", &part{listens: []string{"fetch"}, fetch: respond("1")})
	w := p.activated(p.mustRegister(p.open("page", "/")))
	page, _ := p.navigate("next", "/")
	p.agent(w).cancel(errors.New("gone")) // it takes no events any more, and has not ended yet
	go func() {
		time.Sleep(5 * time.Millisecond)
		p.agent(w).Terminate(errors.New("gone"))
	}()
	if got := text(p.get(page, "/x")); got != "1" {
		t.Error(got)
	}
}

func TestCloseWhileThingsWait(t *testing.T) {
	p := newPlay(t, Options{})
	p.serve(origin+"/sw.js", "v1").wait = make(chan struct{})
	page := p.open("page", "/")
	failed := make(chan error, 1)
	go func() { _, err := p.register(page); failed <- err }()
	p.until("asked", func() bool { return p.requests() != "" })
	p.engine.Close()
	if err := <-failed; err == nil {
		t.Error("it registered")
	}
	if _, err := p.register(page); err == nil {
		t.Error("registered after Close")
	}
}

func TestTraceTellsStories(t *testing.T) {
	p := newPlay(t, Options{TraceEvents: 40})
	p.serve(origin+"/sw.js", "v1")
	p.plays("v1", &part{listens: []string{"fetch"}, fetch: func(ctx context.Context, a *agent, ev FetchEvent) FetchResult {
		a.play.engine.CacheStorage(origin).Match(ev.Request, cache.QueryOptions{}, nil)
		return respond("1")(ctx, a, ev)
	}})
	p.activated(p.mustRegister(p.open("page", "/")))
	if _, err := p.engine.CacheStorage(origin).Open("pages"); err != nil {
		t.Fatal(err)
	}
	before := p.engine.Trace(0, 0)
	last := before[len(before)-1].Seq
	p.navigate("next", "/x")
	var story []TraceEvent
	for _, s := range p.engine.Trace(last, 0) {
		if s.Details["url"] == origin+"/x" && s.Algorithm == "Handle Fetch" || len(story) > 0 && s.Parent == story[0].Seq {
			story = append(story, s)
		}
	}
	var verdicts []string
	for _, s := range story {
		verdicts = append(verdicts, s.Verdict)
	}
	if got := strings.Join(verdicts, " "); got != "controlled cache-miss responded" {
		t.Errorf("%s\n%+v", got, story)
	}
	for range 50 {
		p.engine.Note(TraceEvent{Algorithm: "Fetch"})
	}
	if all := p.engine.Trace(0, 0); len(all) != 40 || all[0].Seq+39 != all[39].Seq || len(p.engine.Trace(all[10].Seq, 5)) != 5 {
		t.Error("the ring", len(all))
	}
}
