package session

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/chromedp/cdproto/serviceworker"
	"github.com/chromedp/cdproto/target"

	"github.com/swinspect/swinspect/inspector"
)

const updateScript = `(async scope => {
	const r = await navigator.serviceWorker.getRegistration(scope);
	if (!r || r.scope !== scope) return 'missing';
	const had = [r.installing, r.waiting, r.active];
	await r.update();
	return [r.installing, r.waiting, r.active].some(w => w && !had.includes(w)) ? 'new' : 'same';
})(%s)`

// update looks for a new script. In a page of the origin its promise tells what came of
// it; without a page the inspector finds out.
func (r *registration) update(ctx context.Context) (any, error) {
	x, err := r.now()
	if err != nil {
		return nil, err
	}
	had := len(x.Versions)
	newer := func(s *inspector.State) bool {
		_, last := r.in(s)
		return last == nil || last.Key != x.Key || len(last.Versions) > had
	}
	if p := r.context.pageOf(originOf(r.scope)); p != nil {
		scope, err := json.Marshal(r.scope)
		if err != nil {
			return nil, err
		}
		data, err := p.evaluate(ctx, fmt.Sprintf(updateScript, scope))
		if err != nil {
			return nil, err
		}
		if string(data) != `"missing"` {
			if string(data) == `"same"` {
				return newer(r.context.state()), nil
			}
			soon, cancel := context.WithTimeout(ctx, 5*time.Second)
			defer cancel()
			_, err = r.context.o.browser.WaitFor(soon, newer)
			return true, err
		}
	}
	_, err = r.context.act(ctx, inspector.Action{Kind: inspector.Update, Registration: x.Key})
	return newer(r.context.state()), err
}

// pageOf is an open page of the script's with a document of an origin; nil for none.
func (c *browserContext) pageOf(origin string) *page {
	s := c.state()
	c.mu.Lock()
	defer c.mu.Unlock()
	for id, p := range c.pages {
		for _, t := range s.Targets {
			if t.Key.ID == string(id) && originOf(t.URL) == origin {
				return p
			}
		}
	}
	return nil
}

// perform does an action on the registration.
func (r *registration) perform(ctx context.Context, a inspector.Action) (any, error) {
	if r.context.taped != nil {
		return nil, r.context.notLive(string(a.Kind))
	}
	x, err := r.now()
	if err != nil {
		return nil, err
	}
	a.Registration = x.Key
	_, err = r.context.act(ctx, a)
	return undefined{}, err
}

// skipWaiting lets the waiting version become active.
func (r *registration) skipWaiting(ctx context.Context) (any, error) {
	x, err := r.now()
	if err != nil {
		return nil, err
	}
	if x.Waiting() == nil {
		return nil, fmt.Errorf("there is no waiting version of %s: %s", r.scope, versionsWords(r.context.state(), x))
	}
	return r.perform(ctx, inspector.Action{Kind: inspector.SkipWaiting})
}

// kill stops the worker of a version; one that does not run is as good as stopped.
func (r *registration) kill(ctx context.Context, id string) (any, error) {
	x, err := r.now()
	if err != nil {
		return nil, err
	}
	v := x.Active()
	if id != "" {
		v = x.Version(id)
	}
	if v == nil {
		return nil, fmt.Errorf("there is no active version of %s: %s", r.scope, versionsWords(r.context.state(), x))
	}
	if v.Running == serviceworker.VersionRunningStatusStopped {
		return undefined{}, nil
	}
	_, err = r.context.act(ctx, inspector.Action{Kind: inspector.Stop, Registration: x.Key, Version: v.ID})
	var refused *inspector.RefusedError
	if errors.As(err, &refused) { // it stopped by itself meanwhile
		if _, now := (&version{r: r, id: v.ID}).in(r.context.state()); now == nil || now.Running == serviceworker.VersionRunningStatusStopped {
			err = nil
		}
	}
	return undefined{}, err
}

// start starts the worker of the active version.
func (r *registration) start(ctx context.Context) (any, error) {
	x, err := r.now()
	if err != nil {
		return nil, err
	}
	if v := x.Active(); v != nil && v.Running == serviceworker.VersionRunningStatusRunning {
		return undefined{}, nil
	}
	return r.perform(ctx, inspector.Action{Kind: inspector.Start})
}

// evaluate runs an expression in the worker of a version, which is started if it is the
// active one.
func (v *version) evaluate(ctx context.Context, expression string) (any, error) {
	_, x, err := v.now()
	if err != nil {
		return nil, err
	}
	if v.r.context.taped != nil {
		return nil, v.r.context.notLive("evaluate")
	}
	if x.Running != serviceworker.VersionRunningStatusRunning && isIn(x, "active") {
		if _, err := v.r.start(ctx); err != nil {
			return nil, err
		}
	}
	id, err := v.target(ctx, x.ID)
	if err != nil {
		return nil, err
	}
	s, err := v.r.context.o.conn.Attach(ctx, target.ID(id))
	if err != nil {
		return nil, err
	}
	defer func() {
		gone, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		_ = s.Detach(gone) // the worker is gone: so is the session
	}()
	return jsonOrUndefined(evaluateIn(ctx, s, expression))
}

// target is the CDP target of a running version.
func (v *version) target(ctx context.Context, id string) (string, error) {
	inner, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	found := ""
	s, err := v.r.context.o.browser.WaitFor(inner, func(s *inspector.State) bool {
		if _, x := (&version{r: v.r, id: id}).in(s); x != nil {
			found = x.TargetID
		}
		return found != ""
	})
	if err != nil && ctx.Err() == nil {
		return "", fmt.Errorf("the worker of version #%s does not run: %s", id, v.r.seen(s))
	}
	return found, err
}
