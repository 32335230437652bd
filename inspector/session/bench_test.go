package session_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/swinspect/swinspect/inspector/session/report"
)

// BenchmarkFirstStatement is the time from a script's file to its first statement.
func BenchmarkFirstStatement(b *testing.B) {
	for b.Loop() {
		began := time.Now()
		x := run(b, `import { test } from 'swinspect'; console.log('here'); test('x', () => {});`)
		for _, e := range x.events {
			if e.Type == report.Printed {
				b.ReportMetric(float64(e.Time.Sub(began).Microseconds())/1000, "ms/statement")
			}
		}
	}
}

// hundred is a file of small tests, each with an engine of its own.
func hundred(n int) string {
	var s strings.Builder
	s.WriteString(`import { test, expect, use } from 'swinspect';
use({ site: { '/': '<!doctype html><title>x</title>', '/sw.js': "addEventListener('fetch', e => { if (e.request.url.endsWith('/x')) e.respondWith(new Response('x')); }); addEventListener('activate', e => e.waitUntil(clients.claim()));" } });
`)
	for i := range n {
		fmt.Fprintf(&s, `test('%d', async ({ page }) => {
  await page.goto('/');
  await page.register('/sw.js');
  await page.waitForController();
  expect((await page.fetch('/x')).text()).toBe('x');
});
`, i)
	}
	return s.String()
}

func BenchmarkHundredTests(b *testing.B) {
	for b.Loop() {
		run(b, hundred(100)).passes(b)
	}
}
