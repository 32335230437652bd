// Package console is the console namespace object: what scripts say goes to the
// realm's settings.
//
// Source: https://console.spec.whatwg.org/
package console

import (
	"strconv"
	"strings"
	"time"

	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/runtime/webapi/env"
	"github.com/swinspect/swinspect/runtime/webapi/idl"
)

// levels are the methods that just log, with CDP's word for each.
var levels = []struct{ method, level string }{
	{"debug", "debug"}, {"error", "error"}, {"info", "info"}, {"log", "log"}, {"warn", "warning"}, {"dir", "dir"}, {"dirxml", "dirxml"},
	{"table", "table"}, {"trace", "trace"}, {"clear", "clear"}, {"group", "startGroup"}, {"groupCollapsed", "startGroupCollapsed"},
	{"groupEnd", "endGroup"}, {"profile", "profile"}, {"profileEnd", "profileEnd"}, {"timeStamp", "timeStamp"},
}

// Install defines console on the realm's global.
func Install(r *idl.Realm) {
	idl.Lazy(r, "console", func() goja.Value { return build(r) })
}

// state is what console counts, per realm.
type state struct {
	realm  *idl.Realm
	counts map[string]int
	timers map[string]time.Time
}

func (s *state) say(level string, args []goja.Value) {
	if report := env.Of(s.realm.Realm).Console; report != nil {
		report(level, args)
	}
}

func (s *state) text(level, text string) { s.say(level, []goja.Value{s.realm.Runtime().ToValue(text)}) }

func label(c goja.FunctionCall) string {
	if goja.IsUndefined(c.Argument(0)) {
		return "default"
	}
	return c.Argument(0).String()
}

func build(r *idl.Realm) goja.Value {
	s := &state{realm: r, counts: map[string]int{}, timers: map[string]time.Time{}}
	o := r.Runtime().NewObject()
	prototype := r.Runtime().NewObject()
	_ = o.SetPrototype(prototype)
	_ = o.DefineDataPropertySymbol(goja.SymToStringTag, r.Runtime().ToValue("console"), goja.FLAG_FALSE, goja.FLAG_TRUE, goja.FLAG_FALSE)
	define := func(name string, f func(c goja.FunctionCall)) {
		_ = o.Set(name, idl.Function(r, name, 0, func(c goja.FunctionCall) goja.Value { f(c); return goja.Undefined() }))
	}
	for _, l := range levels {
		define(l.method, func(c goja.FunctionCall) { s.say(l.level, c.Arguments) })
	}
	define("assert", func(c goja.FunctionCall) {
		if !c.Argument(0).ToBoolean() {
			s.say("assert", c.Arguments[min(1, len(c.Arguments)):])
		}
	})
	s.counting(define)
	s.timing(define)
	return o
}

func (s *state) counting(define func(string, func(goja.FunctionCall))) {
	define("count", func(c goja.FunctionCall) {
		s.counts[label(c)]++
		s.text("count", label(c)+": "+strconv.Itoa(s.counts[label(c)]))
	})
	define("countReset", func(c goja.FunctionCall) {
		if _, known := s.counts[label(c)]; !known {
			s.text("warning", "Count for '"+label(c)+"' does not exist")
			return
		}
		s.counts[label(c)] = 0
	})
}

func (s *state) timing(define func(string, func(goja.FunctionCall))) {
	now := func() time.Time { return s.realm.Agent().Clock().Now() }
	since := func(c goja.FunctionCall) (string, bool) {
		start, known := s.timers[label(c)]
		if !known {
			s.text("warning", "Timer '"+label(c)+"' does not exist")
			return "", false
		}
		ms := strconv.FormatFloat(float64(now().Sub(start).Microseconds())/1000, 'f', -1, 64)
		return label(c) + ": " + ms + " ms", true
	}
	define("time", func(c goja.FunctionCall) {
		if _, known := s.timers[label(c)]; known {
			s.text("warning", "Timer '"+label(c)+"' already exists")
			return
		}
		s.timers[label(c)] = now()
	})
	define("timeLog", func(c goja.FunctionCall) {
		if text, ok := since(c); ok {
			args := []goja.Value{s.realm.Runtime().ToValue(text)}
			s.say("log", append(args, c.Arguments[min(1, len(c.Arguments)):]...))
		}
	})
	define("timeEnd", func(c goja.FunctionCall) {
		if text, ok := since(c); ok {
			delete(s.timers, label(c))
			s.text("timeEnd", text)
		}
	})
}

// Text is what a call of console says, as one line: for logs. It runs no script.
func Text(args []goja.Value) string {
	parts := make([]string, len(args))
	for i, v := range args {
		switch v := v.(type) {
		case *goja.Object:
			parts[i] = "[object " + v.ClassName() + "]"
		case *goja.Symbol:
			parts[i] = "Symbol(" + v.String() + ")"
		default:
			parts[i] = v.String()
		}
	}
	return strings.Join(parts, " ")
}
