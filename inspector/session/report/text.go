package report

import (
	"bufio"
	"fmt"
	"io"
	"strings"
)

// text is for people: each file with its tests below it, what went wrong below the test,
// the counts at the end. Files that run at the same time do not mix: the one that began
// first writes as it goes, those behind it when it is their turn.
type text struct {
	w   *bufio.Writer
	b   brush
	o   Options
	run Run

	front   *File              // whose lines are written as they come
	waiting map[*File][]string // lines of the others
	turns   []*File            // in which order
	headed  map[*File]bool
}

func newText(w io.Writer, o Options) *text {
	return &text{w: bufio.NewWriter(w), b: brush(o.Colour), o: o, waiting: map[*File][]string{}, headed: map[*File]bool{}}
}

func (p *text) Event(e *Event) error {
	f, t := p.run.Apply(e)
	switch e.Type {
	case FileBegan:
		p.turns = append(p.turns, f)
	case Printed:
		p.line(f, p.output(e.Output)...)
	case TestEnded:
		p.line(f, p.test(t)...)
	case FileEnded:
		p.line(f, p.file(f)...)
		p.next()
	case RunEnded:
		p.cut()
		p.end(e.Summary)
	}
	return p.w.Flush()
}

// cut writes what is left of a run that ended early.
func (p *text) cut() {
	for _, f := range p.turns {
		for _, t := range f.Tests {
			if t.Result == nil {
				p.waiting[f] = append(p.waiting[f], p.b.paint(dim, "· "+plain(t.Name)+" (did not end)"))
			}
		}
		p.flush(f)
	}
	p.turns = nil
}

// line writes lines of a file, now or when it is its turn.
func (p *text) line(f *File, lines ...string) {
	if f == nil || len(lines) == 0 {
		return
	}
	if p.front == nil && len(p.turns) > 0 {
		p.front = p.turns[0]
	}
	p.waiting[f] = append(p.waiting[f], lines...)
	if f == p.front {
		p.flush(f)
	}
}

func (p *text) flush(f *File) {
	lines := p.waiting[f]
	delete(p.waiting, f)
	if len(lines) == 0 {
		return
	}
	if !p.headed[f] {
		p.headed[f] = true
		_, _ = fmt.Fprintln(p.w, p.b.paint(bold, plain(f.Name)))
	}
	for _, l := range lines {
		_, _ = fmt.Fprintln(p.w, strings.TrimRight("  "+l, " "))
	}
}

// next gives the turn to the next file that is not over.
func (p *text) next() {
	for len(p.turns) > 0 {
		f := p.turns[0]
		p.front = f
		p.flush(f)
		if f.Result == nil {
			return
		}
		p.turns = p.turns[1:]
	}
	p.front = nil
}

func (p *text) output(o *Output) []string {
	code := dim
	switch o.Level {
	case "error":
		code = red
	case "warn", "warning":
		code = yellow
	}
	lines := strings.Split(strings.TrimRight(plain(o.Text), "\n"), "\n")
	for i, l := range lines {
		lines[i] = p.b.paint(code, "│") + " " + l
	}
	return lines
}

// test is how a test went: one line, and what was wrong below it.
func (p *text) test(t *Case) []string {
	r := t.Result
	m := marks[r.Outcome]
	name := plain(t.Name)
	note := ""
	switch {
	case r.Outcome == Skipped && r.Reason != "":
		note = p.b.paint(dim, " (skipped: "+plain(r.Reason)+")")
	case r.Outcome == Skipped:
		note = p.b.paint(dim, " (skipped)")
	default:
		note = p.b.paint(dim, " ("+took(r.Took)+")")
	}
	switch {
	case r.Retried:
		note += p.b.paint(yellow, fmt.Sprintf(" attempt %d failed, trying again", max(t.Attempt, 1)))
	case r.Outcome == Flaky:
		note += p.b.paint(yellow, fmt.Sprintf(" flaky: attempt %d passed", max(t.Attempt, 1)))
	case t.Attempt > 1 && r.Outcome.Bad():
		note += p.b.paint(red, fmt.Sprintf(" attempt %d", t.Attempt))
	}
	lines := []string{p.b.paint(m.colour, m.sign) + " " + name + note}
	if p.o.Steps || r.Outcome.Bad() {
		lines = append(lines, margin("    ", p.steps(t))...)
	}
	if r.Outcome.Bad() {
		lines = append(lines, margin("    ", p.b.result(r))...)
	}
	for _, s := range r.Snapshots {
		lines = append(lines, "    "+p.b.paint(cyan, "snapshot written: "+plain(s)))
	}
	return lines
}

// steps are those of a test.
func (p *text) steps(t *Case) []string {
	depth := map[int]int{0: 0}
	var lines []string
	for _, s := range t.Steps {
		depth[s.ID] = depth[s.Parent] + 1
		sign, code := "✓", dim
		switch {
		case s.Problem != "":
			sign, code = "✗", red
		case s.Took == 0 && t.Result.Outcome.Bad():
			sign = "·"
		}
		lines = append(lines, strings.Repeat("  ", depth[s.Parent])+p.b.paint(code, sign+" "+plain(s.Title)))
	}
	return lines
}

// result is what was wrong, each failure set apart, and where the trace is.
func (b brush) result(r *Result) []string {
	lines := []string{""}
	for i := range r.Failures {
		lines = append(lines, b.failure(&r.Failures[i])...)
		lines = append(lines, "")
	}
	if len(r.Failures) == 0 && r.Reason != "" {
		lines = append(lines, b.paint(red+";"+bold, plain(r.Reason)), "")
	}
	for _, name := range r.Traces {
		lines = append(lines, "Trace: swinspect open "+shell(name))
	}
	if len(r.Traces) > 0 {
		lines = append(lines, "")
	}
	return lines
}

// file is what is wrong with a file itself.
func (p *text) file(f *File) []string {
	switch r := f.Result; {
	case r.Outcome.Bad():
		return append([]string{p.b.paint(red, "✗ the file "+broke[r.Outcome])}, margin("    ", p.b.result(r))...)
	case len(f.Tests) == 0 && r.Reason != "":
		return []string{p.b.paint(dim, plain(r.Reason))}
	}
	return nil
}

var broke = map[Outcome]string{
	Failed: "does not run", TimedOut: "took too long", Crashed: "ended the process that ran it",
}

func (p *text) end(s *Summary) {
	if s == nil {
		return
	}
	p.list()
	_, _ = fmt.Fprintf(p.w, "\n%s in %s: %s  %s\n", plural(s.Tests, "test"), plural(s.Files, "file"), strings.Join(p.b.counts(s), ", "), p.b.paint(dim, "("+took(s.Took)+")"))
}

// list names what failed once more when it may have scrolled away.
func (p *text) list() {
	var lines []string
	for _, f := range p.run.Files {
		if f.Broken() {
			lines = append(lines, plain(f.Name))
		}
		for _, t := range f.Tests {
			if t.Result != nil && t.Result.Outcome.Bad() {
				at := t.At
				if at.File == "" {
					at.File = f.Name
				}
				lines = append(lines, place(at)+"  "+plain(t.Name))
			}
		}
	}
	if len(lines) == 0 || len(p.run.Files) == 1 && len(p.run.Files[0].Tests) <= 1 {
		return
	}
	_, _ = fmt.Fprintf(p.w, "\n%s\n", p.b.paint(red+";"+bold, "Failed:"))
	for _, l := range lines {
		_, _ = fmt.Fprintf(p.w, "  %s\n", l)
	}
}

func (b brush) counts(s *Summary) []string {
	var out []string
	for _, c := range []struct {
		n            int
		what, colour string
	}{
		{s.Passed, "passed", green}, {s.Failed, "failed", red}, {s.Flaky, "flaky", yellow}, {s.Skipped, "skipped", cyan}, {s.NotRun, "not run", dim},
	} {
		if c.n > 0 {
			out = append(out, b.paint(c.colour, fmt.Sprintf("%d %s", c.n, c.what)))
		}
	}
	if s.Broken > 0 {
		out = append(out, b.paint(red, plural(s.Broken, "file")+" with an error"))
	}
	if out == nil {
		return []string{"nothing ran"}
	}
	return out
}

func margin(left string, lines []string) []string {
	out := make([]string, len(lines))
	for i, l := range lines {
		if l != "" {
			out[i] = left + l
		}
	}
	return out
}

// shell quotes a file name for a shell where it needs to be.
func shell(name string) string {
	name = plain(name)
	if strings.ContainsFunc(name, func(r rune) bool {
		return !strings.ContainsRune("-_./+:@%,", r) && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && r < 0x80
	}) {
		return "'" + strings.ReplaceAll(name, "'", `'\''`) + "'"
	}
	return name
}
