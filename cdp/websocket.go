package cdp

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"
)

// The keepalive of a WebSocket: a ping every pingEvery; a peer from which
// nothing at all came for pongWithin is dead. Chromium answers pings on its I/O
// thread, also while a page or a worker is paused.
const (
	pingEvery  = 15 * time.Second
	pongWithin = 40 * time.Second
	// writeWithin bounds one message, so that a peer which stops reading is noticed.
	writeWithin = 60 * time.Second
	// connectWithin bounds the TCP connection, handshakeWithin the answer to the
	// handshake: Chrome 144 and later may ask its user first.
	connectWithin   = 10 * time.Second
	handshakeWithin = 2 * time.Minute
)

// DialOption changes how DialWebSocket connects.
type DialOption func(*dialOptions)

type dialOptions struct {
	header    http.Header
	tls       *tls.Config
	pingEvery time.Duration
	silence   time.Duration
}

// WithHeader adds a header to the handshake: an Authorization, a proxy's token.
func WithHeader(name, value string) DialOption {
	return func(o *dialOptions) { o.header.Set(name, value) }
}

// WithTLS sets the TLS configuration of wss URLs.
func WithTLS(c *tls.Config) DialOption { return func(o *dialOptions) { o.tls = c } }

// WithPing changes the keepalive: a ping each interval, and the end of the
// connection, with ErrUnresponsive, when nothing came for the time silence. An
// interval of 0 turns it off, for peers that fail on pings (Node's inspector).
func WithPing(interval, silence time.Duration) DialOption {
	return func(o *dialOptions) { o.pingEvery, o.silence = interval, silence }
}

// DialWebSocket opens a WebSocket to a browser. Messages may have up to
// MaxMessageSize bytes (100 MiB) in either direction; compression is off; no
// Origin header is sent, since Chromium refuses those it does not know. A user
// name in the URL becomes an Authorization header. Chromium refuses a Host that
// is neither an IP address nor localhost, the name of a container say: the
// handshake is then made once more with the address the name resolves to.
//
// A Chrome that asks its user first (144 and later) answers the handshake when the
// user has, within two minutes. A refused handshake is a [*HandshakeError].
func DialWebSocket(ctx context.Context, rawURL string, opts ...DialOption) (Transport, error) {
	o := dialOptions{header: http.Header{}, pingEvery: pingEvery, silence: pongWithin}
	u, err := url.Parse(rawURL)
	if err != nil {
		return nil, fmt.Errorf("cdp: dial: %w", err)
	}
	if u.User != nil {
		o.header.Set("Authorization", basicAuth(u.User))
		u.User = nil
	}
	for _, opt := range opts {
		opt(&o)
	}
	line := &watchedConn{}
	conn, err := handshake(ctx, u, o, line)
	if refused, ok := errors.AsType[*HandshakeError](err); ok && refused.hostRefused() {
		if host := numericHost(ctx, u); host != "" {
			o.header.Set("Host", host)
			conn, err = handshake(ctx, u, o, line)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("cdp: dial %s: %w", redacted(u), err)
	}
	return newWebSocket(conn, line, o.pingEvery, o.silence), nil
}

// HandshakeError is a WebSocket handshake the peer answered with an HTTP status.
type HandshakeError struct {
	Status int
	Body   string // at most 1 KiB
	Err    error
}

func (e *HandshakeError) Error() string {
	return fmt.Sprintf("websocket handshake: HTTP %d: %s", e.Status, e.Body)
}

// Unwrap gives the dialer's error.
func (e *HandshakeError) Unwrap() error { return e.Err }

// hostRefused reports Chromium's "Host header is specified and is not an IP
// address or localhost.", which is the only 500 it answers.
func (e *HandshakeError) hostRefused() bool { return e.Status == http.StatusInternalServerError }

func handshake(ctx context.Context, u *url.URL, o dialOptions, line *watchedConn) (*websocket.Conn, error) {
	dialer := websocket.Dialer{
		Proxy:             http.ProxyFromEnvironment,
		TLSClientConfig:   o.tls,
		ReadBufferSize:    64 << 10,
		WriteBufferSize:   16 << 10,
		EnableCompression: false,
		HandshakeTimeout:  handshakeWithin,
		NetDialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			c, err := (&net.Dialer{Timeout: connectWithin, KeepAlive: pingEvery}).DialContext(ctx, network, addr)
			if err != nil {
				return nil, err
			}
			return line.over(c), nil
		},
	}
	conn, resp, err := dialer.DialContext(ctx, u.String(), o.header)
	if err == nil {
		return conn, nil
	}
	if errors.Is(err, websocket.ErrBadHandshake) && resp != nil {
		body, _ := io.ReadAll(io.LimitReader(resp.Body, 1<<10)) // gorilla has read it already: this cannot fail
		return nil, &HandshakeError{Status: resp.StatusCode, Body: string(body), Err: err}
	}
	return nil, err
}

// numericHost is the URL's host with its name resolved, "" when it is an address
// already or does not resolve.
func numericHost(ctx context.Context, u *url.URL) string {
	if net.ParseIP(u.Hostname()) != nil {
		return ""
	}
	addrs, err := net.DefaultResolver.LookupNetIP(ctx, "ip", u.Hostname())
	if err != nil || len(addrs) == 0 {
		return ""
	}
	if u.Port() == "" {
		return addrs[0].Unmap().String()
	}
	return net.JoinHostPort(addrs[0].Unmap().String(), u.Port())
}

func basicAuth(user *url.Userinfo) string {
	password, _ := user.Password()
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user.Username()+":"+password))
}

// redacted is the URL without its query, which may hold a token.
func redacted(u *url.URL) string {
	shown := *u
	if shown.RawQuery != "" {
		shown.RawQuery = "…"
	}
	return shown.Redacted()
}

// AcceptWebSocket answers a WebSocket handshake, for a server of the protocol.
// The Origin is not checked: the caller decides whom to let in.
func AcceptWebSocket(w http.ResponseWriter, r *http.Request) (Transport, error) {
	up := websocket.Upgrader{
		ReadBufferSize: 64 << 10, WriteBufferSize: 16 << 10,
		CheckOrigin: func(*http.Request) bool { return true },
	}
	line := &watchedConn{}
	conn, err := up.Upgrade(&watchedHijack{ResponseWriter: w, line: line}, r, nil)
	if err != nil {
		return nil, fmt.Errorf("cdp: accept: %w", err)
	}
	return newWebSocket(conn, line, pingEvery, pongWithin), nil
}

// watchedConn is a network connection on which silence is a timeout: each read
// that waits longer than the limit fails, whereas a large message that trickles
// in keeps it alive. Before the limit is set, during the handshake, it changes
// nothing.
type watchedConn struct {
	net.Conn
	limit atomic.Int64 // nanoseconds
}

func (c *watchedConn) over(conn net.Conn) net.Conn {
	c.Conn = conn
	return c
}

func (c *watchedConn) Read(b []byte) (int, error) {
	if limit := time.Duration(c.limit.Load()); limit > 0 {
		if err := c.SetReadDeadline(time.Now().Add(limit)); err != nil {
			return 0, err
		}
	}
	return c.Conn.Read(b)
}

// watchedHijack puts a watchedConn under a server's WebSocket.
type watchedHijack struct {
	http.ResponseWriter
	line *watchedConn
}

func (h *watchedHijack) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, buf, err := http.NewResponseController(h.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	return h.line.over(conn), buf, nil
}

// webSocket is a Transport over one WebSocket.
//
// Concurrency: as [Transport] says. It owns one goroutine, the pinger, which
// Close ends and waits for; it blocks on nothing longer than a control frame
// may take to write.
type webSocket struct {
	conn    *websocket.Conn
	silence time.Duration
	writing chan struct{} // a lock that obeys a context: holds one token while somebody writes
	closed  *closeOnce
	wg      sync.WaitGroup
}

func newWebSocket(conn *websocket.Conn, line *watchedConn, interval, silence time.Duration) *webSocket {
	w := &webSocket{
		conn:    conn,
		silence: silence,
		writing: make(chan struct{}, 1),
		closed:  &closeOnce{ch: make(chan struct{})},
	}
	conn.SetReadLimit(MaxMessageSize)
	if interval > 0 {
		line.limit.Store(int64(silence))
		w.wg.Go(func() { w.ping(interval) })
	}
	return w
}

func (w *webSocket) ping(interval time.Duration) {
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			if w.conn.WriteControl(websocket.PingMessage, nil, time.Now().Add(interval)) != nil {
				return // the reader notices by itself
			}
		case <-w.closed.ch:
			return
		}
	}
}

// Read returns the next text or binary message. An orderly close by the peer is
// io.EOF, silence beyond the keepalive ErrUnresponsive.
func (w *webSocket) Read(ctx context.Context) ([]byte, error) {
	stop := context.AfterFunc(ctx, func() { _ = w.conn.NetConn().Close() })
	defer stop()
	_, b, err := w.conn.ReadMessage()
	if err != nil {
		return nil, w.readError(ctx, err)
	}
	return b, nil
}

func (w *webSocket) readError(ctx context.Context, err error) error {
	timeout, isNet := errors.AsType[net.Error](err)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, websocket.ErrReadLimit):
		return fmt.Errorf("%w: the peer sent more than %d bytes", ErrTooLarge, MaxMessageSize)
	case websocket.IsCloseError(err, websocket.CloseNormalClosure, websocket.CloseGoingAway):
		return io.EOF
	case isNet && timeout.Timeout():
		return fmt.Errorf("%w: nothing received for %s", ErrUnresponsive, w.silence)
	}
	return err
}

// Write sends b as one text message.
func (w *webSocket) Write(ctx context.Context, b []byte) error {
	if len(b) > MaxMessageSize {
		return fmt.Errorf("%w: %d bytes to send", ErrTooLarge, len(b))
	}
	select {
	case w.writing <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	case <-w.closed.ch:
		return net.ErrClosed
	}
	defer func() { <-w.writing }()
	if err := ctx.Err(); err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { _ = w.conn.NetConn().Close() })
	defer stop()
	_ = w.conn.SetWriteDeadline(time.Now().Add(writeWithin)) // never fails
	return w.conn.WriteMessage(websocket.TextMessage, b)
}

// Close says goodbye, if that can be sent at once, and ends the connection.
func (w *webSocket) Close() error {
	w.closed.once.Do(func() {
		close(w.closed.ch)
		bye := websocket.FormatCloseMessage(websocket.CloseNormalClosure, "")
		_ = w.conn.WriteControl(websocket.CloseMessage, bye, time.Now().Add(100*time.Millisecond)) // a dead peer cannot be told
		_ = w.conn.NetConn().Close()                                                               // already closed by the peer at times
	})
	w.wg.Wait()
	return nil
}
