package ui

import (
	"net/http"

	"github.com/swinspect/swinspect/ui/components"
	"github.com/swinspect/swinspect/ui/pages"
)

// routeCount is the number on the routes tab: rules of the version it shows.
func routeCount(p *PageContext) (int, bool) {
	v := pages.ChooseVersion(p.Registration, "")
	if v == nil || len(v.Routes) == 0 {
		return 0, false
	}
	return len(v.Routes), true
}

// routesPanel shows the static routing rules of a version.
func routesPanel(_ *Server, w http.ResponseWriter, r *http.Request, p *PageContext) {
	if components.Canonical(w, r, "filter") {
		return
	}
	p.Shell.PageClass = "routes"
	p.Shell.Split = true
	p.Shell.Modules = append(p.Shell.Modules, "js/panel.js")
	p.Render(w, r, pages.Routes(p.Shell, pages.NewRoutes(p.Registration, components.AddressOf(r.URL), cacheNames(p))))
}

// cacheNames are the names of the caches, nil when they were not listed.
func cacheNames(p *PageContext) []string {
	st := p.State.Storage(storageRef(p, ""))
	if st == nil || st.ReadAt.IsZero() || st.Stale || st.Error != "" {
		return nil
	}
	names := make([]string, 0, len(st.Caches))
	for _, c := range st.Caches {
		names = append(names, c.Name)
	}
	return names
}
