package inspector

import (
	"fmt"
	"strings"
	"time"

	"github.com/chromedp/cdproto/serviceworker"
)

// WhyWaiting answers why an installed version is not active yet.
type WhyWaiting struct {
	Version  *Version // the one that waits
	Active   *Version // the one it waits for, nil when there is none
	Sentence string   // the answer in one sentence
	Holders  []Holder
	Remedies []Remedy // what frees all of it at once
	Note     string   // what would not help, and what blocks the remedies; may be ""
}

// Holder is one thing that keeps the active version in place.
type Holder struct {
	Kind     string // window, frame, worker, event, pause
	Title    string
	URL      string
	Target   string    // target id, "" when it is no target
	Since    time.Time // zero: before swinspect attached, or not known
	Known    Provenance
	Reason   string // why it is thought to hold, when inferred
	Remedies []Remedy
}

// Remedy is a button: what it does in words, and the action behind it.
type Remedy struct {
	Label  string
	Action Action
}

// Why explains what the waiting version of r waits for; nil when none waits.
//
// W3C Service Workers, Try Activate: a waiting worker becomes active when there
// is no active one, or the active one has no pending events and either controls
// no client or the waiting one has its skip waiting flag set.
func Why(s *State, r *Registration) *WhyWaiting {
	waiting := r.Waiting()
	if waiting == nil {
		return nil
	}
	w := &WhyWaiting{Version: waiting, Active: r.Active()}
	if w.Active == nil {
		w.Sentence = fmt.Sprintf("Nothing holds #%s: no version is active, so it becomes active by itself.", waiting.ID)
		return w
	}
	w.Holders = clientHolders(s, r, w.Active)
	if w.Active.Paused != nil {
		w.Holders = append(w.Holders, pauseHolder(r, w.Active))
	} else if len(w.Holders) == 0 {
		w.Holders = append(w.Holders, eventHolder(r, w.Active))
	}
	w.Remedies = []Remedy{{"Skip waiting", Action{Kind: SkipWaiting, Registration: r.Key, Version: waiting.ID}}}
	w.Sentence = w.sentence()
	w.Note = w.note(s, r)
	return w
}

func clientHolders(s *State, r *Registration, active *Version) []Holder {
	var hs []Holder
	for _, c := range s.Clients(r) {
		if c.Version == nil || c.Version.ID != active.ID {
			continue
		}
		t := c.Target
		h := Holder{
			Kind: holderKind(t.Type), Title: t.Title, URL: t.URL, Target: t.Key.ID,
			Since: c.Since, Known: c.Known, Reason: c.Reason,
		}
		if h.Title == "" {
			h.Title = h.URL
		}
		h.Remedies = windowRemedies(s, r, t)
		hs = append(hs, h)
	}
	return hs
}

// windowRemedies are the buttons for a client: for its window, or for the window
// that a frame or worker is in.
func windowRemedies(s *State, r *Registration, t *Target) []Remedy {
	focus, shut := "Focus", "Close"
	for t != nil && t.Type != "page" {
		focus, shut = "Focus its window", "Close its window"
		t = s.parent(t)
	}
	if t == nil {
		return nil
	}
	return []Remedy{
		{focus, Action{Kind: FocusClient, Registration: r.Key, Client: t.Key.ID}},
		{shut, Action{Kind: CloseClient, Registration: r.Key, Client: t.Key.ID}},
	}
}

func holderKind(typ string) string {
	switch word := clientWord(typ); word {
	case "shared worker":
		return "worker"
	case "":
		return "client"
	default:
		return word
	}
}

func pauseHolder(r *Registration, active *Version) Holder {
	p := active.Paused
	return Holder{
		Kind: "pause", Title: "#" + active.ID + " is paused in the debugger", URL: p.URL, Target: active.TargetID,
		Since: p.Since, Known: Seen, Reason: p.Reason,
		Remedies: []Remedy{stopRemedy(r, active)},
	}
}

// eventHolder is what remains when no client is known and it waits all the same.
func eventHolder(r *Registration, active *Version) Holder {
	h := Holder{Kind: "event", Title: "an event of #" + active.ID + " that has not finished", Known: Inferred}
	if active.Running == serviceworker.VersionRunningStatusStopped {
		h.Kind, h.Title = "client", "a client of #"+active.ID+" that the browser does not list"
		h.Reason = "no client is listed and #" + active.ID + " is stopped, yet it is still the active version"
		return h
	}
	h.Since = active.seenSince(func(t Transition) bool { return t.Running == active.Running })
	h.Reason = "no client is listed and #" + active.ID + " still runs; it may also be a client that the browser does not list"
	h.Remedies = []Remedy{stopRemedy(r, active)}
	return h
}

func stopRemedy(r *Registration, v *Version) Remedy {
	return Remedy{"Stop #" + v.ID, Action{Kind: Stop, Registration: r.Key, Version: v.ID}}
}

// sentence is the answer: what #active still has, and when #waiting follows.
func (w *WhyWaiting) sentence() string {
	windows, frames, workers, others := 0, 0, 0, 0
	var rest []string
	for _, h := range w.Holders {
		switch h.Kind {
		case "window":
			windows++
		case "frame":
			frames++
		case "worker":
			workers++
		case "pause":
			rest = append(rest, "is paused in the debugger")
		case "event":
			rest = append(rest, "probably has one event that has not finished")
		default:
			if h.Target == "" {
				rest = append(rest, "probably controls a client that the browser does not list")
				continue
			}
			others++
		}
	}
	var controls []string
	for _, c := range []struct {
		n    int
		word string
	}{{windows, "window"}, {frames, "frame"}, {workers, "worker"}, {others, "client"}} {
		if c.n > 0 {
			controls = append(controls, count(c.n, c.word))
		}
	}
	var has []string
	if len(controls) > 0 {
		has = append(has, "still controls "+and(controls))
	}
	has = append(has, rest...)
	return fmt.Sprintf("#%s %s; #%s becomes active when %s, or %s.",
		w.Active.ID, and(has), w.Version.ID, w.gone(), w.atOnce())
}

func (w *WhyWaiting) gone() string {
	switch n := len(w.Holders); {
	case w.Active.Paused != nil && n == 1:
		return "it is resumed and its event has finished"
	case n == 1:
		return "that is gone"
	case n == 2:
		return "both are gone"
	default:
		return "all " + number(n) + " are gone"
	}
}

func (w *WhyWaiting) atOnce() string {
	if w.Active.Paused != nil {
		return "with Skip waiting once it is resumed or stopped"
	}
	return "at once with Skip waiting"
}

// note says what does not help and what has been tried.
func (w *WhyWaiting) note(s *State, r *Registration) string {
	var notes []string
	for _, h := range w.Holders {
		if h.Kind == "window" {
			notes = append(notes, "Reloading a window does not free it: the new page is fetched through #"+w.Active.ID+" before the old one leaves.")
			break
		}
	}
	if w.Active.Paused != nil {
		notes = append(notes, "The pause also blocks Skip waiting until it is resumed.")
	}
	for i := len(s.Receipts) - 1; i >= 0; i-- {
		rc := s.Receipts[i]
		if rc.Action.Kind == SkipWaiting && rc.Action.Registration == r.Key && !rc.SentAt.Before(w.Version.Since()) {
			if rc.Outcome == NoEffect {
				notes = append(notes, "Skip waiting was tried and had no effect: "+rc.Detail)
			}
			break
		}
	}
	return strings.Join(notes, " ")
}

// count is a number of things in words: "one window", "two windows".
func count(n int, word string) string {
	if n != 1 {
		word += "s"
	}
	return number(n) + " " + word
}

func number(n int) string {
	words := []string{"no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"}
	if n >= 0 && n < len(words) {
		return words[n]
	}
	return fmt.Sprint(n)
}

// and joins words as people do: "a, b and c".
func and(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " and " + words[len(words)-1]
}
