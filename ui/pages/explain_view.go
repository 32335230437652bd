package pages

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/swinspect/swinspect/inspector"
	"github.com/swinspect/swinspect/inspector/explain"
	"github.com/swinspect/swinspect/internal/spec"
	"github.com/swinspect/swinspect/ui/components"
)

// ExplainView is the stories of a registration, and one of them told.
type ExplainView struct {
	Address components.Address
	Own     string // origin of the registration
	Traces  bool   // the backend tells its steps
	Missed  uint64
	Filter  components.Filter
	Head    components.TableHead
	Rows    []StoryRow
	Window  components.Window
	Total   int
	Told    *StoryView
	// Of a browser, which does not tell: its versions explained, newest first, and where
	// its requests are.
	Versions []VersionChain
	Fetches  string
}

// VersionChain is why a version is where it is.
type VersionChain struct {
	Title  string
	Icon   string
	Answer string
	Links  []ChainLink
}

// NewVersionChains lays the explanations of versions out.
func NewVersionChains(chains []explain.Chain) []VersionChain {
	all := make([]VersionChain, len(chains))
	for i, c := range chains {
		all[i] = VersionChain{Title: c.Subject, Icon: components.UrgencyIcon(c.Verdict), Answer: c.Answer, Links: NewChain(c)}
	}
	return all
}

// StoryRow is a story in the table.
type StoryRow struct {
	Story   inspector.Story
	ID      string
	State   components.State
	Current bool
}

// StoryView is a story as a chain.
type StoryView struct {
	Row   StoryRow
	Links []StepView
}

// StepView is one link of a chain.
type StepView struct {
	Step    inspector.TraceStep
	Icon    string
	Class   string
	Word    string // the step's verdict
	Title   string
	SpecURL string
	Details []Detail
}

// Detail is a named value of a step.
type Detail struct{ Name, Value string }

// ExplainKeys are the keys of the filter.
var ExplainKeys = []string{"kind", "url", "verdict", "method", "mode", "cache", "algorithm"}

// NewExplain lays out the stories of a registration.
func NewExplain(s *inspector.State, r *inspector.Registration, a components.Address) ExplainView {
	v := ExplainView{Address: a, Own: components.Origin(r.Scope), Filter: components.NewFilter(a, "filter", "Filter stories", "kind:fetch -verdict:responded", ExplainKeys)}
	if c := s.Context(r.Key.Instance, r.Key.Context); c != nil {
		v.Traces, v.Missed = c.Traces, c.TraceMissed
	}
	v.Head = tableHead(a, "sort", components.Sort{Key: "time", Desc: true}, []components.Column{
		{Key: "time", Label: "Time", Class: "w-clock", First: "-time"},
		{Key: "kind", Label: "Kind", Class: "c3 w-phase"},
		{Key: "title", Label: "Story"},
		{Key: "verdict", Label: "Verdict", Class: "x-verdict"},
		{Key: "took", Label: "Took", Class: "r c2 w-n", First: "-took"},
	})
	asked, _ := strconv.ParseUint(a.Query.Get("story"), 10, 64)
	stories := s.StoriesOf(r)
	v.Total = len(stories)
	var keep []StoryRow
	for _, story := range stories {
		row := StoryRow{Story: story, ID: "story-" + strconv.FormatUint(story.Seq, 10), State: storyVerdict(story.Verdict), Current: story.Seq == asked}
		if row.Current {
			v.Told = newStory(row)
		}
		if v.Filter.Query.Match(func(key string) []string { return storyField(story, key) }) {
			keep = append(keep, row)
		}
	}
	sortRows(keep, v.Head.Sort, func(a, b StoryRow) int { return compareStories(a.Story, b.Story, v.Head.Sort.Key) })
	v.Window = components.WindowAt(atoi(a.Query.Get("from")), logWindow, len(keep))
	v.Rows = keep[v.Window.From:v.Window.To]
	return v
}

func storyField(s inspector.Story, key string) []string {
	switch key {
	case "":
		values := []string{s.Title, s.Verdict}
		for _, step := range s.Steps {
			values = append(values, step.Decision)
		}
		return values
	case "kind":
		return []string{string(s.Kind)}
	}
	var values []string
	for _, step := range s.Steps {
		switch key {
		case "verdict":
			values = append(values, step.Verdict)
		case "algorithm":
			values = append(values, step.Algorithm)
		default:
			values = append(values, step.Details[key])
		}
	}
	return slices.DeleteFunc(values, func(v string) bool { return v == "" })
}

func compareStories(a, b inspector.Story, key string) int {
	switch key {
	case "kind":
		return cmp.Compare(a.Kind, b.Kind)
	case "title":
		return cmp.Compare(a.Title, b.Title)
	case "verdict":
		return cmp.Compare(a.Verdict, b.Verdict)
	case "took":
		return cmp.Compare(a.Ended.Sub(a.Began), b.Ended.Sub(b.Began))
	}
	return cmp.Compare(a.Seq, b.Seq)
}

func newStory(row StoryRow) *StoryView {
	v := &StoryView{Row: row}
	for _, step := range row.Story.Steps {
		state := storyVerdict(step.Verdict)
		link := StepView{Step: step, Icon: state.Icon, Class: state.Class, Word: state.Word, Title: stepTitle(step), SpecURL: specURL(step.Algorithm)}
		switch icon := stepIcon(step); {
		case step.Verdict == "":
			link.Icon, link.Class = icon, ""
		case icon != "chev":
			link.Icon = icon // where it looked says more than what came of it, which is in words
		}
		for _, name := range slices.Sorted(maps.Keys(step.Details)) {
			if name != "registration" && step.Details[name] != "" {
				link.Details = append(link.Details, Detail{name, step.Details[name]})
			}
		}
		v.Links = append(v.Links, link)
	}
	return v
}

// stepTitle is a step's name as the specification has it.
func stepTitle(step inspector.TraceStep) string {
	if step.Step == "" {
		return step.Algorithm
	}
	return step.Algorithm + " " + step.Step
}

// stepIcon is the glyph of a step that decides nothing.
func stepIcon(step inspector.TraceStep) string {
	switch {
	case strings.Contains(step.Algorithm, "Cache"):
		return "s-cache"
	case strings.HasPrefix(step.Algorithm, "Run Service Worker"), strings.HasPrefix(step.Algorithm, "Terminate"):
		return "running"
	case strings.Contains(step.Algorithm, "Router"):
		return "d-route"
	case step.Algorithm == "Fetch":
		return "s-net"
	}
	return "chev"
}

// storyVerdict is a verdict as glyph, word and colour.
func storyVerdict(verdict string) components.State {
	icon, class := "chev", "idle"
	switch verdict {
	case "responded", "cache-hit", "preload", "fulfilled", "installed", "activated", "resolved", "byte-different", "fetched", "stored":
		icon, class = "d-respond", "ok"
	case "route-matched":
		icon, class = "d-route", "work"
	case "fell-through", "no-fetch-handler", "empty-fetch-handler", "bypassed", "byte-identical", "unchanged":
		icon, class = "d-fell", "idle"
	case "not-controlled", "waiting", "cache-miss":
		icon, class = "d-none", "wait"
	case "respond-error", "rejected", "terminated", "timed-out", "failed", "fetch-failed", "network-error", "redundant",
		"install-failed", "update-failed", "start-failed", "import-failed", "threw", "refused":
		icon, class = "error", "bad"
	}
	return components.State{Icon: icon, Word: strings.ReplaceAll(verdict, "-", " "), Class: class}
}

// shortURL leaves the registration's own origin out of a title.
func shortURL(own, title string) string { return strings.Replace(title, own+"/", "/", 1) }

// specURL is where an algorithm of the specification stands, empty for another
// standard's.
func specURL(algorithm string) string {
	if a, ok := spec.Find(algorithm); ok {
		return a.URL()
	}
	return ""
}
