package dap

import (
	"bytes"
	"context"
	"fmt"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	godap "github.com/google/go-dap"

	"github.com/swinspect/swinspect/inspector/debugger"
)

// sources are the scripts that were looked at. The session's mu guards it.
type sources struct {
	last int
	refs map[string]int       // by URL and text: two workers that run the same share it
	text map[int]string       // by reference
	of   map[scriptKey]string // what a script says
	same map[sameKey]bool
}

type scriptKey struct{ thread, script string }

// sameKey is a comparison of a script with a file as it was at a time.
type sameKey struct {
	scriptKey
	file     string
	modified time.Time
}

func (s *sources) init() {
	s.refs, s.text = map[string]int{}, map[int]string{}
	s.of, s.same = map[scriptKey]string{}, map[sameKey]bool{}
}

// forget forgets the scripts of a worker that is gone; what the client may still show
// stays.
func (s *sources) forget(thread string) {
	for k := range s.of {
		if k.thread == thread {
			delete(s.of, k)
		}
	}
	for k := range s.same {
		if k.thread == thread {
			delete(s.same, k)
		}
	}
}

// text is what a script says; it is asked for once.
func (x *session) text(ctx context.Context, at *Debuggee, k scriptKey) (string, error) {
	x.mu.Lock()
	text, ok := x.sources.of[k]
	x.mu.Unlock()
	if ok {
		return text, nil
	}
	text, err := at.Debugger.Source(ctx, k.thread, k.script)
	if err != nil {
		return "", err
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	x.sources.of[k] = text
	return text, nil
}

// sourceOf is what an editor shows for a script: the file of this machine when it says
// what the worker runs, else the worker's own text. An old version of a worker goes on
// running what the file said when it was installed.
func (x *session) sourceOf(ctx context.Context, at *Debuggee, thread, script, scriptURL string) *godap.Source {
	x.mu.Lock()
	file := x.paths.file(scriptURL)
	x.mu.Unlock()
	k := scriptKey{thread, script}
	text, err := x.text(ctx, at, k)
	if err != nil {
		if file != "" {
			return x.fileSource(file)
		}
		return &godap.Source{Name: scriptName(scriptURL), Path: scriptURL, Origin: "the worker does not tell its text"}
	}
	origin := ""
	if file != "" {
		if x.says(k, file, text) {
			return x.fileSource(file)
		}
		origin = "not what " + filepath.Base(file) + " says now"
	}
	source := x.virtual(scriptURL, text)
	source.Origin = origin
	return source
}

// virtual is a source that the client asks for by its reference.
func (x *session) virtual(name, text string) *godap.Source {
	x.mu.Lock()
	defer x.mu.Unlock()
	key := name + "\x00" + text
	ref, ok := x.sources.refs[key]
	if !ok {
		x.sources.last++
		ref = x.sources.last
		x.sources.refs[key], x.sources.text[ref] = ref, text
	}
	return &godap.Source{Name: scriptName(name), Path: name, SourceReference: ref}
}

// fileSource is a file of this machine.
func (x *session) fileSource(file string) *godap.Source {
	return &godap.Source{Name: filepath.Base(file), Path: x.pathOut(file)}
}

// pathOut writes a path as the client wants it.
func (x *session) pathOut(file string) string {
	if x.counts().PathFormat == "uri" {
		return toURI(file)
	}
	return file
}

// says reports whether a file says what a script says.
func (x *session) says(k scriptKey, file, text string) bool {
	info, err := os.Stat(file)
	if err != nil {
		return false
	}
	sk := sameKey{k, file, info.ModTime()}
	x.mu.Lock()
	same, ok := x.sources.same[sk]
	x.mu.Unlock()
	if ok {
		return same
	}
	b, err := os.ReadFile(file)
	same = err == nil && plain(string(b)) == plain(text)
	x.mu.Lock()
	defer x.mu.Unlock()
	x.sources.same[sk] = same
	return same
}

// plain leaves out of a text what nobody sees: the byte order mark and the carriage
// returns.
func plain(text string) string {
	return strings.ReplaceAll(strings.TrimPrefix(text, "\ufeff"), "\r\n", "\n")
}

// scriptName is the last part of a URL.
func scriptName(scriptURL string) string {
	if u, err := url.Parse(scriptURL); err == nil && u.Path != "" && path.Base(u.Path) != "/" {
		return path.Base(u.Path)
	}
	return scriptURL
}

func (x *session) source(_ context.Context, a *godap.SourceArguments) (any, error) {
	ref := a.SourceReference
	if ref == 0 && a.Source != nil {
		ref = a.Source.SourceReference
	}
	x.mu.Lock()
	text, ok := x.sources.text[ref]
	x.mu.Unlock()
	if ok {
		return godap.SourceResponseBody{Content: text, MimeType: "text/javascript"}, nil
	}
	if a.Source == nil || a.Source.Path == "" {
		return nil, fmt.Errorf("there is no source %d", ref)
	}
	file := fromURI(a.Source.Path)
	x.mu.Lock()
	known := slices.ContainsFunc(x.paths, func(m mapping) bool { return strings.HasPrefix(filepath.Clean(file), m.folder) })
	x.mu.Unlock()
	if !known { // a file that has nothing to do with this session
		return nil, fmt.Errorf("there is no source %s", a.Source.Path)
	}
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	return godap.SourceResponseBody{Content: string(bytes.ToValidUTF8(b, []byte("\uFFFD")))}, nil
}

// scripts finds what workers run of a source that a client names.
func (x *session) scripts(at *Debuggee, source godap.Source) []scriptKey {
	var found []scriptKey
	file := fromURI(source.Path)
	x.mu.Lock()
	p, want := x.paths, x.sources.text[source.SourceReference]
	x.mu.Unlock()
	for _, t := range live(at.Debugger.State()) {
		for _, s := range at.Debugger.Scripts(t.ID) {
			k := scriptKey{t.ID, s.ID}
			if source.SourceReference != 0 {
				x.mu.Lock()
				text, ok := x.sources.of[k]
				x.mu.Unlock()
				if ok && text == want && s.URL == source.Path {
					found = append(found, k)
				}
				continue
			}
			if s.URL == source.Path || (file != "" && p.file(s.URL) == filepath.Clean(file)) {
				found = append(found, k)
			}
		}
	}
	return found
}

// loadedSources lists the scripts of all workers, each once.
func (x *session) loadedSources(ctx context.Context, _ *struct{}) (any, error) {
	at, err := x.debuggee()
	if err != nil {
		return nil, err
	}
	body := godap.LoadedSourcesResponseBody{Sources: []godap.Source{}}
	for _, t := range live(at.Debugger.State()) {
		for _, s := range at.Debugger.Scripts(t.ID) {
			source := x.sourceOf(ctx, at, t.ID, s.ID, s.URL)
			known := func(o godap.Source) bool {
				return o.Path == source.Path && o.SourceReference == source.SourceReference
			}
			if !slices.ContainsFunc(body.Sources, known) {
				body.Sources = append(body.Sources, *source)
			}
		}
	}
	return body, nil
}

// sourcesWithin bounds how long a worker may take to tell its scripts' texts.
const sourcesWithin = 3 * time.Second

// tellSources tells of scripts that workers have begun to run.
func (x *session) tellSources(ctx context.Context, at *Debuggee, s *debugger.State) {
	ctx, cancel := context.WithTimeout(ctx, sourcesWithin)
	defer cancel()
	generated := false
	for _, t := range live(s) {
		for _, script := range at.Debugger.Scripts(t.ID) {
			key := t.ID + "\x00" + script.ID
			if x.told.scripts[key] {
				continue
			}
			x.told.scripts[key] = true
			// The text is not asked for here: a worker may be about to stop.
			source := &godap.Source{Name: scriptName(script.URL), Path: script.URL}
			x.mu.Lock()
			file := x.paths.file(script.URL)
			x.mu.Unlock()
			if file == "" {
				source = x.sourceOf(ctx, at, t.ID, script.ID, script.URL)
			} else {
				source = x.fileSource(file)
			}
			x.out.event("loadedSource", godap.LoadedSourceEventBody{Reason: "new", Source: *source})
			generated = generated || script.SourceMap != ""
		}
	}
	if generated {
		x.remap(ctx, at)
	}
}

// breakpointLocations lists where breakpoints can stand, as far as a worker that runs
// the source tells.
func (x *session) breakpointLocations(ctx context.Context, a *godap.BreakpointLocationsArguments) (any, error) {
	at, err := x.debuggee()
	if err != nil {
		return nil, err
	}
	body := godap.BreakpointLocationsResponseBody{Breakpoints: []godap.BreakpointLocation{}}
	from, to := x.lineIn(a.Line), x.lineIn(a.EndLine)
	if a.EndLine == 0 {
		to = from
	}
	file := filepath.Clean(fromURI(a.Source.Path))
	for _, b := range x.bundlesHere() {
		if source := slices.Index(b.files, file); source >= 0 && a.Source.Path != "" {
			for _, p := range b.m.Places(source, from, to) {
				body.Breakpoints = append(body.Breakpoints, godap.BreakpointLocation{Line: x.lineOut(p.Line), Column: x.columnOut(p.Column)})
			}
			return body, nil
		}
	}
	all := x.scripts(at, a.Source)
	if len(all) == 0 {
		return body, nil
	}
	// Other workers run the same text, or another that the editor does not show.
	places, err := at.Debugger.Places(ctx, all[0].thread, all[0].script, from, to)
	if err != nil {
		return nil, err
	}
	for _, p := range places {
		body.Breakpoints = append(body.Breakpoints, godap.BreakpointLocation{Line: x.lineOut(p.Line), Column: x.columnOut(p.Column)})
	}
	return body, nil
}
