package compression

import (
	"strings"
	"testing"
	"time"

	"github.com/dop251/goja"
	"go.uber.org/goleak"

	"github.com/swinspect/swinspect/runtime/script"
	"github.com/swinspect/swinspect/runtime/webapi/dom"
	"github.com/swinspect/swinspect/runtime/webapi/idl"
	"github.com/swinspect/swinspect/runtime/webapi/streams"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const helpers = `
const bytes = s => Uint8Array.from([...s], c => c.charCodeAt(0));
const read = async s => { let all = []; for (let r = s.getReader(), x; !(x = await r.read()).done;) all.push(...x.value); return String.fromCharCode(...all) };
const through = (stream, ...chunks) => { const w = stream.writable.getWriter(); for (const c of chunks) w.write(c).catch(() => {}); w.close().catch(() => {}); return read(stream.readable) };
const zip = async (f, s) => bytes(await through(new CompressionStream(f), bytes(s)));
const fails = p => p.then(() => log("fulfilled"), e => log(e.name));
`

var stories = []struct{ name, script, want string }{
	{"round trips", `for (const f of ["gzip", "deflate", "deflate-raw"]) log(await through(new DecompressionStream(f), await zip(f, "hello ".repeat(3))))`, "hello hello hello  hello hello hello  hello hello hello "},
	{"split input", `const z = await zip("gzip", "split"); log(await through(new DecompressionStream("gzip"), ...Array.from(z, b => new Uint8Array([b]))))`, "split"},
	{"output before the end", `const d = new DecompressionStream("deflate"); const w = d.writable.getWriter(); const z = await zip("deflate", "x".repeat(90000)); w.write(z.subarray(0, z.length - 6)); const r = d.readable.getReader(); log((await r.read()).value.length > 0); await r.cancel()`, "true"},
	{"truncated", `const z = await zip("gzip", "abc"); await fails(through(new DecompressionStream("gzip"), z.subarray(0, z.length - 1))); await fails(through(new DecompressionStream("gzip")))`, "TypeError TypeError"},
	{"junk", `const z = await zip("deflate", "abc"); await fails(through(new DecompressionStream("deflate"), z, new Uint8Array(1))); await fails(through(new DecompressionStream("gzip"), bytes("not gzip at all")))`, "TypeError TypeError"},
	{"bad chunks and formats", `await fails(through(new CompressionStream("gzip"), "text")); try { new CompressionStream("brotli!") } catch (e) { log(e.name) } try { new CompressionStream() } catch (e) { log(e.name) }`, "TypeError TypeError TypeError"},
	{"abandoned", `const w = new DecompressionStream("gzip").writable.getWriter(); w.write(new Uint8Array([31])).catch(() => {}); log(Object.prototype.toString.call(new CompressionStream("gzip")))`, "[object CompressionStream]"},
	{"from elsewhere", `log(await through(new DecompressionStream("gzip"), Uint8Array.fromBase64("H4sIAAAAAAAAA8tIzcnJBwCGphA2BQAAAA==")))`, "hello"},
}

func TestStories(t *testing.T) {
	for _, story := range stories {
		t.Run(story.name, func(t *testing.T) {
			if got := tell(t, story.script); got != story.want {
				t.Errorf("got  %.300s\nwant %.300s", got, story.want)
			}
		})
	}
}

func tell(t *testing.T, text string) string {
	a := script.New(script.Options{})
	defer func() { a.Terminate(nil); <-a.Done() }()
	var logged []string
	done := make(chan struct{})
	if err := a.Do(t.Context(), "test", func() {
		r := idl.Of(a.NewRealm(nil))
		idl.Expose(r, dom.Interfaces...)
		streams.Install(r)
		Install(r)
		_ = a.Runtime().Set("log", func(c goja.FunctionCall) goja.Value { logged = append(logged, c.Argument(0).String()); return nil })
		_ = a.Runtime().Set("finish", func() { close(done) })
		if _, err := a.Runtime().RunString(helpers + `(async () => {` + text + `})().catch(e => log("threw " + e)).then(finish)`); err != nil {
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
