package dap

import (
	"context"
	"errors"
	"fmt"
	"strings"

	godap "github.com/google/go-dap"

	"github.com/swinspect/swinspect/breakpoints"
	"github.com/swinspect/swinspect/inspector/debugger"
)

// shownError is an error that the editor should show by itself, not only log.
type shownError struct{ err error }

func (e *shownError) Error() string { return e.err.Error() }
func (e *shownError) Unwrap() error { return e.err }

// shown makes an error that the editor shows to the user.
func shown(format string, args ...any) error { return &shownError{fmt.Errorf(format, args...)} }

// The ids of errors, for clients that branch on them.
const (
	idOther = iota + 1
	idCancelled
	idNotPaused
	idDriven
	idInvalid
	idThrown
)

// failed is the message and the body of the response to a request that failed.
func failed(err error) (message string, body *godap.ErrorResponseBody) {
	var (
		driven  *debugger.DrivenError
		invalid *breakpoints.InvalidError
		thrown  *debugger.ThrownError
		show    *shownError
	)
	text, id := err.Error(), idOther
	visible := errors.As(err, &show)
	message = text
	switch {
	case errors.Is(err, context.Canceled):
		message, text, id = "cancelled", "cancelled", idCancelled
	case errors.Is(err, context.DeadlineExceeded):
		text = "the browser did not answer in time"
		message = text
	case errors.Is(err, debugger.ErrNotPaused):
		message, id = "notStopped", idNotPaused
	case errors.As(err, &driven):
		text = fmt.Sprintf("%s drives the debugger: .drive in the debug console takes over", driven.By)
		message, id, visible = text, idDriven, true
	case errors.As(err, &invalid):
		id = idInvalid
	case errors.As(err, &thrown):
		id = idThrown
	}
	m := &godap.ErrorMessage{Id: id, Format: text, ShowUser: visible}
	if strings.ContainsAny(text, "{}") { // braces are places for variables
		m.Format, m.Variables = "{error}", map[string]string{"error": text}
	}
	return message, &godap.ErrorResponseBody{Error: m}
}
