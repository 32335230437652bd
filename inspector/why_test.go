package inspector

import (
	"fmt"
	"strings"
	"testing"
)

func TestWhy(t *testing.T) {
	waits := func(p *play) { p.ver("1 installing/running"); p.ver("1 installed/running") }
	for _, c := range []struct {
		name     string
		do       func(p *play)
		sentence string
		holders  string
		note     string
	}{
		{
			"one window", func(p *play) { p.active("A"); waits(p) },
			"#0 still controls one window; #1 becomes active when that is gone, or at once with Skip waiting.",
			"window seen Focus,Close", "Reloading a window does not free it: the new page is fetched through #0 before the old one leaves.",
		},
		{
			"two windows", func(p *play) { p.active("A", "B"); waits(p) },
			"#0 still controls two windows; #1 becomes active when both are gone, or at once with Skip waiting.",
			"window seen Focus,Close; window seen Focus,Close", "Reloading a window",
		},
		{
			"kept by inference", func(p *play) { p.active("A"); waits(p); p.ver("0 activated/running") },
			"#0 still controls one window; #1 becomes active when that is gone, or at once with Skip waiting.",
			"window inferred Focus,Close", "",
		},
		{
			"window, frame and worker", func(p *play) {
				p.active("A")
				p.target("iframe", "F", scope1+"frame", "A")
				p.target("worker", "W", scope1+"worker.js", "A")
				p.ver("0 activated/running A,F,W")
				waits(p)
			},
			"#0 still controls one window, one frame and one worker; #1 becomes active when all three are gone, or at once with Skip waiting.",
			"window seen Focus,Close; frame seen Focus its window,Close its window; worker seen Focus its window,Close its window", "",
		},
		{
			"no client, running", func(p *play) { p.active(); waits(p) },
			"#0 probably has one event that has not finished; #1 becomes active when that is gone, or at once with Skip waiting.",
			"event inferred Stop #0", "",
		},
		{
			"no client, stopped", func(p *play) { p.active(); p.ver("0 activated/stopped"); waits(p) },
			"#0 probably controls a client that the browser does not list; #1 becomes active when that is gone, or at once with Skip waiting.",
			"client inferred ", "",
		},
		{
			"paused", func(p *play) {
				p.active("A")
				waits(p)
				p.fold(Message{Kind: KindEvent, Context: context1, Target: "SW0", Method: "Debugger.paused", Params: []byte(`{"reason":"other","callFrames":[{"url":"u","location":{"lineNumber":4}}]}`)})
			},
			"#0 still controls one window and is paused in the debugger; #1 becomes active when both are gone, or with Skip waiting once it is resumed or stopped.",
			"window seen Focus,Close; pause seen Stop #0", "Reloading a window does not free it: the new page is fetched through #0 before the old one leaves. The pause also blocks Skip waiting until it is resumed.",
		},
		{
			"nothing active", func(p *play) { p.reg("0", scope1, false); waits(p) },
			"Nothing holds #1: no version is active, so it becomes active by itself.", "", "",
		},
		{
			"tried in vain", func(p *play) {
				p.active()
				waits(p)
				p.note(NoteReceipt{Receipt{ID: 1, Action: Action{Kind: SkipWaiting, Registration: key0}, Outcome: NoEffect, SentAt: p.now, Detail: "5 s passed"}})
			},
			"#0 probably has", "event inferred Stop #0", "Skip waiting was tried and had no effect: 5 s passed",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newPlay(t)
			c.do(p)
			w := Why(p.s, p.s.Registration(key0))
			if w == nil {
				t.Fatal("nothing waits")
			}
			if !strings.HasPrefix(w.Sentence, c.sentence) {
				t.Errorf("sentence\n %q, want\n %q", w.Sentence, c.sentence)
			}
			var holders []string
			for _, h := range w.Holders {
				var labels []string
				for _, r := range h.Remedies {
					labels = append(labels, r.Label)
				}
				holders = append(holders, fmt.Sprintf("%s %s %s", h.Kind, h.Known, strings.Join(labels, ",")))
			}
			if got := strings.Join(holders, "; "); got != c.holders {
				t.Errorf("holders %q, want %q", got, c.holders)
			}
			if !strings.HasPrefix(w.Note, c.note) {
				t.Errorf("note %q, want %q", w.Note, c.note)
			}
		})
	}
}

func TestWhyWithoutWaiting(t *testing.T) {
	p := newPlay(t)
	p.active("A")
	if w := Why(p.s, p.s.Registration(key0)); w != nil {
		t.Errorf("nothing waits, yet %q", w.Sentence)
	}
}
