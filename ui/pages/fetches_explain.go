package pages

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/swinspect/swinspect/inspector"
	"github.com/swinspect/swinspect/inspector/explain"
	"github.com/swinspect/swinspect/inspector/fetches"
	"github.com/swinspect/swinspect/ui/components"
)

// ChainLink is one decision on the way of a request.
type ChainLink struct {
	By         string // seen, traced or inferred
	From       string // what it is known from
	Icon       string
	Class      string
	Title      string
	Text       string
	Spec       string // name of the step of the specification, "" none
	SpecURL    string
	Details    []Detail
	Candidates []explain.Candidate
}

// NewChain lays an explanation out.
func NewChain(c explain.Chain) []ChainLink {
	var chain []ChainLink
	for _, l := range c.Links {
		state := storyVerdict(l.Verdict)
		link := ChainLink{
			By: string(l.Known), From: l.From, Icon: state.Icon, Class: state.Class, Title: l.Question, Text: l.Answer, SpecURL: l.Spec, Candidates: l.Candidates,
			Spec: strings.TrimSpace(l.Algorithm + " " + l.Step),
		}
		if link.Title == "" {
			link.Title, link.Text = l.Answer, ""
		}
		switch icon := stepIcon(inspector.TraceStep{Algorithm: l.Algorithm}); {
		case l.Verdict == "":
			link.Icon, link.Class = icon, ""
		case icon != "chev":
			link.Icon = icon
		}
		for _, name := range slices.Sorted(maps.Keys(l.Details)) {
			if !strings.HasPrefix(name, "candidate") && !toldTwice(name) && l.Details[name] != "" {
				link.Details = append(link.Details, Detail{name, l.Details[name]})
			}
		}
		chain = append(chain, link)
	}
	return chain
}

// toldTwice reports whether a detail of a step is among its candidates, or names what
// the page is about anyway.
func toldTwice(name string) bool {
	name, _, _ = strings.Cut(name, " ")
	return slices.Contains([]string{"registration", "rejected", "why", "header", "asked", "stored"}, name)
}

// candidateState is what came of a candidate.
func candidateState(c explain.Candidate) components.State {
	switch c.Result {
	case inspector.Pass:
		return components.State{Icon: "confirmed", Word: "matches", Class: "ok"}
	case inspector.Unknown:
		return components.State{Icon: "unanswered", Word: "cannot be told", Class: "wait"}
	}
	word := "rejected"
	if c.Step != "" {
		word = "rejected by " + c.Step
	}
	return components.State{Icon: "failed", Word: word, Class: "bad"}
}

// shownCandidates are the candidates that a link shows, and how many more there are.
func shownCandidates(all []explain.Candidate) ([]explain.Candidate, int) {
	if len(all) > maxShownCandidates {
		return all[:maxShownCandidates], len(all) - maxShownCandidates
	}
	return all, 0
}

func candidateTitle(own string, c explain.Candidate) string {
	name := shortURL(own, visible(c.Name))
	if c.Cache != "" {
		name += " in " + cacheTitle(c.Cache)
	}
	return name
}

// fromWords says where an answer came from.
func fromWords(f *fetches.Fetch) string {
	switch f.Source {
	case fetches.FromWorker:
		return "made by the worker"
	case fetches.FromCache:
		return "from the cache " + cacheTitle(f.CacheName)
	case fetches.FromNetwork:
		return "from the network"
	case fetches.FromPreload:
		return "from navigation preload"
	case fetches.FromHTTPCache:
		return "from the browser's HTTP cache"
	}
	return string(f.Source)
}

// answerLink is what came of a fetch, as the last link of an engine's chain.
func answerLink(f *fetches.Fetch) ChainLink {
	word, class := statusWord(f)
	l := ChainLink{By: "seen", From: "the network events", Icon: "confirmed", Class: "ok", Title: word}
	if f.Source != fetches.FromUnknown && f.Source != fetches.FromNowhere {
		l.Title += " " + fromWords(f)
	}
	switch {
	case class == "bad":
		l.Icon, l.Class = "error", "bad"
	case !f.Done && f.Status == 0:
		l.Icon, l.Class, l.Title = "spin", "", "Not answered yet"
	}
	var parts []string
	if f.ResponseBody.Size >= 0 {
		parts = append(parts, components.Bytes(float64(f.ResponseBody.Size)))
	}
	if f.Timing.End >= 0 {
		parts = append(parts, "after "+components.Span(f.Timing.End))
	}
	if f.Error != "" {
		parts = append(parts, visible(f.Error))
	}
	l.Text = strings.Join(parts, ", ")
	return l
}

// FetchChain is the whole chain of a fetch.
func FetchChain(f *fetches.Fetch, c explain.Chain) []ChainLink {
	chain := NewChain(c)
	if len(chain) > 0 && chain[len(chain)-1].By == string(inspector.Traced) {
		chain = append(chain, answerLink(f))
	}
	return chain
}

func more(n int) string { return strconv.Itoa(n) + " more" }
