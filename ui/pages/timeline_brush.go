package pages

import (
	"math"
	"time"

	"github.com/swinspect/swinspect/inspector"
	"github.com/swinspect/swinspect/ui/components"
)

// Brush is the small picture of the whole time with the view marked in it.
type Brush struct {
	Bins       []BrushBin
	Marks      []BrushMark
	ViewX      string // left end of the view
	ViewW      string
	RestX      string // right end of the view
	RestW      string
	Min, Max   string // ends of the whole, in ms
	Start, End string // ends of the view, in ms
	Step       string
}

// BrushBin is how much happened in one stretch of time.
type BrushBin struct{ X, W, Y, H string }

// BrushMark is a moment worth seeing from afar.
type BrushMark struct{ X, Class string }

const brushBins = 90

func newBrush(t TimeRange, regs []*inspector.Registration, changes []inspector.Change) Brush {
	axis := t.Whole
	b := Brush{
		Min: moment(axis.From), Max: moment(axis.To),
		Start: moment(later(t.View.From, axis.From)), End: moment(earlier(t.View.To, axis.To)),
		Step: "100",
	}
	if axis.To.Sub(axis.From) > 10*time.Minute {
		b.Step = "1000"
	}
	left, right := clampPercent(axis.Width(axis.From, t.View.From)), clampPercent(axis.Width(axis.From, t.View.To))
	b.ViewX, b.ViewW = components.Percent(left), components.Percent(max(right-left, 0.3))
	b.RestX, b.RestW = components.Percent(right), components.Percent(100-right)
	b.Bins = histogram(axis, changes)
	for _, r := range regs {
		for _, sp := range inspector.Spans(r, &inspector.State{Time: axis.To}, axis.From, axis.To) {
			if class := brushClass(sp); class != "" {
				b.Marks = append(b.Marks, BrushMark{X: axis.X(sp.From), Class: class})
			}
		}
	}
	return b
}

// brushClass is the colour of a span's beginning in the brush, "" for none.
func brushClass(sp inspector.Span) string {
	switch {
	case sp.Kind == inspector.SpanError:
		return "bad"
	case sp.Kind != inspector.SpanStatus || sp.Cut:
		return ""
	case sp.Label == "install":
		return "work"
	case sp.Label == "waiting":
		return "wait"
	case sp.Label == "active":
		return "ok"
	}
	return ""
}

func histogram(axis components.Axis, changes []inspector.Change) []BrushBin {
	var count [brushBins]int
	most := 0
	for _, c := range changes {
		i := int(axis.Width(axis.From, c.Time) / 100 * brushBins)
		i = min(max(i, 0), brushBins-1)
		count[i]++
		most = max(most, count[i])
	}
	var bins []BrushBin
	for i, n := range count {
		if n == 0 {
			continue
		}
		h := math.Max(2, 20*math.Log1p(float64(n))/math.Log1p(float64(most)))
		bins = append(bins, BrushBin{
			X: components.Percent(100 * float64(i) / brushBins), W: "0.8%",
			Y: trimFloat(26 - h), H: trimFloat(h),
		})
	}
	return bins
}

func clampPercent(v float64) float64 { return math.Min(100, math.Max(0, v)) }

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
