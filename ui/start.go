package ui

import (
	"net"
	"net/http"

	"github.com/swinspect/swinspect/ui/pages"
)

// home goes to the first registration there is, or to the start page.
func (s *Server) home(w http.ResponseWriter, r *http.Request) {
	for _, b := range s.opts.Hub.Browsers() {
		http.Redirect(w, r, "/b/"+b.ID(), http.StatusSeeOther)
		return
	}
	http.Redirect(w, r, "/start", http.StatusSeeOther)
}

// start is the page to attach or launch a browser.
func (s *Server) start(w http.ResponseWriter, r *http.Request) {
	sh := s.shell(r, s.opts.Now(), nil, nil)
	sh.Title, sh.PageClass = "Start", "first"
	s.render(w, r, http.StatusOK, pages.Start(sh, pages.StartView{CanLaunch: s.opts.Launch != nil}))
}

// browser goes to the most urgent registration of a browser.
func (s *Server) browser(w http.ResponseWriter, r *http.Request) {
	b := s.opts.Hub.Browser(r.PathValue("browser"))
	if b == nil {
		s.missing(w, r, nil, "This browser is not attached any more.")
		return
	}
	st := b.State()
	if regs := st.Live(); len(regs) > 0 {
		http.Redirect(w, r, "/b/"+b.ID()+"/r/"+regs[0].Slug(st), http.StatusSeeOther)
		return
	}
	s.missing(w, r, b, "No service worker is registered in this browser yet.")
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
	return net.JoinHostPort(host, portOf(tcp))
}
