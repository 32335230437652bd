package main

import (
	"time"

	"github.com/swinspect/swinspect/inspector/debugger"
)

// problemAfter is how long a breakpoint must have a problem before it is told: the
// script that it is in may be about to be loaded.
const problemAfter = time.Second

// problems is what was told of breakpoints that do not stand where they were put.
type problems struct {
	since map[string]time.Time // by id: since when a breakpoint has its problem
	told  map[string]bool      // by id and words
}

// problemView is a breakpoint's problem as a line of JSON.
type problemView struct {
	Type       string `json:"type"` // breakpoint
	ID         string `json:"id"`
	Breakpoint string `json:"breakpoint"`
	Problem    string `json:"problem,omitempty"`
	Moved      string `json:"moved,omitempty"`
}

// problems tells of breakpoints that were not set, or elsewhere, each once, and reports
// whether there may be more to tell after a while. With all, nothing is waited for.
func (t *terminal) problems(s *debugger.State, all bool) (more bool) {
	p := &t.unset
	if p.told == nil {
		p.since, p.told = map[string]time.Time{}, map[string]bool{}
	}
	for _, b := range s.Breakpoints {
		for _, set := range b.Settings {
			if set.Moved != "" {
				t.problem(b, problemView{Moved: set.Moved}, set.Moved)
			}
		}
		if !s.On || !s.Active || b.Problem == "" || b.Hits > 0 {
			delete(p.since, b.ID)
			continue
		}
		first, known := p.since[b.ID]
		if !known {
			first = time.Now()
			p.since[b.ID] = first
		}
		switch {
		case p.told[b.ID+" "+b.Problem]:
		case all, time.Since(first) >= problemAfter:
			t.problem(b, problemView{Problem: b.Problem}, b.Problem)
		default:
			more = true
		}
	}
	return more
}

// problem tells of one, once.
func (t *terminal) problem(b *debugger.Status, v problemView, words string) {
	key := b.ID + " " + words
	if t.unset.told[key] {
		return
	}
	t.unset.told[key] = true
	if t.json {
		v.Type, v.ID, v.Breakpoint = "breakpoint", b.ID, b.Breakpoint.String()
		_ = t.io.jsonLine(v) // nobody is left to tell when it is gone
	}
	short := b.Breakpoint
	if short.Line != nil { // without the text of its line, which can be long
		at := *short.Line
		at.Text, short.Line = "", &at
	}
	t.io.say("breakpoint %s, %s: %s", b.ID, clean(short.String()), clean(words))
}
