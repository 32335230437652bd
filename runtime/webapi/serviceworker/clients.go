package serviceworker

import (
	"context"

	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/runtime"
	"github.com/swinspect/swinspect/runtime/fetch"
	"github.com/swinspect/swinspect/runtime/script"
	"github.com/swinspect/swinspect/runtime/webapi/dom"
	"github.com/swinspect/swinspect/runtime/webapi/idl"
)

// clients is the implementation of Clients.
type clients struct{ global *global }

// Clients is the interface of that name.
//
// Source: https://w3c.github.io/ServiceWorker/#clients-interface
var Clients = &idl.Interface{
	Name: "Clients",
	Members: []idl.Member{
		idl.PromiseMethod("get", 1, func(c *idl.Call) goja.Value { return idl.This[*clients](c).get(c) }),
		idl.PromiseMethod("matchAll", 0, func(c *idl.Call) goja.Value { return idl.This[*clients](c).matchAll(c) }),
		idl.PromiseMethod("openWindow", 1, func(c *idl.Call) goja.Value { return idl.This[*clients](c).openWindow(c) }),
		idl.PromiseMethod("claim", 0, func(c *idl.Call) goja.Value { return idl.This[*clients](c).claim() }),
	},
}

func (s *clients) engine() *runtime.Engine { return s.global.Settings().Engine }

// view asks the engine for a client, off the loop, and settles the promise with
// its object: undefined, or null where the method says so, when there is none.
func view(r *idl.Realm, none goja.Value, ask func(ctx context.Context) (*runtime.ClientView, error)) goja.Value {
	var found *runtime.ClientView
	return r.Async(domManipulation, func(ctx context.Context) (err error) {
		found, err = ask(ctx)
		return err
	}, func(p *script.Promise, err error) { settleView(r, p, none, found, err) })
}

func settleView(r *idl.Realm, p *script.Promise, none goja.Value, found *runtime.ClientView, err error) {
	switch {
	case err != nil:
		p.Reject(reason(r, err))
	case found == nil:
		p.Resolve(none)
	default:
		p.Resolve(newClient(r, *found))
	}
}

func (s *clients) get(c *idl.Call) goja.Value {
	id := c.String(0)
	if found, ok, err := s.engine().ClientNow(s.global.concept, id); ok {
		p := c.Realm.NewPromise()
		objectsOf(c.Realm).queue(domManipulation, func() { settleView(c.Realm, p, goja.Undefined(), found, err) })
		return p.Value
	}
	return view(c.Realm, goja.Undefined(), func(ctx context.Context) (*runtime.ClientView, error) {
		return s.engine().GetClient(ctx, s.global.concept, id)
	})
}

func (s *clients) matchAll(c *idl.Call) goja.Value {
	d := c.Dict(0)
	o := runtime.MatchOptions{
		IncludeUncontrolled: d.Bool("includeUncontrolled", false),
		Type:                d.Enum("type", "window", "ClientType", "window", "worker", "sharedworker", "all"),
	}
	p := c.Realm.NewPromise()
	views := s.engine().MatchClients(s.global.concept, o)
	objectsOf(c.Realm).queue(domManipulation, func() {
		list := make([]goja.Value, len(views))
		for i, v := range views {
			list[i] = newClient(c.Realm, v)
		}
		p.Resolve(dom.Frozen(c.Realm, list))
	})
	return p.Value
}

func (s *clients) openWindow(c *idl.Call) goja.Value {
	u := pageURL(c, s.global)
	return view(c.Realm, goja.Null(), func(ctx context.Context) (*runtime.ClientView, error) {
		return s.engine().OpenWindow(ctx, s.global.concept, u)
	})
}

// pageURL is the URL argument of openWindow and navigate.
func pageURL(c *idl.Call, g *global) *fetch.URL {
	input := c.String(0)
	u, err := fetch.ParseURL(input, g.Settings().BaseURL())
	if err != nil {
		panic(c.Fail("'%s' is not a valid URL.", input))
	}
	if u.WithoutFragment() == "about:blank" {
		panic(c.Fail("'%s' cannot be opened.", input))
	}
	return u
}

func (s *clients) claim() goja.Value {
	p := s.global.Realm().NewPromise()
	err := s.engine().Claim(s.global.concept)
	r := s.global.Realm()
	objectsOf(r).queue(domManipulation, func() {
		if err != nil {
			p.Reject(reason(r, err))
			return
		}
		p.Resolve(nil)
	})
	return p.Value
}
