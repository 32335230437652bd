package main

import (
	"errors"
	"fmt"
	goio "io"
	"os"

	"github.com/spf13/cobra"

	"github.com/swinspect/swinspect/breakpoints"
)

// breaks are the breakpoints of a project.
type breaks struct {
	dir     string
	json    bool
	replace bool
}

const breakLong = `The breakpoints of a project: what "swinspect debug", the page's Debug panel
(swinspect serve --debug) and other debuggers stop a service worker at. They are
kept in .swinspect/breakpoints.json when that folder exists here or above, else in
your own state directory; who debugs meanwhile has each change at once.

A breakpoint is its kind, after a colon what it is at, then words and NAME=VALUE:

  line:sw.js:68                    line:/app/*.js:68:12
  event:fetch                      event:*  (install, activate, push, message, …)
  lifecycle:waiting                installing, activating, activated, redundant, controllerchange
  fetch:/api/* method=POST         at=respondWith, at=request, mode=, destination=, client=
  cache:miss cache=pages-* url=/x  open, match, hit, miss, put, delete
  exception:uncaught               all, rejection, respondWith
  start                            before a worker runs anything

  if='n > 3'      only when this JavaScript is true there
  log='n is {n}'  write this instead of stopping
  skip=2 once scope=https://app.example/shop/ disabled

A URL is a whole one, a path from /, the end of a path, or has * for any text.

` + breakExit

const breakExit = `Exit status: 0 done; 1 no breakpoint of that number, or no file of breakpoints;
2 the command line, or a breakpoint, is wrong.`

func newBreak(io stdio) *cobra.Command {
	b := &breaks{}
	cmd := &cobra.Command{
		Use:   "break",
		Short: "Add, list and remove breakpoints of this project",
		Long:  breakLong,
		Example: `  swinspect break add line:sw.js:68 if='url.pathname == "/"'
  swinspect break add cache:miss cache='pages-*' log='missed {url}'
  swinspect break list
  swinspect break remove 2`,
		Args: func(cmd *cobra.Command, given []string) error {
			if len(given) > 0 {
				return usage("%s is no command of swinspect break: try swinspect break --help", quote(given[0]))
			}
			return nil
		},
		RunE: func(*cobra.Command, []string) error { return b.list(io) },
	}
	add := func(use, short, more, example string, takes cobra.PositionalArgs, run func(args []string) error) *cobra.Command {
		c := &cobra.Command{
			Use: use, Short: short, Args: takes, Long: more + "\n\n" + breakExit, Example: "  swinspect break " + example,
			RunE: func(_ *cobra.Command, args []string) error { return run(args) },
		}
		cmd.AddCommand(c)
		return c
	}
	add("add BREAKPOINT [NAME=VALUE …]", "Add a breakpoint", "Adds one and prints its number. swinspect break --help says how it is written.",
		`add fetch:/api/* method=POST at=respondWith`, args("BREAKPOINT", "[NAME=VALUE …]"), func(args []string) error { return b.add(io, args) })
	add("list", "List the breakpoints", "Lists them, each as it can be added again.", "list --json",
		args(), func([]string) error { return b.list(io) })
	add("remove ID…", "Remove breakpoints", `Removes those with these numbers, or with "all" every one.`, "remove 2 3",
		args("ID…"), func(args []string) error { return b.remove(args) })
	add("on ID…", "Switch breakpoints on", "Switches on what was switched off.", "on 2",
		args("ID…"), func(args []string) error { return b.enable(args, true) })
	add("off ID…", "Switch breakpoints off", "Keeps them, and stops at them no more.", "off 2",
		args("ID…"), func(args []string) error { return b.enable(args, false) })
	in := add("import FILE", "Add the breakpoints of a file", "Adds what export wrote, under new numbers; - is standard input. It is all or nothing.", "import team.json --replace",
		args("FILE"), func(args []string) error { return b.importFile(io, args[0]) })
	in.Flags().BoolVar(&b.replace, "replace", false, "remove all others")
	add("export", "Write the breakpoints as JSON", "Writes them to standard output, as the project's file has them.", "export > team.json",
		args(), func([]string) error { return b.export(io) })
	f := cmd.PersistentFlags()
	f.StringVar(&b.dir, "project", ".", "the project's `FOLDER`")
	f.BoolVar(&b.json, "json", false, "print JSON")
	return cmd
}

// open reads the project's file.
func (b *breaks) open() (*breakpoints.Set, error) { return openBreakpoints("break", b.dir) }

// openBreakpoints reads the file of the project in a folder that --project named.
func openBreakpoints(command, dir string) (*breakpoints.Set, error) {
	if !isFolder(dir) {
		return nil, usage("%s: --project: there is no folder %s", command, quote(dir))
	}
	s, err := breakpoints.OpenSet(dir)
	if err != nil {
		f := &failure{exit: exitNo, err: err}
		if _, ok := errors.AsType[*breakpoints.FileError](err); ok {
			f.hint = "mend it, or move it away to start afresh"
		}
		return nil, f
	}
	return s, nil
}

// breakError is what is wrong with a breakpoint, as the command line's fault.
func breakError(err error) error {
	if invalid, ok := errors.AsType[*breakpoints.InvalidError](err); ok {
		return &failure{exit: exitUsage, err: usage("break: %s: %s", clean(invalid.Field), clean(invalid.Problem)), hint: "swinspect break --help says how they are written"}
	}
	if _, ok := errors.AsType[*breakpoints.UnknownError](err); ok {
		return &failure{exit: exitNo, err: err, hint: "swinspect break list shows what there is"}
	}
	return err
}

func (b *breaks) add(io stdio, args []string) error {
	p, err := breakpoints.ParseFields(args)
	if len(args) == 1 {
		p, err = breakpoints.Parse(args[0]) // quoted as a whole
	}
	if err != nil {
		return breakError(err)
	}
	s, err := b.open()
	if err != nil {
		return err
	}
	if p, err = s.Add(p); err != nil {
		return breakError(err)
	}
	if doubt := p.Doubt(); doubt != "" {
		io.say("warning: %s", clean(doubt))
	}
	if b.json {
		return io.json(p)
	}
	_, err = fmt.Fprintf(io.out, "%s  %s\n", p.ID, clean(p.String()))
	return err
}

func (b *breaks) list(io stdio) error {
	s, err := b.open()
	if err != nil {
		return err
	}
	all := s.All()
	if b.json {
		return io.json(all)
	}
	if len(all) == 0 {
		io.say("no breakpoints: swinspect break add event:install, for example; they are kept in %s", clean(s.Path()))
		return nil
	}
	for _, p := range all {
		if _, err := fmt.Fprintf(io.out, "%-3s %s\n", p.ID, clean(p.String())); err != nil {
			return err
		}
	}
	return nil
}

func (b *breaks) remove(ids []string) error {
	s, err := b.open()
	if err != nil {
		return err
	}
	if len(ids) == 1 && ids[0] == "all" {
		ids = nil
		for _, p := range s.All() {
			ids = append(ids, p.ID)
		}
	}
	return breakError(s.Remove(ids...))
}

func (b *breaks) enable(ids []string, on bool) error {
	s, err := b.open()
	if err != nil {
		return err
	}
	var unknown []string
	for _, id := range ids {
		if _, ok := s.Get(id); !ok {
			unknown = append(unknown, id)
		}
	}
	if len(unknown) > 0 {
		return breakError(&breakpoints.UnknownError{IDs: unknown})
	}
	for _, id := range ids {
		p, _ := s.Get(id)
		p.Disabled = !on
		if err := s.Update(p); err != nil {
			return breakError(err)
		}
	}
	return nil
}

func (b *breaks) importFile(io stdio, name string) error {
	var data []byte
	var err error
	if name == "-" {
		data, err = goio.ReadAll(io.in)
	} else {
		data, err = os.ReadFile(name)
	}
	if err != nil {
		return &failure{exit: exitNo, err: err}
	}
	s, err := b.open()
	if err != nil {
		return err
	}
	added, err := s.Import(data, b.replace)
	if err != nil {
		if name == "-" {
			name = "standard input"
		}
		f := &failure{exit: exitNo, err: fmt.Errorf("%s: %w", clean(name), err)}
		if _, ok := errors.AsType[*breakpoints.InvalidError](err); ok {
			f.exit, f.hint = exitUsage, "swinspect break --help says how they are written"
		}
		return f
	}
	io.say("%d breakpoints", len(added))
	return nil
}

func (b *breaks) export(io stdio) error {
	s, err := b.open()
	if err != nil {
		return err
	}
	data, err := s.Export()
	if err != nil {
		return err
	}
	_, err = io.out.Write(data)
	return err
}
