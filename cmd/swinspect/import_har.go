package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/swinspect/swinspect/inspector/recording"
)

// importHAR is `swinspect import-har`.
type importHAR struct {
	out, script, scriptURL, scope string
	force, secrets, json          bool
}

// importView is what `import-har --json` says.
type importView struct {
	File     string   `json:"file"`
	Creator  string   `json:"creator"`
	Browser  string   `json:"browser"`
	Pages    int      `json:"pages"`
	Entries  int      `json:"entries"`
	Workers  int      `json:"workerRequests"`
	Bodies   int      `json:"bodies"`
	Missing  int      `json:"missingBodies"`
	Skipped  []string `json:"skipped"`
	Problems []string `json:"problems"`
}

func newImportHAR(io stdio) *cobra.Command {
	i := &importHAR{}
	cmd := &cobra.Command{
		Use:   "import-har FILE",
		Short: "Make a recording of a HAR, and replay it at once with --script",
		Long: `Reads a HAR 1.2 file of DevTools, Playwright (also its .zip) or another program,
and writes it as a recording: every entry becomes the events that a browser would
have sent, with what DevTools notes of service workers. A HAR holds no scripts and
no caches. Bodies that it lacks are noted as missing; entries that cannot be read
are skipped and named.

With --script the recording is replayed at once with that worker, as "swinspect
replay FILE.swrec --script" does; without -o it is not kept.

Exit status: 0; 1 when nothing could be read, or, with --script, an answer differs;
2 usage.`,
		Example: `  swinspect import-har site.har -o site.swrec
  swinspect import-har site.har --script sw.js
  swinspect import-har trace.zip --script dist/sw.js --scope https://app.example/shop/`,
		Args: args("FILE"),
		RunE: func(cmd *cobra.Command, args []string) error { return i.run(cmd.Context(), io, args[0]) },
	}
	f := cmd.Flags()
	f.StringVarP(&i.out, "output", "o", "", "the `FILE` to write; without it and --script, the HAR's name with .swrec")
	f.StringVar(&i.script, "script", "", "replay at once with the worker in `FILE`")
	f.StringVar(&i.scriptURL, "script-url", "", "the `URL` of that worker; without it /sw.js of the origin that the HAR has most of")
	f.StringVar(&i.scope, "scope", "", "its scope `URL`")
	f.BoolVar(&i.force, "force", false, "replace a file that is there")
	f.BoolVar(&i.secrets, "keep-secrets", false, "write cookies and authorization headers too")
	f.BoolVar(&i.json, "json", false, "print JSON")
	return cmd
}

func (i *importHAR) run(ctx context.Context, io stdio, name string) (err error) {
	out := i.out
	switch {
	case out == "" && i.script != "":
		dir, err := os.MkdirTemp("", "swinspect-har-")
		if err != nil {
			return err
		}
		defer func() { _ = os.RemoveAll(dir) }() // what is left is the system's to clean
		out = filepath.Join(dir, "har.swrec")
	case out == "":
		out = strings.TrimSuffix(filepath.Base(name), filepath.Ext(name)) + ".swrec"
	}
	report, err := i.write(ctx, name, out)
	if err != nil {
		return err
	}
	if err := i.say(io, out, report); err != nil || i.script == "" {
		return err
	}
	r := newReplayer()
	r.job.Script, r.job.ScriptURL, r.job.Scope = i.script, i.scriptURL, i.scope
	if i.json {
		r.format = "ndjson"
	}
	return r.run(ctx, io, out)
}

// write makes the recording. A file that could not be made whole is taken away.
func (i *importHAR) write(ctx context.Context, name, out string) (*recording.HARReport, error) {
	if _, err := os.Stat(name); err != nil {
		return nil, &failure{exit: exitUsage, err: err, hint: "give a .har, or Playwright's .zip of one"}
	}
	meta := recording.Meta{Mode: recording.HAR, Target: filepath.Base(name), Program: "swinspect " + buildVersion().Version, Began: time.Now()}
	w, err := recording.Create(out, meta, recording.Options{Overwrite: i.force, KeepSecrets: i.secrets})
	if err != nil {
		return nil, advised(err)
	}
	report, err := recording.ImportHAR(ctx, name, w)
	if err == nil && report.Entries == 0 {
		err = fmt.Errorf("%s has no entry that could be read", clean(name))
	}
	if err := errors.Join(err, w.Close()); err != nil {
		return nil, errors.Join(advised(err), os.Remove(out))
	}
	return report, nil
}

// advised puts what a file's error advises where commands say such things.
func advised(err error) error {
	var said *recording.FileError
	switch {
	case errors.Is(err, os.ErrExist):
		return &failure{exit: exitNo, err: err, hint: "--force replaces it"}
	case errors.As(err, &said) && said.Advice != "":
		return &failure{exit: exitNo, err: err, hint: said.Advice}
	}
	return err
}

func (i *importHAR) say(io stdio, out string, r *recording.HARReport) error {
	if i.json && i.script == "" {
		return io.json(importView{
			File: out, Creator: r.Creator, Browser: r.Browser, Pages: r.Pages, Entries: r.Entries, Workers: r.Workers, Bodies: r.Bodies,
			Missing: r.Missing, Skipped: list(r.Skipped), Problems: list(r.Problems),
		})
	}
	for _, what := range append(list(r.Problems), r.Skipped...) {
		io.say("swinspect: %s", clean(what))
	}
	line := fmt.Sprintf("%d requests by %s, %d bodies", r.Entries, clean(cmp.Or(r.Creator, "an unknown program")), r.Bodies)
	if r.Missing > 0 {
		line += fmt.Sprintf(", %d responses without theirs", r.Missing)
	}
	if i.script != "" {
		io.say("%s", line)
		return nil
	}
	_, err := fmt.Fprintf(io.out, "%s: %s\n", clean(out), line)
	return err
}

// list is all, and [] rather than null as JSON.
func list(all []string) []string {
	if all == nil {
		return []string{}
	}
	return all
}
