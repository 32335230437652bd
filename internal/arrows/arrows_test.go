package arrows

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"strings"
	"testing"
)

// list asks the go command for the packages of this module. Imports of tests
// are left out: a test may launch a browser or serve a fixture site.
func list(t *testing.T) []Package {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,Imports,Deps", Module+"/...")
	out, err := cmd.Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			t.Fatalf("go list: %v\n%s", err, exit.Stderr)
		}
		t.Fatalf("go list: %v", err)
	}
	var packages []Package
	dec := json.NewDecoder(strings.NewReader(string(out)))
	for {
		var p struct {
			ImportPath    string
			Imports, Deps []string
		}
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return packages
		} else if err != nil {
			t.Fatalf("reading go list's answer: %v", err)
		}
		packages = append(packages, Package{p.ImportPath, p.Imports, p.Deps})
	}
}

// The imports that really stand in the tree obey the rules.
func TestArrows(t *testing.T) {
	packages := list(t)
	if len(packages) < 5 {
		t.Fatalf("go list found only %d packages of %s", len(packages), Module)
	}
	for _, v := range Check(packages, Rules) {
		t.Error(v)
	}
}

// Every forbidden arrow of the design is found when it is drawn: without this,
// a rule that matches nothing would pass for ever.
func TestArrowsCanFail(t *testing.T) {
	m := func(paths ...string) []string {
		for i, p := range paths {
			if !strings.Contains(p, ".com/") {
				paths[i] = Module + "/" + p
			}
		}
		return paths
	}
	tests := []struct {
		name          string
		from          string
		imports, deps []string
		want          string // in the one violation, "" for none
	}{
		{"ui to inspector is fine", "ui", m("inspector", "assets", "ui/pages"), nil, ""},
		{"ui through inspector to cdp is fine", "ui", m("inspector"), m("inspector", "cdp"), ""},
		{"ui to cdp", "ui", m("cdp"), nil, "ui → cdp"},
		{"ui pages to cdp/chromium", "ui/pages", m("cdp/chromium"), nil, "ui/pages → cdp/chromium"},
		{"ui to the engine through another", "ui", m("inspector"), m("runtime/script"), "ui → " + Module + "/runtime/script"},
		{"ui to goja through another", "ui", m("inspector"), m("github.com/dop251/goja"), "goja"},
		{"inspector to cdp is fine", "inspector", m("cdp", "internal/filter"), m("cdp"), ""},
		{"inspector to runtime", "inspector", m("runtime"), nil, "inspector → runtime"},
		{"inspector to ui", "inspector", m("ui"), nil, "inspector → ui"},
		{"cdp to inspector", "cdp", m("inspector"), nil, "cdp → inspector"},
		{"cdp/chromium to cdp is fine", "cdp/chromium", m("cdp"), nil, ""},
		{"runtime to cdp", "runtime", m("cdp"), nil, "runtime → cdp"},
		{"only devtools joins runtime and cdp", "runtime/devtools", m("cdp", "runtime"), nil, ""},
		{"assets import nothing", "assets", m("inspector"), nil, "assets → inspector"},
		{"internal imports nothing", "internal/filter", m("cdp"), nil, "internal/filter → cdp"},
		{"a package without a place", "attic", nil, nil, "no rule places this package"},
		{"a name that only begins alike", "cdpx", nil, nil, "no rule places this package"},
		{"other modules are free", "cdp", m("github.com/gorilla/websocket"), nil, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := Check([]Package{{Module + "/" + tt.from, tt.imports, tt.deps}}, Rules)
			switch {
			case tt.want == "" && len(got) > 0:
				t.Errorf("Check = %v, want no violation", got)
			case tt.want != "" && (len(got) != 1 || !strings.Contains(got[0].String(), tt.want)):
				t.Errorf("Check = %v, want one with %q", got, tt.want)
			}
		})
	}
}
