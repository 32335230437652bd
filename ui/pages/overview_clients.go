package pages

import "github.com/swinspect/swinspect/inspector"

func clientTitle(c inspector.Client) string {
	if c.Target.Title == c.Target.URL {
		return ""
	}
	return c.Target.Title
}

// clientName is how the buttons of a client call it.
func clientName(c inspector.Client) string {
	switch {
	case c.Target.Title != "":
		return c.Target.Title
	case c.Target.URL != "":
		return c.Target.URL
	}
	return "this client"
}

func contextLabel(c *inspector.Context) string {
	if c == nil {
		return "gone"
	}
	return c.Label
}
