package ui

import (
	"net/http"

	"github.com/swinspect/swinspect/inspector"
	"github.com/swinspect/swinspect/ui/pages"
)

func overview(_ *Server, w http.ResponseWriter, r *http.Request, p *PageContext) {
	p.Shell.PageClass = "overview"
	p.Render(w, r, pages.Overview(p.Shell, overviewView(p.Registration)))
}

func overviewView(r *inspector.Registration) pages.OverviewView {
	return pages.OverviewView{Lanes: []pages.Lane{
		{Title: "Installing", Version: r.Installing()},
		{Title: "Waiting", Version: r.Waiting()},
		{Title: "Active", Version: r.Active()},
	}}
}
