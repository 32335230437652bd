package fetchapi

import (
	"unicode/utf8"

	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/runtime/fetch"
	"github.com/swinspect/swinspect/runtime/webapi/buffer"
	"github.com/swinspect/swinspect/runtime/webapi/idl"
	"github.com/swinspect/swinspect/runtime/webapi/streams"
)

// URLEncoded is what the implementation of URLSearchParams has: its
// application/x-www-form-urlencoded serialisation.
type URLEncoded interface{ Serialized() string }

// extract is "extract a body": BodyInit as bytes or a stream, and the MIME type
// that comes with it (empty for none).
//
// Source: https://fetch.spec.whatwg.org/#concept-bodyinit-extract
func extract(c *idl.Call, v goja.Value, keepalive bool) (*content, string) {
	r := c.Realm
	o, isObject := v.(*goja.Object)
	if !isObject {
		return contentOf(r, fetch.BytesBody(utf8Bytes(idl.ToString(c, v)))), "text/plain;charset=UTF-8"
	}
	if blob, ok := idl.Unwrap[BlobLike](v); ok {
		b := blob.BlobOf()
		return contentOf(r, fetch.BytesBody(b.Data)), b.Type
	}
	if form, ok := idl.Unwrap[*FormData](v); ok {
		body, mimeType := form.encode(r)
		return contentOf(r, fetch.BytesBody(body)), mimeType
	}
	if form, ok := idl.Unwrap[URLEncoded](v); ok {
		return contentOf(r, fetch.BytesBody([]byte(form.Serialized()))), "application/x-www-form-urlencoded;charset=UTF-8"
	}
	if data, ok := buffer.Copy(r, v); ok {
		return contentOf(r, fetch.BytesBody(data)), ""
	}
	if streams.IsReadableStream(r, o) {
		if keepalive {
			panic(c.Fail("keepalive requests cannot have a stream as body"))
		}
		if streams.IsDisturbed(r, o) || streams.IsLocked(r, o) {
			panic(c.Fail("Response body object should not be disturbed or locked"))
		}
		return &content{realm: r, stream: o}, ""
	}
	return contentOf(r, fetch.BytesBody(utf8Bytes(idl.ToString(c, v)))), "text/plain;charset=UTF-8"
}

// utf8Bytes is the UTF-8 of a USVString.
func utf8Bytes(s string) []byte {
	if utf8.ValidString(s) {
		return []byte(s)
	}
	return []byte(scalar(s))
}

func scalar(s string) string {
	out := make([]rune, 0, len(s))
	for _, c := range s {
		out = append(out, c)
	}
	return string(out)
}
