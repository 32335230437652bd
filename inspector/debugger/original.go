package debugger

import (
	"encoding/base64"
	"net/url"
	"strings"

	"github.com/swinspect/swinspect/inspector/sourcemap"
)

// maxMap bounds a source map that stands in a script.
const maxMap = 64 << 20

// original is where a place of a script comes from, when the script has its source map
// in it; nil otherwise. Maps in files of their own are for those who can read them.
func (t *thread) original(id string, line, column int) *Place {
	s := t.scripts[id]
	if s == nil {
		return nil
	}
	if !s.mapped {
		s.mapped, s.sources = true, inlineMap(s.SourceMap)
	}
	if s.sources == nil {
		return nil
	}
	p, ok := s.sources.Original(line, column)
	if !ok || p.Source < 0 || p.Source >= len(s.sources.Sources) || s.sources.Sources[p.Source] == "" {
		return nil
	}
	name := s.sources.Sources[p.Source]
	if base, err := url.Parse(s.URL); err == nil {
		if u, err := base.Parse(name); err == nil {
			name = u.String()
		}
	}
	return &Place{URL: name, Line: p.Line, Column: p.Column}
}

// inlineMap reads the map in a data: URL; nil when it is none, or cannot be read.
func inlineMap(address string) *sourcemap.Map {
	rest, ok := strings.CutPrefix(address, "data:")
	if !ok || len(rest) > maxMap {
		return nil
	}
	kind, data, _ := strings.Cut(rest, ",")
	var text []byte
	if strings.HasSuffix(kind, ";base64") {
		decoded, err := base64.StdEncoding.DecodeString(data)
		if err != nil {
			return nil
		}
		text = decoded
	} else {
		decoded, err := url.PathUnescape(data)
		if err != nil {
			return nil
		}
		text = []byte(decoded)
	}
	m, err := sourcemap.Parse(text)
	if err != nil {
		return nil
	}
	return m
}
