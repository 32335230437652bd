package breakpoints

import (
	"cmp"
	"strconv"
)

// Words say what the breakpoint stops at: "cache miss in pages-* for /app.js".
func (b Breakpoint) Words() string {
	w := b.what()
	if b.Scope != "" {
		w += ", in scope " + b.Scope
	}
	if b.Condition != "" {
		w += ", if " + b.Condition
	}
	if b.Skip > 0 {
		w += ", after " + strconv.Itoa(b.Skip) + " hits"
	}
	if b.Once {
		w += ", once"
	}
	if b.Log != "" {
		w += ", only logs " + quoted(b.Log)
	}
	return w
}

// what is Words without what restricts every kind.
func (b Breakpoint) what() string {
	switch {
	case b.Kind == Line && b.Line != nil:
		w := "line " + strconv.Itoa(b.Line.Line)
		if b.Line.Column > 0 {
			w += ", column " + strconv.Itoa(b.Line.Column)
		}
		return w + " of " + b.Line.URL
	case b.Kind == Event && b.Event != nil:
		if b.Event.Type == "*" {
			return "any event"
		}
		return b.Event.Type + " event"
	case b.Kind == Lifecycle && b.Lifecycle != nil:
		if b.Lifecycle.State == "controllerchange" {
			return "a version takes control of a client"
		}
		return "a version enters " + b.Lifecycle.State
	case b.Kind == Fetch && b.Fetch != nil:
		return b.Fetch.words()
	case b.Kind == Cache && b.Cache != nil:
		w := "cache " + cmp.Or(b.Cache.Operation, "operation")
		if b.Cache.Cache != "" {
			w += " in " + b.Cache.Cache
		}
		if b.Cache.URL != "" {
			w += " for " + b.Cache.URL
		}
		return w
	case b.Kind == Exception && b.Exception != nil:
		return map[string]string{
			"all": "anything thrown", "uncaught": "uncaught exception",
			"rejection": "unhandled rejection", "respondWith": "failed respondWith",
		}[b.Exception.Which]
	}
	return "start of a worker"
}

func (f *FetchAt) words() string {
	w := map[string]string{"": "fetch event", "respondWith": "answer to a fetch event", "request": "request of the worker"}[f.At]
	if f.Method != "" {
		w = f.Method + " " + w
	}
	if f.URL != "" {
		w += " for " + f.URL
	}
	if f.Mode != "" {
		w += ", mode " + f.Mode
	}
	if f.Destination != "" {
		w += ", destination " + f.Destination
	}
	if f.Client != "" {
		w += ", of client " + f.Client
	}
	return w
}
