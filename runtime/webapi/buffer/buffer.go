// Package buffer is Web IDL's buffer source types: ArrayBuffer and its views as
// bytes, and back. Every conversion of a BufferSource goes through here, because
// goja's own Export of a view whose buffer was detached reads freed memory, and
// because an object of an interface is an ArrayBuffer to goja (see idl's slot).
//
// Source: https://webidl.spec.whatwg.org/#js-buffer-source-types
package buffer

import (
	"reflect"
	"strconv"

	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/runtime/webapi/idl"
)

var arrayBufferType = reflect.TypeFor[goja.ArrayBuffer]()

type key struct{}

// intrinsics as they were when the realm first asked.
type intrinsics struct {
	isView                      goja.Callable
	tag                         goja.Callable
	arrayBuffer, dataViewBuffer goja.Callable
	uint8Array                  goja.Value
}

var getters = goja.MustCompile("swinspect:buffer", `((p, get) => [get(p, Symbol.toStringTag), get(p, "buffer"), get(DataView.prototype, "buffer")])
(Object.getPrototypeOf(Uint8Array.prototype), (o, name) => Object.getOwnPropertyDescriptor(o, name).get)`, true)

// Install captures the intrinsics before a script can replace them.
func Install(r *idl.Realm) { of(r) }

func of(r *idl.Realm) *intrinsics {
	if i, ok := r.Value(key{}).(*intrinsics); ok {
		return i
	}
	rt := r.Runtime()
	i := &intrinsics{uint8Array: rt.GlobalObject().Get("Uint8Array")}
	i.isView, _ = goja.AssertFunction(rt.GlobalObject().Get("ArrayBuffer").(*goja.Object).Get("isView"))
	list, err := rt.RunProgram(getters)
	if err != nil {
		panic(err)
	}
	for n, f := range []*goja.Callable{&i.tag, &i.arrayBuffer, &i.dataViewBuffer} {
		*f, _ = goja.AssertFunction(list.(*goja.Object).Get(strconv.Itoa(n)))
	}
	r.SetValue(key{}, i)
	return i
}

// IsView reports whether v is a typed array or a DataView.
func IsView(r *idl.Realm, v goja.Value) bool {
	o, ok := v.(*goja.Object)
	if !ok {
		return false
	}
	is, err := r.Agent().Call(of(r).isView, goja.Undefined(), o)
	return err == nil && is.ToBoolean()
}

// Type is the name of a typed array's class ("Uint8Array", …), "DataView", or
// empty when v is no view.
func Type(r *idl.Realm, v goja.Value) string {
	if !IsView(r, v) {
		return ""
	}
	if tag, err := r.Agent().Call(of(r).tag, v); err == nil && !goja.IsUndefined(tag) {
		return tag.String()
	}
	return "DataView"
}

// ArrayBuffer is v when it is an ArrayBuffer.
func ArrayBuffer(v goja.Value) (goja.ArrayBuffer, bool) {
	o, ok := v.(*goja.Object)
	if !ok || o.ExportType() != arrayBufferType || idl.IsPlatformObject(o) {
		return goja.ArrayBuffer{}, false
	}
	b, ok := o.Export().(goja.ArrayBuffer)
	return b, ok
}

// Bytes are the bytes that a buffer source stands for: the script's own, not a
// copy; empty when it is detached. It reports false when v is no buffer source.
func Bytes(r *idl.Realm, v goja.Value) ([]byte, bool) {
	if b, ok := ArrayBuffer(v); ok {
		return b.Bytes(), true
	}
	if !IsView(r, v) {
		return nil, false
	}
	return viewed(r, v), true
}

// viewed is what a view shows: nothing when its buffer is detached, which must be
// asked first because goja would hand out bytes of nowhere.
func viewed(r *idl.Realm, v goja.Value) []byte {
	buffer, ok := ArrayBuffer(Viewed(r, v))
	if !ok || buffer.Detached() {
		return nil
	}
	var b []byte
	if err := r.Runtime().ExportTo(v, &b); err != nil {
		return nil
	}
	return b
}

// Viewed is the ArrayBuffer of a view, without calling what a script put in the
// way; undefined when v is no view.
func Viewed(r *idl.Realm, v goja.Value) goja.Value {
	i := of(r)
	for _, getter := range []goja.Callable{i.arrayBuffer, i.dataViewBuffer} {
		if buffer, err := r.Agent().Call(getter, v); err == nil {
			return buffer
		}
	}
	return goja.Undefined()
}

// Detached reports whether a buffer source is detached.
func Detached(r *idl.Realm, v goja.Value) bool {
	b, ok := ArrayBuffer(v)
	if !ok {
		b, ok = ArrayBuffer(Viewed(r, v))
	}
	return ok && b.Detached()
}

// Copy is Bytes, copied: "get a copy of the bytes held by the buffer source".
func Copy(r *idl.Realm, v goja.Value) ([]byte, bool) {
	b, ok := Bytes(r, v)
	return append([]byte{}, b...), ok
}

// Arg converts an argument to a copy of its bytes; what is no buffer source throws.
func Arg(c *idl.Call, i int) []byte { return Convert(c, c.Arg(i)) }

// Convert is Arg for a value.
func Convert(c *idl.Call, v goja.Value) []byte {
	b, ok := Copy(c.Realm, v)
	if !ok {
		panic(c.Fail("The provided value is not of type '(ArrayBuffer or ArrayBufferView)'."))
	}
	return b
}

// New makes an ArrayBuffer that owns b.
func New(r *idl.Realm, b []byte) goja.Value {
	if b == nil {
		b = []byte{}
	}
	return r.Runtime().ToValue(r.Runtime().NewArrayBuffer(b))
}

// Uint8Array makes a Uint8Array that owns b.
func Uint8Array(r *idl.Realm, b []byte) goja.Value {
	o, err := r.Runtime().New(of(r).uint8Array, New(r, b))
	if err != nil {
		panic(err)
	}
	return o
}

// Transfer takes the bytes out of an ArrayBuffer, which is then detached; false
// when v is no ArrayBuffer or already detached.
func Transfer(v goja.Value) ([]byte, bool) {
	b, ok := ArrayBuffer(v)
	if !ok || b.Detached() {
		return nil, false
	}
	bytes := b.Bytes()
	b.Detach()
	return bytes, true
}
