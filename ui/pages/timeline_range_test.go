package pages

import (
	"net/url"
	"testing"
	"time"

	"github.com/swinspect/swinspect/ui/components"
)

func TestRangesZoomAndPanWithinTheWhole(t *testing.T) {
	now := time.UnixMilli(1_795_183_200_000)
	begin := now.Add(-time.Hour)
	parse := func(q url.Values) TimeRange { return ParseRange(q.Get, begin, now) }
	a := components.Address{Path: "/t"}

	def := parse(nil)
	if def.Name != "20m" || def.View.To != now || !def.Follows() {
		t.Errorf("without parameters: %+v", def)
	}
	zoomed := def.zoom(a, 0.5) // following: the end stays
	if want := a.With("start", moment(now.Add(-10*time.Minute)), "end", moment(now)); zoomed != want {
		t.Errorf("zoomed to %s, want %s", zoomed, want)
	}
	if out := def.zoom(a, 8); out != a.With("range", "all") {
		t.Errorf("zoomed out to %s", out)
	}
	if right := def.pan(a, 0.5); right != a.With("start", moment(now.Add(-20*time.Minute)), "end", moment(now)) {
		t.Errorf("panned beyond now: %s", right)
	}
	if left := def.pan(a, -0.5); left != a.With("start", moment(now.Add(-30*time.Minute)), "end", moment(now.Add(-10*time.Minute))) {
		t.Errorf("panned to %s", left)
	}
	short := ParseRange(url.Values{}.Get, now.Add(-time.Millisecond), now)
	if short.View.To.Sub(short.View.From) < shortWhole {
		t.Errorf("the first moment is drawn as %v", short.View)
	}
	crossed := parse(url.Values{"start": {moment(now)}, "end": {moment(begin)}})
	if crossed.View.From != begin || crossed.View.To != now {
		t.Errorf("crossed ends: %+v", crossed.View)
	}
}
