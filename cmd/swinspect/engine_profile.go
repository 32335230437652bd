package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
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
	last    string
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

func (k *profileKeeper) keep() {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-k.stop:
			return
		case <-tick.C:
			_ = k.save() // tried again in a second
		}
	}
}

// save writes the state when it differs from what was written last.
func (k *profileKeeper) save() error {
	p := savedProfile{Format: profileFormat, Registrations: k.context.Engine().Save(), Caches: map[string]cache.Saved{}}
	for _, r := range p.Registrations {
		if _, done := p.Caches[r.StorageKey]; !done {
			p.Caches[r.StorageKey] = k.context.Engine().CacheStorage(r.StorageKey).Save()
		}
	}
	data, err := json.Marshal(p)
	if err != nil {
		return err
	}
	if string(data) == k.last {
		return nil
	}
	next := k.path + ".new"
	if err := os.WriteFile(next, data, 0o600); err != nil {
		return err
	}
	if err := os.Rename(next, k.path); err != nil {
		return err
	}
	k.last = string(data)
	return nil
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
