package cdp

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// echoServer answers each message with itself.
func echoServer(t *testing.T, check func(*http.Request) (status int, body string)) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if check != nil {
			if status, body := check(r); status != 0 {
				http.Error(w, body, status)
				return
			}
		}
		transport, err := AcceptWebSocket(w, r)
		if err != nil {
			t.Error(err)
			return
		}
		defer func() { _ = transport.Close() }()
		for {
			b, err := transport.Read(r.Context())
			if err != nil {
				return
			}
			if transport.Write(r.Context(), b) != nil {
				return
			}
		}
	}))
	t.Cleanup(s.Close)
	return "ws" + strings.TrimPrefix(s.URL, "http")
}

func dial(t *testing.T, url string, opts ...DialOption) Transport {
	t.Helper()
	transport, err := DialWebSocket(t.Context(), url, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = transport.Close() })
	return transport
}

func TestWebSocketCarriesLargeMessages(t *testing.T) {
	transport := dial(t, echoServer(t, nil))
	for _, size := range []int{0, 1, 70_000, 20 << 20} {
		sent := bytes.Repeat([]byte("x"), size)
		if err := transport.Write(t.Context(), sent); err != nil {
			t.Fatal(err)
		}
		got, err := transport.Read(t.Context())
		if err != nil || !bytes.Equal(got, sent) {
			t.Fatalf("%d bytes: got %d, %v", size, len(got), err)
		}
	}
	if err := transport.Write(t.Context(), make([]byte, MaxMessageSize+1)); !errors.Is(err, ErrTooLarge) {
		t.Errorf("writing too much: %v", err)
	}
}

func TestWebSocketHandshake(t *testing.T) {
	requests := make(chan *http.Request, 1)
	url := echoServer(t, func(r *http.Request) (int, string) { requests <- r; return 0, "" })
	dial(t, strings.Replace(url, "ws://", "ws://user:secret@", 1)+"/ws?token=abc", WithHeader("X-Api", "7"))
	seen := <-requests
	if user, password, _ := seen.BasicAuth(); user != "user" || password != "secret" {
		t.Error("user and password of the URL were not sent")
	}
	if seen.URL.RawQuery != "token=abc" || seen.Header.Get("X-Api") != "7" {
		t.Errorf("query %q, header %q", seen.URL.RawQuery, seen.Header.Get("X-Api"))
	}
	if seen.Header.Get("Origin") != "" || seen.Header.Get("Sec-Websocket-Extensions") != "" {
		t.Errorf("an Origin or an extension was sent: %v", seen.Header)
	}
}

func TestWebSocketRefused(t *testing.T) {
	url := echoServer(t, func(*http.Request) (int, string) { return 403, "Rejected an incoming connection" })
	_, err := DialWebSocket(t.Context(), url+"/?token=secret")
	refused, ok := errors.AsType[*HandshakeError](err)
	if !ok || refused.Status != 403 || !strings.Contains(refused.Body, "Rejected an incoming") {
		t.Fatalf("got %v", err)
	}
	if strings.Contains(err.Error(), "secret") {
		t.Errorf("the error shows the token: %v", err)
	}
}

// TestWebSocketHostByAddress is a browser in a container: it refuses a Host that
// is a name.
func TestWebSocketHostByAddress(t *testing.T) {
	hosts := make(chan string, 4)
	url := echoServer(t, func(r *http.Request) (int, string) {
		hosts <- r.Host
		if host, _, _ := net.SplitHostPort(r.Host); net.ParseIP(host) == nil {
			return 500, "Host header is specified and is not an IP address or localhost."
		}
		return 0, ""
	})
	dial(t, strings.Replace(url, "127.0.0.1", "localhost", 1))
	if first, second := <-hosts, <-hosts; !strings.HasPrefix(first, "localhost:") || strings.HasPrefix(second, "localhost:") {
		t.Errorf("hosts asked: %q, %q", first, second)
	}
}

func TestWebSocketCloses(t *testing.T) {
	url := echoServer(t, nil)
	transport := dial(t, url)
	readErr := make(chan error, 1)
	go func() { _, err := transport.Read(context.Background()); readErr <- err }()
	time.Sleep(10 * time.Millisecond)
	if err := transport.Close(); err != nil {
		t.Error(err)
	}
	if err := <-readErr; err == nil {
		t.Error("the read went on")
	}
	if err := transport.Write(t.Context(), []byte("x")); err == nil {
		t.Error("a write after close")
	}
	if err := transport.Close(); err != nil {
		t.Error(err)
	}
}

func TestWebSocketPeerCloses(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		transport, err := AcceptWebSocket(w, r)
		if err != nil {
			t.Error(err)
			return
		}
		_ = transport.Close()
	}))
	defer s.Close()
	transport := dial(t, "ws"+strings.TrimPrefix(s.URL, "http"))
	if _, err := transport.Read(t.Context()); !errors.Is(err, io.EOF) {
		t.Errorf("an orderly end: %v", err)
	}
}

func TestWebSocketReadObeysContext(t *testing.T) {
	transport := dial(t, echoServer(t, nil))
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := transport.Read(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

// silentServer completes the handshake and then does what f says with the raw
// connection.
func silentServer(t *testing.T, f func(conn *websocket.Conn)) string {
	t.Helper()
	done := make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		up := websocket.Upgrader{}
		conn, err := up.Upgrade(w, r, nil)
		if err != nil {
			t.Error(err)
			return
		}
		defer func() { _ = conn.Close() }()
		f(conn)
		<-done
	}))
	t.Cleanup(func() { close(done); s.Close() })
	return "ws" + strings.TrimPrefix(s.URL, "http")
}

func TestWebSocketNoticesADeadPeer(t *testing.T) {
	url := silentServer(t, func(*websocket.Conn) {}) // never reads, so never answers a ping
	c := NewConn(dial(t, url, WithPing(20*time.Millisecond, 100*time.Millisecond)))
	defer func() { _ = c.Close() }()
	select {
	case <-c.Done():
		if !errors.Is(c.Err(), ErrUnresponsive) {
			t.Errorf("cause: %v", c.Err())
		}
	case <-time.After(5 * time.Second):
		t.Fatal("a dead peer was not noticed")
	}
}

func TestWebSocketKeepsASilentPeer(t *testing.T) {
	t.Parallel()
	url := echoServer(t, nil) // answers pings, says nothing by itself
	transport := dial(t, url, WithPing(50*time.Millisecond, time.Second))
	c := NewConn(transport)
	defer func() { _ = c.Close() }()
	select {
	case <-c.Done():
		t.Errorf("ended: %v", c.Err())
	case <-time.After(2500 * time.Millisecond):
	}
}

// TestWebSocketKeepsASlowMessage: one message that takes longer than the
// keepalive allows for silence, but keeps coming.
func TestWebSocketKeepsASlowMessage(t *testing.T) {
	t.Parallel()
	url := silentServer(t, func(conn *websocket.Conn) {
		w := conn.NetConn()
		_, _ = w.Write([]byte{0x81, 126, 0, 200})
		for range 20 {
			_, _ = w.Write(bytes.Repeat([]byte("x"), 10))
			time.Sleep(100 * time.Millisecond)
		}
	})
	transport := dial(t, url, WithPing(50*time.Millisecond, time.Second))
	if b, err := transport.Read(t.Context()); err != nil || len(b) != 200 {
		t.Errorf("%d bytes, %v", len(b), err)
	}
}

func TestWebSocketMessageTooLarge(t *testing.T) {
	url := silentServer(t, func(conn *websocket.Conn) {
		// A frame header that announces 101 MiB.
		_, _ = conn.NetConn().Write([]byte{0x81, 127, 0, 0, 0, 0, 6, 0x50, 0, 0})
	})
	c := NewConn(dial(t, url))
	defer func() { _ = c.Close() }()
	<-c.Done()
	if !errors.Is(c.Err(), ErrTooLarge) {
		t.Errorf("cause: %v", c.Err())
	}
}

func TestStream(t *testing.T) {
	upR, upW := io.Pipe()
	downR, downW := io.Pipe()
	a, b := NewStream(downR, upW), NewStream(upR, downW)
	defer func() { _ = b.Close() }()
	large := bytes.Repeat([]byte("y"), 300_000)
	go func() {
		for _, m := range [][]byte{[]byte("one"), {}, large} {
			if err := a.Write(context.Background(), m); err != nil {
				t.Error(err)
			}
		}
		if err := a.Write(context.Background(), []byte("a\x00b")); err == nil {
			t.Error("a NUL byte was written")
		}
		_, _ = upW.Write([]byte("half"))
		_ = a.Close()
	}()
	for _, want := range [][]byte{[]byte("one"), {}, large} {
		if got, err := b.Read(t.Context()); err != nil || !bytes.Equal(got, want) {
			t.Fatalf("got %d bytes, want %d: %v", len(got), len(want), err)
		}
	}
	if _, err := b.Read(t.Context()); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("half a message: %v", err)
	}
	if err := a.Write(t.Context(), []byte("x")); err == nil {
		t.Error("a write after close")
	}
}

func TestPipe(t *testing.T) {
	a, b := Pipe()
	if err := a.Write(t.Context(), []byte("one")); err != nil {
		t.Fatal(err)
	}
	_ = a.Close()
	if got, err := b.Read(t.Context()); err != nil || string(got) != "one" {
		t.Errorf("what was written before the close: %q, %v", got, err)
	}
	if _, err := b.Read(t.Context()); !errors.Is(err, io.EOF) {
		t.Errorf("the end: %v", err)
	}
	if err := b.Write(t.Context(), nil); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("writing to the closed end: %v", err)
	}
}
