package recording

import (
	"errors"
	"fmt"
	"io/fs"

	"modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"
)

// Errors that callers branch on, with [errors.Is].
var (
	// ErrNotRecording: the file is something else.
	ErrNotRecording = errors.New("not a recording")
	// ErrCorrupt: the file is damaged.
	ErrCorrupt = errors.New("damaged")
	// ErrDiskFull: there was no room to write.
	ErrDiskFull = errors.New("no space left")
	// ErrNoBody: the recording has no body of that hash.
	ErrNoBody = errors.New("body not recorded")
	// ErrTooLarge: a body is larger than Options.MaxBody.
	ErrTooLarge = errors.New("body too large to record")
	// ErrClosed: the recording was closed.
	ErrClosed = errors.New("recording is closed")
)

// FileError says what is wrong with a file, and what to do about it. It unwraps to
// its cause, one of the errors above where it is one of them.
type FileError struct {
	Path   string
	Op     string // "open", "write", "read" …
	Err    error
	Advice string // what to do; "" when there is nothing to say
}

func (e *FileError) Error() string {
	s := fmt.Sprintf("recording: %s %s: %v", e.Op, e.Path, e.Err)
	if e.Advice != "" {
		s += ": " + e.Advice
	}
	return s
}

func (e *FileError) Unwrap() error { return e.Err }

// FormatError says that a file is of a newer format than this program reads.
type FormatError struct {
	Path         string
	Format, Max  int
	WrittenBy    string // program that wrote it, "" unknown
	MigrationErr error  // why an older format could not be brought forward; nil for a newer one
}

func (e *FormatError) Error() string {
	by := ""
	if e.WrittenBy != "" {
		by = " (written by " + e.WrittenBy + ")"
	}
	if e.MigrationErr != nil {
		return fmt.Sprintf("recording: open %s: format %d%s could not be brought to format %d: %v", e.Path, e.Format, by, e.Max, e.MigrationErr)
	}
	return fmt.Sprintf("recording: open %s: it has format %d%s, this swinspect reads formats up to %d: use a newer swinspect",
		e.Path, e.Format, by, e.Max)
}

func (e *FormatError) Unwrap() error { return e.MigrationErr }

// fileError wraps what SQLite said about a file.
func fileError(op, path string, err error) error {
	if err == nil {
		return nil
	}
	var known *FileError
	var format *FormatError
	if errors.As(err, &known) || errors.As(err, &format) {
		return err
	}
	e := &FileError{Path: path, Op: op, Err: err}
	var s *sqlite.Error
	switch {
	case errors.Is(err, fs.ErrNotExist):
		e.Advice = "check the path"
	case errors.As(err, &s):
		e.Advice, e.Err = inWords(op, s)
	case errors.Is(err, ErrCorrupt):
		e.Advice = adviceCorrupt
	}
	return e
}

const adviceCorrupt = "swinspect open FILE --salvage NEW copies what can still be read to a new file"

// inWords puts a result code of SQLite into our words.
func inWords(op string, s *sqlite.Error) (advice string, err error) {
	switch s.Code() & 0xff {
	case lib.SQLITE_CORRUPT:
		return adviceCorrupt, fmt.Errorf("%w: %w", ErrCorrupt, s)
	case lib.SQLITE_NOTADB:
		return "give a file that swinspect record or import-har wrote", fmt.Errorf("%w: %w", ErrNotRecording, s)
	case lib.SQLITE_FULL:
		return adviceFull, fmt.Errorf("%w: %w", ErrDiskFull, s)
	case lib.SQLITE_IOERR:
		if s.Code() == lib.SQLITE_IOERR_SHORT_READ {
			return adviceCorrupt, fmt.Errorf("%w: it breaks off: %w", ErrCorrupt, s)
		}
		if op == "write" && s.Code() == lib.SQLITE_IOERR_WRITE {
			return adviceFull, fmt.Errorf("%w: %w", ErrDiskFull, s)
		}
	case lib.SQLITE_BUSY, lib.SQLITE_LOCKED:
		return "another program writes to it: close it first", s
	case lib.SQLITE_READONLY, lib.SQLITE_CANTOPEN, lib.SQLITE_PERM:
		return "check the permissions of the file and its folder", s
	}
	return "", s
}

const adviceFull = "what was recorded before is kept in the file: make room and record again"
