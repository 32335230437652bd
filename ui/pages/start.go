package pages

import (
	"time"

	"github.com/swinspect/swinspect/inspector"
	"github.com/swinspect/swinspect/ui/components"
)

// StartView is what [Start] shows.
type StartView struct {
	CanLaunch bool
	CanAttach bool
	Endpoint  string // as typed before, when attaching failed
	URL       string // likewise of launching
	Problem   *components.Notice
	Browsers  []StartBrowser
	Found     []StartFound
	FoundAt   time.Time // zero: never looked
	Looking   bool
	CanLook   bool
	Command   string // how to start a browser by hand
}

// StartBrowser is an attached browser with its registrations.
type StartBrowser struct {
	Item          *components.BrowserItem
	State         *inspector.State
	Registrations []components.TreeRegistration
}

// StartFound is a way to a browser on this machine.
type StartFound struct {
	Label, Browser, Advice, Command, Endpoint string
	State                                     components.State
	AttachedURL                               string
}
