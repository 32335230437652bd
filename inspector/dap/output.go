package dap

import (
	"net/url"
	"reflect"
	"slices"
	"strings"

	godap "github.com/google/go-dap"

	"github.com/swinspect/swinspect/inspector"
	"github.com/swinspect/swinspect/inspector/debugger"
)

// tellLog tells what logpoints and the consoles of workers said.
func (x *session) tellLog(at *Debuggee, s *debugger.State) {
	for i := range s.Log {
		line := &s.Log[i]
		if line.Seq <= x.told.log {
			continue
		}
		x.told.log = line.Seq
		if line.Level == "input" || line.Level == "result" { // a client sees its own
			continue
		}
		body := godap.OutputEventBody{Category: "stdout", Output: ended1(line.Text)}
		if line.Level == "error" || line.Level == "warning" {
			body.Category = "stderr"
		}
		if line.Breakpoint != "" {
			body.Category = "console"
		}
		if line.URL != "" && line.Line > 0 {
			body.Source, body.Line = x.lineSource(line.URL), x.lineOut(line.Line)
		}
		x.out.event("output", body)
	}
}

// ended1 ends a text with one line end.
func ended1(text string) string { return strings.TrimSuffix(text, "\n") + "\n" }

// lineSource is where a line of the console comes from, without asking the worker.
func (x *session) lineSource(scriptURL string) *godap.Source {
	x.mu.Lock()
	file := x.paths.file(scriptURL)
	x.mu.Unlock()
	if file != "" {
		return x.fileSource(file)
	}
	return &godap.Source{Name: scriptName(scriptURL), Path: scriptURL}
}

// toldKinds are the kinds of changes that the debug console shows.
var toldKinds = []inspector.ChangeKind{inspector.ChangeRegistration, inspector.ChangeVersion, inspector.ChangeError, inspector.ChangeConnection}

// tellChanges tells of lifecycle changes: "/shop/ #131 installing → waiting".
func (x *session) tellChanges(at *Debuggee) {
	news := false
	for _, c := range at.Browser.Changes(x.told.change) {
		x.told.change = max(x.told.change, c.Seq)
		news = true
		if !slices.Contains(toldKinds, c.Kind) {
			continue
		}
		var words []string
		if r := at.Browser.State().Registration(c.Registration); r != nil {
			words = append(words, scopePath(r.Scope))
		}
		if c.Version != "" {
			words = append(words, "#"+c.Version)
		}
		words = append(words, c.What)
		if c.Cause != "" {
			words = append(words, "("+c.Cause+")")
		}
		category := "console"
		if c.Kind == inspector.ChangeError {
			category = "stderr"
		}
		x.say(category, ended1(strings.Join(words, " ")))
	}
	x.mu.Lock()
	wanted := x.common.StateEvents
	x.mu.Unlock()
	if !news || !wanted {
		return
	}
	if now := stateOf(at.Browser.State()); !reflect.DeepEqual(now, x.told.state) {
		x.told.state = now
		x.out.event("swinspect/state", now)
	}
}

func scopePath(scope string) string {
	if u, err := url.Parse(scope); err == nil && u.Host != "" {
		return u.Host + u.Path
	}
	return scope
}

// StateBody is the body of the swinspect/state event: the service workers there are.
type StateBody struct {
	Registrations []StateRegistration `json:"registrations"`
}

// StateRegistration is a registration with its versions, oldest first.
type StateRegistration struct {
	Scope    string         `json:"scope"`
	Context  string         `json:"context"` // the browser context's label
	Versions []StateVersion `json:"versions"`
}

// StateVersion is a version: its status and running status in CDP's words.
type StateVersion struct {
	ID      string `json:"id"`
	Script  string `json:"script"`
	Status  string `json:"status"`
	Running string `json:"running"`
	Clients int    `json:"clients"`
}

func stateOf(s *inspector.State) StateBody {
	body := StateBody{Registrations: []StateRegistration{}}
	for _, r := range s.Live() {
		sr := StateRegistration{Scope: r.Scope, Versions: []StateVersion{}}
		if c := s.Context(r.Key.Instance, r.Key.Context); c != nil {
			sr.Context = c.Label
		}
		for _, v := range r.Versions {
			if v.Status == "redundant" {
				continue
			}
			sr.Versions = append(sr.Versions, StateVersion{ID: v.ID, Script: v.ScriptURL, Status: string(v.Status), Running: string(v.Running), Clients: len(v.Clients)})
		}
		body.Registrations = append(body.Registrations, sr)
	}
	return body
}
