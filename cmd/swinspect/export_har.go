package main

import (
	"context"
	"errors"
	"os"

	"github.com/spf13/cobra"

	"github.com/swinspect/swinspect/inspector/recording"
)

func newExportHAR(io stdio) *cobra.Command {
	var out string
	var force bool
	cmd := &cobra.Command{
		Use:   "export-har FILE",
		Short: "Write the requests of a recording as a HAR",
		Long: `Writes HAR 1.2, to standard output without -o, with the fields that DevTools adds
for service workers (_fetchedViaServiceWorker, _serviceWorkerResponseSource,
_responseCacheStorageCacheName …) and, in _swinspect, what those have no name for:
the decision, the parent of a worker's request, the client, what was inferred.

A recording without cookies makes a sanitised HAR.

Exit status: 0; 1 when something could not be read or written; 2 usage.`,
		Example: `  swinspect export-har visit.swrec -o visit.har
  swinspect export-har visit.swrec | jq '.log.entries[].request.url'`,
		Args: args("FILE"),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			file, err := openRecording(args[0])
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, file.Close()) }()
			return exportHAR(cmd.Context(), io, file, out, force)
		},
	}
	cmd.Flags().StringVarP(&out, "output", "o", "", "the `FILE` to write")
	cmd.Flags().BoolVar(&force, "force", false, "replace a file that is there")
	return cmd
}

func exportHAR(ctx context.Context, io stdio, file *recording.File, out string, force bool) (err error) {
	if out == "" || out == "-" {
		return recording.WriteHAR(ctx, file, io.out)
	}
	how := os.O_CREATE | os.O_WRONLY | os.O_TRUNC
	if !force {
		how |= os.O_EXCL
	}
	f, err := os.OpenFile(out, how, 0o600) // it holds what a user's browser said
	if errors.Is(err, os.ErrExist) {
		return &failure{exit: exitNo, err: err, hint: "--force replaces it"}
	}
	if err != nil {
		return err
	}
	if err := errors.Join(recording.WriteHAR(ctx, file, f), f.Close()); err != nil {
		return errors.Join(err, os.Remove(out))
	}
	return nil
}
