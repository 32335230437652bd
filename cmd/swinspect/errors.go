package main

import (
	"context"
	"errors"

	"github.com/swinspect/swinspect/cdp"
	"github.com/swinspect/swinspect/inspector"
)

// classify finds the exit status of an error that came from below.
func classify(err error) *failure {
	var (
		refused *inspector.RefusedError
		resolve *cdp.ResolveError
	)
	switch {
	case errors.Is(err, errInterrupted):
		return &failure{exit: exitInterrupted, err: err}
	case errors.As(err, &refused):
		return &failure{exit: exitNo, err: err}
	case errors.Is(err, context.DeadlineExceeded):
		return &failure{exit: exitTimeout, err: err}
	case errors.As(err, &resolve):
		return &failure{exit: exitUnreachable, err: err, hint: resolve.Hint}
	case errors.Is(err, cdp.ErrClosed):
		return &failure{exit: exitUnreachable, err: err, hint: "the browser went away while it was being asked"}
	}
	return &failure{exit: exitNo, err: err}
}
