//go:build unix

package cdp

import (
	"errors"
	"os"
	"syscall"
)

// alive reports whether the process exists, also when it belongs to another user.
func alive(p *os.Process) bool {
	err := p.Signal(syscall.Signal(0))
	return err == nil || errors.Is(err, syscall.EPERM)
}
