package locks

import (
	"strings"
	"testing"
	"time"

	"github.com/dop251/goja"
	"go.uber.org/goleak"

	"github.com/swinspect/swinspect/runtime/script"
	"github.com/swinspect/swinspect/runtime/webapi/dom"
	"github.com/swinspect/swinspect/runtime/webapi/idl"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var stories = []struct{ name, script, want string }{
	{"turns", `const seen = []; const slow = n => locks.request("a", async l => { seen.push(n + "<"); await null; await null; seen.push(n + ">"); return n });
		log((await Promise.all([slow(1), slow(2)])).join(), seen.join(""))`, "1,2 1<1>2<2>"},
	{"shared", `let inside = 0, most = 0; const one = () => locks.request("a", { mode: "shared" }, async l => { most = Math.max(most, ++inside); await sleep(); inside--; return l.mode });
		log(await Promise.all([one(), one()]).then(String), most)`, "shared,shared 2"},
	{"if available", `await locks.request("a", async () => { log(await locks.request("a", { ifAvailable: true }, l => l)); log(await locks.request("b", { ifAvailable: true }, l => l.name)) })`, "null b"},
	{"steal", `const held = locks.request("a", () => new Promise(() => {})).catch(e => log(e.name)); await sleep(); await locks.request("a", { steal: true }, l => log(l.name)); await held`, "AbortError a"},
	{"signal", `const c = new AbortController(); let free; locks.request("a", () => new Promise(ok => free = ok)); const p = locks.request("a", { signal: c.signal }, () => log("never")).catch(e => log(e.name)); c.abort(); await p; await sleep(); free()`, "AbortError"},
	{"query", `let free; locks.request("a", () => new Promise(ok => free = ok)); locks.request("a", { mode: "shared" }, () => 0); await sleep(); const q = await locks.query(); log(JSON.stringify(q)); free()`,
		`{"held":[{"name":"a","mode":"exclusive","clientId":"me"}],"pending":[{"name":"a","mode":"shared","clientId":"me"}]}`},
	{"errors", `await locks.request("-a", () => 0).catch(e => log(e.name)); await locks.request("a", { steal: true, ifAvailable: true }, () => 0).catch(e => log(e.name)); await locks.request("a", { mode: "x" }, () => 0).catch(e => log(e.name)); await locks.request("a").catch(e => log(e.name)); await locks.request("a", () => { throw new RangeError() }).catch(e => log(e.name)); log(await locks.request("a", () => "free"))`,
		"NotSupportedError NotSupportedError TypeError TypeError RangeError free"},
}

func TestStories(t *testing.T) {
	for _, story := range stories {
		t.Run(story.name, func(t *testing.T) {
			if got := tell(t, NewManager(), story.script); got != story.want {
				t.Errorf("got  %s\nwant %s", got, story.want)
			}
		})
	}
}

// A worker that ends gives its locks back to the others.
func TestTheEndOfAnAgentReleases(t *testing.T) {
	m := NewManager()
	tell(t, m, `await new Promise(ok => locks.request("a", () => { ok(); return new Promise(() => {}) }))`)
	if got := tell(t, m, `log(await locks.request("a", l => l.name))`); got != "a" {
		t.Error(got)
	}
}

func tell(t *testing.T, m *Manager, text string) string {
	a := script.New(script.Options{})
	defer func() { a.Terminate(nil); <-a.Done() }()
	var logged []string
	done := make(chan struct{})
	if err := a.Do(t.Context(), "test", func() {
		r, rt := idl.Of(a.NewRealm(nil)), a.Runtime()
		idl.Expose(r, dom.Interfaces...)
		_ = rt.Set("locks", New(r, "me", func() *Manager { return m }))
		_ = rt.Set("sleep", func(goja.FunctionCall) goja.Value {
			p := r.NewPromise()
			time.AfterFunc(5*time.Millisecond, func() { a.Queue("timer", func() { p.Resolve(nil) }) })
			return p.Value
		})
		_ = rt.Set("log", func(c goja.FunctionCall) goja.Value {
			for _, v := range c.Arguments {
				logged = append(logged, v.String())
			}
			return nil
		})
		_ = rt.Set("finish", func() { close(done) })
		if _, err := rt.RunString(`(async () => {` + text + `})().catch(e => log("threw " + e)).then(finish)`); err != nil {
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
