package cdp

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	cdproto "github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/target"
)

// oneMessage is a transport that delivers one message and the end.
type oneMessage struct {
	in   []byte
	read bool
}

func (o *oneMessage) Read(context.Context) ([]byte, error) {
	if o.read {
		return nil, io.EOF
	}
	o.read = true
	return o.in, nil
}
func (o *oneMessage) Write(context.Context, []byte) error { return nil }
func (o *oneMessage) Close() error                        { return nil }

// brokenWriter is a transport that reads nothing and cannot write.
type brokenWriter struct {
	closed chan struct{}
	once   sync.Once
}

var errBroken = errors.New("broken line")

func (b *brokenWriter) Read(ctx context.Context) ([]byte, error) {
	select {
	case <-b.closed:
		return nil, io.EOF
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
func (b *brokenWriter) Write(context.Context, []byte) error { return errBroken }
func (b *brokenWriter) Close() error                        { b.once.Do(func() { close(b.closed) }); return nil }

func TestWriteFailureReachesEveryCall(t *testing.T) {
	c := NewConn(&brokenWriter{closed: make(chan struct{})})
	defer func() { _ = c.Close() }()
	var wg sync.WaitGroup
	for range 10 {
		wg.Go(func() {
			err := c.Root().Call(t.Context(), "A.b", nil, nil)
			if !errors.Is(err, errBroken) || !errors.Is(err, ErrClosed) {
				t.Errorf("call: %v", err)
			}
		})
	}
	wg.Wait()
	if end, ok := errors.AsType[*EndError](c.Err()); !ok || end.Op != "write" {
		t.Errorf("cause: %v", c.Err())
	}
}

func TestContextIsObeyedWhileThePeerDoesNotRead(t *testing.T) {
	client, _ := Pipe()
	c := NewConn(client)
	defer func() { _ = c.Close() }()
	for range outDepth + pipeDepth + 1 { // fills both queues; the writer holds one more
		if err := c.Root().Go("A.b", nil); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := c.Root().Call(ctx, "A.b", nil, nil); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("call: %v", err)
	}
	if _, err := c.Attach(ctx, "T"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("attach: %v", err)
	}
}

func TestNothingIsKeptOfCancelledCalls(t *testing.T) {
	client, peer := Pipe()
	go func() { // a peer that reads and never answers
		for {
			if _, err := peer.Read(context.Background()); err != nil {
				return
			}
		}
	}()
	c := NewConn(client)
	defer func() { _ = c.Close() }()
	var wg sync.WaitGroup
	for range 100 {
		wg.Go(func() {
			ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
			defer cancel()
			_ = c.Root().Call(ctx, "A.b", nil, nil)
		})
	}
	wg.Wait()
	c.door.update(func(s *connState) {
		if len(s.calls) != 0 {
			t.Errorf("%d calls are still outstanding", len(s.calls))
		}
	})
}

func TestParametersThatCannotBeSent(t *testing.T) {
	client, _ := Pipe()
	c := NewConn(client)
	defer func() { _ = c.Close() }()
	if err := c.Root().Call(t.Context(), "A.b", func() {}, nil); err == nil {
		t.Error("a func was sent")
	}
	c.limit = 1 << 10
	huge := map[string][]byte{"data": make([]byte, 1<<10)}
	if err := c.Root().Go("A.b", huge); !errors.Is(err, ErrTooLarge) {
		t.Errorf("too large: %v", err)
	}
	if c.Err() != nil {
		t.Errorf("the connection ended: %v", c.Err())
	}
	c.door.update(func(s *connState) {
		if len(s.calls) != 0 {
			t.Error("a call that was not sent is outstanding")
		}
	})
}

func TestResultOfTheWrongType(t *testing.T) {
	c := NewConn(serve(t, testMux()))
	defer func() { _ = c.Close() }()
	var wrong struct {
		Text []int `json:"text"`
	}
	err := c.Root().Call(t.Context(), testEcho.Method, text{Text: "x"}, &wrong)
	if err == nil || errors.Is(err, ErrClosed) {
		t.Errorf("decoding: %v", err)
	}
	if _, err := cdproto.Call(t.Context(), c.Root(), testEcho, text{Text: "y"}); err != nil {
		t.Errorf("the connection suffered: %v", err)
	}
}

// TestManyAtOnce has callers, listeners, sessions that come and go, and a peer
// that goes away in the middle: under the race detector and the invariants.
func TestManyAtOnce(t *testing.T) {
	c := NewConn(serve(t, testMux()))
	defer func() { _ = c.Close() }()
	var answered, events atomic.Int64
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for j := range 50 {
				name := fmt.Sprintf("T%d-%d", i, j)
				s, err := c.Attach(t.Context(), target.ID(name))
				if err != nil {
					t.Error(err)
					return
				}
				sub := s.Listen(4)
				res, err := cdproto.Call(t.Context(), s, testEcho, text{Text: name})
				if err != nil || res.Extra != name {
					t.Errorf("%+v, %v", res, err)
				}
				answered.Add(1)
				if err := s.Detach(t.Context()); err != nil {
					t.Error(err)
				}
				for range sub.C() {
				}
				if !errors.Is(sub.Err(), ErrSessionGone) {
					t.Error(sub.Err())
				}
			}
		})
		wg.Go(func() {
			sub := c.Listen(4096, target.AttachedToTarget.Method)
			defer sub.Close()
			for range 50 {
				<-sub.C()
				events.Add(1)
			}
		})
	}
	wg.Wait()
	if answered.Load() != 400 || events.Load() != 400 {
		t.Errorf("%d answers, %d events", answered.Load(), events.Load())
	}
	c.door.update(func(s *connState) {
		if len(s.calls) > 0 || len(s.subs) > 0 || len(s.sessions) > 1 {
			t.Errorf("left behind: %d calls, %d subscriptions, %d sessions", len(s.calls), len(s.subs), len(s.sessions))
		}
	})
}

func TestCloseFromManySides(t *testing.T) {
	for range 50 {
		client, peer := Pipe()
		c := NewConn(client)
		sub := c.Listen(1)
		var wg sync.WaitGroup
		wg.Go(func() { _ = c.Close() })
		wg.Go(func() { _ = peer.Close() })
		wg.Go(func() { _ = c.Root().Call(context.Background(), "A.b", nil, nil) })
		wg.Go(sub.Close)
		wg.Go(func() { _ = peer.Write(context.Background(), []byte(`{"method":"A.b"}`)) })
		wg.Wait()
		<-c.Done()
		if err := c.Close(); err != nil || !errors.Is(c.Err(), ErrClosed) {
			t.Errorf("%v, %v", err, c.Err())
		}
	}
}

func TestEventTimeIsTheClocks(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	client, peer := Pipe()
	c := NewConn(client, WithClock(func() time.Time { return at }))
	defer func() { _ = c.Close() }()
	sub := c.Listen(1)
	if err := peer.Write(t.Context(), []byte(`{"method":"A.b","params":{"x":[1]}}`)); err != nil {
		t.Fatal(err)
	}
	e := <-sub.C()
	if !e.Time.Equal(at) || e.Method != "A.b" || string(e.Params) != `{"x":[1]}` {
		t.Errorf("%+v", e)
	}
}

func TestWireIsLoggedAtDebug(t *testing.T) {
	var log bytes.Buffer
	logger := slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	c := NewConn(serve(t, testMux()), WithLogger(logger))
	if _, err := cdproto.Call(t.Context(), c.Root(), testEcho, text{Text: "confidential"}); err != nil {
		t.Fatal(err)
	}
	if err := c.Root().Go("No.such", nil); err != nil {
		t.Fatal(err)
	}
	if err := c.Root().Call(t.Context(), testRelease.Method, nil, nil); err != nil {
		t.Fatal(err)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"sent", "received", "method=Test.echo", "pipelined command failed", "wasn't found", "connection ended"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("%q is not in the log:\n%s", want, log.String())
		}
	}
	if strings.Contains(log.String(), "confidential") {
		t.Error("the log shows parameters")
	}
}

func BenchmarkCallOverPipe(b *testing.B) {
	m := NewMux()
	Handle(m, testEcho, func(_ context.Context, _ *ServerSession, p text) (text, error) { return p, nil })
	c := NewConn(serve(b, m))
	defer func() { _ = c.Close() }()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := cdproto.Call(b.Context(), c.Root(), testEcho, text{Text: "x"}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkEvents measures events from the wire to a subscriber that reads them
// all; the message is a workerVersionUpdated of one version.
func BenchmarkEvents(b *testing.B) {
	event := []byte(`{"sessionId":"5A3F","method":"ServiceWorker.workerVersionUpdated","params":{"versions":[{"versionId":"12",` +
		`"registrationId":"7","scriptURL":"https://example.test/app/sw.js","runningStatus":"running","status":"activated",` +
		`"scriptLastModified":-1,"scriptResponseTime":1763693922.5,"controlledClients":["C0FFEE00C0FFEE00","C0FFEE00C0FFEE01"],"targetId":"DEADBEEF"}]}}`)
	client, peer := Pipe()
	c := NewConn(client)
	defer func() { _ = c.Close() }()
	sub := c.Listen(1<<16, "ServiceWorker.workerVersionUpdated")
	b.ReportAllocs()
	b.SetBytes(int64(len(event)))
	go func() {
		for range b.N {
			if peer.Write(context.Background(), event) != nil {
				return
			}
		}
	}()
	b.ResetTimer()
	for range b.N {
		if _, ok := <-sub.C(); !ok {
			b.Fatal(sub.Err())
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
}
