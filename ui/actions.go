package ui

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/swinspect/swinspect/inspector"
	"github.com/swinspect/swinspect/ui/components"
	"github.com/swinspect/swinspect/ui/pages"
)

// formWait is how long a form without script waits for an outcome before it
// shows the page again, with the action still on its way if need be.
const formWait = 4 * time.Second

// do asks a browser for an action. A page with script gets 204 as soon as it is
// sent, the stream brings its receipt; a plain form goes back to its page once
// the outcome is known, or after [formWait].
func (s *Server) do(w http.ResponseWriter, r *http.Request) {
	b := s.browserOf(r.PathValue("browser"))
	if b == nil {
		s.missing(w, r, nil, "This browser is not attached any more.")
		return
	}
	a := components.ParseAction(r.PostFormValue)
	if components.Destructive(a.Kind) && r.PostFormValue("sure") != "yes" {
		s.askFirst(w, r, b, a)
		return
	}
	if err := s.act(r, b, a); err != nil && r.Context().Err() == nil {
		s.notices.add(b.ID(), s.opts.Now(), components.State{Icon: "failed", Word: "refused", Class: "bad"},
			components.ActionName(a.Kind), err.Error())
	}
	s.done(w, r, r.PostFormValue("go"))
}

func (s *Server) act(r *http.Request, b Browser, a inspector.Action) error {
	if r.PostFormValue("format") == "json" && !json.Valid([]byte(a.Data)) {
		return errors.New("the message is not valid JSON; nothing was sent")
	}
	if scripted(r) {
		_, err := b.Begin(r.Context(), a)
		return err
	}
	_, err := b.Do(r.Context(), a, formWait)
	return err
}

// askFirst answers with a page that asks before an action that cannot be taken
// back.
func (s *Server) askFirst(w http.ResponseWriter, r *http.Request, b Browser, a inspector.Action) {
	st := b.State()
	sh := s.shell(r, s.opts.Now(), b, st)
	sh.Path = localPath(r.PostFormValue("back"))
	what := a.Cache.Name
	if reg := st.Registration(a.Registration); reg != nil {
		what = reg.Scope
	}
	fields := append(components.Fields(a),
		components.Field{Name: "token", Value: s.opts.Token}, components.Field{Name: "sure", Value: "yes"},
		components.Field{Name: "back", Value: sh.Path}, components.Field{Name: "go", Value: r.PostFormValue("go")})
	name := components.ActionName(a.Kind)
	s.render(w, r, http.StatusOK, pages.Sure(sh, name+"?", what+": this cannot be undone.", fields, name))
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
	s.arrived(w, r, "Attach to "+endpoint, id, err, "endpoint", endpoint)
}

// launch starts a browser and shows it.
func (s *Server) launch(w http.ResponseWriter, r *http.Request) {
	if s.opts.Launch == nil {
		s.arrived(w, r, "Launch", "", errors.New("this swinspect cannot launch a browser"))
		return
	}
	id, err := s.opts.Launch(r.Context(), r.PostFormValue("url"))
	s.arrived(w, r, "Launch", id, err, "url", r.PostFormValue("url"))
}

// AttachError is an error of [Options].Attach or Launch in words for the page.
type AttachError struct {
	Reason string // why there is no browser
	Advice string // what would help, "" unknown
	Err    error
}

func (e *AttachError) Error() string {
	if e.Advice == "" {
		return e.Reason
	}
	return e.Reason + ". What would help: " + e.Advice
}

// Unwrap gives the cause.
func (e *AttachError) Unwrap() error { return e.Err }

// arrived goes to the browser that came, or back to the start page with what was
// typed (name, value) and the reason why none came.
func (s *Server) arrived(w http.ResponseWriter, r *http.Request, what, id string, err error, typed ...string) {
	if err != nil {
		text := err.Error()
		if explained, ok := errors.AsType[*AttachError](err); ok {
			text = explained.Error()
		}
		s.notices.add("", s.opts.Now(), components.State{Icon: "failed", Word: "failed", Class: "bad"}, what, text)
		back := "/start"
		if len(typed) == 2 {
			back += "?" + url.Values{typed[0]: typed[1:]}.Encode()
		}
		s.done(w, r, back)
		return
	}
	s.done(w, r, "/b/"+id)
}

// detach lets go of a browser.
func (s *Server) detach(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("browser")
	err := s.letGo(r.Context(), id)
	if err != nil {
		s.notices.add("", s.opts.Now(), components.State{Icon: "failed", Word: "failed", Class: "bad"}, "Detach", err.Error())
	}
	s.done(w, r, "/start")
}

// readWait bounds a read that was asked for: storage use measures bodies.
const readWait = 20 * time.Second

// read asks the browser for what it tells only on request: the storage use, or
// the registration's settings (what=facts), which a page of its origin knows.
func (s *Server) read(w http.ResponseWriter, r *http.Request) {
	p := s.pageContext(w, r, &s.panels[0])
	if p == nil {
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), readWait)
	defer cancel()
	ref := inspector.StorageRef{
		Instance: p.Registration.Key.Instance, Context: p.Registration.Key.Context,
		StorageKey: p.Registration.StorageKey.Raw,
	}
	var err error
	if r.PostFormValue("what") == "facts" {
		err = p.Browser.Facts(ctx, p.Registration.Key)
	} else {
		_, err = p.Browser.Usage(ctx, ref)
	}
	if err != nil && r.Context().Err() == nil {
		s.notices.add(p.Browser.ID(), s.opts.Now(), components.State{Icon: "failed", Word: "failed", Class: "bad"}, "Read", err.Error())
	}
	s.done(w, r, "")
}
