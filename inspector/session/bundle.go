package session

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/dop251/goja"
	"github.com/evanw/esbuild/pkg/api"

	"github.com/swinspect/swinspect/inspector/session/report"
	"github.com/swinspect/swinspect/runtime/script"
)

// apiModule is the module that scripts import.
const apiModule = "swinspect"

// bundle is a script with all that it imports, compiled: a function of the API that
// gives a promise.
type bundle struct {
	program *goja.Program
	inputs  []string // files that were read
	// mentions are words of the script: what it never says it never uses.
	text string
}

// mentions reports whether the script says a word anywhere.
func (b *bundle) mentions(word string) bool { return strings.Contains(b.text, word) }

// callsTest finds what declares a test.
var callsTest = regexp.MustCompile(`\btest\w*\s*(?:\.\s*\w+\s*)?\(`)

// compileError is a script that cannot be compiled.
type compileError struct {
	message string
	at      report.Place
}

func (e *compileError) Error() string { return e.message }

// newBundle reads and compiles a script. The error is a *compileError.
func newBundle(file string) (*bundle, error) {
	path, err := filepath.Abs(file)
	if err == nil {
		_, err = os.Stat(path)
	}
	if err != nil {
		return nil, &compileError{message: "the script cannot be read: " + err.Error(), at: report.Place{File: file}}
	}
	dir := filepath.Dir(path)
	quoted, err := json.Marshal("./" + filepath.Base(path))
	if err != nil {
		return nil, &compileError{message: err.Error()}
	}
	built := api.Build(api.BuildOptions{
		Stdin:  &api.StdinOptions{Contents: "import " + string(quoted), ResolveDir: dir, Sourcefile: "swinspect:entry"},
		Bundle: true, Write: false, Format: api.FormatESModule, Target: api.ESNext, Supported: script.Supported(),
		Sourcemap: api.SourceMapInline, SourcesContent: api.SourcesContentExclude, LogLevel: api.LogLevelSilent, LegalComments: api.LegalCommentsNone,
		Platform: api.PlatformNeutral, MainFields: []string{"module", "main"}, Conditions: []string{"import", "default"},
		TreeShaking: api.TreeShakingFalse, IgnoreAnnotations: true, Outfile: filepath.Join(dir, "swinspect-bundle.js"), AbsWorkingDir: dir, Metafile: true,
		Loader:  map[string]api.Loader{".html": api.LoaderText, ".txt": api.LoaderText, ".md": api.LoaderText},
		Plugins: []api.Plugin{{Name: "swinspect", Setup: plugin}},
	})
	if len(built.Errors) > 0 {
		return nil, asCompileError(dir, file, built.Errors[0])
	}
	b := &bundle{inputs: inputsOf(dir, built.Metafile)}
	code, text, err := wrap(dir, string(built.OutputFiles[0].Contents))
	if err != nil {
		return nil, &compileError{message: err.Error(), at: report.Place{File: file}}
	}
	b.text = text
	b.program, err = script.CompileMapped(fileURL(path), code)
	if err != nil {
		return nil, syntaxError(err, file)
	}
	return b, nil
}

// plugin gives scripts the module of the API, and each module its import.meta.
func plugin(b api.PluginBuild) {
	const namespace = "swinspect-api"
	b.OnResolve(api.OnResolveOptions{Filter: "^" + apiModule + "$"}, func(api.OnResolveArgs) (api.OnResolveResult, error) {
		return api.OnResolveResult{Path: apiModule, Namespace: namespace}, nil
	})
	b.OnLoad(api.OnLoadOptions{Filter: ".*", Namespace: namespace}, func(api.OnLoadArgs) (api.OnLoadResult, error) {
		var text strings.Builder
		for _, name := range exports {
			fmt.Fprintf(&text, "export const %s = __swinspect__.%[1]s;\n", name)
		}
		contents := text.String()
		return api.OnLoadResult{Contents: &contents, Loader: api.LoaderJS}, nil
	})
	b.OnLoad(api.OnLoadOptions{Filter: `\.[cm]?[jt]sx?$`}, func(a api.OnLoadArgs) (api.OnLoadResult, error) {
		data, err := os.ReadFile(a.Path)
		if err != nil || !strings.Contains(string(data), "import.meta") {
			return api.OnLoadResult{}, nil // esbuild reads it itself, and says what is wrong
		}
		loader := api.LoaderTS
		if strings.HasSuffix(a.Path, "x") {
			loader = api.LoaderTSX
		}
		at, _ := json.Marshal(map[string]string{"url": fileURL(a.Path), "filename": a.Path, "dirname": filepath.Dir(a.Path)})
		href, _ := json.Marshal(fileURL(a.Path))
		r := api.Transform(string(data), api.TransformOptions{
			Loader: loader, Target: api.ESNext, Format: api.FormatESModule, LogLevel: api.LogLevelSilent, Sourcefile: filepath.Base(a.Path),
			Sourcemap: api.SourceMapInline, SourcesContent: api.SourcesContentExclude,
			Define: map[string]string{"import.meta.url": string(href), "import.meta": string(at)},
		})
		if len(r.Errors) > 0 {
			return api.OnLoadResult{}, nil
		}
		contents := string(r.Code)
		return api.OnLoadResult{Contents: &contents, Loader: loader, ResolveDir: filepath.Dir(a.Path)}, nil
	})
}

// asCompileError says what esbuild found wrong.
func asCompileError(dir, file string, m api.Message) error {
	e := &compileError{message: m.Text, at: report.Place{File: file}}
	if l := m.Location; l != nil && l.File != "swinspect:entry" {
		e.at = report.Place{File: shortPath(filepath.Join(dir, l.File), file), Line: l.Line, Column: l.Column + 1}
	}
	if name, ok := strings.CutPrefix(m.Text, `Could not resolve "`); ok {
		name, _, _ = strings.Cut(name, `"`)
		if !strings.HasPrefix(name, ".") {
			e.message += ": scripts can import files, packages that are installed here, and 'swinspect'; there are no modules of Node"
		}
	}
	if strings.HasPrefix(m.Text, "No matching export in") && strings.Contains(m.Text, "swinspect-api:") {
		_, name, _ := strings.Cut(m.Text, `for import "`)
		e.message = fmt.Sprintf("'swinspect' has no %q: it exports %s", strings.TrimSuffix(name, `"`), strings.Join(exports, ", "))
	}
	return e
}

// syntaxError is what the interpreter finds wrong in a bundle.
func syntaxError(err error, file string) error {
	var wrong *goja.CompilerSyntaxError
	e := &compileError{message: err.Error(), at: report.Place{File: file}}
	if errors.As(err, &wrong) {
		e.message = "the interpreter cannot run this: " + wrong.Message
		if wrong.File != nil {
			if p := wrong.File.Position(wrong.Offset); strings.HasPrefix(p.Filename, "file:") {
				e.at = report.Place{File: shortPath(pathOf(p.Filename), file), Line: p.Line, Column: p.Column}
			}
		}
	}
	return e
}

func inputsOf(dir, metafile string) []string {
	var meta struct {
		Inputs map[string]json.RawMessage `json:"inputs"`
	}
	if json.Unmarshal([]byte(metafile), &meta) != nil {
		return nil
	}
	var all []string
	for name := range meta.Inputs {
		if !strings.Contains(name, ":") || filepath.IsAbs(name) {
			all = append(all, filepath.Join(dir, name))
		}
	}
	slices.Sort(all)
	return all
}

const mapMark = "//# sourceMappingURL=data:application/json;base64,"

// wrap makes a function of a bundle, and URLs of the sources in its map. text is the
// code without the map.
func wrap(dir, code string) (wrapped, text string, err error) {
	i := strings.LastIndex(code, mapMark)
	if i < 0 {
		return "", "", errors.New("the bundler gave no source map")
	}
	data, err := base64.StdEncoding.DecodeString(strings.TrimSpace(code[i+len(mapMark):]))
	if err != nil {
		return "", "", err
	}
	var m map[string]any
	if err := json.Unmarshal(data, &m); err != nil {
		return "", "", err
	}
	sources, _ := m["sources"].([]any)
	for i, s := range sources {
		name, _ := s.(string)
		switch {
		case strings.HasPrefix(name, "swinspect-api:"), strings.HasPrefix(name, "swinspect:"):
			sources[i] = "swinspect:" + apiModule
		default:
			sources[i] = fileURL(filepath.Join(dir, name))
		}
	}
	mappings, _ := m["mappings"].(string)
	m["mappings"] = ";" + mappings
	if data, err = json.Marshal(m); err != nil {
		return "", "", err
	}
	text = code[:i]
	return "(async (__swinspect__) => {\"use strict\";\n" + text + "\n})\n" + mapMark + base64.StdEncoding.EncodeToString(data), text, nil
}

// fileURL is the URL of a file.
func fileURL(path string) string {
	p := filepath.ToSlash(path)
	if !strings.HasPrefix(p, "/") {
		p = "/" + p
	}
	return (&url.URL{Scheme: "file", Path: p}).String()
}

// pathOf is the path of a file's URL.
func pathOf(fileURL string) string {
	u, err := url.Parse(fileURL)
	if err != nil || u.Scheme != "file" {
		return fileURL
	}
	p := u.Path
	if len(p) > 2 && p[0] == '/' && p[2] == ':' {
		p = p[1:] // a drive
	}
	return filepath.FromSlash(p)
}

// shortPath names a file as the user did: the script by the name it was given, others
// relative to it.
func shortPath(path, file string) string {
	abs, err := filepath.Abs(file)
	if err != nil {
		return path
	}
	if abs == path {
		return file
	}
	if rel, err := filepath.Rel(filepath.Dir(abs), path); err == nil && !filepath.IsAbs(file) {
		return filepath.Join(filepath.Dir(file), rel)
	}
	return path
}
