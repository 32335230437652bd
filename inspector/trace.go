package inspector

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// TraceStep is one step an engine took, as it told it.
type TraceStep struct {
	Seq       uint64 // from 1 in its browser context
	Time      time.Time
	Algorithm string // "Handle Fetch", as the specification calls it
	Step      string // "13.2"; empty for a whole algorithm
	Subject   string // "request:ID", "worker:ID", "registration:ID" …
	Parent    uint64 // Seq of the step that began the story; 0 for that one
	Decision  string // what was decided and why, in one sentence
	Verdict   string // a word of a fixed vocabulary, or empty
	Details   map[string]string
}

// StoryKind groups stories by what a user asks about.
type StoryKind string

// The kinds of story.
const (
	StoryFetch     StoryKind = "fetch"     // a request: who answered it, and why
	StoryUpdate    StoryKind = "update"    // Register, Update and Soft Update: what was compared
	StoryLifecycle StoryKind = "lifecycle" // Install, Activate, Try Activate, Unregister …: why a version is where it is
	StoryEvent     StoryKind = "event"     // push, sync and the other functional events
)

// Story is a chain of decisions from a first step to an outcome.
type Story struct {
	Seq          uint64 // of its first step: its name
	Kind         StoryKind
	Title        string // "GET /api/tides"
	Registration string // registration id, empty when none matched
	Began, Ended time.Time
	Verdict      string // of the last step that had one
	Steps        []TraceStep
}

// Stories groups the trace of a browser context, newest first. Steps whose first
// one is no longer remembered are a story of their own.
func Stories(c *Context) []Story {
	if c == nil {
		return nil
	}
	var all []Story
	at := map[uint64]int{}
	for _, step := range c.Trace {
		root := rootOf(step, at, all)
		i, known := at[root]
		if !known {
			i = len(all)
			at[root] = i
			all = append(all, Story{Seq: root, Began: step.Time})
		}
		at[step.Seq] = i
		all[i].add(step)
	}
	slices.SortStableFunc(all, func(a, b Story) int { return cmp.Compare(b.Seq, a.Seq) })
	return all
}

// rootOf is the story a step belongs to: its parent's, when that is remembered.
func rootOf(step TraceStep, at map[uint64]int, all []Story) uint64 {
	if step.Parent == 0 {
		return step.Seq
	}
	if i, ok := at[step.Parent]; ok {
		return all[i].Seq
	}
	return step.Parent
}

// StoriesOf are the stories of one registration: those that name it, attempts to
// register its scope, and fetches in its scope that no registration took. That a
// version still waits for the same clients is told once, as it was asked last: it
// is asked after each event.
func (s *State) StoriesOf(r *Registration) []Story {
	var mine []Story
	waits := map[string]bool{}
	for _, story := range Stories(s.Context(r.Key.Instance, r.Key.Context)) {
		if story.Registration == r.Key.ID || story.Registration == "" && (story.detail("scope") == r.Scope || inScope(r.Scope, story.detail("url"))) {
			if still := story.stillWaiting(); still != "" {
				if waits[still] {
					continue
				}
				waits[still] = true
			}
			mine = append(mine, story)
		}
	}
	return mine
}

// stillWaiting are the clients that a version waits for, when the story is nothing
// but that; "" otherwise.
func (s *Story) stillWaiting() string {
	if len(s.Steps) != 1 || s.Steps[0].Algorithm != "Try Activate" || s.Verdict != "waiting-for-clients" {
		return ""
	}
	return s.Steps[0].Subject + " " + s.detail("version") + " " + s.detail("clients")
}

func (s *Story) add(step TraceStep) {
	s.Steps = append(s.Steps, step)
	s.Ended = step.Time
	if step.Verdict != "" && !s.settledBefore(step.Verdict) && (len(s.Steps) == 1 || !aside(step.Algorithm)) {
		s.Verdict = step.Verdict
	}
	if id, ok := strings.CutPrefix(step.Subject, "registration:"); ok && s.Registration == "" {
		s.Registration = id
	}
	if id := step.Details["registration"]; id != "" {
		s.Registration = id
	}
	if len(s.Steps) == 1 {
		s.Kind = storyKind(step.Algorithm)
	}
	s.Title = s.title()
}

// settledBefore reports whether the story's verdict says more than a later one: what
// a route decided when the request then goes past the handler, and a failed install,
// which stops the worker and makes it redundant.
func (s *Story) settledBefore(verdict string) bool {
	return s.Verdict == routeMatched && verdict == "fell-through" || s.Verdict == installFailed
}

// aside reports whether an algorithm's steps stand beside a story: what a handler
// looked up or fetched is not yet what came of the event.
func aside(algorithm string) bool {
	switch algorithm {
	case "Query Cache", "Request Matches Cached Item", "Fetch", "Batch Cache Operations":
		return true
	}
	return false
}

// detail is the first value of a detail in the story.
func (s *Story) detail(name string) string {
	for _, step := range s.Steps {
		if v := step.Details[name]; v != "" {
			return v
		}
	}
	return ""
}

// title names the story: the request, the script, or the algorithm.
func (s *Story) title() string {
	first := s.Steps[0].Algorithm
	switch s.Kind {
	case StoryFetch:
		if aside(first) {
			return "cache lookup " + s.detail("url")
		}
		if url := s.detail("url"); url != "" {
			return cmp.Or(s.detail("method"), "GET") + " " + url
		}
	case StoryUpdate:
		if script := s.detail("script"); script != "" {
			return first + " " + script
		}
	case StoryEvent:
		if event := s.detail("event"); event != "" {
			return event + " event"
		}
	case StoryLifecycle:
		if version := s.detail("version"); version != "" {
			return first + " #" + version
		}
	}
	return first
}

const (
	routeMatched  = "route-matched"  // the verdict of a static route
	installFailed = "install-failed" // of an install event that failed
)

func storyKind(algorithm string) StoryKind {
	switch algorithm {
	case "Handle Fetch", "Create Fetch Event and Dispatch", "Fetch", "Cache.match", "CacheStorage.match", "Query Cache", "Request Matches Cached Item":
		return StoryFetch
	case "Start Register", "Register", "Update", "Soft Update", "Create Job", "Schedule Job", "Run Job", "Finish Job":
		return StoryUpdate
	case "Fire Functional Event":
		return StoryEvent
	}
	return StoryLifecycle
}
