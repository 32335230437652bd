package ui

import (
	"net/http"
	"strings"
)

// prefs are a reader's choices. They live in a cookie, so the first paint is
// right already and nothing is kept on the server.
type prefs struct {
	Theme  string // "", "light", "dark"
	NoKeys bool
}

const prefsCookie = "swinspect-prefs"

func readPrefs(r *http.Request) prefs {
	var p prefs
	c, err := r.Cookie(prefsCookie)
	if err != nil {
		return p
	}
	for word := range strings.SplitSeq(c.Value, ".") {
		switch word {
		case "light", "dark":
			p.Theme = word
		case "nokeys":
			p.NoKeys = true
		}
	}
	return p
}

func (p prefs) cookie() *http.Cookie {
	words := []string{"v1"}
	if p.Theme != "" {
		words = append(words, p.Theme)
	}
	if p.NoKeys {
		words = append(words, "nokeys")
	}
	return &http.Cookie{
		Name: prefsCookie, Value: strings.Join(words, "."), Path: "/",
		MaxAge: 365 * 24 * 60 * 60, HttpOnly: true, SameSite: http.SameSiteStrictMode,
	}
}

// setPrefs keeps the theme or the keys setting, whichever the form has.
func (s *Server) setPrefs(w http.ResponseWriter, r *http.Request) {
	p := readPrefs(r)
	switch r.PostFormValue("theme") {
	case "light", "dark":
		p.Theme = r.PostFormValue("theme")
	case "auto":
		p.Theme = ""
	}
	switch r.PostFormValue("keys") {
	case "on":
		p.NoKeys = false
	case "off":
		p.NoKeys = true
	}
	http.SetCookie(w, p.cookie())
	s.done(w, r, "")
}
