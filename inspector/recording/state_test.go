package recording

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"github.com/swinspect/swinspect/inspector"
)

var writeFixture = flag.Bool("fixture", false, "write testdata/formatN.swrec of the newest format, where it does not exist")

// story is the life of a registration with two versions and their caches, a step per
// second.
func story() []inspector.Message {
	at := func(s int) time.Time { return start.Add(time.Duration(s) * time.Second) }
	key := inspector.RegistrationKey{Instance: "b1", Context: "c1", ID: "0"}
	version := func(s int, id, status string) inspector.Message {
		return event(at(s).Sub(start), "", "ServiceWorker.workerVersionUpdated", fmt.Sprintf(
			`{"versions":[{"versionId":%q,"registrationId":"0","scriptURL":"https://shop.example/sw.js","runningStatus":"running","status":%q,"controlledClients":[]}]}`, id, status))
	}
	note := func(s int, n inspector.Note) inspector.Message { return inspector.NewNote(at(s), "b1", "c1", n) }
	entry := func(url, body string, headers ...inspector.Header) SnapshotEntry {
		return SnapshotEntry{Method: "GET", URL: "https://shop.example" + url, Status: 200, ResponseType: "basic", BodyHash: HashOf([]byte(body)), Size: int64(len(body)), ResponseHeaders: headers}
	}
	cache := func(s int, name string, entries ...SnapshotEntry) inspector.Message {
		return note(s, NoteCacheSnapshot{StorageKey: "https://shop.example/", Cache: name, Entries: entries})
	}
	return []inspector.Message{
		note(0, NoteRecording{Mode: Passive, Redacted: true, Target: "https://shop.example/", Began: start}),
		note(0, inspector.NoteAttached{Endpoint: "localhost:9222", Product: "Chrome/156.0"}),
		note(0, inspector.NoteContexts{Contexts: []inspector.NoteContext{{ID: "c1", Default: true}}}),
		event(time.Second, "", "ServiceWorker.workerRegistrationUpdated", `{"registrations":[{"registrationId":"0","scopeURL":"https://shop.example/","isDeleted":false}]}`),
		version(2, "0", "new"), version(3, "0", "installing"),
		cache(4, "v1", entry("/", "one"), entry("/app.js", "a1")),
		version(5, "0", "installed"), version(6, "0", "activated"),
		note(6, NoteScript{Registration: key, Scope: "https://shop.example/", Version: "0", ScriptURL: "https://shop.example/sw.js", BodyHash: HashOf([]byte("self.x=1")),
			Imports: []ScriptImport{{URL: "https://shop.example/lib.js", BodyHash: HashOf([]byte("lib"))}}}),
		version(7, "1", "installing"),
		cache(8, "v2", entry("/", "two"), entry("/app.js", "a1"), entry("/new", "n", inspector.Header{Name: "Vary", Value: "Accept-Language"}, inspector.Header{Name: "Set-Cookie", Value: "sid=secret"})),
		version(9, "0", "redundant"), version(9, "1", "activated"),
		note(10, NoteCacheSnapshot{StorageKey: "https://shop.example/", Cache: "v1", Deleted: true}),
		cache(11, "v2", entry("/", "three"), entry("/app.js", "a1")),
	}
}

func TestStateAt(t *testing.T) {
	ctx := context.Background()
	w := create(t)
	messages := story()
	for _, m := range messages {
		must(t, w.Write(m))
	}
	f := reopen(t, w)
	for s := -1; s < 14; s++ {
		at := start.Add(time.Duration(s) * time.Second)
		want := new(inspector.State)
		for _, m := range messages {
			if m.Time.After(at) {
				break
			}
			if classOf(&m) == classState {
				want, _ = inspector.Apply(want, m)
			}
		}
		got, err := f.State(ctx, at)
		must(t, err)
		if !reflect.DeepEqual(want.Registrations, got.Registrations) || want.Seq != got.Seq {
			t.Errorf("after %d s: %+v, want %+v", s, got, want)
		}
	}
	if from, to := f.Span(); !from.Equal(start) || !to.Equal(start.Add(11*time.Second)) {
		t.Errorf("span is %v to %v", from, to)
	}
	changes, err := f.Changes(ctx, start.Add(6*time.Second), start.Add(9*time.Second), 0)
	must(t, err)
	if len(changes) == 0 || changes[0].Time.Before(start.Add(6*time.Second)) || changes[len(changes)-1].Time.After(start.Add(9*time.Second)) {
		t.Errorf("changes are %+v", changes)
	}
}

// The slider may jump about in a long recording: every moment is the fold of its
// prefix, with checkpoints or without.
func TestCheckpoints(t *testing.T) {
	ctx := context.Background()
	w := create(t, Options{NoIndex: true})
	const n = 12000
	for i := range n {
		must(t, w.Write(event(time.Duration(i)*time.Millisecond, "", "Target.targetCreated",
			fmt.Sprintf(`{"targetInfo":{"targetId":"T%d","type":"page","title":"","url":"https://shop.example/%d","attached":false,"browserContextId":"c1"}}`, i%40, i))))
	}
	f := reopen(t, w)
	f.states.every = 7 // so that there are more than are kept
	for _, i := range []int{n - 1, 10, 11000, 6000, 6001, 3, 0, n - 1} {
		at := start.Add(time.Duration(i) * time.Millisecond)
		s, err := f.State(ctx, at)
		must(t, err)
		if s.Seq != uint64(i+1) || !s.Time.Equal(at) {
			t.Errorf("at message %d the state is of %d, %v", i+1, s.Seq, s.Time)
		}
	}
	if len(f.states.at) > maxCheckpoints {
		t.Errorf("%d checkpoints", len(f.states.at))
	}
}

func TestCompare(t *testing.T) {
	ctx := context.Background()
	w := create(t)
	for _, m := range story() {
		must(t, w.Write(m))
	}
	f := reopen(t, w)
	at := func(s int) time.Time { return start.Add(time.Duration(s) * time.Second) }
	d, err := f.Compare(ctx, at(6), at(9))
	must(t, err)
	if len(d.Registrations) != 1 || d.Registrations[0].Change != Changed || len(d.Registrations[0].Versions) != 2 {
		t.Fatalf("registrations: %+v", d.Registrations)
	}
	old, now := d.Registrations[0].Versions[0], d.Registrations[0].Versions[1]
	if old.Version != "0" || old.Change != Changed || !hasField(old.Fields, "status", "activated", "redundant") || now.Change != Added || !hasField(now.Fields, "status", "", "activated") {
		t.Errorf("versions: %+v, %+v", old, now)
	}
	if len(d.Caches) != 1 || d.Caches[0].Ref.Name != "v2" || d.Caches[0].Change != Added || len(d.Caches[0].Entries) != 3 {
		t.Errorf("caches: %+v", d.Caches)
	}
	d, err = f.Compare(ctx, at(9), time.Time{})
	must(t, err)
	if len(d.Registrations) != 0 || len(d.Caches) != 2 {
		t.Fatalf("later: %+v", d)
	}
	v1, v2 := d.Caches[0], d.Caches[1]
	if v1.Change != Removed || len(v1.Entries) != 2 || v2.Change != Changed || len(v2.Entries) != 2 {
		t.Fatalf("caches: %+v", d.Caches)
	}
	if e := v2.Entries[0]; e.Change != Changed || e.URL != "https://shop.example/" || e.Fields[0].Field != "body" {
		t.Errorf("entry: %+v", e)
	}
	if e := v2.Entries[1]; e.Change != Removed || e.Vary != "accept-language" {
		t.Errorf("entry: %+v", e)
	}
	if d, err := f.Compare(ctx, at(7), at(7)); err != nil || !d.Empty() {
		t.Errorf("nothing changed, and yet %+v, %v", d, err)
	}
}

func hasField(fields []FieldDifference, name, before, after string) bool {
	for _, f := range fields {
		if f.Field == name && f.Before == before && f.After == after {
			return true
		}
	}
	return false
}

func TestScripts(t *testing.T) {
	ctx := context.Background()
	w := create(t)
	for _, body := range []string{"self.x=1", "lib"} {
		_, err := w.Body([]byte(body))
		must(t, err)
	}
	for _, m := range story() {
		must(t, w.Write(m))
	}
	must(t, w.Note(start.Add(20*time.Second), "b1", "c1", inspector.NoteScripts{
		Registration: inspector.RegistrationKey{Instance: "b1", Context: "c1", ID: "0"}, Version: "1",
		Scripts: []*inspector.Script{{URL: "https://shop.example/sw.js", Source: "self.x=2", Main: true}},
	}))
	f := reopen(t, w)
	scripts, err := f.Scripts(ctx, time.Time{})
	must(t, err)
	if len(scripts) != 3 || scripts[1].URL != "https://shop.example/lib.js" || scripts[1].ScriptURL != "https://shop.example/sw.js" {
		t.Fatalf("scripts are %+v", scripts)
	}
	for i, want := range []string{"self.x=1", "lib", "self.x=2"} {
		if b, err := f.Body(ctx, scripts[i].Hash); err != nil || string(b) != want {
			t.Errorf("script %d is %q, %v", i, b, err)
		}
	}
}

// TestWriteFixture keeps a file of each format for TestFixtures.
func TestWriteFixture(t *testing.T) {
	path := filepath.Join("testdata", "format"+itoa(Format)+".swrec")
	if _, err := os.Stat(path); err == nil || !*writeFixture {
		return
	}
	w, err := Create(path, Meta{Mode: Passive, Target: "https://shop.example/", Program: "fixture", Began: start})
	must(t, err)
	for _, m := range story() {
		must(t, w.Write(m))
	}
	must(t, w.Note(start.Add(12*time.Second), "b1", "c1", NoteCacheSnapshot{StorageKey: "https://shop.example/", Cache: "v3"}))
	for i := range 100 {
		for _, m := range request(i) {
			m.Time = m.Time.Add(time.Minute)
			must(t, w.Write(m))
		}
	}
	must(t, w.Close())
}
