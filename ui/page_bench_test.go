package ui

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/swinspect/swinspect/ui/components"
)

// manyStory is a browser with n registrations over n/10 origins.
func manyStory(t testing.TB, n int) *story {
	s := newStory(t)
	for i := range n {
		id := fmt.Sprint(i + 1)
		s.registered(id, fmt.Sprintf("https://o%d.example/app%d/", i/10, i%10))
		s.version(id, fmt.Sprint(1000+i), "activated", "running")
	}
	return s
}

// BenchmarkPatch is what one change costs the stream of one open page.
func BenchmarkPatch(b *testing.B) {
	for _, n := range []int{1, 50, 200} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			s := manyStory(b, n)
			srv := s.server()
			page := s.path("1")
			from := request(http.MethodGet, "/events")
			size := 0
			for b.Loop() {
				f := &components.Fragments{}
				srv.renderLive(components.WithFragments(b.Context(), f), from, page)
				size = 0
				for _, part := range f.HTML {
					size += len(part)
				}
			}
			b.ReportMetric(float64(size), "B/page")
		})
	}
}
