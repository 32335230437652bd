package inspector

import (
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp/jsonv2"
)

// FuzzApply feeds the fold what a hostile browser might send on top of a state
// with something in it. The fold must not panic, its slices must stay sorted,
// and everything that is computed from a state must cope with it.
func FuzzApply(f *testing.F) {
	files, err := filepath.Glob("testdata/transcripts/*.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		_, ms := readTranscript(f, file)
		for _, m := range ms {
			f.Add(string(m.Kind), m.Method, []byte(m.Params), m.Context, m.Target)
		}
	}
	f.Add("event", "ServiceWorker.workerVersionUpdated", []byte(`{"versions":[null,{"versionId":"0","registrationId":"-1"},{"controlledClients":3}]}`), context1, "")
	f.Add("event", "ServiceWorker.workerVersionUpdated", []byte(`{"versions":[{"versionId":"0","registrationId":"0","routerRules":"[{\"condition\":{\"not\":{\"or\":[null]}}}]","typedRouterRules":[null]}]}`), context1, "")
	f.Add("event", "Runtime.exceptionThrown", []byte(`{"exceptionDetails":{"exception":{"preview":{"properties":[null]}}}}`), context1, "SW0")
	f.Fuzz(func(t *testing.T, kind, method string, params []byte, context, target string) {
		p := newPlay(t)
		p.active("A")
		p.target("iframe", "F", scope1+"frame", "A")
		p.ver("1 installed/running")
		m := Message{
			Time: p.now.Add(time.Second), Kind: MessageKind(kind), Instance: browser1,
			Context: context, Target: target, Method: method, Params: jsonv2.Value(params),
		}
		s, _ := Apply(p.s, m)
		s, _ = Apply(s, m)
		checkState(t, s)
	})
}

// checkState checks what holds of every state and computes all that can be
// computed of it.
func checkState(t *testing.T, s *State) {
	t.Helper()
	if !slices.IsSortedFunc(s.Registrations, func(a, b *Registration) int { return compareKeys(a.Key, b.Key) }) {
		t.Error("registrations are not sorted")
	}
	for _, r := range s.Registrations {
		if s.Registration(r.Key) != r {
			t.Errorf("%v cannot be found", r.Key)
		}
		if r.Scope != "" && r.slug != r.newHash(s) {
			t.Errorf("the kept slug of %v is stale", r.Key)
		}
		r.Urgency()
		s.BySlug(r.Slug(s))
		s.Clients(r)
		Why(s, r)
		for _, sp := range Spans(r, s, time.Time{}, time.Time{}) {
			if sp.To.Before(sp.From) {
				t.Errorf("a span ends before it begins: %+v", sp)
			}
		}
		for _, v := range r.Versions {
			v.Since()
			MatchRoutes(v.Routes, RouteRequest{URL: "https://shop.example/app/x?y#z", Base: v.ScriptURL})
		}
	}
	for _, x := range s.Targets {
		if s.Target(x.Key) != x {
			t.Errorf("%v cannot be found", x.Key)
		}
	}
	s.Shown()
}
