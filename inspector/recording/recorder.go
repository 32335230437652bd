package recording

import (
	"context"
	_ "embed" // for the prelude
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/swinspect/swinspect/inspector"
	"github.com/swinspect/swinspect/inspector/fetches"
)

// Prelude is what a full recording places in each worker: it tells what it sees
// through the binding [fetches.Binding].
//
//go:embed prelude.js
var Prelude string

// RecordOptions say what to record of a browser.
type RecordOptions struct {
	// Full places a recorder in each worker before it evaluates: mode Full.
	Full bool
	// Scope bounds whose caches and scripts are kept: registrations whose scope begins
	// with it. "" means all.
	Scope string
}

// Recorder writes what a browser does into a recording, from its attach on.
//
// Goroutines: one that keeps caches and scripts, and the capture's; Stop ends them.
type Recorder struct {
	b       *inspector.Browser
	w       *Writer
	o       RecordOptions
	log     *fetches.Log
	capture *inspector.Capture
	untap   func()
	stop    context.CancelFunc
	done    chan struct{}

	mu       sync.Mutex
	messages int64
	problems []string

	kept  map[inspector.CacheRef]int // changes of a cache when it was kept; by the keeper
	known map[string]bool            // versions whose scripts are kept, by key and id
}

// Progress is how far a recording is.
type Progress struct {
	Messages, Fetches int64
	Problems          []string // what could not be recorded, in words
}

// Record begins to record. The writer stays the caller's.
func Record(ctx context.Context, b *inspector.Browser, w *Writer, o RecordOptions) (*Recorder, error) {
	r := &Recorder{b: b, w: w, o: o, log: fetches.NewLog(fetches.Options{Limit: 10_000}), done: make(chan struct{}), kept: map[inspector.CacheRef]int{}, known: map[string]bool{}}
	missed, untap := b.Tap(func(m inspector.Message, s *inspector.State) {
		r.log.Apply(m, s)
		if w.Write(m) == nil {
			r.mu.Lock()
			r.messages++
			r.mu.Unlock()
		}
	})
	r.untap = untap
	if missed > 0 {
		r.problem("%d messages from before the recording are not remembered", missed)
	}
	c, err := b.Capture(ctx, inspector.CaptureOptions{Full: o.Full, Prelude: Prelude, Binding: fetches.Binding, Bodies: true})
	if err != nil {
		untap()
		return nil, err
	}
	r.capture = c
	keeping, stop := context.WithCancel(context.Background())
	r.stop = stop
	go r.keep(keeping)
	return r, nil
}

// Progress is how far it is.
func (r *Recorder) Progress() Progress {
	rows, dropped := r.log.Len()
	r.mu.Lock()
	defer r.mu.Unlock()
	p := Progress{Messages: r.messages, Fetches: int64(rows + dropped), Problems: slices.Clone(r.problems)}
	if lost := r.capture.Lost(); lost > 0 {
		p.Problems = append(p.Problems, fmt.Sprintf("%d bodies came faster than they could be read", lost))
	}
	return p
}

// Log is the fetch log of what was recorded so far.
func (r *Recorder) Log() *fetches.Log { return r.log }

// OpenPage opens a tab that is recorded from its first request on, and gives its
// target id. It does not wait for the page to load.
func (r *Recorder) OpenPage(ctx context.Context, browserContext, url string) (string, error) {
	return r.capture.OpenPage(ctx, browserContext, url)
}

// Stop ends the recording: bodies that are on their way and the caches as they are
// now are kept first, as far as ctx allows.
func (r *Recorder) Stop(ctx context.Context) error {
	r.capture.Settle(ctx)
	r.stop()
	<-r.done
	r.snapshots(ctx)
	r.scripts(ctx)
	r.capture.Stop()
	r.untap()
	return r.w.Err()
}

func (r *Recorder) problem(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	r.mu.Lock()
	defer r.mu.Unlock()
	if !slices.Contains(r.problems, text) && len(r.problems) < 50 {
		r.problems = append(r.problems, text)
	}
}

// settleCaches is how long caches must be quiet before they are kept.
const settleCaches = 700 * time.Millisecond

// keep writes caches and scripts as they change, until ctx ends.
func (r *Recorder) keep(ctx context.Context) {
	defer close(r.done)
	for {
		changed := r.b.Changed()
		r.scripts(ctx)
		r.snapshots(ctx)
		select {
		case <-changed:
		case <-ctx.Done():
			return
		}
		select {
		case <-time.After(settleCaches):
		case <-ctx.Done():
			return
		}
	}
}

func (r *Recorder) registrations() []*inspector.Registration {
	return slices.DeleteFunc(r.b.State().Live(), func(g *inspector.Registration) bool { return !strings.HasPrefix(g.Scope, r.o.Scope) })
}

// scripts keeps the scripts of versions that were not kept yet and run now.
func (r *Recorder) scripts(ctx context.Context) {
	for _, g := range r.registrations() {
		for _, v := range g.Versions {
			key := fmt.Sprint(g.Key, v.ID, v.Status == "activated" || v.Status == "installed")
			if r.known[key] || ctx.Err() != nil || v.Status == "redundant" {
				continue
			}
			all, err := r.b.Scripts(ctx, g.Key, v.ID)
			if errors.Is(err, inspector.ErrNotRunning) || len(all) == 0 {
				continue // when it runs
			}
			if err != nil {
				r.problem("scripts of %s: %v", g.Scope, err)
				continue
			}
			r.known[key] = true
			r.keepScripts(g, v, all)
		}
	}
}

func (r *Recorder) keepScripts(g *inspector.Registration, v *inspector.Version, all []*inspector.Script) {
	n := NoteScript{Registration: g.Key, Scope: g.Scope, Version: v.ID, ScriptURL: v.ScriptURL, Type: "classic"}
	for _, s := range all {
		hash, err := r.w.Body([]byte(s.Source))
		if err != nil {
			r.problem("script %s: %v", s.URL, err)
			continue
		}
		if s.Main || s.URL == v.ScriptURL && n.BodyHash == "" {
			n.BodyHash = hash
			if s.Module {
				n.Type = "module"
			}
			continue
		}
		n.Imports = append(n.Imports, ScriptImport{URL: s.URL, BodyHash: hash})
	}
	if err := r.w.Note(time.Now(), g.Key.Instance, g.Key.Context, n); err != nil {
		r.problem("%v", err)
	}
}

// snapshots keeps the caches that have changed since they were kept.
func (r *Recorder) snapshots(ctx context.Context) {
	seen := map[inspector.StorageRef]bool{}
	for _, g := range r.registrations() {
		ref := inspector.StorageRef{Instance: g.Key.Instance, Context: g.Key.Context, StorageKey: g.StorageKey.Raw}
		if ref.StorageKey == "" || seen[ref] || ctx.Err() != nil {
			continue
		}
		seen[ref] = true
		st, err := r.b.Caches(ctx, ref, false)
		if err != nil {
			r.problem("caches of %s: %v", ref.StorageKey, err)
			continue
		}
		for _, c := range st.Caches {
			r.snapshot(ctx, inspector.CacheRef{StorageRef: ref, Name: c.Name}, c.Changes)
		}
		for known := range r.kept {
			if known.StorageRef == ref && !slices.ContainsFunc(st.Caches, func(c *inspector.Cache) bool { return c.Name == known.Name }) {
				delete(r.kept, known)
				r.note(ref, NoteCacheSnapshot{StorageKey: ref.StorageKey, Cache: known.Name, Deleted: true})
			}
		}
	}
}

func (r *Recorder) note(ref inspector.StorageRef, n inspector.Note) {
	if err := r.w.Note(time.Now(), ref.Instance, ref.Context, n); err != nil {
		r.problem("%v", err)
	}
}

// maxCached bounds a body in a cache that is kept.
const maxCached = 16 << 20

// snapshot keeps one cache with its bodies.
func (r *Recorder) snapshot(ctx context.Context, ref inspector.CacheRef, changes int) {
	if at, known := r.kept[ref]; known && at == changes {
		return
	}
	l, err := r.b.Entries(ctx, ref, false)
	if err != nil {
		if ctx.Err() == nil {
			r.problem("cache %s: %v", ref.Name, err)
		}
		return
	}
	n := NoteCacheSnapshot{StorageKey: ref.StorageKey, Bucket: ref.Bucket, Cache: ref.Name, Problem: l.Problem, Entries: []SnapshotEntry{}}
	for i := range l.Entries {
		e := &l.Entries[i]
		s := SnapshotEntry{
			Method: e.Method, URL: e.URL, RequestHeaders: e.RequestHeaders, Status: e.Status, StatusText: e.StatusText,
			ResponseType: e.Type, ResponseHeaders: e.ResponseHeaders, ResponseTime: e.Time, Size: e.Size,
		}
		body, err := r.b.Body(ctx, ref, e.URL, e.RequestHeaders, maxCached)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			n.Problem = fmt.Sprintf("body of %s: %v", e.URL, err)
		case !body.Truncated:
			s.Size = body.Size
			if s.BodyHash, err = r.w.Body(body.Data); err != nil {
				n.Problem = err.Error()
			}
		}
		n.Entries = append(n.Entries, s)
	}
	r.kept[ref] = changes
	r.note(ref.StorageRef, n)
}
