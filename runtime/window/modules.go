package window

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/evanw/esbuild/pkg/api"

	"github.com/swinspect/swinspect/runtime/fetch"
	"github.com/swinspect/swinspect/runtime/script"
	"github.com/swinspect/swinspect/runtime/webapi/fetchapi"
)

// scheduleModule fetches a module script with all it imports, bundles it, and runs
// it when it is its turn: deferred, unless async.
func (d *Document) scheduleModule(w *Node, s *scriptState) {
	_, async := attr(w.n, "async")
	async = async || s.forceAsync && !s.parserInserted
	if !async && s.parserInserted {
		d.deferred = append(d.deferred, s)
	}
	d.block()
	loader := &moduleLoader{client: d.fetchClient(), credentials: "same-origin", origin: d.origin, context: d.frame.page.context, ctx: d.ctx}
	if v, ok := attr(w.n, "crossorigin"); ok && strings.EqualFold(v, "use-credentials") {
		loader.credentials = "include"
	}
	s.run = func() { d.execute(w, s) }
	entry, source, external := s.url, s.source, s.source == ""
	var bundle string
	d.frame.page.group.agent.Go(func(ctx context.Context) {
		var err error
		if external {
			bundle, err = loader.bundle(entry.String(), nil)
		} else {
			bundle, err = loader.bundle(entry.String()+"#inline", &source)
		}
		d.queue("networking", func() {
			s.ready = true
			var syntax *moduleSyntaxError
			switch {
			case errors.As(err, &syntax):
				s.source = "throw new SyntaxError(" + quote(syntax.Error()) + ")"
			case err != nil:
				s.failed = true
			default:
				s.source, s.modules = bundle, loader.sources
			}
			if async || !s.parserInserted {
				s.run()
			} else {
				d.runDeferred()
			}
			d.unblock()
		})
	})
}

func quote(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		return `""`
	}
	return string(b)
}

// moduleLoader fetches modules for a document or a worker.
type moduleLoader struct {
	client      fetch.Client
	credentials fetch.Credentials
	origin      fetch.Origin
	context     *Context
	ctx         context.Context

	mu      sync.Mutex
	sources []script.Source // the modules so far, as they were fetched
}

// moduleSyntaxError is a module that does not parse, or imports what is not there.
type moduleSyntaxError struct{ text string }

func (e *moduleSyntaxError) Error() string { return e.text }

// bundle makes one script of a module graph; inline is the source of an inline
// module, nil for one at the URL. It blocks.
func (l *moduleLoader) bundle(entry string, inline *string) (string, error) {
	var failed error
	plugin := api.Plugin{Name: "fetch", Setup: func(b api.PluginBuild) {
		b.OnResolve(api.OnResolveOptions{Filter: ".*"}, func(a api.OnResolveArgs) (api.OnResolveResult, error) {
			if a.Kind == api.ResolveEntryPoint {
				return api.OnResolveResult{Path: entry, Namespace: "module"}, nil
			}
			if !strings.HasPrefix(a.Path, "/") && !strings.HasPrefix(a.Path, "./") && !strings.HasPrefix(a.Path, "../") && !strings.Contains(a.Path, ":") {
				return api.OnResolveResult{}, &script.SpecifierError{Specifier: a.Path, From: a.Importer}
			}
			base, err := fetch.ParseURL(strings.TrimSuffix(a.Importer, "#inline"), nil)
			if err != nil {
				return api.OnResolveResult{}, err
			}
			u, err := fetch.ParseURL(a.Path, base)
			if err != nil {
				return api.OnResolveResult{}, err
			}
			return api.OnResolveResult{Path: u.String(), Namespace: "module"}, nil
		})
		b.OnLoad(api.OnLoadOptions{Filter: ".*", Namespace: "module"}, func(a api.OnLoadArgs) (api.OnLoadResult, error) {
			source, kind := "", api.LoaderJS
			if inline != nil && a.Path == entry {
				source = *inline
				l.keep(strings.TrimSuffix(a.Path, "#inline"), source)
			} else {
				var err error
				if source, kind, err = l.load(a.Path, a.Path == entry); err != nil {
					failed = err
					return api.OnLoadResult{}, err
				}
				l.keep(a.Path, source)
			}
			source = strings.ReplaceAll(source, "import.meta.url", quote(strings.TrimSuffix(a.Path, "#inline")))
			return api.OnLoadResult{Contents: &source, Loader: kind}, nil
		})
	}}
	build := func(format api.Format) api.BuildResult {
		return api.Build(api.BuildOptions{
			EntryPoints: []string{entry}, Bundle: true, Write: false, Format: format, Target: api.ESNext, Sourcemap: api.SourceMapInline,
			SourcesContent: api.SourcesContentExclude, LogLevel: api.LogLevelSilent, Plugins: []api.Plugin{plugin}, Charset: api.CharsetUTF8,
			Supported: map[string]bool{"async-generator": false, "for-await": false, "decorators": false, "using": false},
		})
	}
	result := build(api.FormatIIFE)
	wrap := false
	for _, e := range result.Errors {
		if strings.Contains(e.Text, "Top-level await") {
			result, wrap = build(api.FormatESModule), true
			break
		}
	}
	if failed != nil {
		return "", failed
	}
	if len(result.Errors) > 0 {
		return "", &moduleSyntaxError{result.Errors[0].Text}
	}
	text := string(result.OutputFiles[0].Contents)
	if wrap {
		code, comment, _ := strings.Cut(text, "//# sourceMappingURL")
		if i := strings.LastIndex(code, "\nexport {"); i >= 0 {
			code = code[:i+1]
		}
		text = "(async () => {" + code + "})();\n//# sourceMappingURL" + comment
	}
	return `"use strict";` + text, nil
}

func (l *moduleLoader) keep(url, source string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !slices.ContainsFunc(l.sources, func(s script.Source) bool { return s.URL == url }) {
		l.sources = append(l.sources, script.Source{URL: url, Text: func() string { return source }, Module: true})
	}
}

// load fetches one module.
func (l *moduleLoader) load(url string, top bool) (string, api.Loader, error) {
	u, err := fetch.ParseURL(url, nil)
	if err != nil {
		return "", 0, err
	}
	r := fetch.NewRequest(u)
	r.Destination, r.Mode, r.Credentials = "script", "cors", l.credentials
	r.Origin, r.ClientID, r.ReferrerPolicy = l.origin, l.client.ID, l.client.ReferrerPolicy
	if !top {
		r.Referrer = u.String()
	}
	response := l.context.fetcher.Fetch(l.ctx, r, l.client)
	body, err := readBody(l.ctx, response)
	if err != nil {
		return "", 0, fmt.Errorf("failed to fetch the module %s: %w", url, err)
	}
	inner := response.Unfiltered()
	m, ok := fetch.ExtractMIMEType(inner.Headers)
	switch {
	case !inner.OK():
		return "", 0, fmt.Errorf("failed to fetch the module %s: status %d", url, inner.Status)
	case ok && isJavaScript(m.Essence()):
		return fetchapi.DecodeUTF8(body), api.LoaderJS, nil
	case ok && (m.Essence() == "application/json" || strings.HasSuffix(m.Essence(), "+json")):
		return fetchapi.DecodeUTF8(body), api.LoaderJSON, nil
	}
	return "", 0, fmt.Errorf("the module %s is served with a MIME type that is not JavaScript", url)
}
