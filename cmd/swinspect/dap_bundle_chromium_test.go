package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/evanw/esbuild/pkg/api"
	godap "github.com/google/go-dap"

	"github.com/swinspect/swinspect/internal/dapclient"
)

func TestDAPBundleOnChromium(t *testing.T) { dapBundle(t, "chromium", api.SourceMapLinked) }

func TestDAPBundleOnTheEngine(t *testing.T) { dapBundle(t, "engine", api.SourceMapLinked) }

func TestDAPInlineMapOnChromium(t *testing.T) { dapBundle(t, "chromium", api.SourceMapInline) }

// A worker that was written in TypeScript, in two files, and is served as one minified
// script: breakpoints are set in what was written, and stacks show it.
func dapBundle(t *testing.T, backend string, kind api.SourceMap) {
	dir := t.TempDir()
	files := map[string]string{
		"src/sw.ts": `import { named } from './names';
interface Waits { waitUntil(p: Promise<unknown>): void }
const scope = self as unknown as { addEventListener(type: string, f: (e: Waits) => void): void };

scope.addEventListener('install', (event: Waits) => {
  event.waitUntil(fill('v1'));
});
scope.addEventListener('push', (event: Waits) => {
  event.waitUntil(fill('pushed'));
});

async function fill(version: string): Promise<string> {
  const name: string = named(version);
  const cache = await caches.open(name);
  await cache.put('/kept', new Response(name));
  return name;
}
`,
		"src/names.ts": `// Names of caches.

type Version = string;

export function named(version: Version): string {
  const prefix: string = 'pages';
  return prefix + '-' + version;
}
`,
		"dist/index.html": `<!doctype html><title>site</title><script>navigator.serviceWorker.register('/sw.js')</script>`,
	}
	for name, text := range files {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	built := api.Build(api.BuildOptions{
		EntryPoints: []string{filepath.Join(dir, "src", "sw.ts")}, Outfile: filepath.Join(dir, "dist", "sw.js"), Bundle: true,
		MinifyWhitespace: true, MinifyIdentifiers: true, Sourcemap: kind, Write: true, LogLevel: api.LogLevelSilent,
	})
	if len(built.Errors) > 0 {
		t.Fatal(built.Errors)
	}
	dist, names, sw := filepath.Join(dir, "dist"), filepath.Join(dir, "src", "names.ts"), filepath.Join(dir, "src", "sw.ts")
	c := startDAP(t)
	set := func(path string, line int) godap.Breakpoint {
		return dapclient.Ask[*godap.SetBreakpointsResponse](c, "setBreakpoints", godap.SetBreakpointsArguments{
			Source: godap.Source{Path: path}, Breakpoints: []godap.SourceBreakpoint{{Line: line}},
		}).Body.Breakpoints[0]
	}
	c.Begin("launch", map[string]any{"backend": backend, "site": dist, "url": "/", "stopOnEntry": kind == api.SourceMapInline}, func() {
		set(names, 7)
		set(sw, 14)
	})
	if kind == api.SourceMapInline { // which is known only once the worker has its script
		first := c.Stopped().Body
		c.Find("the breakpoints to be verified", 0, func(m godap.Message) bool {
			e, ok := m.(*godap.BreakpointEvent)
			return ok && e.Body.Breakpoint.Verified && e.Body.Breakpoint.Line == 14
		})
		dapclient.Ask[*godap.ContinueResponse](c, "continue", godap.ContinueArguments{ThreadId: first.ThreadId})
	}
	stop := c.Stopped().Body
	frames := c.Frames(stop.ThreadId)
	if stop.Reason != "breakpoint" || !strings.HasPrefix(stop.Text, "line 7 of names.ts") || len(stop.HitBreakpointIds) != 1 || frames[0].Source.Path != names || frames[0].Line != 7 || len(frames) < 2 || frames[1].Source.Path != sw || frames[1].Line != 13 {
		t.Fatalf("the first stop: %+v in %+v", stop, frames)
	}
	if locations := dapclient.Ask[*godap.BreakpointLocationsResponse](c, "breakpointLocations", godap.BreakpointLocationsArguments{Source: godap.Source{Path: names}, Line: 1, EndLine: 7}).Body.Breakpoints; kind == api.SourceMapLinked && (len(locations) == 0 || locations[0].Line < 5) {
		t.Errorf("locations: %+v", locations)
	}
	var values []string
	for _, v := range c.Locals(frames[0].Id) {
		values = append(values, v.Value)
	}
	if !strings.Contains(strings.Join(values, " "), "'pages'") {
		t.Errorf("values: %q", values)
	}
	dapclient.Ask[*godap.ContinueResponse](c, "continue", godap.ContinueArguments{ThreadId: stop.ThreadId})
	stop = c.Stopped().Body
	if f := c.Frames(stop.ThreadId)[0]; f.Source.Path != sw || f.Line != 14 {
		t.Errorf("the second stop: %+v, %+v", f, f.Source)
	}
	dapclient.Ask[*godap.NextResponse](c, "next", godap.NextArguments{ThreadId: stop.ThreadId})
	c.Stopped()
	if f := c.Frames(stop.ThreadId)[0]; f.Source.Path != sw || f.Line < 14 || f.Line > 15 {
		t.Errorf("a step over an await: %+v", f)
	}
	dapclient.Ask[*godap.DisconnectResponse](c, "disconnect", nil)
}
