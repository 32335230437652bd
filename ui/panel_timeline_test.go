package ui

import (
	"net/http"
	"strings"
	"testing"

	"github.com/swinspect/swinspect/inspector"
)

func TestTimelineShowsEveryVersionClientAndAction(t *testing.T) {
	s := shopStory(t)
	page := s.page(s.server(), "timeline")
	for _, want := range []string{
		"#7", "#8", "#9", "install failed", "waiting", "active", // versions and their states
		"sp-work", "sp-wait", "sp-on", // bars
		"cache.addAll: 404",             // the error
		"/basket", "/c/wetsuits?size=m", // clients
		`class="act"`, // an action crosses the rows
		"installing → waiting", "update https://shop.example/: confirmed",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("%q is not on the page", want)
		}
	}
}

func TestTimelineRangesWorkByAddressAlone(t *testing.T) {
	s := shopStory(t)
	srv := s.server()
	for query, want := range map[string]string{
		"":                                       "follows",
		"?range=5m":                              "follows",
		"?range=all":                             "follows",
		"?range=nonsense":                        "follows",
		"?start=x&end=y":                         "follows",
		"?start=-1&end=1e300":                    "follows",
		"?start=1795183200000&end=1795183205000": "fixed",
		"?end=1795183200000&start=1795183205000": "fixed", // crossed
		"?start=1795183200000":                   "fixed",
		"?at=1795183201000":                      `class="cur"`,
	} {
		if page := s.page(srv, "timeline"+query); !strings.Contains(page, want) {
			t.Errorf("timeline%s: %q is not on the page", query, want)
		}
	}
}

func TestTimelineFilter(t *testing.T) {
	s := shopStory(t)
	srv := s.server()
	w := s.get(srv, "timeline?filter=kind:error&filter.add=version:8+-cause:x")
	if to := w.Header().Get("Location"); w.Code != http.StatusSeeOther || !strings.HasSuffix(to, "/timeline?filter=kind%3Aerror+version%3A8+-cause%3Ax") {
		t.Errorf("adding terms: %d %s", w.Code, to)
	}
	page := s.page(srv, "timeline?filter=kind:error")
	if rows := find(t, page, "tr", ""); len(rows) != 2 {
		t.Errorf("%d rows with the head, want the head and the one error", len(rows))
	}
	if chips := find(t, page, "a", "chip"); len(chips) != 1 || attr(chips[0], "aria-label") != "Remove filter kind:error" {
		t.Errorf("chips: %v", chips)
	}
	page = s.page(srv, "timeline?filter=colour:red")
	if !strings.Contains(page, "known fields are kind, version") {
		t.Error("an unknown field is not explained")
	}
}

func TestTimelineSortsByEveryColumn(t *testing.T) {
	s := shopStory(t)
	srv := s.server()
	for _, key := range []string{"time", "version", "change", "cause", "known"} {
		for _, dir := range []string{"", "-"} {
			page := s.page(srv, "timeline?sort="+dir+key)
			want := map[string]string{"": "ascending", "-": "descending"}[dir]
			if !strings.Contains(page, `aria-sort="`+want+`"`) {
				t.Errorf("sort=%s%s has no aria-sort=%s", dir, key, want)
			}
		}
	}
}

func TestTimelineKeepsWhatADeletedRegistrationDid(t *testing.T) {
	s := shopStory(t)
	s.event("ServiceWorker.workerRegistrationUpdated", `{"registrations":[{"registrationId":"1","scopeURL":"https://shop.example/","isDeleted":true}]}`)
	s.registered("2", shop)
	s.version("2", "10", "new", "starting")
	reg := s.State().Registration(storyKey("2"))
	w := s.ask(s.server(), "GET", "/b/1/r/"+reg.Slug(s.State())+"/timeline", "")
	for _, want := range []string{"#10", "#7", "Earlier registration, deleted"} {
		if !strings.Contains(w.Body.String(), want) {
			t.Errorf("%q is not on the page", want)
		}
	}
	checkMarkup(t, w.Body.String())
}

func TestTimelineWithHostileStrings(t *testing.T) {
	s := shopStory(t)
	s.workerError("1", "7", evilText, shop+"?"+evilText, 1)
	s.target("T3", "page", shop+evilText, evilText)
	s.version("1", "7", "activated", "running", "T1", "T3")
	s.receipt(9, inspector.ActionKind(evilText), inspector.Failed, 0, evilText)
	page := s.page(s.server(), "timeline?filter="+"%22%3E%3Cscript%3Ealert(1)%3C/script%3E")
	if !strings.Contains(page, "&lt;script&gt;") {
		t.Error("the filter's text is not on the page")
	}
	s.page(s.server(), "timeline")
}
