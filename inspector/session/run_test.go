package session_test

import (
	"testing"

	"github.com/swinspect/swinspect/inspector/session/report"
)

// A script without tests is a session, with await at its top.
func TestASession(t *testing.T) {
	x := run(t, `
import { expect, step } from 'swinspect';
interface Point { x: number; y?: number }
const p: Point = { x: 1 };
console.log('hello', p, [1, 'two'], new Map([[1, {a: 2}]]));
const n = await step('count', async () => { await sleep(5); return p.x + 1; });
expect(n).toBe(2);
expect({ a: [1, { b: 2 }] }).toEqual({ a: [1, { b: 2 }] });
`)
	x.passes(t)
	if want := "hello { x: 1 } [1, 'two'] Map(1) { 1 => { a: 2 } }"; x.output() != want {
		t.Errorf("printed %q, want %q", x.output(), want)
	}
}

// An expectation that does not hold names its line, and both sides.
func TestAFailure(t *testing.T) {
	x := run(t, `import { test, expect } from 'swinspect';
test('adds', () => {
  expect(1 + 1).toBe(3);
});
test('throws', async () => {
  await sleep(1);
  const x: any = null;
  x.y();
});
test('passes', () => {});
`)
	r := x.ended()
	f := r["adds"].Failures
	if len(f) != 1 || f[0].Name != report.AssertionError || f[0].At.Line != 3 || f[0].Expected != "3" || f[0].Received != "2" {
		t.Errorf("adds: %s %+v", failureText(r["adds"]), f)
	}
	f = r["throws"].Failures
	if len(f) != 1 || f[0].Name != "TypeError" || f[0].At.Line != 8 {
		t.Errorf("throws: %s %+v", failureText(r["throws"]), f)
	}
	if r["passes"].Outcome != report.Passed || x.summary.Failed != 2 || x.summary.Passed != 1 {
		t.Errorf("%+v", x.summary)
	}
}
