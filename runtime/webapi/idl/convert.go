package idl

import (
	"math"
	"strings"

	"github.com/dop251/goja"
)

// String converts an argument to a DOMString or USVString (a Go string has no
// lone surrogates: they become U+FFFD).
func (c *Call) String(i int) string { return ToString(c, c.Arg(i)) }

// StringOr is String with a default for an argument that was not given.
func (c *Call) StringOr(i int, otherwise string) string {
	if !c.Has(i) {
		return otherwise
	}
	return c.String(i)
}

// ToString converts a value to a string; a symbol throws.
func ToString(c *Call, v goja.Value) string {
	if _, symbol := v.(*goja.Symbol); symbol {
		panic(c.Fail("Cannot convert a Symbol value to a string"))
	}
	return v.String()
}

// ByteString converts a value to a byte string (one byte per character, ISO 8859-1
// as a Go string of bytes); a character above U+00FF throws.
func ByteString(c *Call, v goja.Value) string {
	s := ToString(c, v)
	ascii := true
	for i := 0; i < len(s); i++ {
		if s[i] >= 0x80 {
			ascii = false
			break
		}
	}
	if ascii {
		return s
	}
	var b strings.Builder
	for _, char := range s {
		if char > 0xFF {
			panic(c.Fail("String contains non ISO-8859-1 code point."))
		}
		b.WriteByte(byte(char))
	}
	return b.String()
}

// FromByteString is the JavaScript string of a byte string.
func FromByteString(rt *goja.Runtime, s string) goja.Value {
	for i := 0; i < len(s); i++ {
		if s[i] >= 0x80 {
			runes := make([]rune, len(s))
			for j := 0; j < len(s); j++ {
				runes[j] = rune(s[j])
			}
			return rt.ToValue(string(runes))
		}
	}
	return rt.ToValue(s)
}

// Bool converts an argument to a boolean.
func (c *Call) Bool(i int) bool { return c.Arg(i).ToBoolean() }

// Double converts a value to a finite number; others throw.
func Double(c *Call, v goja.Value) float64 {
	f := number(c, v)
	if math.IsNaN(f) || math.IsInf(f, 0) {
		panic(c.Fail("The provided double value is non-finite."))
	}
	return f
}

func number(c *Call, v goja.Value) float64 {
	if _, symbol := v.(*goja.Symbol); symbol {
		panic(c.Fail("Cannot convert a Symbol value to a number"))
	}
	return v.ToNumber().ToFloat()
}

// Long converts a value to a 32-bit signed integer, wrapping around.
func Long(c *Call, v goja.Value) int32 {
	return int32(uint32(wrap(number(c, v), 32)))
}

// UnsignedLong converts a value to a 32-bit unsigned integer, wrapping around.
func UnsignedLong(c *Call, v goja.Value) uint32 { return uint32(wrap(number(c, v), 32)) }

// UnsignedShort converts a value to a 16-bit unsigned integer, wrapping around.
func UnsignedShort(c *Call, v goja.Value) uint16 { return uint16(wrap(number(c, v), 16)) }

func wrap(f float64, bits int) uint64 {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return 0
	}
	f = math.Mod(math.Trunc(f), math.Pow(2, float64(bits)))
	if f < 0 {
		f += math.Pow(2, float64(bits))
	}
	return uint64(f)
}

// Enforce converts a value to an integer with [EnforceRange]: what is outside of
// lo to hi throws.
func Enforce(c *Call, v goja.Value, lo, hi float64) float64 {
	f := number(c, v)
	if math.IsNaN(f) || math.IsInf(f, 0) {
		panic(c.Fail("Value is not a finite number"))
	}
	f = math.Trunc(f)
	if f < lo || f > hi {
		panic(c.Fail("Value is outside the range of %.0f to %.0f", lo, hi))
	}
	return f + 0
}

// Clamp converts a value to an integer with [Clamp].
func Clamp(c *Call, v goja.Value, lo, hi float64) float64 {
	f := number(c, v)
	if math.IsNaN(f) {
		return 0
	}
	return math.RoundToEven(min(max(f, lo), hi))
}

// MaxSafeInteger is the largest unsigned long long that EnforceRange takes.
const MaxSafeInteger = 1<<53 - 1

// Enum converts a value to one of an enumeration's; any other throws.
func Enum(c *Call, v goja.Value, enumeration string, values ...string) string {
	s := ToString(c, v)
	for _, value := range values {
		if s == value {
			return s
		}
	}
	panic(c.Fail("The provided value '%s' is not a valid enum value of type %s.", s, enumeration))
}

// IsNullish reports undefined or null.
func IsNullish(v goja.Value) bool { return v == nil || goja.IsUndefined(v) || goja.IsNull(v) }

// Interface converts a value to the implementation of an object; any other value
// throws, naming the interface.
func As[T any](c *Call, v goja.Value, i *Interface) T {
	impl, ok := Unwrap[T](v)
	if !ok {
		panic(c.Fail("parameter is not of type '%s'.", i.Name))
	}
	return impl
}

// Callback converts a value to a function; any other value throws.
func Callback(c *Call, v goja.Value) goja.Callable {
	f, ok := goja.AssertFunction(v)
	if !ok {
		panic(c.Fail("The callback provided as parameter is not a function."))
	}
	return f
}

// Sequence converts a value to the list of what iterating over it gives; what
// cannot be iterated throws.
func Sequence(c *Call, v goja.Value) []goja.Value {
	o, ok := v.(*goja.Object)
	if !ok {
		panic(c.Fail("The provided value cannot be converted to a sequence."))
	}
	if IsNullish(o.GetSymbol(goja.SymIterator)) {
		panic(c.Fail("The object must have a callable @@iterator property."))
	}
	var items []goja.Value
	c.Runtime().ForOf(o, func(item goja.Value) bool {
		items = append(items, item)
		return true
	})
	return items
}
