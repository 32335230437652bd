package script

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/dop251/goja"
	"github.com/dop251/goja/ast"
	"github.com/dop251/goja/parser"
	"github.com/evanw/esbuild/pkg/api"
	whatwg "github.com/nlnwa/whatwg-url/url"
)

// ModuleLoader fetches one module by its absolute URL. final is where it came from
// after redirects: what its own imports are relative to, and its import.meta.url.
type ModuleLoader func(ctx context.Context, url string) (source []byte, final string, err error)

// ErrAsyncModule is a module with a top-level await where none may be.
var ErrAsyncModule error = shown("Top-level await is disallowed in service workers.")

// shown is an error whose text scripts see, worded as browsers word it.
type shown string

func (e shown) Error() string { return string(e) }

// CompileModule compiles a module with all that it imports into one strict script:
// each module is evaluated once, in order, with its own import.meta.url, and stacks
// name the original files. import() is a rejected promise. The error is a
// *goja.CompilerSyntaxError, ErrAsyncModule, what load gave, or a *SpecifierError.
// It starts goroutines and waits for them; load is called from several at once.
func CompileModule(ctx context.Context, entry string, load ModuleLoader) (*goja.Program, error) {
	code, _, _, err := bundle(ctx, entry, load)
	if err != nil {
		return nil, err
	}
	key := programKey{entry, "module", sha256.Sum256([]byte(code))}
	if p := programs.get(key); p != nil {
		return p, nil
	}
	tree, err := parseBundle(entry, code)
	if err != nil {
		return nil, err
	}
	p, err := goja.CompileAST(tree, false)
	if err != nil {
		return nil, err
	}
	programs.put(key, p, len(code))
	return p, nil
}

// compileModule is CompileModule with probes.
func compileModule(ctx context.Context, entry string, load ModuleLoader) (*debugProgram, error) {
	code, sources, resolve, err := bundle(ctx, entry, load)
	if err != nil {
		return nil, err
	}
	return keepDebug(programKey{entry, "module", sha256.Sum256([]byte(code))}, func() (*debugProgram, error) {
		tree, err := parseBundle(entry, code)
		if err != nil {
			return nil, err
		}
		p, err := newDebugProgram(tree, sources, true)
		if err == nil {
			p.linkModules(resolve)
		}
		return p, err
	})
}

func parseBundle(entry, code string) (*ast.Program, error) {
	tree, err := parseText(entry, code, parser.WithSourceMapLoader(inlineMap))
	if err != nil {
		return nil, asSyntaxError(entry, code, err)
	}
	guardSyntax(tree, code)
	return tree, nil
}

// bundle makes one script of a module and all that it imports. sources are the modules'
// texts as they were fetched, the entry first.
func bundle(ctx context.Context, entry string, load ModuleLoader) (code string, sources []debugSource, resolve func(specifier, importer string) (string, error), err error) {
	g := &moduleGraph{ctx: ctx, load: load, failed: map[string]error{}}
	result := api.Build(api.BuildOptions{
		EntryPoints: []string{entry}, Bundle: true, Write: false, Format: api.FormatIIFE, Target: api.ESNext, Supported: unsupported,
		Sourcemap: api.SourceMapInline, SourcesContent: api.SourcesContentExclude, LogLevel: api.LogLevelSilent, LegalComments: api.LegalCommentsNone,
		Define:   map[string]string{"exports": "undefined", "module": "undefined", "require": "undefined"},
		Platform: api.PlatformNeutral, TreeShaking: api.TreeShakingFalse, IgnoreAnnotations: true, Outfile: "/module.js", SourceRoot: "",
		Plugins: []api.Plugin{{Name: "modules", Setup: g.setup}},
	})
	if len(result.Errors) > 0 {
		return "", nil, nil, g.failure(entry, result.Errors[0])
	}
	code = string(result.OutputFiles[0].Contents)
	code = strings.ReplaceAll(code, "__toESM(__require(", noImport)
	code = strings.ReplaceAll(code, "__toESM(require(", noImport)
	code = g.restoreSources(`"use strict";` + code)
	slices.SortFunc(g.sources, func(a, b debugSource) int {
		switch {
		case a.name == b.name:
			return 0
		case a.name == entry:
			return -1
		case b.name == entry:
			return 1
		}
		return strings.Compare(a.name, b.name)
	})
	return code, g.sources, g.resolve, nil
}

// SpecifierError is an import of something that is neither a URL nor a relative path.
type SpecifierError struct{ Specifier, From string }

func (e *SpecifierError) Error() string {
	return fmt.Sprintf("Failed to resolve module specifier %q. Relative references must start with either \"/\", \"./\", or \"../\".", e.Specifier)
}

// moduleGraph is one CompileModule: esbuild asks it for modules.
type moduleGraph struct {
	ctx  context.Context
	load ModuleLoader

	mu     sync.Mutex
	failed map[string]error  // by URL
	base   map[string]string // final URL by URL
	first  error

	sources []debugSource
}

const moduleNamespace = "url"

func (g *moduleGraph) setup(b api.PluginBuild) {
	b.OnResolve(api.OnResolveOptions{Filter: ".*"}, func(a api.OnResolveArgs) (api.OnResolveResult, error) {
		if a.Kind == api.ResolveEntryPoint {
			return api.OnResolveResult{Path: a.Path, Namespace: moduleNamespace}, nil
		}
		if a.Kind == api.ResolveJSDynamicImport || a.Kind == api.ResolveJSRequireCall {
			return api.OnResolveResult{Path: a.Path, External: true}, nil
		}
		u, err := g.resolve(a.Path, a.Importer)
		if err != nil {
			return api.OnResolveResult{}, g.fail(a.Path, err)
		}
		return api.OnResolveResult{Path: u, Namespace: moduleNamespace, SideEffects: api.SideEffectsTrue}, nil
	})
	b.OnLoad(api.OnLoadOptions{Filter: ".*", Namespace: moduleNamespace}, func(a api.OnLoadArgs) (api.OnLoadResult, error) {
		source, final, err := g.load(g.ctx, a.Path)
		if err != nil {
			return api.OnLoadResult{}, g.fail(a.Path, err)
		}
		g.mu.Lock()
		if g.base == nil {
			g.base = map[string]string{}
		}
		g.base[a.Path] = final
		text := strings.TrimPrefix(strings.ToValidUTF8(string(source), "\uFFFD"), "\uFEFF")
		g.sources = append(g.sources, debugSource{url: final, name: a.Path, text: text, module: true})
		g.mu.Unlock()
		if nestsDeeperThan(text, maxNesting) {
			return api.OnLoadResult{}, g.fail(a.Path, syntaxError(a.Path, text, "the script is nested too deeply", 0))
		}
		// A file without import and export is a module all the same.
		text = withMeta(text, final) + "\nexport {}"
		return api.OnLoadResult{Contents: &text, Loader: api.LoaderJS}, nil
	})
}

// resolve is "resolve a module specifier" without an import map.
func (g *moduleGraph) resolve(specifier, importer string) (string, error) {
	if u, err := whatwg.Parse(specifier); err == nil {
		return u.Href(false), nil
	}
	if !strings.HasPrefix(specifier, "/") && !strings.HasPrefix(specifier, "./") && !strings.HasPrefix(specifier, "../") {
		return "", &SpecifierError{specifier, importer}
	}
	g.mu.Lock()
	from := g.base[importer]
	g.mu.Unlock()
	u, err := whatwg.ParseRef(from, specifier)
	if err != nil {
		return "", &SpecifierError{specifier, importer}
	}
	return u.Href(false), nil
}

// withMeta gives a module its own import.meta, in place, so that lines stay.
func withMeta(source, url string) string {
	if !strings.Contains(source, "import.meta") {
		return source
	}
	quoted, _ := json.Marshal(url)
	r := api.Transform(source, api.TransformOptions{
		Loader: api.LoaderJS, Target: api.ESNext, Format: api.FormatESModule, LogLevel: api.LogLevelSilent, Sourcefile: url,
		Sourcemap: api.SourceMapInline, SourcesContent: api.SourcesContentExclude,
		Define: map[string]string{"import.meta.url": string(quoted), "import.meta": `{"url":` + string(quoted) + `}`},
	})
	if len(r.Errors) > 0 {
		return source // the bundle reports it
	}
	return string(r.Code)
}

func (g *moduleGraph) fail(url string, err error) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.failed[url] = err
	if g.first == nil {
		g.first = err
	}
	return err
}

// failure is the error behind one of esbuild's messages.
func (g *moduleGraph) failure(entry string, m api.Message) error {
	if g.first != nil {
		return g.first
	}
	if strings.Contains(m.Text, "Top-level await") {
		return ErrAsyncModule
	}
	url, line, column := entry, 0, 0
	if m.Location != nil {
		url, line, column = strings.TrimPrefix(m.Location.File, moduleNamespace+":"), m.Location.Line, m.Location.Column+1
	}
	text := strings.Repeat("\n", max(line-1, 0)) + strings.Repeat(" ", max(column-1, 0)) + " "
	return syntaxError(url, text, m.Text, len(text)-1)
}

// restoreSources takes esbuild's namespace off the names in the source map.
func (g *moduleGraph) restoreSources(code string) string {
	const mark = "//# sourceMappingURL=data:application/json;base64,"
	i := strings.LastIndex(code, mark)
	if i < 0 {
		return code
	}
	data, err := inlineMap("data:application/json;base64," + strings.TrimSpace(code[i+len(mark):]))
	if err != nil {
		return code
	}
	var sourceMap map[string]any
	if json.Unmarshal(data, &sourceMap) != nil {
		return code
	}
	if sources, ok := sourceMap["sources"].([]any); ok {
		for i, s := range sources {
			if name, ok := s.(string); ok {
				sources[i] = strings.TrimPrefix(name, moduleNamespace+":")
			}
		}
	}
	data, err = json.Marshal(sourceMap)
	if err != nil {
		return code
	}
	return code[:i] + mark + base64Encode(data)
}
