package cdp

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// processes lists what runs here, as far as this user may see it.
func processes(ctx context.Context) []process {
	dirs, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		return nil
	}
	var found []process
	for _, dir := range dirs {
		if ctx.Err() != nil {
			break
		}
		b, err := os.ReadFile(filepath.Join(dir, "cmdline"))
		if err != nil || len(b) == 0 {
			continue // it has ended, or is a thread of the kernel
		}
		line := strings.TrimRight(string(b), "\x00")
		args := strings.Split(line, "\x00")
		if len(args) == 1 { // Chromium's children rewrite theirs with spaces
			args = splitFlags(line)
		}
		pid, err := strconv.Atoi(filepath.Base(dir))
		if err == nil {
			found = append(found, process{pid: pid, args: args})
		}
	}
	return found
}
