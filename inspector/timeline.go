package inspector

import (
	"cmp"
	"slices"
	"time"

	"github.com/chromedp/cdproto/serviceworker"
)

// SpanKind says what a [Span] shows.
type SpanKind string

// The kinds of span.
const (
	SpanStatus  SpanKind = "status"  // a version's life: install, waiting, activate, active, redundant
	SpanRunning SpanKind = "running" // a version's process: starting, running, stopping
	SpanError   SpanKind = "error"   // a moment
	SpanAction  SpanKind = "action"  // an action of swinspect, from sent to its outcome
	SpanClient  SpanKind = "client"  // a client under a version's control
	SpanPause   SpanKind = "pause"   // held by a debugger
)

// Span is one bar (or, when From is To, one moment) of the timeline.
type Span struct {
	Kind    SpanKind
	Version string // row: version id; "" for what concerns the registration
	Client  string // target id, for SpanClient
	Label   string // install, waiting, activate, active, redundant, running … or what it was
	Class   string // ok wait work bad hold idle
	From    time.Time
	To      time.Time
	Open    bool   // it still goes on at To
	Cut     bool   // it began before it was seen, or before the range
	Detail  string // cause, proof, error text
	Action  uint64 // receipt id, for SpanAction
}

// Spans lays out the life of a registration between two moments, clipped to
// them: versions in the order seen, then errors, clients and actions. A zero
// from means the beginning of what was seen, a zero to the state's time.
func Spans(r *Registration, s *State, from, to time.Time) []Span {
	if to.IsZero() {
		to = s.Time
	}
	end, over := spanEnd(r, s)
	var spans []Span
	for _, v := range r.Versions {
		spans = append(spans, statusSpans(v, end)...)
		spans = append(spans, runningSpans(v, end)...)
		if v.Paused != nil {
			spans = append(spans, Span{Kind: SpanPause, Version: v.ID, Label: "paused", Class: "hold", From: v.Paused.Since, To: end, Open: true, Detail: v.Paused.Reason})
		}
	}
	for _, e := range r.Errors {
		spans = append(spans, Span{Kind: SpanError, Version: e.VersionID, Label: cmp.Or(e.Phase, "error"), Class: "bad", From: e.Time, To: e.Time, Detail: e.Message})
	}
	spans = append(spans, clientSpans(r, end)...)
	for _, rc := range s.Receipts {
		if concerns(rc.Action, r.Key) {
			spans = append(spans, actionSpan(rc, end))
		}
	}
	if over {
		for i := range spans {
			spans[i].Open = false
		}
	}
	return clip(spans, from, to)
}

// spanEnd is how far the open spans of a registration reach, and whether they
// are over: nothing is known after its browser was lost.
func spanEnd(r *Registration, s *State) (end time.Time, over bool) {
	switch {
	case !r.GoneAt.IsZero():
		return r.GoneAt, true
	case s.Connection.Status == Gone || s.Connection.Status == Closed:
		return s.Connection.Since, true
	}
	return s.Time, false
}

func statusSpans(v *Version, end time.Time) []Span {
	return stretches(v, end, func(t Transition) string { return string(t.Status) }, func(sp *Span, t Transition) bool {
		sp.Kind = SpanStatus
		sp.Label, sp.Class = statusLook(t.Status)
		return true
	})
}

func statusLook(s serviceworker.VersionStatus) (label, class string) {
	switch s {
	case serviceworker.VersionStatusNew:
		return "fetch script", "work"
	case serviceworker.VersionStatusInstalling:
		return "install", "work"
	case serviceworker.VersionStatusInstalled:
		return "waiting", "wait"
	case serviceworker.VersionStatusActivating:
		return "activate", "work"
	case serviceworker.VersionStatusActivated:
		return "active", "ok"
	default:
		return string(s), "idle"
	}
}

func runningSpans(v *Version, end time.Time) []Span {
	return stretches(v, end, func(t Transition) string { return string(t.Running) }, func(sp *Span, t Transition) bool {
		sp.Kind, sp.Label, sp.Class = SpanRunning, string(t.Running), "ok"
		if t.Running != serviceworker.VersionRunningStatusRunning {
			sp.Class = "work"
		}
		return t.Running != serviceworker.VersionRunningStatusStopped && t.Running != ""
	})
}

// stretches joins the transitions of a version that agree in a key into spans;
// look fills in a span and says whether to keep it.
func stretches(v *Version, end time.Time, key func(Transition) string, look func(*Span, Transition) bool) []Span {
	var spans []Span
	for i := 0; i < len(v.History); {
		t := v.History[i]
		next := i + 1
		for next < len(v.History) && key(v.History[next]) == key(t) {
			next++
		}
		sp := Span{Version: v.ID, From: t.Time, To: end, Cut: i == 0 && !v.Complete}
		if next < len(v.History) {
			sp.To = v.History[next].Time
		} else {
			sp.Open = true
		}
		if look(&sp, t) {
			spans = append(spans, sp)
		}
		i = next
	}
	return spans
}

func clientSpans(r *Registration, end time.Time) []Span {
	var spans []Span
	for _, p := range r.ClientLog {
		sp := Span{Kind: SpanClient, Version: p.Version, Client: p.Client, Label: p.URL, Class: "ok", From: p.From, To: p.To, Cut: p.Cut}
		if p.To.IsZero() {
			sp.To, sp.Open = end, true
		}
		spans = append(spans, sp)
	}
	return spans
}

func actionSpan(rc *Receipt, end time.Time) Span {
	sp := Span{
		Kind: SpanAction, Version: rc.Action.Version, Client: rc.Action.Client, Label: string(rc.Action.Kind),
		From: rc.SentAt, To: rc.EndedAt, Detail: rc.Detail, Action: rc.ID,
	}
	if sp.To.IsZero() {
		sp.To, sp.Open = end, true
	}
	switch rc.Outcome {
	case Confirmed:
		sp.Class = "ok"
	case NoEffect:
		sp.Class = "wait"
	case Failed:
		sp.Class = "bad"
	default:
		sp.Class = "work"
	}
	return sp
}

// clip drops what lies outside of the range and cuts what reaches out of it.
func clip(spans []Span, from, to time.Time) []Span {
	spans = slices.DeleteFunc(spans, func(sp Span) bool {
		return sp.From.After(to) || sp.To.Before(from)
	})
	for i := range spans {
		sp := &spans[i]
		if sp.From.Before(from) {
			sp.From, sp.Cut = from, true
		}
		if sp.To.After(to) {
			sp.To = to
		}
		if sp.To.Before(sp.From) {
			sp.To = sp.From
		}
	}
	return spans
}
