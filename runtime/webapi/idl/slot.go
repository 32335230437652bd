package idl

import (
	"reflect"
	"unsafe"

	"github.com/dop251/goja"
)

// An object of an interface is, for goja, an ArrayBuffer of length 0 whose slice
// header points at a holder. So a Go value hangs on the object with no property a
// script could see, no map that would leak, and no second lookup; expandos,
// freezing, subclassing and Reflect work as on any object.
//
// Invariants, on which memory safety rests:
//   - length is 0: typed arrays, slice and DataView over it see nothing.
//   - capacity is slotBrand, which no allocation can have (2^44 bytes), so no
//     buffer of a script can be taken for a slot.
//   - the slice is never appended to, sliced or handed out.
//   - code that takes a BufferSource asks IsPlatformObject first.
//
// The garbage collector sees a pointer to the start of a heap object and keeps
// all of it alive.
const slotBrand = 1 << 44

// holder is what the slot points at.
type holder struct {
	impl  any
	realm *Realm
}

type sliceHeader struct {
	data unsafe.Pointer
	len  int
	cap  int
}

var arrayBufferType = reflect.TypeFor[goja.ArrayBuffer]()

// newSlotted makes an object with h in its slot.
func newSlotted(rt *goja.Runtime, h *holder, proto *goja.Object) *goja.Object {
	header := sliceHeader{data: unsafe.Pointer(h), len: 0, cap: slotBrand}
	b := *(*[]byte)(unsafe.Pointer(&header))
	o := rt.ToValue(rt.NewArrayBuffer(b)).(*goja.Object)
	if err := o.SetPrototype(proto); err != nil {
		panic(err)
	}
	return o
}

// slot is the holder of v, nil when v is no object of an interface. ExportType is
// safe to ask of anything; Export is not (it runs getters).
func slot(v goja.Value) *holder {
	o, ok := v.(*goja.Object)
	if !ok || o.ExportType() != arrayBufferType {
		return nil
	}
	buffer, ok := o.Export().(goja.ArrayBuffer)
	if !ok {
		return nil
	}
	b := buffer.Bytes()
	if len(b) != 0 || cap(b) != slotBrand {
		return nil
	}
	return (*holder)(unsafe.Pointer(unsafe.SliceData(b)))
}
