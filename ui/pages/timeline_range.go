package pages

import (
	"strconv"
	"time"

	"github.com/a-h/templ"

	"github.com/swinspect/swinspect/ui/components"
)

// TimeRange is the stretch of time a timeline shows, of the whole that there is.
type TimeRange struct {
	Whole components.Axis // everything seen, up to now
	View  components.Axis // what is shown
	Name  string          // "5m", "20m", "all"; "" when it was zoomed or panned to
	At    time.Time       // the chosen moment, zero when none is
}

// Follows reports whether the view's end moves with time.
func (t TimeRange) Follows() bool { return t.Name != "" }

// shortest is the least stretch a view can be zoomed to, and shortWhole the
// least that is called the whole, so that the first second is not a picture of
// nothing.
const (
	shortest   = 100 * time.Millisecond
	shortWhole = 10 * time.Second
)

var namedRanges = map[string]time.Duration{"5m": 5 * time.Minute, "20m": 20 * time.Minute}

// ParseRange reads range=5m|20m|all or start= and end= (milliseconds since
// 1970), and at=. Anything else, and nothing, is the last 20 minutes.
func ParseRange(get func(string) string, begin, now time.Time) TimeRange {
	if now.Sub(begin) < shortWhole {
		begin = now.Add(-shortWhole)
	}
	t := TimeRange{Whole: components.Axis{From: begin, To: now}, At: parseMoment(get("at"))}
	start, end := parseMoment(get("start")), parseMoment(get("end"))
	switch name := get("range"); {
	case !start.IsZero() || !end.IsZero():
		t.View = ordered(start, end, begin, now)
	case name == "all":
		t.Name, t.View = "all", t.Whole
	case namedRanges[name] > 0:
		t.Name, t.View = name, components.Axis{From: now.Add(-namedRanges[name]), To: now}
	default:
		t.Name, t.View = "20m", components.Axis{From: now.Add(-namedRanges["20m"]), To: now}
		if now.Sub(begin) < namedRanges["20m"] {
			t.Name, t.View = "all", t.Whole
		}
	}
	return t
}

// ordered is the stretch between two ends that may be missing or crossed.
func ordered(start, end, begin, now time.Time) components.Axis {
	if start.IsZero() {
		start = begin
	}
	if end.IsZero() {
		end = now
	}
	if end.Before(start) {
		start, end = end, start
	}
	if end.Sub(start) < shortest {
		end = start.Add(shortest)
	}
	return components.Axis{From: start, To: end}
}

func parseMoment(s string) time.Time {
	ms, err := strconv.ParseInt(s, 10, 64)
	// Between 2000 and 2200: anything else is not a time of this page.
	if err != nil || ms < 946_684_800_000 || ms > 7_258_118_400_000 {
		return time.Time{}
	}
	return time.UnixMilli(ms)
}

// moment writes a time as ParseRange reads it.
func moment(t time.Time) string { return strconv.FormatInt(t.UnixMilli(), 10) }

// zoom is the address of the view made longer or shorter around its middle, or
// around its end when that is now.
func (t TimeRange) zoom(a components.Address, factor float64) templ.SafeURL {
	span := t.View.To.Sub(t.View.From)
	next := max(shortest, time.Duration(float64(span)*factor))
	if whole := t.Whole.To.Sub(t.Whole.From); next >= whole {
		return t.named(a, "all")
	}
	from := t.View.From.Add(span/2 - next/2)
	switch {
	case !t.At.IsZero() && !t.At.Before(t.View.From) && !t.At.After(t.View.To):
		share := float64(t.At.Sub(t.View.From)) / float64(span)
		from = t.At.Add(-time.Duration(share * float64(next)))
	case t.Follows():
		from = t.View.To.Add(-next)
	}
	return t.to(a, from, from.Add(next))
}

// pan is the address of the view moved by a share of its length.
func (t TimeRange) pan(a components.Address, share float64) templ.SafeURL {
	by := time.Duration(share * float64(t.View.To.Sub(t.View.From)))
	from, to := t.View.From.Add(by), t.View.To.Add(by)
	if over := to.Sub(t.Whole.To); over > 0 {
		from, to = from.Add(-over), to.Add(-over)
	}
	if under := t.Whole.From.Sub(from); under > 0 && by < 0 {
		from, to = from.Add(under), to.Add(under)
	}
	return t.to(a, from, to)
}

func (t TimeRange) to(a components.Address, from, to time.Time) templ.SafeURL {
	return a.With("start", moment(from), "end", moment(to), "range", "")
}

func (t TimeRange) named(a components.Address, name string) templ.SafeURL {
	return a.With("range", name, "start", "", "end", "")
}

// words says the view: "14:02:00 to 14:22:00".
func (t TimeRange) words() string {
	return rangeWords(t.View)
}

func rangeWords(a components.Axis) string {
	layout := "15:04:05"
	switch span := a.To.Sub(a.From); {
	case span < 5*time.Second:
		layout = "15:04:05.000"
	case span > 10*time.Minute && span < 24*time.Hour:
		layout = "15:04"
	case span >= 24*time.Hour:
		layout = "2 Jan 15:04"
	}
	return a.From.Local().Format(layout) + " to " + a.To.Local().Format(layout)
}
