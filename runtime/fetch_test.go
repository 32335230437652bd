package runtime

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/swinspect/swinspect/runtime/fetch"
)

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
