package messaging

import (
	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/runtime/webapi/idl"
)

// transfer is one transferred object: a buffer's bytes, or how to make the object.
type transfer struct {
	bytes  []byte
	isData bool
	make   Copy
}

// list checks a transfer list before anything is serialised.
//
// StructuredSerializeWithTransfer 2: only transferable objects, none twice.
func (s *serializer) list(items []goja.Value) []*goja.Object {
	var objects []*goja.Object
	for _, item := range items {
		o, ok := item.(*goja.Object)
		if !ok {
			panic(s.c.Fail("parameter 2 is not of type 'sequence<object>'."))
		}
		if _, found := transferable(s.c.Realm, o); !found && !isBuffer(o) {
			panic(s.c.Exception("DataCloneError", "Value at index %d does not have a transferable type.", len(objects)))
		}
		if _, twice := s.memory[o]; twice {
			panic(s.c.Exception("DataCloneError", "Object at index %d is a duplicate of an earlier one in the transfer list.", len(objects)))
		}
		s.memory[o] = &transferred{len(objects)}
		objects = append(objects, o)
	}
	return objects
}

func isBuffer(o *goja.Object) bool {
	return o.ExportType() == arrayBufferType && !idl.IsPlatformObject(o)
}

// transfer takes the objects away from their owner.
//
// StructuredSerializeWithTransfer 5: what a getter detached meanwhile is an error.
func (s *serializer) transfer(objects []*goja.Object) []transfer {
	for i, o := range objects {
		if s.detached(o) {
			panic(s.c.Exception("DataCloneError", "Object at index %d is detached and could not be transferred.", i))
		}
	}
	var transfers []transfer
	for i, o := range objects {
		if isBuffer(o) {
			b := o.Export().(goja.ArrayBuffer)
			if b.Detached() {
				panic(s.c.Exception("DataCloneError", "ArrayBuffer at index %d is already detached.", i))
			}
			data := b.Bytes()
			b.Detach()
			transfers = append(transfers, transfer{bytes: data, isData: true})
			continue
		}
		t, _ := transferable(s.c.Realm, o)
		make, err := t.CloneTransfer()
		if err != nil {
			panic(s.c.Exception("DataCloneError", "%s", err.Error()))
		}
		transfers = append(transfers, transfer{make: make})
	}
	return transfers
}

func (s *serializer) detached(o *goja.Object) bool {
	if isBuffer(o) {
		return o.Export().(goja.ArrayBuffer).Detached()
	}
	t, ok := transferable(s.c.Realm, o)
	return ok && t.CloneDetached()
}

// TransferList is the transfer list of postMessage(message, transfer) and of
// postMessage(message, options): argument i is one or the other.
func TransferList(c *idl.Call, i int) []goja.Value {
	o, ok := c.Arg(i).(*goja.Object)
	if !ok {
		if !idl.IsNullish(c.Arg(i)) {
			panic(c.Fail("The provided value is not of type 'StructuredSerializeOptions'."))
		}
		return nil
	}
	if !idl.IsNullish(o.GetSymbol(goja.SymIterator)) {
		return idl.Sequence(c, o)
	}
	return TransferOption(c, o)
}

// TransferOption is the transfer list of a StructuredSerializeOptions dictionary.
func TransferOption(c *idl.Call, options goja.Value) []goja.Value {
	if v, ok := idl.ToDict(c, options).Get("transfer"); ok {
		return idl.Sequence(c, v)
	}
	return nil
}
