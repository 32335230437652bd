package replay

import (
	"bufio"
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// junitReport is JUnit XML as CI systems read it: a test case per event, a failure for
// what differs, an error for a crash, skipped for what could not be replayed.
type junitReport struct {
	w   io.Writer
	all []*Result
}

type (
	junitSuites struct {
		XMLName  xml.Name   `xml:"testsuites"`
		Name     string     `xml:"name,attr"`
		Tests    int        `xml:"tests,attr"`
		Failures int        `xml:"failures,attr"`
		Errors   int        `xml:"errors,attr"`
		Skipped  int        `xml:"skipped,attr"`
		Time     string     `xml:"time,attr"`
		Suite    junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name     string      `xml:"name,attr"`
		Tests    int         `xml:"tests,attr"`
		Failures int         `xml:"failures,attr"`
		Errors   int         `xml:"errors,attr"`
		Skipped  int         `xml:"skipped,attr"`
		Time     string      `xml:"time,attr"`
		Cases    []junitCase `xml:"testcase"`
		Out      string      `xml:"system-out,omitempty"`
	}
	junitCase struct {
		Name    string        `xml:"name,attr"`
		Class   string        `xml:"classname,attr"`
		Time    string        `xml:"time,attr"`
		Failure *junitMessage `xml:"failure"`
		Error   *junitMessage `xml:"error"`
		Skipped *junitMessage `xml:"skipped"`
		Out     string        `xml:"system-out,omitempty"`
	}
	junitMessage struct {
		Message string `xml:"message,attr"`
		Type    string `xml:"type,attr,omitempty"`
		Text    string `xml:",chardata"`
	}
)

func (p *junitReport) Result(r *Result) error { p.all = append(p.all, r); return nil }

func (p *junitReport) End(s *Summary) error {
	doc := junitSuites{Name: "swinspect replay", Tests: s.Events, Failures: s.Different + s.Unanswered, Errors: s.Crashed, Skipped: s.NotReplayable, Time: seconds(s.Seconds)}
	doc.Suite = junitSuite{Name: xmlText(s.Recording), Tests: doc.Tests, Failures: doc.Failures, Errors: doc.Errors, Skipped: doc.Skipped, Time: doc.Time, Out: xmlText(strings.Join(s.Problems, "\n"))}
	for _, r := range p.all {
		doc.Suite.Cases = append(doc.Suite.Cases, junitOf(r))
	}
	if _, err := io.WriteString(p.w, xml.Header); err != nil {
		return err
	}
	enc := xml.NewEncoder(p.w)
	enc.Indent("", "  ")
	if err := enc.Encode(doc); err != nil {
		return err
	}
	_, err := io.WriteString(p.w, "\n")
	return err
}

func junitOf(r *Result) junitCase {
	c := junitCase{Name: xmlText(title(r)), Class: xmlText("replay." + r.Kind), Time: seconds(r.Took.Seconds())}
	text := xmlText(words(r))
	switch r.Verdict {
	case Different:
		c.Failure = &junitMessage{Message: xmlText(strings.Join(r.Differs(), ", ") + " differs"), Type: string(r.Verdict), Text: text}
	case Unanswered:
		c.Failure = &junitMessage{Message: xmlText(r.Reason), Type: string(r.Verdict), Text: text}
	case Crashed:
		c.Error = &junitMessage{Message: xmlText(r.Reason), Type: string(r.Verdict), Text: text}
	case NotReplayable:
		c.Skipped = &junitMessage{Message: xmlText(r.Reason)}
	case Explained:
		c.Out = text
	}
	return c
}

// title names an event so that it is the same in each run of a recording.
func title(r *Result) string { return fmt.Sprintf("#%d %s %s", r.Seq, r.Method, r.URL) }

// words are the differences of a result in lines.
func words(r *Result) string {
	var b strings.Builder
	p := &textReport{w: bufio.NewWriter(&b), o: ReportOptions{All: true}}
	_ = p.Result(r) // a strings.Builder takes everything
	return b.String()
}

func seconds(s float64) string { return fmt.Sprintf("%.3f", s) }

// xmlText leaves out what XML 1.0 cannot have.
func xmlText(s string) string {
	return strings.Map(func(r rune) rune {
		if r == utf8.RuneError || r < 0x20 && r != '\n' && r != '\t' || r == 0xFFFE || r == 0xFFFF {
			return '\uFFFD'
		}
		return r
	}, s)
}

// tapReport is TAP 14: a test point per event, its differences in a YAML block.
type tapReport struct {
	w *bufio.Writer
	n int
}

func (p *tapReport) Result(r *Result) error {
	if p.n == 0 {
		_, _ = fmt.Fprintln(p.w, "TAP version 14")
	}
	p.n++
	ok := "ok"
	if r.Verdict == Different || r.Verdict == Unanswered || r.Verdict == Crashed {
		ok = "not ok"
	}
	_, _ = fmt.Fprintf(p.w, "%s %d - %s", ok, p.n, strings.NewReplacer("\\", "\\\\", "#", "\\#").Replace(plain(title(r))))
	if r.Verdict == NotReplayable {
		_, _ = fmt.Fprintf(p.w, " # SKIP %s", plain(r.Reason))
	}
	_, _ = fmt.Fprintln(p.w)
	if r.Verdict != Equal && r.Verdict != NotReplayable {
		_, _ = fmt.Fprintf(p.w, "  ---\n  verdict: %s\n", r.Verdict)
		if r.Reason != "" {
			_, _ = fmt.Fprintf(p.w, "  reason: %q\n", r.Reason)
		}
		if len(r.Differences) > 0 {
			_, _ = fmt.Fprintln(p.w, "  differences:")
		}
		for _, d := range r.Differences {
			_, _ = fmt.Fprintf(p.w, "    - field: %q\n      recorded: %q\n      replayed: %q\n", d.Field, d.Recorded, d.Replayed)
			if d.Rule != "" {
				_, _ = fmt.Fprintf(p.w, "      rule: %s\n", d.Rule)
			}
		}
		_, _ = fmt.Fprintln(p.w, "  ...")
	}
	return p.w.Flush()
}

func (p *tapReport) End(*Summary) error {
	if p.n == 0 {
		_, _ = fmt.Fprintln(p.w, "TAP version 14")
	}
	_, _ = fmt.Fprintf(p.w, "1..%d\n", p.n)
	return p.w.Flush()
}
