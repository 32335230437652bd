package pages

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/swinspect/swinspect/inspector"
	"github.com/swinspect/swinspect/ui/components"
)

// TimelineView is the timeline of a scope: everything that was seen of its
// registrations, on one time axis.
type TimelineView struct {
	Address components.Address
	Range   TimeRange
	Ticks   []components.Tick
	Actions components.PlotRow
	InView  int // actions in view
	Lines   []string
	Cursor  string
	Groups  []TimelineGroup // one per registration of the scope, the present one first
	Clients []TimelineRow
	Brush   Brush
	Changes ChangeTable
	Origin  string // of the scope: its URLs show only their path
}

// TimelineGroup is the versions of one registration.
type TimelineGroup struct {
	Title string
	Rows  []TimelineRow
}

// TimelineRow is a labelled row of the picture.
type TimelineRow struct {
	ID    string
	Label string            // "#131", or a client's URL
	State *components.State // of a version
	Side  string            // beside the label: size of the script
	URL   string            // of a client
	Plot  components.PlotRow
}

// TimelineInput is what a timeline is made of.
type TimelineInput struct {
	State        *inspector.State
	Registration *inspector.Registration
	Changes      []inspector.Change
	Address      components.Address
	Now          time.Time
}

// NewTimeline lays a timeline out.
func NewTimeline(in TimelineInput) TimelineView {
	regs := scopeHistory(in.State, in.Registration)
	changes := changesOf(in.Changes, regs)
	v := TimelineView{Address: in.Address, Origin: components.Origin(in.Registration.Scope)}
	v.Range = ParseRange(in.Address.Query.Get, beginning(regs, changes, in.Now), in.Now)
	axis := v.Range.View
	v.Ticks = axis.Ticks()
	clients := clientRows{rows: map[string]*TimelineRow{}}
	for i, r := range regs {
		spans := liveSpans(in.State, r, axis, in.Now)
		v.Groups = append(v.Groups, timelineGroup(r, spans, axis, i == 0))
		v.addActions(spans, axis)
		clients.add(in.State, r, spans, axis, in.Now)
	}
	v.Clients = clients.sorted()
	if at := v.Range.At; !at.IsZero() && !at.Before(axis.From) && !at.After(axis.To) {
		v.Cursor = axis.X(at)
	}
	v.Brush = newBrush(v.Range, regs, changes)
	v.Changes = newChangeTable(in.Address, changes, v.Range)
	return v
}

// scopeHistory is the registration and, before it, those of the same scope and
// storage key that were deleted or went with an earlier run of the browser;
// newest first.
func scopeHistory(s *inspector.State, r *inspector.Registration) []*inspector.Registration {
	base, _, _ := strings.Cut(r.Slug(s), "-")
	regs := []*inspector.Registration{r}
	for _, o := range s.Registrations {
		if o.Key == r.Key || o.Alive() || o.Scope != r.Scope {
			continue
		}
		if b, _, _ := strings.Cut(o.Slug(s), "-"); b == base {
			regs = append(regs, o)
		}
	}
	slices.SortStableFunc(regs[1:], func(a, b *inspector.Registration) int { return b.LastChanged.Compare(a.LastChanged) })
	return regs
}

func changesOf(all []inspector.Change, regs []*inspector.Registration) []inspector.Change {
	mine := map[inspector.RegistrationKey]bool{}
	for _, r := range regs {
		mine[r.Key] = true
	}
	var out []inspector.Change
	for _, c := range all {
		if mine[c.Registration] {
			out = append(out, c)
		}
	}
	return out
}

// beginning is when the first of it all was seen.
func beginning(regs []*inspector.Registration, changes []inspector.Change, now time.Time) time.Time {
	begin := now
	consider := func(t time.Time) {
		if !t.IsZero() && t.Before(begin) {
			begin = t
		}
	}
	for _, r := range regs {
		consider(r.FirstSeen)
		for _, v := range r.Versions {
			if len(v.History) > 0 {
				consider(v.History[0].Time)
			}
		}
	}
	if len(changes) > 0 {
		consider(changes[0].Time)
	}
	return begin
}

// Recorded is the reason why nobody is at the other end of an opened recording: what goes
// on in it does so until its moment.
const Recorded = "a recording"

// liveSpans are the spans of a registration in view; what still goes on in a
// browser that is there goes on until now.
func liveSpans(s *inspector.State, r *inspector.Registration, axis components.Axis, now time.Time) []inspector.Span {
	spans := inspector.Spans(r, s, time.Time{}, now)
	live := (s.Connection.Status == inspector.Live || s.Connection.Status == inspector.Closed && s.Connection.Reason == Recorded) && r.GoneAt.IsZero()
	out := spans[:0]
	for _, sp := range spans {
		if sp.Open && live && sp.To.Before(now) {
			sp.To = now
		}
		if sp.To.Before(axis.From) || sp.From.After(axis.To) {
			continue
		}
		if sp.From.Before(axis.From) {
			sp.From = axis.From
		}
		if sp.To.After(axis.To) {
			sp.To = axis.To
		}
		out = append(out, sp)
	}
	return out
}

func timelineGroup(r *inspector.Registration, spans []inspector.Span, axis components.Axis, present bool) TimelineGroup {
	g := TimelineGroup{Title: "Versions"}
	switch {
	case !present && r.Deleted():
		g.Title = "Earlier registration, deleted " + components.Clock(r.DeletedAt, axis.To)
	case !present:
		g.Title = "Earlier registration, gone with its browser " + components.Clock(r.GoneAt, axis.To)
	case r.Deleted():
		g.Title = "Versions, registration deleted " + components.Clock(r.DeletedAt, axis.To)
	}
	for _, v := range slices.Backward(r.Versions) {
		if row, ok := versionRow(r, v, spans, axis); ok {
			g.Rows = append(g.Rows, row)
		}
	}
	return g
}

// versionRow draws a version; ok is false when nothing of it is in view.
func versionRow(r *inspector.Registration, v *inspector.Version, spans []inspector.Span, axis components.Axis) (TimelineRow, bool) {
	state := versionBadge(r, v)
	row := TimelineRow{ID: "tl-" + r.Key.Instance + "-" + r.Key.ID + "-" + v.ID, Label: "#" + v.ID, State: &state}
	if len(v.Scripts) > 0 {
		row.Side = components.Bytes(float64(v.Scripts[0].Length))
	}
	row.Plot.Height = 40
	seen := false
	for _, sp := range spans {
		if sp.Version != v.ID {
			continue
		}
		seen = seen || sp.Kind == inspector.SpanStatus || sp.Kind == inspector.SpanError
		addSpan(&row.Plot, sp, axis)
	}
	return row, seen
}

func addSpan(p *components.PlotRow, sp inspector.Span, axis components.Axis) {
	title := spanTitle(sp)
	switch sp.Kind {
	case inspector.SpanStatus:
		p.Bars = append(p.Bars, components.NewBar(axis, sp.From, sp.To, barClass(sp.Class), sp.Label, title))
	case inspector.SpanRunning, inspector.SpanPause:
		class := "run"
		switch {
		case sp.Kind == inspector.SpanPause:
			class = "run run-hold"
		case sp.Class != "ok":
			class = "run run-part"
		}
		p.Runs = append(p.Runs, components.Run{
			X: axis.X(sp.From), W: components.Percent(max(0.15, axis.Width(sp.From, sp.To))), Class: class, Title: title,
		})
	case inspector.SpanError:
		label := cut(visible(sp.Detail), 48)
		if n := len(p.Marks); n > 0 {
			p.Marks[n-1].Label = "" // only the last of several has room for words
		}
		p.Marks = append(p.Marks, components.NewMark(axis, sp.From, "error", "bad", label, title))
	}
}

func barClass(class string) string {
	switch class {
	case "work":
		return "sp-work"
	case "wait":
		return "sp-wait"
	case "ok":
		return "sp-on"
	}
	return "sp-gone"
}

// spanTitle says a span in words: "waiting, 14:18:31.204 to now, 13 min 36 s".
func spanTitle(sp inspector.Span) string {
	parts := []string{sp.Label}
	switch {
	case sp.From.Equal(sp.To):
		parts = append(parts, clockMillis(sp.From))
	case sp.Open:
		parts = append(parts, "since "+startWords(sp), components.Span(sp.To.Sub(sp.From)))
	default:
		parts = append(parts, startWords(sp)+" to "+clockMillis(sp.To), components.Span(sp.To.Sub(sp.From)))
	}
	if sp.Detail != "" {
		parts = append(parts, sp.Detail)
	}
	return strings.Join(parts, ", ")
}

func startWords(sp inspector.Span) string {
	if sp.Cut {
		return "before " + clockMillis(sp.From)
	}
	return clockMillis(sp.From)
}

// addActions draws the actions of a registration and the lines they send
// through all rows.
func (v *TimelineView) addActions(spans []inspector.Span, axis components.Axis) {
	v.Actions.Height = 26
	for _, sp := range spans {
		if sp.Kind != inspector.SpanAction {
			continue
		}
		v.InView++
		x := axis.X(sp.From)
		v.Lines = append(v.Lines, x)
		icon, class := "sent", sp.Class
		switch sp.Class {
		case "bad":
			icon = "failed"
		case "wait":
			icon = "noeffect"
		case "ok":
			class = "accent"
		}
		mark := components.NewMark(axis, sp.From, icon, class, sp.Label, spanTitle(sp))
		if n := len(v.Actions.Marks); n > 0 && tooNear(v.Actions.Marks[n-1], mark) {
			v.Actions.Marks[n-1].Label = ""
			if mark.Flip && tooNear(v.Actions.Marks[n-1], mark) {
				mark.Label = "" // it would cover the glyph before it
			}
		}
		v.Actions.Marks = append(v.Actions.Marks, mark)
	}
}

// tooNear reports whether a, which comes first, and b with their labels would
// run into each other.
func tooNear(a, b components.Mark) bool {
	_, end := reach(a)
	begin, _ := reach(b)
	return begin < end
}

// reach is about how much of the plot a mark and its label take, in percent.
func reach(m components.Mark) (from, to float64) {
	const glyph = 1.2 // half of it
	var x float64
	fmt.Sscanf(m.X, "%f%%", &x)
	from, to = x-glyph, x+glyph
	words := float64(len(m.Label)) * 0.8
	if m.Flip {
		return from - words, to
	}
	return from, to + words
}

// clientRows gathers a row per client: a page can outlive a registration.
type clientRows struct {
	rows  map[string]*TimelineRow
	order []string
}

func (cs *clientRows) row(id, url string) *TimelineRow {
	if cs.rows[id] == nil {
		cs.rows[id] = &TimelineRow{ID: "tl-client-" + id, URL: url, Plot: components.PlotRow{Height: 24}}
		cs.order = append(cs.order, id)
	}
	return cs.rows[id]
}

// add draws who a registration controls, and who it does not though in scope.
func (cs *clientRows) add(s *inspector.State, r *inspector.Registration, spans []inspector.Span, axis components.Axis, now time.Time) {
	for _, sp := range spans {
		if sp.Kind != inspector.SpanClient {
			continue
		}
		row := cs.row(sp.Client, sp.Label)
		class := "sp-cl"
		if len(row.Plot.Bars)%2 == 1 {
			class = "sp-cl sp-cl2"
		}
		title := sp
		title.Label = "controlled by #" + sp.Version
		row.Plot.Bars = append(row.Plot.Bars, components.NewBar(axis, sp.From, sp.To, class, "#"+sp.Version, spanTitle(title)))
	}
	for _, c := range s.Clients(r) {
		if c.Version != nil || c.Since.After(axis.To) {
			continue
		}
		text := "not controlled"
		row := cs.row(c.Target.Key.ID, c.Target.URL)
		row.Plot.Bars = append(row.Plot.Bars, components.NewBar(axis, later(c.Since, axis.From), earlier(now, axis.To), "sp-none", text, text+": "+c.Reason))
	}
}

func (cs *clientRows) sorted() []TimelineRow {
	out := make([]TimelineRow, 0, len(cs.order))
	for _, id := range cs.order {
		out = append(out, *cs.rows[id])
	}
	slices.SortStableFunc(out, func(a, b TimelineRow) int { return cmp.Compare(a.URL, b.URL) })
	return out
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// cut shortens a text to n characters.
func cut(s string, n int) string {
	if rs := []rune(s); len(rs) > n {
		return strings.TrimSpace(string(rs[:n-1])) + "…"
	}
	return s
}
