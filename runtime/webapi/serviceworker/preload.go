package serviceworker

import (
	"strings"

	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/runtime"
	"github.com/swinspect/swinspect/runtime/webapi/idl"
)

// preloadManager is the implementation of a NavigationPreloadManager.
type preloadManager struct{ registration *registration }

// NavigationPreloadManager is the interface of that name.
//
// Source: https://w3c.github.io/ServiceWorker/#navigation-preload-manager
var NavigationPreloadManager = &idl.Interface{
	Name: "NavigationPreloadManager",
	Members: []idl.Member{
		idl.PromiseMethod("enable", 0, func(c *idl.Call) goja.Value {
			return changePreload(c, func(r *runtime.Registration) error { return r.SetNavigationPreload(true) })
		}),
		idl.PromiseMethod("disable", 0, func(c *idl.Call) goja.Value {
			return changePreload(c, func(r *runtime.Registration) error { return r.SetNavigationPreload(false) })
		}),
		idl.PromiseMethod("setHeaderValue", 1, func(c *idl.Call) goja.Value {
			// NavigationPreloadManager.setHeaderValue() 1: DIVERGES: line ends are not
			// stripped but refused, as browsers do it and their tests expect.
			value := strings.Trim(idl.ByteString(c, c.Arg(0)), " \t")
			if strings.ContainsAny(value, "\x00\r\n") {
				panic(c.Fail("The string provided to setHeaderValue ('%s') is not a valid HTTP header field value.", value))
			}
			return changePreload(c, func(r *runtime.Registration) error { return r.SetNavigationPreloadHeader(value) })
		}),
		idl.PromiseMethod("getState", 0, preloadState),
	},
}

func (r *registration) preloadManager() goja.Value {
	if r.preload == nil {
		r.preload = idl.Wrap(r.Realm(), NavigationPreloadManager, &preloadManager{r})
	}
	return r.preload
}

// changePreload makes a change and settles the promise in a task.
func changePreload(c *idl.Call, change func(*runtime.Registration) error) goja.Value {
	m := idl.This[*preloadManager](c)
	p := c.Realm.NewPromise()
	err := change(m.registration.concept)
	objectsOf(c.Realm).queue(domManipulation, func() {
		if err != nil {
			p.Reject(reason(c.Realm, err))
			return
		}
		p.Resolve(nil)
	})
	return p.Value
}

func preloadState(c *idl.Call) goja.Value {
	m := idl.This[*preloadManager](c)
	p := c.Realm.NewPromise()
	state := m.registration.concept.Snapshot().NavigationPreload
	objectsOf(c.Realm).queue(domManipulation, func() {
		rt := c.Runtime()
		dictionary := rt.NewObject()
		_ = dictionary.Set("enabled", state.Enabled)
		_ = dictionary.Set("headerValue", idl.FromByteString(rt, state.HeaderValue))
		p.Resolve(dictionary)
	})
	return p.Value
}
