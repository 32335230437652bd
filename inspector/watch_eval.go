package inspector

import (
	"context"
	"errors"
	"strings"

	cdproto "github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/cdp/jsonv2"
	"github.com/chromedp/cdproto/runtime"

	"github.com/swinspect/swinspect/cdp"
)

// scriptError is an exception of a script that swinspect ran.
type scriptError struct{ Message string }

func (e *scriptError) Error() string { return "inspector: script: " + e.Message }

// eval calls a JavaScript function with arguments, awaits it, and decodes what
// it returns (names are case-sensitive). The arguments travel as one JSON text,
// never as code: as values cdproto would leave out empty ones.
func (f *frame) eval(ctx context.Context, out any, fn string, args ...any) error {
	if args == nil {
		args = []any{}
	}
	text, err := cdp.Encode(args)
	if err != nil {
		return err
	}
	value, err := cdp.Encode(string(text))
	if err != nil {
		return err
	}
	yes := true
	params := runtime.CallFunctionOnParams{
		FunctionDeclaration: "(json) => (" + fn + ")(...JSON.parse(json))",
		ExecutionContextID:  f.world, AwaitPromise: &yes, ReturnByValue: &yes, Silent: &yes,
		Arguments: []*runtime.CallArgument{{Value: value}},
	}
	res, err := cdproto.Call(ctx, f.session, runtime.CallFunctionOn, params)
	if err != nil {
		return err
	}
	return evalResult(out, res.Result, res.ExceptionDetails)
}

// evalResult decodes a by-value result or makes an error of an exception.
func evalResult(out any, result *runtime.RemoteObject, exception *runtime.ExceptionDetails) error {
	if exception != nil {
		text := exception.Text
		if exception.Exception != nil && exception.Exception.Description != "" {
			text, _, _ = strings.Cut(exception.Exception.Description, "\n")
		}
		return &scriptError{text}
	}
	if result == nil || len(result.Value) == 0 || out == nil {
		return nil
	}
	return cdp.Decode(jsonv2.Value(result.Value), out)
}

// words is an error in words for people: without the name of the command.
func words(err error) string {
	if call, ok := errors.AsType[*cdp.CallError](err); ok {
		return call.Message
	}
	if script, ok := errors.AsType[*scriptError](err); ok {
		return script.Message
	}
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return "the browser did not answer in time"
	case errors.Is(err, cdp.ErrSessionGone):
		return "its target went away meanwhile"
	case errors.Is(err, cdp.ErrClosed):
		return "the connection to the browser ended"
	}
	return strings.TrimPrefix(err.Error(), "inspector: ")
}
