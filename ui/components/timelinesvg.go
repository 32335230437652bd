package components

import (
	"fmt"
	"time"
)

// Axis maps a stretch of time to the width of a plot, in percent.
type Axis struct{ From, To time.Time }

// X is the place of a moment, "12.50%".
func (a Axis) X(t time.Time) string { return Percent(a.at(t)) }

func (a Axis) at(t time.Time) float64 {
	if !a.To.After(a.From) {
		return 0
	}
	return 100 * float64(t.Sub(a.From)) / float64(a.To.Sub(a.From))
}

// Width is the width of a stretch in percent of the plot.
func (a Axis) Width(from, to time.Time) float64 { return a.at(to) - a.at(from) }

// Percent writes a share of a plot as an SVG length.
func Percent(v float64) string { return fmt.Sprintf("%.2f%%", v) }

// Tick is a labelled moment of an axis.
type Tick struct {
	X     string
	Label string
	Odd   bool // left out where there is little room
}

// tickSteps are the distances ticks may have.
var tickSteps = []time.Duration{
	10 * time.Millisecond, 20 * time.Millisecond, 50 * time.Millisecond,
	100 * time.Millisecond, 200 * time.Millisecond, 500 * time.Millisecond,
	time.Second, 2 * time.Second, 5 * time.Second, 10 * time.Second, 15 * time.Second, 30 * time.Second,
	time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute, 15 * time.Minute, 30 * time.Minute,
	time.Hour, 2 * time.Hour, 3 * time.Hour, 6 * time.Hour, 12 * time.Hour, 24 * time.Hour, 7 * 24 * time.Hour,
}

// maxTicks is how many labels the narrowest desktop plot has room for.
const maxTicks = 10

// Ticks labels the axis at round times.
func (a Axis) Ticks() []Tick {
	span := a.To.Sub(a.From)
	step := tickSteps[len(tickSteps)-1]
	for _, s := range tickSteps {
		if span/s < maxTicks {
			step = s
			break
		}
	}
	layout := "15:04"
	switch {
	case step < time.Second:
		layout = "05.000"
	case step < time.Minute:
		layout = "15:04:05"
	case step >= 24*time.Hour:
		layout = "2 Jan"
	}
	_, offset := a.From.Local().Zone()
	zone := time.Duration(offset) * time.Second
	first := a.From.Add(zone).Truncate(step).Add(-zone)
	var ticks []Tick
	for t := first; !t.After(a.To); t = t.Add(step) {
		// Labels are centred on their tick: none that would stick out.
		if x := a.at(t); x < 2.5 || x > 97.5 {
			continue
		}
		ticks = append(ticks, Tick{X: a.X(t), Label: t.Local().Format(layout), Odd: t.Add(zone).Unix()/max(1, int64(step/time.Second))%2 != 0})
	}
	return ticks
}

// Bar is a stretch of a row: a stage of a version's life, or a client's stay.
type Bar struct {
	ID    string
	X, W  string
	Class string // sp-work, sp-wait, sp-on, sp-gone, sp-cl, sp-none
	Text  string // shown inside, "" when it would not fit
	Title string // shown when pointed at
}

// Run is a stretch of the line below the bars: the worker's process lives.
type Run struct {
	X, W  string
	Class string // run, run-part, run-hold
	Title string
}

// Mark is a moment on a row.
type Mark struct {
	X     string
	Icon  string
	Class string // state class of the glyph
	Label string // beside it, "" none
	Title string
	Flip  bool // label on the left side, where the right has no room
}

// PlotRow is a row of the picture: its label is markup of the page, the plot
// beside it is drawn from this.
type PlotRow struct {
	Height int
	Bars   []Bar
	Runs   []Run
	Marks  []Mark
}

// fits guesses whether a text of n characters fits a bar: 6.2 px each, on a
// plot of the usual desktop width.
func fits(n int, percent float64) bool { return float64(n)*6.2+10 <= percent/100*900 }

// NewBar places a stretch on an axis; its text is left out where it would not
// fit.
func NewBar(a Axis, from, to time.Time, class, text, title string) Bar {
	w := max(a.Width(from, to), 0.15)
	if !fits(len([]rune(text)), w) {
		text = ""
	}
	return Bar{X: a.X(from), W: Percent(w), Class: class, Text: text, Title: title}
}

// NewMark places a moment on an axis.
func NewMark(a Axis, t time.Time, icon, class, label, title string) Mark {
	return Mark{X: a.X(t), Icon: icon, Class: class, Label: label, Title: title, Flip: a.at(t) > 82}
}
