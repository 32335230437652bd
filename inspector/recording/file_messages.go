package recording

import (
	"context"
	"fmt"
	"iter"
	"time"

	"github.com/swinspect/swinspect/cdp"
	"github.com/swinspect/swinspect/inspector"
)

// Messages gives the messages in order, up to the first one after until (all of them
// when until is zero). A read error ends it: it comes with the empty message.
func (f *File) Messages(ctx context.Context, until time.Time) iter.Seq2[inspector.Message, error] {
	return func(yield func(inspector.Message, error) bool) {
		for r, err := range f.records(ctx, 1, until, classState, classNetwork) {
			if err != nil {
				yield(inspector.Message{}, err)
				return
			}
			if !yield(r.message(), nil) {
				return
			}
		}
	}
}

// Message is one message by its number, from 1.
func (f *File) Message(ctx context.Context, seq int64) (inspector.Message, error) {
	for r, err := range f.records(ctx, seq, time.Time{}, classState, classNetwork) {
		if err != nil {
			return inspector.Message{}, err
		}
		if r.Seq == seq {
			return r.message(), nil
		}
		break
	}
	return inspector.Message{}, &FileError{Path: f.path, Op: "read", Err: fmt.Errorf("%w: message %d is missing", ErrCorrupt, seq), Advice: adviceCorrupt}
}

// records gives the records of some classes from seq on, in order.
func (f *File) records(ctx context.Context, from int64, until time.Time, classes ...string) iter.Seq2[*record, error] {
	return func(yield func(*record, error) bool) {
		streams := make([]*stream, 0, len(classes))
		for _, class := range classes {
			streams = append(streams, &stream{f: f, class: class, next: segmentAt(f.segments[class], from), from: from})
		}
		limit := int64(1<<63 - 1)
		if !until.IsZero() {
			limit = until.UnixMicro()
		}
		for {
			var best *stream
			for _, s := range streams {
				if err := s.fill(ctx); err != nil {
					yield(nil, fileError("read", f.path, err))
					return
				}
				if len(s.records) > 0 && (best == nil || s.records[0].Seq < best.records[0].Seq) {
					best = s
				}
			}
			if best == nil || best.records[0].at() > limit {
				return
			}
			r := &best.records[0]
			best.records = best.records[1:]
			if !yield(r, nil) {
				return
			}
		}
	}
}

// stream reads the records of one class, a segment at a time, then the tail.
type stream struct {
	f       *File
	class   string
	from    int64
	next    int // segment to read
	tailed  bool
	records []record
}

// fill makes sure that there are records, unless the class is at its end.
func (s *stream) fill(ctx context.Context) error {
	for len(s.records) == 0 {
		if err := ctx.Err(); err != nil {
			return err
		}
		var err error
		segments := s.f.segments[s.class]
		switch {
		case s.next < len(segments):
			s.records, err = s.f.segment(ctx, segments[s.next])
			s.next++
		case !s.tailed:
			s.tailed = true
			s.records = s.f.tails[s.class]
		default:
			return nil
		}
		if err != nil {
			return err
		}
		for len(s.records) > 0 && s.records[0].Seq < s.from {
			s.records = s.records[1:]
		}
	}
	return nil
}

// segment unpacks one segment.
func (f *File) segment(ctx context.Context, s segment) ([]record, error) {
	if records := f.cache.get(s.first); records != nil {
		return records, nil
	}
	var size int64
	var packed []byte
	if err := f.db.QueryRowContext(ctx, "SELECT size, bytes FROM segments WHERE first = ?", s.first).Scan(&size, &packed); err != nil {
		return nil, err
	}
	b, err := unpack(packed, size)
	if err != nil {
		return nil, fmt.Errorf("messages %d to %d: %w", s.first, s.last, err)
	}
	var records []record
	if err := cdp.Decode(b, &records); err != nil {
		return nil, fmt.Errorf("messages %d to %d: %w: %w", s.first, s.last, ErrCorrupt, err)
	}
	f.cache.put(s.first, records)
	return records, nil
}
