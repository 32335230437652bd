package backend

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// Engine builds this repository's binary into dir and gives the options that run
// its engine with further arguments, on a free port.
func Engine(ctx context.Context, dir string, args ...string) (Options, error) {
	binary := filepath.Join(dir, "swinspect")
	build := exec.CommandContext(ctx, "go", "build", "-o", binary, "github.com/swinspect/swinspect/cmd/swinspect")
	if out, err := build.CombinedOutput(); err != nil {
		return Options{}, fmt.Errorf("backend: building the engine: %w\n%s", err, out)
	}
	return Options{Command: append([]string{binary, "engine", "--listen", "127.0.0.1:0"}, args...), Stderr: os.Stderr}, nil
}
