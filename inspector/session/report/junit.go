package report

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"
)

// junit is JUnit XML as CI systems read it: a suite per file, a case per test; a failure
// for an expectation, an error for what was thrown, timed out or crashed. What is wrong
// with a file itself is a case of its own. A trace is an attachment, in the spelling of
// Jenkins and GitLab.
type junit struct {
	w     io.Writer
	run   Run
	began map[string]time.Time
}

type (
	junitSuites struct {
		XMLName  xml.Name     `xml:"testsuites"`
		Name     string       `xml:"name,attr"`
		Tests    int          `xml:"tests,attr"`
		Failures int          `xml:"failures,attr"`
		Errors   int          `xml:"errors,attr"`
		Skipped  int          `xml:"skipped,attr"`
		Time     string       `xml:"time,attr"`
		Suites   []junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name       string          `xml:"name,attr"`
		File       string          `xml:"file,attr"`
		Tests      int             `xml:"tests,attr"`
		Failures   int             `xml:"failures,attr"`
		Errors     int             `xml:"errors,attr"`
		Skipped    int             `xml:"skipped,attr"`
		Time       string          `xml:"time,attr"`
		Timestamp  string          `xml:"timestamp,attr,omitempty"`
		Properties []junitProperty `xml:"properties>property,omitempty"`
		Cases      []junitCase     `xml:"testcase"`
		Out        string          `xml:"system-out,omitempty"`
	}
	junitProperty struct {
		Name  string `xml:"name,attr"`
		Value string `xml:"value,attr"`
	}
	junitCase struct {
		Name    string        `xml:"name,attr"`
		Class   string        `xml:"classname,attr"`
		File    string        `xml:"file,attr"`
		Line    int           `xml:"line,attr,omitempty"`
		Time    string        `xml:"time,attr"`
		Failure *junitMessage `xml:"failure"`
		Error   *junitMessage `xml:"error"`
		Flaky   *junitMessage `xml:"flakyFailure"`
		Skipped *junitMessage `xml:"skipped"`
		Out     string        `xml:"system-out,omitempty"`
	}
	junitMessage struct {
		Message string `xml:"message,attr,omitempty"`
		Type    string `xml:"type,attr,omitempty"`
		Text    string `xml:",chardata"`
	}
)

func (p *junit) Event(e *Event) error {
	p.run.Apply(e)
	if e.Type == FileBegan {
		if p.began == nil {
			p.began = map[string]time.Time{}
		}
		p.began[e.File] = e.Time
	}
	if e.Type != RunEnded {
		return nil
	}
	doc := junitSuites{Name: "swinspect run"}
	if e.Summary != nil {
		doc.Time = seconds(e.Summary.Took)
	}
	for _, f := range p.run.Files {
		s := p.suite(f)
		doc.Tests += s.Tests
		doc.Failures += s.Failures
		doc.Errors += s.Errors
		doc.Skipped += s.Skipped
		doc.Suites = append(doc.Suites, s)
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

func (p *junit) suite(f *File) junitSuite {
	s := junitSuite{Name: xmlText(f.Name), File: xmlText(f.Name), Time: seconds(0), Out: xmlText(printed(f.Output))}
	if p.run.Info.Backend != "" {
		s.Properties = []junitProperty{{"backend", xmlText(p.run.Info.Backend)}}
	}
	if t := p.began[f.Name]; !t.IsZero() {
		s.Timestamp = t.UTC().Format("2006-01-02T15:04:05")
	}
	for _, t := range f.Tests {
		s.Cases = append(s.Cases, caseOf(f, t))
	}
	if r := f.Result; r != nil {
		s.Time = seconds(r.Took)
		if f.Broken() {
			c := junitCase{Name: "the file", Class: class(f.Name), File: xmlText(f.Name), Time: seconds(0)}
			c.take(r)
			s.Cases = append(s.Cases, c)
		}
	}
	for _, c := range s.Cases {
		s.Tests++
		switch {
		case c.Error != nil:
			s.Errors++
		case c.Failure != nil:
			s.Failures++
		case c.Skipped != nil:
			s.Skipped++
		}
	}
	return s
}

func caseOf(f *File, t *Case) junitCase {
	c := junitCase{Name: xmlText(t.Name), Class: class(f.Name), File: xmlText(f.Name), Line: t.At.Line, Time: seconds(0), Out: xmlText(printed(t.Output))}
	if t.Result == nil {
		c.Skipped = &junitMessage{Message: "the run ended before it did"}
		return c
	}
	c.Time = seconds(t.Result.Took)
	c.take(t.Result)
	return c
}

// take puts a result into a case.
func (c *junitCase) take(r *Result) {
	switch {
	case r.Outcome == Skipped:
		c.Skipped = &junitMessage{Message: xmlText(r.Reason)}
	case r.Outcome == Flaky:
		c.Flaky = messageOf(failures(r))
	case r.Outcome.Bad() && len(r.Failures) == 0:
		c.Error = &junitMessage{Message: xmlText(r.Reason), Type: string(r.Outcome)}
	case r.Outcome.Bad() && r.Failures[0].Name == AssertionError:
		c.Failure = messageOf(r.Failures)
	case r.Outcome.Bad():
		c.Error = messageOf(r.Failures)
	}
	for _, name := range r.Traces {
		c.Out = strings.TrimLeft(c.Out+"\n[[ATTACHMENT|"+xmlText(name)+"]]\n", "\n")
	}
}

// messageOf is one element for all failures: a case may have one only.
func messageOf(all []Failure) *junitMessage {
	if len(all) == 0 {
		return nil
	}
	first, _, _ := strings.Cut(strings.TrimSpace(all[0].Message), "\n")
	var texts []string
	for i := range all {
		texts = append(texts, strings.Join(brush(false).failure(&all[i]), "\n"))
	}
	return &junitMessage{Message: xmlText(first), Type: xmlText(all[0].Name), Text: xmlText(strings.Join(texts, "\n\n"))}
}

// class is a file's name as the name of a class: systems group by its dots.
func class(file string) string {
	return xmlText(strings.TrimPrefix(strings.ReplaceAll(file, "\\", "/"), "./"))
}

func printed(all []*Output) string {
	var b strings.Builder
	for _, o := range all {
		_, _ = fmt.Fprintf(&b, "%s: %s\n", o.Level, o.Text)
	}
	return b.String()
}

func seconds(m Millis) string { return fmt.Sprintf("%.3f", float64(m)/1000) }

// xmlText leaves out what XML 1.0 cannot have.
func xmlText(s string) string {
	return strings.Map(func(r rune) rune {
		if r == utf8.RuneError || r < 0x20 && r != '\n' && r != '\t' || r == 0xFFFE || r == 0xFFFF {
			return '\uFFFD'
		}
		return r
	}, s)
}
