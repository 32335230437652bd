//go:build unix

package recording

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// childMain is the process that a test kills, or that has no room.
func childMain() bool {
	path := os.Getenv("RECORDING_CHILD")
	if path == "" {
		return false
	}
	if os.Getenv("RECORDING_FULL") != "" {
		signal.Ignore(syscall.SIGXFSZ)
		limit := syscall.Rlimit{Cur: 320 << 10, Max: 320 << 10}
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
			fmt.Println("setrlimit:", err)
			return true
		}
	}
	w, err := Create(path, Meta{Mode: Passive, Program: "child"})
	if err != nil {
		fmt.Println("create:", err)
		return true
	}
	for i := 0; ; i++ {
		for _, m := range request(i) {
			if err = w.Write(m); err != nil {
				fmt.Println("full", errors.Is(err, ErrDiskFull), err)
				fmt.Println("close", errors.Is(w.Close(), ErrDiskFull))
				return true
			}
		}
		if os.Getenv("RECORDING_FULL") != "" {
			if i%20 == 0 { // or most of it would wait in memory
				_ = w.Flush(context.Background()) // the next Write says why
			}
		} else {
			fmt.Println(4 * (i + 1))
			time.Sleep(5 * time.Millisecond)
		}
	}
}

// child runs this test binary as the writer of a file.
func child(t *testing.T, path string, env ...string) (*exec.Cmd, *bufio.Scanner) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(append(os.Environ(), "RECORDING_CHILD="+path), env...)
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	return cmd, bufio.NewScanner(out)
}

// A process that is killed while it records loses no more than the last second.
func TestKilled(t *testing.T) {
	path := filepath.Join(t.TempDir(), "killed.swrec")
	cmd, out := child(t, path)
	type said struct {
		n  int
		at time.Time
	}
	var all []said
	deadline := time.Now().Add(lossy + 1500*time.Millisecond)
	for out.Scan() && time.Now().Before(deadline) {
		n, err := strconv.Atoi(out.Text())
		if err != nil {
			t.Fatalf("the child says %q", out.Text())
		}
		all = append(all, said{n, time.Now()})
	}
	killed := time.Now()
	must(t, cmd.Process.Kill())
	_ = cmd.Wait()
	least := 0
	for _, s := range all {
		if killed.Sub(s.at) > lossy {
			least = s.n
		}
	}
	f := openFile(t, path)
	if least == 0 || f.Len() < int64(least) {
		t.Errorf("%d messages, at least %d were written in time", f.Len(), least)
	}
	n := int64(0)
	for m, err := range f.Messages(context.Background(), time.Time{}) {
		must(t, err)
		if want := request(int(n) / 4)[n%4]; m.Method != want.Method || !m.Time.Equal(want.Time) {
			t.Fatalf("message %d is %+v", n, m)
		}
		n++
	}
	if n != f.Len() {
		t.Errorf("%d messages can be read of %d", n, f.Len())
	}
	rows, matching, total, err := f.Fetches().Rows(context.Background(), "status:404", "-time", 0, 5)
	if err != nil || total != int((n+3)/4) || matching == 0 || len(rows) == 0 {
		t.Errorf("index: %d of %d rows, %v", matching, total, err)
	}
}

func TestDiskFull(t *testing.T) {
	t.Run("file size limit", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "full.swrec")
		cmd, out := child(t, path, "RECORDING_FULL=1")
		var lines []string
		for out.Scan() {
			lines = append(lines, out.Text())
		}
		must(t, cmd.Wait())
		said := strings.Join(lines, "\n")
		if !strings.Contains(said, "full true") || !strings.Contains(said, path) || !strings.Contains(said, "make room") || !strings.Contains(said, "close true") {
			t.Errorf("the child says %s", said)
		}
		readable(t, path)
	})
	t.Run("no pages", func(t *testing.T) {
		w := create(t, Options{maxPages: 40})
		var err error
		for i := 0; err == nil && i < 100000; i++ {
			for _, m := range request(i) {
				if err = w.Write(m); err != nil {
					break
				}
			}
			if err == nil && i%20 == 0 {
				err = w.Flush(context.Background())
			}
		}
		if !errors.Is(err, ErrDiskFull) || !strings.Contains(err.Error(), w.Path()) {
			t.Errorf("error is %v", err)
		}
		if _, err := w.Body([]byte("x")); !errors.Is(err, ErrDiskFull) {
			t.Errorf("error of Body is %v", err)
		}
		if err := w.Close(); !errors.Is(err, ErrDiskFull) {
			t.Errorf("error of Close is %v", err)
		}
		readable(t, w.Path())
	})
}

// readable reads a whole recording.
func readable(t *testing.T, path string) {
	t.Helper()
	f := openFile(t, path)
	if f.Len() == 0 {
		t.Error("nothing was recorded")
	}
	for _, err := range f.Messages(context.Background(), time.Time{}) {
		must(t, err)
	}
	if _, _, total, err := f.Fetches().Rows(context.Background(), "hero", "url", 0, 10); err != nil || total == 0 {
		t.Errorf("%d rows, %v", total, err)
	}
}
