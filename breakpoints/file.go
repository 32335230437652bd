package breakpoints

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"time"
)

// formatVersion is the format of the file.
const formatVersion = 1

// contents is what the file says.
type contents struct {
	Format      int          `json:"format"`
	Last        int          `json:"last"` // id given out last: ids are not used again
	Breakpoints []Breakpoint `json:"breakpoints"`
}

func (c *contents) index(id string) int {
	return slices.IndexFunc(c.Breakpoints, func(b Breakpoint) bool { return b.ID == id })
}

func (c contents) encode() ([]byte, error) {
	if c.Breakpoints == nil {
		c.Breakpoints = []Breakpoint{}
	}
	data, err := json.MarshalIndent(c, "", "\t")
	return append(data, '\n'), err
}

// decode reads and checks an exported file; ids that are missing or given twice are
// given anew.
func decode(data []byte) (contents, error) {
	var c contents
	if err := json.Unmarshal(data, &c); err != nil {
		return c, errFormat(err)
	}
	if c.Format > formatVersion {
		return c, errFormat(fmt.Errorf("its format is %d, this program knows up to %d", c.Format, formatVersion))
	}
	seen := map[string]bool{}
	for _, b := range c.Breakpoints {
		if n := number(b.ID); n < 1<<30 {
			c.Last = max(c.Last, n)
		}
	}
	for i, b := range c.Breakpoints {
		b, err := Check(b)
		if err != nil {
			return c, fmt.Errorf("breakpoint %d of the file: %w", i+1, err)
		}
		if b.ID == "" || seen[b.ID] {
			c.Last++
			b.ID = strconv.Itoa(c.Last)
		}
		seen[b.ID] = true
		c.Breakpoints[i] = b
	}
	return c, nil
}

// file is where a set is kept. Its methods are called with the set's lock held.
type file struct {
	path  string
	stamp string // of the file as it was read last
}

// FileError is a project's file that does not say what it should. Err may be an
// *InvalidError.
type FileError struct {
	Path string
	Err  error
}

func (e *FileError) Error() string { return e.Path + ": " + e.Err.Error() }

// Unwrap gives what is wrong with it.
func (e *FileError) Unwrap() error { return e.Err }

// readIfChanged reads the file when it is not what was read last.
func (f *file) readIfChanged() (c contents, fresh bool, err error) {
	stamp := ""
	switch info, err := os.Stat(f.path); {
	case err == nil:
		stamp = fmt.Sprint(info.ModTime().UnixNano(), info.Size())
	case !errors.Is(err, fs.ErrNotExist):
		return c, false, fmt.Errorf("breakpoints: %w", err)
	}
	if stamp == f.stamp {
		return c, false, nil
	}
	if c, err = f.read(); err != nil {
		return c, false, err
	}
	f.stamp = stamp
	return c, true, nil
}

func (f *file) read() (contents, error) {
	data, err := os.ReadFile(f.path)
	if errors.Is(err, fs.ErrNotExist) {
		return contents{}, nil
	}
	if err != nil {
		return contents{}, fmt.Errorf("breakpoints: %w", err)
	}
	if len(bytes.TrimSpace(data)) == 0 {
		return contents{}, nil // made, and never written
	}
	c, err := decode(data)
	if err != nil {
		return c, &FileError{Path: f.path, Err: err}
	}
	return c, nil
}

// update changes the file under a lock that other processes respect, and replaces it
// as a whole: who reads meanwhile sees the old one or the new one.
func (f *file) update(change func(*contents) error) (c contents, err error) {
	if err := os.MkdirAll(filepath.Dir(f.path), 0o755); err != nil {
		return c, fmt.Errorf("breakpoints: %w", err)
	}
	unlock, err := lock(f.path + ".lock")
	if err != nil {
		return c, err
	}
	defer unlock()
	if c, err = f.read(); err != nil {
		return c, err
	}
	if err := change(&c); err != nil {
		return c, err
	}
	c.Format = formatVersion
	data, err := c.encode()
	if err != nil {
		return c, fmt.Errorf("breakpoints: %w", err)
	}
	if err := replace(f.path, data); err != nil {
		return c, fmt.Errorf("breakpoints: %w", err)
	}
	if info, err := os.Stat(f.path); err == nil {
		f.stamp = fmt.Sprint(info.ModTime().UnixNano(), info.Size())
	}
	return c, nil
}

// replace writes a file beside the old one and renames it over that.
func replace(path string, data []byte) error {
	t, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	_, err = t.Write(data)
	err = errors.Join(err, t.Close())
	if err == nil {
		err = os.Rename(t.Name(), path)
	}
	if err != nil {
		_ = os.Remove(t.Name()) // what counts is the first error
	}
	return err
}

// How long to wait for another process's change, and when its lock was left behind by
// one that died: a change takes milliseconds.
const (
	lockWithin = 5 * time.Second
	lockStale  = 3 * time.Second
)

// lock takes a lock file, which works on every file system.
func lock(path string) (unlock func(), err error) {
	for deadline := time.Now().Add(lockWithin); ; time.Sleep(2 * time.Millisecond) {
		f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
		if err == nil {
			_ = f.Close() // it was only to be there
			return func() { _ = os.Remove(path) }, nil
		}
		if !errors.Is(err, fs.ErrExist) && !errors.Is(err, fs.ErrPermission) { // Windows: being deleted
			return nil, fmt.Errorf("breakpoints: %w", err)
		}
		if info, err := os.Stat(path); err == nil && time.Since(info.ModTime()) > lockStale {
			_ = os.Remove(path) // left behind
			continue
		}
		if time.Now().After(deadline) {
			return nil, fmt.Errorf("breakpoints: %s is held by another process", path)
		}
	}
}

// folder is the project's own folder for swinspect.
const folder = ".swinspect"

// projectFile is where the breakpoints of the project in dir are kept.
func projectFile(dir string) (string, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", fmt.Errorf("breakpoints: %w", err)
	}
	project := dir
	for d := dir; ; d = filepath.Dir(d) {
		if info, err := os.Stat(filepath.Join(d, folder)); err == nil && info.IsDir() {
			return filepath.Join(d, folder, "breakpoints.json"), nil
		}
		if _, err := os.Stat(filepath.Join(d, ".git")); err == nil && project == dir {
			project = d
		}
		if d == filepath.Dir(d) {
			break
		}
	}
	state, err := stateDir()
	if err != nil {
		return "", fmt.Errorf("breakpoints: %w", err)
	}
	sum := sha256.Sum256([]byte(project))
	name := filepath.Base(project) + "-" + hex.EncodeToString(sum[:6])
	return filepath.Join(state, "swinspect", "projects", name, "breakpoints.json"), nil
}

// stateDir is where the user's programs keep what is not configuration.
func stateDir() (string, error) {
	if d := os.Getenv("XDG_STATE_HOME"); filepath.IsAbs(d) {
		return d, nil
	}
	if runtime.GOOS == "windows" || runtime.GOOS == "darwin" {
		return os.UserConfigDir()
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", err
	}
	return filepath.Join(home, ".local", "state"), nil
}
