// Package backend starts, or attaches to, whatever speaks the Chrome DevTools
// Protocol, for suites that run the same scripts on every browser: a Chromium
// of this machine, the engine, or anything that listens already.
//
// [Start] gives a [Backend]; [Backend.NewPage] a page in a browser context of
// its own, so that one test sees nothing of another's storage.
package backend

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"

	"github.com/chromedp/cdproto/browser"
	cdproto "github.com/chromedp/cdproto/cdp"

	"github.com/swinspect/swinspect/cdp"
	"github.com/swinspect/swinspect/cdp/chromium"
)

// Options say what to drive: exactly one of Endpoint, Command and Chromium.
type Options struct {
	Endpoint string   // what cdp.Resolve understands
	Command  []string // a program that prints "DevTools listening on ws://…" on stderr, and its arguments
	Chromium bool     // launch a local Chromium
	Args     []string // further flags for Chromium

	Stderr io.Writer // what a started program prints; nil discards it
}

// Backend is one endpoint that is attached to.
//
// Concurrency: every method may be called from any goroutine. It owns what it
// started; Close ends all of it.
type Backend struct {
	Product string // what Browser.getVersion says, "Chrome/156.0.8078.79"
	URL     string // the browser's WebSocket, "ws://127.0.0.1:9222/devtools/browser/…"
	Conn    *cdp.Conn

	closers []func() error // in reverse order of starting
}

// startWithin bounds the start of a program.
const startWithin = 60 * time.Second

// Start attaches to what o names.
func Start(ctx context.Context, o Options) (*Backend, error) {
	b := &Backend{}
	ctx, cancel := context.WithTimeout(ctx, startWithin)
	defer cancel()
	transport, err := b.transport(ctx, o)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("backend: %w", err), b.Close())
	}
	b.Conn = cdp.NewConn(transport)
	b.closers = append(b.closers, b.Conn.Close)
	v, err := cdproto.Call(ctx, b.Conn.Root(), browser.GetVersion, cdproto.Empty{})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("backend: %w", err), b.Close())
	}
	b.Product = v.Product
	return b, nil
}

func (b *Backend) transport(ctx context.Context, o Options) (cdp.Transport, error) {
	switch {
	case o.Chromium:
		p, err := chromium.Launch(ctx, chromium.Options{Args: o.Args, Stderr: o.Stderr})
		if err != nil {
			return nil, err
		}
		b.closers = append(b.closers, p.Close)
		b.URL = p.Endpoint().WebSocketURL
		return p.Transport(ctx)
	case len(o.Command) > 0:
		ws, err := b.command(ctx, o)
		if err != nil {
			return nil, err
		}
		b.URL = ws
		return cdp.DialWebSocket(ctx, ws)
	case o.Endpoint != "":
		e, err := cdp.Resolve(ctx, o.Endpoint)
		if err != nil {
			return nil, err
		}
		b.URL = e.WebSocketURL
		return cdp.DialWebSocket(ctx, e.WebSocketURL)
	}
	return nil, errors.New("neither endpoint nor command nor Chromium given")
}

// command starts the program and waits for the line that says where it listens.
func (b *Backend) command(ctx context.Context, o Options) (string, error) {
	cmd := exec.Command(o.Command[0], o.Command[1:]...)
	ownGroup(cmd)
	stderr, err := cmd.StderrPipe()
	if err != nil {
		return "", err
	}
	out := o.Stderr
	if out == nil {
		out = io.Discard
	}
	cmd.Stdout = out
	if err := cmd.Start(); err != nil {
		return "", err
	}
	listening := make(chan string, 1)
	var wg sync.WaitGroup
	wg.Go(func() { copyLines(stderr, out, listening) })
	b.closers = append(b.closers, func() error {
		killGroup(cmd)
		wg.Wait()
		_ = cmd.Wait() // it was killed: how it ended says nothing
		return nil
	})
	select {
	case ws, ok := <-listening:
		if !ok {
			return "", fmt.Errorf("%s ended before it listened", strings.Join(o.Command, " "))
		}
		return ws, nil
	case <-ctx.Done():
		return "", fmt.Errorf("%s did not say where it listens: %w", strings.Join(o.Command, " "), ctx.Err())
	}
}

// copyLines passes the program's stderr on and picks out where it listens.
func copyLines(from io.Reader, to io.Writer, listening chan<- string) {
	const prefix = "DevTools listening on "
	lines := bufio.NewReader(from)
	found := false
	for {
		line, err := lines.ReadString('\n')
		_, _ = io.WriteString(to, line) // for the user's eyes only
		if i := strings.Index(line, prefix); i >= 0 && !found {
			found = true
			listening <- strings.TrimSpace(line[i+len(prefix):])
		}
		if err != nil {
			close(listening)
			return
		}
	}
}

// Close ends the connection and what Start started.
func (b *Backend) Close() error {
	var errs []error
	for i := len(b.closers) - 1; i >= 0; i-- {
		if err := b.closers[i](); err != nil && !errors.Is(err, os.ErrClosed) {
			errs = append(errs, err)
		}
	}
	b.closers = nil
	return errors.Join(errs...)
}
