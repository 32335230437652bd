package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/swinspect/swinspect/cdp"
	"github.com/swinspect/swinspect/inspector"
)

// engineOptions start an engine in a process of its own.
type engineOptions struct {
	Sites  []string // DIR[@ORIGIN]
	Allow  []string
	Demo   bool
	Open   []string
	Memory int64 // MiB the process may use
	// Profile is where its state is kept; a temporary folder when empty.
	Profile string
}

// defaultEngineMemory is how much memory an engine may use, in MiB.
const defaultEngineMemory = 1536

// engineChild is `swinspect engine --pipe` as a child: worker code can kill the
// process that runs it, so that process is not this one. Each Dial starts it anew
// when it has died; its state is in the profile.
//
// Its goroutines are one per process that waits for its end and watches its memory;
// Close waits for them.
type engineChild struct {
	io      stdio
	options engineOptions
	profile string // to be removed by Close; empty: the user's
	wg      sync.WaitGroup

	mu      sync.Mutex
	process *exec.Cmd
	starts  int
	cause   string // why the last one ended
	refused string // the last one's own word on why it did not start
	closed  bool
	spoke   atomic.Bool // some process said something over its pipe: it could be used
}

// newEngineChild prepares a child; Dial starts it.
func newEngineChild(io stdio, o engineOptions) (*engineChild, error) {
	c := &engineChild{io: io, options: o}
	if o.Memory == 0 {
		c.options.Memory = defaultEngineMemory
	}
	if o.Profile == "" {
		dir, err := os.MkdirTemp("", "swinspect-engine-")
		if err != nil {
			return nil, fmt.Errorf("a folder for the engine's state: %w", err)
		}
		c.options.Profile, c.profile = dir, dir
	}
	return c, nil
}

func (c *engineChild) arguments(again bool) []string {
	args := []string{"engine", "--pipe", "--profile", c.options.Profile, "--memory", strconv.FormatInt(c.options.Memory, 10)}
	for _, s := range c.options.Sites {
		args = append(args, "--site", s)
	}
	for _, a := range c.options.Allow {
		args = append(args, "--allow", a)
	}
	if c.options.Demo {
		args = append(args, "--demo")
	}
	if again {
		// What killed the engine may be what its pages load: they stay closed.
		return append(args, "--open", "about:blank")
	}
	for _, u := range c.options.Open {
		args = append(args, "--open", u)
	}
	return args
}

// Dial starts the process and returns its pipe.
func (c *engineChild) Dial(context.Context) (cdp.Transport, cdp.Endpoint, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil, cdp.Endpoint{}, errors.New("swinspect is ending")
	}
	if c.process != nil {
		return nil, cdp.Endpoint{}, errors.New("the engine is still ending")
	}
	self, err := os.Executable()
	if err != nil {
		return nil, cdp.Endpoint{}, fmt.Errorf("starting the engine: %w", err)
	}
	commandsOut, commandsIn, err := os.Pipe()
	if err != nil {
		return nil, cdp.Endpoint{}, fmt.Errorf("starting the engine: %w", err)
	}
	messagesOut, messagesIn, err := os.Pipe()
	if err != nil {
		return nil, cdp.Endpoint{}, errors.Join(fmt.Errorf("starting the engine: %w", err), commandsOut.Close(), commandsIn.Close())
	}
	tail := &lastLines{}
	cmd := exec.Command(self, c.arguments(c.starts > 0)...)
	cmd.Env = append(os.Environ(), "SWINSPECT_ENGINE_CHILD=1")
	cmd.ExtraFiles = []*os.File{commandsOut, messagesIn}
	cmd.Stderr = tail
	err = cmd.Start()
	_, _ = commandsOut.Close(), messagesIn.Close() // the child has its own copies
	if err != nil {
		return nil, cdp.Endpoint{}, errors.Join(fmt.Errorf("starting the engine: %w", err), commandsIn.Close(), messagesOut.Close())
	}
	c.process = cmd
	c.starts++
	c.wg.Go(func() { c.watch(cmd, tail) })
	instance := "engine-" + strconv.Itoa(cmd.Process.Pid)
	return &childTransport{cdp.NewStream(messagesOut, commandsIn), c}, cdp.Endpoint{Input: "engine", Instance: instance, Product: "swinspect", Kind: "engine"}, nil
}

// watch waits for the process's end, and ends it when it takes too much memory.
func (c *engineChild) watch(cmd *exec.Cmd, tail *lastLines) {
	ended := make(chan error, 1)
	c.wg.Go(func() { ended <- cmd.Wait() })
	tick := time.NewTicker(250 * time.Millisecond)
	defer tick.Stop()
	cause := ""
	for {
		select {
		case err := <-ended:
			c.ended(err, cause, tail)
			return
		case <-tick.C:
			if used := residentMemory(cmd.Process.Pid); used > c.options.Memory<<20 && cause == "" {
				cause = fmt.Sprintf("it used %d MiB of memory, more than the %d MiB it may", used>>20, c.options.Memory)
				_ = cmd.Process.Kill() // it may have ended by itself
			}
		}
	}
}

func (c *engineChild) ended(err error, cause string, tail *lastLines) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.process = nil
	if c.closed {
		return
	}
	if cause == "" {
		cause = tail.fatal()
	}
	said := tail.refusal()
	if said != "" && !c.spoke.Load() {
		c.cause, c.refused = said, said
		return // startEngine says it
	}
	if cause == "" {
		cause = said
	}
	if cause == "" && err != nil {
		cause = err.Error()
	}
	if cause == "" {
		cause = "it left by itself"
	}
	c.cause = cause
	c.io.say("swinspect: the engine ended: %s; starting it again", clean(cause))
}

// failedToStart is why the process ended by itself before it could be used, empty
// when it did not.
func (c *engineChild) failedToStart() string {
	c.awaitEnd()
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.refused
}

// awaitEnd waits until a process whose pipe has ended is known to have ended too.
func (c *engineChild) awaitEnd() (ended bool) {
	for range 100 {
		c.mu.Lock()
		ended = c.process == nil
		c.mu.Unlock()
		if ended {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	return ended
}

// childTransport is the pipe of an engine: its last error says why the process
// ended.
type childTransport struct {
	cdp.Transport
	child *engineChild
}

// Read is of cdp.Transport.
func (t *childTransport) Read(ctx context.Context) ([]byte, error) {
	b, err := t.Transport.Read(ctx)
	if err == nil {
		t.child.heard()
	}
	if err != nil && ctx.Err() == nil && t.child.awaitEnd() {
		if cause := t.child.Cause(); cause != "" {
			err = errors.Join(err, &inspector.ProcessEndedError{Cause: clean(cause)})
		}
	}
	return b, err
}

// heard notes that the process could be used.
func (c *engineChild) heard() {
	c.spoke.Store(true)
}

// Cause is why the process ended last, empty while none did.
func (c *engineChild) Cause() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.cause
}

// Close ends the process and forgets its state, unless it is in the user's profile.
func (c *engineChild) Close() error {
	c.mu.Lock()
	c.closed = true
	p := c.process
	c.mu.Unlock()
	if p != nil {
		_ = p.Process.Signal(os.Interrupt) // it may have ended
		timer := time.AfterFunc(3*time.Second, func() { _ = p.Process.Kill() })
		defer timer.Stop()
	}
	c.wg.Wait()
	if c.profile != "" {
		return os.RemoveAll(c.profile)
	}
	return nil
}

// lastLines keeps the end of what a process writes.
type lastLines struct {
	mu   sync.Mutex
	head []byte
}

func (l *lastLines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if room := 64<<10 - len(l.head); room > 0 {
		l.head = append(l.head, p[:min(len(p), room)]...)
	}
	return len(p), nil
}

// fatal is the runtime's word on why it ended: the first line that is one.
func (l *lastLines) fatal() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	for line := range strings.Lines(string(l.head)) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "fatal error: ") || strings.HasPrefix(line, "panic: ") || strings.HasPrefix(line, "runtime: goroutine stack exceeds") {
			return line
		}
	}
	return ""
}

// refusal is what the command itself said before it ended, empty when it did not
// come so far or ended otherwise.
func (l *lastLines) refusal() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	for line := range strings.Lines(string(l.head)) {
		if why, ok := strings.CutPrefix(strings.TrimSpace(line), "swinspect: "); ok {
			return why
		}
	}
	return ""
}
