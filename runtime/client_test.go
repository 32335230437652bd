package runtime

import (
	"context"
	"fmt"
	"strings"
	"testing"
)

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
