package main

import (
	"context"
	"time"

	"github.com/spf13/cobra"
)

// completeScope offers the scopes and ids of the attached browser. A shell
// waits for it, so it takes a second at most and keeps quiet when it cannot.
func completeScope(io stdio, c *connection) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, _ string) (found []cobra.Completion, _ cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		cmd.SetContext(ctx)
		quick := *c
		s, err := quick.open(cmd, io)
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		defer s.close(&err)
		state := s.browser.State()
		live, err := s.live(state)
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		for _, r := range live {
			word, _ := r.Urgency()
			found = append(found, cobra.CompletionWithDesc(r.Scope, clean(r.Slug(state)+" "+word)))
		}
		return found, cobra.ShellCompDirectiveNoFileComp
	}
}
