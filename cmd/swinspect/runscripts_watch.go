package main

import (
	"context"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/swinspect/swinspect/inspector/session/report"
)

// How often files are looked at, and how many of them at most.
const (
	watchEvery = 250 * time.Millisecond
	maxWatched = 20_000
)

// stamp is a file as of a look.
type stamp struct {
	changed time.Time
	size    int64
}

// watching runs files again as they, or what they are made of, change, until ctx ends.
func (r *scriptRun) watching(ctx context.Context, std stdio, args []string) error {
	inputs := map[string][]string{} // of each script, as its last run said
	var again []string              // nil: all
	for first := true; ; first = false {
		files, err := scriptFiles(args)
		if err != nil && first {
			return err
		}
		if err == nil {
			if again == nil {
				again = files
			}
			before := r.look(files, inputs)
			_, err = r.once(ctx, std, again, func(e *report.Event) {
				if e.Type == report.FileEnded && len(e.Inputs) > 0 {
					inputs[e.File] = e.Inputs
				}
			})
			if ctx.Err() != nil {
				return nil
			}
			if err != nil {
				sayError(std, err)
			}
			std.say("waiting for a change; Ctrl-C ends")
			again, err = r.change(ctx, std, args, files, inputs, r.since(before, files, inputs))
		} else {
			again, err = r.change(ctx, std, args, nil, inputs, nil)
		}
		if err != nil || ctx.Err() != nil {
			return err
		}
	}
}

// sayError says what is wrong and goes on.
func sayError(std stdio, err error) {
	if f, ok := errors.AsType[*failure](err); ok && f.hint != "" {
		std.say("swinspect: %v\n%s", err, f.hint)
		return
	}
	std.say("swinspect: %v", err)
}

// look takes the stamps of all that each script is made of.
func (r *scriptRun) look(files []string, inputs map[string][]string) map[string]map[string]stamp {
	seen := map[string]map[string]stamp{}
	for _, f := range files {
		s := map[string]stamp{}
		of := inputs[f]
		if len(of) == 0 { // it did not say: what is beside it
			of = []string{filepath.Dir(f)}
		}
		for _, path := range append(slices.Clone(of), f) {
			r.stamps(path, s)
		}
		seen[f] = s
	}
	return seen
}

// since is what a change is compared with after a run: all that the scripts are now known
// to be made of, as of before the run where it was looked at then.
func (r *scriptRun) since(before map[string]map[string]stamp, files []string, inputs map[string][]string) map[string]map[string]stamp {
	now := r.look(files, inputs)
	for f, stamps := range now {
		for name := range stamps {
			if old, known := before[f][name]; known {
				stamps[name] = old
			}
		}
	}
	return now
}

// stamps adds those of a file, or of all files of a folder.
func (r *scriptRun) stamps(path string, to map[string]stamp) {
	output, _ := filepath.Abs(r.job.Output) // without it nothing is left out
	// What cannot be read is not there; it is a change when it was.
	_ = filepath.WalkDir(path, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return nil
		}
		if len(to) >= maxWatched {
			return fs.SkipAll
		}
		if d.IsDir() {
			whole, _ := filepath.Abs(name)
			if name != path && (skippedFolder(d.Name()) || d.Name() == "__snapshots__" || whole == output) {
				return fs.SkipDir
			}
			return nil
		}
		if info, err := os.Stat(name); err == nil {
			to[name] = stamp{info.ModTime(), info.Size()}
		}
		return nil
	})
}

// change waits for one and gives the scripts that are to be run again.
func (r *scriptRun) change(ctx context.Context, std stdio, args, files []string, inputs map[string][]string, before map[string]map[string]stamp) ([]string, error) {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	var settling map[string]map[string]stamp
	for {
		select {
		case <-ctx.Done():
			return nil, nil
		case <-tick.C:
		}
		now, err := scriptFiles(args)
		if err != nil {
			continue // in the middle of a change
		}
		seen := r.look(now, inputs)
		var changed []string
		for _, f := range now {
			if !slices.Contains(files, f) || !maps.Equal(seen[f], before[f]) {
				changed = append(changed, f)
			}
		}
		if len(changed) == 0 {
			continue
		}
		if settling == nil || !maps.EqualFunc(seen, settling, maps.Equal[map[string]stamp]) {
			settling = seen // until nothing has changed between two looks
			continue
		}
		std.say("\nchanged: %s", clean(strings.Join(differing(before, seen, changed), ", ")))
		return changed, nil
	}
}

// differing names a few files that are the reason.
func differing(before, after map[string]map[string]stamp, scripts []string) []string {
	var names []string
	for _, s := range scripts {
		for name, stamp := range after[s] {
			if before[s][name] != stamp && !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
		for name := range before[s] {
			if _, there := after[s][name]; !there && !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	slices.Sort(names)
	if len(names) > 3 {
		names = append(names[:3], "…")
	}
	return names
}
