package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"

	"github.com/swinspect/swinspect/inspector/session/report"
)

// scriptLine is what a child process says, one line each: an event, or that it could not
// do what it was told.
type scriptLine struct {
	Event *report.Event `json:"event,omitempty"`
	Error string        `json:"error,omitempty"`
	Exit  int           `json:"exit,omitempty"`
	Hint  string        `json:"hint,omitempty"`
}

// scriptProcess is a child that runs files one after the other: `swinspect run-child`. It
// is used by one goroutine.
type scriptProcess struct {
	cmd    *exec.Cmd
	in     io.WriteCloser
	out    *json.Decoder
	tail   *lastLines
	watch  *childWatch
	memory int64
}

func startScripts(ctx context.Context, memory int64) (*scriptProcess, error) {
	fail := func(err error) (*scriptProcess, error) {
		return nil, fmt.Errorf("starting a process to run scripts in: %w", err)
	}
	self, err := os.Executable()
	if err != nil {
		return fail(err)
	}
	p := &scriptProcess{tail: &lastLines{}, memory: memory}
	p.cmd = exec.CommandContext(ctx, self, "run-child")
	p.cmd.Env = append(os.Environ(), "SWINSPECT_ENGINE_CHILD=1")
	p.cmd.Stderr = p.tail
	p.cmd.Cancel = func() error { return p.cmd.Process.Signal(os.Interrupt) } // it closes what it has opened
	p.cmd.WaitDelay = 10 * time.Second
	if p.in, err = p.cmd.StdinPipe(); err != nil {
		return fail(err)
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return fail(err)
	}
	if err := p.cmd.Start(); err != nil {
		return fail(err)
	}
	p.out = json.NewDecoder(bufio.NewReaderSize(out, 1<<16))
	p.watch = &childWatch{cmd: p.cmd, memory: memory, silence: -1}
	p.watch.start()
	return p, nil
}

// full reports whether it has used so much memory that another one should take over.
func (p *scriptProcess) full() bool {
	return p.memory > 0 && residentMemory(p.cmd.Process.Pid) > p.memory<<20/2
}

// do runs one file and hands on its events until the file is over. A *diedError says why
// the process ended instead.
func (p *scriptProcess) do(job *scriptJob, silence time.Duration, emit func(*report.Event)) error {
	p.watch.allow(silence)
	defer p.watch.allow(-1)
	// One that cannot be told has ended: reading says so.
	_ = json.NewEncoder(p.in).Encode(job)
	for {
		var l scriptLine
		if err := p.out.Decode(&l); err != nil {
			return &diedError{cause: p.end()}
		}
		p.watch.alive()
		switch {
		case l.Error != "":
			return &failure{exit: l.Exit, err: errors.New(l.Error), hint: l.Hint}
		case l.Event != nil:
			emit(l.Event)
			if l.Event.Type == report.FileEnded {
				return nil
			}
		}
	}
}

// end waits for the process, which has ended or is told to, and says why.
func (p *scriptProcess) end() string {
	_ = p.in.Close() // the process may be gone
	waited := p.cmd.Wait()
	p.watch.stop()
	if cause := p.watch.cause(); cause != "" {
		return cause
	}
	if cause := p.tail.fatal(); cause != "" {
		return cause
	}
	if waited != nil {
		return waited.Error()
	}
	return "it left by itself"
}
