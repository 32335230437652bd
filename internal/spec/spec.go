// Package spec knows which algorithms and step numbers the pinned Service Workers
// specification has: facts, not its sentences. Tests compare comments with it, the
// trace links to it.
//
// To pin a newer one, take index.bs from w3c/ServiceWorker at a commit and run
//
//	go run ./internal/spec/gen -source index.bs -commit COMMIT > internal/spec/steps.go
package spec

import (
	"slices"
	"strings"
	"sync"
)

// Algorithm is one algorithm, or one method, of the specification.
type Algorithm struct {
	Name     string // "Handle Fetch", "Clients.claim()"
	Anchor   string // of its heading: "on-fetch-request-algorithm"
	Appendix bool   // one of Appendix A

	steps string
}

// URL is where the algorithm is described.
func (a Algorithm) URL() string { return "https://w3c.github.io/ServiceWorker/#" + a.Anchor }

// Steps are the numbers of all steps, nested ones as "13.3.2", in order.
func (a Algorithm) Steps() []string { return strings.Fields(a.steps) }

// HasStep reports whether the algorithm has a step of that number.
func (a Algorithm) HasStep(number string) bool { return slices.Contains(a.Steps(), number) }

// Algorithms are all of them, in the specification's order.
func Algorithms() []Algorithm { return slices.Clone(algorithms) }

// Names that a script gives to several overloads stand for their last, complete one.
var byName = sync.OnceValue(func() map[string]Algorithm {
	m := map[string]Algorithm{}
	for _, a := range algorithms {
		m[a.Name] = a
	}
	return m
})

// Find is the algorithm of that name.
func Find(name string) (Algorithm, bool) {
	a, ok := byName()[name]
	return a, ok
}
