package main

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
)

// newDocs prints docs/cli.md. It is hidden: only `make generate` and a test
// call it.
func newDocs(std stdio) *cobra.Command {
	return &cobra.Command{
		Use:    "docs",
		Short:  "Print the command reference as Markdown",
		Hidden: true,
		Args:   args(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return writeReference(std.out, cmd.Root())
		},
	}
}

// writeReference writes what --help says of every command, as one page.
func writeReference(out io.Writer, root *cobra.Command) error {
	w := bufio.NewWriter(out)
	fmt.Fprint(w, "# Command reference\n\nWhat `--help` says, on one page. Made by `make generate`; a test compares.\n")
	var walk func(c *cobra.Command)
	walk = func(c *cobra.Command) {
		if c.Hidden || c.Name() == "help" || c.Name() == "completion" {
			return
		}
		c.InitDefaultHelpFlag()
		fmt.Fprintf(w, "\n## %s\n\n%s\n\n```text\n%s\n```\n", c.CommandPath(), sentence(c.Short), strings.TrimRight(c.Long, "\n"))
		fmt.Fprintf(w, "\nUsage: `%s`\n", c.UseLine())
		if c.HasExample() {
			fmt.Fprintf(w, "\n```sh\n%s\n```\n", c.Example)
		}
		if flags := strings.TrimRight(c.LocalFlags().FlagUsages(), "\n"); flags != "" {
			fmt.Fprintf(w, "\n```text\n%s\n```\n", flags)
		}
		for _, sub := range c.Commands() {
			walk(sub)
		}
	}
	walk(root)
	return w.Flush() // keeps the first error of all writes
}

// sentence ends a text with a full stop unless it has an end.
func sentence(s string) string {
	if strings.HasSuffix(s, "?") || strings.HasSuffix(s, "!") || strings.HasSuffix(s, ".") {
		return s
	}
	return s + "."
}
