package runtime

import "fmt"

// ScriptError is an exception a script threw: its text, and where.
type ScriptError struct {
	Name, Message, Stack string
	URL                  string
	Line, Column         int // from 1; 0 when unknown
	// Value is the thrown value of the realm it came from; opaque here.
	Value any
	// InPromise is set for the reason of a promise that nobody handled.
	InPromise bool
	// Reported is set when the agent saw to it that Worker.ReportError was told, or
	// that a script handled it: the engine does not tell of it again.
	Reported bool
}

// Uncaught is what browsers say of an exception that nobody caught, or with
// inPromise of a promise's rejection that nobody handled.
func Uncaught(err error, inPromise bool) string {
	if inPromise {
		return "Uncaught (in promise) " + err.Error()
	}
	return "Uncaught " + err.Error()
}

func (e *ScriptError) Error() string {
	if e.Name == "" {
		return e.Message
	}
	return e.Name + ": " + e.Message
}

// RejectedError is a promise given to waitUntil or respondWith that was rejected.
type RejectedError struct{ Reason error }

func (e *RejectedError) Error() string { return "the promise was rejected: " + e.Reason.Error() }

// Unwrap is the reason.
func (e *RejectedError) Unwrap() error { return e.Reason }

// TimeoutError is an event that took longer than it may.
type TimeoutError struct {
	What  string // "the fetch event", "the script"
	Limit string // "30 s"
	CPU   bool   // the limit was on computing time, not on waiting
}

func (e *TimeoutError) Error() string {
	if e.CPU {
		return fmt.Sprintf("%s computed for more than %s", e.What, e.Limit)
	}
	return fmt.Sprintf("%s took longer than %s", e.What, e.Limit)
}

// TerminatedError is the end of the worker something waited for.
type TerminatedError struct{ Reason error }

func (e *TerminatedError) Error() string { return "the worker was terminated: " + e.Reason.Error() }

// Unwrap is the reason.
func (e *TerminatedError) Unwrap() error { return e.Reason }

// Exception is an error that a script sees as a DOMException of that name, or as
// a TypeError when Name is "TypeError".
type Exception struct{ Name, Message string }

func (e *Exception) Error() string { return e.Name + ": " + e.Message }
