package session

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/dop251/goja"
)

// controller is the version that controls the page; nil when none does.
func (p *page) controller(ctx context.Context) (any, error) {
	data, err := p.evaluate(ctx, `navigator.serviceWorker && navigator.serviceWorker.controller ? navigator.serviceWorker.getRegistration().then(r => r ? r.scope : '') : null`)
	if err != nil || string(data) == "null" || data == nil {
		return nil, err
	}
	var scope string
	if err := json.Unmarshal(data, &scope); err != nil {
		return nil, err
	}
	s := p.context.state()
	for _, r := range s.Registrations {
		if r.Key.Context != p.context.id {
			continue
		}
		for _, v := range slices.Backward(r.Versions) {
			if slices.Contains(v.Clients, string(p.id)) {
				return p.context.registration(r.Scope).certain(v), nil
			}
		}
	}
	if scope != "" {
		r := p.context.registration(scope)
		if alive, _ := r.in(s); alive != nil && alive.Active() != nil {
			return r.certain(alive.Active()), nil
		}
	}
	return nil, nil
}

// waitForController is page.waitForController(version, options).
func (p *page) waitForController(c *call) goja.Value {
	var want *version
	if c.has(0) {
		var ok bool
		if want, ok = c.f.goValue(c.arg(0)).(*version); !ok {
			c.fail("the first argument is a version, not %s", c.f.shown(c.arg(0)))
		}
	}
	var o struct {
		Timeout *span `json:"timeout"`
	}
	c.options(1, &o)
	return c.async(func(ctx context.Context) (any, error) {
		inner, cancel, limit := p.context.stage.limited(ctx, o.Timeout)
		defer cancel()
		for {
			changed := p.context.o.browser.Changed()
			got, err := p.controller(inner)
			v, _ := got.(*version)
			if err == nil && v != nil && (want == nil || want.is(v)) {
				return v, nil
			}
			if err != nil && inner.Err() == nil {
				return nil, err
			}
			select {
			case <-changed:
			case <-inner.Done():
				seen := "none controls it"
				if v != nil {
					seen = v.String() + " controls it"
				}
				if ctx.Err() != nil {
					return nil, ctx.Err()
				}
				return nil, &timeoutError{what: fmt.Sprintf("waited %s for a controller of the page: %s", spanText(limit), seen)}
			case <-afterPoll():
			}
		}
	})
}

// is reports whether two handles mean the same version now.
func (v *version) is(o *version) bool {
	s := v.r.context.state()
	_, a := v.in(s)
	_, b := o.in(s)
	return a != nil && b != nil && a.ID == b.ID
}
