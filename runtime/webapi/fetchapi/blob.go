package fetchapi

import (
	"math"
	"strings"

	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/runtime/webapi/buffer"
	"github.com/swinspect/swinspect/runtime/webapi/idl"
	"github.com/swinspect/swinspect/runtime/webapi/streams"
)

// Blob is the implementation of a Blob object. It never changes.
type Blob struct {
	Data []byte
	Type string
}

// BlobLike is a *Blob or a *File.
type BlobLike interface{ BlobOf() *Blob }

// BlobOf is the blob itself.
func (b *Blob) BlobOf() *Blob { return b }

// NewBlob makes a Blob object; data must not change afterwards.
func NewBlob(r *idl.Realm, data []byte, mimeType string) *goja.Object {
	return idl.Wrap(r, BlobInterface, &Blob{Data: data, Type: mimeType})
}

// CloneSerialize lets structured cloning copy a blob: it shares the bytes.
func (b *Blob) CloneSerialize(bool) (func(r *idl.Realm) (goja.Value, error), error) {
	return func(r *idl.Realm) (goja.Value, error) { return NewBlob(r, b.Data, b.Type), nil }, nil
}

// BlobInterface is the interface Blob.
//
// Source: https://w3c.github.io/FileAPI/#blob-section
var BlobInterface = &idl.Interface{
	Name: "Blob",
	New: func(c *idl.Call) any {
		data, mimeType, _ := blobParts(c, 0, 1)
		return &Blob{Data: data, Type: mimeType}
	},
}

func init() {
	this := func(c *idl.Call) *Blob { return idl.This[BlobLike](c).BlobOf() }
	BlobInterface.Members = []idl.Member{
		idl.Attr("size", func(c *idl.Call) goja.Value { return c.Value(len(this(c).Data)) }, nil),
		idl.Attr("type", func(c *idl.Call) goja.Value { return c.Value(this(c).Type) }, nil),
		idl.Method("slice", 0, blobSlice),
		idl.Method("stream", 0, func(c *idl.Call) goja.Value {
			return streams.FromBytes(c.Realm, append([]byte{}, this(c).Data...))
		}),
		idl.PromiseMethod("text", 0, func(c *idl.Call) goja.Value {
			return idl.Resolved(c.Realm, c.Value(DecodeUTF8(this(c).Data)))
		}),
		idl.PromiseMethod("arrayBuffer", 0, func(c *idl.Call) goja.Value {
			return idl.Resolved(c.Realm, buffer.New(c.Realm, append([]byte{}, this(c).Data...)))
		}),
		idl.PromiseMethod("bytes", 0, func(c *idl.Call) goja.Value {
			return idl.Resolved(c.Realm, buffer.Uint8Array(c.Realm, append([]byte{}, this(c).Data...)))
		}),
	}
}

// blobParts converts the arguments of a constructor: the sequence of parts (at
// parts) and the property bag (at options).
func blobParts(c *idl.Call, parts, options int) (data []byte, mimeType string, bag idl.Dict) {
	var items []goja.Value
	if c.Has(parts) {
		if _, ok := c.Arg(parts).(*goja.Object); !ok {
			panic(c.Fail("The provided value cannot be converted to a sequence."))
		}
		items = idl.Sequence(c, c.Arg(parts))
	}
	values := make([]any, len(items))
	for i, item := range items {
		values[i] = blobPart(c, item)
	}
	bag = c.Dict(options)
	native := bag.Enum("endings", "transparent", "EndingType", "transparent", "native") == "native"
	mimeType = normalizeType(bag.String("type", ""))
	data = []byte{}
	for _, v := range values {
		switch v := v.(type) {
		case []byte:
			data = append(data, v...)
		case string:
			if native {
				v = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(v)
			}
			data = append(data, v...)
		}
	}
	return data, mimeType, bag
}

// blobPart is a part as bytes or as a string.
func blobPart(c *idl.Call, v goja.Value) any {
	if blob, ok := idl.Unwrap[BlobLike](v); ok {
		return blob.BlobOf().Data
	}
	if _, object := v.(*goja.Object); object {
		if b, ok := buffer.Copy(c.Realm, v); ok {
			return b
		}
	}
	return string(utf8Bytes(idl.ToString(c, v)))
}

// normalizeType is the type attribute's value: lower case, or empty when there is
// a character outside of U+0020 to U+007E.
func normalizeType(s string) string {
	for i := 0; i < len(s); i++ {
		if s[i] < 0x20 || s[i] > 0x7E {
			return ""
		}
	}
	return strings.ToLower(s)
}

func blobSlice(c *idl.Call) goja.Value {
	b := idl.This[BlobLike](c).BlobOf()
	size := float64(len(b.Data))
	at := func(i int, otherwise float64) int {
		if !c.Has(i) {
			return int(otherwise)
		}
		f := idl.Clamp(c, c.Arg(i), -math.MaxInt64, math.MaxInt64)
		if f < 0 {
			return int(math.Max(size+f, 0))
		}
		return int(math.Min(f, size))
	}
	start, end := at(0, 0), at(1, size)
	mimeType := ""
	if c.Has(2) {
		mimeType = normalizeType(c.String(2))
	}
	return NewBlob(c.Realm, b.Data[start:max(start, end)], mimeType)
}
