//go:build windows

package chromium

import (
	"os/exec"
	"strconv"
)

// group is a browser and its descendants.
type group struct{ pid int }

func ownGroup(*exec.Cmd) {}

// terminate asks the browser to end.
func (g group) terminate() { _ = exec.Command("taskkill", "/T", "/PID", strconv.Itoa(g.pid)).Run() } // it may have ended

// kill ends the browser and its descendants.
func (g group) kill() { _ = exec.Command("taskkill", "/F", "/T", "/PID", strconv.Itoa(g.pid)).Run() } // none may be left
