package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/swinspect/swinspect/inspector"
	"github.com/swinspect/swinspect/inspector/recording"
)

// tape is a recording as of a moment, in the place of a browser: commands that read
// work on it, those that act are refused.
type tape struct {
	*recording.File
	at time.Time // zero: the end
}

// isRecording reports whether what --attach names is a file of ours, or would be.
func isRecording(name string) bool {
	f, err := os.Open(name)
	if err != nil {
		return strings.HasSuffix(name, ".swrec")
	}
	defer f.Close()
	mark := make([]byte, 16)
	_, err = io.ReadFull(f, mark)
	return err == nil && string(mark) == "SQLite format 3\x00" || strings.HasSuffix(name, ".swrec")
}

// openTape is a session over a recording.
func (c connection) openTape(ctx context.Context, io stdio) (*session, error) {
	file, err := openRecording(c.attach)
	if err != nil {
		return nil, err
	}
	at, err := moment(file, c.at)
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	state, err := file.State(ctx, at)
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	hub := inspector.NewHub(inspector.HubOptions{})
	b := hub.Still(c.attach, state, "it is a recording: nothing can be asked or changed")
	return &session{connection: c, io: io, hub: hub, browser: b, tape: &tape{file, at}}, nil
}

// moment reads a moment of a recording: RFC 3339, a clock time of the day on which the
// recording began, "+90s" after its beginning, "-10s" before its end; "" and "end" are
// its end, "start" its beginning.
func moment(f *recording.File, s string) (time.Time, error) {
	from, to := f.Span()
	switch s {
	case "", "end":
		return time.Time{}, nil
	case "start":
		return from, nil
	}
	if d, err := time.ParseDuration(s); err == nil {
		if strings.HasPrefix(s, "-") {
			return to.Add(d), nil
		}
		return from.Add(d), nil
	}
	if t, err := time.Parse(time.RFC3339Nano, s); err == nil {
		return t, nil
	}
	for _, layout := range []string{"2006-01-02 15:04:05.999999", "2006-01-02T15:04:05.999999"} {
		if t, err := time.ParseInLocation(layout, s, time.Local); err == nil {
			return t, nil
		}
	}
	day := from.Local()
	for _, layout := range []string{"15:04:05.999999", "15:04"} {
		if t, err := time.ParseInLocation(layout, s, time.Local); err == nil {
			y, m, d := day.Date()
			return time.Date(y, m, d, t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), time.Local), nil
		}
	}
	return time.Time{}, usage("%q is no moment of the recording, which is from %s to %s: write 15:04:05, +90s after its beginning or -10s before its end",
		s, from.Local().Format("2006-01-02 15:04:05"), to.Local().Format("15:04:05"))
}

// snapshots are the caches of a storage as they were recorded, in creation order.
func (t *tape) snapshots(ctx context.Context, ref inspector.StorageRef) ([]*recording.Snapshot, error) {
	all, err := t.Caches(ctx, t.at)
	if err != nil {
		return nil, err
	}
	state, err := t.State(ctx, t.at)
	if err != nil {
		return nil, err
	}
	order := map[string]int{}
	if storage := state.Storage(ref); storage != nil {
		for i, c := range storage.Caches {
			order[c.Name] = i
		}
	}
	var of []*recording.Snapshot
	for _, s := range all {
		if s.Ref.StorageRef == ref {
			of = append(of, s)
		}
	}
	slices.SortFunc(of, func(a, b *recording.Snapshot) int {
		return cmp.Or(cmp.Compare(order[a.Ref.Name], order[b.Ref.Name]), cmp.Compare(a.Ref.Name, b.Ref.Name))
	})
	return of, nil
}

func (t *tape) storage(ctx context.Context, ref inspector.StorageRef) (*inspector.Storage, error) {
	all, err := t.snapshots(ctx, ref)
	if err != nil {
		return nil, err
	}
	s := &inspector.Storage{Ref: ref}
	for _, c := range all {
		s.ReadAt = c.At
		s.Caches = append(s.Caches, &inspector.Cache{Name: c.Ref.Name, Entries: len(c.Entries), ReadAt: c.At, Problem: c.Problem})
	}
	return s, nil
}

// snapshot is one cache.
func (t *tape) snapshot(ctx context.Context, ref inspector.CacheRef) (*recording.Snapshot, error) {
	all, err := t.snapshots(ctx, ref.StorageRef)
	if err != nil {
		return nil, err
	}
	for _, s := range all {
		if s.Ref == ref {
			return s, nil
		}
	}
	return nil, fmt.Errorf("no content of cache %s was recorded before this moment", quote(ref.Name))
}

func (t *tape) listing(ctx context.Context, ref inspector.CacheRef) (*inspector.Listing, error) {
	s, err := t.snapshot(ctx, ref)
	if err != nil {
		return nil, err
	}
	return &inspector.Listing{Ref: ref, Entries: s.CacheEntries(), ReadAt: s.At, Problem: s.Problem}, nil
}

// lookup finds the entry of a URL, nil when there is none.
func (s *session) lookup(ctx context.Context, ref inspector.CacheRef, url string) (*inspector.CacheEntry, error) {
	if s.tape == nil {
		return s.browser.Lookup(ctx, ref, url)
	}
	l, err := s.tape.listing(ctx, ref)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(l.Entries, func(e inspector.CacheEntry) bool { return e.URL == url })
	if i < 0 {
		return nil, nil
	}
	return &l.Entries[i], nil
}

// body reads the body of an entry.
func (s *session) body(ctx context.Context, ref inspector.CacheRef, url string, headers []inspector.Header, limit int64) (*inspector.Body, error) {
	if s.tape == nil {
		return s.browser.Body(ctx, ref, url, headers, limit)
	}
	snapshot, err := s.tape.snapshot(ctx, ref)
	if err != nil {
		return nil, err
	}
	for _, e := range snapshot.Entries {
		if e.URL != url {
			continue
		}
		data, err := s.tape.Body(ctx, e.BodyHash)
		if err != nil {
			return nil, err
		}
		b := &inspector.Body{Data: data, Size: int64(len(data))}
		if b.Size > limit {
			b.Data, b.Truncated = data[:limit], true
		}
		return b, nil
	}
	return nil, fmt.Errorf("no such entry: %w", recording.ErrNoBody)
}
