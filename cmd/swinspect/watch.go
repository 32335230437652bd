package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/swinspect/swinspect/inspector"
)

// changeView is one line of `watch`.
type changeView struct {
	Seq          uint64    `json:"seq"`
	Time         time.Time `json:"time"`
	Kind         string    `json:"kind"`
	Scope        string    `json:"scope,omitempty"`
	Registration string    `json:"id,omitempty"`
	Context      string    `json:"context,omitempty"`
	Version      string    `json:"version,omitempty"`
	Client       string    `json:"client,omitempty"`
	What         string    `json:"what"`
	Cause        string    `json:"cause,omitempty"`
	Known        string    `json:"known,omitempty"`
}

// watchKinds are the kinds that --kind takes.
var watchKinds = []string{
	inspector.ChangeConnection, inspector.ChangeContext, inspector.ChangeRegistration, inspector.ChangeVersion,
	inspector.ChangeRunning, inspector.ChangeClient, inspector.ChangeError, inspector.ChangeConsole,
	inspector.ChangePause, inspector.ChangeSession, inspector.ChangeCache, inspector.ChangeReceipt, inspector.ChangeFacts,
}

type watcher struct {
	connection
	kinds    []string
	count    int
	duration time.Duration
}

func newWatch(io stdio) *cobra.Command {
	w := &watcher{}
	cmd := &cobra.Command{
		Use:   "watch [SCOPE]",
		Short: "Print every change as it happens, one a line",
		Long: `Prints what changes in the browser's service workers from now on: registered,
installing → waiting, stopped → starting, controlled, errors, and what caused it
where that is known. One JSON object a line with --json (NDJSON): seq, time,
kind, scope, id, version, what, cause, known.

When the browser goes away that is a line too; watch waits for its return.
It ends after --count lines, after --for, or with Ctrl-C.

Kinds: ` + strings.Join(watchKinds, ", ") + `.

Exit status: 0 after --count or --for; 130 after Ctrl-C.`,
		Example: `  swinspect watch --attach 9222
  swinspect watch /shop/ --kind version --json
  swinspect watch --kind error --count 1 --for 1m --json   # the first error`,
		Args:              args("[SCOPE]"),
		ValidArgsFunction: completeScope(io, &w.connection),
	}
	w.bind(cmd)
	f := cmd.Flags()
	f.StringSliceVar(&w.kinds, "kind", nil, "only these `KINDS` of change, with commas between")
	f.IntVar(&w.count, "count", 0, "end after this many lines")
	f.DurationVar(&w.duration, "for", 0, "end after this long")
	_ = cmd.RegisterFlagCompletionFunc("kind", cobra.FixedCompletions(toCompletions(watchKinds), cobra.ShellCompDirectiveNoFileComp)) // fails only for a flag that does not exist
	run := w.with(io, w.run)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		for _, k := range w.kinds {
			if !slices.Contains(watchKinds, k) {
				return usage("--kind %q: there are %s", k, strings.Join(watchKinds, ", "))
			}
		}
		if w.count < 0 || w.duration < 0 {
			return usage("--count and --for cannot be negative")
		}
		return run(cmd, args)
	}
	return cmd
}

func (w *watcher) run(ctx context.Context, s *session, args []string) error {
	if s.tape != nil {
		return usage("watch: nothing changes in a recording any more: swinspect diff FILE --from start --to end")
	}
	var only *inspector.RegistrationKey
	if len(args) > 0 {
		r, err := s.find(args[0])
		if err != nil {
			return err
		}
		only = &r.Key
	}
	if s.connection.context != "" {
		if _, err := s.oneContext(s.browser.State()); err != nil {
			return err
		}
	}
	after := s.browser.State().Seq
	if isTerminal(s.io.err) {
		s.io.say("watching %s; Ctrl-C ends", s.place())
	}
	var end <-chan time.Time
	if w.duration > 0 {
		timer := time.NewTimer(w.duration)
		defer timer.Stop()
		end = timer.C
	}
	for printed := 0; ; {
		changed := s.browser.Changed()
		for _, c := range s.browser.Changes(after) {
			after = max(after, c.Seq)
			if !w.wants(s, c, only) {
				continue
			}
			if err := w.print(s, c); err != nil {
				return err
			}
			if printed++; printed == w.count {
				return nil
			}
		}
		select {
		case <-changed:
		case <-end:
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// wants applies SCOPE, --context and --kind. What concerns no registration is
// kept unless SCOPE was given; the connection is always of interest.
func (w *watcher) wants(s *session, c inspector.Change, only *inspector.RegistrationKey) bool {
	if len(w.kinds) > 0 && !slices.Contains(w.kinds, c.Kind) {
		return false
	}
	if only != nil && c.Registration != *only && c.Kind != inspector.ChangeConnection {
		return false
	}
	if s.connection.context != "" && c.Kind != inspector.ChangeConnection {
		chosen, err := s.oneContext(s.browser.State())
		return err == nil && c.Registration.Context == chosen.ID
	}
	return true
}

func (w *watcher) print(s *session, c inspector.Change) error {
	state := s.browser.State()
	v := changeView{
		Seq: c.Seq, Time: c.Time, Kind: c.Kind, Version: c.Version, Client: c.Client,
		What: c.What, Cause: c.Cause, Known: string(c.Known),
	}
	if r := state.Registration(c.Registration); r != nil {
		v.Scope, v.Registration = r.Scope, r.Slug(state)
	}
	if ctx := state.Context(c.Registration.Instance, c.Registration.Context); ctx != nil && c.Registration.ID != "" {
		v.Context = ctx.Label
	}
	if s.json {
		return s.io.jsonLine(v)
	}
	line := fmt.Sprintf("%s  %-12s", v.Time.Local().Format("15:04:05.000"), v.Kind)
	if v.Scope != "" {
		line += " " + clean(v.Scope)
	}
	if v.Version != "" {
		line += " #" + clean(v.Version)
	}
	line += " " + clean(v.What)
	if v.Cause != "" {
		line += " (" + clean(v.Cause) + ")"
	}
	_, err := fmt.Fprintln(s.io.out, line)
	return err
}

func toCompletions(words []string) []cobra.Completion { return slices.Clone(words) }
