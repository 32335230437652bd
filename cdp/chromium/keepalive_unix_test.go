//go:build unix

package chromium

import (
	"errors"
	"syscall"
	"testing"
	"time"

	"github.com/swinspect/swinspect/cdp"
)

// TestKeepalive: Chromium answers pings, and one that hangs is noticed.
func TestKeepalive(t *testing.T) {
	p := launch(t, Options{})
	transport, err := cdp.DialWebSocket(t.Context(), p.Endpoint().WebSocketURL, cdp.WithPing(100*time.Millisecond, 2*time.Second))
	if err != nil {
		t.Fatal(err)
	}
	c := cdp.NewConn(transport)
	defer func() { _ = c.Close() }()
	select {
	case <-c.Done():
		t.Fatalf("a browser that has nothing to say counts as dead: %v", c.Err())
	case <-time.After(4 * time.Second):
	}
	if err := syscall.Kill(p.Pid(), syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	select {
	case <-c.Done():
	case <-time.After(10 * time.Second):
	}
	if !errors.Is(c.Err(), cdp.ErrUnresponsive) {
		t.Errorf("cause: %v", c.Err())
	}
	p.Kill()
}
