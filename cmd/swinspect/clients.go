package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/swinspect/swinspect/inspector"
)

// scopedClient is a client with the registration it is about.
type scopedClient struct {
	Scope        string `json:"scope"`
	Registration string `json:"id"`
	clientView
}

func newClients(io stdio) *cobra.Command {
	c := &connection{}
	cmd := &cobra.Command{
		Use:   "clients [SCOPE]",
		Short: "List the pages and workers in scope, and what controls them",
		Long: `Lists the clients of one registration or of all: pages, frames and workers in
its scope, with the version that controls them, or the reason for having none.
How a fact is known is said beside it: seen on the wire, or inferred.

Exit status: 0; 1 when there is no such registration; 2 when SCOPE is ambiguous.`,
		Example: `  swinspect clients
  swinspect clients /shop/ --json | jq '.[] | select(.controller | not)'`,
		Args:              args("[SCOPE]"),
		ValidArgsFunction: completeScope(io, c),
	}
	c.bind(cmd)
	c.bindAt(cmd)
	cmd.RunE = c.with(io, func(_ context.Context, s *session, args []string) error {
		state := s.browser.State()
		rs, err := s.live(state)
		if err != nil {
			return err
		}
		if len(args) > 0 {
			r, err := s.find(args[0])
			if err != nil {
				return err
			}
			rs = []*inspector.Registration{r}
		}
		all := []scopedClient{}
		for _, r := range rs {
			for _, v := range viewClients(state.Clients(r), nil) {
				all = append(all, scopedClient{r.Scope, r.Slug(state), v})
			}
		}
		if s.json {
			return io.json(all)
		}
		if len(all) == 0 {
			io.say("no client is open")
			return nil
		}
		t := newTable(io, "SCOPE", "TYPE", "CONTROLLED BY", "KNOWN", "URL", "WHY NOT")
		for _, v := range all {
			by := cell{"none", "idle"}
			if v.Controller != "" {
				by = cell{"#" + v.Controller, "ok"}
			}
			t.row(plain(clean(v.Scope)), plain(v.Type), by, plain(v.Known), plain(clean(v.URL)), plain(clean(v.Reason)))
		}
		return t.flush()
	})
	return cmd
}
