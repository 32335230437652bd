package pages

import (
	"strings"

	"github.com/swinspect/swinspect/inspector"
	"github.com/swinspect/swinspect/ui/components"
)

func clientTitle(c inspector.Client) string {
	if noTitle(c.Target.Title, c.Target.URL) {
		return ""
	}
	return c.Target.Title
}

// noTitle tells that a title is only the URL again: Chromium gives a page its
// address as title until it has one.
func noTitle(title, url string) bool {
	_, bare, _ := strings.Cut(url, "://")
	return title == url || title == bare || title == strings.TrimSuffix(bare, "/")
}

// clientName is how the buttons of a client call it.
func clientName(c inspector.Client) string {
	switch {
	case clientTitle(c) != "":
		return clientTitle(c)
	case c.Target.URL != "":
		return c.Target.URL
	}
	return "this client"
}

// remedies are the buttons of a holder, none while they would do nothing.
func remedies(v OverviewView, h inspector.Holder) []inspector.Remedy {
	if !v.CanAct {
		return nil
	}
	return h.Remedies
}

func usageWords(u *inspector.Usage) string {
	s := components.Bytes(u.Usage) + " of " + components.Bytes(u.Quota)
	if u.Padding > 0 {
		s += ","
	}
	return s
}

func contextLabel(c *inspector.Context) string {
	if c == nil {
		return "gone"
	}
	return c.Label
}
