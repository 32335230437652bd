package streams

import (
	"unicode/utf16"

	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/runtime/webapi/buffer"
	"github.com/swinspect/swinspect/runtime/webapi/idl"
)

// encoderStream is the implementation of a TextEncoderStream.
type encoderStream struct {
	Generic
	lead uint16 // a high surrogate that waits for its other half; 0 for none
}

// TextEncoderStream is the interface of that name.
//
// Source: https://encoding.spec.whatwg.org/#interface-textencoderstream
var TextEncoderStream = &idl.Interface{
	Name: "TextEncoderStream",
	New: func(c *idl.Call) any {
		e := &encoderStream{}
		e.Generic = NewGeneric(c.Realm, Transform{
			Transform: func(chunk goja.Value, enqueue func(goja.Value)) goja.Value {
				if _, symbol := chunk.(*goja.Symbol); symbol {
					panic(idl.TypeError(c.Realm, "Cannot convert a Symbol value to a string"))
				}
				text := chunk.ToString()
				if b := e.encode(text.String(), units(text)); len(b) > 0 {
					enqueue(buffer.Uint8Array(c.Realm, b))
				}
				return nil
			},
			Flush: func(enqueue func(goja.Value)) goja.Value {
				if e.lead != 0 {
					enqueue(buffer.Uint8Array(c.Realm, []byte("\uFFFD")))
				}
				return nil
			},
		})
		return e
	},
	Members: append([]idl.Member{
		idl.Attr("encoding", func(c *idl.Call) goja.Value { idl.This[*encoderStream](c); return c.Value("utf-8") }, nil),
	}, GenericMembers()...),
}

// units are the string's UTF-16 code units, nil when it is plain ASCII.
func units(v goja.Value) []uint16 {
	s, ok := v.ToString().(goja.String)
	if !ok {
		return nil
	}
	list := make([]uint16, s.Length())
	ascii := true
	for i := range list {
		list[i] = s.CharAt(i)
		ascii = ascii && list[i] < 0x80
	}
	if ascii {
		return nil
	}
	return list
}

// encode is "encode and enqueue a chunk": surrogate pairs may be split over chunks.
func (e *encoderStream) encode(ascii string, list []uint16) []byte {
	if list == nil {
		if e.lead == 0 || ascii == "" {
			return []byte(ascii)
		}
		e.lead = 0
		return []byte("\uFFFD" + ascii)
	}
	if e.lead != 0 {
		list = append([]uint16{e.lead}, list...)
		e.lead = 0
	}
	if last := list[len(list)-1]; last >= 0xD800 && last < 0xDC00 {
		e.lead, list = last, list[:len(list)-1]
	}
	return []byte(string(utf16.Decode(list)))
}

// decoderStream is the implementation of a TextDecoderStream.
type decoderStream struct {
	Generic
	decoder *goja.Object
}

// TextDecoderStream is the interface of that name. It decodes with the realm's
// TextDecoder.
//
// Source: https://encoding.spec.whatwg.org/#interface-textdecoderstream
var TextDecoderStream = &idl.Interface{
	Name: "TextDecoderStream",
	New: func(c *idl.Call) any {
		decoder, err := c.Runtime().New(c.Realm.Global().Get("TextDecoder"), c.Args...)
		if err != nil {
			panic(err)
		}
		decode, _ := goja.AssertFunction(decoder.Get("decode"))
		more := c.Runtime().NewObject()
		_ = more.Set("stream", true)
		give := func(enqueue func(goja.Value), arguments ...goja.Value) {
			text, err := c.Realm.Agent().Call(decode, decoder, arguments...)
			if err != nil {
				panic(err)
			}
			if text.String() != "" {
				enqueue(text)
			}
		}
		return &decoderStream{decoder: decoder, Generic: NewGeneric(c.Realm, Transform{
			Transform: func(chunk goja.Value, enqueue func(goja.Value)) goja.Value {
				if _, ok := buffer.Bytes(c.Realm, chunk); !ok {
					panic(idl.TypeError(c.Realm, "The chunk is not a BufferSource"))
				}
				give(enqueue, chunk, more)
				return nil
			},
			Flush: func(enqueue func(goja.Value)) goja.Value { give(enqueue); return nil },
		})}
	},
	Members: append([]idl.Member{decoded("encoding"), decoded("fatal"), decoded("ignoreBOM")}, GenericMembers()...),
}

func decoded(name string) idl.Member {
	return idl.Attr(name, func(c *idl.Call) goja.Value { return idl.This[*decoderStream](c).decoder.Get(name) }, nil)
}
