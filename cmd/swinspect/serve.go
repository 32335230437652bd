package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/cli/browser"
	"github.com/spf13/cobra"

	"github.com/swinspect/swinspect/cdp"
	"github.com/swinspect/swinspect/inspector"
	"github.com/swinspect/swinspect/ui"
)

// server is `swinspect serve`, and swinspect without a command.
type server struct {
	listen   string
	attach   []string
	launch   string
	open     bool
	token    string
	discover bool
	verbose  bool
	engine   bool
	sites    []string
	profile  string
	memory   int64 // MiB
	tapes    string
	debug    bool
	scripts  string
}

// noURL is what --launch means without a URL.
const noURL = "about:blank"

func (s *server) bind(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVarP(&s.listen, "listen", "l", "127.0.0.1:7777", "the `ADDRESS` to serve the page at; port 0 takes a free one")
	f.StringArrayVarP(&s.attach, "attach", "a", nil, "a browser to show: `ENDPOINT` is a port, host:port, http(s):// or ws(s):// URL,\nuser data directory or Selenium session URL; repeatable\n(env SWINSPECT_ATTACH: several with blanks between)")
	f.StringVar(&s.launch, "launch", "", "start a browser with a throwaway profile, at `URL` if one is given")
	f.Lookup("launch").NoOptDefVal = noURL
	f.BoolVar(&s.open, "open", false, "open the page in your browser")
	f.StringVar(&s.token, "token", "", "the `TOKEN` that requests which change something must carry (default: a random one)")
	f.BoolVar(&s.discover, "discover", true, "without --attach, --launch and --site, also show the browser of this machine if there is just one")
	f.StringArrayVar(&s.sites, "site", nil, "open a built site on the engine: `DIR[@ORIGIN]`, ./dist or ./dist@https://app.example; repeatable")
	f.BoolVar(&s.engine, "engine", true, "without --attach, --launch and --site, open the demo site on the engine")
	f.Int64Var(&s.memory, "engine-memory", defaultEngineMemory, "how many `MIB` of memory the engine's process may use; above it is ended and started again")
	f.StringVar(&s.profile, "profile", "", "keep the engine's registrations and caches in `DIR`")
	f.StringVar(&s.tapes, "recordings", ".", "the `DIR` of the recordings that the page lists and makes")
	f.StringVar(&s.scripts, "scripts", ".", "the `DIR` of the session scripts that the page lists and runs")
	f.BoolVar(&s.debug, "debug", false, "start the debugger on every browser at once: breakpoints stop workers from the first one on")
	f.BoolVarP(&s.verbose, "verbose", "v", false, "log what happens to standard error")
}

// args: none, but for the URL that follows --launch with a blank between.
func (s *server) args(cmd *cobra.Command, given []string) error {
	if s.memory < 128 {
		return usage("--engine-memory %d: the engine needs 128 MiB at least", s.memory)
	}
	if len(given) == 0 {
		return nil
	}
	if len(given) == 1 && s.launch == noURL && strings.Contains(given[0], ":") {
		return nil
	}
	if !cmd.HasParent() {
		return unknownCommand(cmd, given[0])
	}
	return usage("serve takes no argument %q: name browsers with --attach", given[0])
}

func newServe(io stdio) *cobra.Command {
	s := &server{}
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Serve the page (what swinspect does without a command)",
		Long: `Serves the page, by default at http://127.0.0.1:7777, until Ctrl-C. The page's
address is printed to standard output once it answers.

It shows the browsers named by --attach (several at once), one that it starts
itself with --launch, a built site on its own engine (--site), or, given none of
these, a demo site on the engine, and beside it the one browser of this machine
that can be attached to. The engine is the Service Workers specification without
a browser; it runs in a process of its own. A browser that is not there yet is
attached to when it comes; one that goes away is picked up again when it returns.

Only this machine can reach the default address. Requests must name an allowed
host, and those that change something must carry the token, which the page
does by itself. Listening on another address asks for the token on every
request: the printed URL has it.

Exit status: 0 after Ctrl-C; 1 when the address is in use; 2 usage; 3 when
--launch finds no browser.`,
		Example: `  swinspect
  swinspect serve --attach 9222 --attach 9223
  swinspect serve --launch https://app.example/ --open
  swinspect serve --listen 127.0.0.1:0 --attach ws://grid.example:4444/session/ab12/se/cdp`,
		Args: s.args,
	}
	s.bind(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error { return s.run(cmd, io, args) }
	return cmd
}

func (s *server) run(cmd *cobra.Command, io stdio, args []string) (err error) {
	if len(args) == 1 {
		s.launch = args[0]
	}
	if len(s.attach) == 0 {
		s.attach = strings.Fields(io.env("SWINSPECT_ATTACH"))
	}
	sites, err := parseSites(s.sites)
	if err != nil {
		return err
	}
	for _, site := range sites {
		if !site.secure() {
			io.say("swinspect: %s is not a secure context: a page has service workers on https:// and localhost only", site.origin)
		}
	}
	ctx := cmd.Context()
	ln, err := s.listener(ctx)
	if err != nil {
		return err
	}
	log := slog.New(slog.DiscardHandler)
	if s.verbose {
		log = slog.New(slog.NewTextHandler(io.err, &slog.HandlerOptions{Level: slog.LevelDebug}))
	}
	fleet := newFleet(inspector.NewHub(inspector.HubOptions{Logger: log}), io, s.verbose)
	defer func() { err = errors.Join(err, fleet.close()) }()

	set := projectBreakpoints(io)
	server := ui.New(ui.Options{
		Hub: hubAdapter{fleet.hub}, Token: s.token, Listen: s.listen, Logger: log, Version: buildVersion().Version, Recordings: s.tapes,
		Replay: &pageReplayer{io: io, memory: s.memory}, Debug: debuggers(set), Breakpoints: set,
		Scripts: &pageScripter{io: io, folder: s.scripts, memory: s.memory},
		Attach:  fleet.attach, Launch: fleet.launch, Discover: fleet.discover,
	})
	fleet.watch = server.WatchRequests
	if s.debug {
		fleet.debug = server.StartDebugging
	}
	served := make(chan error, 1)
	serving, stop := context.WithCancel(ctx)
	go func() { served <- server.Serve(serving, ln) }()
	defer func() {
		stop()
		err = errors.Join(err, <-served)
	}()

	url := server.URL(ln.Addr())
	if _, err := fmt.Fprintln(io.out, url); err != nil {
		return err
	}
	if err := s.populate(serving, fleet); err != nil {
		return err
	}
	if s.open {
		if err := openPage(url); err != nil {
			io.say("swinspect: cannot open a browser (%v): open %s yourself", err, url)
		}
	}
	if isTerminal(io.err) {
		io.say("swinspect serves its page there; Ctrl-C ends, twice at once")
	}
	select {
	case <-ctx.Done():
		io.say("swinspect: ending")
		return nil
	case err := <-served:
		served <- nil
		return err
	}
}

// listener opens the address, with an error that says what to do.
func (s *server) listener(ctx context.Context) (net.Listener, error) {
	if _, _, err := net.SplitHostPort(s.listen); err != nil {
		return nil, usage("--listen %q: write host:port, for example 127.0.0.1:7778", s.listen)
	}
	ln, err := new(net.ListenConfig).Listen(ctx, "tcp", s.listen)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, &failure{exit: exitNo, err: fmt.Errorf("%s is in use: is another swinspect running?", s.listen),
			hint: "choose another address with --listen 127.0.0.1:7778, or any free port with --listen 127.0.0.1:0"}
	case err != nil:
		return nil, &failure{exit: exitNo, err: fmt.Errorf("--listen: %w", err), hint: "choose another address with --listen HOST:PORT"}
	}
	return ln, nil
}

// populate attaches to and launches what the flags ask for.
func (s *server) populate(ctx context.Context, f *fleet) error {
	for _, endpoint := range s.attach {
		f.keepTrying(ctx, endpoint)
	}
	if s.launch != "" {
		if _, err := f.launch(ctx, s.launch); err != nil {
			return &failure{exit: exitUnreachable, err: err, hint: "install Chromium, Chrome or Edge, or name one in SWINSPECT_BROWSER"}
		}
		return nil
	}
	if len(s.sites) > 0 {
		return f.startEngine(ctx, engineOptions{Sites: s.sites, Profile: s.profile, Memory: s.memory})
	}
	if len(s.attach) > 0 {
		return nil
	}
	if s.engine {
		if err := f.startEngine(ctx, engineOptions{Demo: true, Profile: s.profile, Memory: s.memory}); err != nil {
			return err
		}
	}
	if s.discover {
		f.wg.Go(func() { f.attachTheOne(ctx, !s.engine) })
	}
	return nil
}

// attachTheOne attaches to the browser of this machine, when there is just one.
func (f *fleet) attachTheOne(ctx context.Context, say bool) {
	look, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	input, err := theOneBrowser(look)
	if err != nil {
		if say {
			f.io.say("swinspect: %v; the page says how to go on", err)
		}
		return
	}
	f.keepTrying(ctx, input)
}

// openPage opens a URL in the user's browser. What that browser prints is not
// ours.
func openPage(url string) error {
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer null.Close() // written to by nobody who would miss it
	browser.Stdout, browser.Stderr = null, null
	return browser.OpenURL(url)
}

// retryEvery is how long the first attach to an absent browser waits between
// attempts. (Coming back after a loss is the inspector's own business.)
const retryEvery = time.Second

// keepTrying attaches in the background until it works or ctx ends.
func (f *fleet) keepTrying(ctx context.Context, endpoint string) {
	f.wg.Go(func() {
		for said := false; ; said = true {
			_, err := f.attach(ctx, endpoint)
			if err == nil {
				if said {
					f.io.say("swinspect: attached to %s", clean(endpoint))
				}
				return
			}
			if ctx.Err() != nil {
				return
			}
			var resolve *cdp.ResolveError
			if errors.As(err, &resolve) && resolve.Malformed {
				f.io.say("swinspect: %v; %s", err, resolve.Hint)
				return
			}
			if !said {
				f.io.say("swinspect: %v; trying again until it is there", err)
				if errors.As(err, &resolve) && resolve.Hint != "" {
					f.io.say("%s", resolve.Hint)
				}
			}
			select {
			case <-time.After(retryEvery):
			case <-ctx.Done():
				return
			}
		}
	})
}
