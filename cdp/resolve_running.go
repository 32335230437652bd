package cdp

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// resolveRunning finds the browser that runs on a user data directory without a
// DevToolsActivePort: with an explicit port Chromium writes no such file.
func (r resolver) resolveRunning(ctx context.Context, dir string) (Endpoint, error) {
	p, found := runningOn(dir, processes(ctx))
	switch {
	case found && p.port() > 0:
		return r.resolvePort(ctx, p.port())
	case found && p.has("remote-debugging-pipe"):
		return Endpoint{}, r.fail(nil, "attach through the program that started it, or start it with a port",
			"the browser that runs on it (process %d) is on a pipe, which belongs to the program that started it", p.pid)
	case found:
		return Endpoint{}, r.fail(nil, hintAllow, "the browser that runs on it (process %d) has no remote debugging", p.pid)
	}
	if pid := lockHolder(dir); pid != 0 {
		return Endpoint{}, r.fail(nil, hintAllow, "the browser that runs on it (process %d) has no remote debugging", pid)
	}
	return Endpoint{}, r.fail(nil, hintStart, "no browser with remote debugging runs on it (there is no DevToolsActivePort)")
}

// runningOn is the browser process whose user data directory is dir or the one
// above it.
func runningOn(dir string, running []process) (process, bool) {
	lock := lockHolder(dir)
	for _, p := range running {
		if !p.isBrowser() {
			continue
		}
		its := p.flag("user-data-dir")
		if p.pid == lock || its != "" && (sameDir(its, dir) || sameDir(its, filepath.Dir(dir))) {
			return p, true
		}
	}
	return process{}, false
}

// lockHolder is the process that holds a user data directory: Chromium's
// SingletonLock is a symbolic link to "host-pid". 0 when there is none.
func lockHolder(dir string) int {
	to, err := os.Readlink(filepath.Join(dir, "SingletonLock"))
	if err != nil {
		return 0
	}
	pid, err := strconv.Atoi(to[strings.LastIndexByte(to, '-')+1:])
	if err != nil {
		return 0
	}
	if host, err := os.Hostname(); err == nil && to != host+"-"+strconv.Itoa(pid) {
		return 0 // a lock of another machine
	}
	if owner, err := os.FindProcess(pid); err != nil || !alive(owner) {
		return 0 // left behind by a crash
	}
	return pid
}

func sameDir(a, b string) bool {
	infoA, errA := os.Stat(a)
	infoB, errB := os.Stat(b)
	return errA == nil && errB == nil && os.SameFile(infoA, infoB)
}
