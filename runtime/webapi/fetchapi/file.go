package fetchapi

import (
	"math"

	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/runtime/webapi/idl"
)

// File is the implementation of a File object.
type File struct {
	Blob
	Name         string
	LastModified int64 // milliseconds since the epoch
}

// NewFile makes a File object; data must not change afterwards.
func NewFile(r *idl.Realm, f File) *goja.Object { return idl.Wrap(r, FileInterface, &f) }

// CloneSerialize lets structured cloning copy a file.
func (f *File) CloneSerialize(bool) (func(r *idl.Realm) (goja.Value, error), error) {
	return func(r *idl.Realm) (goja.Value, error) { return NewFile(r, *f), nil }, nil
}

// FileInterface is the interface File.
//
// Source: https://w3c.github.io/FileAPI/#file-section
var FileInterface = &idl.Interface{
	Name: "File", Parent: BlobInterface, Length: 2,
	New: func(c *idl.Call) any {
		f := &File{}
		if !c.Has(0) {
			panic(c.Fail("The provided value cannot be converted to a sequence."))
		}
		name := c.String(1)
		var bag idl.Dict
		f.Data, f.Type, bag = blobParts(c, 0, 2)
		f.Name = name
		f.LastModified = c.Realm.Agent().Clock().Now().UnixMilli()
		if v, ok := bag.Get("lastModified"); ok {
			f.LastModified = longLong(v.ToNumber().ToFloat())
		}
		return f
	},
	Members: []idl.Member{
		idl.Attr("name", func(c *idl.Call) goja.Value { return c.Value(idl.This[*File](c).Name) }, nil),
		idl.Attr("lastModified", func(c *idl.Call) goja.Value { return c.Value(idl.This[*File](c).LastModified) }, nil),
		idl.Attr("webkitRelativePath", func(c *idl.Call) goja.Value { idl.This[*File](c); return c.Value("") }, nil),
	},
}

// longLong converts a number to a 64-bit signed integer, wrapping around.
func longLong(f float64) int64 {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return 0
	}
	f = math.Mod(math.Trunc(f), 1<<64)
	if f < 0 {
		f += 1 << 64
	}
	return int64(uint64(f))
}
