package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

// run is the whole program: it reads args, writes to io and returns the exit
// status. It ends when ctx does.
func run(ctx context.Context, args []string, io stdio) int {
	ctx, release := interruptible(ctx)
	defer release()
	root := newRoot(io)
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if err != nil && ctx.Err() != nil && errors.Is(context.Cause(ctx), errInterrupted) {
		err = errInterrupted
	}
	return exitStatus(io, err)
}

// errInterrupted is the cause of a context that Ctrl-C ended.
var errInterrupted = errors.New("interrupted")

// interruptible ends the context at the first Ctrl-C or SIGTERM. After it the
// signals have their usual effect again, so that a second Ctrl-C kills. The
// caller calls release, which waits for the one goroutine.
func interruptible(ctx context.Context) (_ context.Context, release func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	done := make(chan struct{})
	go func() {
		defer close(done)
		select {
		case <-signals:
			cancel(errInterrupted)
		case <-ctx.Done():
		}
		signal.Stop(signals)
	}()
	return ctx, func() {
		cancel(nil)
		<-done
	}
}

// The exit statuses.
const (
	exitOK          = 0
	exitNo          = 1 // it ran and the answer is no: not found, no effect, failed
	exitUsage       = 2
	exitUnreachable = 3
	exitTimeout     = 4
	exitInterrupted = 130
)

// failure is an error with the exit status it leads to and what to do about it.
type failure struct {
	exit int
	err  error
	hint string // further lines for the user, "" for none
}

func (f *failure) Error() string { return f.err.Error() }
func (f *failure) Unwrap() error { return f.err }

// usage is a mistake in how the command was called.
func usage(format string, args ...any) error {
	return &failure{exit: exitUsage, err: fmt.Errorf(format, args...)}
}

// errSaid ends a command with status 1 after it has already said why.
var errSaid = &failure{exit: exitNo, err: errors.New("")}

// exitStatus tells the user what went wrong and gives the exit status.
func exitStatus(io stdio, err error) int {
	if err == nil {
		return exitOK
	}
	var f *failure
	if !errors.As(err, &f) {
		f = classify(err)
	}
	if text := err.Error(); text != "" {
		io.say("swinspect: %s", text)
		if f.hint != "" {
			io.say("%s", f.hint)
		}
	}
	return f.exit
}
