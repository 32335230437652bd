// Package explain answers why: why a request got the answer it got, why a version
// waits or is gone, what an update compared. The answer is a chain of decisions,
// each with what it is known from.
//
// On the reference engine a chain is the trace of the specification's algorithms.
// For a browser it is put together from what CDP shows; what follows from that only
// by the specification says so ([inspector.Inferred]).
package explain

import (
	"cmp"
	"strconv"
	"strings"

	"github.com/swinspect/swinspect/inspector"
	"github.com/swinspect/swinspect/internal/spec"
)

// Chain is the answer to one why.
type Chain struct {
	Subject string `json:"subject"` // what it is about: "GET https://app.example/a.js", "version 12 of https://app.example/"
	Verdict string `json:"verdict"` // a decision of package fetches, a state of a version, or a word of a trace
	Answer  string `json:"answer"`  // in one sentence
	Links   []Link `json:"links"`
}

// Link is one decision of a chain.
type Link struct {
	Question string `json:"question,omitzero"` // "Which registration's scope matches?"
	Answer   string `json:"answer"`            // a sentence
	Verdict  string `json:"verdict,omitzero"`  // a word, or empty
	// Where the specification decides it: an algorithm, the step, and its address;
	// empty where another standard does.
	Algorithm  string               `json:"algorithm,omitzero"`
	Step       string               `json:"step,omitzero"`
	Spec       string               `json:"spec,omitzero"`
	Known      inspector.Provenance `json:"known"`                // seen, inferred or traced
	From       string               `json:"from"`                 // what it was seen in or concluded from
	Candidates []Candidate          `json:"candidates,omitempty"` // what was looked at, in order
	Details    map[string]string    `json:"details,omitempty"`    // of a trace's step
}

// Candidate is one thing that a decision looked at: a registration, a rule, an entry
// of a cache.
type Candidate struct {
	Name  string `json:"name"`           // "rule 2", an entry's URL, a scope
	Cache string `json:"cache,omitzero"` // of an entry: the name of its cache
	// Result is empty for what was not tried but is a reason, as who holds a version.
	Result inspector.StepResult `json:"result,omitzero"`
	Step   string               `json:"step,omitzero"` // which comparison turned it away: "scope", "method", "url", "search", "vary", "urlPattern" …
	Why    string               `json:"why,omitzero"`  // a sentence
	// The two sides of the comparison that failed. Of Vary, Header names the field.
	Header  string `json:"header,omitzero"`
	Request string `json:"request,omitzero"`
	Stored  string `json:"stored,omitzero"`
}

// Inferred reports whether any link was concluded rather than seen.
func (c *Chain) Inferred() bool {
	for _, l := range c.Links {
		if l.Known == inspector.Inferred {
			return true
		}
	}
	return false
}

func (c *Chain) add(l Link) {
	if l.Algorithm != "" && l.Spec == "" {
		if a, ok := spec.Find(l.Algorithm); ok {
			l.Spec = a.URL()
		}
	}
	c.Links = append(c.Links, l)
}

// trace is a chain's links from the steps that an engine told.
func (c *Chain) trace(steps []inspector.TraceStep) {
	for _, s := range steps {
		c.add(Link{
			Question: question(s.Algorithm), Answer: s.Decision, Verdict: s.Verdict, Algorithm: s.Algorithm, Step: s.Step,
			Known: inspector.Traced, From: "the engine's trace", Details: s.Details, Candidates: tracedCandidates(s),
		})
	}
}

// question is what an algorithm decides.
func question(algorithm string) string {
	switch {
	case strings.HasPrefix(algorithm, "Match Service Worker Registration"):
		return "Which registration's scope matches?"
	case strings.Contains(algorithm, "Router"):
		return "Does a static route decide?"
	case algorithm == "Query Cache", algorithm == "Request Matches Cached Item":
		return "Does a cache have it?"
	case algorithm == "Fetch":
		return "What does the network answer?"
	case algorithm == "Batch Cache Operations":
		return "What is written to the cache?"
	case strings.HasPrefix(algorithm, "Create Fetch Event"):
		return "What does the handler do?"
	case algorithm == "Handle Fetch":
		return "Who answers?"
	case algorithm == "Run Service Worker":
		return "Does the worker run?"
	}
	return ""
}

// tracedCandidates are the entries that a lookup of the engine rejected: the first
// under plain names, further ones with their number behind.
func tracedCandidates(s inspector.TraceStep) []Candidate {
	var all []Candidate
	for number, i := "", 1; s.Details["candidate"+number] != ""; number = " " + strconv.Itoa(i) {
		d := func(name string) string { return s.Details[name+number] }
		all = append(all, Candidate{
			Name: d("candidate"), Cache: s.Details["cache"], Result: inspector.Fail, Step: d("rejected by"),
			Why: cmp.Or(d("why"), s.Decision), Header: d("header"), Request: d("asked"), Stored: d("stored"),
		})
		i++
	}
	return all
}
