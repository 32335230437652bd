//go:build linux

package recording

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// benchQueries are what a person may ask of a recording.
var benchQueries = []string{
	"", "is:intercepted", "status:404", "url:hero.avif", "hero 99999", "method:POST status:>=300", "cache:images-v3 -status:200", "size:>1k", "took:>5", "header:etag", "nothing-like-this",
}

// readBig is the process that reads the recording in RECORDING_READ, and tells how
// long each thing took and how much memory it all needed.
func readBig() bool {
	path := os.Getenv("RECORDING_READ")
	if path == "" {
		return false
	}
	took := map[string]float64{} // ms
	began := time.Now()
	lap := func(name string) {
		took[name] = float64(time.Since(began).Microseconds()) / 1000
		began = time.Now()
	}
	ctx := context.Background()
	f, err := Open(path)
	if err != nil {
		fmt.Println(err)
		return true
	}
	rows, _, _, err := f.Fetches().Rows(ctx, "", "time", 0, 100)
	if err != nil || len(rows) != 100 {
		fmt.Println(len(rows), err)
		return true
	}
	lap("first page")
	for _, q := range benchQueries {
		for _, order := range []string{"time", "-took", "url"} {
			if _, _, _, err := f.Fetches().Rows(ctx, q, order, 0, 100); err != nil {
				fmt.Println(q, err)
				return true
			}
			lap(fmt.Sprintf("%q by %s", q, order))
		}
	}
	if _, err := f.State(ctx, f.Meta().Began.Add(time.Hour)); err != nil {
		fmt.Println(err)
		return true
	}
	lap("state of a moment")
	_ = f.Close()
	status, _ := os.ReadFile("/proc/self/status")
	for line := range strings.Lines(string(status)) {
		if kb, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			n, _ := strconv.ParseFloat(strings.Fields(kb)[0], 64)
			took["MB"] = n / 1024
		}
	}
	out, _ := json.Marshal(took)
	fmt.Println(string(out))
	return true
}

// BenchmarkBig writes a recording of a million requests (RECORDING_ROWS says another
// number), opens it in a process of its own, and asks it things. Goals: first page
// ≤ 1 s, any filter ≤ 500 ms, ≤ 300 MB, ≤ 200 bytes a message beside the bodies.
func BenchmarkBig(b *testing.B) {
	n := 1_000_000
	if s := os.Getenv("RECORDING_ROWS"); s != "" {
		n, _ = strconv.Atoi(s)
	}
	path := os.Getenv("RECORDING_BIG") // kept, and taken when it is there
	if path == "" {
		path = filepath.Join(b.TempDir(), "big.swrec")
	}
	rate := 0.0
	if _, err := os.Stat(path); err != nil {
		began := time.Now()
		w, err := Create(path, Meta{Mode: Passive, Began: start})
		if err != nil {
			b.Fatal(err)
		}
		for i := range n {
			for _, m := range request(i) {
				if err := w.Write(m); err != nil {
					b.Fatal(err)
				}
			}
		}
		if err := w.Close(); err != nil {
			b.Fatal(err)
		}
		rate = float64(4*n) / time.Since(began).Seconds()
	}
	info, err := os.Stat(path)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { // the loop forgets what was reported before
		b.ReportMetric(rate, "messages/s")
		b.ReportMetric(float64(info.Size())/float64(4*n), "B/message")
	}()
	for b.Loop() {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), "RECORDING_READ="+path)
		out, err := cmd.Output()
		if err != nil {
			b.Fatal(err)
		}
		var took map[string]float64
		if err := json.Unmarshal(out, &took); err != nil {
			b.Fatalf("%s: %v", out, err)
		}
		worst, which := 0.0, ""
		for name, ms := range took {
			if strings.Contains(name, " by ") && ms > worst {
				worst, which = ms, name
			}
		}
		b.Logf("slowest: %s\n%s", which, out)
		b.ReportMetric(took["first page"], "ms/first-page")
		b.ReportMetric(worst, "ms/slowest-filter")
		b.ReportMetric(took["MB"], "MB")
	}
}
