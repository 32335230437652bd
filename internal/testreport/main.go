// Command testreport reads the event stream of `go test -json` on its standard
// input, prints the output of what failed and a closing summary, and exits 1
// when anything failed or was skipped: nothing is skipped silently. Its arguments
// name tests, as "package Test", that need what make test does not set up; they are
// named with their reason and do not count.
package main

import (
	"fmt"
	"io"
	"os"
)

func main() { os.Exit(run(os.Stdin, os.Stdout, os.Args[1:]...)) }

func run(in io.Reader, out io.Writer, needMore ...string) int {
	r, err := Read(in, out, needMore...)
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
