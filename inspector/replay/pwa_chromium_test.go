package replay

import (
	"strings"
	"testing"
	"time"

	"github.com/swinspect/swinspect/internal/testsite/drive"
)

// visitPWA is a session with everything a worker meets: install, navigation, frame,
// POST, range, redirects, an opaque answer, a stream, an update, no network.
func visitPWA(t *testing.T, site *pwa) func(c *drive.Chromium, base string) {
	return func(c *drive.Chromium, base string) {
		page := c.OpenAny(t, "", base+"/")
		for page.Eval(t, "location.protocol + document.readyState") != "http:complete" {
			time.Sleep(50 * time.Millisecond)
		}
		settle := func(ms string) {
			page.Eval(t, `new Promise(done => setTimeout(done, `+ms+`)).then(() => "ok")`)
		}
		page.Eval(t, `ready.then(() => navigator.serviceWorker.controller || new Promise(f => navigator.serviceWorker.oncontrollerchange = f)).then(() => "ok")`)
		settle("1000")
		load := func(to string) {
			page.Eval(t, `setTimeout(() => location.href = "`+to+`", 10), "ok"`)
			time.Sleep(900 * time.Millisecond)
		}
		load("/?again")
		ask := func(expression string) {
			t.Helper()
			page.Eval(t, `(async () => { try { const r = await `+expression+`; await r.text(); return String(r.status); } catch (e) { return "error"; } })()`)
		}
		session := func() {
			ask(`fetch("/synth?a=1")`)
			ask(`fetch("/broken")`)
			ask(`fetch("/moved")`)
			ask(`fetch("/stream")`)
			ask(`fetch("/left")`)
			ask(`fetch("/routed/x")`)
			ask(`fetch("/api/list")`)
			ask(`fetch("/api/list")`)
			ask(`fetch("/echo", { method: "POST", body: "hello" })`)
			ask(`fetch("/range.txt", { headers: { Range: "bytes=10-19" } })`)
			ask(`fetch("` + site.other + `/dot.svg", { mode: "no-cors" })`)
			ask(`fetch("/nothing")`)
		}
		session()
		load("/old")
		settle("500")
		site.version.Store(2)
		page.Eval(t, `navigator.serviceWorker.getRegistration().then(r => r.update()).then(() => new Promise(f => navigator.serviceWorker.oncontrollerchange = f)).then(() => "ok")`)
		settle("1500")
		session()
		site.away.Store(true)
		load("/?offline")
		ask(`fetch("/app.js")`)
		ask(`fetch("/api/list")`)
		settle("500")
	}
}

func recordPWA(t *testing.T, full bool) (*Recording, *pwa) {
	other := otherOrigin()
	t.Cleanup(other.Close)
	site := &pwa{other: other.URL}
	site.version.Store(1)
	return recordChromium(t, site, full, visitPWA(t, site)), site
}

// What a real browser was answered, the engine answers: equal, or different by a rule
// that has a name.
func TestPWAOfChromium(t *testing.T) {
	for name, full := range map[string]bool{"passive": false, "full": true} {
		t.Run(name, func(t *testing.T) {
			r, site := recordPWA(t, full)
			all, s := replayed(t, r, Options{})
			if s.Different > 0 || s.NotReplayable > 3 || s.Crashed > 0 || s.Events < 35 {
				t.Error("not all are equal or explained")
			}
			for _, x := range all {
				// What a worker made of an answer is beyond a passive recording.
				if x.Verdict == Unanswered && (full || !strings.Contains(x.URL, "/api/")) {
					t.Errorf("unanswered: %s", x.URL)
				}
			}
			if looked := cacheSteps(r); full && looked < 10 {
				t.Errorf("the recorder told of %d looks into caches", looked)
			}
			if t.Failed() || testing.Verbose() {
				logged(t, all, s)
			}
			t.Run("changed", func(t *testing.T) { changedScript(t, r, site) })
		})
	}
}

// cacheSteps counts what a worker did with its caches.
func cacheSteps(r *Recording) (n int) {
	for _, row := range r.rows {
		for _, step := range row.Steps {
			if step.Algorithm == "Query Cache" {
				n++
			}
		}
	}
	return n
}

// changedScript replays with a script that was changed in three ways: those requests
// differ, and no others.
func changedScript(t *testing.T, r *Recording, site *pwa) {
	script := site.worker(2)
	for from, to := range map[string]string{
		`name: 'three'`:                     `name: 'drei'`,
		`Response.redirect('/app.js', 302)`: `Response.redirect('/app.js', 301)`,
		`=== '/left') return;`:              `=== '/left') return e.respondWith(new Response('kept'));`,
	} {
		if !strings.Contains(script, from) {
			t.Fatalf("the script has no %s", from)
		}
		script = strings.Replace(script, from, to, 1)
	}
	all, s := replayed(t, r, Options{Script: []byte(script)})
	want := map[string]string{"/synth?a=1": "body", "/moved": "status", "/left": "decision,source,"}
	seen := map[string]bool{}
	for _, x := range all {
		path := x.URL[len(originOf(x.URL)):]
		field, changed := want[path]
		if x.Verdict == NotReplayable {
			continue // a busy browser did not tell all of it
		}
		if changed != (x.Verdict == Different) {
			t.Errorf("%s is %s: %v", path, x.Verdict, x.Differs())
		}
		if changed {
			seen[path] = true
			if !strings.HasPrefix(strings.Join(x.Differs(), ",")+",", field) {
				t.Errorf("%s differs in %v, not in %s", path, x.Differs(), field)
			}
		}
	}
	if len(seen) != len(want) || s.OK() {
		t.Errorf("changed are %v of %v: %+v", seen, want, s)
	}
	if t.Failed() {
		logged(t, all, s)
	}
}
