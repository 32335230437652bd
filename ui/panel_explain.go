package ui

import (
	"net/http"

	"github.com/swinspect/swinspect/ui/components"
	"github.com/swinspect/swinspect/ui/pages"
)

// explainPanel shows what the backend decided about requests, updates and states
// of a registration, step by step, when it tells.
func explainPanel(_ *Server, w http.ResponseWriter, r *http.Request, p *PageContext) {
	if components.Canonical(w, r, "filter") {
		return
	}
	p.Shell.PageClass = "fill explain"
	p.Shell.Panes, p.Shell.Split = true, true
	p.Shell.Modules = append(p.Shell.Modules, "js/panel.js")
	p.Render(w, r, pages.Explain(p.Shell, pages.NewExplain(p.State, p.Registration, components.AddressOf(r.URL))))
}
