package recording

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/swinspect/swinspect/cdp"
)

// Salvaged says what could be read of a damaged recording.
type Salvaged struct {
	Messages int
	Bodies   int
	Lost     []string // what could not be read, in words
}

// Salvage copies what can still be read of a damaged recording to a new one. The
// damaged file is not changed.
func Salvage(ctx context.Context, from, to string) (*Salvaged, error) {
	h, err := readHeader(from)
	if err != nil {
		return nil, fileError("salvage", from, err)
	}
	if h.format > Format {
		return nil, &FormatError{Path: from, Format: h.format, Max: Format}
	}
	dir, err := os.MkdirTemp("", "swinspect-salvage-")
	if err != nil {
		return nil, fileError("salvage", from, err)
	}
	defer os.RemoveAll(dir)
	copied, err := paddedCopy(from, dir)
	if err != nil {
		return nil, fileError("salvage", from, err)
	}
	db, err := sql.Open("sqlite", dsn(copied, append([]string{"mode=rw"}, readOnly[1:]...)...))
	if err != nil {
		return nil, fileError("salvage", from, err)
	}
	defer db.Close()
	s := &salvager{db: db, report: new(Salvaged)}
	meta := s.meta(ctx)
	meta.Ended, meta.Comment = "", "salvaged from a damaged file. "+meta.Comment
	redacted := meta.Redacted
	out, err := Create(to, meta, Options{KeepSecrets: !redacted})
	if err != nil {
		return nil, err
	}
	s.out = out
	err = s.run(ctx)
	if err = errors.Join(err, out.Close()); err != nil {
		return s.report, fileError("salvage", from, err)
	}
	if s.report.Messages == 0 && len(s.report.Lost) > 0 {
		return s.report, &FileError{Path: from, Op: "salvage", Err: fmt.Errorf("%w: nothing of it can be read", ErrCorrupt)}
	}
	return s.report, nil
}

// paddedCopy copies a recording and makes it as long as it says it is: SQLite reads
// nothing of a file that was cut off.
func paddedCopy(from, dir string) (string, error) {
	copied, err := copyRecording(from, dir)
	if err != nil {
		return "", err
	}
	f, err := os.OpenFile(copied, os.O_RDWR, 0)
	if err != nil {
		return "", err
	}
	head := make([]byte, 32)
	_, err = f.ReadAt(head, 0)
	size := int64(binary.BigEndian.Uint16(head[16:])) * int64(binary.BigEndian.Uint32(head[28:]))
	if info, e := f.Stat(); err == nil && e == nil && size > info.Size() && size < 64*info.Size()+1<<20 {
		err = f.Truncate(size)
	}
	return copied, errors.Join(err, f.Close())
}

type salvager struct {
	db     *sql.DB
	out    *Writer
	report *Salvaged
}

func (s *salvager) lost(format string, args ...any) {
	if len(s.report.Lost) < maxSkipped {
		s.report.Lost = append(s.report.Lost, fmt.Sprintf(format, args...))
	}
}

func (s *salvager) meta(ctx context.Context) Meta {
	pairs := map[string]string{"redacted": "true"} // unless it says otherwise
	err := each(ctx, s.db, "SELECT key, value FROM meta", func(scan func(...any) error) error {
		var key, value string
		if err := scan(&key, &value); err != nil {
			return err
		}
		pairs[key] = value
		return nil
	})
	if err != nil {
		s.lost("meta: %v", err)
	}
	return metaOf(pairs)
}

// keys lists the keys of a table, from both ends when it breaks off in the middle.
func (s *salvager) keys(ctx context.Context, table, key string) []any {
	var all []any
	seen := map[any]bool{}
	read := func(order string) error {
		return each(ctx, s.db, "SELECT "+key+" FROM "+table+" ORDER BY "+key+" "+order, func(scan func(...any) error) error {
			var k any
			if err := scan(&k); err != nil {
				return err
			}
			if seen[k] {
				return errSeen
			}
			all = append(all, k)
			return nil
		})
	}
	if err := read("ASC"); err != nil {
		s.lost("%s: %v", table, err)
		for _, k := range all {
			seen[k] = true
		}
		n := len(all)
		_ = read("DESC") // as far as it goes
		for i, j := n, len(all)-1; i < j; i, j = i+1, j-1 {
			all[i], all[j] = all[j], all[i]
		}
	}
	return all
}

var errSeen = errors.New("read already")

func (s *salvager) run(ctx context.Context) error {
	for _, hash := range s.keys(ctx, "bodies", "hash") {
		name, _ := hash.(string)
		f := &File{db: s.db, path: "the file"}
		b, err := f.Body(ctx, name)
		if err != nil {
			s.lost("body %s: %v", name, err)
			continue
		}
		if _, err := s.out.Body(b); err != nil && !errors.Is(err, ErrTooLarge) {
			return err
		}
		s.report.Bodies++
	}
	return s.messages(ctx)
}

// messages copies the messages in order: those of both classes lie in segments of
// their own, so all are read before they are written, a class after the other.
func (s *salvager) messages(ctx context.Context) error {
	var classes [2][]segment
	for _, key := range s.keys(ctx, "segments", "first") {
		first, _ := key.(int64)
		var g segment
		var class string
		err := s.db.QueryRowContext(ctx, "SELECT class, first, last FROM segments WHERE first = ?", first).Scan(&class, &g.first, &g.last)
		if err != nil {
			s.lost("segment %d: %v", first, err)
			continue
		}
		n := 0
		if class == classNetwork {
			n = 1
		}
		classes[n] = append(classes[n], g)
	}
	f := &File{db: s.db, path: "the file", segments: map[string][]segment{}, tails: map[string][]record{}}
	f.segments[classState], f.segments[classNetwork] = s.readable(ctx, f, classes[0]), s.readable(ctx, f, classes[1])
	err := each(ctx, s.db, "SELECT class, message FROM tail ORDER BY seq", func(scan func(...any) error) error {
		var class string
		var text []byte
		if err := scan(&class, &text); err != nil {
			return err
		}
		var r record
		if err := cdp.Decode(text, &r); err != nil {
			return err
		}
		f.tails[class] = append(f.tails[class], r)
		return nil
	})
	if err != nil {
		s.lost("the newest messages: %v", err)
	}
	for r, err := range f.records(ctx, 1, time.Time{}, classState, classNetwork) {
		if err != nil {
			return err
		}
		if err := s.out.Write(r.message()); err != nil {
			return err
		}
		s.report.Messages++
	}
	return nil
}

// readable are the segments that can be unpacked.
func (s *salvager) readable(ctx context.Context, f *File, all []segment) []segment {
	var good []segment
	for _, g := range all {
		if _, err := f.segment(ctx, g); err != nil {
			s.lost("%v", err)
			continue
		}
		good = append(good, g)
	}
	return good
}
