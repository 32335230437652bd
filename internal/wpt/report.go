package wpt

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// Figures count the subtests of one tier.
type Figures struct {
	Tier            string
	Files, Complete int // tests; those whose harness was OK
	Pass, Subtests  int // what the run passed, of those the reference knows and those it does not
	Reference       int // what the reference passes
}

// Count counts results per tier, against a reference: a subtest that the
// reference knows and the run did not reach counts as a subtest.
func Count(tests []Test, got, reference Results) []Figures {
	byTier := map[string]*Figures{}
	var order []string
	for _, t := range tests {
		f := byTier[t.Tier]
		if f == nil {
			f = &Figures{Tier: t.Tier}
			byTier[t.Tier], order = f, append(order, t.Tier)
		}
		f.Files++
		if got[t.URL].Harness == HarnessOK {
			f.Complete++
		}
		names := map[string]bool{}
		for _, s := range got[t.URL].Tests {
			names[s.Name] = true
			if s.Status == Pass {
				f.Pass++
			}
		}
		for _, s := range reference[t.URL].Tests {
			names[s.Name] = true
			if s.Status == Pass {
				f.Reference++
			}
		}
		f.Subtests += len(names)
	}
	slices.Sort(order)
	out := make([]Figures, 0, len(order))
	for _, tier := range order {
		out = append(out, *byTier[tier])
	}
	return out
}

// Difference is one subtest that came out otherwise than it was to. An empty
// Name is the test itself.
type Difference struct {
	URL, Name string
	Want, Got string
	Message   string
}

// Compare lists, in order of tests, what passes in want and not in got (lost),
// and what passes in got and not in want (won). A test that is not in want is
// not compared.
func Compare(tests []Test, got, want Results) (lost, won []Difference) {
	for _, t := range tests {
		w, known := want[t.URL]
		if !known {
			continue
		}
		g := got[t.URL]
		gs, ws := statuses(g), statuses(w)
		for _, s := range w.Tests {
			if s.Status != Pass || gs[s.Name].Status == Pass {
				continue
			}
			d := Difference{URL: t.URL, Name: s.Name, Want: Pass, Got: gs[s.Name].Status, Message: gs[s.Name].Message}
			if d.Got == "" {
				d.Got, d.Message = "MISSING", strings.TrimSpace(g.Harness+" "+g.Message)
			}
			lost = append(lost, d)
		}
		for _, s := range g.Tests {
			if s.Status == Pass && ws[s.Name].Status != Pass {
				won = append(won, Difference{URL: t.URL, Name: s.Name, Want: ws[s.Name].Status, Got: Pass})
			}
		}
	}
	return lost, won
}

func statuses(r Result) map[string]Subtest {
	m := make(map[string]Subtest, len(r.Tests))
	for _, s := range r.Tests {
		m[s.Name] = s
	}
	return m
}

// Report writes the figures as a table.
func Report(w io.Writer, product string, figures []Figures) {
	fmt.Fprintf(w, "%s\n%-5s %9s %9s %15s %10s\n", product, "tier", "complete", "subtests", "passed", "Chromium")
	for _, f := range figures {
		fmt.Fprintf(w, "%-5s %5d/%-3d %9d %9d %4.1f%% %10d\n", f.Tier, f.Complete, f.Files, f.Subtests, f.Pass,
			100*float64(f.Pass)/float64(max(1, f.Subtests)), f.Reference)
	}
}

// List writes differences, a block per test.
func List(w io.Writer, title string, differences []Difference) {
	if len(differences) == 0 {
		return
	}
	fmt.Fprintf(w, "%s: %d\n", title, len(differences))
	url := ""
	for _, d := range differences {
		if d.URL != url {
			url = d.URL
			fmt.Fprintf(w, "  %s\n", url)
		}
		line := fmt.Sprintf("    %s: %s", d.Got, d.Name)
		if d.Message != "" {
			line += " — " + d.Message
		}
		fmt.Fprintln(w, strings.ReplaceAll(line, "\n", " "))
	}
}
