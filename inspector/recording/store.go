package recording

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	_ "modernc.org/sqlite" // the driver "sqlite"
)

// store is the writing end of a file, used by one goroutine.
type store struct {
	db      *sql.DB
	conn    *sql.Conn
	stmts   map[string]*sql.Stmt
	opts    Options
	seq     int64 // of the newest message
	at      int64 // latest time of any message, microseconds
	tails   map[string]*tail
	index   *indexer
	scripts map[string]bool // rows of scripts that are written
	bodies  map[string]bool // hashes written from messages
}

// tail is the messages of one class that are not in a segment yet.
type tail struct {
	records []tailRecord
	size    int
	written int // how many of them are rows of the table tail
}

type tailRecord struct {
	seq, at int64
	json    []byte
}

// A segment is packed when it has so many messages or bytes: large enough to
// compress well, small enough to read one message.
const (
	segmentMessages = 512
	segmentBytes    = 512 << 10
)

// dsn is the URI of a file for the driver.
func dsn(path string, params ...string) string {
	u := url.URL{Scheme: "file", Opaque: (&url.URL{Path: filepath.ToSlash(path)}).EscapedPath()}
	// SQLite reads "?" and "#" as ends of the path, and "%" as an escape: all escaped.
	return u.String() + "?" + strings.Join(params, "&")
}

func createStore(path string, meta Meta, o Options) (*store, error) {
	if err := reserve(path, o.Overwrite); err != nil {
		return nil, err
	}
	db, err := sql.Open("sqlite", dsn(path, "mode=rwc", "_pragma=busy_timeout(5000)"))
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	ctx := context.Background()
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	s := &store{
		db: db, conn: conn, stmts: map[string]*sql.Stmt{}, opts: o,
		tails: map[string]*tail{classState: {}, classNetwork: {}}, scripts: map[string]bool{}, bodies: map[string]bool{},
	}
	if err := s.create(meta); err != nil {
		return nil, errors.Join(err, s.close(false))
	}
	if !o.NoIndex {
		s.index = newIndexer()
	}
	return s, nil
}

// reserve makes the empty file, so that two recordings do not take one name.
func reserve(path string, overwrite bool) error {
	if overwrite {
		for _, suffix := range []string{"", "-wal", "-shm", "-journal"} {
			if err := os.Remove(path + suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600) // it holds what a user's browser said
	if err != nil {
		return err
	}
	return f.Close()
}

// create writes the schema before the file becomes a WAL one, so that the main file
// is a recording from its first moment.
func (s *store) create(meta Meta) error {
	for _, q := range []string{
		"PRAGMA journal_mode=DELETE",
		"BEGIN IMMEDIATE",
		fmt.Sprintf("PRAGMA application_id=%d", applicationID),
		fmt.Sprintf("PRAGMA user_version=%d", Format),
		schema, indexSchema,
	} {
		if err := s.exec(q); err != nil {
			return err
		}
	}
	if err := s.setMeta(meta.pairs()); err != nil {
		return err
	}
	for _, q := range []string{
		"COMMIT", "PRAGMA journal_mode=WAL",
		// A killed process loses nothing that was committed; a power cut may lose the
		// last transactions, never the file.
		"PRAGMA synchronous=NORMAL", "PRAGMA wal_autocheckpoint=2000",
	} {
		if err := s.exec(q); err != nil {
			return err
		}
	}
	if s.opts.maxPages > 0 {
		return s.exec(fmt.Sprintf("PRAGMA max_page_count=%d", s.opts.maxPages))
	}
	return nil
}

// exec runs a statement, prepared once when it has arguments.
func (s *store) exec(q string, args ...any) error {
	ctx := context.Background() // a transaction is short, and cutting it off would lose messages
	if len(args) == 0 {
		_, err := s.conn.ExecContext(ctx, q)
		return err
	}
	stmt := s.stmts[q]
	if stmt == nil {
		var err error
		if stmt, err = s.conn.PrepareContext(ctx, q); err != nil {
			return err
		}
		s.stmts[q] = stmt
	}
	_, err := stmt.ExecContext(ctx, args...)
	return err
}

func (s *store) setMeta(pairs map[string]string) error {
	for key, value := range pairs {
		if err := s.exec("INSERT INTO meta VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value", key, value); err != nil {
			return err
		}
	}
	return nil
}

// commit writes a batch in one transaction.
func (s *store) commit(batch []item) (err error) {
	if len(batch) == 0 {
		return nil
	}
	if err := s.exec("BEGIN IMMEDIATE"); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = s.exec("ROLLBACK") // the error at hand says more than that of a rollback
		}
	}()
	for _, i := range batch {
		switch {
		case i.message != nil:
			err = s.message(*i.message)
		case i.body != nil:
			err = s.body(i.body)
		case i.meta != nil:
			err = s.setMeta(i.meta)
		}
		if err != nil {
			return err
		}
	}
	if err := s.settle(false); err != nil {
		return err
	}
	return s.exec("COMMIT")
}

// settle packs the segments that are full (all that is left with final), writes the
// rest to the tail, and brings the index up to date.
func (s *store) settle(final bool) error {
	for class, t := range s.tails {
		if err := s.packTail(class, t, final); err != nil {
			return err
		}
	}
	if s.index != nil {
		return s.index.flush(s)
	}
	return nil
}

func (s *store) body(b *packedBody) error {
	return s.exec("INSERT INTO bodies VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING", hashName(b.sum), b.size, b.encoding, b.bytes)
}

// close ends the file: one file again, without a log beside it. After an error it
// only lets go of it: the log is read at the next opening.
func (s *store) close(orderly bool) error {
	var err error
	if orderly {
		err = s.finish()
	}
	for _, stmt := range s.stmts {
		err = errors.Join(err, stmt.Close())
	}
	return errors.Join(err, s.conn.Close(), s.db.Close())
}

func (s *store) finish() error {
	if err := s.exec("BEGIN IMMEDIATE"); err != nil {
		return err
	}
	err := s.settle(true)
	if err == nil {
		err = s.setMeta(map[string]string{"ended": "closed", "closed": time.Now().UTC().Format(time.RFC3339Nano)})
	}
	if err != nil {
		return errors.Join(err, s.exec("ROLLBACK"))
	}
	if err := s.exec("COMMIT"); err != nil {
		return err
	}
	if s.wasteful() {
		if err := s.exec("VACUUM"); err != nil {
			return err
		}
	}
	for _, q := range []string{"PRAGMA wal_checkpoint(TRUNCATE)", "PRAGMA journal_mode=DELETE"} {
		if err := s.exec(q); err != nil {
			return err
		}
	}
	return nil
}

// wasteful reports whether a small file has many unused pages: those that the tail had.
func (s *store) wasteful() bool {
	var free, pages int
	ctx := context.Background()
	if s.conn.QueryRowContext(ctx, "PRAGMA freelist_count").Scan(&free) != nil || s.conn.QueryRowContext(ctx, "PRAGMA page_count").Scan(&pages) != nil {
		return false
	}
	return free > pages/20 && pages < 16384
}
