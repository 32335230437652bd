package window

import (
	"time"

	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/runtime/webapi/dom"
	"github.com/swinspect/swinspect/runtime/webapi/idl"
)

// layoutObserver is an IntersectionObserver or a ResizeObserver.
//
// DIVERGES: there is no layout: all that is observed is told once, as in view and
// without extent, and never again.
type layoutObserver struct {
	realm    *idl.Realm
	object   *goja.Object
	callback goja.Callable
	targets  map[*Node]struct{}
	records  []goja.Value
	queued   bool
	entry    func(o *layoutObserver, w *Node) goja.Value
}

func newLayoutObserver(c *idl.Call, entry func(*layoutObserver, *Node) goja.Value) any {
	return &layoutObserver{realm: c.Realm, object: c.Object, callback: idl.Callback(c, c.Arg(0)), targets: map[*Node]struct{}{}, entry: entry}
}

var (
	intersectionObserver = &idl.Interface{Name: "IntersectionObserver", Length: 1, New: func(c *idl.Call) any { return newLayoutObserver(c, intersection) }}
	resizeObserver       = &idl.Interface{Name: "ResizeObserver", Length: 1, New: func(c *idl.Call) any { return newLayoutObserver(c, resized) }}
)

func init() {
	members := []idl.Member{
		idl.Method("observe", 1, func(c *idl.Call) goja.Value {
			idl.This[*layoutObserver](c).observe(nodeArg(c, 0))
			return nil
		}),
		idl.Method("unobserve", 1, func(c *idl.Call) goja.Value {
			delete(idl.This[*layoutObserver](c).targets, nodeArg(c, 0))
			return nil
		}),
		idl.Method("disconnect", 0, func(c *idl.Call) goja.Value {
			o := idl.This[*layoutObserver](c)
			clear(o.targets)
			o.records = nil
			return nil
		}),
	}
	resizeObserver.Members = members
	intersectionObserver.Members = append(members,
		idl.Method("takeRecords", 0, func(c *idl.Call) goja.Value {
			o := idl.This[*layoutObserver](c)
			records := o.records
			o.records = nil
			return arrayOf(c.Realm, records)
		}),
		idl.Attr("root", func(c *idl.Call) goja.Value { idl.This[*layoutObserver](c); return goja.Null() }, nil),
		idl.Attr("rootMargin", func(c *idl.Call) goja.Value { idl.This[*layoutObserver](c); return c.Value("0px 0px 0px 0px") }, nil),
		idl.Attr("thresholds", func(c *idl.Call) goja.Value { idl.This[*layoutObserver](c); return c.Runtime().NewArray(0) }, nil),
	)
}

func (o *layoutObserver) observe(w *Node) {
	if _, known := o.targets[w]; known {
		return
	}
	o.targets[w] = struct{}{}
	o.records = append(o.records, o.entry(o, w))
	if o.queued {
		return
	}
	o.queued = true
	timer := o.realm.Agent().Clock().AfterFunc(16*time.Millisecond, func() {
		documentOf(o.realm).queue("layout", o.tell)
	})
	o.realm.OnDestroy(func() { timer.Stop() })
}

func (o *layoutObserver) tell() {
	o.queued = false
	records := o.records
	o.records = nil
	if len(records) == 0 {
		return
	}
	if _, err := o.realm.Agent().Call(o.callback, o.object, arrayOf(o.realm, records), o.object); err != nil {
		o.realm.ReportError(err)
	}
}

func intersection(o *layoutObserver, w *Node) goja.Value {
	c := idl.NewCall(o.realm, "IntersectionObserver")
	e := o.realm.Runtime().NewObject()
	in := w.connected()
	ratio := 0
	if in {
		ratio = 1
	}
	for k, v := range map[string]any{
		"target": w.Object(), "isIntersecting": in, "intersectionRatio": ratio, "time": dom.Now(o.realm),
		"boundingClientRect": rect(c), "intersectionRect": rect(c), "rootBounds": rect(c),
	} {
		_ = e.Set(k, v)
	}
	return e
}

func resized(o *layoutObserver, w *Node) goja.Value {
	rt := o.realm.Runtime()
	e, size := rt.NewObject(), rt.NewObject()
	_ = size.Set("inlineSize", 0)
	_ = size.Set("blockSize", 0)
	for k, v := range map[string]any{
		"target": w.Object(), "contentRect": rect(idl.NewCall(o.realm, "ResizeObserver")),
		"borderBoxSize": rt.NewArray(size), "contentBoxSize": rt.NewArray(size), "devicePixelContentBoxSize": rt.NewArray(size),
	} {
		_ = e.Set(k, v)
	}
	return e
}

// requestIdle is requestIdleCallback: soon, with a deadline that is not near.
func requestIdle(c *idl.Call) goja.Value {
	return later(c, time.Millisecond, func() goja.Value {
		deadline := c.Runtime().NewObject()
		_ = deadline.Set("didTimeout", false)
		_ = deadline.Set("timeRemaining", func(goja.FunctionCall) goja.Value { return c.Value(49.9) })
		return deadline
	})
}
