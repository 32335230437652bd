package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/swinspect/swinspect/inspector"
)

func newLs(io stdio) *cobra.Command {
	c := &connection{}
	cmd := &cobra.Command{
		Use:     "ls",
		Aliases: []string{"list"},
		Short:   "List the registrations of every origin and context",
		Long: `Lists every service worker registration of the browser: all origins, all
browser contexts (profiles and incognito ones), partitioned ones included. No
tab is opened or navigated and no worker is started or kept awake.

With --json it prints one array. Each object has at least: id, scope, origin,
storageKey, scriptURL, context, state, versions (id, status, running, clients),
clients (all in scope, with their controller or the reason for having none).

Exit status: 0, also when there is none; 3 or 4 when no browser answered.`,
		Example: `  swinspect ls --attach 9222
  swinspect ls --attach http://127.0.0.1:9222 --json | jq -r '.[].scope'
  swinspect ls --context default
  swinspect ls --json | jq '.[] | select(.whyWaiting) | .whyWaiting.sentence'`,
		Args: args(),
	}
	c.bind(cmd)
	c.bindAt(cmd)
	cmd.RunE = c.with(io, func(_ context.Context, s *session, _ []string) error {
		state := s.browser.State()
		rs, err := s.live(state)
		if err != nil {
			return err
		}
		if s.json {
			views := make([]registrationView, 0, len(rs))
			for _, r := range rs {
				views = append(views, viewRegistration(state, r))
			}
			return io.json(views)
		}
		if len(rs) == 0 {
			io.say("no service worker is registered in %s", s.place())
			return nil
		}
		return printRegistrations(io, state, rs)
	})
	return cmd
}

func printRegistrations(io stdio, state *inspector.State, rs []*inspector.Registration) error {
	t := newTable(io, "ID", "STATE", "SCOPE", "VERSIONS", "CLIENTS", "CONTEXT")
	for _, r := range rs {
		word, class := r.Urgency()
		scope := clean(r.Scope)
		if r.StorageKey.Partitioned() {
			scope += " under " + clean(r.StorageKey.TopLevelSite)
		}
		controlled := 0
		for _, c := range state.Clients(r) {
			if c.Version != nil {
				controlled++
			}
		}
		label := ""
		if c := state.Context(r.Key.Instance, r.Key.Context); c != nil {
			label = clean(c.Label)
		}
		t.row(plain(r.Slug(state)), cell{word, class}, plain(scope), plain(versionsLine(r)), plain(fmt.Sprint(controlled)), plain(label))
	}
	return t.flush()
}

// versionsLine is every version that is not redundant, in a few words.
func versionsLine(r *inspector.Registration) string {
	var parts []string
	for _, v := range []*inspector.Version{r.Installing(), r.Waiting(), r.Active()} {
		if v != nil {
			parts = append(parts, fmt.Sprintf("#%s %s, %s", v.ID, inspector.StatusWord(v.Status), v.Running))
		}
	}
	if len(parts) == 0 {
		return "none"
	}
	return strings.Join(parts, "; ")
}
