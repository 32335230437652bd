package idl

import (
	goruntime "runtime"
	"testing"

	"github.com/dop251/goja"
	"go.uber.org/goleak"

	"github.com/swinspect/swinspect/runtime/script"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type box struct{ value string }

type items struct{ list [][2]string }

var boxInterface = &Interface{
	Name: "Box", Length: 1,
	New: func(c *Call) any { return &box{c.String(0)} },
	Members: []Member{
		Attr("value", func(c *Call) goja.Value { return c.Value(This[*box](c).value) },
			func(c *Call) goja.Value { This[*box](c).value = c.String(0); return nil }),
		Method("concat", 1, func(c *Call) goja.Value { return c.Value(This[*box](c).value + c.String(0)) }),
		PromiseMethod("later", 1, func(c *Call) goja.Value { return Resolved(c.Realm, c.Value(This[*box](c).value)) }),
		Static("of", 1, func(c *Call) goja.Value { return Wrap(c.Realm, c.boxInterface(), &box{c.String(0)}) }),
		Const("LIMIT", 7),
	},
}

func (c *Call) boxInterface() *Interface { return namedInterface }

var namedInterface *Interface

var derivedInterface = &Interface{Name: "Crate", Parent: boxInterface}

var itemsInterface = &Interface{
	Name: "Items",
	New:  func(c *Call) any { return &items{[][2]string{{"a", "1"}, {"b", "2"}}} },
	Members: []Member{Pairs("Items", func(c *Call, impl goja.Value, i int) (goja.Value, goja.Value, bool) {
		c.This = impl
		l := This[*items](c).list
		if i >= len(l) {
			return nil, nil, false
		}
		return c.Value(l[i][0]), c.Value(l[i][1]), true
	})},
}

func init() { namedInterface = boxInterface }

// Every line is true in a realm with the three interfaces.
var truths = []string{
	`new Box("x").value === "x"`,
	`new Box("x") instanceof Box`,
	`Object.prototype.toString.call(new Box("x")) === "[object Box]"`,
	`Box.length === 1 && Box.name === "Box" && Box.LIMIT === 7 && Box.prototype.LIMIT === 7`,
	`Object.getPrototypeOf(Box) === Function.prototype`,
	`Object.getPrototypeOf(Crate) === Box && Object.getPrototypeOf(Crate.prototype) === Box.prototype`,
	`throws(() => Box("x"), TypeError)`,
	`throws(() => new Box(), TypeError)`,
	`throws(() => new Crate(), TypeError)`,
	`throws(() => Box.prototype.value, TypeError)`,
	`throws(() => Box.prototype.concat.call({}, 1), TypeError)`,
	`throws(() => Box.prototype.concat.call(new ArrayBuffer(0), 1), TypeError)`,
	`throws(() => new Box("x").concat(), TypeError)`,
	`Box.prototype.later.call({}) instanceof Promise`,
	`Box.of("y").concat("z") === "yz"`,
	`Object.getOwnPropertyDescriptor(Box.prototype, "value").get.name === "get value"`,
	`Object.getOwnPropertyDescriptor(Box.prototype, "concat").value.length === 1`,
	`Object.getOwnPropertyDescriptor(Box.prototype, "concat").enumerable`,
	`(() => { class B extends Box { n = 1; more() { return this.value + this.n } } const b = new B("q"); return b.more() === "q1" && b instanceof B && b instanceof Box })()`,
	`(() => { const b = new Box("x"); b.extra = 5; Object.freeze(b); return b.extra === 5 && Object.isFrozen(b) && Object.keys(b).join() === "extra" })()`,
	`new Uint8Array(new Box("x")).length === 0`,
	`JSON.stringify([...new Items()]) === '[["a","1"],["b","2"]]'`,
	`[...new Items().keys()].join() === "a,b" && new Items().entries !== undefined && Items.prototype.entries === Items.prototype[Symbol.iterator]`,
	`(() => { const l = []; new Items().forEach((v, k) => l.push(k + v)); return l.join() === "a1,b2" })()`,
	`Object.prototype.toString.call(new Items().keys()) === "[object Items Iterator]"`,
	`(() => { const e = new DOMException("m", "AbortError"); return e.code === 20 && e.name === "AbortError" && e instanceof Error && e.ABORT_ERR === 20 && String(e) === "AbortError: m" })()`,
	`Object.getOwnPropertyDescriptor(globalThis, "Box").enumerable === false`,
}

func inRealm(t testing.TB, f func(r *Realm)) {
	t.Helper()
	a := script.New(script.Options{})
	defer func() { a.Terminate(nil); <-a.Done() }()
	if err := a.Do(t.Context(), "test", func() {
		r := Of(a.NewRealm(nil))
		Expose(r, DOMException, boxInterface, derivedInterface, itemsInterface)
		_, err := a.Runtime().RunString(`var throws = (f, C) => { try { f() } catch (e) { return e instanceof C } return false }`)
		if err != nil {
			t.Error(err)
		}
		f(r)
	}); err != nil {
		t.Fatal(err)
	}
}

func TestBinding(t *testing.T) {
	inRealm(t, func(r *Realm) {
		for _, truth := range truths {
			v, err := r.Runtime().RunString(truth)
			if err != nil || !v.ToBoolean() {
				t.Errorf("%s: %v %v", truth, v, err)
			}
		}
	})
}

// The value in a slot lives as long as its object, and no longer.
func TestSlotsKeepTheirValue(t *testing.T) {
	inRealm(t, func(r *Realm) {
		objects := make([]*goja.Object, 1000)
		for i := range objects {
			objects[i] = Wrap(r, boxInterface, &box{string(rune('a' + i%26))})
		}
		for range 3 {
			goruntime.GC()
		}
		for i, o := range objects {
			if b, ok := Unwrap[*box](o); !ok || b.value != string(rune('a'+i%26)) {
				t.Fatalf("object %d lost its value", i)
			}
		}
		forged, _ := r.Runtime().RunString(`Uint8Array.fromBase64('    ').buffer`)
		if IsPlatformObject(forged) {
			t.Error("a script's buffer passed for a slot")
		}
	})
}

func BenchmarkConstruct(b *testing.B) {
	inRealm(b, func(r *Realm) {
		p := goja.MustCompile("b", `(() => { for (let i = 0; i < 1000; i++) new Box("x").value })()`, false)
		for b.Loop() {
			if _, err := r.Runtime().RunProgram(p); err != nil {
				b.Fatal(err)
			}
		}
	})
}
