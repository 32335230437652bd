//go:build unix

package main

import (
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/swinspect/swinspect/cdp/chromium"
)

// The browser that was started is gone: so is the debugger, and says why.
func TestDebugEndsWithItsBrowser(t *testing.T) {
	browsers, err := chromium.Find()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	wrapper, pid := filepath.Join(dir, "browser"), filepath.Join(dir, "pid")
	if err := os.WriteFile(wrapper, []byte("#!/bin/sh\necho $$ > '"+pid+"'\nexec '"+browsers[0].Path+"' \"$@\"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("SWINSPECT_BROWSER", wrapper)
	in, typing := io.Pipe() // nobody types, and nobody ends
	defer typing.Close()
	var out, errs syncBuffer
	ended := make(chan int, 1)
	go func() {
		ended <- run(t.Context(), []string{"debug", "--launch", "about:blank", "--project", dir}, stdio{in: in, out: &out, err: &errs, env: os.Getenv})
	}()
	var killed *os.Process
	for deadline := time.Now().Add(20 * time.Second); killed == nil && time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		text, _ := os.ReadFile(pid) // it may not be there yet
		if n, err := strconv.Atoi(strings.TrimSpace(string(text))); err == nil {
			killed, _ = os.FindProcess(n) // finds any
		}
	}
	if killed == nil {
		t.Fatalf("no browser was started: %s", &errs)
	}
	time.Sleep(2 * time.Second) // it is attached to
	if err := killed.Kill(); err != nil {
		t.Fatal(err)
	}
	select {
	case exit := <-ended:
		if exit != exitUnreachable || !strings.Contains(errs.String(), "had started is gone") {
			t.Errorf("exit %d: %s%s", exit, &out, &errs)
		}
	case <-time.After(20 * time.Second):
		t.Fatalf("it stays: %s%s", &out, &errs)
	}
}
