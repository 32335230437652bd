package cacheapi

import (
	"strings"
	"unicode/utf8"

	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/runtime/webapi/idl"
)

// A cache's name is a DOMString: it may hold lone surrogates, which UTF-8 has no
// form for. Such a name is kept in the generalised UTF-8 called WTF-8.

// nameOf is an argument as a name.
func nameOf(c *idl.Call, v goja.Value) string {
	text := idl.ToString(c, v)
	if !strings.ContainsRune(text, utf8.RuneError) {
		return text
	}
	units, ok := v.ToString().(goja.String)
	if !ok {
		return text
	}
	var b strings.Builder
	for i := 0; i < units.Length(); i++ {
		unit := units.CharAt(i)
		if high := unit >= 0xD800 && unit < 0xDC00; high && i+1 < units.Length() {
			if low := units.CharAt(i + 1); low >= 0xDC00 && low < 0xE000 {
				b.WriteRune(0x10000 + (rune(unit)-0xD800)<<10 + rune(low) - 0xDC00)
				i++
				continue
			}
		}
		if unit >= 0xD800 && unit < 0xE000 {
			b.Write([]byte{0xED, 0x80 | byte(unit>>6)&0x3F, 0x80 | byte(unit)&0x3F})
			continue
		}
		b.WriteRune(rune(unit))
	}
	return b.String()
}

// nameValue is the JavaScript string of a name.
func nameValue(rt *goja.Runtime, name string) goja.Value {
	if utf8.ValidString(name) {
		return rt.ToValue(name)
	}
	var units []uint16
	for i := 0; i < len(name); {
		char, size := utf8.DecodeRuneInString(name[i:])
		switch {
		case char == utf8.RuneError && size == 1 && i+2 < len(name) && name[i] == 0xED:
			units = append(units, 0xD000|uint16(name[i+1]&0x3F)<<6|uint16(name[i+2]&0x3F))
			size = 3
		case char >= 0x10000:
			units = append(units, uint16(0xD800+(char-0x10000)>>10), uint16(0xDC00+(char-0x10000)&0x3FF))
		default:
			units = append(units, uint16(char))
		}
		i += size
	}
	return goja.StringFromUTF16(units)
}
