package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"runtime/debug"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/swinspect/swinspect/cdp"
	"github.com/swinspect/swinspect/runtime/devtools"
	"github.com/swinspect/swinspect/runtime/window"
)

// engine is `swinspect engine`: the reference engine as a CDP browser.
type engine struct {
	listen  string
	pipe    bool
	token   string
	origins []string // that may open WebSockets
	profile string
	memory  int64 // MiB; 0: no limit
	verbose bool
	network engineNetwork
	open    []string
}

func newEngine(io stdio) *cobra.Command {
	e := &engine{}
	cmd := &cobra.Command{
		Use:   "engine",
		Short: "Run the reference engine as a browser that DevTools clients attach to",
		Long: `Runs swinspect's own engine, the Service Workers specification without a browser,
and serves it over the Chrome DevTools Protocol, as a Chromium with a debugging
port does: puppeteer-core, playwright-core, chrome-remote-interface and chromedp
attach to it unchanged. "DevTools listening on ws://…" goes to standard error once
it can be attached to.

Debuggers attach too, with breakpoints and steps in workers: Chrome's DevTools
(chrome://inspect, Configure…, 127.0.0.1:9333; or one of the devtools:// addresses at
http://127.0.0.1:9333/) and VS Code's (docs/debugging-outside.md). A worker that runs
already is restarted when a debugger needs it; it keeps its registration and caches.

The engine's network leads nowhere but to the sites named here: folders served
as an origin (--site), and live origins that are allowed (--allow, or those of
--open). --demo adds the demo site.

With --profile, registrations and caches are kept in a folder and are there again
the next time; without, everything is gone at the end.

Exit status: 0 after Ctrl-C, or when the client of --pipe hangs up; 1 when the
address is in use or a folder cannot be read; 2 usage.`,
		Example: `  swinspect engine --site ./dist
  swinspect engine --listen 127.0.0.1:0 --site ./dist@https://app.example --open https://app.example/
  swinspect engine --allow https://staging.example --profile ./profile`,
		Args: args(),
		RunE: func(cmd *cobra.Command, _ []string) error { return e.run(cmd.Context(), io) },
	}
	f := cmd.Flags()
	f.StringVarP(&e.listen, "listen", "l", "127.0.0.1:9333", "the `ADDRESS` to serve CDP at; port 0 takes a free one")
	f.BoolVar(&e.pipe, "pipe", false, "speak CDP on file descriptors 3 (in) and 4 (out) instead of listening")
	f.StringVar(&e.token, "token", "", "the `TOKEN` that every request must carry; needed to listen beyond this machine")
	f.StringArrayVar(&e.origins, "remote-allow-origins", nil, "a web `ORIGIN` whose pages may open a connection, beside the browser's own DevTools; repeatable, * for all")
	f.StringVar(&e.profile, "profile", "", "keep registrations and caches in `DIR`")
	f.Int64Var(&e.memory, "memory", 0, "memory to stay below, in `MIB`; 0 for no limit")
	f.StringArrayVar(&e.open, "open", nil, "open a page at `URL`; repeatable (default: each site's /)")
	f.BoolVarP(&e.verbose, "verbose", "v", false, "log what happens to standard error")
	e.network.bind(f)
	return cmd
}

func (e *engine) run(ctx context.Context, io stdio) error {
	network, err := e.network.build()
	if err != nil {
		return err
	}
	defer network.close()
	log := slog.New(slog.DiscardHandler)
	if e.verbose {
		log = slog.New(slog.NewTextHandler(io.err, &slog.HandlerOptions{Level: slog.LevelDebug}))
	}
	if e.memory > 0 {
		debug.SetMemoryLimit(e.memory << 20 * 8 / 10)
	}
	var quiet sync.WaitGroup
	defer quiet.Wait()
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	quiet.Go(func() { giveBack(ctx) })
	server := devtools.New(devtools.Options{
		Browser: window.BrowserOptions{Network: network, Logger: log},
		Product: "swinspect/" + buildVersion().Version, Logger: log, Token: e.token, Origins: e.origins, OnClose: stop, MemoryLimit: e.memory << 20,
	})
	defer server.Close()
	if e.network.demo || len(e.network.sites) > 0 {
		// Nobody is there to ask: a push to one's own site shows its notification.
		for _, name := range []string{"notifications", "push", "background-sync", "periodic-background-sync", "persistent-storage"} {
			server.Browser().DefaultContext().SetPermission(name, "granted")
		}
	}
	keeper, err := openProfile(e.profile, server.Browser().DefaultContext())
	if err != nil {
		return &failure{exit: exitNo, err: err}
	}
	defer func() { keeper.close() }()
	serve := e.serveHTTP
	if e.pipe {
		serve = e.servePipe
	}
	return serve(ctx, io, server, network)
}

// opened opens the pages of the command line.
func (e *engine) opened(ctx context.Context, io stdio, server *devtools.Server, n *engineNet) {
	urls := e.open
	if len(urls) == 0 {
		urls = n.start
	}
	for _, url := range urls {
		if _, err := server.Browser().DefaultContext().NewPage(ctx, url, window.PageOptions{}); err != nil {
			io.say("swinspect engine: --open %s: %v", clean(url), err)
		}
	}
}

// openAfter lets the client have the answer to its question first.
const openAfter = 20 * time.Millisecond

// servePipe opens the pages when the client watches, so that it sees all of it.
func (e *engine) servePipe(ctx context.Context, io stdio, server *devtools.Server, n *engineNet) error {
	in, out := os.NewFile(3, "commands"), os.NewFile(4, "messages")
	if in == nil || out == nil {
		return usage("--pipe: file descriptors 3 and 4 are not open")
	}
	var pages sync.WaitGroup
	defer pages.Wait()
	watched := &watchedTransport{Transport: cdp.NewStream(in, out), watched: func() {
		pages.Go(func() {
			time.Sleep(openAfter)
			e.opened(ctx, io, server, n)
		})
	}}
	err := server.ServeBrowser(ctx, watched)
	if ctx.Err() != nil {
		return nil
	}
	return err
}

func (e *engine) serveHTTP(ctx context.Context, io stdio, server *devtools.Server, n *engineNet) error {
	host, _, err := net.SplitHostPort(e.listen)
	if err != nil {
		return usage("--listen %q: write host:port, for example 127.0.0.1:9333", e.listen)
	}
	if e.token == "" && !loopback(host) {
		return usage("--listen %s is open to other machines: name a --token that clients must carry (?token=…)", e.listen)
	}
	ln, err := new(net.ListenConfig).Listen(ctx, "tcp", e.listen)
	if err != nil {
		return &failure{exit: exitNo, err: fmt.Errorf("--listen: %w", err), hint: "choose another address with --listen HOST:PORT, or any free port with --listen 127.0.0.1:0"}
	}
	h := &http.Server{Handler: server.Handler(), ReadHeaderTimeout: 10 * time.Second}
	served := make(chan error, 1)
	go func() { served <- h.Serve(ln) }()
	io.say("DevTools listening on ws://%s/devtools/browser/%s", ln.Addr(), server.ID())
	query := ""
	if e.token != "" {
		query = "?token=" + url.QueryEscape(e.token)
	}
	io.say("Debug it in Chrome: chrome://inspect, Configure…, %s; or with an address from http://%s/%s", ln.Addr(), ln.Addr(), query)
	e.opened(ctx, io, server, n)
	select {
	case <-ctx.Done():
		err = nil
	case err = <-served:
		served <- err
	}
	_ = h.Close() // nothing is left that would have to be finished
	if e := <-served; err == nil && !errors.Is(e, http.ErrServerClosed) {
		err = e
	}
	return err
}

func loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}
