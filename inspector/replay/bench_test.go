//go:build unix

package replay

import (
	"context"
	goruntime "runtime"
	"runtime/debug"
	"syscall"
	"testing"
	"time"

	"github.com/swinspect/swinspect/inspector/recording"
)

// BenchmarkReplay is how many recorded fetch events a second one core dispatches and
// compares, of a worker that answers from its cache. The goal is 20,000.
func BenchmarkReplay(b *testing.B) {
	m := newMade(b, recording.Passive, `addEventListener('fetch', e => e.respondWith(caches.match(e.request)))`, map[string]map[string]string{"c": {"/x": "x"}})
	for range max(b.N, 1) {
		m.add(exchange{path: "/x", status: 200, reply: map[string]string{"Content-Type": "text/plain"}, body: "x", source: "cache-storage", cache: "c"})
	}
	r := m.done()
	defer goruntime.GOMAXPROCS(goruntime.GOMAXPROCS(1))
	defer debug.SetGCPercent(debug.SetGCPercent(400)) // as the processes of swinspect replay do
	before := computed()
	b.ResetTimer()
	s, err := Run(context.Background(), r, Options{}, func(x *Result) error {
		if x.Verdict != Equal {
			b.Fatalf("%+v %+v %+v", x, x.Recorded, x.Replayed)
		}
		return nil
	})
	b.StopTimer()
	if err != nil || s.Equal != max(b.N, 1) {
		b.Fatal(s, err)
	}
	b.ReportMetric(float64(s.Events)/(computed()-before).Seconds(), "events/core-s")
	b.ReportMetric(float64(s.Events)/b.Elapsed().Seconds(), "events/s")
}

// computed is the processor time of this process, which the load of a shared machine
// does not change.
func computed() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
