package main

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/swinspect/swinspect/inspector/fetches"
	"github.com/swinspect/swinspect/inspector/recording"
)

// The engine is recorded with scripts, caches and decisions, until Ctrl-C.
func TestRecordTheEngine(t *testing.T) {
	path := filepath.Join(t.TempDir(), "demo.swrec")
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	var out, errs syncBuffer
	done := make(chan int, 1)
	go func() {
		done <- run(ctx, []string{"record", "--demo", "-o", path}, stdio{in: strings.NewReader(""), out: &out, err: &errs, env: func(string) string { return "" }})
	}()
	// What is recorded can be read while it is.
	deadline := time.Now().Add(40 * time.Second)
	for {
		r := call(t, "fetches", path, "--filter", "decision:responded")
		scripts := call(t, "cache", "ls", "--attach", path, "tideline.example/")
		if strings.Contains(r.out, "responded") && strings.Contains(scripts.out, "shell-v1") {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("nothing was recorded: %s %s\n%s", r.out, scripts.err, &errs)
		}
		time.Sleep(200 * time.Millisecond)
	}
	interrupt()
	if exit := <-done; exit != exitOK || !strings.Contains(out.String(), "requests") {
		t.Errorf("exit status %d: %s %s", exit, &out, &errs)
	}
	if _, err := os.Stat(path + "-wal"); err == nil {
		t.Error("a log was left beside the file")
	}
	f, err := recording.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if m := f.Meta(); m.Mode != recording.Engine || m.Ended == "" || !m.Redacted {
		t.Errorf("meta is %+v", m)
	}
	scripts, err := f.Scripts(t.Context(), time.Time{})
	if err != nil || len(scripts) < 2 {
		t.Errorf("scripts are %v, %v", scripts, err)
	}
	rows, _, _, err := f.Fetches().Rows(t.Context(), "decision:responded", "time", 0, 100)
	told := slices.ContainsFunc(rows, func(r *fetches.Fetch) bool { return len(r.Steps) > 1 && !r.IsInferred("decision") && r.Client != "" })
	if err != nil || !told {
		for _, r := range rows {
			t.Errorf("the engine told %+v", r)
		}
		t.Errorf("%d rows, %v", len(rows), err)
	}
}

func TestRecordUsage(t *testing.T) {
	dir := t.TempDir()
	taken := filepath.Join(dir, "taken.swrec")
	if err := os.WriteFile(taken, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		args string
		exit int
		want string
	}{
		{"record", exitUsage, "-o"},
		{"record --demo --launch http://a.test/ -o " + dir + "/x.swrec", exitUsage, "exclude"},
		{"record --launch nonsense -o " + dir + "/x.swrec", exitUsage, "nonsense"},
		{"record --demo -o " + dir + "/none/x.swrec", exitUsage, "no folder"},
		{"record --attach 1 -o " + dir + "/x.swrec", exitUnreachable, "1"},
		{"record --demo -o " + taken, exitNo, "--force"},
	} {
		r := call(t, strings.Fields(tt.args)...)
		if r.exit != tt.exit || !strings.Contains(r.err, tt.want) {
			t.Errorf("%s: exit status %d, %s", tt.args, r.exit, r.err)
		}
	}
}

func TestRecordOfAPageThatDoesNotOpen(t *testing.T) {
	out := filepath.Join(t.TempDir(), "refused.swrec")
	call(t, "record", "--launch", "http://127.0.0.1:1/", "-o", out, "--for", "100ms").
		want(t, exitUnreachable, "http://127.0.0.1:1/: net::ERR_", out)
}
