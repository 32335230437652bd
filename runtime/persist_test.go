package runtime

import (
	"context"
	"encoding/json"
	"testing"
)

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
