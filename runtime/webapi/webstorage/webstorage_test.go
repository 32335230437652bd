package webstorage

import (
	"testing"

	"github.com/dop251/goja"
	"go.uber.org/goleak"

	"github.com/swinspect/swinspect/runtime/script"
	"github.com/swinspect/swinspect/runtime/webapi/dom"
	"github.com/swinspect/swinspect/runtime/webapi/idl"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var truths = []string{
	`(localStorage.setItem("a", 1), localStorage.getItem("a") === "1" && localStorage.a === "1" && localStorage.length === 1 && localStorage.key(0) === "a")`,
	`(localStorage.b = { toString() { return "x" } }, localStorage.getItem("b") === "x" && Object.keys(localStorage).join() === "a,b")`,
	`localStorage.getItem("none") === null && localStorage.none === undefined && localStorage.key(9) === null && !("none" in localStorage) && "a" in localStorage`,
	`delete localStorage.a && localStorage.getItem("a") === null`,
	`(localStorage.setItem("getItem", "hidden"), typeof localStorage.getItem === "function")`,
	`localStorage instanceof Storage && String(localStorage) === "[object Storage]" && sessionStorage !== localStorage && sessionStorage.length === 0`,
	`(() => { try { localStorage.setItem("big", "x".repeat(11 << 20)) } catch (e) { return e.name === "QuotaExceededError" } })()`,
	`(() => { try { Storage.prototype.getItem.call({}, "a") } catch (e) { return e instanceof TypeError } })()`,
	`(localStorage.clear(), localStorage.length === 0)`,
}

func TestStorage(t *testing.T) {
	local := NewArea()
	in(t, local, func(r *idl.Realm) {
		for _, truth := range truths {
			if v, err := r.Runtime().RunString(truth); err != nil || !v.ToBoolean() {
				t.Errorf("%s: %v %v", truth, v, err)
			}
		}
	}, nil)
}

// A change is told to the other windows, not to the one that made it.
func TestStorageEvents(t *testing.T) {
	local := NewArea()
	in(t, local, func(r *idl.Realm) {
		target := &dom.Target{}
		target.Bind(r, r.Global())
		in(t, local, func(other *idl.Realm) {
			_, _ = other.Runtime().RunString(`localStorage.setItem("k", "v")`)
		}, nil)
		_, _ = r.Runtime().RunString(`var e = new StorageEvent("storage", { key: "x", url: "u" })`)
	}, func(r *idl.Realm) {
		v, err := r.Runtime().RunString(`seen.join() + e.key + e.url + e.oldValue`)
		if err != nil || v.String() != "k:null:vxunull" {
			t.Error(v, err)
		}
	})
}

func in(t *testing.T, local *Area, fs ...func(r *idl.Realm)) {
	t.Helper()
	a := script.New(script.Options{})
	defer func() { a.Terminate(nil); <-a.Done() }()
	var r *idl.Realm
	for _, f := range append([]func(*idl.Realm){func(*idl.Realm) {
		r = idl.Of(a.NewRealm(nil))
		idl.Expose(r, dom.Interfaces...)
		window := &dom.Target{}
		window.Bind(r, r.Global())
		Install(r, Options{Local: local, Session: NewArea(), Window: window})
		_, _ = r.Runtime().RunString(`var seen = []`)
		window.Listen("storage", func(e *goja.Object) {
			_ = r.Runtime().Set("event", e)
			if _, err := r.Runtime().RunString("seen.push(event.key + ':' + event.oldValue + ':' + event.newValue)"); err != nil {
				t.Error(err)
			}
		})
	}}, fs...) {
		if f == nil {
			continue
		}
		if err := a.Do(t.Context(), "test", func() { f(r) }); err != nil {
			t.Error(err)
		}
	}
}
