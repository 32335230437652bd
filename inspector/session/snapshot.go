package session

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// snapshots are the values that toMatchSnapshot compares with: a text file beside the
// script, __snapshots__/NAME.snap, with a heading per value:
//
//	## test's name › 1
//	the value as text; a line that begins with # has a backslash before it
type snapshots struct {
	script         string
	update, strict bool

	mu     sync.Mutex // guards the fields below
	read   bool
	names  []string
	values map[string]string
}

const snapshotHead = "# Snapshots of %s, compared by expect().toMatchSnapshot(). Written by swinspect run; --update-snapshots writes them anew.\n"

func (s *snapshots) path() string {
	return filepath.Join(filepath.Dir(s.script), "__snapshots__", filepath.Base(s.script)+".snap")
}

func (s *snapshots) load() error {
	if s.read {
		return nil
	}
	s.values = map[string]string{}
	data, err := os.ReadFile(s.path())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("reading snapshots: %w", err)
	}
	s.read = true
	name := ""
	var lines []string
	end := func() {
		if name != "" {
			s.names = append(s.names, name)
			s.values[name] = strings.TrimSuffix(strings.Join(lines, "\n"), "\n")
		}
		lines = nil
	}
	for line := range strings.SplitSeq(strings.ReplaceAll(string(data), "\r\n", "\n"), "\n") {
		if n, ok := strings.CutPrefix(line, "## "); ok {
			end()
			name = n
			continue
		}
		if strings.HasPrefix(line, `\#`) || strings.HasPrefix(line, `\\`) {
			line = line[1:]
		}
		lines = append(lines, line)
	}
	end()
	return nil
}

func (s *snapshots) save() error {
	var b strings.Builder
	fmt.Fprintf(&b, snapshotHead, filepath.Base(s.script))
	for _, name := range s.names {
		fmt.Fprintf(&b, "\n## %s\n", name)
		for line := range strings.SplitSeq(s.values[name], "\n") {
			if strings.HasPrefix(line, "#") || strings.HasPrefix(line, `\`) {
				line = `\` + line
			}
			b.WriteString(line + "\n")
		}
	}
	if err := os.MkdirAll(filepath.Dir(s.path()), 0o755); err != nil {
		return fmt.Errorf("writing snapshots: %w", err)
	}
	if err := os.WriteFile(s.path(), []byte(b.String()), 0o644); err != nil { //nolint:gosec // a file of the project
		return fmt.Errorf("writing snapshots: %w", err)
	}
	return nil
}

// compared is what toMatchSnapshot is told.
type compared struct {
	Pass     bool   `json:"pass"`
	Missing  bool   `json:"missing"`
	Name     string `json:"name"`
	Expected string `json:"expected"`
	Received string `json:"received"`
}

// compare compares a value with what is kept under a name, or keeps it.
func (s *snapshots) compare(name, text string) (r compared, written bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.load(); err != nil {
		return r, false, err
	}
	name = strings.ReplaceAll(name, "\n", " ")
	kept, has := s.values[name]
	r = compared{Pass: has && kept == text, Name: name, Expected: kept, Received: text, Missing: !has}
	if r.Pass || !s.update && (has || s.strict) {
		return r, false, nil
	}
	if !has {
		s.names = append(s.names, name)
	}
	s.values[name] = text
	r.Pass = true
	return r, true, s.save()
}

// snapshot compares a value in the running test; on the loop. A snapshot without a name
// is called by its number in the test.
func (f *file) snapshot(text, name string) any {
	s := f.current()
	title := filepath.Base(f.name)
	if s.test != nil {
		title = s.test.Name
	}
	s.mu.Lock()
	if name == "" {
		s.snapshots++
		name = fmt.Sprint(s.snapshots)
	}
	s.mu.Unlock()
	r, written, err := f.snaps.compare(title+" › "+name, text)
	if err != nil {
		panic(f.throwable(err, f.here()))
	}
	if written {
		s.mu.Lock()
		s.written = append(s.written, r.Name)
		s.mu.Unlock()
	}
	return r
}
