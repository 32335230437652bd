package chromium

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"sync/atomic"
	"time"

	"github.com/swinspect/swinspect/cdp"
)

// Process is one running browser.
//
// Concurrency: every method may be called from any goroutine. It owns one
// goroutine, which waits for the process and is gone when Close returns.
type Process struct {
	path      string
	dir       string // user data directory
	throwaway bool   // dir is removed by Close
	cmd       *exec.Cmd
	group     group
	output    *output
	endpoint  cdp.Endpoint
	pipe      cdp.Transport // nil for a browser on a port
	taken     atomic.Bool   // the pipe was handed out

	ended   chan struct{} // closed when the process has ended
	waitErr error         // how it ended; read after ended
}

// termWithin is how long a browser may take to end by itself before it is killed.
const termWithin = 3 * time.Second

// Endpoint is where the browser can be attached to. That of a browser on a pipe
// has no WebSocketURL.
func (p *Process) Endpoint() cdp.Endpoint { return p.endpoint }

// UserDataDir is the directory of the profile.
func (p *Process) UserDataDir() string { return p.dir }

// Pid is the process id of the browser.
func (p *Process) Pid() int { return p.cmd.Process.Pid }

// Transport opens a way to the browser: a new WebSocket each time, or the one
// pipe there is, which can be had once.
func (p *Process) Transport(ctx context.Context) (cdp.Transport, error) {
	if p.pipe == nil {
		return cdp.DialWebSocket(ctx, p.endpoint.WebSocketURL)
	}
	if p.taken.Swap(true) {
		return nil, errors.New("chromium: the pipe to the browser is in use already")
	}
	return p.pipe, nil
}

// Done is closed when the process has ended.
func (p *Process) Done() <-chan struct{} { return p.ended }

// Wait returns when the process has ended: nil for exit status 0, an
// *exec.ExitError otherwise.
func (p *Process) Wait() error {
	<-p.ended
	return p.waitErr
}

// Kill ends the browser and all its processes at once, as a crash would. The
// profile stays; Close removes a throwaway one.
func (p *Process) Kill() {
	if !p.hasEnded() {
		p.group.kill()
	}
	<-p.ended
}

// hasEnded guards every signal: the id of a process that was reaped may belong to
// somebody else.
func (p *Process) hasEnded() bool {
	select {
	case <-p.ended:
		return true
	default:
		return false
	}
}

// Close ends the browser, first asking, then killing it, with every process it
// started, and removes a throwaway profile. It may be called more than once.
func (p *Process) Close() error {
	if !p.hasEnded() {
		p.group.terminate()
	}
	select {
	case <-p.ended:
	case <-time.After(termWithin):
	}
	p.Kill()
	if p.pipe != nil {
		_ = p.pipe.Close() // the other end is gone
	}
	return p.cleanUp()
}

// reap waits for the process, so that it leaves no zombie.
func (p *Process) reap() {
	err := p.cmd.Wait()
	if errors.Is(err, exec.ErrWaitDelay) {
		err = nil // it ended well; a grandchild still held its stderr
	}
	p.waitErr = err
	p.group.kill() // whatever the browser left behind
	close(p.ended)
}

// cleanUp removes a throwaway profile. Processes on their way out may still
// write to it, so it takes more than one attempt at times.
func (p *Process) cleanUp() error {
	if !p.throwaway {
		return nil
	}
	var err error
	for wait := 10 * time.Millisecond; wait < 2*time.Second; wait *= 2 {
		if err = os.RemoveAll(p.dir); err == nil {
			return nil
		}
		time.Sleep(wait)
	}
	return fmt.Errorf("chromium: removing the throwaway profile: %w", err)
}
