package ui

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/swinspect/swinspect/breakpoints"
	"github.com/swinspect/swinspect/inspector/debugger"
)

// debugBreakpoint changes the project's breakpoints: op is add, save, drop (the one of
// the form), line (put one at a line, or take it away), list (toggle or remove one of the
// list) or runto (resume until a line is reached).
func debugBreakpoint(s *Server, w http.ResponseWriter, r *http.Request, p *PageContext) {
	if s.debugSeat(w, r, p) == nil {
		return
	}
	set := s.opts.Breakpoints
	var err error
	what := "Breakpoint"
	op := cmp.Or(r.PostFormValue("instead"), r.PostFormValue("op"))
	switch op {
	case "line":
		err = s.lineBreakpoint(r, p)
	case "list":
		err = s.listed(r)
	case "drop":
		err = set.Remove(r.PostFormValue("id"))
	case "runto":
		what, err = "Run to here", s.runTo(r, p)
	case "add", "save":
		var b breakpoints.Breakpoint
		if b, err = s.formBreakpoint(r, p); err != nil {
			break
		}
		if op == "add" {
			_, err = set.Add(b)
		} else {
			err = set.Update(b)
		}
	default:
		err = errors.New("nothing was asked for")
	}
	if err != nil {
		s.sayNo(w, r, p, what, err)
		return
	}
	s.settled(r, p)
	s.done(w, r, "")
}

// setWithin is how long a change of breakpoints is waited for until it is made in every
// worker: what the user does next is to find it there.
const setWithin = 800 * time.Millisecond

func (s *Server) settled(r *http.Request, p *PageContext) {
	ctx, cancel := context.WithTimeout(r.Context(), setWithin)
	defer cancel()
	if st := s.seat(p.Browser); st != nil && st.debugger.State().On {
		_ = st.debugger.Settle(ctx) // it is made all the same; its outcome is in the list
	}
}

// listed toggles or removes a breakpoint of the list.
func (s *Server) listed(r *http.Request) error {
	set := s.opts.Breakpoints
	if id := r.PostFormValue("remove"); id != "" {
		return set.Remove(id)
	}
	b, ok := set.Get(r.PostFormValue("toggle"))
	if !ok {
		return errors.New("this breakpoint is gone already")
	}
	b.Disabled = !b.Disabled
	return set.Update(b)
}

// lineBreakpoint puts a breakpoint at a line, or takes away the one that stands there.
func (s *Server) lineBreakpoint(r *http.Request, p *PageContext) error {
	v := s.debugView(r, p)
	line, column, err := place(r.PostFormValue("line"))
	if err != nil {
		return err
	}
	if b := v.LineAt(line, column); b != nil {
		return s.opts.Breakpoints.Remove(b.ID)
	}
	_, err = s.opts.Breakpoints.Add(breakpoints.Breakpoint{Kind: breakpoints.Line, Line: &breakpoints.LineAt{
		URL: r.PostFormValue("url"), Line: line, Column: column, Text: lineText(v.Source.Text, line),
	}})
	return err
}

// place reads "66" or "1:240".
func place(s string) (line, column int, err error) {
	l, c, both := strings.Cut(s, ":")
	line, err = strconv.Atoi(l)
	if err == nil && both {
		column, err = strconv.Atoi(c)
	}
	if err != nil || line < 1 || column < 0 {
		return 0, 0, fmt.Errorf("%q is no line", s)
	}
	return line, column, nil
}

// maxLineText is how long a line may be to be remembered: of a bundle it is all of it.
const maxLineText = 400

// lineText is a line of a text without the white space around it.
func lineText(text string, line int) string {
	for n := 1; ; n++ {
		this, rest, more := strings.Cut(text, "\n")
		if n == line {
			if this = strings.TrimSpace(this); len(this) > maxLineText {
				return ""
			}
			return this
		}
		if !more {
			return ""
		}
		text = rest
	}
}

// formBreakpoint reads a breakpoint out of the form.
func (s *Server) formBreakpoint(r *http.Request, p *PageContext) (breakpoints.Breakpoint, error) {
	get := func(name string) string { return strings.TrimSpace(r.PostFormValue(name)) }
	b := breakpoints.Breakpoint{
		ID: get("id"), Kind: breakpoints.Kind(get("kind")), Scope: get("scope"),
		Condition: get("condition"), Log: r.PostFormValue("log"), Once: get("once") != "",
	}
	var err error
	if b.Skip, err = number("hits to let pass", get("skip")); err != nil {
		return b, err
	}
	if old, ok := s.opts.Breakpoints.Get(b.ID); ok {
		b.Disabled = old.Disabled
	}
	switch b.Kind {
	case breakpoints.Line:
		b.Line = &breakpoints.LineAt{URL: get("url")}
		var bad error
		b.Line.Line, err = number("line", get("line"))
		b.Line.Column, bad = number("column", get("column"))
		if err = errors.Join(err, bad); err == nil {
			b.Line.Text = s.textAt(r, p, b)
		}
	case breakpoints.Event:
		b.Event = &breakpoints.EventAt{Type: get("type")}
	case breakpoints.Lifecycle:
		b.Lifecycle = &breakpoints.LifecycleAt{State: get("state")}
	case breakpoints.Fetch:
		b.Fetch = &breakpoints.FetchAt{
			URL: get("url"), Method: get("method"), Mode: get("mode"), Destination: get("destination"), Client: get("client"), At: get("when"),
		}
	case breakpoints.Cache:
		b.Cache = &breakpoints.CacheAt{Operation: get("operation"), Cache: get("cache"), URL: get("url")}
	case breakpoints.Exception:
		b.Exception = &breakpoints.ExceptionAt{Which: get("which")}
	}
	return b, err
}

// textAt is what the line of a breakpoint says now, "" when its script is not at hand.
func (s *Server) textAt(r *http.Request, p *PageContext, b breakpoints.Breakpoint) string {
	if old, ok := s.opts.Breakpoints.Get(b.ID); ok && old.Line != nil && old.Line.Line == b.Line.Line && old.Line.URL == b.Line.URL {
		return old.Line.Text
	}
	v := s.debugView(r, p)
	if v.Source.URL != b.Line.URL {
		return ""
	}
	return lineText(v.Source.Text, b.Line.Line)
}

func number(field, s string) (int, error) {
	if s == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 {
		return 0, fmt.Errorf("%s: %q is no number", field, s)
	}
	return n, nil
}

// runTo resumes the paused worker until a line is reached.
func (s *Server) runTo(r *http.Request, p *PageContext) error {
	st := s.seat(p.Browser)
	v := s.debugView(r, p)
	if v.Thread == nil || v.Thread.Pause == nil {
		return debugger.ErrNotPaused
	}
	line, err := number("line", r.PostFormValue("line"))
	if err != nil {
		return err
	}
	column, err := number("column", r.PostFormValue("column"))
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(r.Context(), debugWait)
	defer cancel()
	before := v.Thread.Pause.ID
	err = st.debugger.RunTo(ctx, v.Thread.ID, debugger.Place{URL: r.PostFormValue("url"), Line: line, Column: column})
	if err == nil && !scripted(r) {
		settle(ctx, st, v.Thread.ID, before)
	}
	return err
}

// uploaded is the file that came with a form.
func uploaded(r *http.Request) ([]byte, error) {
	f, _, err := r.FormFile("file")
	if err != nil {
		return nil, errors.New("choose a file first")
	}
	data, err := io.ReadAll(io.LimitReader(f, maxForm))
	return data, errors.Join(err, f.Close())
}
