package fetchapi

import (
	"context"
	"errors"
	"io"
	"runtime"

	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/runtime/fetch"
	"github.com/swinspect/swinspect/runtime/webapi/idl"
	"github.com/swinspect/swinspect/runtime/webapi/streams"
)

// content is the body of a Request or Response object, or none. It stays Go's
// until a script touches the body attribute: then it is a ReadableStream.
type content struct {
	realm  *idl.Realm
	native *fetch.Body  // nil: none, or a stream
	stream *goja.Object // nil: none, or still native
	used   bool         // the body has been read by Go, or taken
	failed error        // the body was aborted before anyone read it
}

// contentOf is native as the body of an object.
func contentOf(r *idl.Realm, native *fetch.Body) *content {
	if native != nil {
		if _, whole := native.Bytes(); !whole {
			native = ownedBody(native)
		}
	}
	return &content{realm: r, native: native}
}

// owned is a stream that is closed when nobody holds it any more: a script that
// drops a response without reading it must not keep its connection.
type owned struct{ io.ReadCloser }

func ownedBody(b *fetch.Body) *fetch.Body {
	from := b.Reader()
	if _, already := from.(*owned); already {
		return b
	}
	o := &owned{from}
	runtime.AddCleanup(o, func(c io.Closer) { c.Close() }, io.Closer(from))
	return fetch.StreamBody(o, b.Length())
}

func (b *content) none() bool { return b.native == nil && b.stream == nil }

// disturbed is bodyUsed.
func (b *content) disturbed() bool {
	return b.used || b.stream != nil && streams.IsDisturbed(b.realm, b.stream)
}

func (b *content) locked() bool { return b.stream != nil && streams.IsLocked(b.realm, b.stream) }

// unusable: it is there, and disturbed or locked.
func (b *content) unusable() bool { return !b.none() && (b.disturbed() || b.locked()) }

// readable is the body attribute: it makes the stream.
func (b *content) readable() goja.Value {
	if b.stream != nil {
		return b.stream
	}
	if b.native == nil {
		return goja.Null()
	}
	native := b.native
	switch whole, inMemory := native.Bytes(); {
	case b.failed != nil:
		b.stream = streams.New(b.realm, streams.Source{Bytes: true})
		streams.Error(b.realm, b.stream, reasonOf(b.realm, b.failed))
	case b.used:
		b.stream = streams.FromBytes(b.realm, nil)
		streams.Lock(b.realm, b.stream)
		streams.Cancel(b.realm, b.stream, goja.Undefined())
	case inMemory && len(whole) == 0:
		b.stream = streams.New(b.realm, streams.Source{Bytes: true})
		streams.CloseStream(b.realm, b.stream)
	case inMemory:
		b.stream = streams.FromBytes(b.realm, append([]byte{}, whole...))
	default:
		b.stream = fromReader(b, native.Reader())
	}
	b.native = nil
	return b.stream
}

// take is the body for Go, which then is used up here; nil for none. It must not
// be unusable.
func (b *content) take() *fetch.Body {
	if b.none() {
		return nil
	}
	if b.stream != nil {
		b.used = true
		return fetch.StreamBody(toReader(b), -1)
	}
	b.used = true
	if b.failed != nil {
		return fetch.StreamBody(io.NopCloser(failing{b.failed}), -1)
	}
	return b.native
}

// clone is "clone a body": b goes on with one branch.
func (b *content) clone() *content {
	switch {
	case b.none():
		return &content{realm: b.realm}
	case b.stream != nil:
		first, second := streams.Tee(b.realm, b.stream)
		b.stream = first
		return &content{realm: b.realm, stream: second}
	}
	one, two := b.native.Tee()
	b.native = one
	return &content{realm: b.realm, native: two, failed: b.failed}
}

// readAll reads the body to its end and hands the bytes, which must not be
// changed, to then, on the loop; fail gets why it could not. The body must be usable.
func (b *content) readAll(then func([]byte), fail func(reason goja.Value)) {
	if b.none() {
		then(nil)
		return
	}
	if b.stream != nil {
		readStream(b, then, fail)
		return
	}
	b.used = true
	if b.failed != nil {
		fail(reasonOf(b.realm, b.failed))
		return
	}
	if whole, ok := b.native.Bytes(); ok {
		then(whole)
		return
	}
	native := b.native
	var all []byte
	b.realm.Background("networking", func(ctx context.Context) (err error) {
		all, err = native.ReadAll(ctx, 0)
		return err
	}, func(err error) {
		if err != nil {
			fail(reasonOf(b.realm, err))
			return
		}
		then(all)
	})
}

// abort errors a body that is not at its end.
func (b *content) abort(err error) {
	switch {
	case b.stream != nil:
		errorStream(b, reasonOf(b.realm, err))
	case b.native != nil && !b.used:
		if whole, ok := b.native.Bytes(); !ok || len(whole) > 0 {
			b.failed = err
			b.native.Cancel()
		}
	}
}

// reasonError is a Go error with the JavaScript value it stands for: of the realm's
// agent alone.
type reasonError struct {
	realm  *idl.Realm
	reason goja.Value
	abort  bool
	text   string
}

func (e *reasonError) Error() string {
	if e.abort {
		return "the fetch was aborted"
	}
	return e.text
}

// in is what a reader in realm r is rejected with.
func (e *reasonError) in(r *idl.Realm) goja.Value {
	switch {
	case r.Agent() == e.realm.Agent() && e.reason != nil:
		return e.reason
	case e.abort:
		return idl.DOMError(r, "AbortError", "The user aborted a request.")
	}
	return idl.TypeError(r, "network error")
}

// reasonOf is the JavaScript value of a failed read.
func reasonOf(r *idl.Realm, err error) goja.Value {
	var own *reasonError
	if errors.As(err, &own) {
		return own.in(r)
	}
	return idl.TypeError(r, "network error")
}
