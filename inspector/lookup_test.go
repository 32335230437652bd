package inspector

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestSlugs(t *testing.T) {
	p := newPlay(t)
	p.reg("9", scope1, false)
	p.reg("10", scope1, false)
	p.reg("11", origin1+"/other/", false)
	first, second, other := p.s.Registration(RegistrationKey{browser1, context1, "9"}), p.s.Registration(RegistrationKey{browser1, context1, "10"}), p.s.Registration(RegistrationKey{browser1, context1, "11"})
	if a, b, c := first.Slug(p.s), second.Slug(p.s), other.Slug(p.s); b != a+"-2" || c == a || strings.Contains(c, "-") {
		t.Errorf("slugs %s %s %s", a, b, c)
	}
	for _, r := range []*Registration{first, second, other} {
		if got := p.s.BySlug(r.Slug(p.s)); got != r {
			t.Errorf("slug %s of %s finds %+v", r.Slug(p.s), r.Key.ID, got)
		}
	}
	if first.StorageKey.Doubt == "" || second.StorageKey.Doubt == "" || other.StorageKey.Doubt != "" {
		t.Errorf("doubts %q %q %q", first.StorageKey.Doubt, second.StorageKey.Doubt, other.StorageKey.Doubt)
	}
	slug := first.Slug(p.s)
	p.note(NoteStorageKey{Registration: second.Key, StorageKey: origin1 + "/^0https://news.example"})
	if r := p.s.Registration(first.Key); r.StorageKey.Doubt != "" || r.Slug(p.s) != slug {
		t.Errorf("the other one is still in doubt: %q, slug %s", r.StorageKey.Doubt, r.Slug(p.s))
	}
	p.reg("9", scope1, true)
	if got := p.s.BySlug(slug); got == nil || got.Key.ID != "9" {
		t.Errorf("the slug of a deleted registration finds %+v", got)
	}
	p.reg("12", scope1, false)
	if got := p.s.BySlug(slug); got == nil || got.Key.ID != "12" {
		t.Errorf("the slug finds %+v, not the new registration", got)
	}
	for _, r := range p.s.Registrations {
		if r.slug != r.newHash(p.s) {
			t.Errorf("the kept slug of %s is stale", r.Key.ID)
		}
	}
	if p.s.BySlug("nothing0") != nil {
		t.Error("a slug of nothing finds something")
	}
}

func TestParseStorageKey(t *testing.T) {
	for raw, want := range map[string]StorageKey{
		"https://a.example/":                          {Origin: "https://a.example"},
		"https://a.example:8443/":                     {Origin: "https://a.example:8443"},
		"http://localhost:8000/^0http://127.0.0.1":    {Origin: "http://localhost:8000", TopLevelSite: "http://127.0.0.1"},
		"https://w.example/^0https://news.example^31": {Origin: "https://w.example", TopLevelSite: "https://news.example"},
		"https://w.example/^31":                       {Origin: "https://w.example", TopLevelSite: "https://w.example"},
		"https://w.example/^1123^2456":                {Origin: "https://w.example"},
		"":                                            {},
	} {
		want.Raw, want.Known = raw, Seen
		if got := ParseStorageKey(raw); got != want {
			t.Errorf("%s is %+v, want %+v", raw, got, want)
		}
	}
}

func TestStorageKeysFollowFromClients(t *testing.T) {
	const widget, news = "https://w.widget.example", "https://www.news.example"
	partitioned := widget + "/^0https://news.example"
	for _, c := range []struct {
		name string
		do   func(p *play)
		want string
		sure bool // no doubt
	}{
		{"a page of the origin", func(p *play) { p.page("A", widget+"/"); p.reg("0", widget+"/", false) }, widget + "/", true},
		{"a frame below another site", func(p *play) {
			p.page("N", news+"/")
			p.target("iframe", "F", widget+"/frame", "N")
			p.reg("0", widget+"/", false)
		}, partitioned, true},
		{"a frame below its own site", func(p *play) {
			p.page("N", "https://widget.example/")
			p.target("iframe", "F", widget+"/frame", "N")
			p.reg("0", widget+"/", false)
		}, widget + "/", true},
		{"a page and a frame", func(p *play) {
			p.page("A", widget+"/")
			p.page("N", news+"/")
			p.target("iframe", "F", widget+"/frame", "N")
			p.reg("0", widget+"/", false)
		}, widget + "/", true},
		{"the second of a page and a frame", func(p *play) {
			p.page("A", widget+"/")
			p.reg("1", widget+"/", false)
			p.page("N", news+"/")
			p.target("iframe", "F", widget+"/frame", "N")
			p.reg("0", widget+"/", false)
		}, partitioned, true},
		{"nobody there", func(p *play) { p.reg("1", widget+"/", false); p.reg("0", widget+"/", false) }, widget + "/", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newPlay(t)
			c.do(p)
			k := p.s.Registration(key0).StorageKey
			if k.Raw != c.want || k.Known != Inferred || (k.Doubt == "") != c.sure {
				t.Errorf("key %+v, want %s", k, c.want)
			}
		})
	}
}

func TestClients(t *testing.T) {
	describe := func(p *play) []string {
		out := []string{}
		for _, c := range p.s.Clients(p.s.Registration(key0)) {
			by := "-"
			if c.Version != nil {
				by = "#" + c.Version.ID
			}
			out = append(out, fmt.Sprintf("%s %s %s %s", c.Target.Key.ID, by, c.Known, c.Reason))
		}
		return out
	}
	p := newPlay(t)
	p.page("EARLY", scope1+"early")
	p.active("A")
	p.page("LATE", scope1+"late")
	p.page("OUT", origin1+"/")
	p.target("worker", "W", scope1+"w.js", "A")
	p.note(NoteOwnTarget{TargetID: "OWN"})
	p.page("OWN", scope1+"own")
	equal(t, describe(p),
		"EARLY - inferred loaded before the worker was active, and the worker did not call clients.claim()",
		"A #0 seen ",
		"LATE - inferred not listed yet: the browser's list of clients lags behind a navigation",
		"W - inferred not listed yet: the browser's list of clients lags behind a navigation",
	)
	p.snapshot("0 activated/running A,GHOST")
	equal(t, describe(p),
		"EARLY - inferred loaded before the worker was active, and the worker did not call clients.claim()",
		"A #0 seen ",
		"LATE - inferred hard reload: it was loaded past the worker",
		"W - inferred hard reload: it was loaded past the worker",
		"GHOST #0 seen listed by the worker, but not a target that can be seen",
	)
	on := true
	p.note(NoteSettings{BypassForNetwork: &on})
	if got := describe(p)[2]; got != "LATE - inferred bypass for network is on" {
		t.Error(got)
	}
}

func TestLongestScopeWins(t *testing.T) {
	p := newPlay(t)
	p.reg("0", scope1, false)
	p.reg("1", scope1+"deep/", false)
	p.page("A", scope1+"deep/page#x")
	p.page("B", scope1+"deepness")
	ids := func(id string) []string {
		out := []string{}
		for _, c := range p.s.Clients(p.s.Registration(RegistrationKey{browser1, context1, id})) {
			out = append(out, c.Target.Key.ID)
		}
		return out
	}
	if a, b := ids("0"), ids("1"); !slices.Equal(a, []string{"B"}) || !slices.Equal(b, []string{"A"}) {
		t.Errorf("in scope of %s: %v, of the deeper one: %v", scope1, a, b)
	}
}

func TestUrgency(t *testing.T) {
	for _, c := range []struct {
		want string
		do   func(p *play)
	}{
		{"active ok", func(p *play) { p.active() }},
		{"stopped idle", func(p *play) { p.active(); p.ver("0 activated/stopped") }},
		{"activating work", func(p *play) { p.active(); p.ver("0 activating/running") }},
		{"waiting wait", func(p *play) { p.active(); p.ver("1 installed/running") }},
		{"installing work", func(p *play) { p.active(); p.ver("1 installing/running") }},
		{"error bad", func(p *play) {
			p.active()
			p.ver("1 new/stopped")
			p.ver("1 installing/running")
			p.ver("1 redundant/stopped")
		}},
		{"active ok", func(p *play) {
			p.active()
			p.ver("1 installed/running")
			p.ver("0 redundant/stopped")
			p.ver("1 activated/running")
		}},
		{"deleted idle", func(p *play) { p.active(); p.reg("0", scope1, true) }},
		{"gone idle", func(p *play) {
			p.active()
			p.fold(NewNote(p.now, "browser-2", "", NoteAttached{}))
		}},
		{"paused hold", func(p *play) {
			p.active()
			p.fold(Message{Kind: KindEvent, Context: context1, Target: "SW0", Method: "Debugger.paused", Params: []byte(`{"reason":"other"}`)})
		}},
		{"no worker idle", func(p *play) { p.reg("0", scope1, false) }},
		{"error bad", func(p *play) {
			p.reg("0", scope1, false)
			p.event("ServiceWorker.workerErrorReported", `{"errorMessage":{"errorMessage":"Failed to register a ServiceWorker for scope ('s') with script ('x'): The script has an unsupported MIME type.","registrationId":"0","versionId":"","sourceURL":"","lineNumber":-1,"columnNumber":-1}}`)
			p.reg("0", scope1, true)
			if why := p.s.Registration(key0).Failure(); why != "The script has an unsupported MIME type." {
				p.t.Errorf("failure %q", why)
			}
		}},
	} {
		t.Run(c.want, func(t *testing.T) {
			p := newPlay(t)
			c.do(p)
			if word, class := p.s.Registration(key0).Urgency(); word+" "+class != c.want {
				t.Errorf("%s %s, want %s", word, class, c.want)
			}
		})
	}
}

// What was there at attach has no time of its beginning, until it changes.
func TestSinceIsUnknownForWhatWasFound(t *testing.T) {
	p := newPlay(t)
	p.note(NoteAttached{Product: "Chrome/156", Listing: true})
	p.page("T1", scope1)
	p.note(NoteListed{})
	p.snapshot("1 installed/stopped", "0 activated/running T1")
	for _, step := range []struct {
		name   string
		do     func()
		client string
		found  bool // since before the attach
	}{
		{"found", func() {}, "T1", true},
		{"opened later", func() { p.page("T2", scope1); p.ver("0 activated/running T1,T2") }, "T2", false},
		{"not changed", func() {}, "T1", true},
		{"another controller", func() { p.ver("1 activated/running T1,T2") }, "T1", false},
	} {
		step.do()
		for _, c := range p.s.Clients(p.s.Registration(key0)) {
			if c.Target.Key.ID == step.client && c.Since.IsZero() != step.found {
				t.Errorf("%s: %s since %v", step.name, step.client, c.Since)
			}
			if want := p.now; step.name == "another controller" && !c.Since.Equal(want) {
				t.Errorf("%s: %s since %v, want %v", step.name, c.Target.Key.ID, c.Since, want)
			}
		}
	}
	if since := p.v("0").Since(); !since.IsZero() {
		t.Errorf("a version that was found: since %v", since)
	}
	if since := p.v("1").Since(); !since.Equal(p.now) {
		t.Errorf("a version that was seen to activate: since %v", since)
	}
}
