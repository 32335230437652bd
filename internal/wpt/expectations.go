package wpt

import (
	"os/exec"
	"path/filepath"
	"strings"
)

// Update puts the results of a run into a file of expectations; tests that were
// not run keep theirs. Messages and durations stay out of it, and a subtest
// whose name holds what changes from run to run (a port, a token, a time) is
// kept under the name it had this time.
func Update(name string, got Results) error {
	all, err := ReadResults(name)
	if err != nil {
		return err
	}
	for url, r := range got {
		kept := Result{URL: url, Harness: r.Harness}
		for _, s := range r.Tests {
			kept.Tests = append(kept.Tests, Subtest{Name: s.Name, Status: s.Status})
		}
		all[url] = kept
	}
	return WriteResults(name, all)
}

// EngineCommand is the engine of this repository with what the suite's server
// needs: its key trusted, its host names at the loopback interface, all of them
// allowed. The binary is built into dir first.
func EngineCommand(dir, spki string) []string {
	binary := filepath.Join(dir, "swinspect")
	build := exec.Command("go", "build", "-o", binary, "github.com/swinspect/swinspect/cmd/swinspect")
	if out, err := build.CombinedOutput(); err != nil {
		return []string{"sh", "-c", "printf '%s\n' '" + strings.ReplaceAll(string(out), "'", " ") + "' >&2; exit 1"}
	}
	return []string{binary, "engine", "--listen", "127.0.0.1:0", "--trust-spki", spki, "--resolve", "*.test=127.0.0.1", "--allow-origin", "*"}
}
