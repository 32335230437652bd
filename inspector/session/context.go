package session

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/chromedp/cdproto/browser"
	cdproto "github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/storage"
	"github.com/chromedp/cdproto/target"

	"github.com/swinspect/swinspect/cdp"
	"github.com/swinspect/swinspect/inspector"
	"github.com/swinspect/swinspect/inspector/session/report"
)

// browserContext is Context and Browser of swinspect.d.ts.
//
// Concurrency: methods may be called from any goroutine.
type browserContext struct {
	f       *file
	stage   *stage
	o       *opened
	id      string
	own     bool // made by the script: disposed of with the stage
	root    bool // it is a Browser
	site    *site
	network *networkOf
	clock   *clockOf
	fetches *fetchesOf
	taped   *recordingOf // it is a recording
	origin  string       // of a recording: what URLs are relative to

	mu       sync.Mutex // guards the fields below
	pages    map[target.ID]*page
	scopes   map[string]*registration
	stores   map[string]*cacheStorage
	kids     []*browserContext
	points   []*breakpoint
	disposed bool
}

func (c *browserContext) class() *class {
	switch {
	case c.taped != nil:
		return recordingClass
	case c.root:
		return browserClass
	}
	return contextClass
}

func (c *browserContext) String() string {
	if c.root {
		return "Browser " + c.product()
	}
	return "Context " + c.id
}

func (c *browserContext) product() string {
	if c.taped != nil {
		return c.taped.path
	}
	return c.o.product
}

// base is what URLs are relative to: the site's origin.
func (c *browserContext) base() string {
	if c.site == nil {
		return c.origin
	}
	return c.site.origin()
}

// resolve makes a URL absolute.
func (c *browserContext) resolve(ref string) (string, error) {
	u, err := url.Parse(ref)
	if err != nil {
		return "", fmt.Errorf("%q is no URL: %w", ref, err)
	}
	if u.IsAbs() {
		return ref, nil
	}
	b, err := url.Parse(c.base() + "/")
	if err != nil || c.base() == "" {
		return "", fmt.Errorf("%q is relative, and there is no site that it could be relative to: give the whole URL, or {site: './folder'}", ref)
	}
	return b.ResolveReference(u).String(), nil
}

func originOf(ref string) string {
	u, err := url.Parse(ref)
	if err != nil || u.Host == "" {
		return ""
	}
	return u.Scheme + "://" + u.Host
}

// state is the inspector's of now.
func (c *browserContext) state() *inspector.State { return c.o.browser.State() }

// watched is the context as the inspector sees it; nil before it does.
func (c *browserContext) watched(s *inspector.State) *inspector.Context {
	for _, x := range s.Contexts {
		if x.ID == c.id && !x.Gone && (c.taped != nil || x.Instance == s.Connection.Instance) {
			return x
		}
	}
	return nil
}

// control is a session for commands about the context.
func (c *browserContext) control() (*cdp.Session, error) {
	if c.taped != nil {
		return nil, c.notLive("this")
	}
	return c.o.browser.Control(c.id)
}

// contextID is the context's for commands: the default one has none there.
func (c *browserContext) contextID() cdproto.BrowserContextID {
	if !c.own {
		return ""
	}
	return cdproto.BrowserContextID(c.id)
}

func (c *browserContext) notLive(what string) error {
	return &needsError{what, "live", c.product()}
}

// dispose closes the context and all that the script opened in it.
func (c *browserContext) dispose(ctx context.Context) error {
	c.mu.Lock()
	if c.disposed {
		c.mu.Unlock()
		return nil
	}
	c.disposed = true
	kids := c.kids
	pages := make([]*page, 0, len(c.pages))
	for _, p := range c.pages {
		pages = append(pages, p)
	}
	c.mu.Unlock()
	var errs []error
	for _, k := range kids {
		errs = append(errs, k.dispose(ctx))
	}
	if c.taped != nil {
		return errors.Join(append(errs, c.taped.close())...)
	}
	errs = append(errs, c.removeBreakpoints(ctx))
	c.fetches.stop()
	c.network.stop()
	for _, p := range pages {
		p.release()
	}
	if c.o.conn.Err() != nil {
		return nil // a browser that is gone has nothing left to be closed
	}
	switch {
	case c.own:
		_, err := cdproto.Call(ctx, c.o.conn.Root(), target.DisposeBrowserContext, target.DisposeBrowserContextParams{BrowserContextID: c.contextID()})
		if err != nil && ctx.Err() != nil {
			c.o.spent.Store(true)
		}
		errs = append(errs, err)
	case c.o.backend.Shared: // somebody's browser: what was opened is closed
		for _, p := range pages {
			errs = append(errs, p.closeTarget(ctx))
		}
	}
	return errors.Join(errs...)
}

// has reports whether the backend can do something that not all can.
func (c *browserContext) has(what string) bool {
	if c.taped != nil {
		return what == "trace" && c.taped.traces()
	}
	switch what {
	case "clock":
		return c.o.movable
	case "dispatch", "notifications", "trace":
		return c.o.traces
	case "live":
		return true
	case "stepBack":
		return c.o.traces
	}
	return false
}

// capabilities are all that has knows.
var capabilities = []string{"clock", "dispatch", "notifications", "trace", "live", "stepBack"}

func (c *call) capability() string {
	name := c.text(0, "the capability")
	if !slices.Contains(capabilities, name) {
		c.fail("there is no capability %q: %s", name, strings.Join(capabilities, ", "))
	}
	return name
}

// act does one of the inspector's actions and says why it did nothing.
func (c *browserContext) act(ctx context.Context, a inspector.Action) (inspector.Receipt, error) {
	if c.taped != nil {
		return inspector.Receipt{}, c.notLive(string(a.Kind))
	}
	r, err := c.o.browser.Do(ctx, a, 0)
	if err != nil {
		return r, err
	}
	if r.Outcome != inspector.Confirmed {
		return r, fmt.Errorf("%s: %s", r.Outcome, r.Detail)
	}
	return r, nil
}

func reportFailure(err error) report.Failure {
	f := report.Failure{Name: errorName(err), Message: err.Error()}
	if f.Name == "Error" {
		f.Message = words(err)
	}
	return f
}

func (c *browserContext) setPermission(ctx context.Context, name, state string) error {
	if c.taped != nil {
		return c.notLive("setPermission")
	}
	setting := map[string]browser.PermissionSetting{"granted": browser.PermissionSettingGranted, "denied": browser.PermissionSettingDenied, "prompt": browser.PermissionSettingPrompt}[state]
	if setting == "" {
		return fmt.Errorf("%q is no state of a permission: granted, denied or prompt", state)
	}
	_, err := cdproto.Call(ctx, c.o.conn.Root(), browser.SetPermission, browser.SetPermissionParams{
		Permission: &browser.PermissionDescriptor{Name: name, UserVisibleOnly: name == "push"}, Setting: setting, Origin: c.base(), BrowserContextID: c.contextID(),
	})
	return err
}

func (c *browserContext) clearSiteData(ctx context.Context, origin string) error {
	s, err := c.control()
	if err != nil {
		return err
	}
	_, err = cdproto.Call(ctx, s, storage.ClearDataForOrigin, storage.ClearDataForOriginParams{Origin: origin, StorageTypes: "all"})
	return err
}

// storageRef names the storage of an origin.
func (c *browserContext) storageRef(origin string) inspector.StorageRef {
	return inspector.StorageRef{Instance: c.state().Connection.Instance, Context: c.id, StorageKey: origin + "/"}
}

// timelineEvent is TimelineEvent of swinspect.d.ts.
type timelineEvent struct {
	Time    float64 `json:"time"`
	Kind    string  `json:"kind"`
	What    string  `json:"what"`
	Cause   string  `json:"cause"`
	Scope   string  `json:"scope"`
	Version string  `json:"version"`
}

// timeline is what happened in the context, or to one registration.
func (c *browserContext) timeline(of *inspector.Registration) []timelineEvent {
	changes := c.taped.changes()
	if c.taped == nil {
		changes = c.o.browser.Changes(0)
	}
	s, all := c.state(), []timelineEvent{}
	for _, h := range changes {
		r := s.Registration(h.Registration)
		if r == nil || r.Key.Context != c.id || of != nil && r.Key != of.Key {
			continue
		}
		all = append(all, timelineEvent{float64(h.Time.UnixMicro()) / 1000, h.Kind, h.What, h.Cause, r.Scope, h.Version})
	}
	return all
}
