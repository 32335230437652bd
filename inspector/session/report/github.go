package report

import (
	"fmt"
	"io"
	"path"
	"path/filepath"
	"strings"
)

// github is the text, annotations of GitHub Actions behind it (workflow commands that the
// runner takes out of the log), and a summary of the job in Markdown.
type github struct {
	text *text
	w    io.Writer
	o    Options
}

func (p *github) Event(e *Event) error {
	if err := p.text.Event(e); err != nil || e.Type != RunEnded {
		return err
	}
	for _, f := range p.text.run.Files {
		if f.Broken() {
			if err := p.annotate(f.Name, Place{File: f.Name}, "", f.Result); err != nil {
				return err
			}
		}
		for _, t := range f.Tests {
			if t.Result == nil || !t.Result.Outcome.Bad() && t.Result.Outcome != Flaky {
				continue
			}
			at := t.At
			if at.File == "" {
				at.File = f.Name
			}
			if err := p.annotate(f.Name, at, t.Name, t.Result); err != nil {
				return err
			}
		}
	}
	if p.o.GitHubSummary == nil || e.Summary == nil {
		return nil
	}
	_, err := io.WriteString(p.o.GitHubSummary, markdown(&p.text.run, e.Summary))
	return err
}

// annotate writes one annotation for each failure of a test or file.
func (p *github) annotate(file string, at Place, name string, r *Result) error {
	command := "error"
	if r.Outcome == Flaky {
		command = "warning"
	}
	all := failures(r)
	if len(all) == 0 {
		all = []Failure{{Message: r.Reason}}
	}
	for i := range all {
		f := &all[i]
		where := f.At
		if where.Line == 0 || where.File == "" {
			where = at
		}
		title := file
		if name != "" {
			title = name
		}
		in := where.File
		if !filepath.IsAbs(in) {
			in = path.Join(p.o.Prefix, filepath.ToSlash(in))
		}
		props := []string{"file=" + property(in)}
		if where.Line > 0 {
			props = append(props, fmt.Sprintf("line=%d", where.Line))
		}
		if where.Column > 0 {
			props = append(props, fmt.Sprintf("col=%d", where.Column))
		}
		props = append(props, "title="+property(title))
		short := *f
		short.Frame = "" // the annotation stands at the code
		if _, err := fmt.Fprintf(p.w, "::%s %s::%s\n", command, strings.Join(props, ","), message(strings.Join(brush(false).failure(&short), "\n"))); err != nil {
			return err
		}
	}
	return nil
}

// message escapes the message of a workflow command, property one of its properties.
func message(s string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace(s)
}

func property(s string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C").Replace(plain(s))
}

// markdown is the summary of a job: the counts, and what failed.
func markdown(run *Run, s *Summary) string {
	var b strings.Builder
	sign := "✅"
	if !s.OK() {
		sign = "❌"
	}
	_, _ = fmt.Fprintf(&b, "### %s swinspect run: %s\n\n%s in %s, backend %s, %s\n", sign, strings.Join(brush(false).counts(s), ", "),
		plural(s.Tests, "test"), plural(s.Files, "file"), inMarkdown(run.Info.Backend), took(s.Took))
	for _, f := range run.Files {
		if f.Broken() {
			section(&b, f.Name, f.Result)
		}
		for _, t := range f.Tests {
			if t.Result != nil && (t.Result.Outcome.Bad() || t.Result.Outcome == Flaky) {
				section(&b, f.Name+" › "+t.Name, t.Result)
			}
		}
	}
	b.WriteString("\n")
	return b.String()
}

func section(b *strings.Builder, title string, r *Result) {
	sign := marks[r.Outcome].sign
	_, _ = fmt.Fprintf(b, "\n<details><summary>%s %s</summary>\n\n", sign, inMarkdown(title))
	for _, f := range failures(r) {
		body := strings.Join(brush(false).failure(&f), "\n")
		fence := strings.Repeat("`", max(3, ticks(body)+1))
		_, _ = fmt.Fprintf(b, "%s\n%s\n%s\n\n", fence, body, fence)
	}
	if r.Reason != "" {
		_, _ = fmt.Fprintf(b, "%s\n\n", inMarkdown(r.Reason))
	}
	for _, name := range r.Traces {
		_, _ = fmt.Fprintf(b, "Trace: %s\n\n", inMarkdown(name))
	}
	b.WriteString("</details>\n")
}

// ticks is the longest run of backticks.
func ticks(s string) int {
	longest, n := 0, 0
	for _, r := range s {
		if r != '`' {
			n = 0
			continue
		}
		n++
		longest = max(longest, n)
	}
	return longest
}

// inMarkdown is text without markup.
func inMarkdown(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "*", "\\*", "_", "\\_", "`", "\\`", "[", "\\[", "\n", " ").Replace(plain(s))
}
