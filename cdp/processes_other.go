//go:build !linux

package cdp

import (
	"context"
	"os/exec"
	"strconv"
	"strings"
)

// processes lists what runs here by asking ps. Windows has none: there, browsers
// are found by their ports and by the files of their profiles alone.
func processes(ctx context.Context) []process {
	out, err := exec.CommandContext(ctx, "ps", "-axwwo", "pid=,args=").Output()
	if err != nil {
		return nil
	}
	var found []process
	for line := range strings.Lines(string(out)) {
		id, rest, ok := strings.Cut(strings.TrimSpace(line), " ")
		pid, err := strconv.Atoi(id)
		if ok && err == nil {
			found = append(found, process{pid: pid, args: splitFlags(strings.TrimSpace(rest))})
		}
	}
	return found
}
