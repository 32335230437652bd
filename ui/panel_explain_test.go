package ui

import (
	"strings"
	"testing"

	"github.com/swinspect/swinspect/inspector"
)

// traced tells steps of the engine's trace, as JSON.
func (s *story) traced(steps string) {
	s.apply(inspector.Message{
		Time: s.now, Kind: inspector.KindEvent, Instance: storyInstance, Context: storyContext,
		Method: "SWInspect.traced", Params: []byte(`{"steps":[` + steps + `]}`),
	})
}

const missedOnVary = `
	{"seq":1,"timestamp":1e12,"algorithm":"Handle Fetch","step":"1","subject":"request:7","decision":"a subresource of a controlled window","details":{"url":"https://shop.example/api/<b>stock</b>","method":"GET","registration":"1"}},
	{"seq":2,"timestamp":1e12,"algorithm":"Query Cache","parent":1,"decision":"entry 3 has the URL, but Vary names accept-language: fr asked, de stored","verdict":"cache-miss","details":{"cache":"pages"}},
	{"seq":3,"timestamp":1e12,"algorithm":"Handle Fetch","step":"22","parent":1,"decision":"the handler answered","verdict":"responded"}`

func TestExplainSaysWhyThereIsNothing(t *testing.T) {
	s := shopStory(t)
	page := s.page(s.server(), "explain")
	for _, want := range []string{"A browser does not tell what it decides", "version #", "Why does it wait?", "/fetches"} {
		if !strings.Contains(page, want) {
			t.Errorf("a backend without a trace is not told: %q is not there", want)
		}
	}
	s.traced("")
	if page := s.page(s.server(), "explain"); !strings.Contains(page, "Nothing was decided for this registration yet") {
		t.Error("an empty trace is not told")
	}
}

func TestExplainTellsAStory(t *testing.T) {
	s := shopStory(t)
	s.traced(missedOnVary)
	page := s.page(s.server(), "explain?story=1")
	for _, want := range []string{
		"1 story", "responded", "fr asked, de stored", "Query Cache", "https://w3c.github.io/ServiceWorker/#query-cache-algorithm",
		"Handle Fetch 22", "cache miss", "&lt;b&gt;stock",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("%q is not on the page", want)
		}
	}
	if strings.Contains(page, "<b>stock") {
		t.Error("a page's string reached the HTML as it is")
	}
}

func TestExplainFilters(t *testing.T) {
	s := shopStory(t)
	s.traced(missedOnVary)
	server := s.server()
	if page := s.page(server, "explain?filter=verdict:cache-miss"); !strings.Contains(page, "1 story") {
		t.Error("a story is not found by a verdict on its way")
	}
	if page := s.page(server, "explain?filter=kind:update"); !strings.Contains(page, "0 of 1 story") {
		t.Error("a filter that excludes the story keeps it")
	}
	for _, q := range []string{"sort=kind", "sort=-took", "sort=verdict", "sort=title", "story=99", "story=x"} {
		s.page(server, "explain?"+q)
	}
}
