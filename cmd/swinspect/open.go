package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/swinspect/swinspect/inspector"
	"github.com/swinspect/swinspect/inspector/recording"
	"github.com/swinspect/swinspect/ui"
)

// openCommand is `swinspect open`.
type openCommand struct {
	server
	salvage string
	show    bool
}

func newOpen(io stdio) *cobra.Command {
	o := &openCommand{}
	cmd := &cobra.Command{
		Use:   "open FILE…",
		Short: "Show recordings in the page, as of any moment",
		Long: `Serves the page with recordings in the place of browsers: every panel as of any
moment, with a slider, and what changed between two moments. The address is printed
once it answers; it ends with Ctrl-C.

--salvage copies what can still be read of a damaged recording to a new file.

The commands that read also take a recording: swinspect ls --attach FILE --at TIME,
and show, clients, cache ls, cache show, cache match.

Exit status: 0 after Ctrl-C; 1 when the address is in use, or a file is damaged;
2 usage.`,
		Example: `  swinspect open visit.swrec
  swinspect open before.swrec after.swrec --listen 127.0.0.1:0
  swinspect open broken.swrec --salvage whole.swrec`,
		Args: func(cmd *cobra.Command, given []string) error {
			if len(given) == 0 {
				return usage("open needs FILE: try swinspect open --help")
			}
			if o.salvage != "" && len(given) > 1 {
				return usage("open: --salvage takes one FILE")
			}
			return nil
		},
	}
	f := cmd.Flags()
	f.StringVarP(&o.listen, "listen", "l", "127.0.0.1:7777", "the `ADDRESS` to serve the page at; port 0 takes a free one")
	f.StringVar(&o.token, "token", "", "the `TOKEN` that requests which change something must carry (default: a random one)")
	f.BoolVar(&o.show, "open", false, "open the page in your browser")
	f.StringVar(&o.salvage, "salvage", "", "write what can still be read to a new `FILE`, and end")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if o.salvage != "" {
			return o.rescue(cmd, io, args[0])
		}
		return o.run(cmd, io, args)
	}
	return cmd
}

func (o *openCommand) rescue(cmd *cobra.Command, io stdio, name string) error {
	s, err := recording.Salvage(cmd.Context(), name, o.salvage)
	if err != nil {
		return advised(err)
	}
	for _, lost := range s.Lost {
		io.say("lost: %s", clean(lost))
	}
	_, err = fmt.Fprintf(io.out, "%s: %d messages, %d bodies\n", clean(o.salvage), s.Messages, s.Bodies)
	return err
}

func (o *openCommand) run(cmd *cobra.Command, io stdio, files []string) (err error) {
	ctx := cmd.Context()
	for _, name := range files { // what is wrong with a file is said before anything is served
		file, err := openRecording(name)
		if err != nil {
			return err
		}
		if err := file.Close(); err != nil {
			return err
		}
	}
	ln, err := o.listener(ctx)
	if err != nil {
		return err
	}
	fleet := newFleet(inspector.NewHub(inspector.HubOptions{}), io, false)
	defer func() { err = errors.Join(err, fleet.close()) }()
	server := ui.New(ui.Options{
		Hub: hubAdapter{fleet.hub}, Token: o.token, Listen: o.listen, Logger: slog.New(slog.DiscardHandler), Version: buildVersion().Version,
		Recordings: filepath.Dir(files[0]), Replay: &pageReplayer{io: io, memory: defaultEngineMemory}, Attach: fleet.attach, Launch: fleet.launch, Discover: fleet.discover,
	})
	served := make(chan error, 1)
	serving, stop := context.WithCancel(ctx)
	go func() { served <- server.Serve(serving, ln) }()
	defer func() {
		stop()
		err = errors.Join(err, <-served)
	}()
	page, err := o.page(ctx, server, server.URL(ln.Addr()), files)
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintln(io.out, page); err != nil {
		return err
	}
	if o.show {
		if err := openPage(page); err != nil {
			io.say("swinspect: cannot open a browser (%v): open %s yourself", err, page)
		}
	}
	if isTerminal(io.err) {
		io.say("swinspect shows the recording there; Ctrl-C ends")
	}
	select {
	case <-ctx.Done():
		return nil
	case err := <-served:
		served <- nil
		return err
	}
}

// page opens the files and gives the address of the first.
func (o *openCommand) page(ctx context.Context, server *ui.Server, base string, files []string) (string, error) {
	u, err := url.Parse(base)
	if err != nil {
		return "", err
	}
	for i, name := range files {
		id, err := server.OpenRecording(ctx, name)
		if err != nil {
			return "", err
		}
		if i == 0 {
			u.Path = "/b/" + id
		}
	}
	return u.String(), nil
}
