package inspector

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/serviceworker"
)

// play is a little browser for tables: it makes messages one second apart and
// folds them.
type play struct {
	t       testing.TB
	s       *State
	changes []Change
	now     time.Time
}

const (
	browser1 = "browser-1"
	context1 = "CONTEXT"
	origin1  = "https://shop.example"
	scope1   = origin1 + "/app/"
)

var key0 = RegistrationKey{browser1, context1, "0"}

func newPlay(t testing.TB) *play {
	p := &play{t: t, s: new(State), now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
	p.note(NoteAttached{Endpoint: "9222", Product: "Chrome/156"})
	p.note(NoteContexts{Contexts: []NoteContext{{ID: context1, Default: true}}})
	p.event("ServiceWorker.workerRegistrationUpdated", `{"registrations":[]}`)
	p.event("ServiceWorker.workerVersionUpdated", `{"versions":[]}`)
	return p
}

func (p *play) fold(m Message) []Change {
	p.now = p.now.Add(time.Second)
	m.Time = p.now
	if m.Instance == "" {
		m.Instance = browser1
	}
	next, changes := Apply(p.s, m)
	p.s = next
	p.changes = append(p.changes, changes...)
	return changes
}

func (p *play) note(n Note) []Change { return p.fold(NewNote(time.Time{}, browser1, context1, n)) }

func (p *play) event(method, params string) []Change {
	return p.fold(Message{Kind: KindEvent, Context: context1, Method: method, Params: []byte(params)})
}

func (p *play) reg(id, scope string, deleted bool) []Change {
	return p.event("ServiceWorker.workerRegistrationUpdated",
		fmt.Sprintf(`{"registrations":[{"registrationId":%q,"scopeURL":%q,"isDeleted":%v}]}`, id, scope, deleted))
}

// ver sends a version of registration 0: "1 installed/running T1,T2".
func (p *play) ver(words string) []Change {
	return p.event("ServiceWorker.workerVersionUpdated", `{"versions":[`+versionJSON(words)+`]}`)
}

func versionJSON(words string) string {
	f := strings.Fields(words)
	status, running, _ := strings.Cut(f[1], "/")
	clients := []string{}
	if len(f) > 2 {
		clients = strings.Split(f[2], ",")
	}
	b, _ := json.Marshal(map[string]any{
		"versionId": f[0], "registrationId": "0", "scriptURL": scope1 + "sw.js", "status": status,
		"runningStatus": running, "controlledClients": clients, "targetId": "SW" + f[0], "scriptResponseTime": 1767225600.5,
	})
	return string(b)
}

func (p *play) page(id, url string) []Change { return p.target("page", id, url, "") }

func (p *play) target(typ, id, url, parent string) []Change {
	method := "Target.targetCreated"
	if p.s.Target(TargetKey{browser1, id}) != nil {
		method = "Target.targetInfoChanged"
	}
	return p.event(method, fmt.Sprintf(`{"targetInfo":{"targetId":%q,"type":%q,"title":"T","url":%q,"parentFrameId":%q,"browserContextId":%q}}`, id, typ, url, parent, context1))
}

func (p *play) closed(id string) []Change {
	return p.event("Target.targetDestroyed", fmt.Sprintf(`{"targetId":%q}`, id))
}

func (p *play) snapshot(versions ...string) []Change {
	for i, v := range versions {
		versions[i] = versionJSON(v)
	}
	return p.note(NoteSnapshot{
		Registrations: []byte(fmt.Sprintf(`{"registrations":[{"registrationId":"0","scopeURL":%q,"isDeleted":false}]}`, scope1)),
		Versions:      []byte(`{"versions":[` + strings.Join(versions, ",") + `]}`),
	})
}

func (p *play) v(id string) *Version {
	p.t.Helper()
	for _, r := range p.s.Registrations {
		if v := r.Version(id); v != nil {
			return v
		}
	}
	p.t.Fatalf("no version %s", id)
	return nil
}

// active brings version 0 of registration 0 to activated, controlling clients.
func (p *play) active(clients ...string) {
	p.reg("0", scope1, false)
	for _, s := range []string{"new/stopped", "new/starting", "installing/starting", "installing/running", "installed/running", "activating/running", "activated/running"} {
		p.ver("0 " + s)
	}
	for _, c := range clients {
		p.page(c, scope1+c)
	}
	if len(clients) > 0 {
		p.ver("0 activated/running " + strings.Join(clients, ","))
	}
}

func what(cs []Change) []string {
	out := []string{}
	for _, c := range cs {
		w := c.Kind + ": " + c.What
		if c.Cause != "" {
			w += " (" + c.Cause + ")"
		}
		out = append(out, w)
	}
	return out
}

func equal(t *testing.T, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("got\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

func TestApplyIsPure(t *testing.T) {
	p := newPlay(t)
	p.active("A", "B")
	before := dumpState(p.s)
	base := p.s
	for _, m := range []Message{
		{Kind: KindEvent, Method: "ServiceWorker.workerVersionUpdated", Params: []byte(`{"versions":[` + versionJSON("0 redundant/stopped") + `]}`)},
		{Kind: KindEvent, Method: "Target.targetDestroyed", Params: []byte(`{"targetId":"A"}`)},
		{Kind: KindEvent, Method: "ServiceWorker.workerRegistrationUpdated", Params: []byte(`{"registrations":[{"registrationId":"0","scopeURL":"` + scope1 + `","isDeleted":true}]}`)},
		NewNote(p.now, browser1, context1, NoteReceipt{Receipt{ID: 1}}),
	} {
		m.Instance, m.Context, m.Time = browser1, context1, p.now.Add(time.Hour)
		a, _ := Apply(base, m)
		first := dumpState(a)
		if b, _ := Apply(base, m); dumpState(b) != first {
			t.Errorf("%s folds differently the second time", m.Method)
		}
		if dumpState(base) != before {
			t.Fatalf("%s changed the state it was applied to", m.Method)
		}
	}
}

func dumpState(s *State) string {
	d := &dumper{}
	d.state(s)
	return d.String()
}

func TestNilState(t *testing.T) {
	s, changes := Apply(nil, Message{Kind: KindEvent, Method: "Runtime.nonsense"})
	if s == nil || s.Seq != 1 || len(changes) != 0 {
		t.Errorf("Apply(nil) gave %+v %v", s, changes)
	}
}

func TestClientsAreKeptUntilProof(t *testing.T) {
	for _, c := range []struct {
		name string
		do   func(p *play)
		want []string
		how  Provenance
	}{
		{"an empty list while the page is there", func(p *play) { p.ver("0 activated/running") }, []string{"A", "B"}, Inferred},
		{"a list that lacks one", func(p *play) { p.ver("0 activated/running B") }, []string{"A", "B"}, Inferred},
		{"the page was closed", func(p *play) { p.closed("A"); p.ver("0 activated/running") }, []string{"B"}, Inferred},
		{"the page left the scope", func(p *play) { p.page("A", origin1+"/"); p.ver("0 activated/running B") }, []string{"B"}, Seen},
		{"a snapshot", func(p *play) { p.snapshot("0 activated/running") }, nil, Seen},
		{"a snapshot of one", func(p *play) { p.snapshot("0 activated/running B") }, []string{"B"}, Seen},
		{"redundant", func(p *play) { p.ver("0 redundant/running") }, nil, Seen},
		{"another version controls it", func(p *play) { p.ver("1 activated/running A,B") }, nil, Seen},
		{"unregistered", func(p *play) { p.reg("0", scope1, true); p.ver("0 activated/running B") }, []string{"B"}, Seen},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newPlay(t)
			p.active("A", "B")
			c.do(p)
			if v := p.v("0"); !slices.Equal(v.Clients, c.want) || v.ClientsKnown != c.how {
				t.Errorf("clients are %v, %s; want %v, %s", v.Clients, v.ClientsKnown, c.want, c.how)
			}
		})
	}
}

func TestChangesInWords(t *testing.T) {
	p := newPlay(t)
	p.active("A")
	equal(t, what(p.ver("1 new/stopped")), "version: new (script differs)")
	p.ver("1 installing/running")
	equal(t, what(p.ver("1 installed/running")), "version: installing → waiting")
	p.note(NoteReceipt{Receipt{ID: 7, Action: Action{Kind: SkipWaiting, Registration: key0}, Subject: scope1, Outcome: Sent, SentAt: p.now.Add(time.Second)}})
	equal(t, what(p.ver("0 activated/stopping A")), "running: running → stopping (skip waiting sent 1.0 s before)")
	p.ver("0 redundant/stopped")
	equal(t, what(p.ver("1 activating/running A")),
		"version: waiting → activating (skip waiting sent 3.0 s before)", "client: controls "+scope1+"A")
	equal(t, what(p.reg("0", scope1, true)), "registration: unregistered")
	equal(t, what(p.note(NoteGone{Reason: "connection reset"})), "connection: gone (connection reset)")
}

func TestActivationCauses(t *testing.T) {
	waiting := func(p *play) { p.ver("1 installing/running"); p.ver("1 installed/running") }
	for _, c := range []struct {
		name string
		do   func(p *play)
		want string
	}{
		{"last client", func(p *play) { p.active("A"); waiting(p); p.closed("A") }, "the last client of #0 left"},
		{"no clients", func(p *play) { p.active(); waiting(p) }, "#0 had no clients"},
		{"in the worker", func(p *play) { p.active("A"); waiting(p) }, "the worker called skipWaiting(): #0 still had clients"},
		{"first", func(p *play) { p.reg("0", scope1, false); waiting(p) }, "no version was active before"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newPlay(t)
			c.do(p)
			changes := p.ver("1 activating/running")
			if changes[0].Cause != c.want || changes[0].Known != Inferred {
				t.Errorf("cause is %q, %s; want %q", changes[0].Cause, changes[0].Known, c.want)
			}
		})
	}
}

func TestErrorsReportedTwice(t *testing.T) {
	report := func(p *play, message string, line, column int) {
		p.event("ServiceWorker.workerErrorReported", fmt.Sprintf(
			`{"errorMessage":{"errorMessage":%q,"registrationId":"0","versionId":"0","sourceURL":"u","lineNumber":%d,"columnNumber":%d}}`, message, line, column))
	}
	for _, c := range []struct {
		name  string
		do    func(p *play)
		count []int
		col   int
	}{
		{"pair, place first", func(p *play) { report(p, "x", 1, 6); report(p, "x", 1, -1) }, []int{1}, 6},
		{"pair, place last", func(p *play) { report(p, "x", 1, -1); report(p, "x", 1, 6) }, []int{1}, 6},
		{"two pairs", func(p *play) {
			report(p, "x", 1, 6)
			report(p, "x", 1, -1)
			report(p, "x", 1, 6)
			report(p, "x", 1, -1)
		}, []int{2}, 6},
		{"two real ones", func(p *play) { report(p, "x", 1, 6); report(p, "x", 1, 6) }, []int{2}, 6},
		{"different texts", func(p *play) { report(p, "x", 1, 6); report(p, "y", 1, -1) }, []int{1, 1}, 6},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newPlay(t)
			p.active()
			c.do(p)
			var counts []int
			errors := p.s.Registration(key0).Errors
			for _, e := range errors {
				counts = append(counts, e.Count)
			}
			if !slices.Equal(counts, c.count) || errors[0].Column != c.col {
				t.Errorf("counts %v, first column %d; want %v, %d", counts, errors[0].Column, c.count, c.col)
			}
		})
	}
}

func TestGhostComesBack(t *testing.T) {
	p := newPlay(t)
	p.target("service_worker", "SW", scope1+"sw.js", "")
	p.reg("0", scope1, false)
	p.event("ServiceWorker.workerVersionUpdated", `{"versions":[{"versionId":"0","registrationId":"0","scriptURL":"`+scope1+`sw.js","status":"new","runningStatus":"stopped","controlledClients":[]}]}`)
	p.closed("SW")
	r := p.s.Registration(key0)
	if r.Ghost != GhostReason || r.Alive() {
		t.Fatalf("ghost %q, alive %v", r.Ghost, r.Alive())
	}
	if word, class := r.Urgency(); word != "404" || class != "bad" {
		t.Errorf("urgency %s %s", word, class)
	}
	if len(p.s.Shown()) != 1 || len(p.s.Live()) != 0 {
		t.Errorf("shown %d, live %d", len(p.s.Shown()), len(p.s.Live()))
	}
	p.ver("0 installing/running")
	if r := p.s.Registration(key0); r.Ghost != "" || !r.Alive() {
		t.Errorf("a ghost that installs is none: %q, alive %v", r.Ghost, r.Alive())
	}
}

func TestNewInstanceKeepsHistory(t *testing.T) {
	p := newPlay(t)
	p.active("A")
	slug := p.s.Registration(key0).Slug(p.s)
	p.note(NoteGone{Reason: "killed"})
	gone := p.now
	p.fold(NewNote(time.Time{}, "browser-2", "", NoteAttached{Endpoint: "9222", Product: "Chrome/156"}))
	old := p.s.Registration(key0)
	if !old.GoneAt.Equal(gone) || p.s.Connection.Instances != 2 || len(p.s.Targets) != 0 {
		t.Fatalf("gone at %v, instances %d, targets %d", old.GoneAt, p.s.Connection.Instances, len(p.s.Targets))
	}
	if p.s.BySlug(slug) != old {
		t.Errorf("the slug does not find the old registration")
	}
	m := NewNote(time.Time{}, "browser-2", "", NoteContexts{Contexts: []NoteContext{{ID: "OTHER", Default: true}}})
	p.fold(m)
	p.fold(Message{
		Kind: KindEvent, Instance: "browser-2", Context: "OTHER", Method: "ServiceWorker.workerRegistrationUpdated",
		Params: []byte(`{"registrations":[{"registrationId":"5","scopeURL":"` + scope1 + `","isDeleted":false}]}`),
	})
	if r := p.s.BySlug(slug); r == nil || r.Key.Instance != "browser-2" {
		t.Errorf("the slug finds %+v", r)
	}
}

func TestReattachToTheSameBrowser(t *testing.T) {
	p := newPlay(t)
	p.active("A")
	p.reg("1", origin1+"/other/", false)
	p.note(NoteGone{Reason: "socket closed"})
	p.note(NoteAttached{Product: "Chrome/156"})
	p.reg("1", origin1+"/other/", false) // what enable lists now
	if r := p.s.Registration(key0); r.Alive() || !r.GoneAt.IsZero() {
		t.Errorf("a registration that is no longer listed is alive")
	}
	if p.s.Connection.Instances != 1 || p.s.Connection.Status != Live {
		t.Errorf("connection %+v", p.s.Connection)
	}
}

func TestSnapshotsListOldVersions(t *testing.T) {
	p := newPlay(t)
	p.snapshot("3 redundant/stopped", "4 activated/stopped")
	r := p.s.Registration(key0)
	if len(r.Versions) != 1 || r.Versions[0].ID != "4" || r.Versions[0].Complete {
		t.Errorf("versions %+v", r.Versions)
	}
	p.snapshot("5 activated/running")
	if v := p.v("4"); v.Status != serviceworker.VersionStatusRedundant {
		t.Errorf("#4 is %s though no longer listed", v.Status)
	}
}

func TestBounds(t *testing.T) {
	p := newPlay(t)
	p.active()
	p.note(NoteTargetSession{TargetID: "SW0", Reason: "console", Attached: true})
	for i := range 3000 {
		p.fold(Message{Kind: KindEvent, Context: context1, Target: "SW0", Method: "Runtime.consoleAPICalled", Params: []byte(fmt.Sprintf(`{"type":"log","args":[{"type":"number","value":%d}]}`, i))})
		p.ver("0 activated/" + []string{"stopped", "running"}[i%2])
		p.note(NoteReceipt{Receipt{ID: uint64(i)}})
	}
	v := p.v("0")
	if n := len(v.Console); n > maxConsole || v.Console[n-1].Text != "2999" {
		t.Errorf("%d console messages, last %q", n, v.Console[n-1].Text)
	}
	if len(v.History) > maxHistory || len(p.s.Receipts) > maxReceipts {
		t.Errorf("%d steps, %d receipts", len(v.History), len(p.s.Receipts))
	}
}

// A worker that starts again gets a session as soon as its target is there,
// which can be before the version says which target it has.
func TestKeptAliveBeforeTheVersionHasItsTarget(t *testing.T) {
	p := newPlay(t)
	p.active()
	p.target("service_worker", "SW1", scope1+"sw.js", "")
	p.note(NoteTargetSession{TargetID: "SW1", Reason: "offline", Attached: true})
	p.target("service_worker", "SW1", scope1+"sw.js?", "")
	p.ver("1 installing/running")
	if v := p.v("1"); v.KeptAlive != "offline" {
		t.Errorf("kept alive: %q", v.KeptAlive)
	}
	p.note(NoteTargetSession{TargetID: "SW1", Reason: "offline"})
	p.ver("1 installed/running")
	if v := p.v("1"); v.KeptAlive != "" {
		t.Errorf("kept alive after the session ended: %q", v.KeptAlive)
	}
}
