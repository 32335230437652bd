package ui

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// routed gives version 7 static routing rules, as Chromium sends them.
func (s *story) routed(rules string) {
	s.event("ServiceWorker.workerVersionUpdated", fmt.Sprintf(
		`{"versions":[{"versionId":"7","registrationId":"1","scriptURL":"https://shop.example/sw.js","runningStatus":"stopped","status":"activated","controlledClients":["T1","T2"],"routerRules":%s}]}`, wire(rules)))
}

const shopRules = `[
{"id":1,"condition":{"requestMethod":"POST"},"source":"network"},
{"id":2,"condition":{"urlPattern":{"protocol":"https","hostname":"shop.example","pathname":"/img/*","search":"*","hash":"*"}},"source":{"cacheName":"img"}},
{"id":3,"condition":{"requestMethod":"POST","requestMode":"navigate"},"source":"fetch-event"},
{"id":4,"condition":{"requestMode":"navigate","requestDestination":"image"},"source":"network"},
{"id":5,"condition":{"runningStatus":"not-running"},"source":"race-network-and-fetch-handler"}
]`

func routeStory(t testing.TB) *story {
	s := cacheStory(t)
	s.routed(shopRules)
	return s
}

func TestRoutesShowsRulesAndWhatIsWrongWithThem(t *testing.T) {
	s := routeStory(t)
	page := s.page(s.server(), "routes")
	for _, want := range []string{
		"5 rules", "never decides: rule 1 matches all it matches", "a navigation has never the destination image",
		"there is no cache img now", "network, the worker is not asked", "network and fetch handler race",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("%q is not on the page", want)
		}
	}
}

func TestRouteTesterSaysWhichRuleDecides(t *testing.T) {
	s := routeStory(t)
	srv := s.server()
	for query, want := range map[string]string{
		"t.url=/x&t.method=POST&t.mode=cors":                              "Rule 1 decides",
		"t.url=/img/a.avif&t.mode=no-cors&t.dest=image&t.running=running": "Rule 2 decides",
		"t.url=/x&t.mode=cors&t.dest=script&t.running=not-running":        "Rule 5 decides",
		"t.url=/x&t.mode=cors&t.dest=script&t.running=running":            "No rule matches, so the fetch handler is asked",
		"t.url=/x":          "Cannot be told",
		"filter=source:img": "1 of 5 rules",
		"filter=is:doubtful&t.url=/x&t.mode=cors&t.dest=script": "does not match",
	} {
		if page := s.page(srv, "routes?"+query); !strings.Contains(page, want) {
			t.Errorf("routes?%s: %q is not on the page", query, want)
		}
	}
}

func TestRoutesWithoutRules(t *testing.T) {
	s := cacheStory(t)
	if page := s.page(s.server(), "routes"); !strings.Contains(page, "event.addRoutes(") || !strings.Contains(page, "#7 has no static routing rules") {
		t.Error("an empty panel does not say how rules are made")
	}
	s.routed(`"not rules at all"`)
	s.page(s.server(), "routes")
}

func TestRoutesWithHostileStrings(t *testing.T) {
	s := routeStory(t)
	evil, err := json.Marshal(evilText)
	if err != nil {
		t.Fatal(err)
	}
	s.routed(fmt.Sprintf(`[{"id":1,"condition":{"urlPattern":%s,"requestMethod":%s,"not":{"requestMode":%s}},"source":{"cacheName":%s}},{"id":2,"condition":{"or":[{"urlPattern":"((("},{}]},"source":%s}]`, evil, evil, evil, evil, evil))
	srv := s.server()
	s.page(srv, "routes")
	s.page(srv, "routes?t.url=%22%3E%3Cscript%3E&t.method=%3C&t.mode=%22&t.dest=%3E&t.running=%3C")
}
