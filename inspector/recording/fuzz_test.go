package recording

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/chromedp/cdproto/cdp/jsonv2"

	"github.com/swinspect/swinspect/inspector"
)

// FuzzOpen opens whatever bytes as a recording: an error or an answer, never a panic.
func FuzzOpen(f *testing.F) {
	b, err := os.ReadFile("testdata/format1.swrec")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add(b[:len(b)/2])
	f.Add([]byte(sqliteMagic))
	f.Add([]byte{})
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, b []byte) {
		path := filepath.Join(dir, "x.swrec")
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		_ = readAll(t, path)
	})
}

// FuzzColumns decodes whatever bytes as the columns of a block.
func FuzzColumns(f *testing.F) {
	w := create(f)
	for i := range 70 {
		for _, m := range request(i) {
			must(f, w.Write(m))
		}
	}
	r := reopen(f, w)
	rows := rowsOf(f, r)
	f.Add(encodeColumns(rows), encodeHeaders(rows), 70)
	f.Add([]byte{1, 1, 3, 'u', 'r', 'l', 3, 1, 0, 0, 0}, []byte{1, 0, 0}, 1)
	f.Fuzz(func(t *testing.T, columns, headers []byte, count int) {
		if count < 1 || count > blockRows {
			return
		}
		b := block{first: 1, count: count, columns: columns, headers: headers}
		keep := make([]bool, count)
		for _, key := range []string{"url", "status", headerColumn} {
			one := term{key: key}
			_ = one.apply(b, keep)
		}
	})
}

// FuzzHAR reads whatever text as a HAR, and exports what came of it.
func FuzzHAR(f *testing.F) {
	b, err := os.ReadFile("testdata/devtools.har")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add([]byte(`{"log":{"entries":[{"startedDateTime":"2026-03-01T12:00:00Z","time":-1e99,"request":{"url":"ws://x"},"response":{"status":300,"redirectURL":"::","content":{"_file":"../../etc/passwd"}},"timings":{"wait":1e300}}]}}`))
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, b []byte) {
		ctx := context.Background()
		w, err := Create(filepath.Join(dir, "x.swrec"), Meta{Mode: HAR}, Options{Overwrite: true})
		if err != nil {
			t.Fatal(err)
		}
		_, readErr := ReadHAR(ctx, bytes.NewReader(b), fstest.MapFS{}, w)
		if err := w.Close(); err != nil {
			t.Fatalf("%v after %v", err, readErr)
		}
		r, err := Open(w.Path())
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		var out strings.Builder
		if err := WriteHAR(ctx, r, &out); err != nil {
			t.Fatal(err)
		}
		if !jsonv2.Value(out.String()).IsValid() {
			t.Errorf("the HAR is no JSON: %.300s", out.String())
		}
	})
}

// FuzzRedact: what comes out is JSON when JSON went in, and holds no cookie's value.
func FuzzRedact(f *testing.F) {
	for _, c := range secretMessages {
		f.Add(c.params)
	}
	f.Fuzz(func(t *testing.T, params string) {
		m := Redact(inspector.Message{Params: jsonv2.Value(params)})
		if jsonv2.Value(params).IsValid() && !m.Params.IsValid() {
			t.Errorf("%q became %q", params, m.Params)
		}
		if again := Redact(m); string(again.Params) != string(m.Params) {
			t.Errorf("%q became %q, then %q", params, m.Params, again.Params)
		}
	})
}
