package ui

import (
	"net/http"

	"github.com/swinspect/swinspect/ui/components"
	"github.com/swinspect/swinspect/ui/pages"
)

// errorCount is the number on the errors tab.
func errorCount(p *PageContext) (int, bool) {
	return len(p.Registration.Errors), len(p.Registration.Errors) > 0
}

// errorsPanel shows the errors and the console of a registration.
func errorsPanel(_ *Server, w http.ResponseWriter, r *http.Request, p *PageContext) {
	if components.Canonical(w, r, "filter", "console") {
		return
	}
	p.Shell.PageClass = "errors"
	p.Shell.Split = true
	p.Shell.Modules = append(p.Shell.Modules, "js/panel.js")
	p.Render(w, r, pages.Errors(p.Shell, pages.NewErrors(p.State, p.Registration, components.AddressOf(r.URL), p.URL("source"))))
}
