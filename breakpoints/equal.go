package breakpoints

// equal reports whether two breakpoints stop at the same in the same way, whatever their
// ids are and whether they are switched on. What a line said counts where both know it.
func equal(a, b Breakpoint) bool {
	if a.Line != nil && b.Line != nil && (a.Line.Text == "" || b.Line.Text == "") {
		a.Line, b.Line = copied(a.Line), copied(b.Line)
		a.Line.Text, b.Line.Text = "", ""
	}
	return a.Kind == b.Kind && a.Scope == b.Scope && a.Condition == b.Condition &&
		a.Skip == b.Skip && a.Once == b.Once && a.Log == b.Log &&
		alike(a.Line, b.Line) && alike(a.Event, b.Event) && alike(a.Lifecycle, b.Lifecycle) &&
		alike(a.Fetch, b.Fetch) && alike(a.Cache, b.Cache) && alike(a.Exception, b.Exception)
}

func alike[T comparable](a, b *T) bool {
	if a == nil || b == nil {
		return a == b
	}
	return *a == *b
}

// twin finds the breakpoint that is equal to b, nil when there is none.
func (c *contents) twin(b Breakpoint) *Breakpoint {
	for i := range c.Breakpoints {
		if equal(c.Breakpoints[i], b) {
			return &c.Breakpoints[i]
		}
	}
	return nil
}

// already says that b is there under another id.
func already(b *Breakpoint) error {
	problem := "there is one already: " + b.ID
	if b.Disabled {
		problem += ", which is switched off"
	}
	return &InvalidError{string(b.Kind), problem}
}
