package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
	"unicode"

	"github.com/swinspect/swinspect/inspector"
	"github.com/swinspect/swinspect/inspector/recording"
	scripting "github.com/swinspect/swinspect/inspector/session"
	"github.com/swinspect/swinspect/inspector/session/report"
)

// scriptTraces records the browsers of tests.
type scriptTraces struct {
	dir    string
	always bool // keep those of tests that passed, too
}

// scriptTrace is one recording under way.
type scriptTrace struct {
	of   *scriptTraces
	path string
	w    *recording.Writer
	rec  *recording.Recorder
}

// record is for [scripting.Options].
func (s *scriptTraces) record(ctx context.Context, b *inspector.Browser, file string, t *report.Test) (scripting.Recorder, error) {
	if err := os.MkdirAll(s.dir, 0o750); err != nil {
		return nil, fmt.Errorf("the folder for recordings: %w", err)
	}
	meta := recording.Meta{
		Mode: recording.Passive, Target: file + ": " + t.Name, Browser: b.State().Connection.Product,
		Program: "swinspect " + buildVersion().Version, Began: time.Now(), Redacted: true,
	}
	path, w, err := s.create(traceName(file, t), meta)
	if err != nil {
		return nil, err
	}
	// Not in full: what a recorder evaluates in a worker that starts would be what a
	// script's breakpoint stops at first.
	rec, err := recording.Record(ctx, b, w, recording.RecordOptions{})
	if err != nil {
		return nil, errors.Join(err, w.Close(), os.Remove(path))
	}
	return &scriptTrace{of: s, path: path, w: w, rec: rec}, nil
}

// create makes a file of a name that no other browser of the test has: a test may open
// several.
func (s *scriptTraces) create(name string, meta recording.Meta) (string, *recording.Writer, error) {
	for n := 1; ; n++ {
		path := filepath.Join(s.dir, name)
		if n > 1 {
			path += fmt.Sprintf("-%d", n)
		}
		path += ".swrec"
		_, err := os.Stat(path)
		if old := err == nil && s.stale(path); err == nil && !old {
			continue
		}
		w, err := recording.Create(path, meta, recording.Options{Overwrite: true})
		return path, w, err
	}
}

// processBegan is when this process did: what is older is of an earlier run.
var processBegan = time.Now()

func (s *scriptTraces) stale(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.ModTime().Before(processBegan)
}

// traceName is a file name that says which test it is.
func traceName(file string, t *report.Test) string {
	base := filepath.Base(file)
	for _, e := range scriptEndings {
		base = strings.TrimSuffix(base, e)
	}
	name := strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return '-'
	}, t.Name)
	for strings.Contains(name, "--") {
		name = strings.ReplaceAll(name, "--", "-")
	}
	runes := []rune(strings.Trim(name, "-"))
	name = fmt.Sprintf("%s-%d-%s", base, t.ID, string(runes[:min(len(runes), 60)]))
	if t.Attempt > 1 {
		name += fmt.Sprintf("-retry%d", t.Attempt-1)
	}
	return name
}

// Stop implements [scripting.Recorder].
func (t *scriptTrace) Stop(ctx context.Context, failed bool) (string, error) {
	if !failed && !t.of.always {
		quick, cancel := context.WithCancel(ctx)
		cancel() // nothing of it is kept
		_ = t.rec.Stop(quick)
		return "", errors.Join(t.w.Close(), os.Remove(t.path))
	}
	err := t.rec.Stop(ctx)
	meta := t.w.Meta()
	meta.Ended = "stopped"
	err = errors.Join(err, t.w.SetMeta(meta), t.w.Flush(ctx), t.w.Close())
	return t.path, err
}
