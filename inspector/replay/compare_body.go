package replay

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/swinspect/swinspect/internal/linediff"
)

// Bounds of a diff.
const (
	maxDiffed    = 1 << 20 // bytes of a body that is compared line by line
	maxDiffLines = 200
	maxDiffPaths = 100
	around       = 3 // unchanged lines on either side of a change
)

// diffBodies says how the bodies differ, and by which rule.
func (c *comparison) diffBodies() (*BodyDiff, Rule) {
	a, b := c.bytesOf(&c.a.Body), c.bytesOf(&c.b.Body)
	if a == nil || b == nil {
		return nil, ""
	}
	return DiffBodies(a, b), bodyRule(a, b)
}

// bytesOf are the bytes of a body, read from the recording when they are not at hand.
func (c *comparison) bytesOf(b *Body) []byte {
	if b.bytes == nil && b.Hash != "" {
		if read, err := c.run.recording.body(c.run.ctx, b.Hash); err == nil {
			b.bytes = read
		}
	}
	return b.bytes
}

// bodyRule finds the rule that bodies differ by, if there is one: a recorder that reads
// a body as text has dropped its byte order mark and replaced what is no UTF-8.
func bodyRule(a, b []byte) Rule {
	decoded := []byte(strings.ToValidUTF8(string(bytes.TrimPrefix(b, []byte("\xef\xbb\xbf"))), "\uFFFD"))
	if bytes.Equal(a, decoded) || bytes.Equal([]byte(strings.ToValidUTF8(string(a), "\uFFFD")), decoded) {
		return RuleDecoded
	}
	return ""
}

// DiffBodies says how two bodies differ: JSON by its structure, text by its lines,
// anything else not at all.
func DiffBodies(a, b []byte) *BodyDiff {
	var x, y any
	if isJSON(a, &x) && isJSON(b, &y) {
		d := &BodyDiff{Kind: "json"}
		d.values("$", x, y, true, true)
		if len(d.Paths) > 0 {
			return d
		}
	}
	if len(a) > maxDiffed || len(b) > maxDiffed || !isText(a) || !isText(b) {
		return &BodyDiff{Kind: "bytes"}
	}
	return diffText(string(a), string(b))
}

func isJSON(b []byte, v *any) bool {
	t := bytes.TrimSpace(b)
	if len(t) == 0 || len(b) > 16*maxDiffed || t[0] != '{' && t[0] != '[' {
		return false
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	return d.Decode(v) == nil && !d.More()
}

func isText(b []byte) bool {
	return utf8.Valid(b) && bytes.IndexByte(b, 0) < 0
}

func diffText(a, b string) *BodyDiff {
	x, y := strings.Split(a, "\n"), strings.Split(b, "\n")
	rows := linediff.Lines(x, y)
	d := &BodyDiff{Kind: "text"}
	last := -1
	for i, row := range rows {
		near := false
		for j := max(0, i-around); j <= min(len(rows)-1, i+around) && !near; j++ {
			near = rows[j].Kind != linediff.Equal
		}
		if !near {
			continue
		}
		if len(d.Lines) >= maxDiffLines {
			d.More = true
			return d
		}
		if last >= 0 && i > last+1 {
			d.Lines = append(d.Lines, DiffLine{Op: "…"})
		}
		last = i
		switch row.Kind {
		case linediff.Equal:
			d.line(" ", x[row.A])
		case linediff.Delete:
			d.line("-", x[row.A])
		case linediff.Insert:
			d.line("+", y[row.B])
		default:
			d.line("-", x[row.A])
			d.line("+", y[row.B])
		}
	}
	return d
}

const maxDiffLine = 2000

func (d *BodyDiff) line(op, text string) {
	if len(text) > maxDiffLine {
		text = strings.ToValidUTF8(text[:maxDiffLine], "") + "…"
	}
	d.Lines = append(d.Lines, DiffLine{op, text})
}

// values compares two values of JSON documents; has says on which side there is one.
func (d *BodyDiff) values(path string, a, b any, hasA, hasB bool) {
	if len(d.Paths) >= maxDiffPaths {
		d.More = true
		return
	}
	if hasA && hasB {
		switch x := a.(type) {
		case map[string]any:
			if y, ok := b.(map[string]any); ok {
				d.objects(path, x, y)
				return
			}
		case []any:
			if y, ok := b.([]any); ok {
				for i := range max(len(x), len(y)) {
					d.values(fmt.Sprintf("%s[%d]", path, i), at(x, i), at(y, i), i < len(x), i < len(y))
				}
				return
			}
		}
		if a == b && comparableJSON(a) {
			return
		}
	}
	d.Paths = append(d.Paths, DiffPath{path, jsonText(a, hasA), jsonText(b, hasB)})
}

// comparableJSON reports whether == may be used: not on what JSON nests.
func comparableJSON(v any) bool {
	switch v.(type) {
	case map[string]any, []any:
		return false
	}
	return true
}

func (d *BodyDiff) objects(path string, x, y map[string]any) {
	keys := map[string]bool{}
	for k := range x {
		keys[k] = true
	}
	for k := range y {
		keys[k] = true
	}
	for _, k := range slices.Sorted(maps.Keys(keys)) {
		a, hasA := x[k]
		b, hasB := y[k]
		d.values(path+memberPath(k), a, b, hasA, hasB)
	}
}

// memberPath is how a path names a member.
func memberPath(k string) string {
	for _, c := range k {
		if c != '_' && c != '$' && (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') {
			return fmt.Sprintf("[%q]", k)
		}
	}
	return "." + k
}

func at(l []any, i int) any {
	if i < len(l) {
		return l[i]
	}
	return nil
}

func jsonText(v any, has bool) string {
	if !has {
		return ""
	}
	b, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	if len(b) > maxDiffLine {
		return strings.ToValidUTF8(string(b[:maxDiffLine]), "") + "…"
	}
	return string(b)
}
