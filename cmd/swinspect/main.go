// Command swinspect looks at and drives the service workers of a real browser:
// from a page, from the command line, and from scripts that read its output.
package main

import (
	"context"
	"os"
)

func main() {
	os.Exit(run(context.Background(), os.Args[1:], stdio{in: os.Stdin, out: os.Stdout, err: os.Stderr, env: os.Getenv}))
}
