package indexeddb

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dop251/goja"
	"go.uber.org/goleak"

	"github.com/swinspect/swinspect/runtime/script"
	"github.com/swinspect/swinspect/runtime/webapi/dom"
	"github.com/swinspect/swinspect/runtime/webapi/idl"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const helpers = `
const p = r => new Promise((ok, no) => { r.onsuccess = () => ok(r.result); r.onerror = e => { no(r.error) } });
const over = t => new Promise(ok => { t.oncomplete = () => ok("complete"); t.onabort = () => ok("abort " + (t.error && t.error.name)) });
const open = (name, version, upgrade) => { const r = indexedDB.open(name, version); r.onupgradeneeded = e => upgrade && upgrade(r.result, r.transaction, e); return p(r) };
const throws = f => { try { f(); return "nothing" } catch (e) { return e.name } };
`

var stories = []struct{ name, script, want string }{
	{"put and get", `const db = await open("a", 1, db => db.createObjectStore("s")); const t = db.transaction("s", "readwrite"); t.objectStore("s").put({ x: [1, new Date(5)] }, "k");
		log(await over(t)); const v = await p(db.transaction("s").objectStore("s").get("k")); log(v.x[0], v.x[1].getTime(), db.version, db.objectStoreNames.length, db.objectStoreNames[0])`, "complete 1 5 1 1 s"},
	{"keys in order", `const db = await open("a", 1, db => db.createObjectStore("s")); const s = db.transaction("s", "readwrite").objectStore("s");
		for (const k of [[1], new Uint8Array([2]), "b", "a", "", new Date(3), 10, -5, 0.5, -Infinity, "\u{1F600}", "\uFFFF", [1, "x"], []]) s.put(0, k);
		log((await p(s.getAllKeys())).map(k => k instanceof Date ? "D" : k instanceof ArrayBuffer ? "B" : JSON.stringify(k)).join(" "))`, `null -5 0.5 10 D "" "a" "b" "😀" "￿" B [] [1] [1,"x"]`},
	{"auto increment", `const db = await open("a", 1, db => db.createObjectStore("s", { keyPath: "id", autoIncrement: true })); const s = db.transaction("s", "readwrite").objectStore("s");
		log(await p(s.add({ n: "a" })), await p(s.add({ id: 7, n: "b" })), await p(s.add({ n: "c" }))); log(JSON.stringify(await p(s.get(8))))`, `1 7 8 {"n":"c","id":8}`},
	{"indexes", `const db = await open("a", 1, db => { const s = db.createObjectStore("s", { keyPath: "id" }); s.createIndex("tag", "tags", { multiEntry: true }); s.createIndex("name", "n.first", { unique: true }) });
		const s = db.transaction("s", "readwrite").objectStore("s"); s.put({ id: 1, tags: ["x", "y"], n: { first: "A" } }); s.put({ id: 2, tags: ["y"], n: { first: "B" } });
		log((await p(s.index("tag").getAllKeys("y"))).join(), await p(s.index("tag").count()), (await p(s.index("name").get("B"))).id);
		await p(s.put({ id: 3, n: { first: "A" } })).catch(e => log(e.name))`, "1,2 3 2 ConstraintError"},
	{"an index over existing data", `let db = await open("a", 1, db => db.createObjectStore("s", { autoIncrement: true }).put({ a: 1 })); db.close();
		db = await open("a", 2, (db, t) => t.objectStore("s").createIndex("i", "a")); log((await p(db.transaction("s").objectStore("s").index("i").getKey(1))))`, "1"},
	{"cursors", `const db = await open("a", 1, db => { const s = db.createObjectStore("s"); s.createIndex("i", "g") }); let s = db.transaction("s", "readwrite").objectStore("s");
		for (let i = 1; i <= 5; i++) s.put({ g: i % 2, i }, i);
		const walk = (r, f = c => c.continue()) => new Promise((ok, no) => { const seen = []; r.onsuccess = () => { const c = r.result; if (!c) return ok(seen.join("")); seen.push(c.primaryKey); f(c, seen.length) } });
		log(await walk(s.openCursor()), await walk(s.openCursor(null, "prev")), await walk(s.index("i").openCursor()), await walk(s.index("i").openKeyCursor(null, "nextunique")), await walk(s.index("i").openKeyCursor(null, "prevunique")),
		await walk(s.openCursor(IDBKeyRange.bound(2, 4, true))), await walk(s.openCursor(), (c, n) => n === 1 ? c.advance(2) : n === 2 ? c.continue(5) : c.continue()), await walk(s.index("i").openCursor(), (c, n) => n === 1 ? c.continuePrimaryKey(1, 3) : c.continue()));
		await walk(s.openCursor(), c => { if (c.value.i === 2) c.delete(); else c.update({ ...c.value, g: 9 }); c.continue() }); log(await p(s.count()), await p(s.index("i").count(9)))`,
		"12345 54321 24135 21 12 34 135 235 4 4"},
	{"abort takes everything back", `const db = await open("a", 1, db => db.createObjectStore("s").put("old", 1)); const t = db.transaction("s", "readwrite"), s = t.objectStore("s");
		s.put("new", 1); s.put("more", 2); s.delete(1); s.clear(); s.put("again", 5); t.abort(); log(await over(t)); log(JSON.stringify(await p(db.transaction("s").objectStore("s").getAll())))`, `abort null ["old"]`},
	{"an unhandled error aborts", `const db = await open("a", 1, db => db.createObjectStore("s")); const t = db.transaction("s", "readwrite"), s = t.objectStore("s"); s.add(1, 1); s.add(2, 1); log(await over(t), await p(db.transaction("s").objectStore("s").count()))`, "abort ConstraintError 0"},
	{"a prevented error does not", `const db = await open("a", 1, db => db.createObjectStore("s")); const t = db.transaction("s", "readwrite"), s = t.objectStore("s"); s.add(1, 1); s.add(2, 1).onerror = e => e.preventDefault(); log(await over(t), await p(db.transaction("s").objectStore("s").count()))`, "complete 1"},
	{"an upgrade that fails", `await open("a", 1, db => db.createObjectStore("keep")).then(db => db.close()); await open("a", 2, (db, t) => { db.createObjectStore("x"); db.deleteObjectStore("keep"); t.abort() }).catch(e => log(e.name));
		const db = await open("a"); log(db.version, [...db.objectStoreNames].join())`, "AbortError 1 keep"},
	{"a first upgrade that fails", `await open("a", 3, (db, t) => t.abort()).catch(() => {}); log((await indexedDB.databases()).length); log((await open("a")).version)`, "0 1"},
	{"exceptions", `const db = await open("a", 2, db => db.createObjectStore("s")); log(throws(() => db.transaction("none")), throws(() => db.transaction([])), throws(() => db.createObjectStore("y")), throws(() => db.transaction("s").objectStore("s").put(1, 1)));
		const s = db.transaction("s", "readwrite").objectStore("s"); log(throws(() => s.put(1)), throws(() => s.put(1, {})), throws(() => s.put(() => 1, 1)), throws(() => s.get()), throws(() => indexedDB.cmp(NaN, 1)), throws(() => IDBKeyRange.bound(2, 1)));
		await open("a", 1).catch(e => log(e.name)); const t = db.transaction("s"); await over(t); log(throws(() => t.objectStore("s")), throws(() => t.abort()))`,
		"NotFoundError InvalidAccessError InvalidStateError ReadOnlyError DataError DataError DataCloneError TypeError DataError DataError VersionError InvalidStateError InvalidStateError"},
	{"version change and blocked", `const one = await open("a", 1); const seen = []; one.onversionchange = e => { seen.push("vc" + e.oldVersion + e.newVersion) };
		const r = indexedDB.open("a", 2); r.onblocked = () => { seen.push("blocked"); one.close() }; r.onupgradeneeded = () => seen.push("upgrade"); const two = await p(r); two.close(); await p(indexedDB.deleteDatabase("a")); log(seen.join(), (await indexedDB.databases()).length)`, "vc12,blocked,upgrade 0"},
	{"writers take turns", `const db = await open("a", 1, db => db.createObjectStore("s").put(0, "n"));
		const add = async () => { const s = db.transaction("s", "readwrite").objectStore("s"); s.put(await p(s.get("n")) + 1, "n") }; await Promise.all([add(), add(), add()]);
		log(await p(db.transaction("s").objectStore("s").get("n")))`, "3"},
	{"tags and classes", `const r = indexedDB.open("a"); log(String(r), r instanceof IDBRequest, r instanceof EventTarget, String(indexedDB)); const db = await p(r); log(String(db), db instanceof IDBDatabase, Object.keys(db).length)`, "[object IDBOpenDBRequest] true true [object IDBFactory] [object IDBDatabase] true 0"},
	{"a promise keeps a transaction alive", `const db = await open("a", 1, db => db.createObjectStore("s")); const s = db.transaction("s", "readwrite").objectStore("s"); for (let i = 0; i < 20; i++) await p(s.put(i, i)); log(await p(s.count()))`, "20"},
}

func TestStories(t *testing.T) {
	for _, story := range stories {
		t.Run(story.name, func(t *testing.T) {
			if got := tell(t, NewStorage(), story.script); got != story.want {
				t.Errorf("got  %s\nwant %s", got, story.want)
			}
		})
	}
}

// tell runs a script in an agent of its own and gives what it logged.
func tell(t testing.TB, s *Storage, text string) string {
	a := script.New(script.Options{})
	defer func() { a.Terminate(nil); <-a.Done() }()
	var logged []string
	done := make(chan struct{})
	if err := a.Do(t.Context(), "test", func() {
		r := idl.Of(a.NewRealm(nil))
		idl.Expose(r, dom.Interfaces...)
		Install(r, func() *Storage { return s })
		rt := a.Runtime()
		_ = rt.Set("log", func(c goja.FunctionCall) goja.Value {
			for _, v := range c.Arguments {
				logged = append(logged, v.String())
			}
			return nil
		})
		_ = rt.Set("finish", func() { close(done) })
		if _, err := rt.RunString(helpers + `(async () => {` + text + `})().catch(e => log("threw " + e)).then(finish)`); err != nil {
			t.Error(err)
		}
	}); err != nil {
		t.Error(err)
	}
	select {
	case <-done:
	case <-time.After(10 * time.Second):
		t.Error("the story did not end")
	}
	_ = a.Do(t.Context(), "test", func() {})
	return strings.Join(logged, " ")
}

// A worker writes and ends; another reads; a third was ended in the middle of a
// transaction and left nothing behind.
func TestAcrossAgents(t *testing.T) {
	s := NewStorage()
	tell(t, s, `const db = await open("d", 1, db => db.createObjectStore("s")); await over((t => (t.objectStore("s").put({ from: "worker" }, 1), t))(db.transaction("s", "readwrite")))`)
	tell(t, s, `const db = await open("d"); const s = db.transaction("s", "readwrite").objectStore("s"); let n = 0;
		await new Promise(ok => { const again = () => { s.put("unfinished", 1).onsuccess = again; if (++n === 5) ok() }; again() })`)
	if got := tell(t, s, `const db = await open("d", 2); log((await p(db.transaction("s").objectStore("s").get(1))).from, db.version)`); got != "worker 2" {
		t.Error(got)
	}
}

func TestManyAgentsAtOnce(t *testing.T) {
	s := NewStorage()
	tell(t, s, `await open("d", 1, db => db.createObjectStore("s").put(0, "n"))`) // success comes after the commit
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			tell(t, s, `const db = await open("d"); for (let i = 0; i < 25; i++) { const t = db.transaction("s", "readwrite"), s = t.objectStore("s"); s.put(await p(s.get("n")) + 1, "n"); await over(t) }`)
		})
	}
	all.Wait()
	if got := tell(t, s, `const db = await open("d"); log(await p(db.transaction("s").objectStore("s").get("n")))`); got != "100" {
		t.Error(got)
	}
}

func BenchmarkPut(b *testing.B) {
	tell(b, NewStorage(), fmt.Sprintf(`const db = await open("d", 1, db => db.createObjectStore("s", { keyPath: "id" }).createIndex("i", "v"));
		const s = db.transaction("s", "readwrite").objectStore("s"); let r; for (let i = 0; i < %d; i++) r = s.put({ id: i, v: -i }); await p(r)`, b.N))
}
