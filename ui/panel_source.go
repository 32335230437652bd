package ui

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/chromedp/cdproto/serviceworker"

	"github.com/swinspect/swinspect/inspector"
	"github.com/swinspect/swinspect/ui/components"
	"github.com/swinspect/swinspect/ui/pages"
)

// sourcePatience is how long a page waits for a worker's source.
const sourcePatience = 1200 * time.Millisecond

// sourceRoutes are the panel's other addresses.
var sourceRoutes = []PanelRoute{{"GET", "/raw", sourceRaw}}

// source shows the scripts of a version.
func source(s *Server, w http.ResponseWriter, r *http.Request, p *PageContext) {
	a := components.AddressOf(r.URL)
	reading, problem := s.readScripts(r.Context(), p, a.Query.Get("version"))
	if a.Query.Has("diff") { // both sides
		s.readScripts(r.Context(), p, a.Query.Get("diff"))
	}
	// What was read is in the state now.
	if reg := p.Browser.State().Registration(p.Registration.Key); reg != nil {
		p.Registration = reg
		p.Shell.Head.Registration = reg
	}
	v := pages.NewSource(p.Registration, pages.ChooseVersion(p.Registration, a.Query.Get("version")), a, &s.code)
	v.Reading, v.Problem = reading, problem
	if v.Script != nil {
		v.SaveURL = p.URL("source/raw", "version", v.Version.ID, "script", v.Script.URL)
	}
	p.Shell.PageClass = "fill source"
	p.Shell.Panes, p.Shell.Split = true, true
	p.Shell.Modules = append(p.Shell.Modules, "js/panel.js")
	p.Render(w, r, pages.Source(p.Shell, v))
}

// readScripts reads the scripts of the chosen version when it runs and they are
// not known. The page asks for them by being opened on this panel; nothing is
// started for it.
func (s *Server) readScripts(ctx context.Context, p *PageContext, version string) (reading bool, problem string) {
	v := pages.ChooseVersion(p.Registration, version)
	if v == nil {
		return false, ""
	}
	k := p.Registration.Key
	patience := sourcePatience
	if p.Live {
		patience = 0
	}
	key := p.readKey() + "\x00scripts\x00" + k.Instance + "\x00" + k.Context + "\x00" + k.ID + "\x00" + v.ID
	got := read(s, ctx, key, patience, func(was Reading[[]*inspector.Script]) bool {
		return scriptsDue(v, was, p.Live) && p.readable()
	}, func(ctx context.Context) ([]*inspector.Script, error) {
		return p.Browser.Scripts(ctx, k, v.ID)
	})
	if got.Err != nil && v.Running == serviceworker.VersionRunningStatusRunning {
		problem = got.Err.Error()
	}
	return got.Running, problem
}

// scriptsDue reports whether the scripts of a version should be read: it runs,
// and they were not read since it came into its status (while it installs, it
// may import more).
func scriptsDue(v *inspector.Version, was Reading[[]*inspector.Script], live bool) bool {
	if v.Running != serviceworker.VersionRunningStatusRunning {
		return false
	}
	if len(v.Scripts) > 0 && v.Scripts[0].ReadAt.After(v.Since()) {
		return false
	}
	switch {
	case was.At.IsZero():
		return true
	case was.Err != nil && !live:
		return true
	}
	// The stream tries once per status and run of the worker.
	return was.At.Before(v.Since()) || was.At.Before(v.RunningSince())
}

// sourceRaw answers with a script as a download.
func sourceRaw(_ *Server, w http.ResponseWriter, r *http.Request, p *PageContext) {
	q := r.URL.Query()
	var script *inspector.Script
	if v := p.Registration.Version(q.Get("version")); v != nil {
		for _, s := range v.Scripts {
			if s.URL == q.Get("script") {
				script = s
			}
		}
	}
	if script == nil {
		p.Server.missing(w, r, p.Browser, "The source of this script is not known.")
		return
	}
	h := w.Header()
	h.Set("Content-Type", "application/octet-stream")
	h.Set("Content-Disposition", `attachment; filename="`+fileName(script.URL)+`"`)
	h.Set("Content-Length", strconv.Itoa(len(script.Source)))
	h.Set("Content-Security-Policy", "sandbox; default-src 'none'")
	h.Set("Cache-Control", "no-store")
	if r.Method != http.MethodHead {
		_, _ = w.Write([]byte(script.Source))
	}
}
