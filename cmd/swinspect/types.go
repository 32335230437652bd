package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	scripting "github.com/swinspect/swinspect/inspector/session"
)

func newTypes(std stdio) *cobra.Command {
	out := ""
	cmd := &cobra.Command{
		Use:   "types",
		Short: "Print the types of all that scripts can use",
		Long: `Prints swinspect.d.ts: the types of the module 'swinspect' and of the globals that
scripts of "swinspect run" have. Beside the scripts it gives an editor completion,
documentation and checks; docs/scripting.md says how.

Exit status: 0; 1 when the file cannot be written; 2 usage.`,
		Example: `  swinspect types --out swinspect.d.ts`,
		Args:    args(),
		RunE: func(*cobra.Command, []string) error {
			if out == "" {
				_, err := fmt.Fprint(std.out, scripting.Types)
				return err
			}
			if err := os.MkdirAll(filepath.Dir(out), 0o750); err != nil {
				return &failure{exit: exitNo, err: err}
			}
			if err := os.WriteFile(out, []byte(scripting.Types), 0o600); err != nil {
				return &failure{exit: exitNo, err: err}
			}
			std.say("types of swinspect %s are in %s", buildVersion().Version, clean(out))
			return nil
		},
	}
	cmd.Flags().StringVarP(&out, "out", "o", "", "write to `FILE`")
	return cmd
}
