package main

import (
	"bufio"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/swinspect/swinspect/runtime"
	"github.com/swinspect/swinspect/runtime/cache"
	"github.com/swinspect/swinspect/runtime/window"
)

// savedProfile is what a profile's file holds.
type savedProfile struct {
	Format        int
	Registrations []runtime.SavedRegistration
	Caches        map[string]cache.Saved // by storage key
}

// profileFormat is the number of the file's format.
const profileFormat = 1

// profileKeeper writes the state of a context to a folder, every second while it
// changes and once at the end. Its goroutine ends with close.
type profileKeeper struct {
	path    string
	context *window.Context
	stop    chan struct{}
	wg      sync.WaitGroup
	last    string   // fingerprint of what was written
	lock    *os.File // held while the profile is in use; nil without one
}

// openProfile restores a profile and begins to keep it; an empty dir keeps nothing.
func openProfile(dir string, c *window.Context) (*profileKeeper, error) {
	k := &profileKeeper{context: c, stop: make(chan struct{})}
	if dir == "" {
		return k, nil
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("--profile: %w", err)
	}
	lock, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("--profile: %w", err)
	}
	if !takeLock(lock) {
		return nil, errors.Join(fmt.Errorf("--profile: %s is in use by another engine", dir), lock.Close())
	}
	k.lock, k.path = lock, filepath.Join(dir, "state.json")
	if err := k.restore(); err != nil {
		_ = lock.Close() // only locked
		return nil, fmt.Errorf("--profile: %s: %w (move it away to start afresh)", k.path, err)
	}
	k.wg.Go(k.keep)
	return k, nil
}

func (k *profileKeeper) restore() error {
	data, err := os.ReadFile(k.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	var p savedProfile
	if err := json.Unmarshal(data, &p); err != nil {
		return err
	}
	if p.Format != profileFormat {
		return fmt.Errorf("format %d is not known to this version", p.Format)
	}
	e := k.context.Engine()
	for key, saved := range p.Caches {
		if err := e.CacheStorage(key).Restore(saved); err != nil {
			return err
		}
	}
	return e.Restore(p.Registrations)
}

// keep saves every second while there is something new, more rarely when saving
// takes long.
func (k *profileKeeper) keep() {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	var rest time.Time
	for {
		select {
		case <-k.stop:
			return
		case began := <-tick.C:
			if began.Before(rest) {
				continue
			}
			_ = k.save() // tried again in a second
			rest = time.Now().Add(4 * time.Since(began))
		}
	}
}

// save writes the state when it differs from what was written last.
func (k *profileKeeper) save() error {
	p := savedProfile{Format: profileFormat, Registrations: k.context.Engine().Save(), Caches: map[string]cache.Saved{}}
	for _, key := range k.context.Engine().StorageKeys() {
		if saved := k.context.Engine().CacheStorage(key).Save(); len(saved.Caches) > 0 {
			p.Caches[key] = saved
		}
	}
	mark, err := p.fingerprint()
	if err != nil || mark == k.last {
		return err
	}
	next := k.path + ".new"
	f, err := os.OpenFile(next, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	if err := errors.Join(p.write(f), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(next, k.path); err != nil {
		return err
	}
	k.last = mark
	return nil
}

// fingerprint changes whenever the profile does. Bodies are not read for it: what is
// stored anew has another time.
func (p savedProfile) fingerprint() (string, error) {
	h := sha256.New()
	if err := json.NewEncoder(h).Encode(p.Registrations); err != nil {
		return "", err
	}
	for _, key := range slices.Sorted(maps.Keys(p.Caches)) {
		fmt.Fprintf(h, "key %q\n", key)
		for _, c := range p.Caches[key].Caches {
			fmt.Fprintf(h, "cache %q\n", c.Name)
			for _, e := range c.Entries {
				fmt.Fprintf(h, "%d %q %q %d %d\n", e.Time.UnixNano(), e.Request.Method, e.Request.URL, e.Response.Status, len(e.Response.Body))
			}
		}
	}
	return string(h.Sum(nil)), nil
}

// write is the profile as JSON, entry by entry: the bodies are never in memory twice.
func (p savedProfile) write(to io.Writer) error {
	w := bufio.NewWriterSize(to, 1<<16)
	enc := json.NewEncoder(w)
	var errs []error
	text := func(s string) { _, err := w.WriteString(s); errs = append(errs, err) }
	value := func(v any) { errs = append(errs, enc.Encode(v)) }
	comma := func(i int) {
		if i > 0 {
			text(",")
		}
	}
	text(`{"Format":` + strconv.Itoa(p.Format) + `,"Registrations":`)
	value(p.Registrations)
	text(`,"Caches":{`)
	for i, key := range slices.Sorted(maps.Keys(p.Caches)) {
		comma(i)
		value(key)
		text(`:{"caches":[`)
		for i, c := range p.Caches[key].Caches {
			comma(i)
			text(`{"name":`)
			value(c.Name)
			text(`,"entries":[`)
			for i, e := range c.Entries {
				comma(i)
				value(e)
			}
			text(`]}`)
		}
		text(`]}`)
	}
	text(`}}`)
	return errors.Join(append(errs, w.Flush())...)
}

func (k *profileKeeper) close() {
	close(k.stop)
	k.wg.Wait()
	if k.path != "" {
		_ = k.save() // best effort: there is nobody left to tell
	}
	if k.lock != nil {
		_ = k.lock.Close() // only locked
	}
}
