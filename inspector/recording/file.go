package recording

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"sync"
	"time"

	"github.com/swinspect/swinspect/cdp"
)

// File is a recording that is open for reading. Opening never changes the file. A
// recording that is still being written can be opened: the File is as of that moment.
//
// Concurrency: all methods may be called from any goroutine until Close. What it
// keeps in memory is a directory of the segments, a few unpacked ones, checkpoints of
// the state, and the index of the fetches once a filter asked for it.
type File struct {
	path string // as given
	db   *sql.DB
	dir  string // temporary folder with a copy, removed by Close; "" none
	meta Meta

	lastSeq  int64
	from, to int64 // microseconds
	segments map[string][]segment
	tails    map[string][]record // messages that are not in a segment

	states states
	table  *table
	cache  segmentCache
}

// segment is one row of segments without its bytes.
type segment struct {
	first, last  int64
	began, ended int64
	count        int
}

// Open opens a recording. What is wrong with it is a *FileError that names the file
// and what to do (errors.Is ErrNotRecording, ErrCorrupt, fs.ErrNotExist …); a file of
// a newer format is a *FormatError. One of an older format is brought forward in a
// temporary copy.
func Open(path string) (*File, error) {
	f, err := open(path)
	if err != nil {
		return nil, fileError("open", path, err)
	}
	return f, nil
}

func open(path string) (*File, error) {
	h, err := readHeader(path)
	if err != nil {
		return nil, err
	}
	f := &File{path: path, segments: map[string][]segment{}, tails: map[string][]record{}}
	source := path
	switch {
	case h.format > Format:
		return nil, &FormatError{Path: path, Format: h.format, Max: Format, WrittenBy: writtenBy(path)}
	case h.format < Format:
		if source, err = migrate(context.Background(), path, h.format, Format, migrations); err != nil {
			return nil, err
		}
		f.dir = filepath.Dir(source)
	}
	if err := f.connect(source, h.wal); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	if err := f.load(); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// writtenBy asks a file of a newer format who wrote it: the table meta stays.
func writtenBy(path string) string {
	db, err := sql.Open("sqlite", dsn(path, readOnly...))
	if err != nil {
		return ""
	}
	defer db.Close()
	var program string
	if db.QueryRow("SELECT value FROM meta WHERE key = 'program'").Scan(&program) != nil {
		return ""
	}
	return program
}

// readOnly are the parameters of a file that others may have tampered with.
var readOnly = []string{
	"mode=ro", "_pragma=query_only(1)", "_pragma=trusted_schema(0)", "_pragma=cell_size_check(1)",
	"_pragma=busy_timeout(5000)", "_pragma=cache_size(-16000)",
}

// connect opens the database. In a folder that cannot be written to, a file with a
// log beside it is read from a copy, one without as it is.
func (f *File) connect(path string, wal bool) error {
	err := f.try(path, readOnly...)
	if err == nil || !wal {
		return err
	}
	if info, e := os.Stat(path + "-wal"); e != nil || info.Size() == 0 {
		return f.try(path, append([]string{"immutable=1"}, readOnly...)...)
	}
	dir, e := os.MkdirTemp("", "swinspect-recording-")
	if e != nil {
		return errors.Join(err, e)
	}
	f.dir = dir
	copied, e := copyRecording(path, dir)
	if e != nil {
		return errors.Join(err, e)
	}
	return f.try(copied, append([]string{"mode=rw"}, readOnly[1:]...)...)
}

func (f *File) try(path string, params ...string) error {
	db, err := sql.Open("sqlite", dsn(path, params...))
	if err != nil {
		return err
	}
	db.SetMaxOpenConns(4)
	db.SetMaxIdleConns(4)
	if err := checkTables(db); err != nil {
		return errors.Join(err, db.Close())
	}
	f.db = db
	return nil
}

// checkTables refuses a file in which something else has the name of a table: a view
// could compute anything.
func checkTables(db *sql.DB) error {
	rows, err := db.Query("SELECT name, type FROM sqlite_schema")
	if err != nil {
		return err
	}
	defer rows.Close()
	is := map[string]string{}
	for rows.Next() {
		var name, kind sql.NullString
		if err := rows.Scan(&name, &kind); err != nil {
			return err
		}
		if kind.String == "table" || is[name.String] == "" {
			is[name.String] = kind.String
		}
	}
	if err := rows.Err(); err != nil {
		return err
	}
	for _, name := range []string{"meta", "segments", "tail", "bodies", "scripts", "cache_snapshots", "fetch_rows", "fetch_columns"} {
		if is[name] != "table" {
			return fmt.Errorf("%w: it has no table %s", ErrCorrupt, name)
		}
	}
	return nil
}

// load reads what every use needs: meta and the directory of the segments.
func (f *File) load() error {
	ctx := context.Background()
	pairs := map[string]string{}
	err := each(ctx, f.db, "SELECT key, value FROM meta", func(scan func(...any) error) error {
		var key, value string
		if err := scan(&key, &value); err != nil {
			return err
		}
		pairs[key] = value
		return nil
	})
	if err != nil {
		return err
	}
	f.meta = metaOf(pairs)
	err = each(ctx, f.db, "SELECT class, first, last, began, ended, count FROM segments ORDER BY first", func(scan func(...any) error) error {
		var class string
		var s segment
		if err := scan(&class, &s.first, &s.last, &s.began, &s.ended, &s.count); err != nil {
			return err
		}
		if s.last < s.first {
			return fmt.Errorf("%w: a segment from message %d to %d", ErrCorrupt, s.first, s.last)
		}
		f.segments[class] = append(f.segments[class], s)
		f.note(s.last, s.began, s.ended)
		return nil
	})
	if err != nil {
		return err
	}
	// The tail is read now: a writer at work may pack it at any moment.
	err = each(ctx, f.db, "SELECT seq, class, time, message FROM tail ORDER BY seq", func(scan func(...any) error) error {
		var seq, at int64
		var class string
		var text []byte
		if err := scan(&seq, &class, &at, &text); err != nil {
			return err
		}
		if s := f.segments[class]; len(s) > 0 && seq <= s[len(s)-1].last {
			return nil
		}
		var r record
		if err := cdp.Decode(text, &r); err != nil {
			return fmt.Errorf("message %d: %w: %w", seq, ErrCorrupt, err)
		}
		f.tails[class] = append(f.tails[class], r)
		f.note(seq, at, at)
		return nil
	})
	if err != nil {
		return err
	}
	f.table, err = newTable(ctx, f)
	return err
}

// note widens the span of the recording. Messages before the first one with a time
// are at 0.
func (f *File) note(last, began, ended int64) {
	f.lastSeq = max(f.lastSeq, last)
	if began > 0 && (f.from == 0 || began < f.from) {
		f.from = began
	}
	f.to = max(f.to, ended)
}

// each runs a query and calls row for each row of it.
func each(ctx context.Context, db *sql.DB, query string, row func(scan func(...any) error) error, args ...any) error {
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := row(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}

// Path is the file's, as it was given.
func (f *File) Path() string { return f.path }

// Meta is what the recording says of itself.
func (f *File) Meta() Meta { return f.meta }

// Span is the time of the first and the last message; zero times when there is none.
func (f *File) Span() (from, to time.Time) {
	if f.to == 0 {
		return time.Time{}, time.Time{}
	}
	return time.UnixMicro(f.from).UTC(), time.UnixMicro(f.to).UTC()
}

// Len is how many messages there are.
func (f *File) Len() int64 { return f.lastSeq }

// Body gives a body by its name; errors.Is ErrNoBody when it was not recorded.
func (f *File) Body(ctx context.Context, hash string) ([]byte, error) {
	var size int64
	var encoding string
	var packed []byte
	err := f.db.QueryRowContext(ctx, "SELECT size, encoding, bytes FROM bodies WHERE hash = ?", hash).Scan(&size, &encoding, &packed)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil, &FileError{Path: f.path, Op: "read", Err: fmt.Errorf("%w: %s", ErrNoBody, hash)}
	case err != nil:
		return nil, fileError("read", f.path, err)
	}
	body, err := unpack(packed, size)
	if err == nil && HashOf(body) != hash {
		err = fmt.Errorf("%w: body %s is another one", ErrCorrupt, hash)
	}
	return body, fileError("read", f.path, err)
}

// Close lets go of the file.
func (f *File) Close() error {
	var err error
	if f.table != nil {
		f.table.close()
	}
	if f.db != nil {
		err = f.db.Close()
	}
	if f.dir != "" {
		err = errors.Join(err, os.RemoveAll(f.dir))
	}
	return err
}

// segmentCache keeps the segments that were unpacked last.
type segmentCache struct {
	mu   sync.Mutex
	kept []cachedSegment // newest last
}

type cachedSegment struct {
	first   int64
	records []record
}

const cachedSegments = 8

func (c *segmentCache) get(first int64) []record {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, k := range c.kept {
		if k.first == first {
			return k.records
		}
	}
	return nil
}

func (c *segmentCache) put(first int64, records []record) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.kept) >= cachedSegments {
		c.kept = append(c.kept[:0], c.kept[1:]...)
	}
	c.kept = append(c.kept, cachedSegment{first, records})
}

// segmentAt is the position of the first segment that ends at or after seq.
func segmentAt(segments []segment, seq int64) int {
	return sort.Search(len(segments), func(i int) bool { return segments[i].last >= seq })
}
