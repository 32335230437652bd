package uitest

import (
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/swinspect/swinspect/internal/testsite"
	"github.com/swinspect/swinspect/internal/testsite/drive"
)

// BenchmarkThroughput is the load that swinspect adds to the browser it looks
// at: requests a second of a controlled page with `swinspect serve` attached,
// divided by those without. Pairs alternate in order, so that a machine that
// slows down or speeds up favours neither; the figure is the median pair.
func BenchmarkThroughput(b *testing.B) {
	const pairs, requests = 7, 1500
	site, browser := testsite.Start(b), drive.Start(b)
	page := browser.Open(b, site.URL(0, "simple"))
	page.Reload(b)
	measure := func() float64 {
		expr := fmt.Sprintf(`(async () => {
			const began = performance.now();
			for (let i = 0; i < %d; i++) await (await fetch('/simple/synth')).text();
			return String(%d / (performance.now() - began) * 1000);
		})()`, requests, requests)
		rate, err := strconv.ParseFloat(page.Eval(b, expr), 64)
		if err != nil {
			b.Fatal(err)
		}
		return rate
	}
	attached := func() float64 {
		w := &world{t: b, site: site, browser: browser}
		stop := w.startServe("--attach", "http://"+browser.Endpoint())
		defer stop()
		w.untilShown("/simple/")
		return measure()
	}
	measure() // warm
	for b.Loop() {
		var ratios, with, without []float64
		for i := range pairs {
			var a, o float64
			if i%2 == 0 {
				o, a = measure(), attached()
			} else {
				a, o = attached(), measure()
			}
			ratios, with, without = append(ratios, a/o), append(with, a), append(without, o)
		}
		b.ReportMetric(median(ratios), "with/without")
		b.ReportMetric(median(without), "req/s-without")
		b.ReportMetric(median(with), "req/s-with")
	}
}

// untilShown waits until the page has a text.
func (w *world) untilShown(text string) {
	w.t.Helper()
	for deadline := time.Now().Add(15 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		resp, err := http.Get(w.url)
		if err != nil {
			w.t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if err != nil {
			w.t.Fatal(err)
		}
		if strings.Contains(string(body), text) {
			return
		}
	}
	w.t.Fatalf("swinspect never showed %q", text)
}

func median(xs []float64) float64 {
	xs = slices.Sorted(slices.Values(xs))
	return xs[len(xs)/2]
}

// BenchmarkLatency is the time from the arrival of a CDP event (seen on a
// connection of its own) to the change of the page that shows it, p50 and p95.
func BenchmarkLatency(b *testing.B) {
	w := newWorld(b)
	for b.Loop() {
		w.report(b, w.suite("latency"))
	}
}

// BenchmarkMemory is what a cache of 10,000 entries costs: the heap and the DOM
// of the page that shows it, and the resident memory of swinspect.
func BenchmarkMemory(b *testing.B) {
	w := newWorld(b)
	for b.Loop() {
		before := w.resident()
		w.report(b, w.suite("memory"))
		b.ReportMetric(before, "MB-serve-before")
		b.ReportMetric(w.resident(), "MB-serve-after")
	}
}

// resident is the resident memory of swinspect in MB.
func (w *world) resident() float64 {
	w.t.Helper()
	out, err := exec.Command("ps", "-o", "rss=", "-p", strconv.Itoa(w.serve.Process.Pid)).Output()
	if err != nil {
		w.t.Fatal(err)
	}
	kb, err := strconv.ParseFloat(strings.TrimSpace(string(out)), 64)
	if err != nil {
		w.t.Fatal(err)
	}
	return kb / 1024
}

var metric = regexp.MustCompile(`(?m)^metric (\S+) (\S+)$`)

// report turns the suite's lines "metric NAME VALUE" into metrics.
func (w *world) report(b *testing.B, out string) {
	b.Helper()
	found := metric.FindAllStringSubmatch(out, -1)
	if len(found) == 0 {
		b.Fatalf("no metric in\n%s", out)
	}
	for _, m := range found {
		v, err := strconv.ParseFloat(m[2], 64)
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(v, m[1])
	}
}
