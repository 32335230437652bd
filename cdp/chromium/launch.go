package chromium

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/chromedp/cdproto/browser"

	"github.com/swinspect/swinspect/cdp"
)

// startWithin is how long a browser may take to listen when the context sets no
// deadline.
const startWithin = 60 * time.Second

// LaunchError is a browser that did not start.
type LaunchError struct {
	Path   string
	Reason string
	Output []string // the last lines it printed
	Err    error
}

func (e *LaunchError) Error() string {
	s := fmt.Sprintf("chromium: %s did not start: %s", e.Path, e.Reason)
	if len(e.Output) > 0 {
		s += "\n  " + strings.Join(e.Output, "\n  ")
	}
	return s
}

// Unwrap gives the cause.
func (e *LaunchError) Unwrap() error { return e.Err }

// Launch starts a browser and returns when it can be attached to. The process
// outlives ctx, which bounds the start only. A browser that does not start is a
// [*LaunchError]; no browser at all matches ErrNotFound.
func Launch(ctx context.Context, o Options) (*Process, error) {
	if o.Pipe && runtime.GOOS == "windows" {
		return nil, errors.New("chromium: a pipe to the browser is not available on Windows: use a port")
	}
	if o.Path == "" {
		found, err := Find()
		if err != nil {
			return nil, err
		}
		o.Path = found[0].Path
	}
	if runningAsRoot() && o.Stderr != nil {
		// What this says is for the user only: failing to say it harms nothing.
		_, _ = fmt.Fprintln(o.Stderr, "running as root: the browser is started with --no-sandbox")
	}
	p := &Process{path: o.Path, dir: o.UserDataDir, output: newOutput(o.Stderr), ended: make(chan struct{})}
	if err := p.prepare(); err != nil {
		return nil, err
	}
	if err := p.start(o); err != nil {
		return nil, errors.Join(&LaunchError{Path: o.Path, Reason: err.Error(), Err: err}, p.cleanUp())
	}
	ctx, cancel := context.WithTimeout(ctx, startWithin)
	defer cancel()
	if err := p.await(ctx, o); err != nil {
		p.Kill()
		return nil, errors.Join(err, p.Close())
	}
	return p, nil
}

// prepare makes the user data directory.
func (p *Process) prepare() error {
	if p.dir != "" {
		abs, err := filepath.Abs(p.dir)
		if err != nil {
			return fmt.Errorf("chromium: user data directory: %w", err)
		}
		p.dir = abs
		return nil
	}
	dir, err := os.MkdirTemp("", "swinspect-profile-")
	if err != nil {
		return fmt.Errorf("chromium: throwaway profile: %w", err)
	}
	p.dir, p.throwaway = dir, true
	return nil
}

// start runs the executable and the goroutine that waits for its end.
func (p *Process) start(o Options) error {
	p.cmd = exec.Command(o.Path, o.arguments(p.dir)...)
	p.cmd.Stderr, p.cmd.Stdout = p.output, p.output
	p.cmd.WaitDelay = 2 * time.Second // a grandchild may hold stderr open
	ownGroup(p.cmd)
	var theirs []*os.File
	if o.Pipe {
		var err error
		if theirs, err = p.openPipe(); err != nil {
			return err
		}
		p.cmd.ExtraFiles = theirs // file descriptors 3 and 4
	}
	err := p.cmd.Start()
	for _, f := range theirs {
		_ = f.Close() // the child has its own copies
	}
	if err != nil {
		if p.pipe != nil {
			_ = p.pipe.Close() // never spoken to
		}
		return err
	}
	p.group = group{pid: p.cmd.Process.Pid}
	go p.reap()
	return nil
}

// openPipe makes the two pipes and returns the browser's ends: what it reads
// commands from, what it writes messages to.
func (p *Process) openPipe() ([]*os.File, error) {
	commandsOut, commandsIn, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	messagesOut, messagesIn, err := os.Pipe()
	if err != nil {
		return nil, errors.Join(err, commandsOut.Close(), commandsIn.Close())
	}
	p.pipe = cdp.NewStream(messagesOut, commandsIn)
	return []*os.File{commandsOut, messagesIn}, nil
}

// await returns when the browser can be spoken to, or with the reason why not.
func (p *Process) await(ctx context.Context, o Options) error {
	if o.Pipe {
		return p.awaitPipe(ctx)
	}
	select {
	case url := <-p.output.endpoint:
		ep, err := cdp.Resolve(ctx, url)
		if err == nil {
			ep.Product = product(ctx, ep)
			p.endpoint = ep
		}
		return err
	case <-p.output.refused:
		return p.launchError("Chrome 136 and later allow no debugging on the default profile: give another UserDataDir", nil)
	case <-p.ended:
		return p.launchError("it ended at once", p.waitErr)
	case <-ctx.Done():
		return p.launchError("it did not say where it listens", ctx.Err())
	}
}

// awaitPipe asks the version: a browser that answers has started. The transport
// is handed out afterwards, with nothing of this question left in it.
func (p *Process) awaitPipe(ctx context.Context) error {
	v, err := askVersion(ctx, p.pipe)
	if err != nil {
		select {
		case <-p.ended:
			return p.launchError("it ended at once", p.waitErr)
		case <-time.After(time.Second): // its end and the end of the pipe come in any order
			return p.launchError("it does not answer on the pipe", err)
		}
	}
	p.endpoint = cdp.Endpoint{Instance: rand.Text(), Product: v, Kind: cdp.KindBrowser}
	return nil
}

// product asks a browser on a port who it is; "" when it does not say.
func product(ctx context.Context, ep cdp.Endpoint) string {
	t, err := cdp.DialWebSocket(ctx, ep.WebSocketURL)
	if err != nil {
		return ""
	}
	defer func() { _ = t.Close() }() // asked and answered
	v, err := askVersion(ctx, t)
	if err != nil {
		return ""
	}
	return v
}

// askVersion is one Browser.getVersion on a transport nobody else uses yet.
func askVersion(ctx context.Context, t cdp.Transport) (string, error) {
	ask, err := cdp.Encode(cdp.Message{ID: 1, Method: browser.GetVersion.Method, Params: []byte("{}")})
	if err != nil {
		return "", err
	}
	if err := t.Write(ctx, ask); err != nil {
		return "", err
	}
	for {
		b, err := t.Read(ctx)
		if err != nil {
			return "", err
		}
		m, err := cdp.DecodeMessage(b)
		if err != nil {
			return "", err
		}
		if m.ID != 1 {
			continue
		}
		var v browser.GetVersionResult
		if err := cdp.Decode(m.Result, &v); err != nil {
			return "", err
		}
		return v.Product, nil
	}
}

func (p *Process) launchError(reason string, err error) error {
	lines := p.output.lines()
	for _, line := range lines {
		if strings.Contains(line, "existing browser session") {
			reason = "another browser is running on " + p.dir
		}
	}
	if err != nil {
		reason += ": " + err.Error()
	}
	return &LaunchError{Path: p.path, Reason: reason, Output: lines, Err: err}
}
