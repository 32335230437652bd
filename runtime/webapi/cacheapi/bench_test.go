package cacheapi

import (
	"fmt"
	"testing"

	"github.com/swinspect/swinspect/runtime/cache"
)

// A hit in a cache of a thousand entries, from match to the Response object.
func BenchmarkMatch(b *testing.B) {
	got := run(b, fmt.Sprintf(`const c = await caches.open("a");
		for (let i = 0; i < 1000; i++) await c.put("/" + i, new Response("x"));
		const r = new Request("/500");
		for (let i = 0; i < %d; i++) if (!await caches.match(r)) return "lost";
		return "ok"`, b.N), cache.Options{})
	if got != "ok" {
		b.Fatal(got)
	}
}
