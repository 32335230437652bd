package main

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/swinspect/swinspect/inspector"
)

// receiptView is what an action prints with --json.
type receiptView struct {
	Action  string     `json:"action"`
	Scope   string     `json:"scope,omitempty"`
	ID      string     `json:"id,omitempty"`
	Subject string     `json:"subject"`
	Outcome string     `json:"outcome"` // confirmed, "no effect", failed
	Detail  string     `json:"detail"`
	SentAt  time.Time  `json:"sentAt"`
	EndedAt *time.Time `json:"endedAt,omitempty"`
	Millis  int64      `json:"ms"`
}

// simple are the actions that need nothing but a registration.
var simple = []struct {
	kind              inspector.ActionKind
	use, short, proof string
}{
	{inspector.Update, "update", "Fetch the script again and install it when it changed", "the new version appeared, or the script was received and is the same"},
	{inspector.SkipWaiting, "skip-waiting", "Activate the waiting version now", "the waiting version is active"},
	{inspector.Unregister, "unregister", "Delete the registration", "the browser reports it deleted"},
	{inspector.Start, "start", "Start the worker", "it runs"},
}

func newActions(io stdio) []*cobra.Command {
	var cmds []*cobra.Command
	for _, a := range simple {
		c := &connection{}
		cmd := actionCommand(io, c, a.use, a.short, a.proof)
		cmd.Args = args("SCOPE")
		cmd.Use += " SCOPE"
		cmd.RunE = c.with(io, func(ctx context.Context, s *session, args []string) error {
			return s.act(ctx, args[0], inspector.Action{Kind: a.kind})
		})
		cmds = append(cmds, cmd)
	}
	return append(cmds, newStop(io), newStopAll(io), newPush(io),
		newSync(io, inspector.Sync, "sync", "Dispatch a sync event", true),
		newSync(io, inspector.PeriodicSync, "periodic-sync", "Dispatch a periodicsync event", false))
}

// actionCommand is what all actions have in common.
func actionCommand(io stdio, c *connection, use, short, proof string) *cobra.Command {
	cmd := &cobra.Command{
		Use:   use,
		Short: short,
		Long: short + `. The browser answers {} to this command whether or not it did
anything, so swinspect waits for the proof: ` + proof + `.
What is not proved within --timeout is reported as "no effect".

A partitioned registration is acted on inside its own frame, never on its
first-party twin.

Exit status: 0 only when proved; 1 without effect, failed, refused, or no such
registration (it is named); 2 when SCOPE is ambiguous; 3 no browser; 4 attaching
took too long.`,
		Example: fmt.Sprintf(`  swinspect %[1]s /shop/
  swinspect %[1]s https://app.example/ --attach 9222 --timeout 30s
  swinspect %[1]s /shop/ --json | jq -r .outcome`, use),
		ValidArgsFunction: completeScope(io, c),
	}
	c.bind(cmd)
	return cmd
}

// act does something to the registration that name means and reports the
// receipt. Nothing is sent when there is no such registration.
func (s *session) act(ctx context.Context, name string, a inspector.Action) error {
	r, err := s.find(name)
	if err != nil {
		return err
	}
	a.Registration = r.Key
	state := s.browser.State()
	receipt, err := s.do(ctx, a)
	if err != nil {
		return refused(fmt.Sprintf("%s %s", a.Kind, clean(r.Scope)), err)
	}
	return s.receipt(receipt, r.Scope, r.Slug(state))
}

// refused says what was asked before why it did not happen.
func refused(what string, err error) error {
	var r *inspector.RefusedError
	if errors.As(err, &r) {
		return &failure{exit: exitNo, err: fmt.Errorf("%s: refused, nothing was sent: %s", what, clean(r.Reason))}
	}
	return fmt.Errorf("%s: %w", what, err)
}

// do sends one action and waits for its outcome.
func (s *session) do(ctx context.Context, a inspector.Action) (inspector.Receipt, error) {
	defer s.io.progress(string(a.Kind) + ": waiting for the proof")()
	return s.browser.Do(ctx, a, s.timeout)
}

// receipt prints an outcome; anything but confirmed is exit status 1.
func (s *session) receipt(r inspector.Receipt, scope, id string) error {
	took := r.EndedAt.Sub(r.SentAt)
	if s.json {
		if err := s.io.json(receiptView{
			Action: string(r.Action.Kind), Scope: scope, ID: id, Subject: r.Subject, Outcome: string(r.Outcome),
			Detail: r.Detail, SentAt: r.SentAt, EndedAt: maybe(r.EndedAt), Millis: took.Milliseconds(),
		}); err != nil {
			return err
		}
	}
	line := fmt.Sprintf("%s %s: %s after %s", r.Action.Kind, clean(r.Subject), r.Outcome, took.Round(time.Millisecond))
	if r.Detail != "" {
		line += ": " + clean(r.Detail)
	}
	if r.Outcome == inspector.Confirmed {
		if s.json {
			return nil
		}
		_, err := fmt.Fprintln(s.io.out, line)
		return err
	}
	s.io.say("swinspect: %s", line)
	return errSaid
}

func newStop(io stdio) *cobra.Command {
	c := &connection{}
	version := ""
	cmd := actionCommand(io, c, "stop", "Stop the worker, as an idle one would be", "it is stopped")
	cmd.Use += " SCOPE"
	cmd.Args = args("SCOPE")
	cmd.Flags().StringVar(&version, "version", "", "the version `ID` to stop, when more than one runs")
	cmd.RunE = c.with(io, func(ctx context.Context, s *session, args []string) error {
		return s.act(ctx, args[0], inspector.Action{Kind: inspector.Stop, Version: version})
	})
	return cmd
}

func newStopAll(io stdio) *cobra.Command {
	c := &connection{}
	cmd := &cobra.Command{
		Use:   "stop-all",
		Short: "Stop every worker of the browser, or of one context",
		Long: `Stops every running service worker, in all browser contexts or in the one that
--context names, and waits until none runs.

Exit status: 0 only when none runs; 1 otherwise.`,
		Example: "  swinspect stop-all --attach 9222\n  swinspect stop-all --context default --json",
		Args:    args(),
	}
	c.bind(cmd)
	cmd.RunE = c.with(io, func(ctx context.Context, s *session, _ []string) error {
		state := s.browser.State()
		var chosen []*inspector.Context
		if s.connection.context != "" {
			one, err := s.oneContext(state)
			if err != nil {
				return err
			}
			chosen = append(chosen, one)
		} else {
			for _, c := range state.Contexts {
				if !c.Gone {
					chosen = append(chosen, c)
				}
			}
		}
		var failed error
		for _, c := range chosen {
			r, err := s.do(ctx, inspector.Action{Kind: inspector.StopAll, Context: c.ID})
			if err != nil {
				return refused("stop all in "+clean(c.Label), err)
			}
			if err := s.receipt(r, "", ""); err != nil {
				failed = err
			}
		}
		return failed
	})
	return cmd
}

// maxPush bounds what push reads: push services allow 4 KiB.
const maxPush = 1 << 20

func newPush(out stdio) *cobra.Command {
	c := &connection{}
	file, binary := "", false
	cmd := actionCommand(out, c, "push", "Deliver a push message to the worker", "the worker runs and the browser recorded the push event")
	cmd.Use += " SCOPE [DATA]"
	cmd.Args = args("SCOPE", "[DATA]")
	cmd.Long += `

DATA is the payload as text (JSON is text). --data-file reads it from a file or,
with "-", from standard input. --base64 says that the payload is base64 of bytes;
the protocol carries text only, so bytes that are not UTF-8 are refused.`
	cmd.Example = `  swinspect push /shop/ '{"title":"hello"}'
  swinspect push /shop/ --data-file message.json
  printf hello | swinspect push /shop/ --data-file -`
	cmd.Flags().StringVar(&file, "data-file", "", "read the payload from `FILE`, \"-\" for standard input")
	cmd.Flags().BoolVar(&binary, "base64", false, "the payload is base64")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		data, err := payload(out, args[1:], file)
		if err != nil {
			return err
		}
		if binary {
			if _, err := base64.StdEncoding.DecodeString(data); err != nil {
				return usage("the payload is not base64: %w", err)
			}
		}
		return c.with(out, func(ctx context.Context, s *session, args []string) error {
			return s.act(ctx, args[0], inspector.Action{Kind: inspector.Push, Data: data, Binary: binary})
		})(cmd, args)
	}
	return cmd
}

// payload is the push message of the command line, a file or standard input.
func payload(std stdio, words []string, file string) (string, error) {
	if file == "" {
		if len(words) == 0 {
			return "", nil
		}
		return words[0], nil
	}
	if len(words) > 0 {
		return "", usage("give DATA or --data-file, not both")
	}
	in := std.in
	if file != "-" {
		f, err := os.Open(file)
		if err != nil {
			return "", usage("--data-file: %w", err)
		}
		defer f.Close() // read only: nothing is lost
		in = f
	}
	b, err := io.ReadAll(io.LimitReader(in, maxPush+1))
	if err != nil {
		return "", usage("--data-file %s: %w", file, err)
	}
	if len(b) > maxPush {
		return "", usage("--data-file %s: more than %d bytes is no push message", file, maxPush)
	}
	return string(b), nil
}

func newSync(io stdio, kind inspector.ActionKind, use, short string, lastChance bool) *cobra.Command {
	c := &connection{}
	cmd := actionCommand(io, c, use, short, "the worker runs and the browser recorded the event")
	cmd.Use += " SCOPE [TAG]"
	cmd.Args = args("SCOPE", "[TAG]")
	cmd.Long += "\n\nTAG is the event's tag (without it, the empty one)."
	if lastChance {
		cmd.Long += " The event has lastChance set, as\nDevTools sends it."
	}
	cmd.Example = fmt.Sprintf("  swinspect %[1]s /shop/ outbox\n  swinspect %[1]s /shop/ outbox --json", use)
	cmd.RunE = c.with(io, func(ctx context.Context, s *session, args []string) error {
		tag := ""
		if len(args) > 1 {
			tag = args[1]
		}
		return s.act(ctx, args[0], inspector.Action{Kind: kind, Tag: tag})
	})
	return cmd
}
