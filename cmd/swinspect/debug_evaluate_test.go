package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What is evaluated in a worker that runs holds up no command: it does not pause where
// it throws, and where it stops the next command can let it go on.
func TestDebugEvaluates(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"index.html": "<!doctype html><script>navigator.serviceWorker.register('/sw.js')</script>",
		"sw.js":      "function stops() {\n  return 41 + 1;\n}\naddEventListener('install', () => skipWaiting());\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	in := "continue\nprint nosuch\nthreads\nprint stops()\nprint 6 * 7\nthreads\ncontinue\nprint await new Promise(() => {})\nprint 7 * 7\nexit\n"
	env := map[string]string{"SWINSPECT_ENGINE_CHILD": "1", "XDG_STATE_HOME": dir}
	r := callWith(t, env, in, "debug", "--site", dir, "--project", dir, "--break", "exception:uncaught", "--break", "start once", "--break", "line:sw.js:2", "--timeout", "4s", "--for", "50s")
	r.want(t, exitOK, "nosuch is not defined", "the evaluation stopped at a breakpoint: resume to let it go on", "it is still being evaluated")
	at := 0
	for _, part := range []string{"stopped: a worker starts", "running", "stopped: line 2 of /sw.js", "42", "paused", "49"} {
		i := strings.Index(r.out[at:], part)
		if i < 0 {
			t.Fatalf("%q is not said after %q\n%s%s", part, r.out[:at], r.out[at:], r.err)
		}
		at += i
	}
	if strings.Contains(r.out, "stopped: thrown") || strings.Contains(r.out, "stepped") {
		t.Errorf("it stopped in what was evaluated: %s", r.out)
	}
}
