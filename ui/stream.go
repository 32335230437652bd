package ui

import "net/http"

func (s *Server) events(w http.ResponseWriter, r *http.Request) {
	http.Error(w, "", http.StatusNotImplemented)
}
