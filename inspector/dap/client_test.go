package dap

import (
	"context"
	"net"
	"strings"
	"testing"

	"github.com/swinspect/swinspect/internal/dapclient"
)

// client is an editor with the session that serves it.
type client struct {
	*dapclient.Client
	served chan error
}

// dial starts a session and speaks with it.
func dial(t testing.TB, o Options) *client {
	t.Helper()
	here, there := net.Pipe()
	c := &client{served: make(chan error, 1)}
	go func() { c.served <- New(o).Serve(context.Background(), there, there); _ = there.Close() }()
	t.Cleanup(func() {
		if err := <-c.served; err != nil && !strings.Contains(err.Error(), "closed pipe") {
			t.Logf("the session ended: %v", err)
		}
	})
	c.Client = dapclient.New(t, here)
	return c
}
