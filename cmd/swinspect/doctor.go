package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/swinspect/swinspect/cdp"
	"github.com/swinspect/swinspect/cdp/chromium"
)

// foundView is one thing that was found on this machine.
type foundView struct {
	Endpoint string `json:"endpoint"`
	Product  string `json:"product"`
	State    string `json:"state"`
	Advice   string `json:"advice,omitempty"`
	Command  string `json:"command,omitempty"` // what to run instead
	Pid      int    `json:"pid,omitempty"`
}

type installedView struct {
	Name string `json:"name"`
	Path string `json:"path"`
}

type doctorView struct {
	Running   []foundView     `json:"running"`   // what could be attached to, and why not
	Installed []installedView `json:"installed"` // what --launch could start
	Attached  *attachedView   `json:"attached,omitempty"`
}

type attachedView struct {
	Endpoint      string `json:"endpoint"`
	WebSocketURL  string `json:"webSocketUrl"`
	Product       string `json:"product"`
	Contexts      int    `json:"contexts"`
	Registrations int    `json:"registrations"`
}

func newDoctor(io stdio) *cobra.Command {
	c := &connection{}
	browsers := false
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Say what can be attached here, and why not",
		Long: `Looks at this machine: which browsers run and can be attached to, which cannot
and what to do about it, and which are installed for --launch to start.

With --attach (or SWINSPECT_ATTACH) it tries that endpoint step by step: resolve
it, connect, take the inventory.

Chrome 136 and later ignore --remote-debugging-port on the default profile
without a word: give --user-data-dir too. Chrome 144 and later can be asked for
remote debugging in chrome://inspect/#remote-debugging: they answer 404 on
/json, and ask before each connection.

Exit status: 0 when something can be attached to or launched (with --attach:
when that works); 1 when nothing can; 3 when --attach cannot be reached; 4 when
it took too long.`,
		Example: "  swinspect doctor\n  swinspect doctor --attach 9222\n  swinspect doctor --json | jq '.running[] | select(.state==\"ready\").endpoint'",
		Args:    args(),
	}
	c.bind(cmd)
	cmd.Flags().BoolVar(&browsers, "browsers", false, "only whether a browser is installed that can be launched; 1 when none is")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := c.fromEnv(cmd, io); err != nil {
			return err
		}
		ctx, cancel := context.WithTimeout(cmd.Context(), c.timeout)
		defer cancel()
		v := doctorView{Running: []foundView{}, Installed: []installedView{}}
		var missing error
		v.Installed, missing = installed()
		switch {
		case browsers && missing != nil:
			return &failure{exit: exitNo, err: missing}
		case browsers:
			return doctorBrowsers(io, c.json, v.Installed)
		}
		if missing != nil {
			io.say("swinspect: %s", clean(missing.Error()))
		}
		if c.attach != "" {
			attached, err := c.examine(cmd, io)
			if err != nil {
				return err
			}
			v.Attached = attached
		}
		ready := v.Attached != nil || len(v.Installed) > 0
		for _, f := range cdp.Discover(ctx) {
			if f.State == cdp.StateInstalled {
				continue // listed below, from the same source as --launch
			}
			v.Running = append(v.Running, foundView{f.Input, f.Product, f.State, f.Advice, f.Command, f.Pid})
			ready = ready || f.State == cdp.StateReady || f.State == cdp.StateAsks
		}
		if err := printDoctor(io, c.json, v); err != nil {
			return err
		}
		if !ready {
			return errSaid
		}
		return nil
	}
	return cmd
}

// installed are the browsers that --launch could start; that there is none is no error
// here, that the one that was named is missing is.
func installed() ([]installedView, error) {
	found, err := chromium.Find()
	if errors.Is(err, chromium.ErrNotFound) {
		return []installedView{}, nil
	} else if err != nil {
		return []installedView{}, err
	}
	views := make([]installedView, 0, len(found))
	for _, b := range found {
		views = append(views, installedView{b.Name, b.Path})
	}
	return views, nil
}

func doctorBrowsers(io stdio, asJSON bool, found []installedView) error {
	if asJSON {
		if err := io.json(found); err != nil {
			return err
		}
	} else {
		for _, b := range found {
			if _, err := fmt.Fprintf(io.out, "%s\t%s\n", clean(b.Name), clean(b.Path)); err != nil {
				return err
			}
		}
	}
	if len(found) == 0 {
		return &failure{exit: exitNo, err: chromium.ErrNotFound, hint: "install one, or name its executable in SWINSPECT_BROWSER"}
	}
	return nil
}

// examine tries one endpoint and says on the way how far it gets.
func (c connection) examine(cmd *cobra.Command, io stdio) (_ *attachedView, err error) {
	ctx, cancel := context.WithTimeout(cmd.Context(), c.timeout)
	defer cancel()
	endpoint, err := cdp.Resolve(ctx, c.attach)
	if err != nil {
		return nil, unreachable(ctx, c, err)
	}
	io.say("%s is %s %s", clean(c.attach), clean(endpoint.Kind), clean(endpoint.WebSocketURL))
	s, err := c.open(cmd, io)
	if err != nil {
		return nil, err
	}
	defer s.close(&err)
	state := s.browser.State()
	v := &attachedView{
		Endpoint: c.attach, WebSocketURL: endpoint.WebSocketURL,
		Product: state.Connection.Product, Registrations: len(state.Live()),
	}
	var problems []error
	for _, bc := range state.Contexts {
		if bc.Gone {
			continue
		}
		v.Contexts++
		if bc.Problem != "" {
			problems = append(problems, fmt.Errorf("context %s cannot be watched: %s", clean(bc.Label), clean(bc.Problem)))
		}
	}
	return v, errors.Join(problems...)
}

func printDoctor(io stdio, asJSON bool, v doctorView) error {
	if asJSON {
		return io.json(v)
	}
	p := &page{out: io.out}
	if a := v.Attached; a != nil {
		p.line("attached to %s: %s, %d contexts, %d registrations\n", clean(a.Endpoint), clean(a.Product), a.Contexts, a.Registrations)
	}
	p.line("running on this machine: %d", len(v.Running))
	for _, f := range v.Running {
		p.line("  %-8s %s: %s", clean(f.Endpoint), clean(f.Product), f.State)
		if f.Advice != "" {
			p.line("           %s", clean(f.Advice))
		}
		if f.Command != "" {
			p.line("           %s", clean(f.Command))
		}
	}
	if len(v.Running) == 0 {
		p.line("  start one with --remote-debugging-port=9222 --user-data-dir=DIR, or: swinspect --launch")
	}
	p.line("installed, for --launch: %d", len(v.Installed))
	for _, b := range v.Installed {
		p.line("  %s  %s", clean(b.Name), clean(b.Path))
	}
	return p.err
}
