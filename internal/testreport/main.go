// Command testreport reads the event stream of `go test -json` on its standard
// input, prints the output of what failed and a closing summary, and exits 1
// when anything failed or was skipped: nothing is skipped silently.
package main

import (
	"fmt"
	"io"
	"os"
)

func main() { os.Exit(run(os.Stdin, os.Stdout)) }

func run(in io.Reader, out io.Writer) int {
	r, err := Read(in, out)
	if err != nil {
		fmt.Fprintf(out, "testreport: %v\n", err)
		return 1
	}
	r.Summary(out)
	if !r.OK() {
		return 1
	}
	return 0
}
