package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A breakpoint that could not be set, or stands elsewhere, is told once.
func TestDebugProblems(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"index.html": "<!doctype html><script>navigator.serviceWorker.register('/sw.js')</script>", "sw.js": "// nothing\n" + debugWorker} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	env := map[string]string{"SWINSPECT_ENGINE_CHILD": "1", "XDG_STATE_HOME": dir}
	r := callWith(t, env, "", "debug", "--site", dir, "--project", dir, "--for", "4s", "--json",
		"--break", "line:sw.js:999", "--break", "line:nope.js:4", "--break", "line:sw.js:1").want(t, exitOK)
	for _, want := range []string{
		"breakpoint 1, line:sw.js:999: the script has only 11 lines",
		"breakpoint 2, line:nope.js:4: no script of this worker matches nope.js yet",
		"breakpoint 3, line:sw.js:1: line 1 has nothing to stop at: moved to line 2",
	} {
		if strings.Count(r.err, want) != 1 {
			t.Errorf("%q is not said once in\n%s\n%s", want, r.err, r.out)
		}
	}
	if strings.Count(r.out, `{"type":"breakpoint","id":"1",`) != 1 || strings.Count(r.out, `"type":"breakpoint"`) != 3 {
		t.Errorf("%s", r.out)
	}
}
