package recording

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// sample makes a small recording and gives its bytes.
func sample(t testing.TB, requests int) []byte {
	t.Helper()
	w := create(t)
	for i := range requests {
		for _, m := range request(i) {
			must(t, w.Write(m))
		}
	}
	_, err := w.Body(make([]byte, 20000))
	must(t, err)
	must(t, w.Close())
	b, err := os.ReadFile(w.Path())
	must(t, err)
	return b
}

func write(t testing.TB, name string, b []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	must(t, os.WriteFile(path, b, 0o600))
	return path
}

// readAll reads everything there is in a file; every error must name it.
func readAll(t testing.TB, path string) error {
	t.Helper()
	ctx := context.Background()
	f, err := Open(path)
	if err != nil {
		if !strings.Contains(err.Error(), path) {
			t.Errorf("the error does not name the file: %v", err)
		}
		return err
	}
	defer f.Close()
	var first error
	note := func(err error) {
		if err != nil && !strings.Contains(err.Error(), path) {
			t.Errorf("the error does not name the file: %v", err)
		}
		if first == nil {
			first = err
		}
	}
	for _, err := range f.Messages(ctx, time.Time{}) {
		note(err)
	}
	_, err = f.State(ctx, time.Time{})
	note(err)
	_, err = f.Caches(ctx, time.Time{})
	note(err)
	_, err = f.Body(ctx, HashOf(make([]byte, 20000)))
	if !errors.Is(err, ErrNoBody) {
		note(err)
	}
	for _, q := range []string{"", "hero status:404", "header:etag"} {
		_, _, _, err = f.Fetches().Rows(ctx, q, "url", 0, 100)
		note(err)
	}
	return first
}

func TestTruncated(t *testing.T) {
	b := sample(t, 300)
	for _, n := range []int{0, 1, 15, 60, 99, 100, 4096, 8192, len(b) / 3, len(b) / 2, len(b) - 8192, len(b) - 1} {
		err := readAll(t, write(t, "cut.swrec", b[:n]))
		if err == nil {
			t.Errorf("%d of %d bytes can be read without an error", n, len(b))
		} else if !errors.Is(err, ErrCorrupt) && !errors.Is(err, ErrNotRecording) {
			t.Errorf("%d bytes: %v", n, err)
		}
	}
}

// Whatever was done to a file, reading it gives an error or an answer.
func TestCorrupted(t *testing.T) {
	b := sample(t, 120)
	random := rand.New(rand.NewPCG(1, 2))
	for range 60 {
		damaged := append([]byte(nil), b...)
		for range 1 + random.IntN(40) {
			damaged[100+random.IntN(len(b)-100)] = byte(random.Uint32())
		}
		_ = readAll(t, write(t, "damaged.swrec", damaged))
	}
}

func TestSalvage(t *testing.T) {
	ctx := context.Background()
	b := sample(t, 1500)
	path := write(t, "cut.swrec", b[:len(b)/4])
	out := filepath.Join(t.TempDir(), "saved.swrec")
	report, err := Salvage(ctx, path, out)
	if err != nil {
		t.Fatalf("%v; %+v", err, report)
	}
	if report.Messages < 500 || len(report.Lost) == 0 {
		t.Errorf("report is %+v", report)
	}
	if err := readAll(t, out); err != nil {
		t.Error(err)
	}
	f := openFile(t, out)
	if int(f.Len()) != report.Messages || !f.Meta().Redacted || f.Meta().Target != "https://shop.example/" {
		t.Errorf("%d messages of %d, meta %+v", f.Len(), report.Messages, f.Meta())
	}
}

func TestOpenSomethingElse(t *testing.T) {
	other := filepath.Join(t.TempDir(), "other.db")
	db, err := sql.Open("sqlite", dsn(other))
	must(t, err)
	_, err = db.Exec("CREATE TABLE x (y)")
	must(t, errors.Join(err, db.Close()))
	for _, c := range []struct {
		path string
		is   error
		want string
	}{
		{filepath.Join(t.TempDir(), "none.swrec"), fs.ErrNotExist, "check the path"},
		{t.TempDir(), ErrNotRecording, "it is a folder"},
		{write(t, "a.har", []byte(`{"log":{}}`)), ErrNotRecording, "import-har"},
		{write(t, "a.zip", []byte("PK\x03\x04...")), ErrNotRecording, "import-har"},
		{write(t, "a.txt", []byte(strings.Repeat("text ", 50))), ErrNotRecording, "no SQLite file"},
		{other, ErrNotRecording, "another program's SQLite file"},
	} {
		_, err := Open(c.path)
		if !errors.Is(err, c.is) || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), c.path) {
			t.Errorf("%s: %v, want %q", c.path, err, c.want)
		}
	}
}

func TestNewerFormat(t *testing.T) {
	b := sample(t, 3)
	binary.BigEndian.PutUint32(b[60:], Format+6)
	path := write(t, "newer.swrec", b)
	_, err := Open(path)
	var e *FormatError
	if !errors.As(err, &e) || e.Format != Format+6 || e.Max != Format || e.WrittenBy != "test" || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "newer swinspect") {
		t.Errorf("error is %v", err)
	}
	binary.BigEndian.PutUint32(b[60:], 0)
	if _, err := Open(write(t, "zero.swrec", b)); !errors.As(err, &e) || e.MigrationErr == nil {
		t.Errorf("error of format 0 is %v", err)
	}
}

// The chain of migrations leads a copy forward and leaves the file alone.
func TestMigrate(t *testing.T) {
	ctx := context.Background()
	b := sample(t, 3)
	path := write(t, "old.swrec", b)
	var steps []int
	step := func(n int) func(context.Context, *sql.Tx) error {
		return func(ctx context.Context, tx *sql.Tx) error {
			steps = append(steps, n)
			_, err := tx.ExecContext(ctx, "INSERT INTO meta VALUES (?, 'done')", "step"+itoa(n))
			return err
		}
	}
	chain := map[int]func(context.Context, *sql.Tx) error{1: step(1), 2: step(2)}
	copied, err := migrate(ctx, path, 1, 3, chain)
	must(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(filepath.Dir(copied)) })
	h, err := readHeader(copied)
	if err != nil || h.format != 3 || len(steps) != 2 || steps[0] != 1 {
		t.Errorf("format %d after steps %v, %v", h.format, steps, err)
	}
	if now, _ := os.ReadFile(path); string(now) != string(b) {
		t.Error("the file itself was changed")
	}
	if _, err := migrate(ctx, path, 1, 4, chain); err == nil || !strings.Contains(err.Error(), "nothing leads from format 3 to 4") {
		t.Errorf("error of a chain with a gap is %v", err)
	}
}

// Every format that was ever released can still be read.
func TestFixtures(t *testing.T) {
	for format := 1; format <= Format; format++ {
		path := filepath.Join("testdata", "format"+itoa(format)+".swrec")
		before, err := os.ReadFile(path)
		must(t, err)
		if h, err := readHeader(path); err != nil || h.format != format {
			t.Errorf("%s has format %d, %v", path, h.format, err)
		}
		checkFixture(t, path)
		if after, _ := os.ReadFile(path); string(before) != string(after) {
			t.Errorf("reading %s changed it", path)
		}
	}
}

func checkFixture(t *testing.T, path string) {
	t.Helper()
	ctx := context.Background()
	f := openFile(t, path)
	if m := f.Meta(); m.Mode != Passive || !m.Redacted || m.Program != "fixture" || !m.Began.Equal(start) {
		t.Errorf("%s: meta is %+v", path, m)
	}
	s, err := f.State(ctx, time.Time{})
	must(t, err)
	if len(s.Registrations) != 1 || s.Registrations[0].Scope != "https://shop.example/" {
		t.Errorf("%s: registrations are %+v", path, s.Registrations)
	}
	caches, err := f.Caches(ctx, time.Time{})
	must(t, err)
	if len(caches) != 2 {
		t.Errorf("%s: caches are %v", path, caches)
	}
	rows, matching, total, err := f.Fetches().Rows(ctx, "cache:images-v1", "-url", 0, 3)
	if err != nil || matching != 25 || total != 100 || len(rows) != 3 {
		t.Errorf("%s: %d of %d rows, %v", path, matching, total, err)
	}
	if b, err := f.Body(ctx, rows[0].ResponseBody.Hash); err != nil || !strings.HasPrefix(string(b), "body ") {
		t.Errorf("%s: body %q, %v", path, b, err)
	}
	if err := readAll(t, path); err != nil {
		t.Error(err)
	}
}
