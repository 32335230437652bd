package dap

import (
	"context"
	"encoding/base64"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	godap "github.com/google/go-dap"

	"github.com/swinspect/swinspect/breakpoints"
	"github.com/swinspect/swinspect/inspector/debugger"
	"github.com/swinspect/swinspect/inspector/sourcemap"
)

// bundle is a generated script with its source map.
type bundle struct {
	m      *sourcemap.Map
	script string   // pattern of its URL
	files  []string // of the sources on this machine, "" for those that are not
	names  []string // the sources, as URLs where that is possible
}

// maps are the bundles that were looked at. The session's mu guards it.
type maps struct {
	ofScript map[scriptKey]*bundle // nil: it has none that can be read
	ofFile   map[string]fileBundle // by the path of the map
	walked   time.Time
}

// fileBundle is what a map on this machine was when it was modified last.
type fileBundle struct {
	modified time.Time
	b        *bundle
}

func (m *maps) init() {
	m.ofScript, m.ofFile, m.walked = map[scriptKey]*bundle{}, map[string]fileBundle{}, time.Time{}
}

// forget forgets the scripts of a worker that is gone.
func (m *maps) forget(thread string) {
	for k := range m.ofScript {
		if k.thread == thread {
			delete(m.ofScript, k)
		}
	}
}

// Bounds of looking for maps in the folders that are served.
const (
	walkedFor  = 2 * time.Second
	maxWalked  = 50_000
	maxMapFile = 64 << 20
)

// bundlesHere are the bundles in the folders that are served: before a worker has run,
// what is known of the scripts that it will run.
func (x *session) bundlesHere() []*bundle {
	x.mu.Lock()
	p, fresh := x.paths, time.Since(x.maps.walked) < walkedFor
	x.mu.Unlock()
	if !fresh {
		seen := 0
		for _, m := range p {
			// What cannot be read is not there.
			_ = filepath.WalkDir(m.folder, func(path string, d fs.DirEntry, err error) error {
				if seen++; seen > maxWalked {
					return fs.SkipAll
				}
				switch {
				case err != nil:
					return nil
				case d.IsDir() && path != m.folder && (d.Name() == "node_modules" || strings.HasPrefix(d.Name(), ".")):
					return fs.SkipDir
				case strings.HasSuffix(path, "js.map"):
					x.readMap(path)
				}
				return nil
			})
		}
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if !fresh {
		x.maps.walked = time.Now()
	}
	var all []*bundle
	for _, f := range x.maps.ofFile {
		if f.b != nil {
			all = append(all, f.b)
		}
	}
	slices.SortFunc(all, func(a, b *bundle) int { return strings.Compare(a.script, b.script) })
	return all
}

// readMap reads the map in a file, unless it is known; nil when there is none.
func (x *session) readMap(path string) *bundle {
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() || info.Size() > maxMapFile {
		return nil
	}
	x.mu.Lock()
	known, ok := x.maps.ofFile[path]
	x.mu.Unlock()
	if ok && known.modified.Equal(info.ModTime()) {
		return known.b
	}
	var b *bundle
	if data, err := os.ReadFile(path); err == nil {
		b = x.newBundle(data, strings.TrimSuffix(path, ".map"), "", filepath.Dir(path))
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	x.maps.ofFile[path] = fileBundle{info.ModTime(), b}
	return b
}

// newBundle reads a map. script is the file or the URL of the script; relative sources
// are looked for from the URL base and in the folder dir, each when it is known.
func (x *session) newBundle(data []byte, script, base, dir string) *bundle {
	m, err := sourcemap.Parse(data)
	if err != nil {
		return nil
	}
	x.mu.Lock()
	p := x.paths
	webRoot := ""
	if x.common != nil {
		webRoot = x.common.WebRoot
	}
	x.mu.Unlock()
	b := &bundle{m: m}
	b.script, _ = p.pattern(script)
	for _, source := range m.Sources {
		name := source
		if u, err := url.Parse(base); err == nil && base != "" {
			if r, err := u.Parse(source); err == nil {
				name = r.String()
			}
		}
		b.names = append(b.names, name)
		b.files = append(b.files, p.sourceFile(source, name, dir, webRoot))
	}
	return b
}

// sourceFile is the file of this machine that a map names as a source, "" when there is
// none.
func (p paths) sourceFile(source, name, dir, webRoot string) string {
	if source == "" {
		return ""
	}
	if u, err := url.Parse(source); err == nil && len(u.Scheme) > 1 {
		switch u.Scheme {
		case "http", "https", "file":
			return p.file(source)
		}
		// webpack://app/./src/sw.ts is a path from the project's root, which lies at the
		// web root or above it.
		rest := filepath.FromSlash(strings.TrimPrefix(u.Path, "/"))
		for up, at := 0, webRoot; rest != "" && at != "" && up < 4; up, at = up+1, filepath.Dir(at) {
			if found := existing(filepath.Join(at, rest)); found != "" {
				return found
			}
		}
		return ""
	}
	if dir != "" {
		path := filepath.FromSlash(source)
		if !filepath.IsAbs(path) {
			path = filepath.Join(dir, path)
		}
		if found := existing(path); found != "" {
			return found
		}
	}
	return p.file(name)
}

// bundle is the bundle that a worker's script is; nil when it is none, or its map is
// neither in the script nor on this machine.
func (x *session) bundle(ctx context.Context, at *Debuggee, k scriptKey) *bundle {
	x.mu.Lock()
	b, ok := x.maps.ofScript[k]
	p := x.paths
	x.mu.Unlock()
	if ok {
		return b
	}
	all := at.Debugger.Scripts(k.thread)
	i := slices.IndexFunc(all, func(s debugger.Script) bool { return s.ID == k.script })
	if i < 0 {
		return nil
	}
	if script := all[i]; script.SourceMap != "" {
		b = x.readBundle(ctx, at, k, script, p)
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	x.maps.ofScript[k] = b
	return b
}

func (x *session) readBundle(ctx context.Context, at *Debuggee, k scriptKey, script debugger.Script, p paths) *bundle {
	file, dir := p.file(script.URL), ""
	if file != "" {
		dir = filepath.Dir(file)
	}
	if data, ok := strings.CutPrefix(script.SourceMap, "data:"); ok {
		return x.newBundle(inlined(data), script.URL, script.URL, dir)
	}
	base, err := url.Parse(script.URL)
	if err != nil {
		return nil
	}
	u, err := base.Parse(script.SourceMap)
	if err != nil {
		return nil
	}
	here := p.file(u.String())
	if here == "" {
		return nil
	}
	// The map on this machine is of the script on this machine, which may be newer.
	if text, err := x.text(ctx, at, k); err != nil || file == "" || !x.says(k, file, text) {
		return nil
	}
	b := x.readMap(here)
	if b == nil {
		return nil
	}
	own := *b
	own.script = script.URL
	return &own
}

// inlined is what a data: URL holds, nil when it cannot be read.
func inlined(data string) []byte {
	kind, text, _ := strings.Cut(data, ",")
	if strings.HasSuffix(kind, ";base64") {
		b, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			return nil
		}
		return b
	}
	text, err := url.PathUnescape(text)
	if err != nil {
		return nil
	}
	return []byte(text)
}

// original is what was written of a place in a worker's script, when it was generated.
func (x *session) original(ctx context.Context, at *Debuggee, k scriptKey, line, column int) (*godap.Source, debugger.Place, bool) {
	b := x.bundle(ctx, at, k)
	if b == nil {
		return nil, debugger.Place{}, false
	}
	p, ok := b.m.Original(line, column)
	if !ok {
		return nil, debugger.Place{}, false
	}
	place := debugger.Place{URL: b.names[p.Source], Line: p.Line, Column: p.Column}
	file, content := b.files[p.Source], b.m.Contents[p.Source]
	var source *godap.Source
	switch {
	case file != "" && (content == "" || x.holds(file, content)):
		source = x.fileSource(file)
	case content != "":
		source = x.virtual(place.URL, content)
		if file != "" {
			source.Origin = "not what " + filepath.Base(file) + " says now"
		}
	default:
		return nil, debugger.Place{}, false
	}
	if b.m.Library[p.Source] {
		source.PresentationHint = "deemphasize"
	}
	return source, place, true
}

// holds reports whether a file says a text.
func (x *session) holds(file, text string) bool {
	b, err := os.ReadFile(file)
	return err == nil && plain(string(b)) == plain(text)
}

// target is a place in a script where a breakpoint is set.
type target struct {
	want   breakpoints.Breakpoint // with its ID once it is set
	b      *bundle                // the script is generated; nil: it is the source itself
	source int                    // of the bundle's
}

// maxTargets bounds the bundles in which a line is set.
const maxTargets = 8

// targets are the places where a line of a file is in the scripts that are made of it.
func (x *session) targets(ctx context.Context, at *Debuggee, file string, line, column int) []target {
	all := x.bundlesHere()
	for _, t := range live(at.Debugger.State()) {
		for _, s := range at.Debugger.Scripts(t.ID) {
			if s.SourceMap == "" {
				continue
			}
			if b := x.bundle(ctx, at, scriptKey{t.ID, s.ID}); b != nil && !slices.ContainsFunc(all, func(o *bundle) bool { return breakpoints.MatchURL(o.script, b.script) }) {
				all = append(all, b)
			}
		}
	}
	var found []target
	for _, b := range all {
		source := slices.Index(b.files, file)
		if source < 0 || len(found) == maxTargets {
			continue
		}
		if l, c, ok := b.m.Generated(source, line, column); ok {
			found = append(found, target{b: b, source: source, want: breakpoints.Breakpoint{Line: &breakpoints.LineAt{URL: b.script, Line: l, Column: c}}})
		}
	}
	return found
}
