package crypto

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/dop251/goja"
	"go.uber.org/goleak"

	"github.com/swinspect/swinspect/runtime/script"
	"github.com/swinspect/swinspect/runtime/webapi/dom"
	"github.com/swinspect/swinspect/runtime/webapi/idl"
	"github.com/swinspect/swinspect/runtime/webapi/messaging"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestVectors compares with what node logs for the same script (testdata/make.mjs).
func TestVectors(t *testing.T) {
	read := func(name string) string {
		b, err := os.ReadFile("testdata/" + name)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	got := tell(t, read("vectors.js")+"; await vectors(crypto.subtle, "+read("fixtures.json")+", log)")
	golden := strings.Split(strings.TrimSpace(read("golden.txt")), "\n")
	for i := range max(len(got), len(golden)) {
		var a, b string
		if i < len(got) {
			a = got[i]
		}
		if i < len(golden) {
			b = golden[i]
		}
		if a != b {
			t.Errorf("line %d:\ngot  %.600s\nnode %.600s", i+1, a, b)
		}
	}
}

var stories = []struct{ name, script, want string }{
	{"random values", `const a = new Uint32Array(4); log(crypto.getRandomValues(a) === a, a.some(x => x)); for (const v of [new Float32Array(1), new DataView(new ArrayBuffer(1)), new Uint8Array(65537), [1]]) try { crypto.getRandomValues(v) } catch (e) { log(e.name) }`, "true true TypeMismatchError TypeMismatchError QuotaExceededError TypeError"},
	{"uuid", `log(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(crypto.randomUUID()), String(crypto), String(crypto.subtle))`, "true [object Crypto] [object SubtleCrypto]"},
	{"clone", `const k = await crypto.subtle.generateKey({ name: "AES-GCM", length: 128 }, true, ["encrypt"]); const c = structuredClone({ k }).k; log(c instanceof CryptoKey, c !== k, c.algorithm.length, c.algorithm === c.algorithm)`, "true true 128 true"},
	{"rejects, never throws", `for (const f of ["digest", "sign", "importKey"]) { const p = crypto.subtle[f](); log(p instanceof Promise); await p.catch(e => log(e.name)) } await crypto.subtle.digest.call({}, "SHA-1", new Uint8Array()).catch(e => log(e.name))`, "true TypeError true TypeError true TypeError TypeError"},
}

func TestStories(t *testing.T) {
	for _, story := range stories {
		t.Run(story.name, func(t *testing.T) {
			if got := strings.Join(tell(t, story.script), " "); got != story.want {
				t.Errorf("got  %s\nwant %s", got, story.want)
			}
		})
	}
}

func TestSeeded(t *testing.T) {
	if got := uuid(bytes.NewReader(make([]byte, 16))); got != "00000000-0000-4000-8000-000000000000" {
		t.Error(got)
	}
}

// tell runs a script and gives the lines that it logged.
func tell(t *testing.T, text string) []string {
	a := script.New(script.Options{})
	defer func() { a.Terminate(nil); <-a.Done() }()
	var logged []string
	done := make(chan struct{})
	if err := a.Do(t.Context(), "test", func() {
		r, rt := idl.Of(a.NewRealm(nil)), a.Runtime()
		idl.Expose(r, dom.Interfaces...)
		Install(r, nil, true)
		_ = rt.Set("structuredClone", idl.Function(r, "structuredClone", 1, func(call goja.FunctionCall) goja.Value {
			v, _, err := messaging.Serialize(&idl.Call{Realm: r}, call.Argument(0), nil).Deserialize(r)
			if err != nil {
				panic(err)
			}
			return v
		}))
		_ = rt.Set("log", func(c goja.FunctionCall) goja.Value {
			var line []string
			for _, v := range c.Arguments {
				line = append(line, v.String())
			}
			logged = append(logged, strings.Join(line, " "))
			return nil
		})
		_ = rt.Set("finish", func() { close(done) })
		if _, err := rt.RunString(`(async () => {` + text + `})().catch(e => log("threw " + e + e.stack)).then(finish)`); err != nil {
			t.Error(err)
		}
	}); err != nil {
		t.Error(err)
	}
	select {
	case <-done:
	case <-time.After(30 * time.Second):
		t.Error("the story did not end")
	}
	_ = a.Do(t.Context(), "test", func() {})
	return logged
}
