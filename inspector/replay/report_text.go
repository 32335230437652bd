package replay

import (
	"bufio"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"
)

// textReport is for people: a line per result that is not equal, what differs below
// it, and the counts at the end.
type textReport struct {
	w *bufio.Writer
	o ReportOptions
}

var colours = map[Verdict]string{
	Equal: "32", Different: "31;1", Explained: "33", Unanswered: "35", NotReplayable: "36", Crashed: "41;97",
}

func (p *textReport) paint(code, s string) string {
	if !p.o.Colour || code == "" {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}

func (p *textReport) Result(r *Result) error {
	if r.Verdict == Equal && !p.o.All {
		return nil
	}
	_, _ = fmt.Fprintf(p.w, "%s  #%d %s %s  %s\n", p.paint(colours[r.Verdict], fmt.Sprintf("%-14s", r.Verdict)), r.Seq, plain(r.Method), plain(r.URL), sides(r))
	if r.Reason != "" {
		_, _ = fmt.Fprintf(p.w, "    %s\n", plain(r.Reason))
	}
	for _, d := range r.Differences {
		p.difference(&d)
	}
	if len(r.NotCompared) > 0 && r.Verdict != Equal {
		_, _ = fmt.Fprintf(p.w, "    %s\n", p.paint("2", "not compared: "+strings.Join(r.NotCompared, ", ")))
	}
	if r.Replayed != nil {
		for _, t := range r.Replayed.Thrown {
			_, _ = fmt.Fprintf(p.w, "    thrown: %s\n", plain(t))
		}
		if p.o.Steps {
			for _, s := range r.Replayed.Steps {
				_, _ = fmt.Fprintf(p.w, "    %s\n", p.paint("2", plain(strings.TrimSpace(s.Algorithm+" "+s.Step)+": "+s.Decision)))
			}
		}
	}
	return p.w.Flush()
}

// sides is how the two answers look in few words.
func sides(r *Result) string {
	a, b := side(r.Recorded), side(r.Replayed)
	if a == b || b == "" {
		return a
	}
	return a + " → " + b
}

func side(a *Answer) string {
	if a == nil {
		return ""
	}
	words := []string{}
	if a.Status != 0 {
		words = append(words, fmt.Sprint(a.Status))
	} else if a.Error != "" {
		words = append(words, "error")
	}
	words = append(words, a.Decision)
	if a.Source != "" && a.Source != "none" && a.Source != "unknown" {
		words = append(words, strings.TrimSpace(a.Source+" "+a.Cache))
	}
	return plain(strings.Join(words, ", "))
}

func (p *textReport) difference(d *Difference) {
	rule := ""
	if d.Rule != "" {
		rule = p.paint("33", "  ["+string(d.Rule)+"]")
	}
	_, _ = fmt.Fprintf(p.w, "    %s: %s → %s%s\n", d.Field, value(d.Recorded), value(d.Replayed), rule)
	if d.Diff == nil || d.Rule != "" {
		return
	}
	for _, l := range d.Diff.Lines {
		code := map[string]string{"-": "31", "+": "32"}[l.Op]
		_, _ = fmt.Fprintf(p.w, "      %s\n", p.paint(code, strings.TrimRight(l.Op+" "+plain(l.Text), " ")))
	}
	for _, v := range d.Diff.Paths {
		_, _ = fmt.Fprintf(p.w, "      %s: %s → %s\n", plain(v.Path), value(v.Recorded), value(v.Replayed))
	}
	if d.Diff.More {
		_, _ = fmt.Fprintln(p.w, "      …")
	}
}

func value(s string) string {
	if s == "" {
		return "nothing"
	}
	const most = 300
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") + "…"
	}
	return plain(s)
}

// plain makes text of a page harmless for a terminal.
func plain(s string) string {
	bad := func(r rune) bool {
		return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == '\u2028' || r == '\u2029'
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

func (p *textReport) End(s *Summary) error {
	for _, q := range s.Requests {
		_, _ = fmt.Fprintf(p.w, "%s  %s %s\n", p.paint(colours[Unanswered], "no answer     "), plain(q.Method), plain(q.URL))
	}
	for _, l := range s.Lifecycle {
		_, _ = fmt.Fprintf(p.w, "%s  %s %s\n", p.paint("36", fmt.Sprintf("%-14s", l.Step)), plain(l.Scope), plain(l.Why))
	}
	for _, problem := range s.Problems {
		_, _ = fmt.Fprintf(p.w, "%s\n", p.paint("33", "note: "+plain(problem)))
	}
	_, _ = fmt.Fprintf(p.w, "%d events: %s\n", s.Events, strings.Join(p.counts(s), ", "))
	for _, rule := range slices.Sorted(maps.Keys(s.Rules)) {
		_, _ = fmt.Fprintf(p.w, "  %s: %d (%s)\n", rule, s.Rules[rule], Rules[rule])
	}
	if len(s.Skipped) > 0 {
		var rows []string
		for _, why := range slices.Sorted(maps.Keys(s.Skipped)) {
			rows = append(rows, fmt.Sprintf("%d %s", s.Skipped[why], why))
		}
		_, _ = fmt.Fprintf(p.w, "%s\n", p.paint("2", "not replayed: "+strings.Join(rows, ", ")))
	}
	return p.w.Flush()
}

func (p *textReport) counts(s *Summary) []string {
	var out []string
	for _, c := range []struct {
		v Verdict
		n int
	}{{Equal, s.Equal}, {Explained, s.Explained}, {Different, s.Different}, {Unanswered, s.Unanswered}, {NotReplayable, s.NotReplayable}, {Crashed, s.Crashed}} {
		if c.n > 0 {
			out = append(out, p.paint(colours[c.v], fmt.Sprintf("%d %s", c.n, c.v)))
		}
	}
	if out == nil {
		return []string{"none to replay"}
	}
	return out
}
