package scenario

import (
	"context"
	_ "embed" // helpers.js
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/chromedp/cdproto/browser"
	cdproto "github.com/chromedp/cdproto/cdp"
	cdpruntime "github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/serviceworker"

	"github.com/swinspect/swinspect/cdp"
	"github.com/swinspect/swinspect/internal/backend"
)

//go:embed helpers.js
var helpers string

// binding is how a page asks for something from outside.
const binding = "swinspectOutside"

// Run runs a scenario in a browser context of its own and returns the answer.
func Run(ctx context.Context, b *backend.Backend, s Scenario) (answer json.RawMessage, err error) {
	w := serve(s)
	defer w.close()
	p, err := b.NewPage(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, p.Close()) }()
	d := &driver{page: p, origin: origin(w.first), registrations: map[string]*serviceworker.Registration{}}
	stop, err := d.start(ctx)
	if err != nil {
		return nil, err
	}
	defer stop()
	if err := p.Navigate(ctx, d.origin+"/harness/"); err != nil {
		return nil, err
	}
	said, err := p.Evaluate(ctx, expression(w.fill(s.Page)))
	if err != nil {
		return nil, err
	}
	var text string
	if err := json.Unmarshal(said, &text); err != nil {
		return nil, fmt.Errorf("the answer is no string: %w", err)
	}
	return json.RawMessage(text), nil
}

// expression makes the helpers and the page's script one expression, whose value
// is the answer as JSON text: the protocol's own by-value results differ from it in
// dates and the like.
func expression(script string) string {
	return `(async () => {
if (document.readyState !== 'complete') await new Promise(r => addEventListener('load', r, {once: true}));
` + helpers + `
const answer = await (async () => {
` + script + `
})();
return JSON.stringify(answer === undefined ? null : answer);
})()`
}

// driver does from outside what a page asks for.
//
// Concurrency: one goroutine reads the events of the page, and alone touches the
// fields; start's stop ends it and waits.
type driver struct {
	page          *backend.Page
	origin        string
	registrations map[string]*serviceworker.Registration // by scope
	versions      map[string]*serviceworker.Version      // by version id
}

func (d *driver) start(ctx context.Context) (stop func(), err error) {
	events := d.page.Listen(4096, cdpruntime.BindingCalled.Method,
		serviceworker.WorkerRegistrationUpdated.Method, serviceworker.WorkerVersionUpdated.Method)
	if _, err := cdproto.Call(ctx, d.page, cdpruntime.AddBinding, cdpruntime.AddBindingParams{Name: binding}); err != nil {
		events.Close()
		return nil, err
	}
	if _, err := cdproto.Call(ctx, d.page, serviceworker.Enable, cdproto.Empty{}); err != nil {
		events.Close()
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for e := range events.C() {
			d.hear(ctx, e)
		}
	}()
	return func() { cancel(); events.Close(); <-done }, nil
}

func (d *driver) hear(ctx context.Context, e cdp.Event) {
	switch e.Method {
	case serviceworker.WorkerRegistrationUpdated.Method:
		var u serviceworker.EventWorkerRegistrationUpdated
		if cdp.Decode(e.Params, &u) == nil {
			for _, r := range u.Registrations {
				d.registrations[r.ScopeURL] = r
			}
		}
	case serviceworker.WorkerVersionUpdated.Method:
		var u serviceworker.EventWorkerVersionUpdated
		if cdp.Decode(e.Params, &u) == nil {
			for _, v := range u.Versions {
				if d.versions == nil {
					d.versions = map[string]*serviceworker.Version{}
				}
				d.versions[v.VersionID] = v
			}
		}
	case cdpruntime.BindingCalled.Method:
		var c cdpruntime.EventBindingCalled
		if cdp.Decode(e.Params, &c) == nil && c.Name == binding {
			d.ask(ctx, c)
		}
	}
}

// wish is what a page asks for.
type wish struct {
	ID     int    `json:"id"`
	What   string `json:"what"`
	Params struct {
		Scope       string   `json:"scope"`
		Data        string   `json:"data"`
		Tag         string   `json:"tag"`
		LastChance  bool     `json:"lastChance"`
		Permissions []string `json:"permissions"`
	} `json:"params"`
}

func (d *driver) ask(ctx context.Context, c cdpruntime.EventBindingCalled) {
	var w wish
	err := json.Unmarshal([]byte(c.Payload), &w)
	if err == nil {
		err = d.do(ctx, w)
	}
	text := ""
	if err != nil {
		text = err.Error()
	}
	said, _ := json.Marshal(text) // a string
	_ = d.page.Go(cdpruntime.CommandEvaluate, cdpruntime.EvaluateParams{
		ContextID:  c.ExecutionContextID,
		Expression: fmt.Sprintf("outsideDone[%d](%s)", w.ID, said),
	}) // the page is gone: nobody waits
}

func (d *driver) do(ctx context.Context, w wish) error {
	if w.What == "grant" {
		for _, name := range w.Params.Permissions {
			if _, err := cdproto.Call(ctx, d.page.Conn().Root(), browser.SetPermission, browser.SetPermissionParams{
				Permission: &browser.PermissionDescriptor{Name: name, UserVisibleOnly: true}, Setting: browser.PermissionSettingGranted,
				Origin: d.origin, BrowserContextID: d.page.Context}); err != nil {
				return err
			}
		}
		return nil
	}
	scope := d.origin + w.Params.Scope
	r := d.registrations[scope]
	if r == nil {
		return fmt.Errorf("no registration of %s has been told", scope)
	}
	switch w.What {
	case "push":
		_, err := cdproto.Call(ctx, d.page, serviceworker.DeliverPushMessage, serviceworker.DeliverPushMessageParams{
			Origin: d.origin, RegistrationID: r.RegistrationID, Data: w.Params.Data})
		return err
	case "sync":
		_, err := cdproto.Call(ctx, d.page, serviceworker.DispatchSyncEvent, serviceworker.DispatchSyncEventParams{
			Origin: d.origin, RegistrationID: r.RegistrationID, Tag: w.Params.Tag, LastChance: w.Params.LastChance})
		return err
	case "periodicsync":
		_, err := cdproto.Call(ctx, d.page, serviceworker.DispatchPeriodicSyncEvent, serviceworker.DispatchPeriodicSyncEventParams{
			Origin: d.origin, RegistrationID: r.RegistrationID, Tag: w.Params.Tag})
		return err
	case "stop":
		return d.stop(ctx, r.RegistrationID)
	}
	return fmt.Errorf("there is no %q from outside", w.What)
}

// stop ends the running workers of a registration, as idleness would.
func (d *driver) stop(ctx context.Context, id serviceworker.RegistrationID) error {
	for _, v := range d.versions {
		if v.RegistrationID != id || v.Status == serviceworker.VersionStatusRedundant {
			continue
		}
		if _, err := cdproto.Call(ctx, d.page, serviceworker.StopWorker,
			serviceworker.StopWorkerParams{VersionID: v.VersionID}); err != nil {
			return err
		}
	}
	time.Sleep(100 * time.Millisecond) // Chromium answers before the worker has ended
	return nil
}

// Explain shortens a script's error to its first lines, for a test's message.
func Explain(err error) string {
	lines := strings.SplitN(err.Error(), "\n", 4)
	return strings.Join(lines[:min(3, len(lines))], " | ")
}
