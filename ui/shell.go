package ui

import (
	"cmp"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/swinspect/swinspect/inspector"
	"github.com/swinspect/swinspect/ui/components"
)

// shell builds the frame around a page. b and state are nil on pages that are
// about no browser.
func (s *Server) shell(r *http.Request, now time.Time, b Browser, state *inspector.State) *components.Shell {
	prefs := readPrefs(r)
	sh := &components.Shell{
		Title: "swinspect", Path: pathOf(r), Token: s.opts.Token, Boot: s.boot,
		Version: s.opts.Version, Theme: prefs.Theme, NoKeys: prefs.NoKeys,
		Now: now, Assets: s.assets,
	}
	if t, ok := b.(*tape); ok {
		components.AsOf(r.Context(), now)
		sh.Tape = s.tapeBar(t)
	}
	s.recordFor(sh, b)
	states := map[string]*inspector.State{}
	for _, br := range s.browsers() {
		st := br.State()
		if b != nil && br.ID() == b.ID() {
			st = state
		}
		states[br.ID()] = st
		item := browserItem(br, st)
		if b != nil && br.ID() == b.ID() {
			item.Current = true
			sh.Browser = item
		}
		sh.Browsers = append(sh.Browsers, item)
	}
	tellApart(sh.Browsers)
	selected := ""
	if b != nil {
		sh.Title = sh.Browser.Name
		selected = r.PathValue("slug")
	}
	for _, item := range sh.Browsers {
		mine := ""
		if item.Current {
			mine = selected
		}
		sh.Tree = append(sh.Tree, treeOf(item, states[item.ID], mine)...)
	}
	s.footFor(sh, b, state)
	s.heldFor(sh, states, selected)
	s.markHeld(sh)
	if b != nil {
		sh.Toasts = elsewhere(sh.Browsers)
	}
	return sh
}

// shellFor adds what only pages of a registration have.
func (s *Server) shellFor(p *PageContext) {
	reg := p.Registration
	origin := components.Origin(reg.Scope)
	head := &components.Head{
		Registration: reg, State: p.State, Slug: p.Slug,
		Context: p.State.Context(reg.Key.Instance, reg.Key.Context),
		BaseURL: p.URL(""), CanAct: reg.Alive() && p.State.Connection.Status == inspector.Live, Origin: origin, Path: strings.TrimPrefix(reg.Scope, origin),
	}
	if v := mainVersion(reg); v != nil {
		head.ScriptURL = v.ScriptURL
		head.Script = strings.TrimPrefix(v.ScriptURL, origin)
	}
	p.Shell.Head = head
	p.Shell.Title = strings.TrimPrefix(reg.Scope, "https://") + ", " + strings.ToLower(p.Panel.Title)
	for i := range s.panels {
		tab := components.Tab{
			Title: s.panels[i].Title, URL: p.URL(s.panels[i].Name), Key: s.panels[i].Key,
			Current: s.panels[i].Name == p.Panel.Name,
		}
		if s.panels[i].Count != nil {
			if n, ok := s.panels[i].Count(p); ok {
				tab.Count = components.Number(n)
			}
		}
		p.Shell.Tabs = append(p.Shell.Tabs, tab)
	}
}

// mainVersion is the version a registration is known by: the active one, else
// the newest.
func mainVersion(r *inspector.Registration) *inspector.Version {
	if v := r.Active(); v != nil {
		return v
	}
	if n := len(r.Versions); n > 0 {
		return r.Versions[n-1]
	}
	return nil
}

func browserItem(b Browser, st *inspector.State) *components.BrowserItem {
	c := st.Connection
	item := &components.BrowserItem{
		ID: b.ID(), Name: browserName(b, st), URL: "/b/" + b.ID(), Connection: c,
		Detail: strings.Join([]string{
			endpointName(c.Endpoint),
			components.Count(liveContexts(st), "context", "contexts"),
			components.Count(len(st.Live()), "registration", "registrations"),
		}, " · "),
		State: connectionState(c),
	}
	if t, ok := b.(*tape); ok {
		item.Tape, item.Detail = true, tapeDetail(t)
	}
	if c.Status == inspector.Gone {
		item.Detail = endpointName(c.Endpoint) + " · gone"
	}
	return item
}

func liveContexts(st *inspector.State) int {
	n := 0
	for _, c := range st.Contexts {
		if !c.Gone {
			n++
		}
	}
	return n
}

// elsewhere are the notices about browsers that the page is not about.
func elsewhere(items []*components.BrowserItem) []components.Notice {
	var out []components.Notice
	for _, item := range items {
		if c := item.Connection; !item.Current && c.Status == inspector.Gone {
			out = append(out, components.Notice{
				ID:    "gone-" + item.ID + "-" + strconv.FormatInt(c.Since.Unix(), 10),
				State: components.State{Icon: "warn", Word: "gone", Class: "wait"}, Time: c.Since,
				Lead: item.Name + " went away.", Text: "What was seen is kept; it is tried again by itself.",
			})
		}
	}
	return out
}

// endpointName is an endpoint in few words: a bare port is called one, of a URL
// the host is enough.
func endpointName(endpoint string) string {
	if _, err := strconv.ParseUint(endpoint, 10, 16); err == nil {
		return "port " + endpoint
	}
	if u, err := url.Parse(endpoint); err == nil && u.Host != "" {
		return u.Host
	}
	return endpoint
}

// tellApart adds its endpoint to the name of each browser that another shares.
func tellApart(items []*components.BrowserItem) {
	count := map[string]int{}
	for _, item := range items {
		count[item.Name]++
	}
	for _, item := range items {
		if count[item.Name] > 1 {
			item.Name += ", " + endpointName(item.Connection.Endpoint)
		}
	}
}

// browserName is what its user called it, else "Chrome 156": the product with its
// major version.
func browserName(b Browser, st *inspector.State) string {
	if n := b.Name(); n != "" && n != st.Connection.Endpoint {
		return n
	}
	if st.Connection.Product == "" {
		return cmp.Or(endpointName(st.Connection.Endpoint), "Browser "+b.ID())
	}
	return productName(st.Connection.Product)
}

// productName is "Chrome 156" for "Chrome/156.0.8078.79".
func productName(product string) string {
	name, version, ok := strings.Cut(product, "/")
	if !ok {
		return product
	}
	if _, own, ok := strings.Cut(version, " ("); ok { // the engine: "swinspect/156.0.0.0 (1.2.3)"
		return name + " " + strings.TrimSuffix(own, ")")
	}
	major, _, _ := strings.Cut(version, ".")
	if headless, ok := strings.CutPrefix(name, "Headless"); ok {
		return headless + " " + major + ", headless"
	}
	return name + " " + major
}

func connectionState(c inspector.Connection) components.State {
	switch c.Status {
	case inspector.Live:
		return components.State{Icon: "running", Word: "Live", Class: "ok"}
	case inspector.Gone:
		return components.State{Icon: "failed", Word: "Gone", Class: "bad"}
	case inspector.Closed:
		if c.Reason == tapeReason {
			return components.State{Icon: "tape", Word: "Recording", Class: "idle"}
		}
		return components.State{Icon: "stopped", Word: "Detached", Class: "idle"}
	}
	return components.State{Icon: "spin", Word: "Connecting", Class: "work"}
}

func pathOf(r *http.Request) string {
	if r.URL.RawQuery == "" {
		return r.URL.Path
	}
	return r.URL.Path + "?" + r.URL.RawQuery
}
