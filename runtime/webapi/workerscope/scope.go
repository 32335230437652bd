// Package workerscope is what the global of every worker has, whatever its kind:
// WorkerGlobalScope, WorkerLocation, WorkerNavigator, and the reporting of
// exceptions and rejections at it.
//
// Source: https://html.spec.whatwg.org/#workers
package workerscope

import (
	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/runtime/webapi/dom"
	"github.com/swinspect/swinspect/runtime/webapi/env"
	"github.com/swinspect/swinspect/runtime/webapi/idl"
)

// Scope is the implementation of a WorkerGlobalScope: the globals of the kinds of
// worker embed it.
type Scope struct {
	dom.Target
	settings            *env.Settings
	location, navigator *goja.Object

	// ImportScripts is importScripts() for URLs that are still to be parsed.
	ImportScripts func(c *idl.Call, urls []string)
	// Uncaught is told of an exception or a rejection (rejected) that no handler of
	// the global dealt with.
	Uncaught func(e *Uncaught)
}

// Like is any implementation of a worker's global.
type Like interface {
	dom.TargetLike
	Worker() *Scope
}

// Worker is the scope itself.
func (s *Scope) Worker() *Scope { return s }

// Settings is the global's environment.
func (s *Scope) Settings() *env.Settings { return s.settings }

// Interface is WorkerGlobalScope.
var Interface = &idl.Interface{
	Name: "WorkerGlobalScope", Parent: dom.EventTarget,
	Members: []idl.Member{
		idl.Attr("self", func(c *idl.Call) goja.Value { this(c); return c.Realm.Global() }, nil),
		idl.Attr("location", func(c *idl.Call) goja.Value { return this(c).locationObject() }, nil),
		idl.Attr("navigator", func(c *idl.Call) goja.Value { return this(c).NavigatorObject() }, nil),
		idl.Method("importScripts", 0, func(c *idl.Call) goja.Value {
			s := this(c)
			urls := make([]string, len(c.Args))
			for i := range c.Args {
				urls[i] = c.String(i)
			}
			s.ImportScripts(c, urls)
			return nil
		}),
		dom.Handler("error"), dom.Handler("languagechange"), dom.Handler("offline"), dom.Handler("online"),
		dom.Handler("rejectionhandled"), dom.Handler("unhandledrejection"),
	},
}

func this(c *idl.Call) *Scope { return idl.This[Like](c).Worker() }

// Interfaces are all of the package, for idl.Expose.
var Interfaces = []*idl.Interface{Interface, WorkerLocation, WorkerNavigator}

// Install makes the realm's global an object of interface i, whose parent is
// Interface, with that implementation.
func Install(r *idl.Realm, i *idl.Interface, impl Like) {
	s := impl.Worker()
	s.settings = env.Of(r.Realm)
	s.Bind(r, r.Global())
	idl.Expose(r, Interfaces...)
	idl.Expose(r, i)
	idl.Global(r, i, impl)
	// goja's global says it is a "global"; its prototype knows better.
	_ = r.Global().DeleteSymbol(goja.SymToStringTag)
	freezeChain(r)
	s.report(r)
}
