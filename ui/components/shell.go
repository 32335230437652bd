package components

import (
	"time"

	"github.com/swinspect/swinspect/assets"
	"github.com/swinspect/swinspect/inspector"
)

// Shell is all that the frame around a page shows: top bar, tree, head, tabs,
// foot. One is built per rendering; a page's handler may change Title,
// PageClass, Panes, Split and Modules before it renders.
type Shell struct {
	Title   string // of the document
	Path    string // path and query of this page: what the stream renders again
	Token   string
	Boot    string // changes with every start of swinspect
	Version string
	Theme   string // "", "light" or "dark"
	NoKeys  bool   // single-letter keys switched off
	Now     time.Time
	Assets  *assets.Bundle

	Modules   []string // more script modules of this page, below the assets' root
	PageClass string   // classes of the page's own element
	Panes     bool     // the page fills the window and its panes scroll
	Debugging bool     // the page is the debugger: it says itself what is paused
	Split     bool     // the page marks its live parts itself with Live

	Browsers []*BrowserItem
	Browser  *BrowserItem // the one looked at, nil on the start page
	Tree     []TreeBrowser
	Head     *Head // the registration looked at, nil without one
	Tabs     []Tab
	Tape     *TapeBar // of an opened recording, nil of anything else
	Record   *Record  // nil: what is looked at cannot be recorded
	Bench    *Bench   // nil: there are no recordings
	Held     []Held   // workers that a debugger of swinspect holds, the oldest pause first
	Foot     *Notice  // the newest thing done, nil: nothing yet
	Toasts   []Notice
}

// BrowserItem is an attached browser as lists show it.
type BrowserItem struct {
	ID         string
	Name       string // "Chromium 156"
	Detail     string // "127.0.0.1:9222 · 2 contexts · 7 registrations"
	URL        string
	Connection inspector.Connection
	State      State
	Current    bool
	Tape       bool // a recording
}

// State is a state in its three forms: glyph, word and colour class.
type State struct {
	Icon  string // name of the glyph
	Word  string
	Class string // ok wait work bad hold idle
}

// TreeBrowser is the first level of the tree: a context of a browser.
type TreeBrowser struct {
	ID      string
	Name    string
	URL     string
	Note    string // why it shows nothing, or that it is gone
	State   *State // shown when it is not simply there
	Tape    bool   // a recording
	Off     bool   // its browser is gone: what the rows say was true before
	Origins []TreeOrigin
}

// TreeOrigin is the second level.
type TreeOrigin struct {
	ID            string
	Name          string
	Registrations []TreeRegistration
}

// TreeRegistration is the third level.
type TreeRegistration struct {
	ID       string
	Name     string // path of the scope
	Embedder string // top-level site of a partitioned one
	Scope    string
	URL      string
	State    State
	Selected bool
}

// Head names the registration on top of its page.
type Head struct {
	Registration *inspector.Registration
	Context      *inspector.Context // nil when its browser is gone for good
	State        *inspector.State
	Slug         string
	BaseURL      string // "/b/1/r/k3vd0"
	CanAct       bool   // it exists and its browser is there: actions make sense
	Origin, Path string // of the scope
	Script       string // script URL, as path when of the scope's origin
	ScriptURL    string
}

// Tab is a panel of a registration.
type Tab struct {
	Title   string
	URL     string
	Count   string // "" none
	Key     string // letter after G
	Current bool
}

// Held is a worker that a debugger of swinspect holds.
type Held struct {
	Browser   string // id
	Key       inspector.RegistrationKey
	Thread    string
	Version   string
	Words     string   // why: "cache.match missed 'v2' for /app.js"
	During    string   // the event, "" unknown
	Place     string   // "sw.js:68"
	Holding   []string // what it holds up
	Since     time.Time
	ResumesAt time.Time // zero: it is kept
	URL       string    // of the debug panel
	Own       bool      // of the registration that the page is about
}

// Notice is a line of the foot or a toast.
type Notice struct {
	ID    string
	State State
	Time  time.Time
	Lead  string
	Text  string
}
