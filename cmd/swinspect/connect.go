package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/swinspect/swinspect/cdp"
	"github.com/swinspect/swinspect/inspector"
)

// session is one attached browser for the time of a command.
type session struct {
	connection
	io      stdio
	hub     *inspector.Hub
	browser *inspector.Browser
	tape    *tape // what --attach names when it is a recording; nil: a browser
}

// open attaches to the browser that the flags, the environment or a look around
// this machine name. The caller closes the session.
func (c connection) open(cmd *cobra.Command, io stdio) (*session, error) {
	if err := c.fromEnv(cmd, io); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(cmd.Context(), c.timeout)
	defer cancel()
	defer io.progress("attaching")()
	if isRecording(c.attach) {
		return c.openTape(ctx, io)
	}
	if c.at != "" {
		return nil, usage("--at is a moment of a recording: name one with --attach FILE.swrec")
	}
	if c.attach == "" {
		input, err := theOneBrowser(ctx)
		if err != nil {
			return nil, err
		}
		c.attach = input
	}
	s := &session{connection: c, io: io, hub: inspector.NewHub(inspector.HubOptions{})}
	b, err := s.hub.Attach(ctx, inspector.AttachOptions{Endpoint: c.attach})
	if err != nil {
		return nil, errors.Join(unreachable(ctx, c, err), s.hub.Close())
	}
	s.browser = b
	s.settle(ctx)
	return s, nil
}

// settleWithin bounds how long a command waits for storage keys.
const settleWithin = 5 * time.Second

// settle reads the storage keys that are in doubt: events do not carry them. What
// stays in doubt is printed as "inferred".
func (s *session) settle(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, settleWithin)
	defer cancel()
	// Not settling in time is no error: the doubt is part of the answer.
	_ = s.browser.SettleKeys(ctx)
}

// unreachable is the failure to attach within ctx, as exit status 4 when time ran
// out, 2 when what was given is no endpoint, and 3 otherwise.
func unreachable(ctx context.Context, c connection, err error) error {
	f := &failure{exit: exitUnreachable, err: err}
	var resolve *cdp.ResolveError
	switch {
	case errors.Is(err, context.DeadlineExceeded) && ctx.Err() != nil:
		f.exit = exitTimeout
		f.err = &quietError{fmt.Sprintf("nothing answered at %s within %s", clean(c.attach), c.timeout), err}
		f.hint = "give it longer: --timeout " + longer(c.timeout).String()
		if c.timeout >= time.Second {
			f.hint += "; or is it no browser's debugging port? swinspect doctor --attach looks closer"
		}
	case errors.Is(err, context.DeadlineExceeded):
		f.exit = exitTimeout
		f.err = &quietError{fmt.Sprintf("nothing answered at %s in time", clean(c.attach)), err}
		f.hint = "is it a browser's debugging port? swinspect doctor --attach looks closer"
	case errors.As(err, &resolve):
		if resolve.Malformed {
			f.exit = exitUsage
		}
		f.err = fmt.Errorf("cannot attach to %s: %s", clean(resolve.Input), clean(resolve.Reason))
		f.hint = resolve.Hint
	default:
		f.err = fmt.Errorf("attaching to %s: %w", clean(c.attach), err)
	}
	return f
}

// longer is a time-out to suggest after one that was too short.
func longer(timeout time.Duration) time.Duration {
	return max(defaultTimeout, 2*timeout)
}

// quietError says something in its own words and keeps its cause.
type quietError struct {
	text  string
	cause error
}

func (e *quietError) Error() string { return e.text }
func (e *quietError) Unwrap() error { return e.cause }

// theOneBrowser is the endpoint of the only browser of this machine that can be
// attached to.
func theOneBrowser(ctx context.Context) (string, error) {
	var ready []string
	var others []string
	for _, f := range cdp.Discover(ctx) {
		if f.State == cdp.StateInstalled {
			continue
		}
		if f.State == cdp.StateReady {
			ready = append(ready, f.Input)
		}
		others = append(others, "  "+foundLine(f))
	}
	switch len(ready) {
	case 1:
		return ready[0], nil
	case 0:
		hint := "start one with --remote-debugging-port=9222 --user-data-dir=DIR and name it with --attach 9222,\nor let swinspect start one: swinspect --launch"
		if len(others) > 0 {
			hint = "found:\n" + strings.Join(others, "\n") + "\n" + hint
		}
		return "", &failure{exit: exitUnreachable, err: errors.New("no browser on this machine can be attached to"), hint: hint}
	}
	return "", &failure{
		exit: exitUsage,
		err:  fmt.Errorf("%d browsers can be attached to: say which with --attach", len(ready)),
		hint: strings.Join(others, "\n"),
	}
}

// foundLine is one thing that Discover found, for people.
func foundLine(f cdp.Found) string {
	line := fmt.Sprintf("%s: %s", clean(f.Product), f.State)
	if f.Input != "" {
		line = clean(f.Input) + "  " + line
	}
	if f.Advice != "" {
		line += ". " + clean(f.Advice)
	}
	return line
}

// close detaches and waits for everything the session started.
func (s *session) close(err *error) {
	if s.tape != nil {
		s.browser.Close()
		*err = errors.Join(*err, s.tape.Close())
	}
	if cerr := s.hub.Close(); cerr != nil && *err == nil {
		*err = fmt.Errorf("detaching: %w", cerr)
	}
}

// wait bounds one wait for the browser.
func (s *session) wait(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, s.timeout)
}

// with is the frame of a command on one browser: attach, do, detach.
func (c *connection) with(io stdio, do func(ctx context.Context, s *session, args []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) (err error) {
		s, err := c.open(cmd, io)
		if err != nil {
			return err
		}
		defer s.close(&err)
		err = do(cmd.Context(), s, args)
		if errors.Is(err, context.DeadlineExceeded) {
			return &failure{exit: exitTimeout, err: fmt.Errorf("it took longer than %s: %w", s.timeout, err), hint: "--timeout waits longer"}
		}
		return err
	}
}

// since is when something began; zero is before the attach.
func since(t time.Time) string {
	if t.IsZero() {
		return "before swinspect attached"
	}
	return when(t)
}

func sinceMaybe(t *time.Time) string {
	if t == nil {
		return since(time.Time{})
	}
	return since(*t)
}

// when is a time for people: the clock today, the date before.
func when(t time.Time) string {
	if t.IsZero() {
		return "unknown"
	}
	t = t.Local()
	if y, m, d := t.Date(); time.Now().Local().Format(time.DateOnly) != fmt.Sprintf("%04d-%02d-%02d", y, m, d) {
		return t.Format("2006-01-02 15:04:05")
	}
	return t.Format("15:04:05")
}
