package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/swinspect/swinspect/inspector/session/report"
)

// scriptReports are the reports of one run.
type scriptReports struct {
	all    []report.Reporter
	files  []io.Closer
	live   *liveLine
	stdout bool // a report goes there
}

func (o *scriptReports) event(e *report.Event) (err error) {
	o.live.around(func() {
		for _, r := range o.all {
			err = errors.Join(err, r.Event(e))
		}
	})
	return err
}

func (o *scriptReports) close() (err error) {
	o.live.stop()
	for _, f := range o.files {
		err = errors.Join(err, f.Close())
	}
	return err
}

// report opens the reports that --reporter asks for.
func (r *scriptRun) report(std stdio) (_ *scriptReports, err error) {
	o := &scriptReports{live: newLiveLine(std)}
	defer func() {
		if err != nil {
			err = errors.Join(err, o.close())
		}
	}()
	for _, asked := range r.reporters {
		format, file, named := strings.Cut(asked, "=")
		if !slices.Contains(report.Formats, format) {
			return nil, usage("--reporter %s: it is one of %s", quote(format), strings.Join(report.Formats, ", "))
		}
		if named && file == "" {
			return nil, usage("--reporter %s: name the file behind the =", quote(asked))
		}
		if file == "-" {
			named = false
		}
		if !named && o.stdout {
			return nil, usage("--reporter %s: only one report can go to standard output: give the others a file, as in junit=results.xml", quote(asked))
		}
		if err := o.open(std, format, file, named, r.steps); err != nil {
			return nil, err
		}
	}
	if !o.stdout {
		format := "text"
		if std.env("GITHUB_ACTIONS") == "true" && len(r.reporters) == 0 {
			format = "github"
		}
		return o, o.open(std, format, "", false, r.steps)
	}
	return o, nil
}

// open adds one report.
func (o *scriptReports) open(std stdio, format, file string, named, steps bool) error {
	options := report.Options{Steps: steps, Prefix: repositoryPrefix()}
	out := std.out
	if !named {
		o.stdout = true
		options.Colour = std.colour(out) || format == "github" && std.env("NO_COLOR") == "" && std.env("GITHUB_ACTIONS") == "true"
	} else {
		if dir := filepath.Dir(file); dir != "." {
			if err := os.MkdirAll(dir, 0o750); err != nil {
				return &failure{exit: exitNo, err: err}
			}
		}
		f, err := os.Create(file)
		if err != nil {
			return &failure{exit: exitNo, err: err}
		}
		o.files = append(o.files, f)
		out = f
	}
	if summary := std.env("GITHUB_STEP_SUMMARY"); format == "github" && summary != "" {
		f, err := os.OpenFile(summary, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		if err != nil {
			return &failure{exit: exitNo, err: fmt.Errorf("the summary of the job: %w", err)}
		}
		o.files = append(o.files, f)
		options.GitHubSummary = f
	}
	o.all = append(o.all, report.New(format, out, options))
	return nil
}

// repositoryPrefix is the path from the root of the repository to the working directory,
// "" when there is no repository.
func repositoryPrefix() string {
	out, err := exec.Command("git", "rev-parse", "--show-prefix").Output()
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(out))
}
