package dap

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"
)

// Common is what launch and attach have in common, as it stands in launch.json.
type Common struct {
	// WebRoot is the folder that the site's / is served from.
	WebRoot string `json:"webRoot,omitempty"`
	// PathMappings are folders by the URL, or the beginning of a URL's path, that they
	// are served at: {"https://app.example/static/": "/home/me/app/build"}.
	PathMappings map[string]string `json:"pathMappings,omitempty"`
	// Breakpoints are set besides those of the editor, in the short form.
	Breakpoints words `json:"breakpoints,omitempty"`
	// StopOnEntry stops every worker that starts before its script runs.
	StopOnEntry bool `json:"stopOnEntry,omitempty"`
	// Scope restricts all of the session's breakpoints to registrations whose scope
	// matches this pattern.
	Scope string `json:"scope,omitempty"`
	// SkipFiles are patterns of the URLs of scripts that are not stepped into.
	SkipFiles words `json:"skipFiles,omitempty"`
	// Watchdog is how long a pause may last: "5m"; empty or "off": for ever. Whoever
	// starts the debugger of a browser first decides.
	Watchdog string `json:"watchdog,omitempty"`
	// Timeout is how long a wait for the browser may last: "15s".
	Timeout string `json:"timeout,omitempty"`
	// Token is the server's, when it asks for one.
	Token string `json:"token,omitempty"`
	// NoDebug runs without stopping anywhere.
	NoDebug bool `json:"noDebug,omitempty"`
	// StateEvents asks for a swinspect/state event at every change.
	StateEvents bool `json:"stateEvents,omitempty"`

	// Client is what the editor calls itself.
	Client string `json:"-"`

	watchdog, timeout time.Duration
}

// Launch are the arguments of a launch request.
type Launch struct {
	Common
	// Backend is "engine" or "chromium"; empty: the engine for a site or a program,
	// Chromium for a URL alone.
	Backend string `json:"backend,omitempty"`
	URL     string `json:"url,omitempty"` // the page to open
	// Site are folders that are served: DIR or DIR@ORIGIN.
	Site words `json:"site,omitempty"`
	// Program is a service worker's script: its folder (or WebRoot) is served, with a
	// page that registers it.
	Program  string `json:"program,omitempty"`
	Demo     bool   `json:"demo,omitempty"`    // the demo site
	Allow    words  `json:"allow,omitempty"`   // origins that the engine may reach
	Profile  string `json:"profile,omitempty"` // folder of the engine's state
	Headless *bool  `json:"headless,omitempty"`
	Cwd      string `json:"cwd,omitempty"` // what relative folders are relative to
}

// Attach are the arguments of an attach request.
type Attach struct {
	Common
	// Endpoint is all that --attach takes: a port, host:port, a URL, a user data
	// directory. Empty: the browser of another session of this server, or the one browser
	// of this machine.
	Endpoint string `json:"endpoint,omitempty"`
	Port     int    `json:"port,omitempty"` // the same as a port for Endpoint
}

// Within is how long to wait for the browser.
func (c *Common) Within() time.Duration { return c.timeout }

// ForgottenAfter is how long a pause may last, in the form of [debugger.Options].
func (c *Common) ForgottenAfter() time.Duration { return c.watchdog }

// defaultTimeout is how long a wait for the browser may last.
const defaultTimeout = 30 * time.Second

// words is one string or a list of them.
type words []string

// UnmarshalJSON takes "a" for ["a"].
func (s *words) UnmarshalJSON(b []byte) error {
	var one string
	if json.Unmarshal(b, &one) == nil {
		*s = nil
		if one != "" {
			*s = words{one}
		}
		return nil
	}
	return json.Unmarshal(b, (*[]string)(s))
}

// check fills in the defaults.
func (c *Common) check() error {
	var err error
	c.watchdog, c.timeout = -1, defaultTimeout
	if c.Watchdog != "" && c.Watchdog != "off" {
		if c.watchdog, err = time.ParseDuration(c.Watchdog); err != nil || c.watchdog <= 0 {
			return fmt.Errorf("watchdog: %q is no duration: write 5m, or off", c.Watchdog)
		}
	}
	if c.Timeout != "" {
		if c.timeout, err = time.ParseDuration(c.Timeout); err != nil || c.timeout <= 0 {
			return fmt.Errorf("timeout: %q is no duration: write 15s", c.Timeout)
		}
	}
	return nil
}

func (l *Launch) check() error {
	if err := l.Common.check(); err != nil {
		return err
	}
	if l.Backend == "" {
		l.Backend = "engine"
		if len(l.Site) == 0 && l.Program == "" && !l.Demo && l.URL != "" && len(l.Allow) == 0 {
			l.Backend = "chromium"
		}
	}
	switch {
	case l.Backend != "engine" && l.Backend != "chromium":
		return fmt.Errorf("backend: %q is neither engine nor chromium", l.Backend)
	case l.URL == "" && len(l.Site) == 0 && l.Program == "" && !l.Demo:
		return fmt.Errorf("there is nothing to launch: name a url, a site (a folder) or a program (a service worker's script)")
	case l.Backend == "chromium" && (l.Demo || len(l.Allow) > 0 || l.Profile != ""):
		return fmt.Errorf("demo, allow and profile are of the engine: \"backend\": \"engine\"")
	}
	return nil
}

// decode reads the arguments of launch or attach, and lists those that nobody reads.
func decode(raw json.RawMessage, into any) (unknown []string, err error) {
	if len(raw) == 0 {
		raw = json.RawMessage("{}")
	}
	if err := json.Unmarshal(raw, into); err != nil {
		return nil, argumentsError(err, into)
	}
	var given map[string]json.RawMessage
	if err := json.Unmarshal(raw, &given); err != nil || given == nil {
		return nil, fmt.Errorf("the arguments are no object")
	}
	known := names(into)
	for name := range given {
		if !slices.Contains(known, name) && !slices.Contains(editors, name) && !strings.HasPrefix(name, "_") {
			unknown = append(unknown, name)
		}
	}
	slices.Sort(unknown)
	return unknown, nil
}

// argumentsError says which field of the arguments is of the wrong kind, and what it takes.
func argumentsError(err error, into any) error {
	var wrong *json.UnmarshalTypeError
	if !errors.As(err, &wrong) {
		return fmt.Errorf("the arguments: %w", err)
	}
	name := strings.TrimPrefix(wrong.Field, "Common.") // an embedded struct is none of launch.json's
	if name == "" {
		return fmt.Errorf("the arguments are no object but of the kind %s", wrong.Value)
	}
	takes := kindOf(wrong.Type)
	for _, f := range fields(into) {
		switch tag, _, _ := strings.Cut(f.Tag.Get("json"), ","); {
		case tag != name:
		case f.Type == reflect.TypeFor[words]():
			takes = "a string or a list of strings"
		case f.Type.Kind() == reflect.Map && wrong.Type != f.Type:
			return fmt.Errorf("%s: each of its values is %s, one is of the kind %s", name, takes, wrong.Value)
		}
	}
	return fmt.Errorf("%s: it takes %s, this is of the kind %s", name, takes, wrong.Value)
}

// kindOf is a type in the words of JSON.
func kindOf(t reflect.Type) string {
	switch t.Kind() {
	case reflect.String:
		return "a string"
	case reflect.Bool:
		return "true or false"
	case reflect.Slice, reflect.Array:
		return "a list"
	case reflect.Map, reflect.Struct:
		return "an object"
	case reflect.Pointer:
		return kindOf(t.Elem())
	}
	return "a number"
}

// editors are the fields that editors keep for themselves.
var editors = []string{
	"name", "type", "request", "debugServer", "preLaunchTask", "postDebugTask", "presentation", "internalConsoleOptions",
	"serverReadyAction", "suppressMultipleSessionWarning", "windows", "linux", "osx", "order", "console", "cwd", "env",
	"autorun", "command", "command-args", "command-cwd", "modes", "host", "port", "prefix-local", "prefix-remote",
	"ensure", "fn", "compile", "defer-launch-attach", "command-env", "command-insert-stderr", "config", "restart",
}

// fields are those of a struct, or of what a pointer leads to; none of anything else.
func fields(of any) []reflect.StructField {
	t := reflect.TypeOf(of)
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct {
		return nil
	}
	return reflect.VisibleFields(t)
}

// names are the JSON names of a struct's fields, those of embedded ones too.
func names(of any) []string {
	var all []string
	for _, f := range fields(of) {
		if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name != "" && name != "-" {
			all = append(all, name)
		}
	}
	return all
}
