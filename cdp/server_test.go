package cdp

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	cdproto "github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/serviceworker"
	"github.com/chromedp/cdproto/target"
)

// The commands of the tests' own domain.
type text struct {
	Text  string `json:"text"`
	Extra string `json:"extra,omitempty"`
}

var (
	testEcho    = cdproto.Command[text, text]{Method: "Test.echo"}
	testWait    = cdproto.Command[text, text]{Method: "Test.wait"}
	testRelease = cdproto.Command[cdproto.Empty, cdproto.Empty]{Method: "Test.release"}
	testPanic   = cdproto.Command[cdproto.Empty, cdproto.Empty]{Method: "Test.panic"}
	testLater   = cdproto.Command[cdproto.Empty, cdproto.Empty]{Method: "Test.panicLater"}
	testFail    = cdproto.Command[text, cdproto.Empty]{Method: "Test.fail"}
	testBlock   = cdproto.Command[cdproto.Empty, cdproto.Empty]{Method: "Test.block"}
	testSaid    = cdproto.Event[text]{Method: "Test.said"}
)

// testMux is a server with sessions: attachToTarget opens one whose only command
// is Test.echo, detachFromTarget closes it.
func testMux() *Mux {
	m, released := NewMux(), make(chan struct{}, 8)
	Handle(m, testEcho, func(_ context.Context, s *ServerSession, p text) (text, error) {
		return p, Emit(s, testSaid, p)
	})
	Handle(m, testWait, func(_ context.Context, _ *ServerSession, p text) (text, error) {
		return Later(func(ctx context.Context) (text, error) {
			select {
			case <-released:
				return p, nil
			case <-ctx.Done():
				return text{}, ctx.Err()
			}
		})
	})
	Handle(m, testRelease, func(context.Context, *ServerSession, cdproto.Empty) (cdproto.Empty, error) {
		released <- struct{}{}
		return cdproto.Empty{}, nil
	})
	Handle(m, testPanic, func(context.Context, *ServerSession, cdproto.Empty) (cdproto.Empty, error) { panic("boom") })
	Handle(m, testLater, func(context.Context, *ServerSession, cdproto.Empty) (cdproto.Empty, error) {
		return Later(func(context.Context) (cdproto.Empty, error) { panic("boom, later") })
	})
	Handle(m, testFail, func(_ context.Context, _ *ServerSession, p text) (cdproto.Empty, error) {
		if p.Text == "coded" {
			return cdproto.Empty{}, &MessageError{Code: CodeInvalidParams, Message: "Invalid version ID"}
		}
		return cdproto.Empty{}, errors.New(p.Text)
	})
	Handle(m, testBlock, func(ctx context.Context, _ *ServerSession, _ cdproto.Empty) (cdproto.Empty, error) {
		<-ctx.Done()
		return cdproto.Empty{}, ctx.Err()
	})
	handleSessions(m)
	return m
}

func handleSessions(m *Mux) {
	child := NewMux()
	Handle(child, testEcho, func(_ context.Context, s *ServerSession, p text) (text, error) {
		p.Extra = fmt.Sprint(s.Data())
		return p, nil
	})
	Handle(child, testBlock, func(ctx context.Context, _ *ServerSession, _ cdproto.Empty) (cdproto.Empty, error) {
		<-ctx.Done()
		return cdproto.Empty{}, ctx.Err()
	})
	var mu sync.Mutex
	open := map[target.SessionID]*ServerSession{}
	Handle(m, target.AttachToTarget, func(_ context.Context, s *ServerSession, p target.AttachToTargetParams) (target.AttachToTargetResult, error) {
		id := target.SessionID("S-" + string(p.TargetID))
		opened, err := s.Open(string(id), child, p.TargetID)
		if err != nil {
			return target.AttachToTargetResult{}, err
		}
		mu.Lock()
		open[id] = opened
		mu.Unlock()
		return target.AttachToTargetResult{SessionID: id},
			Emit(s, target.AttachedToTarget, target.EventAttachedToTarget{SessionID: id, TargetInfo: &target.Info{TargetID: p.TargetID, Type: "page"}})
	})
	Handle(m, target.DetachFromTarget, func(_ context.Context, s *ServerSession, p target.DetachFromTargetParams) (cdproto.Empty, error) {
		mu.Lock()
		defer mu.Unlock()
		open[p.SessionID].Close()
		return cdproto.Empty{}, Emit(s, target.DetachedFromTarget, target.EventDetachedFromTarget(p))
	})
}

// serve runs a server for the test and returns the client's end.
func serve(t testing.TB, m *Mux, opts ...ServeOption) Transport {
	t.Helper()
	client, server := Pipe()
	served := make(chan error, 1)
	go func() { served <- Serve(t.Context(), server, m, opts...) }()
	t.Cleanup(func() {
		_ = client.Close()
		if err := <-served; err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
	return client
}

// TestServerPlaybooks plays testdata/server/*.txt: "->" is sent to the server,
// "<-" must come back.
func TestServerPlaybooks(t *testing.T) {
	files, err := filepath.Glob("testdata/server/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no playbooks: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			client := serve(t, testMux())
			for _, line := range readScript(t, file) {
				ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
				verb, rest, _ := strings.Cut(line, " ")
				if verb == "->" {
					if err := client.Write(ctx, []byte(rest)); err != nil {
						t.Fatal(err)
					}
				} else {
					got, err := client.Read(ctx)
					if err != nil {
						t.Fatalf("%s: %v", line, err)
					}
					if a, b := canonical(t, got), canonical(t, []byte(rest)); a != b {
						t.Fatalf("%s\nbut got %s", line, a)
					}
				}
				cancel()
			}
		})
	}
}

func TestHandlerPanicIsLogged(t *testing.T) {
	var log bytes.Buffer
	client := serve(t, testMux(), ServeLogger(slog.New(slog.NewTextHandler(&log, nil))))
	c := NewConn(client)
	defer func() { _ = c.Close() }()
	for _, method := range []string{testPanic.Method, testLater.Method} {
		err := c.Root().Call(t.Context(), method, nil, nil)
		if failed, ok := errors.AsType[*CallError](err); !ok || failed.Code != CodeInternalError {
			t.Errorf("%s: %v", method, err)
		}
		if !strings.Contains(log.String(), "server_test.go") || !strings.Contains(log.String(), method) {
			t.Errorf("%s: the log has no stack: %s", method, log.String())
		}
	}
}

func TestTypedBothEnds(t *testing.T) {
	m := NewMux()
	Handle(m, serviceworker.SkipWaiting, func(_ context.Context, s *ServerSession, p serviceworker.SkipWaitingParams) (cdproto.Empty, error) {
		return cdproto.Empty{}, Emit(s, serviceworker.WorkerErrorReported, serviceworker.EventWorkerErrorReported{
			ErrorMessage: &serviceworker.ErrorMessage{ErrorMessage: "skipped " + p.ScopeURL + "\xff"},
		})
	})
	c := NewConn(serve(t, m))
	defer func() { _ = c.Close() }()
	events := cdproto.Events(t.Context(), c.Root(), serviceworker.WorkerErrorReported)
	if _, err := cdproto.Call(t.Context(), c.Root(), serviceworker.SkipWaiting, serviceworker.SkipWaitingParams{ScopeURL: "http://a/"}); err != nil {
		t.Fatal(err)
	}
	for e, err := range events {
		if err != nil || e.ErrorMessage.ErrorMessage != "skipped http://a/\uFFFD" {
			t.Errorf("event %+v, %v", e, err)
		}
		break
	}
}

func TestServeEnds(t *testing.T) {
	for name, end := range map[string]func(client Transport, cancel func()){
		"the client closes": func(client Transport, _ func()) { _ = client.Close() },
		"the context ends":  func(_ Transport, cancel func()) { cancel() },
	} {
		t.Run(name, func(t *testing.T) {
			client, server := Pipe()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			served := make(chan error, 1)
			connected := make(chan *ServerSession, 1)
			go func() { served <- Serve(ctx, server, testMux(), OnConnect(func(s *ServerSession) { connected <- s })) }()
			for i, method := range []string{"Test.wait", "Test.block", "Test.echo"} {
				b := fmt.Sprintf(`{"id":%d,"method":%q,"params":{"text":"x"}}`, i+1, method)
				if err := client.Write(t.Context(), []byte(b)); err != nil {
					t.Fatal(err)
				}
			}
			end(client, cancel)
			select {
			case err := <-served:
				if err != nil {
					t.Errorf("Serve: %v", err)
				}
			case <-time.After(5 * time.Second):
				t.Fatal("Serve does not return")
			}
			root := <-connected
			if _, err := root.Open("S", NewMux(), nil); !errors.Is(err, ErrClosed) {
				t.Errorf("opening a session afterwards: %v", err)
			}
			if err := Emit(root, testSaid, text{}); err == nil {
				t.Error("an event afterwards was sent")
			}
		})
	}
}

func TestTooManyPendingCommands(t *testing.T) {
	client, server := Pipe()
	served := make(chan error, 1)
	go func() { served <- Serve(t.Context(), server, testMux()) }()
	block := []byte(`{"id":1,"method":"Test.block"}`)
	for i := range maxPending + 2*pipeDepth {
		if err := client.Write(t.Context(), block); err != nil {
			if i < maxPending {
				t.Errorf("ended after %d commands", i)
			}
			break
		}
	}
	if err := <-served; !classes["protocol"](err) {
		t.Errorf("Serve: %v", err)
	}
}

func TestHandleTwicePanics(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("two handlers for one command were accepted")
		}
	}()
	m := testMux()
	Handle(m, testEcho, func(_ context.Context, _ *ServerSession, p text) (text, error) { return p, nil })
}
