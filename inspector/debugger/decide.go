package debugger

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/chromedp/cdproto/debugger"
	"github.com/chromedp/cdproto/runtime"

	"github.com/swinspect/swinspect/breakpoints"
)

// from makes a stop of what the prelude says.
func (s *stopping) from(d detail) {
	s.ids = append(s.ids, d.IDs...)
	s.stop = breakpoints.Stop{
		Event: d.Event, URL: d.URL, Method: d.Method, Client: d.Client,
		Cache: d.Cache, Operation: d.Operation, State: d.State, Error: d.Error, Words: d.Words,
	}
	switch d.Kind {
	case "event":
		s.stop.Reason = string(breakpoints.Event)
		if first, ok := s.thread.c.breakpoint(firstOf(d.IDs)); ok {
			s.stop.Reason = string(first.Kind)
		}
		s.stop.Words = d.Event + " event"
		if d.URL != "" {
			s.stop.Words += ": " + d.Method + " " + shortURL(d.URL, s.thread.held.URL)
		}
	case "request":
		s.stop.Reason = string(breakpoints.Fetch)
		s.stop.Words = "the worker requests " + d.Method + " " + shortURL(d.URL, s.thread.held.URL)
	case "respondWith":
		s.stop.Reason = string(breakpoints.Fetch)
		s.stop.Words = "respondWith for " + d.Method + " " + shortURL(d.URL, s.thread.held.URL)
	case "cache":
		s.stop.Reason = string(breakpoints.Cache)
		s.stop.Words = s.thread.cacheWords(d)
	case "exception":
		s.stop.Reason = string(breakpoints.Exception)
		s.stop.Words = "unhandled rejection: " + firstLine(d.Error)
		if d.Which == "respondWith" {
			s.stop.Words = "respondWith failed for " + d.Method + " " + shortURL(d.URL, s.thread.held.URL) + ": " + firstLine(d.Error)
		}
	case "lifecycle":
		s.stop.Reason = string(breakpoints.Lifecycle)
	}
}

func firstOf(ids []string) string {
	if len(ids) == 0 {
		return ""
	}
	return ids[0]
}

// cacheWords say what happened: "cache.match missed 'v2' for /app.js".
func (t *thread) cacheWords(d detail) string {
	verb := map[string]string{"open": "opens", "match": "looks in", "hit": "hit", "miss": "missed", "put": "writes to", "delete": "deletes from"}[d.Operation]
	name := d.Method
	where := "a cache"
	switch {
	case d.Cache != "":
		where = "'" + d.Cache + "'"
	case strings.HasPrefix(d.Method, "caches."):
		where = "all caches"
		if d.Operation == "hit" {
			where = "some cache"
		}
	}
	w := name + " " + verb + " " + where
	if d.Method == "caches.delete" {
		w = "caches.delete deletes " + where
	}
	if d.URL != "" {
		w += " for " + shortURL(d.URL, t.held.URL)
	}
	return w
}

// decide asks the breakpoints, and shows the pause or goes on.
func (s *stopping) decide() {
	t := s.thread
	frame := ""
	if i := slices.IndexFunc(s.p.Frames, func(f wireFrame) bool { return !t.hidden(f) }); i >= 0 {
		frame = s.p.Frames[i].ID
	}
	past, present := t.inPast()
	if present {
		s.stop = t.present
		s.show()
		return
	}
	hit, logged := false, false
	for _, id := range slices.Compact(s.ids) {
		b, ok := t.c.breakpoint(id)
		if !ok || b.Disabled {
			continue
		}
		if !s.holds(b, frame) {
			continue
		}
		hits := 0
		t.c.update(func() {
			if !past { // that hit was counted when it happened
				t.c.hits[id]++
			}
			hits = t.c.hits[id]
		})
		if past && b.Log != "" || !past && hits <= b.Skip {
			continue
		}
		if b.Log != "" {
			logged = true
			s.log(b, frame)
		} else {
			hit = true
			s.stop.Breakpoints = append(s.stop.Breakpoints, id)
			if s.stop.Hits == 0 {
				s.stop.Hits = hits
			}
			if s.stop.Reason == string(breakpoints.Line) && s.stop.Words == "" {
				s.stop.Words = t.lineWords(b, s.p)
			}
		}
		if b.Once && !past {
			_ = t.c.set.Remove(id) // it may be gone already
		}
	}
	if !hit && !s.shown {
		if !logged && t.stepping != nil {
			t.stepping = nil
		}
		s.goOn()
		return
	}
	if s.stop.Words == "" {
		s.stop.Words = s.stop.Reason
	}
	s.show()
}

func (t *thread) lineWords(b breakpoints.Breakpoint, p *wirePaused) string {
	url, line := b.Line.URL, b.Line.Line
	if len(p.Frames) > 0 {
		if at := t.scripts[p.Frames[0].Location.ScriptID]; at != nil {
			url, line = at.URL, p.Frames[0].Location.Line+1
		}
	}
	return fmt.Sprintf("line %d of %s", line, shortURL(url, t.held.URL))
}

// holds evaluates the condition.
func (s *stopping) holds(b breakpoints.Breakpoint, frame string) bool {
	if b.Condition == "" {
		return true
	}
	r, err := s.thread.inFrame(frame, "!!("+b.Condition+"\n)", map[string]any{"silent": true, "returnByValue": true})
	if err != nil {
		s.stop.Error = "the condition could not be evaluated: " + err.Error()
		return true
	}
	if r.Exception != nil {
		s.stop.Error = "the condition threw " + r.Exception.text()
		return true
	}
	// The browser has asked it already for lines, and a second answer need not be the same.
	return b.Kind == breakpoints.Line && len(s.p.Hit) > 0 || string(r.Result.Value) == "true"
}

// log writes a message instead of stopping.
func (s *stopping) log(b breakpoints.Breakpoint, frame string) {
	parts, err := breakpoints.Template(b.Log)
	if err != nil {
		return // it was checked
	}
	text := breakpoints.Expand(parts, func(expression string) string {
		r, err := s.thread.inFrame(frame, "("+expression+"\n)", map[string]any{"silent": true, "generatePreview": true, "objectGroup": "log"})
		switch {
		case err != nil:
			return "<" + err.Error() + ">"
		case r.Exception != nil:
			return "<" + r.Exception.text() + ">"
		}
		return logText(r.Result)
	})
	s.thread.send(runtime.ReleaseObjectGroup.Method, map[string]any{"objectGroup": "log"})
	line := LogLine{Thread: s.thread.target, Breakpoint: b.ID, Level: "log", Text: text}
	if i := slices.IndexFunc(s.p.Frames, func(f wireFrame) bool { return !s.thread.hidden(f) }); i >= 0 {
		at := s.p.Frames[i].Location
		if script := s.thread.scripts[at.ScriptID]; script != nil {
			line.URL, line.Line = script.URL, at.Line+1
		}
	}
	s.thread.c.update(func() { s.thread.c.note(line) })
}

// logText is a value in a log message: strings as they are.
func logText(o *wireObject) string {
	var text string
	if o.Type == "string" && json.Unmarshal(o.Value, &text) == nil {
		return text
	}
	return describe(o)
}

// inFrame evaluates in a frame of the pause, or globally with "".
func (t *thread) inFrame(frame, expression string, more map[string]any) (*wireResult, error) {
	return t.inFrameWith(t.ctx, frame, expression, more)
}

func (t *thread) inFrameWith(ctx context.Context, frame, expression string, more map[string]any) (*wireResult, error) {
	params := map[string]any{"expression": expression}
	for k, v := range more {
		params[k] = v
	}
	method := runtime.Evaluate.Method
	if frame != "" {
		method = debugger.EvaluateOnCallFrame.Method
		params["callFrameId"] = frame
	}
	var r wireResult
	if err := t.callWith(ctx, method, params, &r); err != nil {
		return nil, err
	}
	if r.Result == nil {
		r.Result = &wireObject{Type: "undefined"}
	}
	return &r, nil
}

// show makes the pause visible.
func (s *stopping) show() {
	t := s.thread
	frames, refs, depth := s.frames()
	p := &pause{
		shown:  Pause{Stop: s.stop, Since: time.Now(), Frames: frames},
		frames: refs, event: s.event, depth: depth,
		inStop: t.inOwn(s.p),
	}
	t.wayBack(p)
	wait := t.c.o.Watchdog
	if wait == 0 {
		wait = defaultWatchdog
	}
	t.stepping = nil
	t.c.update(func() {
		t.endPause()
		t.c.pauses++
		p.shown.ID = t.c.pauses
		if wait > 0 {
			p.shown.ResumesAt = p.shown.Since.Add(wait)
			p.timer = time.AfterFunc(wait, func() { t.push(func() { t.forgotten(p, wait) }, nil) })
		}
		t.pause = p
	})
	t.shown = true
	t.held.Show(s.event)
}

// forgotten resumes a pause that nobody came back to.
func (t *thread) forgotten(p *pause, wait time.Duration) {
	now := false
	t.c.update(func() {
		if now = t.pause == p && !p.shown.ResumesAt.IsZero(); now {
			t.c.note(LogLine{Thread: t.target, Level: "warning", Text: "resumed by itself: nobody had moved it for " + wait.String()})
		}
	})
	if now {
		t.endQuiet()
		t.moveOn(debugger.Resume.Method)
	}
}
