package pages

import (
	"testing"
	"time"

	"github.com/chromedp/cdproto/serviceworker"

	"github.com/swinspect/swinspect/inspector"
	"github.com/swinspect/swinspect/ui/components"
)

func TestLabelsOfActionsDoNotRunIntoEachOther(t *testing.T) {
	mark := func(x, label string, flip bool) components.Mark {
		return components.Mark{X: x, Label: label, Flip: flip}
	}
	for _, c := range []struct {
		name string
		a, b components.Mark
		want bool
	}{
		{"far apart", mark("10%", "sync", false), mark("30%", "push", false), false},
		{"the first is long", mark("10%", "periodic sync", false), mark("18%", "push", false), true},
		{"the second grows to the left", mark("78%", "reload client", false), mark("92%", "close client", true), true},
		{"over a glyph", mark("86%", "", true), mark("92%", "close client", true), true},
		{"away from each other", mark("83%", "close client", true), mark("90%", "", true), false},
	} {
		if got := tooNear(c.a, c.b); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

func TestAReplacedVersionWasNotUnregistered(t *testing.T) {
	at := func(s int) time.Time { return time.Unix(int64(1000+s), 0) }
	version := func(id string, gone time.Time) *inspector.Version {
		return &inspector.Version{ID: id, Status: serviceworker.VersionStatusRedundant, Complete: true, History: []inspector.Transition{
			{Status: serviceworker.VersionStatusInstalled, Time: at(1)},
			{Status: serviceworker.VersionStatusActivated, Time: at(2)},
			{Status: serviceworker.VersionStatusRedundant, Time: gone},
		}}
	}
	r := &inspector.Registration{DeletedAt: at(60)}
	for gone, want := range map[time.Time]string{at(20): "replaced", at(60): "unregistered", at(90): "unregistered"} {
		if got, _ := past(r, version("1", gone)); got != want {
			t.Errorf("redundant at %v: %q, want %q", gone, got, want)
		}
	}
}
