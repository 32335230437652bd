package cdp

import (
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// process is a running program whose command line says something about remote
// debugging, or which is a browser.
type process struct {
	pid  int
	args []string
}

// browserNames are the executables of Chromium browsers, without .exe.
var browserNames = []string{
	"chrome", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "google-chrome-beta",
	"google-chrome-unstable", "google chrome", "google chrome beta", "google chrome canary", "msedge",
	"microsoft-edge", "microsoft edge", "brave", "brave browser", "vivaldi", "vivaldi-bin", "opera", "electron",
	"headless_shell", "chrome-headless-shell",
}

// isBrowser reports a browser's main process: its children carry --type.
func (p process) isBrowser() bool {
	if len(p.args) == 0 || p.has("type") {
		return false
	}
	name := strings.TrimSuffix(strings.ToLower(filepath.Base(p.args[0])), ".exe")
	return slices.Contains(browserNames, name)
}

// name is the executable's, for showing.
func (p process) name() string { return filepath.Base(p.args[0]) }

// flag is the value of --name=value; the last one counts, as in Chromium.
func (p process) flag(name string) string {
	value := ""
	for _, arg := range p.args {
		if v, found := strings.CutPrefix(arg, "--"+name+"="); found {
			value = v
		}
	}
	return value
}

// has reports --name, with or without a value.
func (p process) has(name string) bool {
	return slices.ContainsFunc(p.args, func(arg string) bool {
		return arg == "--"+name || strings.HasPrefix(arg, "--"+name+"=")
	})
}

// port is the debugging port asked for: -1 for none, 0 for any.
func (p process) port() int {
	n, err := strconv.Atoi(p.flag("remote-debugging-port"))
	if err != nil || n < 0 || n > 65535 {
		return -1
	}
	return n
}

// splitFlags makes arguments of a command line whose separators are lost, as ps
// prints it: a value may contain spaces, a flag begins with " --".
func splitFlags(line string) []string {
	parts := strings.Split(line, " --")
	args := []string{strings.TrimSpace(parts[0])}
	for _, part := range parts[1:] {
		args = append(args, "--"+strings.TrimSpace(part))
	}
	return args
}
