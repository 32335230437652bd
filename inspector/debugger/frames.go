package debugger

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/swinspect/swinspect/breakpoints"
	"github.com/swinspect/swinspect/inspector"
)

// hidden reports whether a frame is one of a debugger's own.
func (t *thread) hidden(f wireFrame) bool {
	s := t.scripts[f.Location.ScriptID]
	return s != nil && s.own
}

// frames are those of a pause that are the worker's own, then what led to them.
func (s *stopping) frames() (frames []Frame, refs []frameRef, depth int) {
	t := s.thread
	libraries := t.c.libraryPatterns()
	library := func(url string) bool {
		return slices.ContainsFunc(libraries, func(p string) bool { return breakpoints.MatchURL(p, url) })
	}
	for _, f := range s.p.Frames {
		if t.hidden(f) {
			continue
		}
		depth++
		out := Frame{
			Index: len(frames), Function: f.Function, ScriptID: f.Location.ScriptID,
			Line: f.Location.Line + 1, Column: f.Location.Column + 1,
		}
		if script := t.scripts[f.Location.ScriptID]; script != nil {
			out.URL = script.URL
			out.Library = library(script.URL)
		}
		out.Original = t.original(out.ScriptID, out.Line, out.Column)
		ref := frameRef{id: f.ID}
		out.Scopes, ref = scopesOf(f, ref)
		if f.This != nil {
			out.This = shownObject(f.This)
		}
		if f.Return != nil {
			out.Return = shownObject(f.Return)
		}
		frames, refs = append(frames, out), append(refs, ref)
	}
	async := s.async
	if async == nil {
		async = s.p.Async
	}
	frames, refs = t.asyncFrames(async, frames, refs, library)
	if len(frames) == 0 {
		frames, refs = t.idleFrame(s.p)
	}
	return frames, refs, depth
}

// asyncFrames adds what led to a stack.
func (t *thread) asyncFrames(async *wireStack, frames []Frame, refs []frameRef, library func(string) bool) ([]Frame, []frameRef) {
	for ; async != nil && len(frames) < 200; async = async.Parent {
		how := async.Description
		if how == "" {
			how = "async"
		}
		for _, f := range async.CallFrames {
			if strings.HasPrefix(f.URL, ownScheme) {
				continue
			}
			frames = append(frames, Frame{
				Index: len(frames), Function: f.Function, ScriptID: f.ScriptID, URL: f.URL,
				Line: f.Line + 1, Column: f.Column + 1, Async: how, Library: library(f.URL),
				Original: t.original(f.ScriptID, f.Line+1, f.Column+1),
			})
			refs = append(refs, frameRef{})
			how = async.Description // each frame says it, so that any can be the first of its part
		}
	}
	return frames, refs
}

// idleFrame stands for a worker that runs nothing at the moment: it is at no line.
func (t *thread) idleFrame(p *wirePaused) ([]Frame, []frameRef) {
	f := Frame{Function: "(between events)", URL: t.held.URL}
	var ref frameRef
	if n := len(p.Frames); n > 0 {
		outer := p.Frames[n-1]
		outer.Scopes = slices.DeleteFunc(slices.Clone(outer.Scopes), func(s wireScope) bool { return s.Type != "global" && s.Type != "script" })
		f.Scopes, ref = scopesOf(outer, ref)
	}
	t.c.mu.Lock()
	for _, s := range t.order {
		if s.URL == t.held.URL {
			f.ScriptID = s.ScriptID
		}
	}
	t.c.mu.Unlock()
	return []Frame{f}, []frameRef{ref}
}

func scopesOf(f wireFrame, ref frameRef) ([]Scope, frameRef) {
	var scopes []Scope
	for i, s := range f.Scopes {
		if s.Object == nil {
			continue
		}
		scopes = append(scopes, Scope{Type: s.Type, Name: s.Name, Object: s.Object.ObjectID})
		ref.scopes = append(ref.scopes, s.Object.ObjectID)
		ref.index = append(ref.index, i)
		ref.kinds = append(ref.kinds, s.Type)
	}
	return scopes, ref
}

func (c *core) libraryPatterns() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.libraries
}

// holding says what a pause holds up. The caller holds the lock.
func (t *thread) holding(s *inspector.State) []string {
	var out []string
	stop := t.pause.shown.Stop
	r := s.Registration(t.reg)
	if stop.Event == "fetch" && stop.URL != "" || stop.Reason == string(breakpoints.Fetch) && stop.URL != "" {
		out = append(out, "the fetch of "+shortURL(stop.URL, t.held.URL)+t.byClient(s, r))
	}
	if r == nil {
		return append(out, "the registration of "+t.held.URL)
	}
	v := r.Version(t.version)
	if v == nil {
		return out
	}
	if n := len(v.Clients); n > 0 {
		out = append(out, fmt.Sprintf("every fetch of the %s it controls", count(n, "client")))
	}
	for _, o := range r.Versions {
		if o == v {
			continue
		}
		if w := inspector.StatusWord(o.Status); (w == "waiting" || o.Status == "installed") && r.Active() == v {
			out = append(out, "skipWaiting of #"+o.ID)
		}
	}
	switch v.Status {
	case "new", "installing":
		out = append(out, "the install of #"+v.ID)
	case "activating":
		out = append(out, "the activation of #"+v.ID+", and the fetches that wait for it")
	}
	return out
}

func (t *thread) byClient(s *inspector.State, r *inspector.Registration) string {
	if r == nil {
		return ""
	}
	if v := r.Version(t.version); v != nil && len(v.Clients) == 1 {
		if c := s.Target(inspector.TargetKey{Instance: t.held.Instance, ID: v.Clients[0]}); c != nil {
			return " by " + c.URL
		}
	}
	return ""
}

func count(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return fmt.Sprintf("%d %ss", n, word)
}

// shortURL is a URL without its origin when that is base's.
func shortURL(raw, base string) string {
	u, err := url.Parse(raw)
	b, err2 := url.Parse(base)
	if err != nil || err2 != nil || u.Scheme != b.Scheme || u.Host != b.Host || u.Host == "" {
		return raw
	}
	u.Scheme, u.Host, u.User = "", "", nil
	if s := u.String(); s != "" {
		return s
	}
	return "/"
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}

func clip(s string, n int) string {
	r := []rune(s)
	if len(r) <= n {
		return s
	}
	return string(r[:n-1]) + "…"
}
