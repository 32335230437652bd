package pages

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/chromedp/cdproto/serviceworker"

	"github.com/swinspect/swinspect/inspector"
	"github.com/swinspect/swinspect/ui/components"
)

// OverviewView is what [Overview] shows of one registration.
type OverviewView struct {
	State        *inspector.State
	Registration *inspector.Registration
	Context      *inspector.Context // nil when it is gone for good
	Clients      []inspector.Client
	Why          *inspector.WhyWaiting
	Receipts     []*inspector.Receipt // of this registration and its context, newest first
	Storage      *inspector.Storage   // nil: nothing known
	ErrorsURL    string               // "" when there is no such view
	RoutesURL    string
	CachesURL    string
	TimelineURL  string
	ReadURL      string
	CanAct       bool // actions make sense now
}

// maxShown is how many receipts and errors the overview shows.
const maxShown = 6

// lanesOf are the three places of a registration's versions.
func (v OverviewView) installing() *inspector.Version { return v.Registration.Installing() }
func (v OverviewView) waiting() *inspector.Version    { return v.Registration.Waiting() }
func (v OverviewView) active() *inspector.Version     { return v.Registration.Active() }

// laneState is the state of a version in its lane.
func laneState(ver *inspector.Version) components.State {
	switch ver.Status {
	case serviceworker.VersionStatusNew:
		return components.State{Icon: "installing", Word: "evaluating", Class: "work"}
	case serviceworker.VersionStatusInstalling:
		return components.State{Icon: "installing", Word: "installing", Class: "work"}
	case serviceworker.VersionStatusInstalled:
		return components.State{Icon: "waiting", Word: "installed, waiting", Class: "wait"}
	case serviceworker.VersionStatusActivating:
		return components.State{Icon: "installing", Word: "activating", Class: "work"}
	case serviceworker.VersionStatusActivated:
		return components.State{Icon: "active", Word: "activated", Class: "ok"}
	}
	return components.State{Icon: "redundant", Word: "redundant", Class: "idle"}
}

// runState is whether a version's worker runs.
func runState(ver *inspector.Version) components.State {
	switch {
	case ver.Paused != nil:
		return components.State{Icon: "paused", Word: "paused", Class: "hold"}
	case ver.Running == serviceworker.VersionRunningStatusRunning:
		return components.State{Icon: "running", Word: "running", Class: "ok"}
	case ver.Running == serviceworker.VersionRunningStatusStarting:
		return components.State{Icon: "spin", Word: "starting", Class: "work"}
	case ver.Running == serviceworker.VersionRunningStatusStopping:
		return components.State{Icon: "stopped", Word: "stopping", Class: "idle"}
	}
	return components.State{Icon: "stopped", Word: "stopped", Class: "idle"}
}

func laneClass(ver *inspector.Version) string {
	switch {
	case ver == nil:
		return "lane-none"
	case ver.Status == serviceworker.VersionStatusInstalled:
		return "lane-wait"
	case ver.Status == serviceworker.VersionStatusActivated:
		return ""
	}
	return "lane-work"
}

// took is how long a version stayed in a status, "" when that was not seen from
// its beginning to its end or is not worth saying.
func took(ver *inspector.Version, status serviceworker.VersionStatus) string {
	if ver == nil {
		return ""
	}
	var from time.Time
	for i, t := range ver.History {
		switch {
		case t.Status == status && from.IsZero():
			if i == 0 && !ver.Complete {
				return ""
			}
			from = t.Time
		case t.Status != status && !from.IsZero():
			if d := t.Time.Sub(from); d >= time.Millisecond {
				return components.Span(d)
			}
			return ""
		}
	}
	return ""
}

// controls says what a version's clients are: "2 windows, 1 worker".
func (v OverviewView) controls(ver *inspector.Version) string {
	counts := map[string]int{}
	for _, c := range v.Clients {
		if c.Version == ver {
			counts[clientWord(c)]++
		}
	}
	var parts []string
	for _, word := range []string{"window", "frame", "worker", "shared worker", "client"} {
		if n := counts[word]; n > 0 {
			parts = append(parts, components.Count(n, word, word+"s"))
		}
	}
	if len(parts) == 0 {
		return "nothing"
	}
	return strings.Join(parts, ", ")
}

func clientWord(c inspector.Client) string {
	switch c.Target.Type {
	case "page", "webview", "tab":
		return "window"
	case "iframe", "fenced_frame":
		return "frame"
	case "worker":
		return "worker"
	case "shared_worker":
		return "shared worker"
	}
	return "client"
}

func clientIcon(word string) string {
	switch word {
	case "window":
		return "window"
	case "frame":
		return "frame"
	case "event", "pause":
		return "clock"
	}
	return "worker"
}

func (v OverviewView) controlled() int {
	n := 0
	for _, c := range v.Clients {
		if c.Version != nil {
			n++
		}
	}
	return n
}

// held counts holders by kind for the gate: "2 windows", "1 event".
func held(w *inspector.WhyWaiting) []string {
	counts, order := map[string]int{}, []string(nil)
	for _, h := range w.Holders {
		kind := h.Kind
		if kind == "pause" {
			kind = "pause"
		}
		if counts[kind] == 0 {
			order = append(order, kind)
		}
		counts[kind]++
	}
	var out []string
	for _, kind := range order {
		out = append(out, components.Count(counts[kind], kind, kind+"s"))
	}
	return out
}

// past tells what became of a redundant version, and when.
func past(r *inspector.Registration, ver *inspector.Version) (what string, at time.Time) {
	at = ver.Since()
	installed, active := false, false
	for _, t := range ver.History {
		switch t.Status {
		case serviceworker.VersionStatusInstalled:
			installed = true
		case serviceworker.VersionStatusActivating, serviceworker.VersionStatusActivated:
			active = true
		}
	}
	failed := slices.ContainsFunc(r.Errors, func(e inspector.WorkerError) bool { return e.VersionID == ver.ID })
	switch {
	case active && r.Deleted() && at.After(r.DeletedAt.Add(-time.Second)): // the two are told one after the other
		return "unregistered", at
	case active:
		return "replaced", at
	case installed:
		return "never became active", at
	case failed:
		return "install failed", at
	}
	return "redundant", at
}

// errorPlace is "sw.js:88:11", 1-based, "" when unknown.
func errorPlace(e inspector.WorkerError) string {
	name := e.URL
	if i := strings.LastIndexByte(name, '/'); i >= 0 && i < len(name)-1 {
		name = name[i+1:]
	}
	if name == "" || e.Line <= 0 {
		return name
	}
	place := name + ":" + strconv.Itoa(e.Line)
	if e.Column >= 0 {
		place += ":" + strconv.Itoa(e.Column)
	}
	return place
}

func errorPhase(e inspector.WorkerError) string {
	if e.Phase == "" {
		return "error"
	}
	return e.Phase
}

// newestErrors are the newest errors, newest first.
func newestErrors(r *inspector.Registration) []inspector.WorkerError {
	errs := slices.Clone(r.Errors)
	slices.Reverse(errs)
	return errs[:min(len(errs), maxShown)]
}

func action(kind inspector.ActionKind, r *inspector.Registration, ver *inspector.Version) inspector.Action {
	a := inspector.Action{Kind: kind, Registration: r.Key}
	if ver != nil {
		a.Version = ver.ID
	}
	return a
}

func clientAction(kind inspector.ActionKind, r *inspector.Registration, target string) inspector.Action {
	return inspector.Action{Kind: kind, Registration: r.Key, Client: target}
}

func setting(kind inspector.ActionKind, c *inspector.Context) inspector.Action {
	return inspector.Action{Kind: kind, Context: c.ID, Registration: inspector.RegistrationKey{Instance: c.Instance}}
}

// routes is the number of static routes of the version that answers.
func (v OverviewView) routes() int {
	if a := v.active(); a != nil {
		return len(a.Routes)
	}
	return 0
}

func (v OverviewView) keptAlive() *inspector.Version {
	for _, ver := range v.Registration.Versions {
		if ver.KeptAlive != "" {
			return ver
		}
	}
	return nil
}
