package streams

import (
	"reflect"

	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/runtime/webapi/buffer"
	"github.com/swinspect/swinspect/runtime/webapi/idl"
)

// IsReadableStream reports whether v is a ReadableStream, of whatever realm of the
// agent.
func IsReadableStream(r *idl.Realm, v goja.Value) bool {
	return is(r, "IsReadableStream", v, readableController)
}

// IsWritableStream reports whether v is a WritableStream, of whatever realm of the
// agent.
func IsWritableStream(r *idl.Realm, v goja.Value) bool {
	return is(r, "IsWritableStream", v, writableController)
}

// IsTransformStream reports whether v is a TransformStream.
func IsTransformStream(r *idl.Realm, v goja.Value) bool {
	return is(r, "IsTransformStream", v, transformController)
}

// is asks a brand check, of objects that have the slot somewhere.
func is(r *idl.Realm, check string, v goja.Value, slot *goja.Symbol) bool {
	o, ok := v.(*goja.Object)
	if !ok || o.ExportType() == proxyType || o.GetSymbol(slot) == nil {
		return false
	}
	return stateOf(r).call(check, o).ToBoolean()
}

var proxyType = reflect.TypeFor[goja.Proxy]()

// IsLocked reports whether a readable stream is locked to a reader.
func IsLocked(_ *idl.Realm, stream *goja.Object) bool { return has(stream, reader) }

// IsWriterLocked reports whether a writable stream is locked to a writer.
func IsWriterLocked(_ *idl.Realm, stream *goja.Object) bool { return has(stream, writer) }

func has(o *goja.Object, slot *goja.Symbol) bool {
	v := o.GetSymbol(slot)
	return v != nil && !goja.IsUndefined(v)
}

// IsDisturbed reports whether a readable stream has ever been read or cancelled.
func IsDisturbed(_ *idl.Realm, stream *goja.Object) bool {
	return stream.GetSymbol(disturbed).ToBoolean()
}

// State is a readable or writable stream's state: "readable", "closed", "errored",
// "writable", "erroring".
func State(_ *idl.Realm, stream *goja.Object) string { return stream.GetSymbol(stateSlot).String() }

// StoredError is the reason of an errored stream.
func StoredError(r *idl.Realm, stream *goja.Object) goja.Value {
	return stateOf(r).call("storedError", stream)
}

// Tee is ReadableStreamTee: two branches of a stream, which is locked from then on.
func Tee(r *idl.Realm, stream *goja.Object) (*goja.Object, *goja.Object) {
	branches := stateOf(r).call("ReadableStreamTee", stream, valueTrue).(*goja.Object)
	return branches.Get("0").(*goja.Object), branches.Get("1").(*goja.Object)
}

// Cancel is ReadableStreamCancel, whether or not the stream is locked; the result
// is a promise.
func Cancel(r *idl.Realm, stream *goja.Object, reason goja.Value) goja.Value {
	if reason == nil {
		reason = goja.Undefined()
	}
	return stateOf(r).call("ReadableStreamCancel", stream, reason)
}

// Lock gets a reader that nobody has, as a body that is being consumed does. The
// reader can be released with Release.
func Lock(r *idl.Realm, stream *goja.Object) *goja.Object {
	return stateOf(r).call("AcquireReadableStreamDefaultReader", stream).(*goja.Object)
}

// Release is ReadableStreamDefaultReaderRelease.
func Release(r *idl.Realm, reader *goja.Object) {
	stateOf(r).call("ReadableStreamDefaultReaderRelease", reader)
}

// Read is ReadableStreamDefaultReaderRead: exactly one of the three functions is
// called, now or later.
func Read(r *idl.Realm, reader *goja.Object, chunk func(goja.Value), closed func(), errored func(goja.Value)) {
	rt := r.Runtime()
	stateOf(r).call("ReadableStreamDefaultReaderRead", reader,
		rt.ToValue(func(c goja.FunctionCall) goja.Value { chunk(c.Argument(0)); return goja.Undefined() }),
		rt.ToValue(func(goja.FunctionCall) goja.Value { closed(); return goja.Undefined() }),
		rt.ToValue(func(c goja.FunctionCall) goja.Value { errored(c.Argument(0)); return goja.Undefined() }))
}

// Enqueue gives a chunk to a stream made by New, FromReader and the like. It throws
// (panics) as controller.enqueue does when the stream cannot take it.
func Enqueue(r *idl.Realm, stream *goja.Object, chunk goja.Value) {
	stateOf(r).call("enqueue", stream, chunk)
}

// EnqueueBytes is Enqueue for bytes, which belong to the stream from then on.
func EnqueueBytes(r *idl.Realm, stream *goja.Object, b []byte) {
	if len(b) > 0 {
		Enqueue(r, stream, buffer.Uint8Array(r, b))
	}
}

// CloseStream closes a stream made by New, FromReader and the like; one that is
// closed or errored stays so.
func CloseStream(r *idl.Realm, stream *goja.Object) { stateOf(r).call("close", stream) }

// Error errors a stream made by New, FromReader and the like, unless it is closed.
func Error(r *idl.Realm, stream *goja.Object, reason goja.Value) {
	stateOf(r).call("error", stream, reason)
}

// Source is what feeds a stream made by New. Each function may be nil, and may
// return a promise; what it throws or rejects with errors the stream.
type Source struct {
	Pull   func(stream *goja.Object) goja.Value
	Cancel func(reason goja.Value) goja.Value
	// HighWaterMark is the strategy's, with every chunk of size 1. Byte streams
	// have 0.
	HighWaterMark float64
	// Bytes makes a byte stream: chunks are Uint8Arrays, BYOB readers work.
	Bytes bool
}

// New makes a readable stream fed by Go: CreateReadableStream and
// CreateReadableByteStream.
func New(r *idl.Realm, from Source) *goja.Object {
	s, rt := stateOf(r), r.Runtime()
	var stream *goja.Object
	algorithm := func(run func(goja.Value) goja.Value) goja.Value {
		return rt.ToValue(func(c goja.FunctionCall) goja.Value {
			return s.promised(func() goja.Value { return run(c.Argument(0)) })
		})
	}
	pull := algorithm(func(goja.Value) goja.Value {
		if from.Pull == nil {
			return nil
		}
		return from.Pull(stream)
	})
	cancel := algorithm(func(reason goja.Value) goja.Value {
		if from.Cancel == nil {
			return nil
		}
		return from.Cancel(reason)
	})
	if from.Bytes {
		stream = s.call("CreateReadableByteStream", pull, cancel).(*goja.Object)
	} else {
		stream = s.call("CreateReadableStream", pull, cancel, rt.ToValue(from.HighWaterMark)).(*goja.Object)
	}
	return stream
}

// promised is the promise of what f returns or throws.
func (s *state) promised(f func() goja.Value) goja.Value {
	var v goja.Value
	if err := s.realm.Agent().Try(func() { v = f() }); err != nil {
		return idl.Rejected(s.realm, idl.Reason(s.realm.Runtime(), err))
	}
	if o, ok := v.(*goja.Object); ok {
		if _, promise := o.Export().(*goja.Promise); promise {
			return o
		}
	}
	return idl.Resolved(s.realm, v)
}
