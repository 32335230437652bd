package main

import (
	"encoding/xml"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

const examples = "../../examples"

// runExamples runs all examples on a backend and reads their JUnit report.
func runExamples(t *testing.T, backend string) (tests, skipped int) {
	t.Helper()
	// On a machine that does much else at the same time a browser is slow.
	r := callFor(t, 5*time.Minute, nil, "", "run", examples, "--backend", backend, "--reporter", "junit", "--wait-timeout", "15s", "--retries", "1", "-o", filepath.Join(t.TempDir(), "results"))
	if r.exit != exitOK {
		t.Fatalf("exit %d\n%s\n%s", r.exit, r.out, r.err)
	}
	var suites struct {
		Tests    int `xml:"tests,attr"`
		Failures int `xml:"failures,attr"`
		Errors   int `xml:"errors,attr"`
		Skipped  int `xml:"skipped,attr"`
		Suites   []struct {
			Name  string `xml:"name,attr"`
			Cases []struct {
				Name  string `xml:"name,attr"`
				Flaky *struct {
					Text string `xml:",chardata"`
				} `xml:"flakyFailure"`
			} `xml:"testcase"`
		} `xml:"testsuite"`
	}
	if err := xml.Unmarshal([]byte(r.out), &suites); err != nil {
		t.Fatal(err)
	}
	if suites.Failures+suites.Errors != 0 {
		t.Errorf("%s", r.out)
	}
	for _, s := range suites.Suites {
		for _, c := range s.Cases {
			if c.Flaky != nil {
				t.Logf("flaky: %s › %s: %s", s.Name, c.Name, c.Flaky.Text)
			}
		}
	}
	return suites.Tests, suites.Skipped
}

// The examples pass on the engine, which can all that they need.
func TestExamplesOnTheEngine(t *testing.T) {
	if tests, skipped := runExamples(t, "engine"); tests < 25 || skipped != 0 {
		t.Errorf("%d tests, %d skipped", tests, skipped)
	}
}

// Each example is in the table of its README, and begins with what it is about.
func TestExamplesAreListed(t *testing.T) {
	readme, err := os.ReadFile(filepath.Join(examples, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	files, err := scriptsBelow(examples)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		base := filepath.Base(f)
		if !strings.Contains(string(readme), "("+base+")") {
			t.Errorf("%s is not in the README", base)
		}
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(string(text), "// \"") {
			t.Errorf("%s does not begin with the question that it answers", base)
		}
	}
	if n := len(regexp.MustCompile(`(?m)^\| \[`).FindAll(readme, -1)); n != len(files) {
		t.Errorf("%d rows for %d examples", n, len(files))
	}
	if n := len(files); n < 10 {
		t.Errorf("%d examples", n)
	}
}
