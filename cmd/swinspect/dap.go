package main

import (
	"context"
	"errors"
	"fmt"
	goio "io"
	"log/slog"
	"net"

	"github.com/spf13/cobra"

	"github.com/swinspect/swinspect/inspector/dap"
)

// dapCommand is `swinspect dap`.
type dapCommand struct {
	listen  string
	token   string
	verbose bool
}

func newDAP(io stdio) *cobra.Command {
	d := &dapCommand{}
	cmd := &cobra.Command{
		Use:   "dap",
		Short: "Let an editor debug service workers (Debug Adapter Protocol)",
		Long: `Speaks the Debug Adapter Protocol on standard input and output, as editors start
it, or with --listen on a TCP port, a session for each connection. The editor's
configuration says what to debug: a site folder or a worker's script on the engine
("site", "program"), a Chromium that is started at a URL ("url"), or a browser to
attach to ("endpoint"). Breakpoints of lines come from the editor; function
breakpoints are all other kinds: event:fetch, lifecycle:waiting, cache:miss
cache=pages-*. docs/editors.md has configurations for VS Code, Neovim, Helix and
Emacs.

The protocol knows no passwords: --listen takes addresses of this machine only,
unless there is a --token, which launch and attach must then name. What is said
goes over the wire as it is: use a tunnel beyond this machine.

Exit status: 0 when the editor has disconnected, or after Ctrl-C; 1 when what came
is not the protocol, or the address is in use; 2 usage.`,
		Example: `  swinspect dap
  swinspect dap --listen 127.0.0.1:4711
  swinspect dap --listen 127.0.0.1:0 --verbose`,
		Args: args(),
		RunE: func(cmd *cobra.Command, _ []string) error { return d.run(cmd.Context(), io) },
	}
	f := cmd.Flags()
	f.StringVarP(&d.listen, "listen", "l", "", "serve editors that connect to `ADDRESS` instead; port 0 takes a free one")
	f.StringVar(&d.token, "token", "", "the `TOKEN` that launch and attach must carry; needed to listen beyond this machine")
	f.BoolVarP(&d.verbose, "verbose", "v", false, "log every message to standard error")
	return cmd
}

func (d *dapCommand) run(ctx context.Context, io stdio) (err error) {
	io.err = &lockedWriter{w: io.err}
	log := slog.New(slog.DiscardHandler)
	if d.verbose {
		log = slog.New(slog.NewTextHandler(io.err, &slog.HandlerOptions{Level: slog.LevelDebug}))
	}
	pool := newDAPPool(io, d.listen != "")
	defer func() { err = errors.Join(err, pool.close()) }()
	server := dap.New(dap.Options{Backend: pool, Token: d.token, Logger: log})
	if d.listen == "" {
		// Closing standard input would not end the reading: the session does not try.
		return server.Serve(ctx, struct{ goio.Reader }{io.in}, io.out)
	}
	host, _, err := net.SplitHostPort(d.listen)
	if err != nil {
		return usage("--listen %q: write host:port, for example 127.0.0.1:4711", d.listen)
	}
	if d.token == "" && !loopback(host) {
		return usage("--listen %s is open to other machines: name a --token that launch and attach must carry", d.listen)
	}
	ln, err := new(net.ListenConfig).Listen(ctx, "tcp", d.listen)
	if err != nil {
		return &failure{exit: exitNo, err: fmt.Errorf("--listen: %w", err), hint: "choose another address with --listen HOST:PORT, or any free port with --listen 127.0.0.1:0"}
	}
	if _, err := fmt.Fprintf(io.out, "DAP server listening at: %s\n", ln.Addr()); err != nil {
		return errors.Join(err, ln.Close())
	}
	return server.Listen(ctx, ln)
}
