package main

import (
	"errors"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/swinspect/swinspect/inspector/replay"
)

// merger is `swinspect report merge`.
type merger struct {
	format     string
	out        string
	all, steps bool
}

func newReport(io stdio) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "report",
		Short: "Put the results of replays together",
		Long: `"swinspect report merge" makes one report of what the shards of a replay wrote.

Exit status: that of the replay as a whole; 2 usage; 3 when a file cannot be read.`,
		Example: `  swinspect report merge part-*.ndjson --format junit -o replay.xml`,
		Args:    cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usage("report has no command %s: it is merge", quote(args[0]))
			}
			return usage("report needs a command: merge")
		},
	}
	m := &merger{}
	merge := &cobra.Command{
		Use:   "merge FILE…",
		Short: "Merge the NDJSON results of shards into one report",
		Long: `Reads what "swinspect replay --format ndjson" wrote, one file per shard, and writes
one report: each event once, in recorded order, and the counts of all. Of an event
that is in several files the worst result counts.

Exit status: that of the replay as a whole; 3 when a file cannot be read.`,
		Example: `  swinspect report merge part-*.ndjson --format junit -o replay.xml`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usage("swinspect report merge needs FILE: try swinspect report merge --help")
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error { return m.run(io, args) },
	}
	f := merge.Flags()
	f.StringVar(&m.format, "format", "ndjson", "`FORMAT` of the report: "+strings.Join(replay.Formats, ", "))
	f.StringVarP(&m.out, "output", "o", "", "write the report to `FILE`")
	f.BoolVar(&m.all, "all", false, "text: list equal events too")
	f.BoolVar(&m.steps, "steps", false, "text: the engine's steps of each event that is listed")
	cmd.AddCommand(merge)
	return cmd
}

func (m *merger) run(io stdio, files []string) (err error) {
	if !slices.Contains(replay.Formats, m.format) {
		return usage("--format %s: it is one of %s", quote(m.format), strings.Join(replay.Formats, ", "))
	}
	var shards [][]replay.Line
	for _, name := range files {
		lines, err := readShard(name)
		if err != nil {
			return &failure{exit: exitUnreachable, err: err}
		}
		shards = append(shards, lines)
	}
	results, summary := replay.Merge(shards...)
	out := io.out
	if m.out != "" {
		f, err := os.Create(m.out)
		if err != nil {
			return &failure{exit: exitNo, err: err}
		}
		defer func() { err = errors.Join(err, f.Close()) }()
		out = f
	}
	report := replay.NewReport(m.format, out, replay.ReportOptions{Colour: m.out == "" && io.colour(out), All: m.all, Steps: m.steps})
	for _, r := range results {
		if err := report.Result(r); err != nil {
			return err
		}
	}
	if err := report.End(summary); err != nil {
		return err
	}
	if !summary.OK() {
		return errSaid
	}
	return nil
}

// readShard reads one file; one without its summary is of a replay that did not end.
func readShard(name string) ([]replay.Line, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // it was only read
	var lines []replay.Line
	whole := false
	err = replay.ReadLines(f, func(l replay.Line) error {
		lines = append(lines, l)
		whole = whole || l.Summary != nil
		return nil
	})
	if err == nil && !whole {
		err = errors.New("it has no summary: the replay that wrote it did not end")
	}
	if err != nil {
		return nil, &os.PathError{Op: "read", Path: name, Err: err}
	}
	return lines, nil
}
