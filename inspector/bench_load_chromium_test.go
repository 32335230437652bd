package inspector

import (
	"slices"
	"strconv"
	"testing"

	"github.com/swinspect/swinspect/internal/testsite"
	"github.com/swinspect/swinspect/internal/testsite/drive"
)

// BenchmarkLoadAdded measures what attaching costs the inspected browser: fetches
// of a page that its worker answers, per second, attached ÷ not attached (goal:
// 0.95 at least). The two alternate, so that both see the same weather.
func BenchmarkLoadAdded(b *testing.B) {
	site := testsite.Start(b)
	c := drive.Start(b)
	p := c.Open(b, site.URL(0, "simple"))
	p.Reload(b) // comes under control
	const run = `(async () => {
		const began = performance.now();
		for (let i = 0; i < 25; i++) {
			await Promise.all(Array.from({ length: 16 }, () => fetch('/simple/synth').then((r) => r.text())));
		}
		return String(400 / (performance.now() - began) * 1000);
	})()`
	rate := func() float64 {
		n, err := strconv.ParseFloat(p.Eval(b, run), 64)
		if err != nil {
			b.Fatal(err)
		}
		return n
	}
	rate() // warm
	var with, without []float64
	for b.Loop() {
		without = append(without, rate())
		hub, _ := attachTo(b, c.Endpoint())
		with = append(with, rate())
		if err := hub.Close(); err != nil {
			b.Fatal(err)
		}
	}
	slices.Sort(with)
	slices.Sort(without)
	b.ReportMetric(with[len(with)/2]/without[len(without)/2], "ratio-p50")
	b.ReportMetric(with[len(with)/2], "fetches/s-attached")
	b.ReportMetric(without[len(without)/2], "fetches/s-alone")
}
