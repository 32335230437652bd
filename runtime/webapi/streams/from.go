package streams

import (
	"bytes"
	"context"
	"errors"
	"io"
	"sync"

	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/runtime/script"
	"github.com/swinspect/swinspect/runtime/webapi/buffer"
	"github.com/swinspect/swinspect/runtime/webapi/idl"
)

// chunkSize is the most that one chunk of a stream over a Go reader holds.
const chunkSize = 64 << 10

// Reason gives the JavaScript reason of an error that a reader returned.
type Reason func(r *idl.Realm, err error) goja.Value

// FromReader is a readable byte stream over a Go reader, which is read in a goroutine
// in chunks of at most 64 KiB: from the first pull on, one chunk ahead, so that the
// stream's end and errors are known without another pull. Cancelling the stream, its end, and the end of
// the realm close rc; Close may come while Read blocks and has to end it. An error
// of rc errors the stream with a TypeError, unless a reason function is given.
func FromReader(r *idl.Realm, rc io.ReadCloser, reason ...Reason) *goja.Object {
	s := stateOf(r)
	f := &from{state: s, rc: rc}
	if len(reason) > 0 {
		f.reason = reason[0]
	}
	s.open[f] = struct{}{}
	return New(r, Source{Bytes: true, Pull: f.pull, Cancel: f.cancel})
}

// FromBytes is a readable byte stream over b, which is copied when it is read, in
// one chunk.
func FromBytes(r *idl.Realm, b []byte) *goja.Object {
	return New(r, Source{Bytes: true, Pull: func(stream *goja.Object) goja.Value {
		EnqueueBytes(r, stream, append([]byte(nil), b...))
		CloseStream(r, stream)
		return nil
	}})
}

// from feeds a stream from a reader; of the loop, except rc and, while a read is
// under way, space.
type from struct {
	state  *state
	rc     io.ReadCloser
	reason Reason
	space  []byte
	once   sync.Once

	reading bool
	waiting *script.Promise // of the pull that a read is to answer
	kept    []byte          // the chunk that was read ahead
	after   error           // what came with kept
}

// Close closes the reader, once.
func (f *from) Close() (err error) {
	f.once.Do(func() { err = f.rc.Close() })
	return err
}

func (f *from) end() {
	delete(f.state.open, f)
	_ = f.Close()
}

func (f *from) pull(stream *goja.Object) goja.Value {
	if len(f.kept) > 0 {
		chunk, err := f.kept, f.after
		f.kept, f.after = nil, nil
		f.give(stream, chunk, err)
		return nil
	}
	f.waiting = f.state.realm.NewPromise()
	f.read(stream)
	return f.waiting.Value
}

// read starts reading a chunk, unless that is under way.
func (f *from) read(stream *goja.Object) {
	if f.reading {
		return
	}
	f.reading = true
	if f.space == nil {
		f.space = make([]byte, chunkSize)
	}
	n := 0
	f.state.realm.Background("networking", func(ctx context.Context) error {
		stop := context.AfterFunc(ctx, func() { _ = f.Close() })
		defer stop()
		var err error
		for n == 0 && err == nil {
			n, err = f.rc.Read(f.space)
		}
		return err
	}, func(err error) { f.arrived(stream, n, err) })
}

// arrived takes what one Read gave; the stream may have been cancelled meanwhile.
func (f *from) arrived(stream *goja.Object, n int, err error) {
	f.reading = false
	waiting := f.waiting
	f.waiting = nil
	if State(f.state.realm, stream) != "readable" {
		return
	}
	if waiting == nil && n > 0 {
		f.kept, f.after = bytes.Clone(f.space[:n]), err
		return
	}
	f.give(stream, bytes.Clone(f.space[:n]), err)
	if waiting != nil {
		waiting.Resolve(nil)
	}
}

// give hands a chunk over, and what came after it; while more is to come, it is
// read ahead.
func (f *from) give(stream *goja.Object, chunk []byte, err error) {
	r := f.state.realm
	EnqueueBytes(r, stream, chunk)
	switch {
	case errors.Is(err, io.EOF):
		f.end()
		CloseStream(r, stream)
	case err != nil:
		f.end()
		Error(r, stream, f.why(err))
	default:
		f.read(stream)
	}
}

func (f *from) why(err error) goja.Value {
	if f.reason != nil {
		return f.reason(f.state.realm, err)
	}
	return idl.TypeError(f.state.realm, "network error: %s", err)
}

func (f *from) cancel(goja.Value) goja.Value {
	f.end()
	return nil
}

// ReadAll is "read all bytes" of a reader (see Lock): one of the two functions is
// called, now or later. A chunk that is no Uint8Array is a TypeError.
func ReadAll(r *idl.Realm, reader *goja.Object, success func([]byte), failure func(goja.Value)) {
	var all []byte
	var next func()
	next = func() {
		// A chunk that is there already comes in the call itself: loop for those
		// instead of recursing.
		for again := true; again; {
			again = false
			inside := true
			Read(r, reader, func(chunk goja.Value) {
				if buffer.Type(r, chunk) != "Uint8Array" {
					failure(idl.TypeError(r, "Received non-Uint8Array chunk"))
					return
				}
				b, _ := buffer.Bytes(r, chunk)
				all = append(all, b...)
				if inside {
					again = true
				} else {
					next()
				}
			}, func() { success(all) }, failure)
			inside = false
		}
	}
	next()
}
