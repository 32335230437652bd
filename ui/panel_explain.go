package ui

import (
	"net/http"

	"github.com/swinspect/swinspect/inspector/explain"
	"github.com/swinspect/swinspect/ui/components"
	"github.com/swinspect/swinspect/ui/pages"
)

// explainPanel shows what the backend decided about requests, updates and states
// of a registration, step by step, when it tells; else why its versions are where they
// are, as far as a browser shows.
func explainPanel(_ *Server, w http.ResponseWriter, r *http.Request, p *PageContext) {
	if components.Canonical(w, r, "filter") {
		return
	}
	p.Shell.PageClass = "fill explain"
	p.Shell.Panes, p.Shell.Split = true, true
	p.Shell.Modules = append(p.Shell.Modules, "js/panel.js")
	v := pages.NewExplain(p.State, p.Registration, components.AddressOf(r.URL))
	if !v.Traces {
		v.Versions = pages.NewVersionChains(explain.Registration(p.State, p.Registration, p.Browser.Changes(0)))
		v.Fetches = p.URL("fetches")
	}
	p.Render(w, r, pages.Explain(p.Shell, v))
}
