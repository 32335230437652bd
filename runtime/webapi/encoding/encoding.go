// Package encoding is the Encoding Standard's interfaces, TextEncoder and
// TextDecoder, with atob and btoa. Legacy encodings are those of golang.org/x/text.
//
// Concurrency: everything runs on the realm's loop.
//
// Source: https://encoding.spec.whatwg.org/
package encoding

import (
	"encoding/base64"
	"strings"
	"unicode/utf8"

	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/runtime/webapi/buffer"
	"github.com/swinspect/swinspect/runtime/webapi/idl"
)

// scope names the mixin in messages.
var scope = &idl.Interface{Name: "WindowOrWorkerGlobalScope"}

// Install puts the package into a realm; global is the global object's implementation.
func Install(r *idl.Realm, global any) {
	idl.Expose(r, TextEncoder, TextDecoder)
	idl.Mixin(r, scope, global, idl.Method("atob", 1, atob), idl.Method("btoa", 1, btoa))
}

type textEncoder struct{}

// TextEncoder is the interface of that name.
var TextEncoder = &idl.Interface{
	Name: "TextEncoder",
	New:  func(*idl.Call) any { return &textEncoder{} },
	Members: []idl.Member{
		idl.Attr("encoding", func(c *idl.Call) goja.Value { idl.This[*textEncoder](c); return c.Value("utf-8") }, nil),
		idl.Method("encode", 0, func(c *idl.Call) goja.Value {
			idl.This[*textEncoder](c)
			return buffer.Uint8Array(c.Realm, []byte(c.StringOr(0, "")))
		}),
		idl.Method("encodeInto", 2, encodeInto),
	},
}

// encodeInto writes whole characters only; read counts UTF-16 code units.
func encodeInto(c *idl.Call) goja.Value {
	idl.This[*textEncoder](c)
	text := c.String(0)
	if buffer.Type(c.Realm, c.Arg(1)) != "Uint8Array" {
		panic(c.Fail("parameter 2 is not of type 'Uint8Array'."))
	}
	to, _ := buffer.Bytes(c.Realm, c.Arg(1))
	read, written := 0, 0
	for _, char := range text {
		n := utf8.RuneLen(char)
		if written+n > len(to) {
			break
		}
		written += utf8.EncodeRune(to[written:], char)
		if read++; char > 0xFFFF {
			read++
		}
	}
	o := c.Runtime().NewObject()
	_ = o.Set("read", read)
	_ = o.Set("written", written)
	return o
}

// btoa and atob are HTML's.
//
// Source: https://html.spec.whatwg.org/#atob
func btoa(c *idl.Call) goja.Value {
	text := c.String(0)
	b := make([]byte, 0, len(text))
	for _, char := range text {
		if char > 0xFF {
			panic(c.Exception("InvalidCharacterError", "The string to be encoded contains characters outside of the Latin1 range."))
		}
		b = append(b, byte(char))
	}
	return c.Value(base64.StdEncoding.EncodeToString(b))
}

func atob(c *idl.Call) goja.Value {
	b, ok := forgivingDecode(c.String(0))
	if !ok {
		panic(c.Exception("InvalidCharacterError", "The string to be decoded is not correctly encoded."))
	}
	return idl.FromByteString(c.Runtime(), string(b))
}

// forgivingDecode is "forgiving-base64 decode".
//
// Source: https://infra.spec.whatwg.org/#forgiving-base64-decode
func forgivingDecode(s string) ([]byte, bool) {
	s = strings.Map(func(char rune) rune {
		if strings.ContainsRune("\t\n\f\r ", char) {
			return -1
		}
		return char
	}, s)
	if len(s)%4 == 0 {
		s = strings.TrimSuffix(s, "=")
		if len(s)%4 == 3 {
			s = strings.TrimSuffix(s, "=")
		}
	}
	if len(s)%4 == 1 {
		return nil, false
	}
	b, err := base64.RawStdEncoding.DecodeString(s)
	return b, err == nil
}
