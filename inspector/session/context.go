package session

import (
	"context"
	"encoding/json"
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
	"github.com/dop251/goja"

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

func thisContext(c *call) *browserContext { return c.this.(*browserContext) }

var contextClass = &class{
	name: "Context", word: "context",
	getters: map[string]func(*call) goja.Value{
		"id":      func(c *call) goja.Value { return c.f.value(thisContext(c).id) },
		"caches":  func(c *call) goja.Value { x := thisContext(c); return c.f.value(x.storage(x.base())) },
		"fetches": func(c *call) goja.Value { return c.f.value(thisContext(c).fetches) },
		"network": func(c *call) goja.Value { return c.f.value(thisContext(c).network) },
		"clock":   func(c *call) goja.Value { return c.f.value(thisContext(c).clock) },
		"breakpoints": func(c *call) goja.Value {
			x := thisContext(c)
			x.mu.Lock()
			defer x.mu.Unlock()
			return c.f.value(slices.Clone(x.points))
		},
	},
	methods: map[string]func(*call) goja.Value{
		"open": func(c *call) goja.Value {
			x, ref := thisContext(c), c.textOr(0, "the URL", "")
			o := c.navigateOptions(1)
			return c.async(func(ctx context.Context) (any, error) {
				p, err := x.openPage(ctx, "")
				if err != nil || ref == "" {
					return p, err
				}
				full, err := x.resolve(ref)
				if err == nil {
					_, err = p.navigateWithin(ctx, full, o)
				}
				return p, err
			})
		},
		"pages": func(c *call) goja.Value {
			x := thisContext(c)
			return c.async(func(ctx context.Context) (any, error) { return x.allPages(ctx) })
		},
		"registration": func(c *call) goja.Value {
			x := thisContext(c)
			scope, err := x.resolve(c.textOr(0, "the scope", "/"))
			if err != nil {
				c.fail("%v", err)
			}
			return c.f.value(x.registration(scope))
		},
		"registrations": func(c *call) goja.Value {
			x := thisContext(c)
			return c.async(func(context.Context) (any, error) {
				all := []*registration{}
				for _, r := range x.state().Live() {
					if r.Key.Context == x.id {
						all = append(all, x.registration(r.Scope))
					}
				}
				return all, nil
			})
		},
		"cachesOf": func(c *call) goja.Value {
			return c.f.value(thisContext(c).storage(trimSlash(c.text(0, "the origin"))))
		},
		"timeline": func(c *call) goja.Value {
			x := thisContext(c)
			return c.async(func(context.Context) (any, error) { return x.timeline(nil), nil })
		},
		"kill": func(c *call) goja.Value {
			x := thisContext(c)
			return c.async(func(ctx context.Context) (any, error) {
				_, err := x.act(ctx, inspector.Action{Kind: inspector.StopAll, Context: x.id})
				return undefined{}, err
			})
		},
		"setPermission": func(c *call) goja.Value {
			x, name, state := thisContext(c), c.text(0, "the name"), c.text(1, "the state")
			return c.async(func(ctx context.Context) (any, error) { return undefined{}, x.setPermission(ctx, name, state) })
		},
		"clearSiteData": func(c *call) goja.Value {
			x := thisContext(c)
			origin := c.textOr(0, "the origin", x.base())
			return c.async(func(ctx context.Context) (any, error) { return undefined{}, x.clearSiteData(ctx, origin) })
		},
		"on":    func(c *call) goja.Value { return thisContext(c).on(c) },
		"once":  func(c *call) goja.Value { return thisContext(c).once(c) },
		"close": func(c *call) goja.Value { return thisContext(c).closeCall(c) },
	},
}

var browserClass = &class{
	name: "Browser", word: "browser", parent: contextClass,
	getters: map[string]func(*call) goja.Value{
		"product": func(c *call) goja.Value { return c.f.value(thisContext(c).product()) },
	},
	methods: map[string]func(*call) goja.Value{
		"has": func(c *call) goja.Value { return c.f.value(thisContext(c).has(c.capability())) },
		"needs": func(c *call) goja.Value {
			x, name := thisContext(c), c.capability()
			if !x.has(name) {
				panic(c.f.throwable(&skipError{fmt.Sprintf("needs %q, which %s has not", name, x.product())}, c.f.here()))
			}
			return goja.Undefined()
		},
		"newContext": func(c *call) goja.Value {
			x := thisContext(c)
			return c.async(func(ctx context.Context) (any, error) {
				if x.taped != nil {
					return nil, x.notLive(c.name)
				}
				made, err := x.stage.newContext(ctx, x.o, true, x.site)
				if err != nil {
					return nil, err
				}
				x.mu.Lock()
				defer x.mu.Unlock()
				x.kids = append(x.kids, made)
				return made, nil
			})
		},
		"contexts": func(c *call) goja.Value {
			x := thisContext(c)
			x.mu.Lock()
			defer x.mu.Unlock()
			return c.f.value(append([]*browserContext{x}, x.kids...))
		},
		"send": func(c *call) goja.Value {
			x := thisContext(c)
			method, params := c.send()
			return c.async(func(ctx context.Context) (any, error) {
				if x.taped != nil {
					return nil, x.notLive(method)
				}
				return sendRaw(ctx, x.o.conn.Root(), method, params)
			})
		},
	},
}

// send reads the arguments of a CDP command.
func (c *call) send() (method string, params json.RawMessage) {
	method = c.text(0, "the method")
	if c.has(1) {
		params, _ = c.f.json(c.arg(1))
	}
	return method, params
}

func sendRaw(ctx context.Context, s *cdp.Session, method string, params json.RawMessage) (any, error) {
	var in any
	if params != nil {
		in = params
	}
	var out json.RawMessage
	if err := s.Call(ctx, method, in, &out); err != nil {
		return nil, err
	}
	return out, nil
}

func (c *browserContext) closeCall(in *call) goja.Value {
	return in.async(func(ctx context.Context) (any, error) {
		c.stage.unclose(c)
		err := c.dispose(ctx)
		if c.root && c.o != nil && !c.o.backend.Shared && c.stage.unclose(c.o) {
			err = errors.Join(err, c.o.close())
		}
		return undefined{}, err
	})
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
