package dom

import (
	"testing"

	"github.com/dop251/goja"
	"go.uber.org/goleak"

	"github.com/swinspect/swinspect/runtime/script"
	"github.com/swinspect/swinspect/runtime/webapi/idl"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type scope struct{ Target }

var scopeInterface = &idl.Interface{Name: "TestScope", Parent: EventTarget, Members: []idl.Member{Handler("error"), Handler("ping")}}

// Each story is a script with log(); want is what it logs, joined by spaces.
var stories = []struct{ name, script, want string }{
	{"listeners in order, once, removed", `
		const t = new EventTarget();
		const f = () => log("f");
		t.addEventListener("x", f); t.addEventListener("x", f);
		t.addEventListener("x", () => log("once"), {once: true});
		t.addEventListener("x", {handleEvent(e) { log(this === e.currentTarget ? "bad" : "object") }});
		t.dispatchEvent(new Event("x")); t.removeEventListener("x", f); t.dispatchEvent(new Event("x"));`,
		"f once object object"},
	{"a listener removed while dispatching does not run", `
		const t = new EventTarget(), g = () => log("g");
		t.addEventListener("x", () => { t.removeEventListener("x", g); log("f") });
		t.addEventListener("x", g);
		t.dispatchEvent(new Event("x"));`, "f"},
	{"preventDefault and its return value", `
		const t = new EventTarget();
		t.addEventListener("x", e => e.preventDefault());
		log(t.dispatchEvent(new Event("x")), t.dispatchEvent(new Event("x", {cancelable: true})));
		t.addEventListener("y", e => e.preventDefault(), {passive: true});
		log(t.dispatchEvent(new Event("y", {cancelable: true})));`, "true false true"},
	{"handlers keep their place", `
		addEventListener("ping", () => log("a")); onping = () => log("h1"); addEventListener("ping", () => log("b"));
		onping = () => log("h2"); dispatchEvent(new Event("ping")); onping = 5; log(onping); dispatchEvent(new Event("ping"));`,
		"a h2 b null a b"},
	{"what a listener throws is reported and the rest runs", `
		onerror = (m, u, l, c, e) => { log(m, e.message); return true };
		const t = new EventTarget();
		t.addEventListener("x", () => { throw new Error("bad") }); t.addEventListener("x", () => log("next"));
		t.dispatchEvent(new Event("x"));`, "Error: bad bad next"},
	{"microtasks run between listeners only when no script is below", `
		const t = new EventTarget();
		t.addEventListener("x", () => { log("1"); Promise.resolve().then(() => log("m")) });
		t.addEventListener("x", () => log("2"));
		t.dispatchEvent(new Event("x"));`, "1 2 m"},
	{"abort", `
		const c = new AbortController(), any = AbortSignal.any([c.signal]);
		any.onabort = () => log("any", any.reason.name);
		c.signal.addEventListener("abort", () => log("abort"));
		c.abort(); c.abort(); log(c.signal.aborted, any.aborted);
		try { c.signal.throwIfAborted() } catch (e) { log(e.name) }
		log(AbortSignal.abort(7).reason);`, "abort any AbortError true true AbortError 7"},
	{"signals remove listeners", `
		const t = new EventTarget(), c = new AbortController();
		t.addEventListener("x", () => log("x"), {signal: c.signal});
		t.dispatchEvent(new Event("x")); c.abort(); t.dispatchEvent(new Event("x"));`, "x"},
	{"subclasses", `
		class T extends EventTarget {}; class E extends Event { constructor() { super("x"); this.n = 3 } };
		const t = new T(); t.addEventListener("x", e => log(e.n, e instanceof E, e.target === t)); t.dispatchEvent(new E());`, "3 true true"},
	{"events of every kind", `
		log(new MessageEvent("m", {data: 1}).data, new CustomEvent("c", {detail: 2}).detail, new ErrorEvent("e", {lineno: 3}).lineno,
			new ProgressEvent("p", {loaded: 4}).loaded, new CloseEvent("c", {code: 5}).code, Object.isFrozen(new MessageEvent("m").ports));`, "1 2 3 4 5 true"},
}

func TestStories(t *testing.T) {
	for _, s := range stories {
		t.Run(s.name, func(t *testing.T) {
			if got := play(t, s.script); got != s.want {
				t.Errorf("got  %s\nwant %s", got, s.want)
			}
		})
	}
}

func play(t *testing.T, source string) string {
	a := script.New(script.Options{})
	defer func() { a.Terminate(nil); <-a.Done() }()
	got := ""
	err := a.Do(t.Context(), "story", func() {
		r := idl.Of(a.NewRealm(nil))
		idl.Expose(r, Interfaces...)
		global := &scope{}
		global.Bind(r, r.Global())
		idl.Global(r, scopeInterface, global)
		r.Report = func(e *script.Exception) {
			global.Fire(ErrorEvent, &Failure{Event: Event{Type: "error", Cancelable: true}, Message: e.Error(), Value: e.Value})
		}
		_ = r.Runtime().Set("log", func(call goja.FunctionCall) goja.Value {
			for _, v := range call.Arguments {
				if got != "" {
					got += " "
				}
				got += v.String()
			}
			return goja.Undefined()
		})
		if _, err := a.Run(goja.MustCompile("story.js", "{"+source+"}", false)); err != nil {
			t.Error(err)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return got
}
