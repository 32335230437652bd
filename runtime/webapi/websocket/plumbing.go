package websocket

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
)

// plumbing lets a library that wants to write its own handshake to a connection go
// through an http.RoundTripper: it gets one end of a pipe; behind the other the
// request it wrote is sent, the response written back, and from a 101 on bytes are
// copied both ways.
type plumbing struct {
	network http.RoundTripper
	others  sync.WaitGroup
}

// wait waits for the goroutines; the connections are closed by then.
func (p *plumbing) wait() { p.others.Wait() }

func (p *plumbing) dial(ctx context.Context, scheme string) func(context.Context, string, string) (net.Conn, error) {
	return func(context.Context, string, string) (net.Conn, error) {
		near, far := net.Pipe()
		p.others.Go(func() {
			defer far.Close()
			if err := p.carry(ctx, scheme, far); err != nil {
				_, _ = fmt.Fprintf(far, "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")
			}
		})
		return near, nil
	}
}

func (p *plumbing) carry(ctx context.Context, scheme string, far net.Conn) error {
	from := bufio.NewReader(far)
	request, err := http.ReadRequest(from)
	if err != nil {
		return err
	}
	out := request.Clone(ctx)
	out.RequestURI, out.URL.Scheme, out.URL.Host = "", scheme, request.Host
	out.Body = nil
	response, err := p.network.RoundTrip(out)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	both, ok := response.Body.(io.ReadWriteCloser)
	if response.StatusCode != http.StatusSwitchingProtocols || !ok {
		return fmt.Errorf("the server answered %s", response.Status)
	}
	if _, err := fmt.Fprintf(far, "HTTP/1.1 101 Switching Protocols\r\n"); err != nil {
		return nil
	}
	if response.Header.Write(far) != nil {
		return nil
	}
	if _, err := io.WriteString(far, "\r\n"); err != nil {
		return nil
	}
	stop := context.AfterFunc(ctx, func() { _ = both.Close() })
	defer stop()
	p.others.Go(func() {
		_, _ = io.Copy(both, from)
		_ = both.Close()
	})
	_, _ = io.Copy(far, both)
	return nil
}
