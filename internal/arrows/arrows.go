// Package arrows knows which package of this module may import which. Its test
// reads the real imports and fails when an arrow of ARCHITECTURE.md is broken.
package arrows

import (
	"fmt"
	"slices"
	"strings"
)

// Module is the path of this module; packages below are named without it.
const Module = "github.com/swinspect/swinspect"

// Package is one package and what it imports, both as import paths. Deps is
// every import, direct or not.
type Package struct {
	Path    string
	Imports []string
	Deps    []string
}

// Rule says what the packages that match Of may import. A pattern is a path
// below the module, or one with "/..." for it and all below it.
type Rule struct {
	Of    string
	May   []string // packages of this module; everything else of it is forbidden
	Never []string // import paths that may not be reached at all, not even through others
}

// engine is what only the engine's own rooms and cmd may reach.
var engine = []string{
	Module + "/runtime", Module + "/runtime/...", "github.com/dop251/goja", "github.com/dop251/goja/...",
}

// javascript is what the engine's concepts must not know of: objects know
// concepts, never the other way round.
var javascript = []string{"github.com/dop251/goja", "github.com/dop251/goja/..."}

// Rules are the arrows of the house. The first rule that matches a package is
// its rule; a package without one is a violation, so that a new room is placed
// on purpose.
var Rules = []Rule{
	{Of: "cmd/...", May: []string{"ui", "ui/pages", "inspector/...", "breakpoints", "runtime", "runtime/...", "cdp/...", "assets/...", "internal/filter"}},
	{Of: "ui/...", May: []string{"ui/...", "inspector", "inspector/...", "breakpoints", "assets/...", "internal/filter", "internal/linediff", "internal/spec"}, Never: engine},
	{Of: "inspector/explain", May: []string{"inspector", "inspector/fetches", "internal/spec"}, Never: engine},
	{Of: "inspector/fetches", May: []string{"inspector", "cdp", "cdp/swproto", "internal/filter"}, Never: engine},
	{Of: "inspector/recording", May: []string{"inspector", "inspector/fetches", "inspector/explain", "cdp", "internal/filter"}, Never: engine},
	{Of: "inspector/replay", May: []string{"inspector", "inspector/recording", "inspector/fetches", "cdp", "internal/linediff", "internal/filter", "runtime", "runtime/clock", "runtime/fetch", "runtime/cache", "runtime/window"}},
	{Of: "inspector/session/report", May: []string{"internal/linediff"}, Never: engine},
	{Of: "inspector/session", May: []string{"inspector", "inspector/...", "breakpoints", "cdp", "cdp/swproto", "runtime/script",
		// What a script expects to be there: URL, TextEncoder, setTimeout.
		"runtime/webapi/encoding", "runtime/webapi/env", "runtime/webapi/idl", "runtime/webapi/timers", "runtime/webapi/urlapi",
		"internal/filter", "internal/linediff"}},
	{Of: "inspector/dap", May: []string{"inspector", "inspector/debugger", "inspector/sourcemap", "breakpoints"}, Never: engine},
	{Of: "inspector/sourcemap", Never: engine},
	{Of: "inspector/...", May: []string{"inspector/...", "cdp", "cdp/swproto", "breakpoints", "internal/filter"}, Never: engine},
	{Of: "runtime/devtools/...", May: []string{"cdp", "cdp/swproto", "breakpoints", "runtime", "runtime/..."}},
	{Of: "runtime/window/...", May: []string{"breakpoints", "runtime", "runtime/clock", "runtime/fetch", "runtime/cache", "runtime/script", "runtime/webapi/...", "runtime/window/..."}},
	{Of: "runtime/hostile", May: []string{"cdp", "runtime", "runtime/..."}},
	{Of: "runtime/webapi/idl", May: []string{"runtime/script"}},
	{Of: "runtime/webapi/...", May: []string{"breakpoints", "runtime", "runtime/clock", "runtime/script", "runtime/fetch", "runtime/cache", "runtime/webapi/..."}},
	{Of: "runtime/script/instrument", May: nil},
	{Of: "runtime/script", May: []string{"breakpoints", "runtime/clock", "runtime/script/instrument"}},
	{Of: "runtime/cache", May: []string{"runtime/fetch", "runtime/clock"}, Never: javascript},
	{Of: "runtime/fetch", May: []string{"runtime/clock"}, Never: javascript},
	{Of: "runtime/clock"},
	{Of: "runtime", May: []string{"breakpoints", "runtime/clock", "runtime/fetch", "runtime/cache", "internal/spec"}, Never: javascript},
	{Of: "cdp/...", May: []string{"cdp", "cdp/swproto", "cdp/internal/..."}, Never: engine},
	{Of: "breakpoints", Never: engine},
	{Of: "assets/..."},
	{Of: "internal/testsite/drive", May: []string{"cdp", "cdp/chromium"}},
	{Of: "internal/testsite/...", May: []string{"internal/testsite"}},
	{Of: "internal/wpt/...", May: []string{"cdp", "cdp/...", "internal/..."}},
	{Of: "internal/scenario/...", May: []string{"cdp", "cdp/...", "internal/..."}},
	{Of: "internal/surface", May: []string{"cdp", "cdp/...", "internal/..."}},
	{Of: "internal/backend/...", May: []string{"cdp", "cdp/...", "internal/..."}},
	{Of: "internal/realworkers", May: []string{"runtime", "runtime/..."}},
	{Of: "internal/spec/conform", May: []string{"internal/spec"}},
	{Of: "internal/debugging", May: []string{"cdp", "cdp/...", "runtime/devtools", "runtime/fetch", "runtime/window", "internal/..."}},
	{Of: "internal/clients", May: []string{"cdp", "cdp/...", "internal/..."}},
	{Of: "internal/frontend", May: []string{"cdp", "cdp/...", "internal/..."}},
	{Of: "internal/enginebench/...", May: []string{"cdp", "cdp/...", "runtime", "runtime/...", "internal/..."}},
	{Of: "internal/..."},
	{Of: "uitest"},
}

// Violation is an import that no rule allows.
type Violation struct{ From, To, Why string }

func (v Violation) String() string {
	if v.To == "" {
		return fmt.Sprintf("%s: %s", v.From, v.Why)
	}
	return fmt.Sprintf("%s → %s: %s", v.From, v.To, v.Why)
}

// Check compares packages with rules. Only packages of this module are looked
// at; a package may always import itself (its external tests do).
func Check(packages []Package, rules []Rule) []Violation {
	var found []Violation
	for _, p := range packages {
		from, ours := inModule(p.Path)
		if !ours {
			continue
		}
		i := slices.IndexFunc(rules, func(r Rule) bool { return matches(r.Of, from) })
		if i < 0 {
			found = append(found, Violation{From: from, Why: "no rule places this package: add one to arrows.Rules"})
			continue
		}
		found = append(found, checkImports(from, p, rules[i])...)
	}
	return found
}

func checkImports(from string, p Package, r Rule) []Violation {
	var found []Violation
	for _, path := range p.Imports {
		to, ours := inModule(path)
		if !ours || to == from || matchesAny(r.May, to) {
			continue
		}
		found = append(found, Violation{from, to, fmt.Sprintf("%s may import only %s", r.Of, orNothing(r.May))})
	}
	for _, path := range p.Deps {
		if matchesAny(r.Never, path) {
			found = append(found, Violation{from, path, r.Of + " may never reach it, not even through others"})
		}
	}
	return found
}

// inModule cuts the module's path off an import path.
func inModule(path string) (rest string, ours bool) {
	if path == Module {
		return ".", true
	}
	return strings.CutPrefix(path, Module+"/")
}

func matchesAny(patterns []string, path string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return matches(p, path) })
}

func matches(pattern, path string) bool {
	if base, all := strings.CutSuffix(pattern, "/..."); all {
		return path == base || strings.HasPrefix(path, base+"/")
	}
	return path == pattern
}

func orNothing(patterns []string) string {
	if len(patterns) == 0 {
		return "nothing of this module"
	}
	return strings.Join(patterns, ", ")
}
