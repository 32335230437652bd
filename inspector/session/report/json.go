package report

import (
	"io"
)

// Document is the format "json".
type Document struct {
	Summary *Summary       `json:"summary"`
	Run     RunInfo        `json:"run"`
	Files   []DocumentFile `json:"files"`
}

// DocumentFile is one script in a [Document].
type DocumentFile struct {
	File   string         `json:"file"`
	Result *Result        `json:"result"`
	Tests  []DocumentTest `json:"tests"`
	Output []*Output      `json:"output,omitempty"`
}

// DocumentTest is one test in a [Document]. Its result is null when it did not run.
type DocumentTest struct {
	Test
	Result *Result   `json:"result"`
	Steps  []*Step   `json:"steps,omitempty"`
	Output []*Output `json:"output,omitempty"`
}

// document is one JSON value at the end.
type document struct {
	w   io.Writer
	run Run
}

func (p *document) Event(e *Event) error {
	p.run.Apply(e)
	if e.Type != RunEnded {
		return nil
	}
	d := Document{Summary: p.run.Summary, Run: p.run.Info, Files: []DocumentFile{}}
	for _, f := range p.run.Files {
		file := DocumentFile{File: f.Name, Result: f.Result, Tests: []DocumentTest{}, Output: f.Output}
		for _, t := range f.Tests {
			file.Tests = append(file.Tests, DocumentTest{Test: t.Test, Result: t.Result, Steps: t.Steps, Output: t.Output})
		}
		d.Files = append(d.Files, file)
	}
	enc := encoder(p.w)
	enc.SetIndent("", "  ")
	return enc.Encode(d)
}
