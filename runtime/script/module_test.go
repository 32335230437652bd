package script

import (
	"context"
	"errors"
	"strings"
	"testing"
)

// module runs a module of a site of them and shows globalThis.out, or the error.
func module(t *testing.T, site map[string]string) (string, error) {
	t.Helper()
	const origin = "https://a.test/"
	p, err := CompileModule(t.Context(), origin+"sw.js", func(_ context.Context, u string) ([]byte, string, error) {
		source, ok := site[strings.TrimPrefix(u, origin)]
		if !ok {
			return nil, "", errors.New("404 " + u)
		}
		return []byte(source), strings.Replace(u, "/moved/", "/to/", 1), nil
	})
	if err != nil {
		return "", err
	}
	a := New(Options{})
	defer func() { a.Terminate(nil); <-a.Done() }()
	out := ""
	if err := a.Do(t.Context(), "test", func() {
		if _, failed := a.Run(p); failed != nil {
			err = a.Describe(failed)
			return
		}
		a.Checkpoint()
	}); err != nil {
		t.Fatal(err)
	}
	if err := a.Do(t.Context(), "test", func() {
		if v := a.Runtime().Get("out"); v != nil {
			out = v.String()
		}
	}); err != nil {
		t.Fatal(err)
	}
	return out, err
}

func TestModules(t *testing.T) {
	for name, c := range map[string]struct {
		site map[string]string
		want string
	}{
		"imports": {map[string]string{
			"sw.js":    `import d, {x as y} from "./lib/a.js"; import * as n from "/b.js"; import "https://a.test/lib/a.js"; globalThis.out = [d, y, n.z, typeof exports].join()`,
			"lib/a.js": `import {z} from "../b.js"; globalThis.count = (globalThis.count || 0) + 1; export const x = z + 1; export default globalThis.count`, "b.js": `export let z = 1`,
		}, "1,2,1,undefined"},
		"strict": {map[string]string{"sw.js": `globalThis.out = String(this) + (function(){ return this })() + typeof notThere; try { undeclared = 1 } catch (e) { out += e.name }`}, "undefinedundefinedundefinedReferenceError"},
		"import.meta": {map[string]string{
			"sw.js": `import u from "./moved/x.js"; globalThis.out = import.meta.url + " " + u + " " + typeof import.meta`, "moved/x.js": `import y from "./y.js"; export default import.meta.url + y`, "to/y.js": `export default "!"`,
		}, "https://a.test/sw.js https://a.test/to/x.js! object"},
		"scopes":          {map[string]string{"sw.js": `import "./a.js"; const x = 1; globalThis.out += x + typeof globalThis.x`, "a.js": `const x = 2; globalThis.out = "" + x`}, "21undefined"},
		"import()":        {map[string]string{"sw.js": `import("./a.js").catch(e => globalThis.out = e.name)`}, "TypeError"},
		"order":           {map[string]string{"sw.js": `import "./1.js"; import "./2.js"; out += 3`, "1.js": `globalThis.out = "1"`, "2.js": `out += 2`}, "123"},
		"cycle":           {map[string]string{"sw.js": `import {f} from "./a.js"; export const g = () => "g"; globalThis.out = f()`, "a.js": `import {g} from "./sw.js"; export function f() { return g() }`}, "g"},
		"async generator": {map[string]string{"sw.js": `async function* g() { yield 1 } (async () => { for await (const x of g()) globalThis.out = x })()`}, "1"},
	} {
		got, err := module(t, c.site)
		if err != nil || got != c.want {
			t.Errorf("%s: %q %v, want %q", name, got, err, c.want)
		}
	}
}

func TestModuleErrors(t *testing.T) {
	for name, c := range map[string]struct {
		site map[string]string
		want string
	}{
		"missing":   {map[string]string{"sw.js": `import "./a.js"`}, "404 https://a.test/a.js"},
		"bare":      {map[string]string{"sw.js": `import "lodash"`}, "Failed to resolve module specifier"},
		"await":     {map[string]string{"sw.js": `await 1`}, "Top-level await"},
		"await in":  {map[string]string{"sw.js": `import "./a.js"`, "a.js": `await 1`}, "Top-level await"},
		"syntax":    {map[string]string{"sw.js": `import "./a.js"`, "a.js": "\nvar = 1"}, "SyntaxError"},
		"no export": {map[string]string{"sw.js": `import {x} from "./a.js"; x`, "a.js": ``}, "No matching export"},
		"throws":    {map[string]string{"sw.js": "\n\nthrow new RangeError('no')"}, "no"},
	} {
		if _, err := module(t, c.site); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
	_, err := module(t, map[string]string{"sw.js": `import "./a.js"`, "a.js": "// a\n\n  throw new Error('x')"})
	var e *Exception
	if !errors.As(err, &e) || e.URL != "https://a.test/a.js" || e.Line != 3 {
		t.Errorf("%+v", e)
	}
}
