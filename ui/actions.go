package ui

import (
	"errors"
	"net/http"
	"time"

	"github.com/swinspect/swinspect/ui/components"
)

// formWait is how long a form without script waits for an outcome before it
// shows the page again, with the action still on its way if need be.
const formWait = 4 * time.Second

// do asks a browser for an action. A page with script gets 204 as soon as it is
// sent, the stream brings its receipt; a plain form goes back to its page.
func (s *Server) do(w http.ResponseWriter, r *http.Request) {
	b := s.opts.Hub.Browser(r.PathValue("browser"))
	if b == nil {
		s.missing(w, r, nil, "This browser is not attached any more.")
		return
	}
	a := components.ParseAction(r.PostFormValue)
	var err error
	if scripted(r) {
		_, err = b.Begin(r.Context(), a)
	} else {
		_, err = b.Do(r.Context(), a, formWait)
	}
	if err != nil && r.Context().Err() == nil {
		s.notices.add(b.ID(), s.opts.Now(), components.State{Icon: "failed", Word: "refused", Class: "bad"},
			components.ActionName(a.Kind), err.Error())
	}
	s.done(w, r, r.PostFormValue("go"))
}

// scripted tells a request that the page's script made from a plain form.
func scripted(r *http.Request) bool { return r.Header.Get("X-Swinspect") != "" }

// done ends a post: nothing for the script, else back to the page it came from
// or on to another one.
func (s *Server) done(w http.ResponseWriter, r *http.Request, to string) {
	if to == "" {
		to = r.PostFormValue("back")
	} else {
		w.Header().Set("X-Swinspect-Go", localPath(to))
	}
	if scripted(r) {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	http.Redirect(w, r, localPath(to), http.StatusSeeOther)
}

// attach attaches to an endpoint and shows it.
func (s *Server) attach(w http.ResponseWriter, r *http.Request) {
	endpoint := r.PostFormValue("endpoint")
	if s.opts.Attach == nil {
		s.arrived(w, r, "Attach", "", errors.New("this swinspect cannot attach"))
		return
	}
	id, err := s.opts.Attach(r.Context(), endpoint)
	s.arrived(w, r, "Attach to "+endpoint, id, err)
}

// launch starts a browser and shows it.
func (s *Server) launch(w http.ResponseWriter, r *http.Request) {
	if s.opts.Launch == nil {
		s.arrived(w, r, "Launch", "", errors.New("this swinspect cannot launch a browser"))
		return
	}
	id, err := s.opts.Launch(r.Context(), r.PostFormValue("url"))
	s.arrived(w, r, "Launch", id, err)
}

func (s *Server) arrived(w http.ResponseWriter, r *http.Request, what, id string, err error) {
	if err != nil {
		s.notices.add("", s.opts.Now(), components.State{Icon: "failed", Word: "failed", Class: "bad"}, what, err.Error())
		s.done(w, r, "/start")
		return
	}
	s.done(w, r, "/b/"+id)
}

// detach lets go of a browser.
func (s *Server) detach(w http.ResponseWriter, r *http.Request) {
	err := s.opts.Hub.Detach(r.PathValue("browser"))
	if err != nil {
		s.notices.add("", s.opts.Now(), components.State{Icon: "failed", Word: "failed", Class: "bad"}, "Detach", err.Error())
	}
	s.done(w, r, "/start")
}
