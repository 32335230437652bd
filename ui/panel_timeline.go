package ui

import (
	"net/http"

	"github.com/swinspect/swinspect/ui/components"
	"github.com/swinspect/swinspect/ui/pages"
)

// timeline shows every version of a scope, its clients and actions on one time
// axis, and the same as a table of changes.
func timeline(_ *Server, w http.ResponseWriter, r *http.Request, p *PageContext) {
	if components.Canonical(w, r, "filter") {
		return
	}
	p.Shell.PageClass = "timeline"
	p.Shell.Split = true
	p.Shell.Modules = append(p.Shell.Modules, "js/timeline.js")
	p.Render(w, r, pages.Timeline(p.Shell, pages.NewTimeline(pages.TimelineInput{
		State: p.State, Registration: p.Registration, Changes: p.Browser.Changes(0),
		Address: components.AddressOf(r.URL), Now: p.Now,
	})))
}
