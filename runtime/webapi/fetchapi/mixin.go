package fetchapi

import (
	"bytes"
	"unicode/utf8"

	"github.com/dop251/goja"
	"golang.org/x/text/encoding/unicode"

	"github.com/swinspect/swinspect/runtime/fetch"
	"github.com/swinspect/swinspect/runtime/webapi/buffer"
	"github.com/swinspect/swinspect/runtime/webapi/idl"
)

// bodied is a Request or a Response.
type bodied interface {
	bodyContent() *content
	headerList() fetch.HeaderList
}

// bodyMembers are those of the Body mixin.
//
// Source: https://fetch.spec.whatwg.org/#body-mixin
var bodyMembers = []idl.Member{
	idl.Attr("body", func(c *idl.Call) goja.Value { return idl.This[bodied](c).bodyContent().readable() }, nil),
	idl.Attr("bodyUsed", func(c *idl.Call) goja.Value {
		b := idl.This[bodied](c).bodyContent()
		return c.Value(!b.none() && b.disturbed())
	}, nil),
	consumer("arrayBuffer", func(r *idl.Realm, b []byte, _ bodied) goja.Value {
		return buffer.New(r, append([]byte{}, b...))
	}),
	consumer("blob", func(r *idl.Realm, b []byte, from bodied) goja.Value {
		mimeType := ""
		if t, ok := fetch.ExtractMIMEType(from.headerList()); ok {
			mimeType = t.String()
		}
		return NewBlob(r, b, mimeType)
	}),
	consumer("bytes", func(r *idl.Realm, b []byte, _ bodied) goja.Value {
		return buffer.Uint8Array(r, append([]byte{}, b...))
	}),
	consumer("formData", func(r *idl.Realm, b []byte, from bodied) goja.Value {
		t, ok := fetch.ExtractMIMEType(from.headerList())
		form := &FormData{}
		switch {
		case ok && t.Essence() == "multipart/form-data":
			boundary, _ := t.Parameter("boundary")
			entries, err := parseMultipart(r, b, boundary)
			if err != nil {
				panic(idl.TypeError(r, "Failed to fetch: %s", err))
			}
			form.entries = entries
		case ok && t.Essence() == "application/x-www-form-urlencoded":
			form.entries = parseURLEncoded(r, b)
		default:
			panic(idl.TypeError(r, "Failed to fetch: the content is no form data"))
		}
		return idl.Wrap(r, FormDataInterface, form)
	}),
	consumer("json", func(r *idl.Realm, b []byte, _ bodied) goja.Value { return ParseJSON(r, b) }),
	consumer("text", func(r *idl.Realm, b []byte, _ bodied) goja.Value { return r.Runtime().ToValue(DecodeUTF8(b)) }),
}

// consumer is "consume body" with what it makes of the bytes.
func consumer(name string, convert func(r *idl.Realm, b []byte, from bodied) goja.Value) idl.Member {
	return idl.PromiseMethod(name, 0, func(c *idl.Call) goja.Value {
		from, r := idl.This[bodied](c), c.Realm
		if own := idl.RealmOf(c.This); own != nil {
			r = own
		}
		body := from.bodyContent()
		if body.unusable() {
			panic(c.Fail("body stream already read"))
		}
		p := r.NewPromise()
		body.readAll(func(b []byte) {
			var v goja.Value
			if err := r.Agent().Try(func() { v = convert(r, b, from) }); err != nil {
				p.Reject(idl.Reason(r.Runtime(), err))
				return
			}
			p.Resolve(v)
		}, p.Reject)
		return p.Value
	})
}

var byteOrderMark = []byte{0xEF, 0xBB, 0xBF}

// DecodeUTF8 is UTF-8 decode: without a byte order mark, errors replaced.
//
// Source: https://encoding.spec.whatwg.org/#utf-8-decode
func DecodeUTF8(b []byte) string { return DecodeUTF8NoBOM(bytes.TrimPrefix(b, byteOrderMark)) }

// DecodeUTF8NoBOM is UTF-8 decode without BOM: a byte order mark stays.
func DecodeUTF8NoBOM(b []byte) string {
	if utf8.Valid(b) {
		return string(b)
	}
	decoded, err := unicode.UTF8.NewDecoder().Bytes(b)
	if err != nil {
		return string(b)
	}
	return string(decoded)
}

// maxJSONDepth is how deep JSON may nest: deeper input would exhaust the Go stack.
const maxJSONDepth = 10_000

// ParseJSON is "parse JSON bytes to a JavaScript value"; it throws SyntaxError.
func ParseJSON(r *idl.Realm, b []byte) goja.Value {
	if nesting(b) > maxJSONDepth {
		panic(idl.NativeError(r, "SyntaxError", "JSON is nested too deeply"))
	}
	v, err := r.Agent().Call(stateOf(r).parseJSON, goja.Undefined(), r.Runtime().ToValue(DecodeUTF8(b)))
	if err != nil {
		panic(err)
	}
	return v
}

// nesting is how deep the brackets outside of strings go.
func nesting(b []byte) int {
	depth, deepest, inString := 0, 0, false
	for i := 0; i < len(b); i++ {
		switch c := b[i]; {
		case inString:
			if c == '\\' {
				i++
			} else if c == '"' {
				inString = false
			}
		case c == '"':
			inString = true
		case c == '[' || c == '{':
			depth++
			deepest = max(deepest, depth)
		case c == ']' || c == '}':
			depth--
		}
	}
	return deepest
}
