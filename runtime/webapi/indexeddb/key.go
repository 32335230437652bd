package indexeddb

import (
	"encoding/binary"
	"math"
	"strings"
	"time"

	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/runtime/webapi/buffer"
	"github.com/swinspect/swinspect/runtime/webapi/idl"
)

// A key is kept as a string of bytes whose order is the order of keys ("compare
// two keys"): a tag, then the value. Strings are their UTF-16 code units, each as
// UTF-8 would write it (so surrogates stay in code unit order); strings and binary
// keys escape 0 and end with 0 1; arrays end with 0, which is less than any tag.
const (
	tagNumber = 0x10
	tagDate   = 0x20
	tagString = 0x30
	tagBinary = 0x40
	tagArray  = 0x50
)

// maxKeyDepth bounds nested array keys.
const maxKeyDepth = 500

// toKey is "convert a value to a key"; false for a value that is none.
func toKey(r *idl.Realm, v goja.Value) (string, bool) {
	var b []byte
	b, ok := appendKey(r, b, v, nil)
	return string(b), ok
}

func appendKey(r *idl.Realm, b []byte, v goja.Value, seen []*goja.Object) ([]byte, bool) {
	switch v := v.(type) {
	case nil, *goja.Symbol:
		return nil, false
	case goja.String:
		return appendString(append(b, tagString), v), true
	case *goja.Object:
		return appendObjectKey(r, b, v, seen)
	}
	switch n := v.Export().(type) {
	case int64:
		return appendNumber(b, tagNumber, float64(n)), true
	case float64:
		return appendNumber(b, tagNumber, n), !math.IsNaN(n)
	}
	return nil, false
}

func appendObjectKey(r *idl.Realm, b []byte, o *goja.Object, seen []*goja.Object) ([]byte, bool) {
	if idl.IsPlatformObject(o) {
		return nil, false
	}
	switch o.ClassName() {
	case "Date":
		at, ok := o.Export().(time.Time)
		return appendNumber(b, tagDate, float64(at.UnixMilli())), ok
	case "Array":
		return appendArrayKey(r, b, o, seen)
	}
	if bytes, ok := buffer.Bytes(r, o); ok {
		if buffer.Detached(r, o) {
			panic(idl.TypeError(r, "The ArrayBuffer is detached."))
		}
		return appendEscaped(append(b, tagBinary), bytes), true
	}
	return nil, false
}

func appendArrayKey(r *idl.Realm, b []byte, o *goja.Object, seen []*goja.Object) ([]byte, bool) {
	if len(seen) > maxKeyDepth {
		return nil, false
	}
	for _, outer := range seen {
		if outer == o {
			return nil, false
		}
	}
	seen = append(seen, o)
	b = append(b, tagArray)
	n := int(o.Get("length").ToInteger())
	for i := range n {
		item := o.Get(itoa(i))
		var ok bool
		if b, ok = appendKey(r, b, item, seen); !ok {
			return nil, false
		}
	}
	return append(b, 0), true
}

func appendNumber(b []byte, tag byte, f float64) []byte {
	bits := math.Float64bits(f + 0)
	if f == 0 {
		bits = 0
	}
	if f < 0 {
		bits = ^bits
	} else {
		bits |= 1 << 63
	}
	return binary.BigEndian.AppendUint64(append(b, tag), bits)
}

func numberKey(f float64) string { return string(appendNumber(nil, tagNumber, f)) }

func appendString(b []byte, s goja.String) []byte {
	for i := range s.Length() {
		switch u := s.CharAt(i); {
		case u == 0:
			b = append(b, 0, 0xFF)
		case u < 0x80:
			b = append(b, byte(u))
		case u < 0x800:
			b = append(b, 0xC0|byte(u>>6), 0x80|byte(u&0x3F))
		default:
			b = append(b, 0xE0|byte(u>>12), 0x80|byte(u>>6&0x3F), 0x80|byte(u&0x3F))
		}
	}
	return append(b, 0, 1)
}

func appendEscaped(b, bytes []byte) []byte {
	for _, c := range bytes {
		if b = append(b, c); c == 0 {
			b = append(b, 0xFF)
		}
	}
	return append(b, 0, 1)
}

// fromKey is "convert a key to a value".
func fromKey(r *idl.Realm, key string) goja.Value {
	v, _ := decodeKey(r, key)
	return v
}

func decodeKey(r *idl.Realm, key string) (goja.Value, string) {
	rt := r.Runtime()
	tag, rest := key[0], key[1:]
	switch tag {
	case tagNumber:
		return rt.ToValue(decodeNumber(rest)), rest[8:]
	case tagDate:
		o, err := rt.New(rt.GlobalObject().Get("Date"), rt.ToValue(decodeNumber(rest)))
		if err != nil {
			panic(err)
		}
		return o, rest[8:]
	case tagString:
		bytes, rest := unescape(rest)
		return goja.StringFromUTF16(units(bytes)), rest
	case tagBinary:
		bytes, rest := unescape(rest)
		return buffer.New(r, []byte(bytes)), rest
	}
	var items []any
	for rest[0] != 0 {
		var item goja.Value
		item, rest = decodeKey(r, rest)
		items = append(items, item)
	}
	return rt.NewArray(items...), rest[1:]
}

func decodeNumber(s string) float64 {
	bits := binary.BigEndian.Uint64([]byte(s[:8]))
	if bits&(1<<63) != 0 {
		return math.Float64frombits(bits &^ (1 << 63))
	}
	return math.Float64frombits(^bits)
}

// unescape reads up to the terminator and gives what follows it.
func unescape(s string) (string, string) {
	var b strings.Builder
	for i := 0; ; i++ {
		if s[i] != 0 {
			b.WriteByte(s[i])
			continue
		}
		if s[i+1] == 1 {
			return b.String(), s[i+2:]
		}
		b.WriteByte(0)
		i++
	}
}

// units reads what appendString wrote, a sequence of one to three bytes per code unit.
func units(s string) []uint16 {
	list := make([]uint16, 0, len(s))
	for i := 0; i < len(s); {
		switch c := s[i]; {
		case c < 0x80:
			list = append(list, uint16(c))
			i++
		case c < 0xE0:
			list = append(list, uint16(c&0x1F)<<6|uint16(s[i+1]&0x3F))
			i += 2
		default:
			list = append(list, uint16(c&0x0F)<<12|uint16(s[i+1]&0x3F)<<6|uint16(s[i+2]&0x3F))
			i += 3
		}
	}
	return list
}
