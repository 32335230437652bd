package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// recordingView is a recording of a folder.
type recordingView struct {
	File     string     `json:"file"`
	Bytes    int64      `json:"bytes"`
	Mode     string     `json:"mode,omitempty"`
	Target   string     `json:"target,omitempty"`
	Browser  string     `json:"browser,omitempty"`
	From     *time.Time `json:"from,omitempty"`
	To       *time.Time `json:"to,omitempty"`
	Messages int64      `json:"messages"`
	Fetches  int        `json:"fetches"`
	Redacted bool       `json:"redacted"`
	Ended    string     `json:"ended,omitempty"` // "": it still runs, or was killed
	Problem  string     `json:"problem,omitempty"`
}

func newRecordings(io stdio) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "recordings [DIR]",
		Short: "List the recordings of a folder",
		Long: `Lists the recordings (*.swrec) of a folder, of the present one without DIR: size,
span, how and of what each was made. One that cannot be read says why.

Exit status: 0, also when there is none; 1 when the folder cannot be read.`,
		Example: `  swinspect recordings
  swinspect recordings ./visits --json | jq -r '.[] | select(.redacted | not) | .file'`,
		Args: args("[DIR]"),
		RunE: func(cmd *cobra.Command, args []string) error {
			dir := "."
			if len(args) > 0 {
				dir = args[0]
			}
			views, err := recordingsOf(cmd, dir)
			if err != nil {
				return err
			}
			if asJSON {
				return io.json(views)
			}
			if len(views) == 0 {
				io.say("no recording in %s: swinspect record makes one", clean(dir))
				return nil
			}
			return printRecordings(io, views)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

// recordingsOf looks into the recordings of a folder, newest first.
func recordingsOf(cmd *cobra.Command, dir string) ([]recordingView, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	views := []recordingView{}
	for _, e := range entries {
		if e.IsDir() || !strings.EqualFold(filepath.Ext(e.Name()), ".swrec") {
			continue
		}
		v := recordingView{File: filepath.Join(dir, e.Name())}
		if info, err := e.Info(); err == nil {
			v.Bytes = info.Size()
		}
		if err := v.read(cmd); err != nil {
			v.Problem = err.Error()
		}
		views = append(views, v)
		if cmd.Context().Err() != nil {
			return nil, cmd.Context().Err()
		}
	}
	slices.SortStableFunc(views, func(a, b recordingView) int { return began(b).Compare(began(a)) })
	return views, nil
}

func began(v recordingView) time.Time {
	if v.From == nil {
		return time.Time{}
	}
	return *v.From
}

func (v *recordingView) read(cmd *cobra.Command) (err error) {
	file, err := openRecording(v.File)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	m := file.Meta()
	v.Mode, v.Target, v.Browser, v.Redacted, v.Ended, v.Messages = string(m.Mode), m.Target, m.Browser, m.Redacted, m.Ended, file.Len()
	from, to := file.Span()
	v.From, v.To = maybe(from), maybe(to)
	_, _, v.Fetches, err = file.Fetches().Rows(cmd.Context(), "", "time", 0, 1)
	return err
}

func printRecordings(io stdio, views []recordingView) error {
	t := newTable(io, "FILE", "MODE", "BEGAN", "SPAN", "REQUESTS", "SIZE", "TARGET")
	for _, v := range views {
		if v.Problem != "" {
			t.row(plain(clean(v.File)), cell{"unreadable", "bad"}, plain(""), plain(""), plain(""), plain(size(v.Bytes)), plain(clean(v.Problem)))
			continue
		}
		began, span := "", ""
		if v.From != nil {
			began, span = when(*v.From), v.To.Sub(*v.From).Round(time.Second).String()
		}
		mode := v.Mode
		if !v.Redacted {
			mode += ", with secrets"
		}
		t.row(plain(clean(v.File)), plain(mode), plain(began), plain(span), plain(fmt.Sprint(v.Fetches)), plain(size(v.Bytes)), plain(clean(v.Target)))
	}
	return t.flush()
}

// size is bytes for people.
func size(n int64) string {
	switch {
	case n >= 1<<30:
		return fmt.Sprintf("%.1f GiB", float64(n)/(1<<30))
	case n >= 1<<20:
		return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
	case n >= 1<<10:
		return fmt.Sprintf("%d KiB", n>>10)
	}
	return fmt.Sprintf("%d B", n)
}
