package fetch

import (
	"bufio"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"io"
	"strings"

	"github.com/andybalholm/brotli"
)

// decode undoes content codings, the last first. Unknown ones are left as they are.
func decode(body io.ReadCloser, codings []string) io.ReadCloser {
	for i := len(codings) - 1; i >= 0; i-- {
		switch strings.ToLower(codings[i]) {
		case "gzip", "x-gzip":
			body = &decoder{from: body, open: func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) }}
		case "deflate":
			body = &decoder{from: body, open: inflate}
		case "br":
			body = &decoder{from: body, open: func(r io.Reader) (io.Reader, error) { return brotli.NewReader(r), nil }}
		case "identity", "":
		default:
			return body
		}
	}
	return body
}

// inflate reads zlib, or bare deflate, which some servers mean by "deflate".
func inflate(r io.Reader) (io.Reader, error) {
	b := bufio.NewReader(r)
	head, err := b.Peek(2)
	if err != nil && len(head) == 0 {
		return nil, err
	}
	if len(head) == 2 && head[0]&0x0F == 8 && (int(head[0])<<8|int(head[1]))%31 == 0 {
		return zlib.NewReader(b)
	}
	return flate.NewReader(b), nil
}

// decoder opens its coding at the first read. An empty body is an empty body.
type decoder struct {
	from io.ReadCloser
	open func(io.Reader) (io.Reader, error)
	r    io.Reader
	err  error
}

func (d *decoder) Read(p []byte) (int, error) {
	if d.err != nil {
		return 0, d.err
	}
	if d.r == nil {
		if d.r, d.err = d.open(d.from); d.err != nil {
			return 0, d.err
		}
	}
	n, err := d.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		d.err = err
	}
	return n, err
}

func (d *decoder) Close() error { return d.from.Close() }
