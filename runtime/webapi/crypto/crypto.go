// Package crypto is the Web Cryptography API over Go's crypto packages.
//
// Concurrency: arguments are read and objects made on the realm's loop; the work of
// SubtleCrypto is done in goroutines of the agent.
//
// Source: https://w3c.github.io/webcrypto/
package crypto

import (
	"crypto/rand"
	"fmt"
	"io"

	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/runtime/webapi/buffer"
	"github.com/swinspect/swinspect/runtime/webapi/idl"
)

// maxRandom is how many bytes getRandomValues gives at most.
const maxRandom = 65536

// object is the implementation of a Crypto object.
type object struct {
	rand   io.Reader
	subtle *goja.Object
}

// Crypto is the interface of that name.
var Crypto = &idl.Interface{Name: "Crypto"}

func init() {
	Crypto.Members = []idl.Member{
		idl.Method("getRandomValues", 1, getRandomValues),
	}
}

// secureMembers are those that only a secure context has.
var secureMembers = []idl.Member{
	idl.Attr("subtle", func(c *idl.Call) goja.Value { return idl.This[*object](c).subtle }, nil),
	idl.Method("randomUUID", 0, func(c *idl.Call) goja.Value { return c.Value(uuid(idl.This[*object](c).rand)) }),
}

// secureCrypto is Crypto in a secure context.
var secureCrypto = &idl.Interface{Name: "Crypto"}

func init() {
	secureCrypto.Members = append(append([]idl.Member{}, Crypto.Members...), secureMembers...)
}

// scope names the mixin in messages.
var scope = &idl.Interface{Name: "WindowOrWorkerGlobalScope"}

// Install exposes Crypto, and in a secure context SubtleCrypto and CryptoKey, and
// crypto on the realm's global. random is where getRandomValues and randomUUID get
// their bytes (nil: the machine's); keys, salts and nonces that SubtleCrypto makes
// always come from the machine.
func Install(r *idl.Realm, random io.Reader, secure bool) {
	if random == nil {
		random = rand.Reader
	}
	i := Crypto
	if secure {
		i = secureCrypto
		idl.Expose(r, SubtleCrypto, CryptoKey)
	}
	idl.Expose(r, i)
	var made *goja.Object
	idl.Mixin(r, scope, nil, idl.Attr("crypto", func(*idl.Call) goja.Value {
		if made == nil {
			o := &object{rand: random}
			if secure {
				o.subtle = idl.Wrap(r, SubtleCrypto, &subtleCrypto{})
			}
			made = idl.Wrap(r, i, o)
		}
		return made
	}, nil))
}

func getRandomValues(c *idl.Call) goja.Value {
	o := idl.This[*object](c)
	switch kind := buffer.Type(c.Realm, c.Arg(0)); kind {
	case "":
		panic(c.Fail("parameter 1 is not of type 'ArrayBufferView'."))
	case "Float32Array", "Float64Array", "Float16Array", "DataView":
		panic(c.Exception("TypeMismatchError", "The provided ArrayBufferView is of type '%s', which is not an integer array type.", kind))
	}
	b, _ := buffer.Bytes(c.Realm, c.Arg(0))
	if len(b) > maxRandom {
		panic(c.Exception("QuotaExceededError", "The ArrayBufferView's byte length (%d) exceeds the number of bytes of entropy available via this API (%d).", len(b), maxRandom))
	}
	if _, err := io.ReadFull(o.rand, b); err != nil {
		panic(c.Exception("OperationError", "%s", err))
	}
	return c.Arg(0)
}

// uuid is a version 4 UUID.
func uuid(random io.Reader) string {
	var b [16]byte
	_, _ = io.ReadFull(random, b[:])
	b[6], b[8] = b[6]&0x0F|0x40, b[8]&0x3F|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
