package recording

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// migrations brings a file forward, one format at a time: migrations[n] makes format
// n+1 of format n, in a transaction. A step never changes once it was released; the
// fixture of each format in testdata proves that the chain still works.
var migrations = map[int]func(context.Context, *sql.Tx) error{}

// migrate brings a copy of an older file to the newest format: a recording is never
// changed by looking at it. It gives the path of the copy, which is the caller's to
// remove.
func migrate(ctx context.Context, path string, from, to int, steps map[int]func(context.Context, *sql.Tx) error) (string, error) {
	if from < 1 {
		return "", &FormatError{Path: path, Format: from, Max: to, MigrationErr: fmt.Errorf("%w: there was no such format", ErrCorrupt)}
	}
	dir, err := os.MkdirTemp("", "swinspect-recording-")
	if err != nil {
		return "", err
	}
	copied, err := copyRecording(path, dir)
	if err == nil {
		err = migrateFile(ctx, copied, from, to, steps)
	}
	if err != nil {
		return "", errors.Join(&FormatError{Path: path, Format: from, Max: to, MigrationErr: err}, os.RemoveAll(dir))
	}
	return copied, nil
}

func migrateFile(ctx context.Context, path string, from, to int, steps map[int]func(context.Context, *sql.Tx) error) (err error) {
	db, err := sql.Open("sqlite", dsn(path, "mode=rw"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	for n := from; n < to; n++ {
		step := steps[n]
		if step == nil {
			return fmt.Errorf("nothing leads from format %d to %d", n, n+1)
		}
		tx, err := db.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		if err := step(ctx, tx); err != nil {
			return errors.Join(fmt.Errorf("from format %d to %d: %w", n, n+1, err), tx.Rollback())
		}
		if _, err := tx.ExecContext(ctx, fmt.Sprintf("PRAGMA user_version=%d", n+1)); err != nil {
			return errors.Join(err, tx.Rollback())
		}
		if err := tx.Commit(); err != nil {
			return err
		}
	}
	return nil
}

// copyRecording copies a recording, with the log beside it, into a folder.
func copyRecording(path, dir string) (string, error) {
	to := filepath.Join(dir, "copy.swrec")
	if err := copyFile(path, to); err != nil {
		return "", err
	}
	if err := copyFile(path+"-wal", to+"-wal"); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	return to, nil
}

func copyFile(from, to string) (err error) {
	src, err := os.Open(from)
	if err != nil {
		return err
	}
	defer src.Close()
	dst, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, dst.Close()) }()
	_, err = io.Copy(dst, src)
	return err
}
