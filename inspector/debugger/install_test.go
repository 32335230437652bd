package debugger

import "testing"

// A first registration: break in install, read a local variable, step over an await, go on.
func TestInstall(t *testing.T) {
	const worker = `const V = 1;
self.addEventListener('install', (e) => {
  const local = 42;
  e.waitUntil((async () => {
    const c = await caches.open('v1');
    await c.put('/b', new Response('b'));
  })());
});
`
	for name, bps := range map[string][]string{"event": {"event:install"}, "line": {"line:sw.js:3"}, "inner": {"line:/sw.js:5"}} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, "chromium", worker, bps...)
			done := w.begin(register)
			p := w.paused(0)
			t.Log(p.Pause.Stop, top(p))
			if name != "inner" {
				if top(p) != "@/sw.js:3" {
					t.Fatalf("%s\n%s", top(p), w.describe())
				}
				w.must(w.d.Step(w.ctx(), p.ID, "over"))
				p = w.paused(p.Pause.ID)
				if v := w.eval(p, 0, "local + V"); v != "43" {
					t.Fatal(v)
				}
			} else {
				if top(p) != "@/sw.js:5" {
					t.Fatalf("%s\n%s", top(p), w.describe())
				}
				w.must(w.d.Step(w.ctx(), p.ID, "over"))
				p = w.paused(p.Pause.ID)
				if v := w.eval(p, 0, "c instanceof Cache"); v != "true" || top(p) != "@/sw.js:6" {
					t.Fatal(v, top(p))
				}
			}
			w.resume(p)
			if got := done(); got != "ok" {
				t.Fatal(got)
			}
		})
	}
}
