package encoding

import (
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// utf8Decoding is the UTF-8 decoder: each longest start of a character that leads
// nowhere becomes one U+FFFD.
type utf8Decoding struct{ rest []byte }

func (d *utf8Decoding) decode(b []byte, last bool) (string, bool) {
	if len(d.rest) == 0 && utf8.Valid(b) {
		return string(b), true
	}
	src := append(d.rest, b...)
	d.rest = nil
	var out strings.Builder
	out.Grow(len(src))
	valid := true
	for len(src) > 0 {
		if char, n := utf8.DecodeRune(src); char != utf8.RuneError || n == 3 {
			out.Write(src[:n])
			src = src[n:]
			continue
		}
		n, complete := prefix(src)
		if !complete && !last {
			d.rest = append([]byte(nil), src...)
			break
		}
		valid = false
		out.WriteString("\uFFFD")
		src = src[n:]
	}
	return out.String(), valid
}

// prefix is the length of the longest start of a character that src has, at least
// 1; complete is false when src ended in the middle of one.
func prefix(src []byte) (n int, complete bool) {
	need, low, high := 0, byte(0x80), byte(0xBF)
	switch first := src[0]; {
	case first >= 0xC2 && first <= 0xDF:
		need = 1
	case first >= 0xE0 && first <= 0xEF:
		need = 2
		if first == 0xE0 {
			low = 0xA0
		}
		if first == 0xED {
			high = 0x9F
		}
	case first >= 0xF0 && first <= 0xF4:
		need = 3
		if first == 0xF0 {
			low = 0x90
		}
		if first == 0xF4 {
			high = 0x8F
		}
	default:
		return 1, true
	}
	for n = 1; n <= need; n++ {
		if n == len(src) {
			return n, false
		}
		if src[n] < low || src[n] > high {
			return n, true
		}
		low, high = 0x80, 0xBF
	}
	return n, true
}

// utf16Decoding is the shared UTF-16 decoder.
type utf16Decoding struct {
	big  bool
	rest []byte // an odd byte
	lead uint16 // a high surrogate that waits for its other half; 0 for none
}

func (d *utf16Decoding) decode(b []byte, last bool) (string, bool) {
	src := append(d.rest, b...)
	d.rest = nil
	var out strings.Builder
	valid := true
	broken := func() { valid = false; out.WriteString("\uFFFD") }
	for ; len(src) >= 2; src = src[2:] {
		unit := uint16(src[0]) | uint16(src[1])<<8
		if d.big {
			unit = uint16(src[0])<<8 | uint16(src[1])
		}
		if d.lead != 0 {
			lead := d.lead
			if d.lead = 0; unit >= 0xDC00 && unit <= 0xDFFF {
				out.WriteRune(utf16.DecodeRune(rune(lead), rune(unit)))
				continue
			}
			broken()
		}
		switch {
		case unit >= 0xD800 && unit <= 0xDBFF:
			d.lead = unit
		case unit >= 0xDC00 && unit <= 0xDFFF:
			broken()
		default:
			out.WriteRune(rune(unit))
		}
	}
	if !last {
		d.rest = append([]byte(nil), src...)
	} else if len(src) > 0 || d.lead != 0 {
		broken()
	}
	return out.String(), valid
}
