package ui

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/swinspect/swinspect/inspector"
	"github.com/swinspect/swinspect/inspector/recording"
)

// library is the recordings of the page: the folder they are in, those that are open,
// and those that are being made. Safe for concurrent use; close ends the recorders.
type library struct {
	signal
	dir string // "": the page has no recordings

	mu     sync.Mutex
	opened []*tape
	ids    int
	making map[string]*recorder // by browser id
	facts  map[string]tapeFacts // of files that are not open, by path
}

// recorder is a recording that is being made.
type recorder struct {
	browser string
	path    string
	began   time.Time
	mode    recording.Mode
	redact  bool
	writer  *recording.Writer
	record  *recording.Recorder
}

// tapeFacts are what the list says of a recording, as of its file's size and time.
type tapeFacts struct {
	size     int64
	modified time.Time
	meta     recording.Meta
	from, to time.Time
	fetches  int
	err      error
}

const suffix = ".swrec"

// open opens a recording of any folder; one that is open already is found.
func (l *library) open(ctx context.Context, path string) (*tape, error) {
	path = filepath.Clean(path)
	l.mu.Lock()
	for _, t := range l.opened {
		if t.file.Path() == path {
			l.mu.Unlock()
			return t, nil
		}
	}
	l.ids++
	id := "r" + strconv.Itoa(l.ids)
	l.mu.Unlock()
	t, err := openTape(ctx, id, path)
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	l.opened = append(l.opened, t)
	l.mu.Unlock()
	l.raise()
	return t, nil
}

// tape is an open recording, nil when there is none of that id.
func (l *library) tape(id string) *tape {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, t := range l.opened {
		if t.id == id {
			return t
		}
	}
	return nil
}

func (l *library) tapes() []*tape {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.opened)
}

// shut closes an open recording.
func (l *library) shut(id string) error {
	l.mu.Lock()
	var t *tape
	l.opened = slices.DeleteFunc(slices.Clone(l.opened), func(o *tape) bool {
		if o.id == id {
			t = o
		}
		return o.id == id
	})
	l.mu.Unlock()
	if t == nil {
		return nil
	}
	l.raise()
	return t.file.Close()
}

// file is the path of a recording by its name in the folder. A name never leads out
// of it.
func (l *library) file(name string) (string, error) {
	if l.dir == "" {
		return "", errors.New("this swinspect keeps no recordings")
	}
	if name == "" || name != filepath.Base(name) || strings.HasPrefix(name, ".") || strings.ContainsAny(name, `/\`) || !filepath.IsLocal(name) {
		return "", fmt.Errorf("%q is no file name: write one without a folder, such as shop.swrec", name)
	}
	if filepath.Ext(name) != suffix {
		name += suffix
	}
	return filepath.Join(l.dir, name), nil
}

// names are the recordings of the folder, newest first.
func (l *library) names() ([]fs.FileInfo, error) {
	if l.dir == "" {
		return nil, nil
	}
	entries, err := os.ReadDir(l.dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	var out []fs.FileInfo
	for _, e := range entries {
		if filepath.Ext(e.Name()) != suffix || !e.Type().IsRegular() {
			continue
		}
		if info, err := e.Info(); err == nil {
			out = append(out, info)
		}
	}
	slices.SortFunc(out, func(a, b fs.FileInfo) int { return b.ModTime().Compare(a.ModTime()) })
	return out, nil
}

// look reads what the list says of a file, once per change of it.
func (l *library) look(ctx context.Context, info fs.FileInfo) tapeFacts {
	path := filepath.Join(l.dir, info.Name())
	l.mu.Lock()
	known, ok := l.facts[path]
	l.mu.Unlock()
	if ok && known.size == info.Size() && known.modified.Equal(info.ModTime()) {
		return known
	}
	facts := tapeFacts{size: info.Size(), modified: info.ModTime()}
	f, err := recording.Open(path)
	if err == nil {
		facts.meta = f.Meta()
		facts.from, facts.to = f.Span()
		if _, _, total, err := f.Fetches().Rows(ctx, "", "", 0, 1); err == nil {
			facts.fetches = total
		}
		err = f.Close()
	}
	facts.err = err
	l.mu.Lock()
	if l.facts == nil {
		l.facts = map[string]tapeFacts{}
	}
	l.facts[path] = facts
	l.mu.Unlock()
	return facts
}

// recording is the recording that is being made of a browser, nil when there is none.
func (l *library) recording(browser string) *recorder {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.making[browser]
}

// writing reports whether a file is being written by a recorder of this page.
func (l *library) writing(path string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, r := range l.making {
		if r.path == path {
			return true
		}
	}
	return false
}

// recordAs is how to record.
type recordAs struct {
	name    string
	full    bool
	secrets bool
	program string
	began   time.Time
}

// begin begins to record a browser.
func (l *library) begin(ctx context.Context, b *inspector.Browser, as recordAs) error {
	path, err := l.file(as.name)
	if err != nil {
		return err
	}
	if l.recording(b.ID()) != nil {
		return errors.New("it is being recorded already")
	}
	state := b.State()
	meta := recording.Meta{
		Mode: recording.Passive, Target: cmp.Or(b.Endpoint(), b.Name()), Browser: state.Connection.Product, Program: as.program, Began: as.began, Redacted: !as.secrets,
	}
	if as.full {
		meta.Mode = recording.Full
	}
	if slices.ContainsFunc(state.Contexts, func(c *inspector.Context) bool { return c.Traces }) {
		meta.Mode = recording.Engine
	}
	w, err := recording.Create(path, meta, recording.Options{KeepSecrets: as.secrets})
	if err != nil {
		return err
	}
	rec, err := recording.Record(ctx, b, w, recording.RecordOptions{Full: as.full || meta.Mode == recording.Engine})
	if err != nil {
		return errors.Join(err, w.Close())
	}
	l.mu.Lock()
	if l.making == nil {
		l.making = map[string]*recorder{}
	}
	l.making[b.ID()] = &recorder{browser: b.ID(), path: path, began: as.began, mode: meta.Mode, redact: !as.secrets, writer: w, record: rec}
	l.mu.Unlock()
	l.raise()
	return nil
}

// end ends the recording of a browser and gives its path.
// problems are what could not be recorded, in words.
func (l *library) end(ctx context.Context, browser string) (path string, problems []string, err error) {
	l.mu.Lock()
	r := l.making[browser]
	delete(l.making, browser)
	l.mu.Unlock()
	if r == nil {
		return "", nil, nil
	}
	err = r.record.Stop(ctx)
	problems = r.record.Progress().Problems
	meta := r.writer.Meta()
	meta.Ended = "stopped"
	err = errors.Join(err, r.writer.SetMeta(meta), r.writer.Flush(ctx), r.writer.Close())
	l.raise()
	return r.path, problems, err
}

// endWait bounds the end of a recording when the server ends.
const endWait = 10 * time.Second

func (l *library) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), endWait)
	defer cancel()
	l.mu.Lock()
	var running []string
	for id := range l.making {
		running = append(running, id)
	}
	l.mu.Unlock()
	var err error
	for _, id := range running {
		_, _, e := l.end(ctx, id)
		err = errors.Join(err, e)
	}
	for _, t := range l.tapes() {
		err = errors.Join(err, l.shut(t.id))
	}
	return err
}
