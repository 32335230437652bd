package runtime

import (
	"context"
	"strings"
	"testing"

	"github.com/swinspect/swinspect/runtime/cache"
)

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
		a.play.engine.CacheStorage(origin).Match(ev.Request, cache.QueryOptions{Story: ev.Trace}, nil)
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
