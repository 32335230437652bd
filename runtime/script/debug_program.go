package script

import (
	"crypto/sha256"
	"sort"
	"strings"
	"sync"
	"sync/atomic"
	"unicode/utf8"

	"github.com/dop251/goja"
	"github.com/dop251/goja/ast"
	"github.com/go-sourcemap/sourcemap"

	"github.com/swinspect/swinspect/runtime/script/instrument"
)

// debugProgram is a program with probes. It is shared by all agents and never changes.
type debugProgram struct {
	program *goja.Program
	table   *instrument.Table
	declare *goja.Program // makes the names of its probes
	sources []debugSource
	text    string  // what was parsed
	lines   []int   // offsets of its lines
	places  []place // of the probes
	// functions are the places where the table's functions begin.
	functions []place
	lowered   *sourcemap.Consumer // from text to the sources; nil: text is the source
	byURL     map[string]int
	module    bool // the first function around everything is the modules' scope

	// names are those of the table's scopes as the sources have them; nil: the same.
	names [][]sourceName
	// modules are the variables of the scope that modules share, by module and name; links
	// is what each module imports and exports.
	modules map[reference]int
	links   []linkage

	index   sync.Once
	calling map[string][]int // probes by the names that their statements call
}

// debugSource is a text that was compiled.
type debugSource struct {
	url    string
	name   string // what stacks call it, if not url
	text   string
	module bool
	order  []int // its probes, by place
}

// place is a line and column in a source; source is below 0 for code of no source.
type place struct{ source, line, column int }

func (p place) before(q place) bool {
	return p.line < q.line || p.line == q.line && p.column < q.column
}

// debugPrograms are kept apart from those without probes.
var debugPrograms = struct {
	sync.Mutex
	of    map[programKey]*debugProgram
	bytes int
}{of: map[programKey]*debugProgram{}}

// maxDebugBytes is how much text the programs with probes may have that are kept: they
// are many times as large as those without.
const maxDebugBytes = 8 << 20

// lastProgram numbers programs with probes.
var lastProgram atomic.Int64

func keepDebug(key programKey, make func() (*debugProgram, error)) (*debugProgram, error) {
	debugPrograms.Lock()
	p := debugPrograms.of[key]
	debugPrograms.Unlock()
	if p != nil {
		return p, nil
	}
	p, err := make()
	if err != nil {
		return nil, err
	}
	debugPrograms.Lock()
	defer debugPrograms.Unlock()
	if debugPrograms.bytes += len(p.text); debugPrograms.bytes > maxDebugBytes {
		clear(debugPrograms.of)
		debugPrograms.bytes = len(p.text)
	}
	debugPrograms.of[key] = p
	return p, nil
}

// compileDebug is Compile with probes.
func compileDebug(url string, source []byte) (*debugProgram, error) {
	key := programKey{url, "script", sha256.Sum256(source)}
	return keepDebug(key, func() (*debugProgram, error) {
		tree, err := Parse(url, string(source))
		if err != nil {
			return nil, err
		}
		if mayEval(string(source)) {
			guardMentions(tree)
		}
		text := normalized(string(source))
		return newDebugProgram(tree, []debugSource{{url: url, text: text}}, tree.File.Source() != text)
	})
}

// normalized is a text as Parse reads it.
func normalized(source string) string {
	source = strings.TrimPrefix(source, "\uFEFF")
	if !utf8.ValidString(source) {
		source = strings.ToValidUTF8(source, "\uFFFD")
	}
	return source
}

// newDebugProgram puts probes into a tree and compiles it.
func newDebugProgram(tree *ast.Program, sources []debugSource, lowered bool) (*debugProgram, error) {
	p := &debugProgram{sources: sources, module: sources[0].module, text: tree.File.Source(), byURL: map[string]int{}}
	for i, s := range sources {
		p.byURL[s.url] = i
		if s.name != "" {
			p.byURL[s.name] = i
		}
	}
	if lowered {
		p.lowered = mapOf(p.text)
	}
	p.table = instrument.Program(tree, int(lastProgram.Add(1)), p.text)
	var err error
	if p.program, err = goja.CompileAST(tree, false); err != nil {
		return nil, err
	}
	if p.declare, err = goja.CompileAST(instrument.Declare(p.table.Number), false); err != nil {
		return nil, err
	}
	p.measure()
	return p, nil
}

// mapOf is the source map at the end of lowered text.
func mapOf(text string) *sourcemap.Consumer {
	_, comment, ok := lastCut(text, "//# sourceMappingURL=")
	if !ok {
		return nil
	}
	data, err := inlineMap(strings.TrimSpace(comment))
	if err != nil {
		return nil
	}
	m, err := sourcemap.Parse("", data)
	if err != nil {
		return nil
	}
	return m
}

func lastCut(s, separator string) (before, after string, found bool) {
	i := strings.LastIndex(s, separator)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(separator):], true
}

// measure finds the places of the probes and functions.
func (p *debugProgram) measure() {
	p.lines = lineStarts(p.text)
	p.places = make([]place, len(p.table.Probes))
	for i, probe := range p.table.Probes {
		p.places[i] = p.place(probe.Offset)
		if s := p.places[i].source; s >= 0 {
			p.sources[s].order = append(p.sources[s].order, i)
		}
	}
	p.functions = make([]place, len(p.table.Functions))
	for i, f := range p.table.Functions {
		p.functions[i] = p.place(f.From)
	}
	if p.lowered != nil {
		p.rename()
	}
	for _, s := range p.sources {
		sort.SliceStable(s.order, func(a, b int) bool { return p.places[s.order[a]].before(p.places[s.order[b]]) })
	}
}

// lineStarts are the offsets at which lines begin, as the language counts them.
func lineStarts(text string) []int {
	starts := []int{0}
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] == '\n', text[i] == '\r' && (i+1 == len(text) || text[i+1] != '\n'):
			starts = append(starts, i+1)
		case text[i] == 0xE2 && (strings.HasPrefix(text[i:], "\u2028") || strings.HasPrefix(text[i:], "\u2029")):
			starts = append(starts, i+3)
		}
	}
	return starts
}

// place is where an offset of the text is in the sources.
func (p *debugProgram) place(offset int) place {
	line := sort.Search(len(p.lines), func(i int) bool { return p.lines[i] > offset }) - 1
	column := units(p.text[p.lines[line]:offset])
	if p.lowered == nil {
		return place{0, line + 1, column + 1}
	}
	source, _, originalLine, originalColumn, ok := p.lowered.Source(line+1, column)
	if !ok {
		return place{-1, line + 1, column + 1}
	}
	i, known := p.byURL[source]
	if !known {
		return place{-1, line + 1, column + 1}
	}
	return place{i, originalLine, originalColumn + 1}
}

// offset is the offset of a line and a column in bytes, both from 1, in text that was
// not lowered.
func (p *debugProgram) offset(line, column int) int {
	if line < 1 || line > len(p.lines) {
		return 0
	}
	return min(p.lines[line-1]+max(column-1, 0), len(p.text))
}

// units is the length of a text in UTF-16 code units.
func units(s string) int {
	n := 0
	for _, r := range s {
		if n++; r > 0xFFFF {
			n++
		}
	}
	return n
}
