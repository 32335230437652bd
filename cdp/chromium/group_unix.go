//go:build unix

package chromium

import (
	"os/exec"
	"syscall"
)

// group is the process group of a browser: all its processes, since Chromium's
// children stay in the group they are born in.
type group struct{ pid int }

// ownGroup makes the command the leader of a new process group.
func ownGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
}

// terminate asks the browser itself to end.
func (g group) terminate() { _ = syscall.Kill(g.pid, syscall.SIGTERM) } // it may have ended

// kill ends every process of the group.
func (g group) kill() { _ = syscall.Kill(-g.pid, syscall.SIGKILL) } // none may be left
