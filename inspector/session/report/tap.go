package report

import (
	"bufio"
	"encoding/json"
	"fmt"
	"strings"
)

// tap is TAP 14: a subtest per file, written when the file is over, with a test point per
// test and its failures in a YAML block.
type tap struct {
	w     *bufio.Writer
	run   Run
	began bool
	n     int
}

func (p *tap) Event(e *Event) error {
	if !p.began {
		p.began = true
		_, _ = fmt.Fprintln(p.w, "TAP version 14")
	}
	f, _ := p.run.Apply(e)
	switch e.Type {
	case FileEnded:
		p.n++
		p.file(f)
	case RunEnded:
		if s := e.Summary; s != nil {
			_, _ = fmt.Fprintf(p.w, "# tests %d\n# pass %d\n# fail %d\n# skipped %d\n# duration_ms %.0f\n", s.Tests, s.Passed+s.Flaky, s.Failed, s.Skipped, float64(s.Took))
		}
		_, _ = fmt.Fprintf(p.w, "1..%d\n", p.n)
	}
	return p.w.Flush()
}

func (p *tap) file(f *File) {
	_, _ = fmt.Fprintf(p.w, "# Subtest: %s\n", tapText(f.Name))
	ok := !f.Broken()
	for i, t := range f.Tests {
		r := t.Result
		if r == nil {
			r = &Result{Outcome: Skipped, Reason: "the run ended before it did"}
		}
		ok = ok && !r.Outcome.Bad()
		p.point("    ", i+1, t.Name, r)
	}
	_, _ = fmt.Fprintf(p.w, "    1..%d\n", len(f.Tests))
	whole := *f.Result
	if !ok && !whole.Outcome.Bad() {
		whole = Result{Outcome: Failed, Took: whole.Took}
	}
	p.point("", p.n, f.Name, &whole)
}

func (p *tap) point(margin string, n int, name string, r *Result) {
	ok := "ok"
	if r.Outcome.Bad() {
		ok = "not ok"
	}
	_, _ = fmt.Fprintf(p.w, "%s%s %d - %s", margin, ok, n, tapText(name))
	if r.Outcome == Skipped {
		_, _ = fmt.Fprintf(p.w, " # SKIP %s\n", tapText(r.Reason))
		return
	}
	_, _ = fmt.Fprintf(p.w, " # time=%.0fms\n", float64(r.Took))
	if len(r.Failures) == 0 && r.Reason == "" && len(r.Traces) == 0 {
		return
	}
	line := func(format string, args ...any) { _, _ = fmt.Fprintf(p.w, margin+"  "+format+"\n", args...) }
	line("---")
	line("outcome: %s", r.Outcome)
	if r.Reason != "" {
		line("reason: %s", yaml(r.Reason))
	}
	if len(r.Failures) > 0 {
		line("failures:")
	}
	for i := range r.Failures {
		f := &r.Failures[i]
		line("  - name: %s", yaml(f.Name))
		line("    message: %s", yaml(strings.TrimSpace(f.Message)))
		if f.At.Line > 0 {
			line("    at: %s", yaml(place(f.At)))
		}
		if f.Expected != "" || f.Received != "" {
			line("    expected: %s", yaml(f.Expected))
			line("    received: %s", yaml(f.Received))
		}
	}
	if len(r.Traces) > 0 {
		line("traces:")
	}
	for _, name := range r.Traces {
		line("  - %s", yaml(name))
	}
	line("...")
}

// tapText escapes what ends a description.
func tapText(s string) string {
	return strings.NewReplacer("\\", "\\\\", "#", "\\#", "\n", " ").Replace(plain(s))
}

// yaml is a string as a double-quoted scalar: JSON is one.
func yaml(s string) string {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(s) // a string always can be
	return strings.TrimSpace(b.String())
}
