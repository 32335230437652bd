package serviceworker

import (
	"slices"
	"strings"
	"testing"

	"github.com/swinspect/swinspect/runtime"
)

// What a handler looks up, fetches and writes is part of its own event's story,
// however many events are under way: across awaits, timers and microtasks.
func TestWorkBelongsToItsEvent(t *testing.T) {
	w := newWorld(t, map[string]string{
		"/": "", "/data": "data",
		"/sw.js": `
			oninstall = e => e.waitUntil((async () => { (await caches.open("pre")).put("/shell", new Response("s")) })());
			onactivate = e => e.waitUntil(clients.claim());
			onfetch = e => { if (e.request.mode !== "navigate") e.respondWith(answer(new URL(e.request.url).pathname.slice(1))) };
			async function answer(name) {
				const cache = await caches.open(name);
				await new Promise(ok => setTimeout(ok, 5));
				await cache.match("/" + name);
				await new Promise(ok => queueMicrotask(() => Promise.resolve().then(ok)));
				const r = await fetch("/data?" + name);
				await new Promise(ok => { const m = new MessageChannel(); m.port1.onmessage = ok; m.port2.postMessage(1) });
				await cache.put("/" + name, r.clone());
				return r;
			}`,
	})
	w.page("/").run(activated)
	got := w.page("/").run(`await navigator.serviceWorker.ready;
		const all = await Promise.all(["a", "b", "c"].map(async name => (await fetch("/" + name)).text())); return all.join()`)
	if !strings.Contains(got, "data,data,data") {
		t.Fatal(got)
	}
	trace := w.engine.Trace(0, 0)
	byStory := map[uint64][]runtime.TraceEvent{}
	for _, e := range trace {
		if e.Parent != 0 {
			byStory[e.Parent] = append(byStory[e.Parent], e)
		}
	}
	for _, name := range []string{"a", "b", "c"} {
		i := slices.IndexFunc(trace, func(e runtime.TraceEvent) bool {
			return e.Algorithm == "Handle Fetch" && e.Details["url"] == site+"/"+name
		})
		if i < 0 {
			t.Errorf("no story of /%s", name)
			continue
		}
		var seen []string
		for _, e := range byStory[trace[i].Seq] {
			switch e.Verdict {
			case "cache-miss":
				seen = append(seen, "miss "+e.Details["cache"])
			case "fetched":
				seen = append(seen, e.Details["fetched"])
			case "stored":
				seen = append(seen, "put "+e.Details["entry"]+" in "+e.Details["cache"])
			}
		}
		want := []string{"miss " + name, "GET " + site + "/data?" + name, "put " + site + "/" + name + " in " + name}
		if !slices.Equal(seen, want) {
			t.Errorf("the story of /%s has %q, want %q", name, seen, want)
		}
	}
	stored := slices.IndexFunc(trace, func(e runtime.TraceEvent) bool { return e.Verdict == "stored" && e.Details["cache"] == "pre" })
	if stored < 0 || trace[stored].Parent == 0 {
		t.Errorf("what install stored is not part of a story: %+v", trace)
	}
}
