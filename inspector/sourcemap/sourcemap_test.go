package sourcemap

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/evanw/esbuild/pkg/api"
)

const first = `import { twice } from './second';
const text: string = 'a';

export function f(n: number): number {
  return twice(n) + 1;
}
console.log(f(2), text);
`

const second = `// two
export const twice = (n: number) => {
  return n * 2;
};
`

// built bundles the two and gives the script with its map.
func built(t testing.TB, minify bool) (script string, m *Map) {
	t.Helper()
	r := api.Build(api.BuildOptions{
		Stdin: &api.StdinOptions{Contents: first, Sourcefile: "first.ts", Loader: api.LoaderTS}, Bundle: true, Outfile: "out.js",
		MinifyWhitespace: minify, MinifySyntax: minify, MinifyIdentifiers: minify, Sourcemap: api.SourceMapExternal, SourceRoot: "src",
		Plugins: []api.Plugin{{Name: "second", Setup: func(b api.PluginBuild) {
			b.OnResolve(api.OnResolveOptions{Filter: "second"}, func(api.OnResolveArgs) (api.OnResolveResult, error) {
				return api.OnResolveResult{Path: "second.ts", Namespace: "memory"}, nil
			})
			b.OnLoad(api.OnLoadOptions{Filter: ".*", Namespace: "memory"}, func(api.OnLoadArgs) (api.OnLoadResult, error) {
				text := second
				return api.OnLoadResult{Contents: &text, Loader: api.LoaderTS}, nil
			})
		}}},
	})
	if len(r.Errors) > 0 {
		t.Fatal(r.Errors)
	}
	for _, f := range r.OutputFiles {
		if strings.HasSuffix(f.Path, ".map") {
			var err error
			if m, err = Parse(f.Contents); err != nil {
				t.Fatal(err)
			}
		} else {
			script = string(f.Contents)
		}
	}
	return script, m
}

// What a bundler made leads to what was written, and back.
func TestBundle(t *testing.T) {
	for _, minify := range []bool{false, true} {
		script, m := built(t, minify)
		one := slices.IndexFunc(m.Sources, func(s string) bool { return strings.HasSuffix(s, "first.ts") })
		two := slices.IndexFunc(m.Sources, func(s string) bool { return strings.HasSuffix(s, "second.ts") })
		if one < 0 || two < 0 || m.Contents[two] != second || !strings.HasPrefix(m.Sources[one], "src/") {
			t.Fatalf("sources %q", m.Sources)
		}
		lines := strings.Split(script, "\n")
		for _, tt := range []struct {
			source, line, lands int
			says                string
		}{{two, 3, 3, "return"}, {one, 5, 5, "return"}, {one, 7, 7, "console"}, {two, 1, 2, ""}} {
			if minify && tt.says == "return" {
				tt.says = "" // arrows have none left
			}
			line, column, ok := m.Generated(tt.source, tt.line, 0)
			if !ok {
				t.Errorf("minify %v: line %d of %s is nowhere", minify, tt.line, m.Sources[tt.source])
				continue
			}
			if rest := strings.TrimLeft(lines[line-1][column-1:], " "); !strings.HasPrefix(rest, tt.says) {
				t.Errorf("minify %v: line %d of %s is %.20q", minify, tt.line, m.Sources[tt.source], rest)
			}
			p, ok := m.Original(line, column)
			if !ok || p.Source != tt.source || p.Line != tt.lands {
				t.Errorf("minify %v: back from line %d: %+v", minify, tt.line, p)
			}
		}
		if all := m.Places(two, 2, 3); len(all) == 0 || all[0].Line != 2 || all[len(all)-1].Line != 3 {
			t.Errorf("places: %+v", all)
		}
		if _, _, ok := m.Generated(one, 500, 0); ok {
			t.Error("a line that is not there is somewhere")
		}
	}
}

// Sections, names that are missing, prefixes, and all that is no map.
func TestParse(t *testing.T) {
	m, err := Parse([]byte(")]}'\n" + `{"version":3,"sections":[
		{"offset":{"line":0,"column":10},"map":{"version":3,"sources":["a.js",null],"ignoreList":[1],"mappings":"AAAA,KCAA"}},
		{"offset":{"line":5,"column":0},"map":{"version":3,"sourceRoot":"https://x.example","sources":["b.js"],"mappings":";EAEE"}}]}`))
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(m.Sources, []string{"a.js", "", "https://x.example/b.js"}) || !slices.Equal(m.Library, []bool{false, true, false}) {
		t.Errorf("sources %q, libraries %v", m.Sources, m.Library)
	}
	for at, want := range map[[2]int]Place{{1, 11}: {0, 1, 1}, {1, 99}: {1, 1, 1}, {7, 3}: {2, 3, 3}} {
		if p, ok := m.Original(at[0], at[1]); !ok || p != want {
			t.Errorf("%v comes from %+v, want %+v", at, p, want)
		}
	}
	for _, at := range [][2]int{{1, 10}, {2, 1}, {7, 2}, {0, 0}, {-5, 3}} {
		if p, ok := m.Original(at[0], at[1]); ok {
			t.Errorf("%v comes from %+v", at, p)
		}
	}
	for _, bad := range []string{"", "{}", "[]", `{"version":2}`, `{"version":3,"mappings":"AAAA"}`, `{"version":3,"sources":["a"],"mappings":"AA"}`,
		`{"version":3,"sources":["a"],"mappings":"!"}`, `{"version":3,"sources":["a"],"mappings":"gggggggggggggg"}`, `{"version":3,"sections":[{}]}`} {
		if _, err := Parse([]byte(bad)); !errors.Is(err, ErrNoMap) {
			t.Errorf("%s: %v", bad, err)
		}
	}
}

// Nothing that is read as a map breaks it.
func FuzzParse(f *testing.F) {
	f.Add(`{"version":3,"sources":["a.js"],"mappings":"AAAA,KACA;;EAAA"}`, 1, 5)
	f.Add(`{"version":3,"sections":[{"offset":{"line":2147483647,"column":2147483647},"map":{"version":3,"sources":["a"],"mappings":";AAAA"}}]}`, -1, 0)
	f.Fuzz(func(t *testing.T, text string, line, column int) {
		m, err := Parse([]byte(text))
		if err != nil {
			return
		}
		if p, ok := m.Original(line, column); ok && (p.Source < 0 || p.Source >= len(m.Sources) || p.Line < 1 || p.Column < 1) {
			t.Errorf("%+v", p)
		}
		m.Generated(line, column, line)
		m.Places(line, column, column+3)
	})
}
