package main

import (
	"time"

	"github.com/swinspect/swinspect/inspector"
)

// The JSON that commands print. Field names are part of the interface: add,
// never rename. Times are RFC 3339; a missing time is left out.

type registrationView struct {
	ID           string        `json:"id"` // short id, as SCOPE takes it
	Scope        string        `json:"scope"`
	Origin       string        `json:"origin"`
	StorageKey   string        `json:"storageKey"`
	KeyKnown     string        `json:"storageKeyKnown"` // seen or inferred
	Partitioned  bool          `json:"partitioned"`
	TopLevelSite string        `json:"topLevelSite,omitempty"`
	ScriptURL    string        `json:"scriptURL"`
	Context      string        `json:"context"`
	ContextID    string        `json:"contextId"`
	Registration string        `json:"registrationId"`
	State        string        `json:"state"` // the most urgent one, in a word
	Versions     []versionView `json:"versions"`
	Errors       int           `json:"errors"`
	Ghost        string        `json:"ghost,omitempty"`
	UpdateVia    string        `json:"updateViaCache,omitempty"`
	Preload      *preloadView  `json:"navigationPreload,omitempty"`
	WhyWaiting   *whyView      `json:"whyWaiting,omitempty"`
	Clients      []clientView  `json:"clients"` // all in scope, controlled or not
	FirstSeen    *time.Time    `json:"firstSeen,omitempty"`
	RecentErrors []errorView   `json:"errorList,omitempty"`
}

type preloadView struct {
	Enabled bool   `json:"enabled"`
	Header  string `json:"header"`
}

type versionView struct {
	ID           string           `json:"id"`
	Status       string           `json:"status"`  // CDP's word: new installing installed activating activated redundant
	Running      string           `json:"running"` // stopped starting running stopping
	ScriptURL    string           `json:"scriptURL"`
	Clients      []clientView     `json:"clients"`
	Since        *time.Time       `json:"since,omitempty"`
	ScriptTime   *time.Time       `json:"scriptResponseTime,omitempty"`
	LastModified *time.Time       `json:"scriptLastModified,omitempty"`
	Routes       int              `json:"routes"`
	RouteList    []routeView      `json:"routeList,omitempty"`
	RoutesRaw    string           `json:"routesRaw,omitempty"` // rules that could not be read, as sent
	History      []transitionView `json:"history,omitempty"`
	KeptAlive    string           `json:"keptAlive,omitempty"`
	Target       string           `json:"targetId,omitempty"`
}

type transitionView struct {
	Time    *time.Time `json:"time,omitempty"` // absent: before swinspect attached
	Status  string     `json:"status"`
	Running string     `json:"running"`
}

type routeView struct {
	ID        int64  `json:"id"`
	Condition string `json:"condition"` // in words
	Source    string `json:"source"`    // in words
	Raw       string `json:"raw"`       // the rule as the browser sent it
}

type clientView struct {
	Type       string     `json:"type"`
	URL        string     `json:"url"`
	Title      string     `json:"title"`
	Target     string     `json:"targetId"`
	Controller string     `json:"controller,omitempty"` // version id; absent: not controlled
	Reason     string     `json:"reason,omitempty"`
	Known      string     `json:"known"`
	Since      *time.Time `json:"since,omitempty"`
}

type whyView struct {
	Sentence string       `json:"sentence"`
	Version  string       `json:"version"`
	Active   string       `json:"active,omitempty"`
	Holders  []holderView `json:"holders"`
	Note     string       `json:"note,omitempty"`
}

type holderView struct {
	Kind   string     `json:"kind"`
	Title  string     `json:"title"`
	URL    string     `json:"url"`
	Target string     `json:"targetId,omitempty"`
	Reason string     `json:"reason,omitempty"`
	Known  string     `json:"known"`
	Since  *time.Time `json:"since,omitempty"`
}

type errorView struct {
	Time    time.Time `json:"time"`
	Version string    `json:"version"`
	Phase   string    `json:"phase,omitempty"`
	Message string    `json:"message"`
	URL     string    `json:"url"`
	Line    int       `json:"line"` // 1-based, -1 unknown
	Column  int       `json:"column"`
	Count   int       `json:"count"`
}

// maybe is a time that may be unknown.
func maybe(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

func viewRegistration(s *inspector.State, r *inspector.Registration) registrationView {
	word, _ := r.Urgency()
	clients := s.Clients(r)
	v := registrationView{
		ID: r.Slug(s), Scope: r.Scope, Origin: r.StorageKey.Origin,
		StorageKey: r.StorageKey.Raw, KeyKnown: string(r.StorageKey.Known),
		Partitioned: r.StorageKey.Partitioned(), TopLevelSite: r.StorageKey.TopLevelSite,
		ScriptURL: scriptOf(r), ContextID: r.Key.Context, Registration: r.Key.ID,
		State: word, Versions: []versionView{}, Errors: len(r.Errors), Ghost: r.Ghost,
		UpdateVia: r.UpdateViaCache, WhyWaiting: viewWhy(inspector.Why(s, r)),
		Clients: viewClients(clients, nil), FirstSeen: maybe(r.FirstSeen),
	}
	if c := s.Context(r.Key.Instance, r.Key.Context); c != nil {
		v.Context = c.Label
	}
	if p := r.NavigationPreload; p != nil {
		v.Preload = &preloadView{p.Enabled, p.Header}
	}
	for _, version := range r.Versions {
		v.Versions = append(v.Versions, viewVersion(version, clients))
	}
	return v
}

// scriptOf is the script of the version that matters most now.
func scriptOf(r *inspector.Registration) string {
	for _, v := range []*inspector.Version{r.Active(), r.Waiting(), r.Installing()} {
		if v != nil {
			return v.ScriptURL
		}
	}
	if n := len(r.Versions); n > 0 {
		return r.Versions[n-1].ScriptURL
	}
	return ""
}

func viewVersion(v *inspector.Version, clients []inspector.Client) versionView {
	return versionView{
		ID: v.ID, Status: string(v.Status), Running: string(v.Running), ScriptURL: v.ScriptURL,
		Clients: viewClients(clients, v), Since: maybe(v.Since()),
		ScriptTime: maybe(v.ScriptResponseTime), LastModified: maybe(v.ScriptLastModified),
		Routes: len(v.Routes), KeptAlive: v.KeptAlive, Target: v.TargetID,
	}
}

// viewClients gives the clients that of controls; all of them when it is nil.
func viewClients(clients []inspector.Client, of *inspector.Version) []clientView {
	views := []clientView{}
	for _, c := range clients {
		if of != nil && (c.Version == nil || c.Version.ID != of.ID) {
			continue
		}
		v := clientView{
			Type: c.Target.Type, URL: c.Target.URL, Title: c.Target.Title, Target: c.Target.Key.ID,
			Reason: c.Reason, Known: string(c.Known), Since: maybe(c.Since),
		}
		if c.Version != nil {
			v.Controller = c.Version.ID
		}
		views = append(views, v)
	}
	return views
}

func viewWhy(w *inspector.WhyWaiting) *whyView {
	if w == nil {
		return nil
	}
	v := &whyView{Sentence: w.Sentence, Version: w.Version.ID, Note: w.Note, Holders: []holderView{}}
	if w.Active != nil {
		v.Active = w.Active.ID
	}
	for _, h := range w.Holders {
		v.Holders = append(v.Holders, holderView{
			Kind: h.Kind, Title: h.Title, URL: h.URL, Target: h.Target,
			Reason: h.Reason, Known: string(h.Known), Since: maybe(h.Since),
		})
	}
	return v
}

// detail adds what only `show` prints.
func (v *registrationView) detail(r *inspector.Registration) {
	for i, version := range r.Versions {
		view := &v.Versions[i]
		for j, t := range version.History {
			view.History = append(view.History, transitionView{maybe(seenAt(version, j)), string(t.Status), string(t.Running)})
		}
		for _, route := range version.Routes {
			view.RouteList = append(view.RouteList, routeView{route.ID, route.Condition.String(), route.Source.String(), route.Raw})
		}
		view.RoutesRaw = version.RoutesRaw
	}
	for _, e := range r.Errors {
		v.RecentErrors = append(v.RecentErrors, errorView{e.Time, e.VersionID, e.Phase, e.Message, e.URL, e.Line, e.Column, e.Count})
	}
}
