package fetch

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// networkFetch sends the request and makes a response of what comes back. The body
// is decoded as it is read.
//
// Source: https://fetch.spec.whatwg.org/#concept-http-network-fetch
func (p *fetching) networkFetch(h *httpRequest) *Response {
	if p.env.Offline != nil && p.env.Offline() {
		return NetworkError(ErrOffline)
	}
	if p.network == nil {
		return fail("there is no network")
	}
	request, err := p.wireRequest(h)
	if err != nil {
		return NetworkError(err)
	}
	p.timing.RequestStart = p.clock.Now()
	wire, err := p.network.RoundTrip(request)
	if err != nil {
		if cause := context.Cause(p.ctx); cause != nil {
			return &Response{Type: "error", Aborted: true, Err: cause}
		}
		return NetworkError(err)
	}
	p.timing.ResponseStart = p.clock.Now()
	headers := headersOf(wire.Header)
	if h.credentials {
		for _, line := range wire.Header.Values("Set-Cookie") {
			p.cookies.Set(h.CurrentURL(), line, p.cookieContext())
		}
	}
	p.clearSiteData(h.CurrentURL(), headers)
	return &Response{
		Type: "default", Status: wire.StatusCode, StatusText: statusText(wire), Headers: headers,
		URLList: slices.Clone(h.URLList), Body: p.bodyOf(wire, headers), Source: "network",
	}
}

func (p *fetching) wireRequest(h *httpRequest) (*http.Request, error) {
	u := h.CurrentURL()
	parsed, err := wireURL(u)
	if err != nil {
		return nil, err
	}
	request := &http.Request{
		Method: h.Method, URL: parsed, Host: parsed.Host,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{},
	}
	for _, header := range h.Headers {
		name := wireName(header.Name)
		if _, sent := request.Header[name]; sent || name == "Content-Length" || name == "Host" {
			continue
		}
		value, _ := h.Headers.Get(header.Name)
		request.Header[name] = []string{value}
	}
	if !h.Headers.Has("User-Agent") {
		request.Header["User-Agent"] = []string{""} // or net/http adds its own
	}
	if h.Body != nil {
		request.Body, request.ContentLength = h.Body.Reader(), h.Body.Length()
		if whole, ok := h.Body.Bytes(); ok {
			if len(whole) == 0 {
				request.Body = http.NoBody
			}
			request.GetBody = func() (io.ReadCloser, error) { return h.Body.Reader(), nil }
		}
	}
	return request.WithContext(p.ctx), nil
}

// wireName is a header's name as a script spelled it, except for those that
// net/http looks for under their usual spelling.
func wireName(name string) string {
	switch canonical := http.CanonicalHeaderKey(name); canonical {
	case "Accept-Encoding", "Connection", "Content-Length", "Expect", "Host", "Range", "Te", "Trailer", "Transfer-Encoding", "User-Agent":
		return canonical
	default:
		if name != strings.ToLower(name) {
			return name
		}
		return canonical
	}
}

// wireURL is u for net/http, its path and query spelled as the URL standard did.
func wireURL(u *URL) (*url.URL, error) {
	target := &url.URL{Scheme: u.Scheme(), Host: u.Host(), RawQuery: u.Query()}
	path, err := url.PathUnescape(u.Path())
	if err != nil {
		// "%" without two digits after it: send the bytes as they are.
		target.Opaque = "//" + u.Host() + u.Path()
		return target, nil
	}
	target.Path, target.RawPath = path, u.Path()
	if target.EscapedPath() != u.Path() {
		target.Opaque = "//" + u.Host() + u.Path()
	}
	return target, nil
}

// headersOf is a header list with names in lower case, in alphabetical order; the
// lines of one name stay in theirs.
func headersOf(h http.Header) HeaderList {
	names := make([]string, 0, len(h))
	n := 0
	for name, values := range h {
		names = append(names, name)
		n += len(values)
	}
	slices.Sort(names)
	list := make(HeaderList, 0, n)
	for _, name := range names {
		for _, value := range h[name] {
			list = append(list, Header{strings.ToLower(name), NormalizeValue(value)})
		}
	}
	return list
}

// statusText is the reason phrase as it was sent; HTTP/2 has none.
func statusText(r *http.Response) string {
	_, text, _ := strings.Cut(r.Status, " ")
	if r.ProtoMajor >= 2 {
		return ""
	}
	return text
}

// bodyOf is the decoded body. Closing it, or the end of ctx, ends the connection.
func (p *fetching) bodyOf(wire *http.Response, headers HeaderList) *Body {
	if wire.Body == nil || wire.Body == http.NoBody {
		return BytesBody(nil)
	}
	length := wire.ContentLength
	codings, _ := GetDecodeSplit(headers, "Content-Encoding")
	body := decode(&ctxBody{ctx: p.ctx, from: wire.Body}, codings)
	if len(codings) > 0 {
		length = -1
	}
	return StreamBody(body, length)
}

// ctxBody says why a read failed when that was the end of its context.
type ctxBody struct {
	ctx  context.Context
	from io.ReadCloser
}

func (b *ctxBody) Read(p []byte) (int, error) {
	n, err := b.from.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		if cause := context.Cause(b.ctx); cause != nil {
			err = cause
		}
	}
	return n, err
}

func (b *ctxBody) Close() error { return b.from.Close() }
