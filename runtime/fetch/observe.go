package fetch

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"syscall"
)

func (f *Fetcher) tellRequest(p *fetching, redirect *Response, preflight string) {
	if f.observer != nil {
		f.observer.RequestWillBeSent(RequestEvent{
			ID: p.r.ID, Client: p.env, Request: p.r, Redirect: redirect, Preflight: preflight, Time: f.clock.Now(),
		})
	}
}

func (p *fetching) tellFailed(err error) {
	if p.observer == nil {
		return
	}
	event := FailedEvent{ID: p.r.ID, Client: p.env, Err: err, Canceled: p.ctx.Err() != nil, Time: p.clock.Now()}
	var b *BlockedError
	if errors.As(err, &b) {
		event.Blocked, event.CORS = b.Reason, b.CORS
	}
	p.observer.LoadingFailed(event)
}

// tellResponse tells of the response, and of its body as that is read.
func (p *fetching) tellResponse(response *Response) {
	if p.observer == nil {
		return
	}
	internal := response.Unfiltered()
	p.observer.ResponseReceived(ResponseEvent{
		ID: p.r.ID, Client: p.env, Request: p.r, Response: internal, FromCache: internal.Source == "http-cache", Time: p.clock.Now(),
	})
	body := internal.Body
	if body == nil {
		p.observer.LoadingFinished(p.r.ID, 0, p.clock.Now())
		return
	}
	if whole, ok := body.Bytes(); ok {
		if len(whole) > 0 {
			p.observer.DataReceived(p.r.ID, whole, 0, p.clock.Now())
		}
		p.observer.LoadingFinished(p.r.ID, 0, p.clock.Now())
		return
	}
	watched := StreamBody(&watchedBody{from: body.Reader(), p: p}, body.Length())
	if response.Body == body {
		response.Body = watched
	}
	internal.Body = watched
}

// watchedBody tells the observer what is read, and the end once.
type watchedBody struct {
	from io.ReadCloser
	p    *fetching
	n    int64
	over bool
}

func (b *watchedBody) Read(buffer []byte) (int, error) {
	n, err := b.from.Read(buffer)
	p := b.p
	if n > 0 {
		b.n += int64(n)
		p.observer.DataReceived(p.r.ID, buffer[:n], n, p.clock.Now())
	}
	if err != nil && !b.over {
		b.over = true
		if errors.Is(err, io.EOF) {
			p.observer.LoadingFinished(p.r.ID, b.n, p.clock.Now())
		} else {
			p.tellFailed(err)
		}
	}
	return n, err
}

func (b *watchedBody) Close() error { return b.from.Close() }

// NetError is Chromium's name for why a request failed: "net::ERR_FAILED" when
// there is no better one.
func NetError(err error) string {
	var blocked *BlockedError
	var origin *OriginError
	var dns *net.DNSError
	var unknown x509.UnknownAuthorityError
	var host x509.HostnameError
	var invalid x509.CertificateInvalidError
	var record tls.RecordHeaderError
	var timeout interface{ Timeout() bool }
	switch {
	case errors.Is(err, ErrOffline):
		return "net::ERR_INTERNET_DISCONNECTED"
	case errors.Is(err, ErrTooManyRedirects):
		return "net::ERR_TOO_MANY_REDIRECTS"
	case errors.Is(err, ErrNotCached):
		return "net::ERR_CACHE_MISS"
	case errors.Is(err, context.Canceled):
		return "net::ERR_ABORTED"
	case errors.As(err, &blocked):
		if blocked.Reason == "csp" {
			return "net::ERR_BLOCKED_BY_CSP"
		}
		if blocked.Reason == "corp-not-same-origin" {
			return "net::ERR_BLOCKED_BY_RESPONSE"
		}
		return "net::ERR_FAILED"
	case errors.As(err, &origin), errors.As(err, &dns):
		return "net::ERR_NAME_NOT_RESOLVED"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "net::ERR_CONNECTION_REFUSED"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return "net::ERR_CONNECTION_RESET"
	case errors.As(err, &unknown):
		return "net::ERR_CERT_AUTHORITY_INVALID"
	case errors.As(err, &host):
		return "net::ERR_CERT_COMMON_NAME_INVALID"
	case errors.As(err, &invalid):
		return "net::ERR_CERT_DATE_INVALID"
	case errors.As(err, &record):
		return "net::ERR_SSL_PROTOCOL_ERROR"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "net::ERR_EMPTY_RESPONSE"
	case errors.As(err, &timeout) && timeout.Timeout():
		return "net::ERR_TIMED_OUT"
	}
	return "net::ERR_FAILED"
}
