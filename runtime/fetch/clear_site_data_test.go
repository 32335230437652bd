package fetch

import (
	"context"
	"net/http"
	"reflect"
	"testing"
)

func TestClearSiteData(t *testing.T) {
	s := newSite(t, FetcherOptions{}, map[string]http.HandlerFunc{
		"/keep": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Cache-Control", "max-age=60")
			w.Header().Set("Set-Cookie", "a=b")
		},
		"/clear": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Clear-Site-Data", `"cache", "cookies", "storage", junk`)
		},
	})
	var told []string
	s.f.ClearSiteData = func(_ context.Context, _ Client, u *URL, types []string) { told = append(types, u.Path()) }
	_ = text(t, s.f.Fetch(t.Context(), s.request("/keep"), s.env))
	if s.f.HTTPCache().Len() != 1 || len(s.f.Cookies().All()) != 1 {
		t.Fatal(s.f.HTTPCache().Len(), s.f.Cookies().All())
	}
	_ = text(t, s.f.Fetch(t.Context(), s.request("/clear"), s.env))
	if s.f.HTTPCache().Len() != 0 || len(s.f.Cookies().All()) != 0 {
		t.Error(s.f.HTTPCache().Len(), s.f.Cookies().All())
	}
	if !reflect.DeepEqual(told, []string{"cache", "cookies", "storage", "/clear"}) {
		t.Error(told)
	}
}
