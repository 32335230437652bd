package encoding

import (
	"strings"
	"unicode/utf8"

	"github.com/dop251/goja"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/transform"

	"github.com/swinspect/swinspect/runtime/webapi/buffer"
	"github.com/swinspect/swinspect/runtime/webapi/idl"
)

// decoding is a decoder of one encoding at work: it keeps what a chunk ended in the
// middle of.
type decoding interface {
	// decode gives the text of the bytes; last says that none follow. It reports
	// false when there was an error, which in the text is U+FFFD.
	decode(b []byte, last bool) (string, bool)
}

// textDecoder is the implementation of a TextDecoder.
type textDecoder struct {
	name             string // in lower case
	fatal, ignoreBOM bool
	make             func() decoding
	now              decoding // nil: a new stream begins with the next call
	seenBOM          bool
}

// TextDecoder is the interface of that name.
var TextDecoder = &idl.Interface{
	Name: "TextDecoder",
	New: func(c *idl.Call) any {
		d := &textDecoder{}
		label := c.StringOr(0, "utf-8")
		options := c.Dict(1)
		d.fatal, d.ignoreBOM = options.Bool("fatal", false), options.Bool("ignoreBOM", false)
		var ok bool
		if d.name, d.make, ok = lookup(label); !ok {
			panic(idl.RangeError(c.Realm, "Failed to construct 'TextDecoder': The encoding label provided ('%s') is invalid.", label))
		}
		return d
	},
	Members: []idl.Member{
		idl.Attr("encoding", func(c *idl.Call) goja.Value { return c.Value(idl.This[*textDecoder](c).name) }, nil),
		idl.Attr("fatal", func(c *idl.Call) goja.Value { return c.Value(idl.This[*textDecoder](c).fatal) }, nil),
		idl.Attr("ignoreBOM", func(c *idl.Call) goja.Value { return c.Value(idl.This[*textDecoder](c).ignoreBOM) }, nil),
		idl.Method("decode", 0, decode),
	},
}

func decode(c *idl.Call) goja.Value {
	d := idl.This[*textDecoder](c)
	var input []byte
	if c.Has(0) {
		b, ok := buffer.Bytes(c.Realm, c.Arg(0))
		if !ok {
			panic(c.Fail("parameter 1 is not of type '(ArrayBuffer or ArrayBufferView)'."))
		}
		input = b
	}
	more := c.Dict(1).Bool("stream", false)
	if d.now == nil {
		d.now, d.seenBOM = d.make(), false
	}
	text, ok := d.now.decode(input, !more)
	if !more || !ok && d.fatal {
		defer func() { d.now = nil }()
	}
	if !ok && d.fatal {
		panic(c.Fail("The encoded data was not valid for encoding %s.", d.name))
	}
	return c.Value(d.stripBOM(text))
}

// stripBOM takes a byte order mark off the start of a stream.
func (d *textDecoder) stripBOM(text string) string {
	if d.seenBOM || text == "" || d.ignoreBOM || !strings.HasPrefix(d.name, "utf-") {
		return text
	}
	d.seenBOM = true
	return strings.TrimPrefix(text, "\uFEFF")
}

// newerLabels are those that the standard has and the index does not.
var newerLabels = map[string]string{
	"unicode11utf8": "utf-8", "unicode20utf8": "utf-8", "x-unicode20utf8": "utf-8",
	"unicodefffe": "utf-16be", "csunicode": "utf-16le", "iso-10646-ucs-2": "utf-16le", "ucs-2": "utf-16le",
	"unicode": "utf-16le", "unicodefeff": "utf-16le", "utf-16": "utf-16le",
}

// lookup is "get an encoding".
func lookup(label string) (name string, make func() decoding, ok bool) {
	label = strings.ToLower(strings.Trim(label, "\t\n\f\r "))
	if name = newerLabels[label]; name == "" {
		e, err := htmlindex.Get(label)
		if err != nil {
			return "", nil, false
		}
		if name, err = htmlindex.Name(e); err != nil || name == "replacement" {
			return "", nil, false
		}
	}
	switch name {
	case "utf-8":
		return name, func() decoding { return &utf8Decoding{} }, true
	case "utf-16le", "utf-16be":
		return name, func() decoding { return &utf16Decoding{big: name == "utf-16be"} }, true
	}
	table := name
	if name == "gbk" {
		table = "gb18030" // GBK's decoder is gb18030's decoder
	}
	e, err := htmlindex.Get(table)
	if err != nil {
		return "", nil, false
	}
	if _, single := e.(*charmap.Charmap); single || strings.HasPrefix(name, "iso-8859-8") {
		upper := singleByte(e)
		return name, func() decoding { return upper }, true
	}
	return name, func() decoding { return &tableDecoding{decoder: e.NewDecoder()} }, true
}

// singleByteDecoding is the upper half of a single-byte encoding; 0 has no character.
type singleByteDecoding [128]rune

// singleByte makes the table of an encoding. The standard's indexes have the C1
// controls where the original encodings have nothing, except in windows-1255 and the
// like, which say themselves what they have.
func singleByte(e encoding.Encoding) *singleByteDecoding {
	var table singleByteDecoding
	decoder := e.NewDecoder()
	for i := range table {
		out, err := decoder.Bytes([]byte{byte(i + 128)})
		char, _ := utf8.DecodeRune(out)
		switch {
		case err == nil && char != utf8.RuneError:
			table[i] = char
		case i < 32:
			table[i] = rune(i + 128)
		}
	}
	return &table
}

func (d *singleByteDecoding) decode(b []byte, _ bool) (string, bool) {
	var out strings.Builder
	valid := true
	for _, c := range b {
		char := rune(c)
		if c >= 128 {
			if char = d[c-128]; char == 0 {
				char, valid = utf8.RuneError, false
			}
		}
		out.WriteRune(char)
	}
	return out.String(), valid
}

// tableDecoding is a legacy encoding.
//
// DIVERGES: an encoded U+FFFD counts as an error.
type tableDecoding struct {
	decoder *encoding.Decoder
	rest    []byte
}

func (d *tableDecoding) decode(b []byte, last bool) (string, bool) {
	src := append(d.rest, b...)
	var out strings.Builder
	dst := make([]byte, max(256, 3*len(src)))
	for {
		n, used, err := d.decoder.Transform(dst, src, last)
		out.Write(dst[:n])
		src = src[used:]
		if err != transform.ErrShortDst {
			break
		}
	}
	d.rest = append([]byte(nil), src...)
	text := out.String()
	return text, !strings.ContainsRune(text, '\uFFFD')
}
