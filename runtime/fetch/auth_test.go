package fetch

import (
	"net/http"
	"testing"
)

// What a URL's user and password were good for is sent below the same folder, until
// the server refuses it.
func TestAuthenticationEntries(t *testing.T) {
	good := "ann"
	s := newSite(t, FetcherOptions{}, map[string]http.HandlerFunc{
		"/": func(w http.ResponseWriter, r *http.Request) {
			user, _, _ := r.BasicAuth()
			if user != good {
				w.WriteHeader(http.StatusUnauthorized)
			}
			_, _ = w.Write([]byte(user))
		},
	})
	get := func(path, user string, credentials Credentials) string {
		t.Helper()
		r := s.request(path)
		r.Credentials, r.UseURLCredentials = credentials, true
		if user != "" {
			r = NewRequest(r.URL().WithCredentials(user, "secret"))
			r.Credentials, r.UseURLCredentials = credentials, true
		}
		return text(t, s.f.Fetch(t.Context(), r, s.env))
	}
	steps := []struct {
		path, user  string
		credentials Credentials
		want        string
	}{
		{"/a/x", "", "include", ""},
		{"/a/x", "ann", "include", "ann"},
		{"/a/b/y", "", "include", "ann"},
		{"/a/b/y", "", "omit", ""},
		{"/x", "", "include", ""},
		{"/a/x", "eve", "include", "eve"}, // refused: ann's stays
		{"/a/x", "", "include", "ann"},
	}
	for _, step := range steps {
		if got := get(step.path, step.user, step.credentials); got != step.want {
			t.Errorf("%+v: %q", step, got)
		}
	}
	good = "bob"
	if got := get("/a/b/y", "", "include"); got != "ann" {
		t.Error(got)
	}
	if got := get("/a/x", "", "include"); got != "" {
		t.Errorf("a refused entry is still there: %q", got)
	}
}
