package inspector

import (
	"fmt"
	"testing"
	"time"
)

func spansInWords(p *play, from, to time.Time) []string {
	var out []string
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, s := range Spans(p.s.Registration(key0), p.s, from, to) {
		flags := ""
		if s.Open {
			flags += " open"
		}
		if s.Cut {
			flags += " cut"
		}
		out = append(out, fmt.Sprintf("%s %s %s %.0f–%.0f%s", s.Kind, s.Version, s.Label, s.From.Sub(start).Seconds(), s.To.Sub(start).Seconds(), flags))
	}
	return out
}

func TestSpans(t *testing.T) {
	p := newPlay(t) // 4 messages
	p.active("A")   // 5 registered, 6–12 the versions' steps, 13 page, 14 controls
	p.note(NoteReceipt{Receipt{ID: 1, Action: Action{Kind: Stop, Registration: key0, Version: "0"}, Outcome: Sent, SentAt: p.now}})
	p.ver("0 activated/stopped")
	p.event("ServiceWorker.workerErrorReported", `{"errorMessage":{"errorMessage":"boom","registrationId":"0","versionId":"0","lineNumber":1,"columnNumber":1}}`)
	p.closed("A")
	equal(t, spansInWords(p, time.Time{}, time.Time{}),
		"status 0 fetch script 6–8",
		"status 0 install 8–10",
		"status 0 waiting 10–11",
		"status 0 activate 11–12",
		"status 0 active 12–18 open",
		"running 0 starting 7–9",
		"running 0 running 9–16",
		"error 0 error 17–17",
		"client 0 "+scope1+"A 14–18",
		"action 0 stop 14–18 open",
	)
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	equal(t, spansInWords(p, start.Add(13*time.Second), start.Add(15*time.Second)),
		"status 0 active 13–15 open cut",
		"running 0 running 13–15 cut",
		"client 0 "+scope1+"A 14–15",
		"action 0 stop 14–15 open",
	)
}

func TestSpansEndWithTheBrowser(t *testing.T) {
	p := newPlay(t)
	p.snapshot("0 activated/running")
	p.note(NoteGone{Reason: "killed"})
	p.note(NoteRetry{Attempt: 1})
	equal(t, spansInWords(p, time.Time{}, time.Time{}), "status 0 active 5–6 cut", "running 0 running 5–6 cut")
}
