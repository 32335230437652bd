package enginebench

import (
	"fmt"
	"testing"

	"github.com/swinspect/swinspect/internal/backend"
)

// BenchmarkLargeCache is a cache with 1,000, 10,000 and 100,000 entries as a page's
// JavaScript sees it, in microseconds an entry: put, match (10,000 of them at most),
// keys, matchAll and delete. growth is how much more an entry costs than in the
// smallest cache: about 1 as long as nothing is quadratic. Chromium refuses
// matchAll() with 10,000 entries ("Operation too large").
func BenchmarkLargeCache(b *testing.B) {
	l := start(b)
	for _, c := range []struct {
		name  string
		start func(*testing.B) *backend.Backend
		sizes []int
	}{
		{"chromium", l.chromium, []int{1_000, 10_000}},
		{"engine", l.engine, []int{1_000, 10_000, 100_000}},
	} {
		b.Run(c.name, func(b *testing.B) {
			on := c.start(b)
			smallest := map[string]float64{}
			for _, n := range c.sizes {
				b.Run(fmt.Sprint(n), func(b *testing.B) {
					sum := map[string]float64{}
					for range b.N {
						p := l.open(b, on)
						for what, ms := range evaluate[map[string]*float64](b, p, fmt.Sprintf(largeCache, n)) {
							if ms != nil {
								sum[what] += *ms
							}
						}
					}
					b.ReportMetric(0, "ns/op")
					for what, ms := range sum {
						µs := ms * 1000 / float64(b.N)
						b.ReportMetric(µs, "µs-"+what)
						if n == c.sizes[0] {
							smallest[what] = µs
						} else {
							b.ReportMetric(µs/smallest[what], "growth-"+what)
						}
					}
				})
			}
		})
	}
}

// largeCache fills a cache with entries of one path, which is the worst case for an
// index, eight at a time; the times are milliseconds an entry.
const largeCache = `(async n => {
	const c = await caches.open('large');
	const url = i => '/entry?' + i;
	const each = async (count, f) => {
		let i = 0;
		const lane = async () => { while (i < count) await f(i++) };
		return await bench.timed(() => Promise.all(Array.from({ length: 8 }, lane))) / count;
	};
	const must = (ok, what) => { if (!ok) throw new Error('wrong ' + what) };
	const some = Math.min(n, 10000);
	return {
		put: await each(n, i => c.put(url(i), new Response('x'))),
		match: await each(some, async i => must(await c.match(url(Math.floor(i * n / some))), 'match')),
		keys: await bench.timed(async () => must((await c.keys()).length === n, 'keys')) / n,
		matchAll: await bench.timed(async () => must((await c.matchAll()).length === n, 'matchAll')).then(ms => ms / n, e => {
			if (e.name !== 'AbortError') throw e;
			return null;
		}),
		delete: await each(some, async i => must(await c.delete(url(i)), 'delete')),
	};
})(%d)`
