package runtime

import (
	"context"
	"errors"
	"testing"

	"github.com/swinspect/swinspect/runtime/fetch"
)

// What the start of a worker and its installation cause does not stand alone in the
// trace: it leads back to the job.
func TestStartsBelongToTheirJob(t *testing.T) {
	p := newPlay(t, Options{})
	p.serve(origin+"/sw.js", "v1")
	p.serve(origin+"/lib.js", "lib")
	text := "/x/*"
	p.plays("v1", &part{listens: []string{"install", "fetch"}, event: func(ctx context.Context, a *agent, ev Event) EventResult {
		if _, err := a.worker.ImportScript(ctx, fetch.MustParseURL(origin+"/lib.js")); err != nil {
			t.Error(err)
		}
		return EventResult{Err: a.worker.AddRoutes([]RouterRule{{RouterCondition{URLPattern: &URLPatternInput{Text: &text}}, RouterSource{Enum: "network"}}})}
	}})
	p.activated(p.mustRegister(p.open("page", "/")))
	events, seen := map[uint64]TraceEvent{}, map[string]bool{}
	for _, e := range p.engine.Trace(0, 0) {
		events[e.Seq] = e
		switch e.Algorithm {
		case "ServiceWorkerGlobalScope.importScripts()", "Check Router Registration Limit", "Run Service Worker":
			seen[e.Algorithm] = true
			root := e
			for root.Parent != 0 {
				root = events[root.Parent]
			}
			if root.Algorithm != "Start Register" {
				t.Errorf("%s (%s) leads to %s", e.Algorithm, e.Decision, root.Algorithm)
			}
		}
	}
	if len(seen) != 3 {
		t.Errorf("only %v were told", seen)
	}
}

// A handler that throws before respondWith() lets the request go to the network: the
// trace tells what it threw.
func TestATraceTellsWhatAHandlerThrew(t *testing.T) {
	p := newPlay(t, Options{})
	p.serve(origin+"/sw.js", "v1")
	p.plays("v1", &part{listens: []string{"fetch"}, fetch: func(context.Context, *agent, FetchEvent) FetchResult {
		return FetchResult{Thrown: []error{errors.New("TypeError: tides is not a function")}}
	}})
	p.activated(p.mustRegister(p.open("first", "/")))
	p.navigate("page", "/")
	for _, e := range p.engine.Trace(0, 0) {
		if e.Verdict == "fell-through" {
			if want := "the handler threw before it called respondWith(): TypeError: tides is not a function"; e.Decision != want {
				t.Errorf("%q, want %q", e.Decision, want)
			}
			return
		}
	}
	t.Error("no request fell through")
}
