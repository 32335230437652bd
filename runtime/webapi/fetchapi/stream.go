package fetchapi

import (
	"errors"
	"io"

	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/runtime/webapi/streams"
)

// What a body asks of the streams package.

func fromReader(b *content, from io.ReadCloser) *goja.Object {
	return streams.FromReader(b.realm, from, reasonOf)
}

// toReader is the stream as a Go reader; it is locked from then on.
func toReader(b *content) io.ReadCloser {
	reader, err := streams.ToReader(b.realm, b.stream)
	if err != nil {
		return io.NopCloser(failing{err})
	}
	return &scriptReader{reader, b}
}

// scriptReader makes the error of a script's stream one that knows whose it is.
type scriptReader struct {
	io.ReadCloser
	b *content
}

func (s *scriptReader) Read(p []byte) (int, error) {
	n, err := s.ReadCloser.Read(p)
	var failed *streams.StreamError
	if errors.As(err, &failed) {
		err = &reasonError{realm: s.b.realm, reason: failed.Value, text: failed.Message}
	}
	return n, err
}

func readStream(b *content, then func([]byte), fail func(goja.Value)) {
	streams.ReadAll(b.realm, streams.Lock(b.realm, b.stream), then, fail)
}

func cancelStream(b *content, reason goja.Value) {
	b.realm.Agent().Then(streams.Cancel(b.realm, b.stream, reason), nil, func(goja.Value) {})
}

func errorStream(b *content, reason goja.Value) {
	if streams.State(b.realm, b.stream) == "readable" {
		streams.Error(b.realm, b.stream, reason)
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }
