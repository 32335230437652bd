package ui

import (
	"cmp"
	"net"
	"net/http"
	"slices"
	"strconv"

	"github.com/swinspect/swinspect/inspector"
	"github.com/swinspect/swinspect/ui/components"
	"github.com/swinspect/swinspect/ui/pages"
)

// byHand starts a browser that can be attached.
const byHand = "chromium --remote-debugging-port=9222 --user-data-dir=swinspect-profile"

// home goes on to a browser when exactly one is attached, else to the start
// page, which lists them.
func (s *Server) home(w http.ResponseWriter, r *http.Request) {
	to := "/start"
	if all := s.browsers(); len(all) == 1 {
		to = "/b/" + all[0].ID()
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
}

// start is the page to attach or launch a browser.
func (s *Server) start(w http.ResponseWriter, r *http.Request) {
	s.look(false)
	sh := s.shell(r, s.opts.Now(), nil, nil)
	sh.Title, sh.PageClass = "Start", "first"
	v := pages.StartView{
		CanLaunch: s.opts.Launch != nil, CanAttach: s.opts.Attach != nil, CanLook: s.opts.Discover != nil,
		Command: byHand, Endpoint: r.URL.Query().Get("endpoint"), URL: r.URL.Query().Get("url"),
	}
	if n := s.notices.newest(""); n != nil && n.State.Class == "bad" {
		v.Problem = n
	}
	for _, item := range sh.Browsers {
		if b := s.browserOf(item.ID); b != nil {
			v.Browsers = append(v.Browsers, startBrowser(item, b.State()))
		}
	}
	found, at, looking := s.found.view()
	v.FoundAt, v.Looking = at, looking
	for _, f := range found {
		v.Found = append(v.Found, startFound(f))
	}
	s.render(w, r, http.StatusOK, pages.Start(sh, v))
}

func startBrowser(item *components.BrowserItem, st *inspector.State) pages.StartBrowser {
	b := pages.StartBrowser{Item: item, State: st}
	for _, r := range worthShowing(st) {
		if !r.Alive() {
			continue
		}
		row := treeRegistration(item, r, "s"+item.ID, "")
		if c := st.Context(r.Key.Instance, r.Key.Context); c != nil && !c.Default {
			row.Embedder = cmp.Or(row.Embedder, c.Label)
		}
		b.Registrations = append(b.Registrations, row)
	}
	slices.SortFunc(b.Registrations, func(a, c components.TreeRegistration) int {
		return cmp.Or(cmp.Compare(urgency(a.State.Class), urgency(c.State.Class)), cmp.Compare(a.Scope, c.Scope))
	})
	return b
}

// urgency orders states by what asks for attention first.
func urgency(class string) int {
	return slices.Index([]string{"hold", "bad", "wait", "work", "ok", "idle"}, class)
}

func startFound(f Found) pages.StartFound {
	row := pages.StartFound{
		Label: cmp.Or(endpointName(f.Label), "not known"), Browser: productName(f.Browser), Advice: f.Advice, Command: f.Command, Endpoint: f.Endpoint,
		State: components.State{Icon: foundIcon(f.Class), Word: f.State, Class: f.Class},
	}
	if f.Attached != "" {
		row.AttachedURL = "/b/" + f.Attached
	}
	return row
}

func foundIcon(class string) string {
	switch class {
	case "ok":
		return "confirmed"
	case "wait":
		return "warn"
	case "bad":
		return "failed"
	}
	return "empty"
}

// lookAgain looks around this machine once more.
func (s *Server) lookAgain(w http.ResponseWriter, r *http.Request) {
	s.look(true)
	s.done(w, r, "")
}

// browser goes to the most urgent registration of a browser, and waits on a page
// of its own while there is none.
func (s *Server) browser(w http.ResponseWriter, r *http.Request) {
	b := s.browserOf(r.PathValue("browser"))
	if b == nil {
		s.missing(w, r, nil, "This browser is not attached any more.")
		return
	}
	st := b.State()
	sh := s.shell(r, s.nowOf(b), b, st)
	if rows := startBrowser(sh.Browser, st).Registrations; len(rows) > 0 {
		http.Redirect(w, r, rows[0].URL, http.StatusSeeOther)
		return
	}
	sh.PageClass = "first"
	s.render(w, r, http.StatusOK, pages.NoRegistration(sh, failedOnes(sh.Browser, st)))
}

// failedOnes are the registrations of a browser that never came to be.
func failedOnes(item *components.BrowserItem, st *inspector.State) []pages.Failed {
	var failed []pages.Failed
	for _, r := range worthShowing(st) {
		if _, class := r.Urgency(); class == "bad" && !r.Alive() {
			failed = append(failed, pages.Failed{URL: treeRegistration(item, r, "s"+item.ID, "").URL, Scope: r.Scope, Why: cmp.Or(r.Failure(), r.Ghost)})
		}
	}
	slices.SortFunc(failed, func(a, b pages.Failed) int { return cmp.Compare(a.Scope, b.Scope) })
	return failed
}

// displayHost is an address as one types it.
func displayHost(addr net.Addr) string {
	tcp, ok := addr.(*net.TCPAddr)
	if !ok {
		return addr.String()
	}
	host := tcp.IP.String()
	if tcp.IP.IsLoopback() && tcp.IP.To4() != nil || tcp.IP.IsUnspecified() {
		host = "localhost"
	}
	return net.JoinHostPort(host, strconv.Itoa(tcp.Port))
}
