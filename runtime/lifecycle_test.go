package runtime

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/swinspect/swinspect/runtime/fetch"
)

func TestFirstInstallation(t *testing.T) {
	p := newPlay(t, Options{})
	p.serve(origin+"/sw.js", "v1")
	p.plays("v1", &part{listens: []string{"install", "activate", "fetch"}, fetch: respond("from v1")})
	c := p.open("page", "/index.html")
	r := p.mustRegister(c)
	w := p.activated(r)
	p.expect(`
		worker1 starts: update
		page: installing = 1
		page: worker1 installing
		page: updatefound
		worker1: install
		page: waiting = 1
		page: installing = null
		page: worker1 installed
		page: active = 1
		page: waiting = null
		page: worker1 activating
		page: ready
		worker1: activate
		page: worker1 activated`)
	if c.Controller() != nil {
		t.Error("a page that was there before is controlled")
	}
	if got := text(p.get(c, "/data")); got != "network" {
		t.Errorf("its fetch: %s", got)
	}
	next, response := p.navigate("next", "/")
	if text(response) != "from v1" || next.Controller() != w {
		t.Errorf("navigation: %v, controller %v", text(response), next.Controller())
	}
	if got := text(p.get(next, "/data")); got != "from v1" {
		t.Errorf("a controlled page's fetch: %s", got)
	}
}

func TestUpdateWaitsForClients(t *testing.T) {
	p := newPlay(t, Options{})
	p.serve(origin+"/sw.js", "v1")
	p.plays("v1", &part{listens: []string{"fetch"}, fetch: respond("1")})
	p.plays("v2", &part{listens: []string{"fetch"}, fetch: respond("2")})
	r := p.mustRegister(p.open("first", "/"))
	p.activated(r)
	page, _ := p.navigate("page", "/")
	p.serve(origin+"/sw.js", "v2")
	if err := p.engine.Update(context.Background(), page, r); err != nil {
		t.Fatal(err)
	}
	p.until("waiting", func() bool { return r.Snapshot().Waiting != nil })
	if got := text(p.get(page, "/x")); got != "1" {
		t.Errorf("while it waits: %s", got)
	}
	if _, response := p.navigate("second", "/"); text(response) != "1" {
		t.Error("a new page got the waiting worker")
	}
	p.engine.ClientByID("second").Discard()
	page.Discard()
	p.activated(r)
	if _, response := p.navigate("third", "/"); text(response) != "2" {
		t.Error("the new worker did not take over")
	}
}

func TestSkipWaitingChangesControllers(t *testing.T) {
	p := newPlay(t, Options{})
	p.serve(origin+"/sw.js", "v1")
	p.plays("v1", &part{listens: []string{"fetch"}, fetch: respond("1")})
	p.plays("v2", &part{listens: []string{"install", "fetch"}, fetch: respond("2"), event: func(ctx context.Context, a *agent, ev Event) EventResult {
		a.play.engine.SkipWaiting(ctx, a.worker)
		return EventResult{}
	}})
	r := p.mustRegister(p.open("first", "/"))
	p.activated(r)
	page, _ := p.navigate("page", "/")
	p.serve(origin+"/sw.js", "v2")
	p.log()
	if err := p.engine.Update(context.Background(), page, r); err != nil {
		t.Fatal(err)
	}
	p.until("controlled by v2", func() bool {
		return page.Controller() != nil && page.Controller() == r.Snapshot().Active && text(p.get(page, "/x")) == "2"
	})
	if log := p.log(); !strings.Contains(log, "page: controller = 2") {
		t.Errorf("no controllerchange:\n%s", log)
	}
}

func TestFailedInstallations(t *testing.T) {
	for name, c := range map[string]struct {
		part *part
		want string // of Register's error; empty: it resolves
	}{
		"throws": {&part{evaluate: func(context.Context, *agent) error {
			return &ScriptError{Name: "ReferenceError", Message: "x is not defined"}
		}}, "TypeError"},
		"ends": {&part{evaluate: func(_ context.Context, a *agent) error {
			a.Terminate(errors.New("crash"))
			return &TerminatedError{a.Err()}
		}}, "TypeError"},
		"rejects": {&part{listens: []string{"install"}, event: func(context.Context, *agent, Event) EventResult {
			return EventResult{Err: &RejectedError{errors.New("no")}}
		}}, ""},
		"imports what is not there": {&part{imports: []string{origin + "/gone.js"}}, "TypeError"},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlay(t, Options{})
			p.serve(origin+"/sw.js", "v1")
			p.plays("v1", c.part)
			r, err := p.register(p.open("page", "/"))
			var exception *Exception
			switch {
			case c.want == "" && err != nil:
				t.Fatal(err)
			case c.want != "" && (!errors.As(err, &exception) || exception.Name != c.want):
				t.Fatalf("%v, want %s", err, c.want)
			}
			p.until("gone", func() bool { return len(p.engine.Registrations()) == 0 })
			if r != nil {
				p.until("empty", func() bool { return r.Snapshot().Installing == nil })
			}
			p.until("stopped", func() bool { return len(p.engine.Workers()) == 0 })
		})
	}
}

func TestRegisterRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		script, scope string
		change        func(*resource)
		want          string
	}{
		"a scope above the script":  {"/js/sw.js", "/", nil, "SecurityError"},
		"a MIME type":               {"/sw.js", "", func(r *resource) { r.headers.Set("Content-Type", "text/html") }, "SecurityError"},
		"no MIME type":              {"/sw.js", "", func(r *resource) { r.headers = nil }, "SecurityError"},
		"a redirect":                {"/sw.js", "", func(r *resource) { r.moved, r.status = true, 302 }, "SecurityError"},
		"a status":                  {"/sw.js", "", func(r *resource) { r.status = 404 }, "TypeError"},
		"a network error":           {"/sw.js", "", func(r *resource) { r.err = errors.New("reset") }, "TypeError"},
		"another origin's script":   {"https://b.test/sw.js", "", nil, "SecurityError"},
		"another origin's scope":    {"/sw.js", "https://b.test/", nil, "SecurityError"},
		"an escaped slash":          {"/a%2fsw.js", "", nil, "TypeError"},
		"an escaped scope":          {"/sw.js", "/a%5C", nil, "TypeError"},
		"data:":                     {"data:text/javascript,", "", nil, "TypeError"},
		"an allowed scope not ours": {"/js/sw.js", "/x/", func(r *resource) { r.headers.Append("Service-Worker-Allowed", "https://b.test/") }, "SecurityError"},
		"an allowed scope too long": {"/js/sw.js", "/", func(r *resource) { r.headers.Append("Service-Worker-Allowed", "/x") }, "SecurityError"},
		"an allowed scope":          {"/js/sw.js", "/", func(r *resource) { r.headers.Append("Service-Worker-Allowed", "/") }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlay(t, Options{})
			base := fetch.MustParseURL(origin)
			script, err := fetch.ParseURL(c.script, base)
			if err != nil {
				t.Fatal(err)
			}
			res := p.serve(script.String(), "v1")
			if c.change != nil {
				c.change(res)
			}
			var scope *fetch.URL
			if c.scope != "" {
				scope, _ = fetch.ParseURL(c.scope, base)
			}
			_, err = p.engine.Register(context.Background(), p.open("page", "/"), script, scope, "classic", "imports", nil)
			var exception *Exception
			switch errors.As(err, &exception); {
			case c.want == "" && err != nil:
				t.Fatal(err)
			case c.want != "" && (exception == nil || exception.Name != c.want):
				t.Fatalf("%v, want a %s", err, c.want)
			case c.want != "" && len(p.engine.Registrations()) != 0:
				t.Error("a registration is left")
			}
		})
	}
}

func TestUnregisterWaitsForClients(t *testing.T) {
	p := newPlay(t, Options{})
	p.serve(origin+"/sw.js", "v1")
	p.plays("v1", &part{listens: []string{"fetch"}, fetch: respond("1")})
	r := p.mustRegister(p.open("first", "/"))
	p.activated(r)
	page, _ := p.navigate("page", "/")
	if ok, err := p.engine.Unregister(context.Background(), page, r); !ok || err != nil {
		t.Fatal(ok, err)
	}
	if ok, err := p.engine.Unregister(context.Background(), page, r); ok || err != nil {
		t.Fatal("unregistered twice", ok, err)
	}
	if p.engine.GetRegistration(origin, page.URL()) != nil {
		t.Error("it still matches")
	}
	if got := text(p.get(page, "/x")); got != "1" {
		t.Errorf("the page that uses it: %s", got)
	}
	page.Discard()
	p.until("cleared", func() bool { return r.Snapshot().Active == nil && len(p.engine.Workers()) == 0 })
}

func TestJobsCoalesce(t *testing.T) {
	p := newPlay(t, Options{})
	res := p.serve(origin+"/sw.js", "v1")
	res.wait = make(chan struct{})
	c := p.open("page", "/")
	got := make(chan *Registration, 3)
	for range 3 {
		p.engine.StartRegister(c, RegisterOptions{ScriptURL: fetch.MustParseURL(origin + "/sw.js")}, func(r *Registration, err error) { got <- r })
	}
	close(res.wait)
	a, b, d := <-got, <-got, <-got
	if a == nil || a != b || b != d {
		t.Fatal(a, b, d)
	}
	p.activated(a)
	if asked := p.requests(); asked != origin+"/sw.js no-cache" {
		t.Errorf("asked for\n%s", asked)
	}
}

func TestClearRegistrations(t *testing.T) {
	p := newPlay(t, Options{})
	p.serve(origin+"/sw.js", "v1")
	forever := func(ctx context.Context, a *agent, _ FetchEvent) FetchResult {
		<-a.ctx.Done()
		return FetchResult{Responded: true, Err: &TerminatedError{a.Err()}}
	}
	p.plays("v1", &part{listens: []string{"fetch"}, fetch: respond("1")})
	r := p.mustRegister(p.open("page", "/"))
	w := p.activated(r)
	page, _ := p.navigate("next", "/")
	p.agent(w).part = &part{fetch: forever}
	answer := make(chan string)
	go func() { answer <- text(p.get(page, "/x")) }()
	p.until("the event", func() bool { return p.engine.Workers()[0].PendingEvents == 1 })
	p.log()
	p.engine.ClearRegistrations(origin)
	if got := <-answer; !strings.HasPrefix(got, "error") {
		t.Error(got)
	}
	if log := p.log(); !strings.Contains(log, "next: controller = null") || !strings.Contains(log, "page: worker1 redundant") {
		t.Error(log)
	}
	if page.Controller() != nil || len(p.engine.Registrations()) != 0 || w.State() != StateRedundant {
		t.Error("not cleared")
	}
	// While a script is on its way.
	res := p.serve(origin+"/late.js", "v2")
	res.wait = make(chan struct{})
	failed := make(chan error)
	go func() { _, err := p.register(page, "/late.js"); failed <- err }()
	p.until("asked", func() bool { return strings.Contains(p.requests(), "late.js") })
	p.engine.ClearRegistrations(origin)
	close(res.wait)
	if err := <-failed; err == nil {
		t.Error("registered what was cleared")
	}
}

func TestSkipWaitingSettlesBeforeActivated(t *testing.T) {
	p := newPlay(t, Options{})
	p.serve(origin+"/sw.js", "v1")
	p.plays("v1", &part{listens: []string{"fetch"}, fetch: respond("1")})
	p.plays("v2", &part{listens: []string{"activate"}})
	page := p.open("page", "/")
	r := p.mustRegister(page)
	p.activated(r)
	p.navigate("next", "/")
	p.serve(origin+"/sw.js", "v2")
	if err := p.engine.Update(context.Background(), page, r); err != nil {
		t.Fatal(err)
	}
	p.until("waiting", func() bool { return r.Snapshot().Waiting != nil })
	w := r.Snapshot().Waiting
	p.log()
	p.engine.StartSkipWaiting(w, func() { p.say("skipWaiting() resolved: %s", w.State()) })
	p.activated(r)
	if log := p.log(); !strings.Contains(log, "worker2: activate\nskipWaiting() resolved: activating\n") {
		t.Error(log)
	}
	p.engine.SkipWaiting(context.Background(), w)
}
