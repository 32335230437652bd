package window

import (
	"strings"

	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/runtime/fetch"
	"github.com/swinspect/swinspect/runtime/script"
	"github.com/swinspect/swinspect/runtime/webapi/fetchapi"
)

// scriptState is what a script element remembers.
//
// Source: https://html.spec.whatwg.org/#script-processing-model
type scriptState struct {
	started        bool
	parserInserted bool
	forceAsync     bool
	module         bool
	url            *fetch.URL
	source         string
	ready          bool
	failed         bool
	run            func()          // a module's; nil: a classic script
	modules        []script.Source // of a module: the texts of its graph
	blocking       *feeder
}

func (w *Node) scriptState() *scriptState {
	if w.script == nil {
		w.script = &scriptState{forceAsync: true}
	}
	return w.script
}

// javaScriptTypes are the MIME types that mean JavaScript.
func isJavaScript(mime string) bool {
	mime, _, _ = strings.Cut(strings.ToLower(strings.TrimSpace(mime)), ";")
	switch strings.TrimSpace(mime) {
	case "text/javascript", "application/javascript", "application/ecmascript", "application/x-ecmascript", "application/x-javascript",
		"text/ecmascript", "text/javascript1.0", "text/javascript1.1", "text/javascript1.2", "text/javascript1.3", "text/javascript1.4",
		"text/javascript1.5", "text/jscript", "text/livescript", "text/x-ecmascript", "text/x-javascript":
		return true
	}
	return false
}

// prepareScript is "prepare the script element".
func (d *Document) prepareScript(w *Node) {
	s := w.scriptState()
	if s.started || d.scope == nil || d.gone || !d.scripting() {
		return
	}
	source := textOf(w.n)
	_, hasSrc := attr(w.n, "src")
	if !hasSrc && source == "" {
		return
	}
	if kind, ok := attr(w.n, "type"); ok && kind != "" {
		s.module = strings.EqualFold(strings.TrimSpace(kind), "module")
		if !s.module && !isJavaScript(kind) {
			return
		}
	}
	s.started = true
	if _, skip := attr(w.n, "nomodule"); skip && !s.module {
		return
	}
	if !hasSrc {
		s.source, s.url = source, d.base()
		if s.module {
			d.scheduleModule(w, s)
			return
		}
		d.execute(w, s)
		return
	}
	d.fetchScript(w, s)
}

// fetchScript fetches an external script and schedules its execution.
func (d *Document) fetchScript(w *Node, s *scriptState) {
	src := w.attribute("src")
	if s.url = d.resolve(src); src == "" || s.url == nil {
		d.queue("script", func() { w.FireSimple("error") })
		return
	}
	if s.module {
		d.scheduleModule(w, s)
		return
	}
	_, async := attr(w.n, "async")
	_, deferred := attr(w.n, "defer")
	d.block()
	var after func()
	switch {
	case async || s.forceAsync && !s.parserInserted:
		after = func() { d.execute(w, s) }
	case !s.parserInserted:
		d.ordered = append(d.ordered, s)
		after = func() { d.runOrdered() }
		s.run = nil
		s.blocking = nil
	case deferred:
		d.deferred = append(d.deferred, s)
		after = func() { d.runDeferred() }
	default:
		p := d.parser
		if p != nil {
			p.blocked = w
		}
		after = func() {
			d.execute(w, s)
			if p != nil {
				p.resume(w)
			}
		}
	}
	s.element(w)
	r := d.request(s.url, "script")
	r.Integrity = w.attribute("integrity")
	cors(r, w)
	d.fetchBody(r, func(response *fetch.Response, body []byte, err error) {
		s.ready = true
		inner := response.Unfiltered()
		if err != nil || response.IsNetworkError() || inner.Status != 0 && (inner.Status < 200 || inner.Status > 299) {
			s.failed = true
		} else {
			s.source = fetchapi.DecodeUTF8(body)
			if response.Type == "opaque" {
				d.mute(s.url)
			}
			if u := inner.URL(); u != nil && response.Type != "opaque" {
				s.url = u
			}
		}
		after()
		d.unblock()
	})
}

// element lets a script that runs later know its element.
func (s *scriptState) element(w *Node) {
	d := w.doc
	previous := s.run
	s.run = func() {
		if previous != nil {
			previous()
			return
		}
		d.execute(w, s)
	}
}

// runOrdered runs the in-order scripts that are ready.
func (d *Document) runOrdered() {
	for len(d.ordered) > 0 && d.ordered[0].ready {
		s := d.ordered[0]
		d.ordered = d.ordered[1:]
		s.run()
	}
}

// runDeferred runs deferred scripts once parsing is over, then DOMContentLoaded.
func (d *Document) runDeferred() {
	if d.parser != nil || d.loaded || d.state == "loading" {
		return
	}
	for len(d.deferred) > 0 && d.deferred[0].ready {
		s := d.deferred[0]
		d.deferred = d.deferred[1:]
		s.run()
	}
	if len(d.deferred) == 0 && !d.loaded {
		d.loaded = true
		d.soon("DOMContentLoaded", d.contentLoaded)
	}
}

// execute is "execute the script element" for a classic script.
func (d *Document) execute(w *Node, s *scriptState) {
	if d.gone {
		return
	}
	if s.failed {
		w.FireSimple("error")
		return
	}
	old := d.current
	d.current = w
	d.tell(s)
	_, err := d.scope.run(s.url.String(), s.source)
	d.current = old
	if err != nil {
		d.report(err)
	}
	if _, external := attr(w.n, "src"); external {
		w.FireSimple("load")
	}
	d.realm.Agent().Checkpoint()
}

// tell names the scripts that are about to run.
func (d *Document) tell(s *scriptState) {
	if s.modules == nil {
		text := s.source
		d.realm.Source(script.Source{URL: s.url.String(), Text: func() string { return text }})
	}
	for _, m := range s.modules {
		d.realm.Source(m)
	}
}

// report reports what a script of the document threw, or that it does not parse.
func (d *Document) report(err error) {
	if _, syntax := syntaxMessage(err); syntax {
		e := d.realm.Agent().Describe(err)
		e.Value = thrown(d.realm, err)
		if e.Name == "" || e.Name == "Error" {
			described := d.realm.Agent().DescribeValue(e.Value)
			described.URL, described.Line, described.Column = e.URL, e.Line, e.Column
			e = described
		}
		if d.realm.Report != nil {
			d.realm.Report(e)
		}
		return
	}
	d.realm.ReportError(err)
}

// evaluate runs source as a script of the window: javascript: URLs, CDP, timers
// given a string.
func (d *Document) evaluate(url, source string) (goja.Value, *script.Exception) {
	v, err := d.scope.run(url, source)
	if err != nil {
		if _, syntax := syntaxMessage(err); syntax {
			e := d.realm.Agent().Describe(err)
			e.Value = thrown(d.realm, err)
			return nil, e
		}
		return nil, d.realm.Agent().Describe(err)
	}
	return v, nil
}

// mute marks a script of another origin that was not fetched with CORS.
func (d *Document) mute(u *fetch.URL) {
	if d.muted == nil {
		d.muted = map[string]struct{}{}
	}
	d.muted[u.String()] = struct{}{}
}
