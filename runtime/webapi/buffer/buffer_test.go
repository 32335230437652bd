package buffer

import (
	"log/slog"
	"testing"

	"go.uber.org/goleak"

	"github.com/swinspect/swinspect/runtime/script"
	"github.com/swinspect/swinspect/runtime/webapi/idl"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var cases = []struct {
	script, bytes, class string
	ok                   bool
}{
	{`new Uint8Array([97, 98])`, "ab", "Uint8Array", true},
	{`new Uint8Array([97, 98, 99, 100]).subarray(1, 3)`, "bc", "Uint8Array", true},
	{`new DataView(new Uint8Array([97, 98, 99]).buffer, 1)`, "bc", "DataView", true},
	{`new Uint16Array([0x6261])`, "ab", "Uint16Array", true},
	{`new Uint8ClampedArray([97])`, "a", "Uint8ClampedArray", true},
	{`new Uint8Array([97]).buffer`, "a", "", true},
	{`(() => { const v = new Uint8Array([97, 98]); Object.defineProperty(v, "buffer", { value: 1 }); return v })()`, "ab", "Uint8Array", true},
	{`[97, 98]`, "", "", false},
	{`"ab"`, "", "", false},
	{`({ byteLength: 5, get buffer() { throw 1 } })`, "", "", false},
	{`undefined`, "", "", false},
	{`new Proxy(new Uint8Array(1), {})`, "", "", false},
}

func TestBytes(t *testing.T) {
	inRealm(t, func(r *idl.Realm) {
		for _, c := range cases {
			v, err := r.Runtime().RunString(c.script)
			if err != nil {
				t.Error(c.script, err)
				continue
			}
			b, ok := Copy(r, v)
			if ok != c.ok || string(b) != c.bytes || Type(r, v) != c.class {
				t.Errorf("%s: %q %v %q", c.script, b, ok, Type(r, v))
			}
		}
	})
}

// Views over a detached buffer are empty and do not bring the process down.
func TestDetached(t *testing.T) {
	inRealm(t, func(r *idl.Realm) {
		o, err := r.Runtime().RunString(`var b = new Uint8Array([1, 2, 3]).buffer; var v = new Uint8Array(b, 1), d = new DataView(b, 1), f = new Uint16Array(b, 0, 1); b`)
		if err != nil {
			t.Error(err)
			return
		}
		if taken, ok := Transfer(o); !ok || len(taken) != 3 {
			t.Error(taken, ok)
		}
		for _, name := range []string{"b", "v", "d", "f"} {
			if b, ok := Copy(r, r.Runtime().Get(name)); !ok || len(b) != 0 {
				t.Errorf("%s: %v %v", name, b, ok)
			}
		}
		if _, ok := Transfer(o); ok {
			t.Error("a detached buffer was transferred again")
		}
	})
}

func inRealm(t *testing.T, f func(r *idl.Realm)) {
	t.Helper()
	a := script.New(script.Options{Logger: slog.Default()})
	defer func() { a.Terminate(nil); <-a.Done() }()
	if err := a.Do(t.Context(), "test", func() { f(idl.Of(a.NewRealm(nil))) }); err != nil {
		t.Fatal(err)
	}
}
