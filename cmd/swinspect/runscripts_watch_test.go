package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// Watching runs again what a change concerns: a script alone, an import of two, a new
// script; and ends with its context.
func TestRunWatch(t *testing.T) {
	dir := scriptsIn(t, map[string]string{
		"a.session.js": `import { name } from './shared.js'; test('a ' + name, () => {});`,
		"b.session.js": `test('b one', () => {});`,
		"shared.js":    `export const name = 'one';`,
	})
	ctx, stop := context.WithCancel(t.Context())
	var out, errs syncBuffer
	var wg sync.WaitGroup
	exit := -1
	wg.Go(func() {
		exit = run(ctx, []string{"run", dir, "--watch", "--trace", "off"}, stdio{in: strings.NewReader(""), out: &out, err: &errs, env: func(string) string { return "" }})
	})
	defer wg.Wait()
	defer stop()
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	runs := 0
	wait := func() {
		t.Helper()
		runs++
		for deadline := time.Now().Add(40 * time.Second); strings.Count(errs.String(), "waiting for a change") < runs; time.Sleep(20 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("run %d did not end\n%s\n%s", runs, &out, &errs)
			}
		}
	}
	seen := 0
	since := func() string {
		text := out.String()[seen:]
		seen = len(out.String())
		return text
	}
	expect := func(has, lacks string) {
		t.Helper()
		wait()
		if text := since(); !strings.Contains(text, has) || lacks != "" && strings.Contains(text, lacks) {
			t.Errorf("run %d: it should have %q and not %q:\n%s\n%s", runs, has, lacks, text, &errs)
		}
	}
	expect("✓ a one", "nothing ran")
	write("b.session.js", `test('b two, longer', () => {});`)
	expect("✓ b two, longer", "✓ a")
	write("shared.js", `export const name = 'three';`)
	expect("✓ a three", "✓ b")
	write("c.session.js", `test('c', () => {});`)
	expect("✓ c", "✓ a")
	write("b.session.js", `test('b is broken', () => { throw new Error('yes') });`)
	expect("✗ b is broken", "✓")
	stop()
	wg.Wait()
	if exit != exitOK {
		t.Errorf("exit %d: %s", exit, &errs)
	}
}
