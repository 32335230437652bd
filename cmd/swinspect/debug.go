package main

import (
	"bufio"
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/swinspect/swinspect/breakpoints"
	"github.com/swinspect/swinspect/inspector/debugger"
)

// debugCmd is the debugger on a terminal.
type debugCmd struct {
	record
	breaks   []string
	dir      string
	watchdog time.Duration
	count    int
	over     <-chan struct{} // closed when the browser that it started has ended; nil: it started none
}

const debugLong = `Debugs service workers on a terminal: attaches (to the browser of --attach, one
that it starts itself with --launch URL, or the engine with --site DIR[@ORIGIN] or
--demo), sets the project's breakpoints (see swinspect break) and those of --break,
and says where a worker stops and why. The page of --launch or --site opens once
the breakpoints are set, so that the install of a first registration can be stopped.

It reads one command a line; help lists them. Where standard input ends (a pipe) it
goes on until --for or --count: worker by worker stops, is told of, and goes on.
With --json each stop and each line that is logged is one JSON object a line.

Whoever else debugs the same worker sees it stop, too. Ending resumes everything.

Exit status: 0; 2 usage; 3 no browser, or the one that it started is gone;
130 after Ctrl-C.`

func newDebug(io stdio) *cobra.Command {
	d := &debugCmd{}
	cmd := &cobra.Command{
		Use:   "debug",
		Short: "Debug service workers on the terminal",
		Long:  debugLong,
		Example: `  swinspect debug --launch https://app.example/ --break event:install
  swinspect debug --site ./dist --break 'cache:miss cache=pages-*'
  swinspect debug --attach 9222 --break exception:uncaught --json --for 1m </dev/null`,
		Args: args(),
		RunE: func(cmd *cobra.Command, _ []string) error { return d.run(cmd, io) },
	}
	d.bind(cmd)
	f := cmd.Flags()
	f.StringArrayVarP(&d.breaks, "break", "b", nil, "stop at this `BREAKPOINT` too, for this time only; repeatable")
	f.StringVar(&d.dir, "project", ".", "the project's `FOLDER`")
	f.StringVar(&d.launch, "launch", "", "start a browser with a throwaway profile and open `URL` in it")
	f.StringArrayVar(&d.sites, "site", nil, "open a built site on the engine: `DIR[@ORIGIN]`; repeatable")
	f.BoolVar(&d.demo, "demo", false, "open the demo site on the engine")
	f.DurationVar(&d.watchdog, "watchdog", -1, "resume a worker that nobody moved for this `TIME`; below 0 is never")
	f.DurationVar(&d.duration, "for", 0, "end after this `TIME`")
	f.IntVar(&d.count, "count", 0, "end after this many stops")
	return cmd
}

// debugSet is the project's breakpoints and those of this time.
func (d *debugCmd) debugSet() (*breakpoints.Set, error) {
	project, err := openBreakpoints("debug", d.dir)
	if err != nil {
		return nil, err
	}
	if len(d.breaks) == 0 {
		return project, nil
	}
	set := breakpoints.NewSet()
	for _, b := range project.All() {
		if _, err := set.AddOwn(b); err != nil {
			return nil, breakError(err)
		}
	}
	for _, text := range d.breaks {
		b, err := breakpoints.Parse(text)
		if err == nil {
			_, err = set.AddOwn(b) // the project may have it too
		}
		if err != nil {
			return nil, breakError(err)
		}
	}
	return set, nil
}

func (d *debugCmd) run(cmd *cobra.Command, io stdio) (err error) {
	if d.duration < 0 || d.count < 0 {
		return usage("debug: --for and --count cannot be negative")
	}
	d.out = "none" // what record checks
	if err := d.check("debug"); err != nil {
		return err
	}
	set, err := d.debugSet()
	if err != nil {
		return err
	}
	s, fleet, err := d.source(cmd, io)
	if err != nil {
		return err
	}
	if fleet != nil {
		defer func() { err = errors.Join(err, fleet.close()) }()
		d.over = fleet.over()
	}
	defer s.close(&err)
	dbg := debugger.New(s.browser, set, debugger.Options{Name: "the terminal", Watchdog: d.watchdog})
	defer dbg.Close()
	starting, cancel := s.wait(cmd.Context())
	err = dbg.Start(starting)
	cancel()
	if err != nil {
		return &failure{exit: exitUnreachable, err: err}
	}
	return d.loop(cmd.Context(), &terminal{io: io, d: dbg, set: set, json: d.json, patience: d.timeout}, s)
}

// loop opens the pages, reads commands and tells what happens, until it is enough.
func (d *debugCmd) loop(ctx context.Context, t *terminal, s *session) error {
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	if d.duration > 0 {
		timer := time.AfterFunc(d.duration, func() { end(errDebugged) })
		defer timer.Stop()
	}
	var opening sync.WaitGroup
	defer opening.Wait()
	defer t.evaluating.Wait()
	defer end(nil)
	t.running, t.answers = ctx, make(chan func())
	opening.Go(func() {
		select {
		case <-d.over:
			end(&failure{exit: exitUnreachable, err: errors.New("the browser that swinspect debug had started is gone")})
		case <-ctx.Done():
		}
	})
	opening.Go(func() {
		for _, u := range d.pages() {
			if _, err := s.browser.OpenPage(ctx, "", u); err != nil && ctx.Err() == nil {
				t.io.say("%s: %s", clean(u), clean(err.Error()))
			}
		}
	})
	lines := make(chan string)
	reading := make(chan struct{})
	go func() { // ends with standard input, or with the process: a read cannot be broken off
		defer close(reading)
		in := bufio.NewScanner(t.io.in)
		for in.Scan() {
			select {
			case lines <- in.Text():
			case <-ctx.Done():
				return
			}
		}
	}()
	err := t.talk(ctx, lines, reading, d.count)
	t.news()
	t.problems(t.d.State(), true)
	if cause := context.Cause(ctx); errors.Is(cause, errDebugged) || errors.Is(err, errDebugged) {
		return nil
	}
	return err
}

// errDebugged ends the debugger as it was asked to.
var errDebugged = errors.New("enough")

// talk is the conversation. Commands that come through a pipe wait until a worker is
// paused, where they need one; one that is typed says that none is.
func (t *terminal) talk(ctx context.Context, lines <-chan string, reading <-chan struct{}, count int) error {
	t.prompt()
	typed := isTerminal(t.io.in)
	next, ready := "", lines
	var late <-chan time.Time // when a command that waits is told that nothing is paused
	given := false
	for {
		changed := t.d.Changed()
		t.news()
		paused := len(t.d.State().Paused()) > 0
		if next != "" && (typed || paused || given || !needsPause(next)) {
			line := next
			next, ready, late, given = "", lines, nil, false
			if t.command(ctx, line) {
				return errDebugged
			}
			t.prompt()
			continue
		}
		if !t.interactive && next == "" && paused {
			if err := t.goOn(ctx); err != nil {
				return err
			}
		}
		if count > 0 && t.stops >= count && (!paused || !t.interactive) {
			return errDebugged
		}
		var again <-chan time.Time
		if t.again {
			again = time.After(problemAfter)
		}
		select {
		case line := <-ready:
			if next = strings.TrimSpace(line); next == "" {
				next = t.last
			}
			if next != "" {
				ready, late = nil, time.After(t.waits(next))
			}
		case <-reading:
			reading, t.interactive = nil, false
		case <-late:
			given = true
		case tell := <-t.answers:
			tell()
			t.prompt()
		case <-changed:
		case <-again:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// waits is how long a command from a pipe waits for a worker to stop. Something can be
// evaluated in a worker that runs, too.
func (t *terminal) waits(line string) time.Duration {
	if word, _, _ := strings.Cut(line, " "); (word == "p" || word == "print") && t.current() != nil {
		return min(t.patience, 2*time.Second)
	}
	return t.patience
}

// needsPause reports whether a command is for a paused worker.
func needsPause(line string) bool {
	word, _, _ := strings.Cut(line, " ")
	switch word {
	case "break", "b", "breakpoints", "bp", "clear", "threads", "thread", "help", "h", "exit", "quit", "q", "pause", "restart", "kill":
		return false
	}
	return true
}
