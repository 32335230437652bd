package wasm

import (
	"strings"
	"testing"
	"time"

	"github.com/dop251/goja"
	"go.uber.org/goleak"

	"github.com/swinspect/swinspect/runtime/script"
	"github.com/swinspect/swinspect/runtime/webapi/idl"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// helpers assemble modules: section(id, …) and vec(…) as the binary format has them.
const helpers = `
const str = s => [s.length, ...[...s].map(c => c.charCodeAt(0))];
const vec = (...xs) => [xs.length, ...xs.flat()];
const section = (id, ...xs) => { const b = vec(...xs); return [id, b.length, ...b] };
const mod = (...sections) => new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0, ...sections.flat()]);
const code = (...b) => [b.length + 2, 0, ...b, 11];
const I = 127, L = 126, F = 125, D = 124, FUNC = 112, EXT = 111;
const fn = (params, results) => [96, ...vec(...params), ...vec(...results)];
const caught = f => { try { f(); return "nothing" } catch (e) { return e.constructor.name + (e instanceof Error) + (WebAssembly[e.name] ? e instanceof WebAssembly[e.name] : "") } };
const rejects = p => p.then(() => "fulfilled", e => e.constructor.name);
const one = (type, ...body) => mod(section(1, type), section(3, [0]), section(7, [...str("f"), 0, 0]), section(10, code(...body)));
const instance = (b, i) => new WebAssembly.Instance(new WebAssembly.Module(b), i).exports;
`

var stories = []struct{ name, script, want string }{
	{"add", `const {f} = instance(one(fn([I, I], [I]), 32, 0, 32, 1, 106)); log(f(2, 3), f("7", 2**31), f.name, f.length, f())`, "5 -2147483641 0 2 0"},
	{"i64", `const {f} = instance(one(fn([L, L], [L]), 32, 0, 32, 1, 126)); log(f(-3n, 2n**62n), typeof f(1n, 1n), caught(() => f(1, 1n)))`, "4611686018427387904 bigint TypeErrortrue"},
	{"floats", `const {f} = instance(one(fn([F], [D]), 32, 0, 187)); log(f(0.1), f("x"), f(-Infinity), caught(() => f(1n)))`, "0.10000000149011612 NaN -Infinity TypeErrortrue"},
	{"several results", `const {f} = instance(one(fn([], [I, L]), 65, 1, 66, 2)); log(f().length, f()[0], typeof f()[1])`, "2 1 bigint"},
	{"externref", `const {f} = instance(one(fn([EXT], [EXT]), 32, 0)); const o = {}; log(f(o) === o, f(null), f(undefined), f("s"))`, "true null undefined s"},
	{"traps", `const {f} = instance(one(fn([I, I], [I]), 32, 0, 32, 1, 109)); try { f(1, 0) } catch (e) { log(e instanceof WebAssembly.RuntimeError, e instanceof Error, e.name, e.message) }`, "true true RuntimeError integer divide by zero"},
	{"recursion", `const {f} = instance(one(fn([], []), 16, 0)); log(caught(() => f()))`, "RangeErrortrue"},
	{"imports of functions", `const b = mod(section(1, fn([I, L], [I])), section(2, [...str("e"), ...str("g"), 0, 0]), section(3, [0]), section(7, [...str("f"), 0, 1], [...str("g"), 0, 0]), section(10, code(32, 0, 32, 1, 16, 0)));
		let seen; const {f, g} = instance(b, {e: {g(a, b) { seen = [a, typeof b, arguments.length]; return {valueOf: () => a + 1} }}}); log(f(1, 2n), seen.join(), g(5, 1n));
		const t = {e: {g() { throw new SyntaxError("mine") }}}; log(caught(() => instance(b, t).f(1, 2n)));
		const u = instance(b, {e: {g: f}}); log(u.f(10, 3n));
		log(caught(() => instance(b)), caught(() => instance(b, {})), caught(() => instance(b, {e: {}})), caught(() => instance(b, {e: {g: 1}})))`,
		"2 1,bigint,2 6 SyntaxErrortrue 11 TypeErrortrue TypeErrortrue LinkErrortruetrue LinkErrortruetrue"},
	{"a memory that is exported", `const b = mod(section(1, fn([I], [I])), section(3, [0]), section(5, [1, 1, 3]), section(7, [...str("m"), 2, 0], [...str("grow"), 0, 0]), section(10, code(32, 0, 64, 0)), section(11, [0, 65, 4, 11, ...str("hi")]));
		const {m, grow} = instance(b); const u = new Uint8Array(m.buffer); log(m.buffer === m.buffer, u.length, u[4], u[5], m instanceof WebAssembly.Memory); u[0] = 9;
		const old = m.buffer; log(grow(1), old.byteLength, m.buffer.byteLength, new Uint8Array(m.buffer)[0], u.length, m.grow(1), grow(1), caught(() => m.grow(1)))`,
		"true 65536 104 105 true 1 0 131072 9 0 2 -1 RangeErrortrue"},
	{"a memory that is imported", `const b = mod(section(1, fn([I], [I])), section(2, [...str("e"), ...str("m"), 2, 0, 1]), section(3, [0]), section(7, [...str("f"), 0, 0], [...str("m"), 2, 0]), section(10, code(32, 0, 40, 2, 0)));
		const m = new WebAssembly.Memory({initial: 1}); const x = instance(b, {e: {m}}), y = instance(b, {e: {m: x.m}}); new Uint32Array(m.buffer)[1] = 77; log(x.f(4), y.f(4), x.m === m, caught(() => instance(b, {e: {m: {}}})), caught(() => x.f(65536)))`,
		"77 77 true LinkErrortruetrue RuntimeErrortruetrue"},
	{"a memory passed on", `const a = instance(mod(section(5, [0, 1]), section(7, [...str("mem"), 2, 0]), section(11, [0, 65, 0, 11, ...str("A")])));
		const b = mod(section(1, fn([], [I])), section(2, [...str("e"), ...str("m"), 2, 0, 1]), section(3, [0]), section(7, [...str("f"), 0, 0]), section(10, code(65, 0, 45, 0, 0)));
		log(instance(b, {e: {m: a.mem}}).f())`, "65"},
	{"memory descriptors", `log(caught(() => new WebAssembly.Memory()), caught(() => new WebAssembly.Memory({})), caught(() => new WebAssembly.Memory({initial: 2, maximum: 1})), caught(() => new WebAssembly.Memory({initial: 65536})), caught(() => WebAssembly.Memory({initial: 1})), new WebAssembly.Memory({initial: 0}).buffer.byteLength)`, "TypeErrortrue TypeErrortrue RangeErrortrue RangeErrortrue TypeErrortrue 0"},
	{"globals", `const b = mod(section(2, [...str("e"), ...str("g"), 3, I, 1], [...str("e"), ...str("k"), 3, L, 0]), section(6, [L, 1, 35, 1, 11]), section(7, [...str("g"), 3, 0], [...str("own"), 3, 2]));
		const g = new WebAssembly.Global({value: "i32", mutable: true}, 5), x = instance(b, {e: {g, k: 8n}}); log(x.g === g, x.own.value, g.value); x.own.value = -1n; g.value = 6; log(x.own.value, +g, caught(() => instance(b, {e: {g: 1, k: 1n}})), caught(() => instance(b, {e: {g, k: 1}})), caught(() => { new WebAssembly.Global({value: "f64"}, 1.5).value = 2 }), new WebAssembly.Global({value: "f64"}, 1.5).value, new WebAssembly.Global({value: "externref"}, log).value === log)`,
		"true 8 5 -1 6 LinkErrortruetrue LinkErrortruetrue TypeErrortrue 1.5 true"},
	{"tables of functions", `const b = mod(section(1, fn([], [I])), section(3, [0], [0]), section(4, [FUNC, 0, 3]), section(7, [...str("t"), 1, 0], [...str("a"), 0, 0]), section(9, [0, 65, 0, 11, 2, 0, 1]), section(10, code(65, 10), code(65, 20)));
		const {t, a} = instance(b); log(t.length, t.get(1)(), t.get(0)(), t.get(2), t.get(1) === t.get(1), caught(() => t.get(3))); t.set(2, a); log(t.get(2) === a, t.get(2)()); t.set(0, null); log(t.get(0), t.grow(2), t.length, caught(() => t.set(0, () => {})))`,
		"3 20 10 null true RangeErrortrue true 10 null 3 5 TypeErrortrue"},
	{"tables of values", `const t = new WebAssembly.Table({element: "externref", initial: 2, maximum: 4}, "v"); log(t.get(0), t.get(1)); t.set(0, log); log(t.get(0) === log, t.grow(2, 7), t.get(3), caught(() => t.grow(1)))`, "v v true 2 7 RangeErrortrue"},
	{"a table that is imported", `const b = mod(section(1, fn([I], [I]), fn([], [I])), section(2, [...str("e"), ...str("t"), 1, FUNC, 0, 1]), section(3, [0]), section(7, [...str("call"), 0, 0]), section(10, code(32, 0, 17, 1, 0)));
		const t = new WebAssembly.Table({element: "anyfunc", initial: 1}); t.set(0, instance(one(fn([], [I]), 65, 42)).f); log(instance(b, {e: {t}}).call(0))`, "42"},
	{"modules tell", `const m = new WebAssembly.Module(mod(section(1, fn([], [])), section(2, [...str("e"), ...str("g"), 0, 0], [...str("e"), ...str("m"), 2, 0, 1]), section(7, [...str("g"), 0, 0]), [0, 3, ...str("x"), 9]));
		log(JSON.stringify(WebAssembly.Module.imports(m)), JSON.stringify(WebAssembly.Module.exports(m)), new Uint8Array(WebAssembly.Module.customSections(m, "x")[0]).join(), WebAssembly.Module.customSections(m, "y").length)`,
		`[{"module":"e","name":"g","kind":"function"},{"module":"e","name":"m","kind":"memory"}] [{"name":"g","kind":"function"}] 9 0`},
	{"what is no module", `log(WebAssembly.validate(mod()), WebAssembly.validate(new Uint8Array([1, 2])), caught(() => new WebAssembly.Module(new Uint8Array(8))), caught(() => new WebAssembly.Module({})), await rejects(WebAssembly.compile(new Uint8Array(3))), await rejects(WebAssembly.compile()), await rejects(WebAssembly.instantiate({})), WebAssembly.validate(one(fn([], [I]), 66, 0)))`,
		"true false CompileErrortruetrue TypeErrortrue CompileError TypeError TypeError false"},
	{"promises", `const b = one(fn([], [I]), 65, 7), {module, instance: i} = await WebAssembly.instantiate(b.buffer); log(i.exports.f(), module instanceof WebAssembly.Module, (await WebAssembly.instantiate(module)).exports.f(), (await WebAssembly.compile(b)) instanceof WebAssembly.Module)`, "7 true 7 true"},
	{"start functions", `const b = mod(section(1, fn([], [])), section(2, [...str("e"), ...str("g"), 0, 0]), [8, 1, 0]); let n = 0; instance(b, {e: {g() { n++ }}}); log(n, caught(() => instance(b, {e: {g() { throw new EvalError("x") }}})));
		log(caught(() => instance(mod(section(1, fn([], [])), section(3, [0]), [8, 1, 0], section(10, code(0))))))`, "1 EvalErrortrue RuntimeErrortruetrue"},
	{"errors", `const e = new WebAssembly.LinkError("m", {cause: 1}); log(e.message, e.name, e.cause, String(e), WebAssembly.LinkError("x") instanceof WebAssembly.LinkError, Object.getPrototypeOf(WebAssembly.LinkError) === Error, Object.prototype.toString.call(WebAssembly), JSON.stringify(Object.keys(WebAssembly)))`,
		`m LinkError 1 LinkError: m true true [object WebAssembly] ["validate","compile","instantiate","compileStreaming","instantiateStreaming"]`},
	{"exports", `const x = instance(one(fn([], []))); log(Object.isFrozen(x), Object.getPrototypeOf(x), Object.keys(x).join(), caught(() => new x.f()))`, "true null f TypeErrortrue"},
	{"a script's error passes through", `const b = mod(section(1, fn([], [])), section(2, [...str("e"), ...str("g"), 0, 0]), section(3, [0]), section(7, [...str("f"), 0, 1]), section(10, code(16, 0)));
		const mine = {}; try { instance(b, {e: {g() { throw mine }}}).f() } catch (e) { log(e === mine) }
		const deep = instance(b, {e: {g() { deep.f() }}}); log(caught(() => deep.f()))`, "true"},
}

func TestStories(t *testing.T) {
	for _, story := range stories {
		t.Run(story.name, func(t *testing.T) {
			if got := tell(t, story.script); !strings.HasPrefix(got, story.want) {
				t.Errorf("got  %.400s\nwant %.400s", got, story.want)
			}
		})
	}
}

func tell(t *testing.T, text string) string {
	a := script.New(script.Options{TaskCPU: 5 * time.Second})
	defer func() { a.Terminate(nil); <-a.Done() }()
	var logged []string
	done := make(chan struct{})
	if err := a.Do(t.Context(), "test", func() {
		r := idl.Of(a.NewRealm(nil))
		Install(r)
		_ = a.Runtime().Set("log", func(c goja.FunctionCall) goja.Value {
			for _, v := range c.Arguments {
				logged = append(logged, v.String())
			}
			return nil
		})
		_ = a.Runtime().Set("finish", func() { close(done) })
		if _, err := a.Runtime().RunString(helpers + `(async () => {` + text + `})().catch(e => log("threw " + e)).then(finish)`); err != nil {
			t.Error(err)
		}
	}); err != nil {
		t.Error(err)
	}
	select {
	case <-done:
	case <-a.Done():
		return strings.Join(logged, " ")
	case <-time.After(10 * time.Second):
		t.Error("the story did not end")
	}
	_ = a.Do(t.Context(), "test", func() {})
	return strings.Join(logged, " ")
}

// A loop inside of WebAssembly ends with its agent.
func TestLoop(t *testing.T) {
	a := script.New(script.Options{TaskCPU: 200 * time.Millisecond})
	began := time.Now()
	err := a.Do(t.Context(), "loop", func() {
		Install(idl.Of(a.NewRealm(nil)))
		_, _ = a.Run(goja.MustCompile("", helpers+`for (;;) try { instance(one(fn([], []), 3, 64, 12, 0, 11)).f() } catch {}`, false))
	})
	<-a.Done()
	if err == nil || time.Since(began) > 2*time.Second {
		t.Errorf("it ended with %v after %s", err, time.Since(began))
	}
}
