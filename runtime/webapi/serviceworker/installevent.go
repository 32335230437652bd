package serviceworker

import (
	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/runtime"
	"github.com/swinspect/swinspect/runtime/webapi/extendable"
	"github.com/swinspect/swinspect/runtime/webapi/idl"
)

// installEvent is the implementation of an InstallEvent.
type installEvent struct{ extendable.Event }

// InstallEvent is the interface of that name.
//
// Source: https://w3c.github.io/ServiceWorker/#installevent-interface
var InstallEvent = &idl.Interface{
	Name: "InstallEvent", Parent: extendable.Interface, Length: 1,
	New: func(c *idl.Call) any {
		e := &installEvent{}
		extendable.Init(c, e)
		return e
	},
	Members: []idl.Member{
		idl.PromiseMethod("addRoutes", 1, func(c *idl.Call) goja.Value { return idl.This[*installEvent](c).addRoutes(c) }),
	},
}

// addRoutes is the method of that name.
func (e *installEvent) addRoutes(c *idl.Call) goja.Value {
	rules := routerRules(c, c.Arg(0))
	g := globalOf(c.Realm)
	// addRoutes 3 to 7: the event lives until the rules are in, and does not fail
	// when they are refused.
	e.CheckActive(c)
	err := g.concept.AddRoutes(rules)
	p := c.Realm.NewPromise()
	e.Extend()
	objectsOf(c.Realm).queue(domManipulation, func() {
		if err != nil {
			p.Reject(reason(c.Realm, err))
		} else {
			p.Resolve(nil)
		}
		e.ReleaseSoon()
	})
	return p.Value
}

// routerRules converts (RouterRule or sequence<RouterRule>).
func routerRules(c *idl.Call, v goja.Value) []runtime.RouterRule {
	o, ok := v.(*goja.Object)
	if !ok {
		if idl.IsNullish(v) {
			return []runtime.RouterRule{routerRule(c, v)}
		}
		panic(c.Fail("The provided value is not of type '(RouterRule or sequence<RouterRule>)'."))
	}
	if idl.IsNullish(o.GetSymbol(goja.SymIterator)) {
		return []runtime.RouterRule{routerRule(c, v)}
	}
	rules := []runtime.RouterRule{}
	for _, item := range idl.Sequence(c, o) {
		rules = append(rules, routerRule(c, item))
	}
	return rules
}

func routerRule(c *idl.Call, v goja.Value) runtime.RouterRule {
	d := idl.ToDict(c, v)
	condition, ok := d.Get("condition")
	if !ok {
		panic(c.Fail("Failed to read the 'condition' property from 'RouterRule': Required member is undefined."))
	}
	rule := runtime.RouterRule{Condition: routerCondition(c, condition, 0)}
	source, ok := d.Get("source")
	if !ok {
		panic(c.Fail("Failed to read the 'source' property from 'RouterRule': Required member is undefined."))
	}
	rule.Source = routerSource(c, source)
	return rule
}

func routerSource(c *idl.Call, v goja.Value) runtime.RouterSource {
	if _, object := v.(*goja.Object); object || idl.IsNullish(v) {
		s := runtime.RouterSource{Enum: "cache"}
		if name, ok := idl.ToDict(c, v).Get("cacheName"); ok {
			text := idl.ToString(c, name)
			s.CacheName = &text
		}
		return s
	}
	return runtime.RouterSource{Enum: idl.Enum(c, v, "RouterSourceEnum", "cache", "fetch-event", "network", "race-network-and-fetch-handler")}
}

// maxConversionDepth ends the conversion of a condition that contains itself; the
// engine's own limit is far below.
const maxConversionDepth = 100

// routerCondition converts a RouterCondition, its members in lexicographical order.
func routerCondition(c *idl.Call, v goja.Value, depth int) runtime.RouterCondition {
	if depth > maxConversionDepth {
		panic(c.Fail("The conditions are nested too deeply."))
	}
	d := idl.ToDict(c, v)
	var out runtime.RouterCondition
	if not, ok := d.Get("not"); ok {
		inner := routerCondition(c, not, depth+1)
		out.Not = &inner
	}
	if or, ok := d.Get("or"); ok {
		out.HasOr, out.Or = true, []runtime.RouterCondition{}
		for _, item := range idl.Sequence(c, or) {
			out.Or = append(out.Or, routerCondition(c, item, depth+1))
		}
	}
	text := func(name string, convert func(goja.Value) string) *string {
		member, ok := d.Get(name)
		if !ok {
			return nil
		}
		s := convert(member)
		return &s
	}
	out.RequestDestination = text("requestDestination", func(v goja.Value) string { return idl.Enum(c, v, "RequestDestination", destinations...) })
	out.RequestMethod = text("requestMethod", func(v goja.Value) string { return idl.ByteString(c, v) })
	out.RequestMode = text("requestMode", func(v goja.Value) string {
		return idl.Enum(c, v, "RequestMode", "navigate", "same-origin", "no-cors", "cors")
	})
	out.RunningStatus = d.Enum("runningStatus", "", "RunningStatus", "running", "not-running")
	if pattern, ok := d.Get("urlPattern"); ok {
		out.URLPattern = urlPattern(c, pattern)
	}
	return out
}

var destinations = []string{
	"", "audio", "audioworklet", "document", "embed", "font", "frame", "iframe", "image", "json", "manifest", "object",
	"paintworklet", "report", "script", "sharedworker", "style", "text", "track", "video", "worker", "xslt",
}
