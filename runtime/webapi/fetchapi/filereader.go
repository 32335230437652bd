package fetchapi

import (
	"encoding/base64"
	"strings"

	"github.com/dop251/goja"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/unicode"

	"github.com/swinspect/swinspect/runtime/fetch"
	"github.com/swinspect/swinspect/runtime/webapi/buffer"
	"github.com/swinspect/swinspect/runtime/webapi/dom"
	"github.com/swinspect/swinspect/runtime/webapi/idl"
)

// FileReader is the implementation of a FileReader object.
type FileReader struct {
	dom.Target
	state  int
	result goja.Value
	err    goja.Value
	read   int // counts reads: what an abort left behind is not delivered
}

// The states of a FileReader.
const (
	readerEmpty = iota
	readerLoading
	readerDone
)

// FileReaderInterface is the interface FileReader.
//
// Source: https://w3c.github.io/FileAPI/#APIASynch
var FileReaderInterface = &idl.Interface{
	Name: "FileReader", Parent: dom.EventTarget,
	New: func(c *idl.Call) any {
		f := &FileReader{result: goja.Null(), err: goja.Null()}
		f.Bind(c.Realm, c.Object)
		return f
	},
	Members: []idl.Member{
		readerMethod("readAsArrayBuffer"), readerMethod("readAsBinaryString"), readerMethod("readAsText"), readerMethod("readAsDataURL"),
		idl.Method("abort", 0, func(c *idl.Call) goja.Value { idl.This[*FileReader](c).abort(); return nil }),
		idl.Const("EMPTY", readerEmpty), idl.Const("LOADING", readerLoading), idl.Const("DONE", readerDone),
		idl.Attr("readyState", func(c *idl.Call) goja.Value { return c.Value(idl.This[*FileReader](c).state) }, nil),
		idl.Attr("result", func(c *idl.Call) goja.Value { return idl.This[*FileReader](c).result }, nil),
		idl.Attr("error", func(c *idl.Call) goja.Value { return idl.This[*FileReader](c).err }, nil),
		dom.Handler("loadstart"), dom.Handler("progress"), dom.Handler("load"), dom.Handler("abort"), dom.Handler("error"), dom.Handler("loadend"),
	},
}

func readerMethod(name string) idl.Member {
	return idl.Method(name, 1, func(c *idl.Call) goja.Value {
		f := idl.This[*FileReader](c)
		blob := idl.As[BlobLike](c, c.Arg(0), BlobInterface).BlobOf()
		label := c.StringOr(1, "")
		if f.state == readerLoading {
			panic(c.Exception("InvalidStateError", "The object is already busy reading Blobs."))
		}
		f.start(c.Realm, blob, func() goja.Value { return packaged(c.Realm, name, blob, label) })
		return nil
	})
}

// start is the read operation: its events come in tasks of their own.
func (f *FileReader) start(r *idl.Realm, blob *Blob, result func() goja.Value) {
	f.state, f.result, f.err = readerLoading, goja.Null(), goja.Null()
	f.read++
	read := f.read
	current := func(run func()) func() {
		return func() {
			if f.read == read {
				run()
			}
		}
	}
	queue := func(run func()) { r.Agent().Queue("file reading", current(run)) }
	queue(func() { f.fire("loadstart", 0, len(blob.Data)) })
	if len(blob.Data) > 0 {
		queue(func() { f.fire("progress", len(blob.Data), len(blob.Data)) })
	}
	queue(func() {
		f.state, f.result = readerDone, result()
		f.fire("load", len(blob.Data), len(blob.Data))
		if f.state != readerLoading {
			f.fire("loadend", len(blob.Data), len(blob.Data))
		}
	})
}

func (f *FileReader) fire(event string, loaded, total int) {
	f.Fire(dom.ProgressEvent, &dom.Progress{Event: dom.Event{Type: event}, LengthComputable: true, Loaded: float64(loaded), Total: float64(total)})
}

func (f *FileReader) abort() {
	if f.state != readerLoading {
		f.result = goja.Null()
		return
	}
	f.read++
	f.state, f.result = readerDone, goja.Null()
	f.err = idl.DOMError(f.Realm(), "AbortError", "The operation was aborted.")
	f.fire("abort", 0, 0)
	if f.state != readerLoading {
		f.fire("loadend", 0, 0)
	}
}

// packaged is "package data": what a method makes of the bytes.
func packaged(r *idl.Realm, method string, blob *Blob, label string) goja.Value {
	rt := r.Runtime()
	switch method {
	case "readAsArrayBuffer":
		return buffer.New(r, append([]byte{}, blob.Data...))
	case "readAsBinaryString":
		return idl.FromByteString(rt, string(blob.Data))
	case "readAsDataURL":
		mimeType := blob.Type
		if mimeType == "" {
			mimeType = "application/octet-stream"
		}
		return rt.ToValue("data:" + mimeType + ";base64," + base64.StdEncoding.EncodeToString(blob.Data))
	}
	return rt.ToValue(decodeText(blob, label))
}

func decodeText(blob *Blob, label string) string {
	var enc encoding.Encoding
	if label != "" {
		enc, _ = htmlindex.Get(strings.TrimSpace(label))
	}
	if t, ok := fetch.ParseMIMEType(blob.Type); ok && enc == nil {
		if charset, ok := t.Parameter("charset"); ok {
			enc, _ = htmlindex.Get(charset)
		}
	}
	switch {
	case len(blob.Data) >= 2 && blob.Data[0] == 0xFE && blob.Data[1] == 0xFF:
		enc = unicode.UTF16(unicode.BigEndian, unicode.UseBOM)
	case len(blob.Data) >= 2 && blob.Data[0] == 0xFF && blob.Data[1] == 0xFE:
		enc = unicode.UTF16(unicode.LittleEndian, unicode.UseBOM)
	}
	if enc == nil || enc == unicode.UTF8 {
		return DecodeUTF8(blob.Data)
	}
	decoded, err := enc.NewDecoder().Bytes(blob.Data)
	if err != nil {
		return DecodeUTF8(blob.Data)
	}
	return string(decoded)
}

// FileReaderSyncInterface is the interface FileReaderSync.
var FileReaderSyncInterface = &idl.Interface{
	Name: "FileReaderSync",
	New:  func(c *idl.Call) any { return &fileReaderSync{} },
	Members: []idl.Member{
		syncMethod("readAsArrayBuffer"), syncMethod("readAsBinaryString"), syncMethod("readAsText"), syncMethod("readAsDataURL"),
	},
}

type fileReaderSync struct{ _ byte }

func syncMethod(name string) idl.Member {
	return idl.Method(name, 1, func(c *idl.Call) goja.Value {
		idl.This[*fileReaderSync](c)
		return packaged(c.Realm, name, idl.As[BlobLike](c, c.Arg(0), BlobInterface).BlobOf(), c.StringOr(1, ""))
	})
}
