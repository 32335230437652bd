package script

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/runtime/script/instrument"
)

// A bundle has no imports left: they have become the variables of other modules. What
// they were called where they are used is read from the module's text.

const word = `([\p{L}\p{N}_$]+)`

var (
	importStatement  = regexp.MustCompile(`\bimport\s*(?:` + word + `\s*,?\s*)?(?:\*\s*as\s+` + word + `|\{([^}]*)\})?\s*from\s*["']([^"']+)["']`)
	exportList       = regexp.MustCompile(`\bexport\s*\{([^}]*)\}(?:\s*from\s*["']([^"']+)["'])?`)
	exportStar       = regexp.MustCompile(`\bexport\s*\*\s*(?:as\s+` + word + `\s*)?from\s*["']([^"']+)["']`)
	exportDefault    = regexp.MustCompile(`\bexport\s+default\s+(?:async\s+)?(?:function\s*\*?|class)\s+` + word)
	exportStatements = regexp.MustCompile(`\bexport\s+(?:async\s+)?(?:const|let|var|function\s*\*?|class)\s+` + word)
)

// reference is a name of a module, "*" all of them. Its source is below 0 for the
// module in which it is written.
type reference struct {
	source int
	name   string
}

// linkage is what a module's text says of imports and exports.
type linkage struct {
	imports map[string]reference // by local name
	exports map[string]reference // by exported name
	stars   []int                // modules of which everything is exported
}

// link reads the linkage of a module; resolve finds another one by its specifier, below
// 0 when it is none of the bundle's.
func link(text string, resolve func(specifier string) int) linkage {
	l := linkage{imports: map[string]reference{}, exports: map[string]reference{}}
	for _, m := range importStatement.FindAllStringSubmatch(text, -1) {
		from := resolve(m[4])
		if from < 0 {
			continue
		}
		if m[1] != "" {
			l.imports[m[1]] = reference{from, "default"}
		}
		if m[2] != "" {
			l.imports[m[2]] = reference{from, "*"}
		}
		for name, local := range pairs(m[3]) {
			l.imports[local] = reference{from, name}
		}
	}
	for _, m := range exportStatements.FindAllStringSubmatch(text, -1) {
		l.exports[m[1]] = reference{-1, m[1]}
	}
	if m := exportDefault.FindStringSubmatch(text); m != nil {
		l.exports["default"] = reference{-1, m[1]}
	}
	for _, m := range exportList.FindAllStringSubmatch(text, -1) {
		from := -1
		if m[2] != "" {
			if from = resolve(m[2]); from < 0 {
				continue
			}
		}
		for name, exported := range pairs(m[1]) {
			l.exports[exported] = reference{from, name}
		}
	}
	for _, m := range exportStar.FindAllStringSubmatch(text, -1) {
		switch from := resolve(m[2]); {
		case from < 0:
		case m[1] != "":
			l.exports[m[1]] = reference{from, "*"}
		default:
			l.stars = append(l.stars, from)
		}
	}
	return l
}

// linkModules reads the linkage of every module.
func (p *debugProgram) linkModules(resolve func(specifier, importer string) (string, error)) {
	for _, s := range p.sources {
		p.links = append(p.links, link(s.text, func(specifier string) int {
			url, err := resolve(specifier, s.name)
			if err != nil {
				return -1
			}
			if i, known := p.byURL[url]; known {
				return i
			}
			return -1
		}))
	}
}

// pairs reads a list of names, some of them "name as other": other by name.
func pairs(list string) map[string]string {
	out := map[string]string{}
	for part := range strings.SplitSeq(list, ",") {
		switch f := strings.Fields(part); {
		case len(f) == 1:
			out[f[0]] = f[0]
		case len(f) == 3 && f[1] == "as":
			out[f[0]] = f[2]
		}
	}
	return out
}

// maxReexports is how many modules an export is followed through.
const maxReexports = 20

// exported finds the variable behind an export of a module, or the module whose
// namespace it is.
func (p *debugProgram) exported(source int, name string, depth int) (index, namespace int, ok bool) {
	if depth > maxReexports || source >= len(p.links) {
		return 0, 0, false
	}
	if name == "*" {
		return -1, source, true
	}
	l := p.links[source]
	if r, found := l.exports[name]; found {
		if r.source >= 0 {
			return p.exported(r.source, r.name, depth+1)
		}
		if i, known := p.modules[reference{source, r.name}]; known {
			return i, 0, true
		}
		if r, imported := l.imports[r.name]; imported {
			return p.exported(r.source, r.name, depth+1)
		}
	}
	if i, known := p.modules[reference{source, name}]; known {
		return i, 0, true
	}
	for _, star := range l.stars {
		if index, namespace, ok = p.exported(star, name, depth+1); ok {
			return index, namespace, true
		}
	}
	return 0, 0, false
}

// importsOf are the imports of a module as variables of the scope that modules share.
func (p *debugProgram) importsOf(source int) []variableName {
	if source < 0 || source >= len(p.links) {
		return nil
	}
	var out []variableName
	imports := p.links[source].imports
	for _, local := range slices.Sorted(maps.Keys(imports)) {
		r := imports[local]
		if index, namespace, ok := p.exported(r.source, r.name, 0); ok {
			out = append(out, variableName{name: local, constant: true, index: index, namespace: namespace})
		}
	}
	return out
}

// exportNames collects what a module exports, also of others; their default is not.
func (p *debugProgram) exportNames(source int, names map[string]bool, depth int) {
	if depth > maxReexports || source >= len(p.links) {
		return
	}
	for name := range p.links[source].exports {
		if depth == 0 || name != "default" {
			names[name] = true
		}
	}
	for _, star := range p.links[source].stars {
		p.exportNames(star, names, depth+1)
	}
}

// namespace is an object with the exports of a module as they are now.
func (f *Frame) namespace(a *instrument.Access, source int) goja.Value {
	p, rt := f.run.program, f.d.agent.rt
	o := rt.NewObject()
	_ = o.SetPrototype(nil)
	names := map[string]bool{}
	p.exportNames(source, names, 0)
	if _, ok := p.modules[reference{source, "default"}]; ok {
		names["default"] = true
	}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		index, _, ok := p.exported(source, name, 0)
		if !ok || index < 0 {
			continue
		}
		if v, err := f.access(a, 2*index); err == nil {
			_ = o.Set(name, v)
		}
	}
	return o
}
