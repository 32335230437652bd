package devtools

import (
	"context"
	"time"

	cdproto "github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/runtime"
	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/runtime/script"
)

// maxPast is how many console messages of a realm are kept for sessions to come.
const maxPast = 500

// pastMessage is a console call or an exception as it was; its values belong to the loop.
type pastMessage struct {
	level     string
	args      []goja.Value
	exception *script.Exception
	rejection bool
	time      time.Time
	stack     *runtime.StackTrace
}

// console is told of a call of console.*; on the loop.
func (s *Server) console(r *script.Realm, level string, args []goja.Value) {
	if len(args) == 0 && saysNothing[level] {
		return
	}
	s.message(r, pastMessage{level: level, args: args, time: s.clock.Now(), stack: callStack(r)})
}

// saysNothing are the methods whose calls without arguments are not told, as in V8.
var saysNothing = map[string]bool{
	"log": true, "debug": true, "info": true, "error": true, "warning": true, "dir": true, "dirxml": true, "table": true,
}

// exception is told of an uncaught exception; on the loop.
func (s *Server) exception(r *script.Realm, e *script.Exception, rejection bool) {
	s.message(r, pastMessage{exception: e, rejection: rejection, time: s.clock.Now()})
}

func (s *Server) message(r *script.Realm, m pastMessage) {
	s.mu.Lock()
	rs := s.realms[r]
	var listening []*session
	if rs != nil {
		listening = s.sessionsOf(rs.target, "Runtime")
	}
	s.mu.Unlock()
	if rs == nil {
		return
	}
	m.stack = s.named(rs, m.stack)
	rs.past = append(rs.past, m)
	if len(rs.past) > maxPast {
		rs.past = append(rs.past[:0:0], rs.past[maxPast/5:]...)
	}
	for _, x := range listening {
		x.say(rs, m)
	}
}

// say sends a message to a session; on the loop.
func (s *session) say(rs *realmState, m pastMessage) {
	w := rs.worlds[0]
	if m.exception != nil {
		details := s.exceptionDetails(w, m.exception, nil, wrapOptions{group: "console", preview: true})
		if m.rejection {
			details.Text = "Uncaught (in promise)"
		}
		emit(s, runtime.ExceptionThrown, runtime.EventExceptionThrown{Timestamp: runtime.Timestamp(millis(m.time)), ExceptionDetails: details})
		return
	}
	e := runtime.EventConsoleAPICalled{
		Type: runtime.ConsoleAPICalledType(m.level), Args: []*runtime.RemoteObject{}, Timestamp: runtime.Timestamp(millis(m.time)),
		ExecutionContextID: runtime.ExecutionContextID(w.id), StackTrace: m.stack,
	}
	for _, v := range m.args {
		if r, err := s.wrap(w, v, wrapOptions{group: "console", preview: true}); err == nil {
			e.Args = append(e.Args, r)
		}
	}
	emit(s, runtime.ConsoleAPICalled, e)
}

// binding is a function that a client put into its target's realms.
type binding struct {
	session *session
	name    string
	world   string // only in worlds of that name; "" for all
}

func addBinding(_ context.Context, s *session, p runtime.AddBindingParams) (cdproto.Empty, error) {
	s.server.mu.Lock()
	s.bindings[p.Name] = binding{s, p.Name, p.ExecutionContextName}
	s.server.mu.Unlock()
	for _, rs := range s.realmStates() {
		done := make(chan struct{})
		rs.post("Runtime.addBinding", func() { defer close(done); rs.bind(s, p.Name) })
		// A target that computes without end gets it when it can; the reply does not wait.
		_ = done
	}
	return none, nil
}

// bind puts a binding's function into the realm; on the loop.
func (rs *realmState) bind(s *session, name string) {
	call := func(c goja.FunctionCall) goja.Value {
		payload, isString := c.Argument(0).Export().(string)
		if !isString || len(c.Arguments) != 1 {
			panic(rs.realm.Runtime().NewTypeError("Invalid arguments: should be exactly one string."))
		}
		s.server.mu.Lock()
		defer s.server.mu.Unlock()
		if rs.target == nil {
			return goja.Undefined()
		}
		for _, x := range rs.target.sessions {
			if b, bound := x.bindings[name]; bound && x.on["Runtime"] {
				emit(x, runtime.BindingCalled, runtime.EventBindingCalled{
					Name: name, Payload: payload, ExecutionContextID: runtime.ExecutionContextID(s.server.worldNamed(rs, b.world).id),
				})
			}
		}
		return goja.Undefined()
	}
	_ = rs.realm.Global().Set(name, call)
}

// worldNamed is a world of a realm by its name; the main one when there is none.
func (s *Server) worldNamed(rs *realmState, name string) *world {
	for _, w := range rs.worlds {
		if name != "" && w.name == name {
			return w
		}
	}
	return rs.worlds[0]
}
