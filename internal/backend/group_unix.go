//go:build unix

package backend

import (
	"os/exec"
	"syscall"
)

// ownGroup makes the command the leader of a new process group, so that
// `go run` and what it runs end together.
func ownGroup(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

func killGroup(cmd *exec.Cmd) { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) } // none may be left
