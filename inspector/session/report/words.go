package report

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/swinspect/swinspect/internal/linediff"
)

// brush paints text of a terminal, or leaves it as it is.
type brush bool

const (
	red    = "31"
	green  = "32"
	yellow = "33"
	cyan   = "36"
	dim    = "2"
	bold   = "1"
)

func (b brush) paint(code, s string) string {
	if !b || s == "" {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}

// marks are the signs before a test's name.
var marks = map[Outcome]struct{ sign, colour string }{
	Passed:   {"✓", green},
	Failed:   {"✗", red},
	TimedOut: {"✗", red},
	Crashed:  {"✗", red},
	Skipped:  {"-", cyan},
	Flaky:    {"±", yellow},
}

// failure is what went wrong, in lines without a margin: message, step, place, code, the
// two sides where the message does not show them, stack.
func (b brush) failure(f *Failure) []string {
	var out []string
	add := func(format string, args ...any) {
		out = append(out, strings.Split(fmt.Sprintf(format, args...), "\n")...)
	}
	message := strings.TrimSpace(plain(f.Message))
	if f.Name != "" && f.Name != "Error" && f.Name != AssertionError && f.Name != CrashError {
		message = plain(f.Name) + ": " + message
	}
	first, rest, more := strings.Cut(message, "\n")
	add("%s", b.paint(red+";"+bold, first))
	if more {
		add("%s", rest)
	}
	if len(f.Steps) > 0 {
		add("%s", b.paint(dim, "in step "+plain(strings.Join(f.Steps, " › "))))
	}
	if f.At.Line > 0 {
		add("%s", b.paint(cyan, place(f.At)))
	}
	out = append(out, b.code(f.Frame)...)
	if f.compare() {
		add("")
		out = append(out, b.sides(f.Expected, f.Received)...)
	}
	if stack := behind(f); len(stack) > 0 {
		add("")
		for _, p := range stack {
			add("%s", b.paint(dim, "at "+called(p)))
		}
	}
	return out
}

// compare reports whether the two sides are to be shown: the message lacks one, or both
// have several lines, where a difference says more.
func (f *Failure) compare() bool {
	if f.Expected == "" && f.Received == "" {
		return false
	}
	if strings.Contains(f.Expected, "\n") && strings.Contains(f.Received, "\n") {
		return true
	}
	return !strings.Contains(f.Message, f.Expected) || !strings.Contains(f.Message, f.Received)
}

// behind is the stack without the place that is named already.
func behind(f *Failure) []Place {
	if len(f.Stack) > 0 && f.Stack[0].File == f.At.File && f.Stack[0].Line == f.At.Line {
		return f.Stack[1:]
	}
	return f.Stack
}

func called(p Place) string {
	if p.Function == "" {
		return place(p)
	}
	return plain(p.Function) + " (" + place(p) + ")"
}

// place is FILE:LINE:COLUMN, which editors and terminals make a link of.
func place(p Place) string {
	s := plain(p.File)
	if p.Line > 0 {
		s += ":" + strconv.Itoa(p.Line)
		if p.Column > 0 {
			s += ":" + strconv.Itoa(p.Column)
		}
	}
	return s
}

// code is a frame of source lines; the one in question begins with ">".
func (b brush) code(frame string) []string {
	if frame == "" {
		return nil
	}
	out := []string{""}
	for _, l := range strings.Split(strings.ReplaceAll(frame, "\t", "  "), "\n") {
		l = strings.TrimRight(plain(l), " ")
		if mark, rest, ok := strings.Cut(l, "|"); ok {
			code := dim
			if strings.HasPrefix(strings.TrimSpace(mark), ">") {
				code = red
			} else if strings.TrimSpace(mark) == "" {
				rest = b.paint(red, rest)
			}
			l = b.paint(code, mark+"|") + rest
		}
		out = append(out, l)
	}
	return out
}

// sides are the two sides of a comparison: as two lines when they are short, as a
// difference by line otherwise.
func (b brush) sides(expected, received string) []string {
	if !strings.Contains(expected, "\n") && !strings.Contains(received, "\n") {
		return []string{"Expected: " + b.paint(green, plain(expected)), "Received: " + b.paint(red, plain(received))}
	}
	from, to := strings.Split(expected, "\n"), strings.Split(received, "\n")
	out := []string{b.paint(green, "- Expected") + "  " + b.paint(red, "+ Received"), ""}
	const around, most = 3, 80
	rows := linediff.Lines(from, to)
	near := make([]bool, len(rows))
	for i, r := range rows {
		if r.Kind != linediff.Equal {
			for j := max(0, i-around); j <= min(len(rows)-1, i+around); j++ {
				near[j] = true
			}
		}
	}
	gap := false
	for i, r := range rows {
		if len(out) > most {
			return append(out, "  …")
		}
		if !near[i] {
			gap = true
			continue
		}
		if gap && len(out) > 2 {
			out = append(out, b.paint(dim, "  …"))
		}
		gap = false
		if r.Kind == linediff.Equal {
			out = append(out, strings.TrimRight("  "+plain(from[r.A]), " "))
			continue
		}
		if r.A >= 0 {
			out = append(out, b.paint(green, "- "+plain(from[r.A])))
		}
		if r.B >= 0 {
			out = append(out, b.paint(red, "+ "+plain(to[r.B])))
		}
	}
	return out
}

// took is a time for people: 12 ms, 1.2 s, 2 min 3 s.
func took(m Millis) string {
	d := m.Duration()
	switch {
	case d < time.Second:
		return strconv.FormatInt(int64(m+0.5), 10) + " ms"
	case d < time.Minute:
		return strconv.FormatFloat(d.Seconds(), 'f', 1, 64) + " s"
	}
	return fmt.Sprintf("%d min %d s", int(d.Minutes()), int(d.Seconds())%60)
}

// plural is "1 test" or "3 tests".
func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return strconv.Itoa(n) + " " + what + "s"
}

// plain makes text of a page or a script harmless for a terminal; line ends stay.
func plain(s string) string {
	bad := func(r rune) bool {
		return r != '\n' && unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == '\u2028' || r == '\u2029'
	}
	if strings.IndexFunc(s, bad) < 0 {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if bad(r) {
			_, _ = fmt.Fprintf(&b, `\u%04x`, r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}
