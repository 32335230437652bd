package serviceworker

import (
	"context"

	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/runtime"
	"github.com/swinspect/swinspect/runtime/webapi/dom"
	"github.com/swinspect/swinspect/runtime/webapi/idl"
	"github.com/swinspect/swinspect/runtime/webapi/messaging"
)

// client is the implementation of a Client or WindowClient: a view of the moment
// at which it was made.
type client struct {
	runtime.ClientView
	ancestors goja.Value
}

// Client is the interface of that name.
//
// Source: https://w3c.github.io/ServiceWorker/#client-interface
var Client = &idl.Interface{
	Name: "Client",
	Members: []idl.Member{
		clientText("url", func(v *client) string { return v.URL }),
		clientText("frameType", func(v *client) string { return v.FrameType }),
		clientText("id", func(v *client) string { return v.ID }),
		clientText("type", func(v *client) string { return string(v.Type) }),
		idl.Method("postMessage", 1, func(c *idl.Call) goja.Value {
			idl.This[*client](c).post(c)
			return nil
		}),
	},
}

// WindowClient is the interface of that name.
var WindowClient = &idl.Interface{
	Name: "WindowClient", Parent: Client,
}

func init() {
	WindowClient.Members = []idl.Member{
		clientText("visibilityState", func(v *client) string { return v.VisibilityState }),
		idl.Attr("focused", func(c *idl.Call) goja.Value { return c.Value(idl.This[*client](c).Focused) }, nil),
		idl.Attr("ancestorOrigins", func(c *idl.Call) goja.Value { return idl.This[*client](c).ancestorOrigins(c.Realm) }, nil),
		idl.PromiseMethod("focus", 0, func(c *idl.Call) goja.Value {
			v, g := idl.This[*client](c), globalOf(c.Realm)
			return view(c.Realm, goja.Null(), func(ctx context.Context) (*runtime.ClientView, error) {
				return g.Settings().Engine.FocusClient(ctx, g.concept, v.ClientView.Client)
			})
		}),
		idl.PromiseMethod("navigate", 1, func(c *idl.Call) goja.Value {
			v, g := idl.This[*client](c), globalOf(c.Realm)
			u := pageURL(c, g)
			return view(c.Realm, goja.Null(), func(ctx context.Context) (*runtime.ClientView, error) {
				return g.Settings().Engine.NavigateClient(ctx, g.concept, v.ClientView.Client, u)
			})
		}),
	}
}

func clientText(name string, get func(*client) string) idl.Member {
	return idl.Attr(name, func(c *idl.Call) goja.Value { return c.Value(get(idl.This[*client](c))) }, nil)
}

// newClient is Create Client, and Create Window Client for a window.
func newClient(r *idl.Realm, v runtime.ClientView) *goja.Object {
	if v.Type == runtime.ClientWindow {
		return idl.Wrap(r, WindowClient, &client{ClientView: v})
	}
	return idl.Wrap(r, Client, &client{ClientView: v})
}

// ancestorOrigins is the same frozen array every time.
func (v *client) ancestorOrigins(r *idl.Realm) goja.Value {
	if v.ancestors == nil {
		list := make([]goja.Value, len(v.AncestorOrigins))
		for i, origin := range v.AncestorOrigins {
			list[i] = r.Runtime().ToValue(origin)
		}
		v.ancestors = dom.Frozen(r, list)
	}
	return v.ancestors
}

func (v *client) post(c *idl.Call) {
	g := globalOf(c.Realm)
	m := messaging.Serialize(c, c.Arg(0), messaging.TransferList(c, 1))
	g.Settings().Engine.PostToClient(g.concept, v.ClientView.Client,
		runtime.Message{Data: m, Origin: g.Settings().Origin.String()})
}

type globalKey struct{}

// globalOf is the service worker's global of a realm.
func globalOf(r *idl.Realm) *global { return r.Value(globalKey{}).(*global) }
