package pages

import "github.com/swinspect/swinspect/ui/components"

func (v TimelineView) noRows() bool {
	for _, g := range v.Groups {
		if len(g.Rows) > 0 {
			return false
		}
	}
	return true
}

func (v TimelineView) origin() string { return v.Origin }

func inView(n int) string {
	if n == 0 {
		return "none in view"
	}
	return components.Number(n) + " in view"
}

func (t ChangeTable) countWords() string {
	in := components.Count(t.InView, "change", "changes") + " in view"
	if t.Window.Total != t.InView {
		in = components.Number(t.Window.Total) + " of " + in
	}
	if t.Total != t.InView {
		in += ", " + components.Number(t.Total) + " since attach"
	}
	return in
}

func (t ChangeTable) emptyWords() string {
	switch {
	case t.InView > 0:
		return "No change in view passes the filter: take a term out, or choose a longer range."
	case t.Total > 0:
		return "Nothing changed in this stretch of time. Choose a longer range above."
	}
	return "Nothing has changed since swinspect attached. Update, stop or reload something and it shows up here at once."
}
