package testsite

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func get(t *testing.T, url string) (int, string, http.Header) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	tr := &http.Transport{DisableKeepAlives: true}
	res, err := (&http.Client{Transport: tr}).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(res.Body)
	if err := res.Body.Close(); err != nil {
		t.Fatal(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(body), res.Header
}

func TestEveryFixtureHasAPage(t *testing.T) {
	site := Start(t)
	for _, f := range Fixtures() {
		code, body, _ := get(t, site.OtherSite()+"/"+f+"/")
		if code != http.StatusOK || !strings.Contains(body, "/register.js") {
			t.Errorf("%s: %d %.60q", f, code, body)
		}
	}
}

func TestBumpGivesANewScript(t *testing.T) {
	site := Start(t)
	_, before, header := get(t, site.OtherSite()+"/simple/sw.js")
	if header.Get("Content-Type") != "text/javascript; charset=utf-8" {
		t.Errorf("content type %q", header.Get("Content-Type"))
	}
	if v := site.Bump("simple"); v != 2 {
		t.Errorf("Bump = %d", v)
	}
	_, after, _ := get(t, site.OtherSite()+"/simple/sw.js")
	if before == after || !strings.Contains(after, "VERSION = 2") {
		t.Errorf("after Bump: %.80q", after)
	}
	if n := site.Hits("/simple/sw.js"); n != 2 {
		t.Errorf("Hits = %d", n)
	}
}

func TestBreak(t *testing.T) {
	site := Start(t)
	site.Break("vanish")
	if code, _, _ := get(t, site.OtherSite()+"/vanish/sw.js"); code != http.StatusNotFound {
		t.Errorf("vanish: %d", code)
	}
	site.Break("badupdate")
	if _, body, _ := get(t, site.OtherSite()+"/badupdate/sw.js"); body != "let let = ;" {
		t.Errorf("badupdate: %q", body)
	}
}

func TestBytes(t *testing.T) {
	site := Start(t)
	if _, body, _ := get(t, site.OtherSite()+"/bytes/100000"); len(body) != 100000 {
		t.Errorf("%d bytes", len(body))
	}
}
