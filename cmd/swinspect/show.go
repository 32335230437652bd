package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/swinspect/swinspect/inspector"
)

func newShow(io stdio) *cobra.Command {
	c := &connection{}
	facts := false
	cmd := &cobra.Command{
		Use:   "show SCOPE",
		Short: "Everything that is known of one registration",
		Long: `Shows one registration: its storage key, every version with its status and
running status, the clients in scope and who controls them, static routing
rules, errors, and, when a version waits, what it is waiting for and what would
free it.

--facts also reads updateViaCache and the navigation preload state. Those are
known only inside the worker or one of its pages, so a running worker is
attached to for a moment, which keeps it awake that long; nothing is started.

Exit status: 0; 1 when there is no such registration; 2 when SCOPE is ambiguous.`,
		Example: `  swinspect show /shop/
  swinspect show https://app.example/ --attach 9222 --json | jq .whyWaiting
  swinspect show k3v9q0ab --facts`,
		Args:              args("SCOPE"),
		ValidArgsFunction: completeScope(io, c),
	}
	c.bind(cmd)
	c.bindAt(cmd)
	cmd.Flags().BoolVar(&facts, "facts", false, "also read updateViaCache and navigation preload")
	cmd.RunE = c.with(io, func(ctx context.Context, s *session, args []string) error {
		r, err := s.find(args[0])
		if err != nil {
			return err
		}
		if facts {
			ctx, cancel := s.wait(ctx)
			defer cancel()
			if err := s.browser.Facts(ctx, r.Key); err != nil {
				return fmt.Errorf("reading the facts of %s: %w", clean(r.Scope), err)
			}
		}
		state := s.browser.State()
		if again := state.Registration(r.Key); again != nil {
			r = again
		}
		v := viewRegistration(state, r)
		v.detail(r)
		if s.json {
			return io.json(v)
		}
		return printShow(io, state, r, v)
	})
	return cmd
}

// page collects lines and remembers the first write error.
type page struct {
	out io.Writer
	err error
}

func (p *page) line(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.out, format+"\n", args...)
	}
}

// field prints "name  value", nothing when the value is empty.
func (p *page) field(name, value string) {
	if value != "" {
		p.line("  %-18s %s", name, value)
	}
}

func printShow(io stdio, state *inspector.State, r *inspector.Registration, v registrationView) error {
	p := &page{out: io.out}
	word, class := r.Urgency()
	p.line("%s  %s", clean(r.Scope), paint(word, class, io.colour(io.out)))
	p.field("id", v.ID)
	p.field("context", clean(v.Context))
	p.field("storage key", clean(v.StorageKey)+" ("+v.KeyKnown+")")
	p.field("script", clean(v.ScriptURL))
	p.field("updateViaCache", clean(r.UpdateViaCache))
	if n := r.NavigationPreload; n != nil {
		p.field("navigation preload", preloadLine(n))
	}
	p.field("problem", clean(r.Ghost))
	for _, version := range r.Versions {
		printVersion(p, version)
	}
	if v.WhyWaiting != nil {
		printWhy(p, v.WhyWaiting, inspector.Why(state, r))
	}
	p.line("\nclients: %d", len(v.Clients))
	for _, c := range v.Clients {
		p.line("  %s", clientLine(c))
	}
	printErrors(p, r)
	return p.err
}

func preloadLine(n *inspector.NavigationPreload) string {
	if !n.Enabled {
		return "off"
	}
	return "on, Service-Worker-Navigation-Preload: " + clean(n.Header)
}

func printVersion(p *page, v *inspector.Version) {
	p.line("\nversion #%s  %s, %s", v.ID, inspector.StatusWord(v.Status), v.Running)
	p.field("since", since(v.Since()))
	p.field("script", clean(v.ScriptURL))
	if !v.ScriptResponseTime.IsZero() {
		p.field("received", when(v.ScriptResponseTime))
	}
	p.field("kept alive", clean(v.KeptAlive))
	for _, route := range v.Routes {
		p.field(fmt.Sprintf("route %d", route.ID), clean(route.Condition.String()+" → "+route.Source.String()))
	}
	if v.RoutesRaw != "" {
		p.field("routes", "in a form that swinspect cannot read; --json has them")
	}
	var steps []string
	for i, t := range v.History {
		steps = append(steps, fmt.Sprintf("%s %s/%s", since(seenAt(v, i)), inspector.StatusWord(t.Status), t.Running))
	}
	if len(steps) > 1 {
		p.field("history", strings.Join(steps, " → "))
	}
}

// seenAt is when the i-th transition of a version happened; zero for the first of
// a version that was there already: that one was found, not seen.
func seenAt(v *inspector.Version, i int) time.Time {
	if i == 0 && !v.Complete {
		return time.Time{}
	}
	return v.History[i].Time
}

func printWhy(p *page, v *whyView, w *inspector.WhyWaiting) {
	p.line("\nwhy is #%s waiting?", v.Version)
	p.line("  %s", clean(v.Sentence))
	for _, h := range v.Holders {
		line := fmt.Sprintf("  - %s %s (%s)", h.Kind, clean(strings.TrimSpace(h.Title+" "+h.URL)), h.Known)
		if h.Kind != "client" {
			line += ", since " + sinceMaybe(h.Since)
		}
		if h.Reason != "" {
			line += ": " + clean(h.Reason)
		}
		p.line("%s", line)
	}
	for _, r := range w.Remedies {
		p.line("  → %s", clean(r.Label))
	}
	if v.Note != "" {
		p.line("  %s", clean(v.Note))
	}
}

func clientLine(c clientView) string {
	by := "not controlled"
	if c.Controller != "" {
		by = "controlled by #" + c.Controller
	}
	line := fmt.Sprintf("%s %s, %s since %s (%s)", c.Type, clean(c.URL), by, sinceMaybe(c.Since), c.Known)
	if c.Reason != "" {
		line += ": " + clean(c.Reason)
	}
	return line
}

func printErrors(p *page, r *inspector.Registration) {
	if len(r.Errors) == 0 {
		return
	}
	p.line("\nerrors: %d", len(r.Errors))
	for _, e := range r.Errors {
		at := clean(e.URL)
		if e.Line >= 0 {
			at = fmt.Sprintf("%s:%d", at, e.Line)
		}
		p.line("  %s #%s %s", when(e.Time), e.VersionID, at)
		for line := range strings.SplitSeq(strings.TrimSpace(e.Message), "\n") {
			p.line("    %s", clean(line))
		}
	}
}
