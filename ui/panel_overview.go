package ui

import (
	"net/http"
	"slices"

	"github.com/swinspect/swinspect/inspector"
	"github.com/swinspect/swinspect/ui/pages"
)

// overview is the first panel of a registration.
func overview(_ *Server, w http.ResponseWriter, r *http.Request, p *PageContext) {
	p.Shell.PageClass = "overview"
	p.Render(w, r, pages.Overview(p.Shell, overviewView(p)))
}

func overviewView(p *PageContext) pages.OverviewView {
	r := p.Registration
	return pages.OverviewView{
		State: p.State, Registration: r, Context: p.Shell.Head.Context,
		Clients: p.State.Clients(r), Why: inspector.Why(p.State, r),
		Receipts: receiptsOf(p.State, r), Storage: storageOf(p.State, r),
		ErrorsURL: p.panelURL("errors"), RoutesURL: p.panelURL("routes"),
		CachesURL: p.panelURL("caches"), TimelineURL: p.panelURL("timeline"),
		ReadURL: p.URL("read"), CanAct: p.Shell.Head.CanAct,
	}
}

// panelURL is the address of a panel, "" when there is no such panel.
func (p *PageContext) panelURL(name string) string {
	if slices.ContainsFunc(p.Server.panels, func(x Panel) bool { return x.Name == name }) {
		return p.URL(name)
	}
	return ""
}

// maxReceipts is how many receipts the overview lists.
const maxReceipts = 8

// receiptsOf are the receipts that concern a registration: its own, those of the
// same scope before the browser restarted or it was registered again, and those
// of the whole context; newest first.
func receiptsOf(s *inspector.State, r *inspector.Registration) []*inspector.Receipt {
	var out []*inspector.Receipt
	slug := r.Slug(s)
	for _, rc := range slices.Backward(s.Receipts) {
		a := rc.Action
		own := a.Registration == r.Key
		if before := s.Registration(a.Registration); !own && before != nil {
			own = before.Slug(s) == slug
		}
		whole := a.Registration.ID == "" && a.Cache.Name == "" && a.Context == r.Key.Context
		if own || whole {
			out = append(out, rc)
		}
		if len(out) == maxReceipts {
			break
		}
	}
	return out
}

// storageOf is what is known of the storage of a registration, nil when nothing
// was read.
func storageOf(s *inspector.State, r *inspector.Registration) *inspector.Storage {
	for _, st := range s.Storages {
		if st.Ref.Instance == r.Key.Instance && st.Ref.Context == r.Key.Context && st.Ref.StorageKey == r.StorageKey.Raw && st.Ref.Bucket == "" {
			return st
		}
	}
	return nil
}
