package cdp

import (
	"context"
	"fmt"
	"reflect"
	"strings"

	cdproto "github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/cdp/jsonv2"
)

// Mux is the table of commands a kind of session understands: the browser's, a
// page's and a worker's differ.
//
// Concurrency: fill it before it is served; it is read only from then on, by any
// number of sessions.
type Mux struct {
	handlers map[string]handler
}

// handler runs one command and returns its encoded result.
type handler func(ctx context.Context, s *ServerSession, params jsonv2.Value) (jsonv2.Value, error)

// NewMux returns an empty table: every command "wasn't found".
func NewMux() *Mux { return &Mux{handlers: map[string]handler{}} }

// Handle registers the handler of a command, typed by the cdproto value of that
// command. Two handlers for one command are a mistake of the program: a panic.
//
// The handler's context ends with the session. What it returns as an error
// becomes the error reply: a [*MessageError] or [*CallError] as it is, any other
// with CodeServerError and its text. A handler that panics answers
// CodeInternalError. Parameters that do not decode, or lack a field that the
// protocol does not call optional, are answered CodeInvalidParams before the
// handler runs.
//
// A handler that has to wait for something another command brings about returns
// [Later]: until it returns, the commands behind it in its session wait.
func Handle[P, R any](m *Mux, c cdproto.Command[P, R], h func(context.Context, *ServerSession, P) (R, error)) {
	if _, taken := m.handlers[c.Method]; taken {
		panic("cdp: two handlers for " + c.Method)
	}
	required := requiredFields(reflect.TypeFor[P]())
	m.handlers[c.Method] = func(ctx context.Context, s *ServerSession, raw jsonv2.Value) (jsonv2.Value, error) {
		var params P
		if err := decodeParams(raw, required, &params); err != nil {
			return nil, err
		}
		result, err := h(ctx, s, params)
		if err != nil {
			return nil, err
		}
		return encodeResult(result)
	}
}

// Methods are the commands the table holds, in no order.
func (m *Mux) Methods() []string {
	methods := make([]string, 0, len(m.handlers))
	for method := range m.handlers {
		methods = append(methods, method)
	}
	return methods
}

// requiredFields are the names of the parameters that are not optional: cdproto
// tags the optional ones omitempty.
func requiredFields(t reflect.Type) []string {
	if t.Kind() != reflect.Struct {
		return nil
	}
	var names []string
	for i := range t.NumField() {
		name, options, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		if t.Field(i).IsExported() && name != "" && name != "-" && !strings.Contains(options, "omit") {
			names = append(names, name)
		}
	}
	return names
}

func decodeParams(raw jsonv2.Value, required []string, params any) error {
	if len(raw) == 0 || raw.Kind() == 'n' {
		raw = jsonv2.Value("{}")
	}
	if raw.Kind() != '{' {
		return &MessageError{Code: CodeInvalidParams, Message: "Invalid parameters", Data: "params: object expected"}
	}
	if len(required) > 0 {
		var fields map[string]jsonv2.Value
		if err := Decode(raw, &fields); err != nil {
			return &MessageError{Code: CodeInvalidParams, Message: "Invalid parameters", Data: err.Error()}
		}
		for _, name := range required {
			if _, ok := fields[name]; !ok {
				return &MessageError{
					Code: CodeInvalidParams, Message: "Invalid parameters",
					Data: fmt.Sprintf("Failed to deserialize params.%s - BINDINGS: mandatory field missing", name),
				}
			}
		}
	}
	if err := Decode(raw, params); err != nil {
		return &MessageError{Code: CodeInvalidParams, Message: "Invalid parameters", Data: err.Error()}
	}
	return nil
}

func encodeResult(result any) (jsonv2.Value, error) {
	raw, err := Encode(result)
	if err != nil {
		return nil, &MessageError{Code: CodeInternalError, Message: "Internal error", Data: err.Error()}
	}
	return raw, nil
}

// Later lets a handler wait without holding up the commands behind it in its
// session: what the handler did so far was done in order, wait runs beside them
// and gives the reply. Use it as the handler's return value:
//
//	cdp.Handle(m, runtime.Evaluate, func(ctx context.Context, s *cdp.ServerSession, p runtime.EvaluateParams) (runtime.EvaluateResult, error) {
//		done := agent.Queue(p.Expression) // in order: what is queued first runs first
//		return cdp.Later(func(ctx context.Context) (runtime.EvaluateResult, error) {
//			return done.Wait(ctx) // a breakpoint may stop it: Debugger.resume must get through
//		})
//	})
//
// Without Later, a Runtime.evaluate that hits a breakpoint would wait for a
// Debugger.resume that waits behind it for ever.
func Later[R any](wait func(ctx context.Context) (R, error)) (R, error) {
	var none R
	return none, &laterError{wait: func(ctx context.Context) (jsonv2.Value, error) {
		result, err := wait(ctx)
		if err != nil {
			return nil, err
		}
		return encodeResult(result)
	}}
}

// laterError carries the rest of a handler to the session that runs it.
type laterError struct {
	wait func(context.Context) (jsonv2.Value, error)
}

func (*laterError) Error() string { return "cdp: a Later that was not returned to the server" }
