package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// defaultTimeout bounds each wait for the browser.
const defaultTimeout = 15 * time.Second

// connection is what every command that talks to a browser can be told.
type connection struct {
	attach  string
	context string
	at      string // moment of a recording
	json    bool
	timeout time.Duration
}

// bind adds the flags to a command. Their defaults come from the environment
// when the command runs: see fromEnv.
func (c *connection) bind(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVarP(&c.attach, "attach", "a", "", "the browser: `ENDPOINT` is a port, host:port, http(s):// or ws(s):// URL,\nuser data directory or Selenium session URL (env SWINSPECT_ATTACH;\nwithout either, the one browser found on this machine)")
	f.StringVar(&c.context, "context", "", "only this browser context: \"default\", its label, number or id")
	f.BoolVar(&c.json, "json", false, "print JSON")
	f.DurationVar(&c.timeout, "timeout", defaultTimeout, "how long each wait for the browser may last (env SWINSPECT_TIMEOUT)")
}

// bindAt adds --at to a command that can also read a recording.
func (c *connection) bindAt(cmd *cobra.Command) {
	cmd.Flags().StringVar(&c.at, "at", "", "with --attach FILE.swrec: as of `TIME`: 15:04:05, RFC 3339, +90s after the beginning, -10s before the end")
}

// fromEnv fills in what no flag said.
func (c *connection) fromEnv(cmd *cobra.Command, io stdio) error {
	if c.attach == "" {
		c.attach = io.env("SWINSPECT_ATTACH")
	}
	if v := io.env("SWINSPECT_TIMEOUT"); v != "" && !cmd.Flags().Changed("timeout") {
		d, err := parseTimeout(v)
		if err != nil {
			return usage("SWINSPECT_TIMEOUT=%q: %w", v, err)
		}
		c.timeout = d
	}
	if c.timeout <= 0 {
		return usage("--timeout %s: it must be more than zero, for example 15s", c.timeout)
	}
	return nil
}

// parseTimeout reads "15s", "2m" or a plain number of seconds.
func parseTimeout(s string) (time.Duration, error) {
	if n, err := strconv.ParseFloat(s, 64); err == nil {
		return time.Duration(n * float64(time.Second)), nil
	}
	d, err := time.ParseDuration(s)
	if err != nil {
		return 0, fmt.Errorf("not a duration: write 15s, 2m or a number of seconds")
	}
	return d, nil
}

// args checks the positional arguments against their names, those in brackets
// being optional, and a last one that ends in … any number: args("SCOPE", "[TAG]").
func args(names ...string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, given []string) error {
		required := 0
		for _, n := range names {
			if !strings.HasPrefix(n, "[") {
				required++
			}
		}
		if len(given) < required {
			return usage("%s needs %s: try %s --help", cmd.CommandPath(), strings.Join(names[len(given):required], " "), cmd.CommandPath())
		}
		many := len(names) > 0 && strings.HasSuffix(strings.TrimSuffix(names[len(names)-1], "]"), "…")
		if len(given) > len(names) && !many {
			return usage("%s: %q is one argument too many: try %s --help", cmd.CommandPath(), given[len(names)], cmd.CommandPath())
		}
		for i, g := range given {
			if i < required && strings.TrimSpace(g) == "" {
				return usage("%s: %s is empty", cmd.CommandPath(), names[i])
			}
		}
		return nil
	}
}
