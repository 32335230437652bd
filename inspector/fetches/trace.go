package fetches

import (
	"math"
	"slices"
	"strings"
	"time"

	"github.com/swinspect/swinspect/cdp"
	"github.com/swinspect/swinspect/cdp/swproto"
	"github.com/swinspect/swinspect/inspector"
)

// storyKey names a story of an engine's trace.
type storyKey struct {
	instance, context string
	seq               uint64
}

// maxWaiting bounds the stories whose request was not seen (yet).
const maxWaiting = 1000

// traced puts what an engine told into the rows it is about.
func (f *fold) traced() {
	var p swproto.TracedEvent
	if cdp.Decode(f.m.Params, &p) != nil {
		return
	}
	for _, t := range p.Steps {
		step := inspector.TraceStep{
			Seq: t.Seq, Time: milliseconds(t.Timestamp, f.m.Time), Algorithm: t.Algorithm, Step: t.Step, Subject: t.Subject,
			Parent: t.Parent, Decision: t.Decision, Verdict: t.Verdict, Details: t.Details,
		}
		key := storyKey{f.m.Instance, f.m.Context, t.Seq}
		if t.Parent != 0 {
			key.seq = t.Parent
		}
		switch id, known := f.stories[key]; {
		case known:
			f.tell(id, step)
		case t.Parent == 0 && t.Algorithm == "Handle Fetch", f.waiting[key] != nil:
			f.waiting[key] = append(f.waiting[key], step)
			f.join(key)
		}
	}
	f.forgetWaiting()
}

// join finds the row of a story that waits for it.
func (f *fold) join(key storyKey) {
	steps := f.waiting[key]
	const recent = 2000
	for i := len(f.rows) - 1; i >= max(0, len(f.rows)-recent); i-- {
		if r := f.rows[i]; r.Instance == key.instance && r.Context == key.context && isAbout(steps[0], r) {
			f.stories[key] = r.ID
			delete(f.waiting, key)
			for _, step := range steps {
				f.tell(r.ID, step)
			}
			return
		}
	}
}

// joinWaiting is join for what waits, when a row is new.
func (f *fold) joinWaiting() {
	for _, key := range f.waitingKeys() {
		f.join(key)
	}
}

func (f *fold) waitingKeys() []storyKey {
	var keys []storyKey
	for key := range f.waiting {
		keys = append(keys, key)
	}
	slices.SortFunc(keys, func(a, b storyKey) int { return int(int64(a.seq) - int64(b.seq)) })
	return keys
}

func (f *fold) forgetWaiting() {
	if len(f.waiting) <= maxWaiting {
		return
	}
	keys := f.waitingKeys()
	for _, key := range keys[:len(keys)-maxWaiting] {
		delete(f.waiting, key)
	}
}

// isAbout reports whether the first step of a story is about a row: it names the
// request, or, of a navigation, its URL.
func isAbout(step inspector.TraceStep, r *Fetch) bool {
	if len(r.Steps) > 0 || r.Kind == KindWorker || r.Kind == KindScript {
		return false
	}
	id, ok := strings.CutPrefix(step.Subject, "request:")
	if !ok || id == "" {
		return false
	}
	if r.ID == id || strings.HasSuffix(r.ID, "."+id) {
		return true
	}
	// A navigation from before the log began has no row: its story is not the next one's.
	const slack = time.Second
	return r.Kind == KindNavigation && step.Details["url"] == r.URL && step.Details["mode"] == "navigate" && !step.Time.Before(r.Began.Add(-slack))
}

// tell adds a step to a row.
func (f *fold) tell(id string, step inspector.TraceStep) {
	at, ok := f.at[id]
	if !ok {
		return
	}
	f.change(at, func(r *Fetch) {
		first := len(r.Steps) == 0
		r.Steps = append(slices.Clip(r.Steps), step)
		if first {
			r.Client = step.Details["client"]
			if mode := step.Details["mode"]; mode != "" {
				r.Mode, r.Inferred = mode, without(r.Inferred, "mode")
			}
			if d := step.Details["destination"]; d != "" {
				r.Destination = d
			}
			if scope := step.Details["scope"]; scope != "" {
				r.Scope = scope
			}
			if registration := step.Details["registration"]; registration != "" {
				r.Registration = registration
			}
		}
		if d := decisionOf(step); d != "" && !(r.Decision == RouteMatched && d == FellThrough) {
			r.Decision = d
			r.Inferred = without(r.Inferred, "decision")
		}
	})
	if step.Algorithm == "Fetch" {
		f.adopt(id, "", step.Details["fetched"])
	}
}

// adopt names the row of a worker's request (of any worker when target is empty) as
// part of an event, where the row is there.
func (f *fold) adopt(parent, target, fetched string) bool {
	method, url, _ := strings.Cut(fetched, " ")
	p := f.rows[f.at[parent]]
	for i := f.at[parent] + 1; i < len(f.rows); i++ {
		r := f.rows[i]
		if r.Kind == KindWorker && r.URL == url && r.Method == method && r.Instance == p.Instance && r.Context == p.Context && (r.Parent == "" || r.IsInferred("parent")) && (target == "" || r.Target == target) {
			f.change(i, func(r *Fetch) { r.Parent, r.Inferred = parent, without(r.Inferred, "parent") })
			return true
		}
	}
	return false
}

// decisionOf is the decision that a step tells; empty for none.
func decisionOf(step inspector.TraceStep) Decision {
	switch step.Verdict {
	case "not-controlled", "bypassed", "route-matched", "no-fetch-handler", "empty-fetch-handler", "fell-through", "responded":
		return Decision(step.Verdict)
	case "respond-error", "rejected", "terminated", "timed-out", "failed":
		return RespondError
	}
	return ""
}

func without(all []string, name string) []string {
	var rest []string
	for _, s := range all {
		if s != name {
			rest = append(rest, s)
		}
	}
	return rest
}

func milliseconds(ms float64, now time.Time) time.Time {
	if math.IsNaN(ms) || math.Abs(ms) > 8.64e15 {
		return now
	}
	return time.UnixMicro(int64(ms * 1000)).UTC()
}
