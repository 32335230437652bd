package fetch

import (
	"bytes"
	"context"
	"io"
)

// Body is the concept of a body: bytes that can be read once, from memory or as
// they arrive.
//
// Concurrency: one reader at a time; Cancel from anywhere.
//
// Source: https://fetch.spec.whatwg.org/#concept-body
type Body struct {
	source []byte        // the whole of it, when it is in memory; nil otherwise
	stream io.ReadCloser // what is left to read when source is nil
	length int64         // -1 when unknown
}

// BytesBody is a body in memory; b must not change afterwards.
func BytesBody(b []byte) *Body {
	if b == nil {
		b = []byte{}
	}
	return &Body{source: b, length: int64(len(b))}
}

// StreamBody is a body that is read from r as it is asked for; length is -1 when unknown.
func StreamBody(r io.ReadCloser, length int64) *Body { return &Body{stream: r, length: length} }

// Bytes is the whole body when it is in memory.
func (b *Body) Bytes() ([]byte, bool) { return b.source, b.source != nil }

// Length is -1 when unknown.
func (b *Body) Length() int64 { return b.length }

// Reader reads the body. For a body in memory every call starts anew; a streamed
// one has a single reader.
func (b *Body) Reader() io.ReadCloser {
	if b.source != nil {
		return io.NopCloser(bytes.NewReader(b.source))
	}
	return b.stream
}

// ReadAll reads the rest, at most limit bytes (0: no limit; ErrBodyTooLarge above
// it), and keeps it in memory.
func (b *Body) ReadAll(ctx context.Context, limit int64) ([]byte, error) {
	return b.readAll(ctx, limit)
}

// Cancel gives up on the rest of the body and frees what feeds it.
func (b *Body) Cancel() {
	if b.stream != nil {
		b.stream.Close()
	}
}

// Discard is Cancel for a body that may be nil.
func (b *Body) Discard() {
	if b != nil {
		b.Cancel()
	}
}

// Tee returns two bodies with the content of b, which must not be used any more.
// A branch that is read slowly holds what the other has read (unbounded, as
// ReadableStream's tee).
func (b *Body) Tee() (*Body, *Body) { return b.tee() }
