// Package compression is CompressionStream and DecompressionStream over Go's
// compress packages: gzip, deflate (zlib) and deflate-raw.
//
// Concurrency: everything runs on the realm's loop; a decompressor is a coroutine
// of it, ended with its stream or its realm.
//
// Source: https://compression.spec.whatwg.org/
package compression

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"io"

	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/runtime/webapi/buffer"
	"github.com/swinspect/swinspect/runtime/webapi/idl"
	"github.com/swinspect/swinspect/runtime/webapi/streams"
)

// Install exposes the interfaces on the realm's global.
func Install(r *idl.Realm) { idl.Expose(r, CompressionStream, DecompressionStream) }

// compressor and decompressor are the implementations of the two interfaces.
type compressor struct{ streams.Generic }
type decompressor struct{ streams.Generic }

// CompressionStream is the interface of that name.
var CompressionStream = &idl.Interface{
	Name: "CompressionStream", Length: 1,
	New: func(c *idl.Call) any {
		var out bytes.Buffer
		w := newWriter(format(c), &out)
		give := func(enqueue func(goja.Value)) {
			if out.Len() > 0 {
				enqueue(buffer.Uint8Array(c.Realm, bytes.Clone(out.Bytes())))
				out.Reset()
			}
		}
		return &compressor{streams.NewGeneric(c.Realm, streams.Transform{
			Transform: func(chunk goja.Value, enqueue func(goja.Value)) goja.Value {
				_, _ = w.Write(bytesOf(c, chunk)) // into memory: cannot fail
				give(enqueue)
				return nil
			},
			Flush: func(enqueue func(goja.Value)) goja.Value {
				_ = w.Close()
				give(enqueue)
				return nil
			},
		})}
	},
	Members: streams.GenericMembers(),
}

// DecompressionStream is the interface of that name.
var DecompressionStream = &idl.Interface{
	Name: "DecompressionStream", Length: 1,
	New: func(c *idl.Call) any {
		d := newDecoder(c.Realm, format(c))
		return &decompressor{streams.NewGeneric(c.Realm, streams.Transform{
			Transform: func(chunk goja.Value, enqueue func(goja.Value)) goja.Value {
				d.feed(bytesOf(c, chunk), func(b []byte) { enqueue(buffer.Uint8Array(c.Realm, b)) })
				return nil
			},
			Flush: func(enqueue func(goja.Value)) goja.Value {
				d.finish(func(b []byte) { enqueue(buffer.Uint8Array(c.Realm, b)) })
				return nil
			},
			Cancel: func(goja.Value) { d.stop() },
		})}
	},
	Members: streams.GenericMembers(),
}

func format(c *idl.Call) string {
	f := c.String(0)
	switch f {
	case "gzip", "deflate", "deflate-raw":
		return f
	}
	panic(c.Fail("Unsupported compression format: '%s'", f))
}

func bytesOf(c *idl.Call, chunk goja.Value) []byte {
	b, ok := buffer.Copy(c.Realm, chunk)
	if !ok {
		panic(idl.TypeError(c.Realm, "The chunk is not a BufferSource"))
	}
	return b
}

func newWriter(format string, to io.Writer) io.WriteCloser {
	switch format {
	case "gzip":
		return gzip.NewWriter(to)
	case "deflate":
		return zlib.NewWriter(to)
	}
	w, _ := flate.NewWriter(to, flate.DefaultCompression) // the level is valid
	return w
}

func newReader(format string, from *feeder) (io.Reader, error) {
	switch format {
	case "gzip":
		r, err := gzip.NewReader(from)
		if err == nil {
			r.Multistream(false)
		}
		return r, err
	case "deflate":
		return zlib.NewReader(from)
	}
	return flate.NewReader(from), nil
}
