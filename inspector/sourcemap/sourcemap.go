// Package sourcemap reads source maps, revision 3 (https://tc39.es/ecma426/), and tells
// where in its sources a place of a generated script comes from, and the other way round.
//
// Lines and columns count from 1, columns in UTF-16 code units.
package sourcemap

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
)

// Map is a source map. It never changes.
type Map struct {
	// Sources are the sources as the map names them, with its sourceRoot before them: URLs,
	// or paths relative to the map. An empty one has no name.
	Sources []string
	// Contents are what the sources say, "" where the map does not tell.
	Contents []string
	// Library says which sources the map asks to be passed over (ignoreList).
	Library []bool

	made []segment // in the order of the generated places
	from []segment // in the order of source, then of places in it
}

// segment is a place of the generated script with the place it comes from, counted from 0.
type segment struct {
	line, column int32
	source       int32 // -1: of no source
	in, at       int32 // line and column there
}

// ErrNoMap says that a text is no source map.
var ErrNoMap = errors.New("no source map")

// file is the JSON of a map, and of each section of an index map.
type file struct {
	Version        int       `json:"version"`
	SourceRoot     string    `json:"sourceRoot"`
	Sources        []*string `json:"sources"`
	SourcesContent []*string `json:"sourcesContent"`
	Mappings       string    `json:"mappings"`
	IgnoreList     []int     `json:"ignoreList"`
	Google         []int     `json:"x_google_ignoreList"`
	Sections       []struct {
		Offset struct {
			Line   int32 `json:"line"`
			Column int32 `json:"column"`
		} `json:"offset"`
		Map *file `json:"map"`
	} `json:"sections"`
}

// Parse reads a map, or an index map with its sections. What is wrong with it matches
// [ErrNoMap].
func Parse(b []byte) (*Map, error) {
	text := strings.TrimPrefix(string(b), "\ufeff")
	if strings.HasPrefix(text, ")]}") { // which keeps it from being run as a script
		_, text, _ = strings.Cut(text, "\n")
	}
	var f file
	if err := json.Unmarshal([]byte(text), &f); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNoMap, err)
	}
	if f.Version != 3 {
		return nil, fmt.Errorf("%w: its version is %d, not 3", ErrNoMap, f.Version)
	}
	m := &Map{}
	if f.Sections == nil {
		if err := m.add(&f, 0, 0); err != nil {
			return nil, err
		}
	}
	for _, s := range f.Sections {
		if s.Map == nil || s.Map.Sections != nil || s.Offset.Line < 0 || s.Offset.Column < 0 {
			return nil, fmt.Errorf("%w: a section without a map", ErrNoMap)
		}
		if err := m.add(s.Map, s.Offset.Line, s.Offset.Column); err != nil {
			return nil, err
		}
	}
	slices.SortStableFunc(m.made, func(a, b segment) int { return cmp.Or(cmp.Compare(a.line, b.line), cmp.Compare(a.column, b.column)) })
	m.from = slices.DeleteFunc(slices.Clone(m.made), func(s segment) bool { return s.source < 0 })
	slices.SortStableFunc(m.from, func(a, b segment) int {
		return cmp.Or(cmp.Compare(a.source, b.source), cmp.Compare(a.in, b.in), cmp.Compare(a.at, b.at))
	})
	return m, nil
}

// add takes in the sources and mappings of a map that begins at an offset.
func (m *Map) add(f *file, line, column int32) error {
	first := int32(len(m.Sources))
	root := f.SourceRoot
	if root != "" && !strings.HasSuffix(root, "/") {
		root += "/"
	}
	for i, s := range f.Sources {
		name, content := "", ""
		if s != nil && *s != "" {
			name = root + *s
		}
		if i < len(f.SourcesContent) && f.SourcesContent[i] != nil {
			content = *f.SourcesContent[i]
		}
		m.Sources, m.Contents = append(m.Sources, name), append(m.Contents, content)
		m.Library = append(m.Library, slices.Contains(f.IgnoreList, i) || slices.Contains(f.Google, i))
	}
	var source, in, at int64
	for n, group := range strings.Split(f.Mappings, ";") {
		if n > math.MaxInt32-int(line) {
			return fmt.Errorf("%w: too many lines", ErrNoMap)
		}
		var made int64
		for _, text := range strings.Split(group, ",") {
			if text == "" {
				continue
			}
			fields, err := vlq(text)
			if err != nil {
				return err
			}
			made += fields[0]
			s := segment{line: line + int32(n), column: clamp(made), source: -1}
			if n == 0 {
				s.column = clamp(made + int64(column))
			}
			if len(fields) >= 4 {
				source, in, at = source+fields[1], in+fields[2], at+fields[3]
				if source < 0 || source >= int64(len(f.Sources)) {
					return fmt.Errorf("%w: line %d is of source %d, of which there are %d", ErrNoMap, n+1, source, len(f.Sources))
				}
				s.source, s.in, s.at = first+int32(source), clamp(in), clamp(at)
			}
			m.made = append(m.made, s)
		}
	}
	return nil
}

func clamp(n int64) int32 { return int32(min(max(n, 0), math.MaxInt32)) }

const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

// vlq decodes the numbers of a segment: 1, 4 or 5.
func vlq(text string) ([]int64, error) {
	var fields []int64
	var n int64
	var shift uint
	for i := range len(text) {
		d := strings.IndexByte(digits, text[i])
		if d < 0 || shift > 30 {
			return nil, fmt.Errorf("%w: a mapping %.20q", ErrNoMap, text)
		}
		n |= int64(d&31) << shift
		if shift += 5; d&32 != 0 {
			continue
		}
		if n&1 != 0 {
			n = -(n >> 1)
		} else {
			n >>= 1
		}
		fields = append(fields, n)
		n, shift = 0, 0
	}
	if shift != 0 || (len(fields) != 1 && len(fields) != 4 && len(fields) != 5) {
		return nil, fmt.Errorf("%w: a mapping %.20q", ErrNoMap, text)
	}
	return fields, nil
}

// Place is a place in a source, which is an index into Sources.
type Place struct{ Source, Line, Column int }

// Original is where a place of the generated script comes from; ok is false when it
// comes from no source.
func (m *Map) Original(line, column int) (p Place, ok bool) {
	i, found := slices.BinarySearchFunc(m.made, [2]int{line - 1, column - 1}, func(s segment, at [2]int) int {
		return cmp.Or(cmp.Compare(int(s.line), at[0]), cmp.Compare(int(s.column), at[1]))
	})
	if !found {
		i--
	}
	if i < 0 || int(m.made[i].line) != line-1 || m.made[i].source < 0 {
		return Place{}, false
	}
	s := m.made[i]
	return Place{int(s.source), int(s.in) + 1, int(s.at) + 1}, true
}

// nearby is how many lines a place may lie behind the one that was asked for: what
// stands between generates nothing.
const nearby = 20

// Generated is where in the generated script a line of a source is: the first place of
// the line, or of the next one that generates anything. Column 0 is any.
func (m *Map) Generated(source, line, column int) (atLine, atColumn int, ok bool) {
	want := segment{source: int32(source), in: clamp(int64(line) - 1), at: clamp(int64(column) - 1)}
	i, _ := slices.BinarySearchFunc(m.from, want, func(s, w segment) int {
		return cmp.Or(cmp.Compare(s.source, w.source), cmp.Compare(s.in, w.in), cmp.Compare(s.at, w.at))
	})
	if i == len(m.from) || int(m.from[i].source) != source || m.from[i].in > want.in+nearby {
		return 0, 0, false
	}
	// Of the places that come from there, the one that is first in the script.
	best := m.from[i]
	for _, s := range m.from[i:] {
		if s.source != best.source || s.in != best.in || s.at != best.at {
			break
		}
		if s.line < best.line || s.line == best.line && s.column < best.column {
			best = s
		}
	}
	return int(best.line) + 1, int(best.column) + 1, true
}

// Places lists the places of lines from…to of a source that generate anything.
func (m *Map) Places(source, from, to int) []Place {
	i, _ := slices.BinarySearchFunc(m.from, segment{source: int32(source), in: clamp(int64(from) - 1)}, func(s, w segment) int {
		return cmp.Or(cmp.Compare(s.source, w.source), cmp.Compare(s.in, w.in))
	})
	var all []Place
	for _, s := range m.from[i:] {
		p := Place{int(s.source), int(s.in) + 1, int(s.at) + 1}
		if p.Source != source || p.Line > to {
			break
		}
		if len(all) == 0 || all[len(all)-1] != p {
			all = append(all, p)
		}
	}
	return all
}
