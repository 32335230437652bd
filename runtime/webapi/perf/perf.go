// Package perf is performance: now, the time origin, marks, measures, and the
// entries of resources whoever makes the realm adds.
//
// Sources: https://w3c.github.io/hr-time/, https://w3c.github.io/performance-timeline/,
// https://w3c.github.io/user-timing/
package perf

import (
	"slices"
	"time"

	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/runtime/webapi/dom"
	"github.com/swinspect/swinspect/runtime/webapi/env"
	"github.com/swinspect/swinspect/runtime/webapi/idl"
)

// Entry is a PerformanceEntry: Start and Duration in milliseconds since the
// time origin; More are further attributes by name, in milliseconds or text.
type Entry struct {
	Name, Type      string
	Start, Duration float64
	Detail          goja.Value
	More            map[string]any
}

// Timeline is the implementation of a Performance object. Of the loop.
type Timeline struct {
	dom.Target
	entries   []*Entry
	observers []*observer
}

type timelineKey struct{}

// Of is the timeline of a realm.
func Of(r *idl.Realm) *Timeline {
	if t, ok := r.Value(timelineKey{}).(*Timeline); ok {
		return t
	}
	t := &Timeline{}
	t.Bind(r, idl.Wrap(r, Performance, t))
	r.SetValue(timelineKey{}, t)
	return t
}

// maxEntries bounds the timeline: the oldest go first.
const maxEntries = 10_000

// Add puts an entry on the timeline and tells observers in a task.
func (t *Timeline) Add(e *Entry) {
	if len(t.entries) >= maxEntries {
		t.entries = t.entries[1:]
	}
	t.entries = append(t.entries, e)
	for _, o := range t.observers {
		o.add(e)
	}
}

// Since is a time as the timeline counts it.
func Since(r *idl.Realm, at time.Time) float64 {
	return float64(at.Sub(dom.TimeOrigin(r)).Microseconds()) / 1000
}

// Interfaces are the interfaces of the package.
var Interfaces = []*idl.Interface{Performance, PerformanceEntry, PerformanceMark, PerformanceMeasure, PerformanceResourceTiming, PerformanceNavigationTiming, PerformanceObserver, PerformanceObserverEntryList}

// Install puts performance on the realm's global; impl is its implementation.
func Install(r *idl.Realm, impl any) {
	dom.TimeOrigin(r)
	idl.Expose(r, Interfaces...)
	idl.Mixin(r, &idl.Interface{Name: "WindowOrWorkerGlobalScope"}, impl, idl.Replaceable("performance",
		func(*idl.Call) goja.Value { return Of(r).Object() }))
}

// forWindows takes away what only windows have.
func forWindows(r *idl.Realm, _, prototype *goja.Object) {
	if env.Has(r.Realm) && env.Of(r.Realm).Kind != env.Window {
		_ = prototype.Delete("timing")
	}
}

// Performance is the interface of that name; the others below are too.
var (
	Performance                 = &idl.Interface{Name: "Performance", Parent: dom.EventTarget, Setup: forWindows}
	PerformanceEntry            = &idl.Interface{Name: "PerformanceEntry"}
	PerformanceMark             = &idl.Interface{Name: "PerformanceMark", Parent: PerformanceEntry, Length: 1}
	PerformanceMeasure          = &idl.Interface{Name: "PerformanceMeasure", Parent: PerformanceEntry}
	PerformanceResourceTiming   = &idl.Interface{Name: "PerformanceResourceTiming", Parent: PerformanceEntry}
	PerformanceNavigationTiming = &idl.Interface{Name: "PerformanceNavigationTiming", Parent: PerformanceResourceTiming}
)

func timeline(c *idl.Call) *Timeline { return idl.This[*Timeline](c) }

func entry(c *idl.Call) *Entry { return idl.This[*Entry](c) }

// object is the JavaScript object of an entry.
func object(r *idl.Realm, e *Entry) goja.Value {
	kinds := map[string]*idl.Interface{"mark": PerformanceMark, "measure": PerformanceMeasure, "resource": PerformanceResourceTiming, "navigation": PerformanceNavigationTiming}
	i := kinds[e.Type]
	if i == nil {
		i = PerformanceEntry
	}
	return idl.Wrap(r, i, e)
}

func list(r *idl.Realm, entries []*Entry) goja.Value {
	items := make([]any, len(entries))
	for i, e := range entries {
		items[i] = object(r, e)
	}
	return r.Runtime().NewArray(items...)
}

// filter is "filter buffer by name and type"; empty strings match all.
func filter(entries []*Entry, name, kind string) []*Entry {
	var out []*Entry
	for _, e := range entries {
		if (name == "" || e.Name == name) && (kind == "" || e.Type == kind) {
			out = append(out, e)
		}
	}
	slices.SortStableFunc(out, func(a, b *Entry) int {
		switch {
		case a.Start < b.Start:
			return -1
		case a.Start > b.Start:
			return 1
		}
		return 0
	})
	return out
}

func init() {
	clear := func(kind string) idl.Native {
		return func(c *idl.Call) goja.Value {
			t, name := timeline(c), c.StringOr(0, "")
			t.entries = slices.DeleteFunc(t.entries, func(e *Entry) bool { return e.Type == kind && (name == "" || e.Name == name) })
			return nil
		}
	}
	Performance.Members = []idl.Member{
		idl.Method("now", 0, func(c *idl.Call) goja.Value { timeline(c); return c.Value(dom.Now(c.Realm)) }),
		idl.Attr("timeOrigin", func(c *idl.Call) goja.Value {
			timeline(c)
			return c.Value(float64(dom.TimeOrigin(c.Realm).UnixMicro()) / 1000)
		}, nil),
		idl.Attr("timing", func(c *idl.Call) goja.Value { return timeline(c).timing(c) }, nil),
		idl.Method("toJSON", 0, func(c *idl.Call) goja.Value {
			timeline(c)
			o := c.Runtime().NewObject()
			_ = o.Set("timeOrigin", float64(dom.TimeOrigin(c.Realm).UnixMicro())/1000)
			return o
		}),
		idl.Method("mark", 1, mark), idl.Method("measure", 1, measure),
		idl.Method("clearMarks", 0, clear("mark")), idl.Method("clearMeasures", 0, clear("measure")),
		idl.Method("clearResourceTimings", 0, clear("resource")),
		idl.Method("setResourceTimingBufferSize", 1, func(c *idl.Call) goja.Value { timeline(c); return nil }),
		idl.Method("getEntries", 0, func(c *idl.Call) goja.Value { return list(c.Realm, filter(timeline(c).entries, "", "")) }),
		idl.Method("getEntriesByType", 1, func(c *idl.Call) goja.Value {
			return list(c.Realm, filter(timeline(c).entries, "", c.String(0)))
		}),
		idl.Method("getEntriesByName", 1, func(c *idl.Call) goja.Value {
			return list(c.Realm, filter(timeline(c).entries, c.String(0), c.StringOr(1, "")))
		}),
		dom.Handler("resourcetimingbufferfull"),
	}
	PerformanceEntry.Members = []idl.Member{
		idl.Attr("name", func(c *idl.Call) goja.Value { return c.Value(entry(c).Name) }, nil),
		idl.Attr("entryType", func(c *idl.Call) goja.Value { return c.Value(entry(c).Type) }, nil),
		idl.Attr("startTime", func(c *idl.Call) goja.Value { return c.Value(entry(c).Start) }, nil),
		idl.Attr("duration", func(c *idl.Call) goja.Value { return c.Value(entry(c).Duration) }, nil),
		idl.Method("toJSON", 0, func(c *idl.Call) goja.Value {
			e, o := entry(c), c.Runtime().NewObject()
			for _, p := range []struct {
				name  string
				value any
			}{{"name", e.Name}, {"entryType", e.Type}, {"startTime", e.Start}, {"duration", e.Duration}} {
				_ = o.Set(p.name, p.value)
			}
			for name, value := range e.More {
				_ = o.Set(name, value)
			}
			return o
		}),
	}
	detail := idl.Attr("detail", func(c *idl.Call) goja.Value {
		if d := entry(c).Detail; d != nil {
			return d
		}
		return goja.Null()
	}, nil)
	PerformanceMark.New = func(c *idl.Call) any { return newMark(c) }
	PerformanceMark.Members, PerformanceMeasure.Members = []idl.Member{detail}, []idl.Member{detail}
	for name, otherwise := range resourceAttributes {
		PerformanceResourceTiming.Members = append(PerformanceResourceTiming.Members, more(name, otherwise))
	}
	for name, otherwise := range navigationAttributes {
		PerformanceNavigationTiming.Members = append(PerformanceNavigationTiming.Members, more(name, otherwise))
	}
}

var resourceAttributes = map[string]any{
	"initiatorType": "", "nextHopProtocol": "", "deliveryType": "", "workerStart": 0.0, "redirectStart": 0.0, "redirectEnd": 0.0, "fetchStart": 0.0,
	"domainLookupStart": 0.0, "domainLookupEnd": 0.0, "connectStart": 0.0, "connectEnd": 0.0, "secureConnectionStart": 0.0,
	"requestStart": 0.0, "responseStart": 0.0, "responseEnd": 0.0, "transferSize": 0.0, "encodedBodySize": 0.0, "decodedBodySize": 0.0, "responseStatus": 0.0,
}

var navigationAttributes = map[string]any{
	"unloadEventStart": 0.0, "unloadEventEnd": 0.0, "domInteractive": 0.0, "domContentLoadedEventStart": 0.0, "domContentLoadedEventEnd": 0.0,
	"domComplete": 0.0, "loadEventStart": 0.0, "loadEventEnd": 0.0, "type": "navigate", "redirectCount": 0.0,
}

func more(name string, otherwise any) idl.Member {
	return idl.Attr(name, func(c *idl.Call) goja.Value {
		if v, ok := entry(c).More[name]; ok {
			return c.Value(v)
		}
		return c.Value(otherwise)
	}, nil)
}

// timing is the old performance.timing: milliseconds since 1970 of the navigation.
func (t *Timeline) timing(c *idl.Call) goja.Value {
	o := c.Runtime().NewObject()
	origin := float64(dom.TimeOrigin(c.Realm).UnixMilli())
	_ = o.Set("navigationStart", origin)
	for _, e := range t.entries {
		if e.Type == "navigation" {
			for name, v := range e.More {
				if ms, ok := v.(float64); ok {
					_ = o.Set(name, origin+ms)
				}
			}
		}
	}
	return o
}

func newMark(c *idl.Call) *Entry {
	e := &Entry{Name: c.String(0), Type: "mark", Start: dom.Now(c.Realm)}
	d := c.Dict(1)
	if v, ok := d.Get("startTime"); ok {
		if e.Start = idl.Double(c, v); e.Start < 0 {
			panic(c.Fail("'%s' cannot have a negative start time.", e.Name))
		}
	}
	e.Detail, _ = d.Get("detail")
	return e
}

func mark(c *idl.Call) goja.Value {
	e := newMark(c)
	timeline(c).Add(e)
	return object(c.Realm, e)
}

// measure is the measure() method.
func measure(c *idl.Call) goja.Value {
	t := timeline(c)
	e := &Entry{Name: c.String(0), Type: "measure"}
	end := dom.Now(c.Realm)
	if o, ok := c.Arg(1).(*goja.Object); ok {
		d := idl.ToDict(c, o)
		e.Detail, _ = d.Get("detail")
		length, hasLength := d.Get("duration")
		from, hasFrom := d.Get("start")
		to, hasTo := d.Get("end")
		if hasTo {
			end = t.at(c, to)
		}
		if hasFrom {
			e.Start = t.at(c, from)
		} else if hasLength && hasTo {
			e.Start = end - idl.Double(c, length)
		}
		if hasLength && hasFrom && !hasTo {
			end = e.Start + idl.Double(c, length)
		}
	} else if c.Has(1) {
		e.Start = t.at(c, c.Arg(1))
	}
	if c.Has(2) {
		end = t.at(c, c.Arg(2))
	}
	e.Duration = end - e.Start
	t.Add(e)
	return object(c.Realm, e)
}

// at is a time, or the start of the newest mark of that name.
func (t *Timeline) at(c *idl.Call, v goja.Value) float64 {
	if _, isText := v.Export().(string); !isText {
		return idl.Double(c, v)
	}
	name := idl.ToString(c, v)
	for _, e := range slices.Backward(t.entries) {
		if e.Type == "mark" && e.Name == name {
			return e.Start
		}
	}
	panic(c.Exception("SyntaxError", "The mark '%s' does not exist.", name))
}
