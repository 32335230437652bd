package crypto

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"slices"

	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/runtime/script"
	"github.com/swinspect/swinspect/runtime/webapi/buffer"
	"github.com/swinspect/swinspect/runtime/webapi/idl"
)

// subtleCrypto is the implementation of SubtleCrypto.
type subtleCrypto struct{}

// SubtleCrypto is the interface of that name.
var SubtleCrypto = &idl.Interface{Name: "SubtleCrypto"}

func init() {
	method := func(name string, length int, f func(c *idl.Call) goja.Value) idl.Member {
		return idl.PromiseMethod(name, length, func(c *idl.Call) goja.Value {
			idl.This[*subtleCrypto](c)
			return f(c)
		})
	}
	SubtleCrypto.Members = []idl.Member{
		method("encrypt", 3, func(c *idl.Call) goja.Value { return crypted(c, "encrypt") }),
		method("decrypt", 3, func(c *idl.Call) goja.Value { return crypted(c, "decrypt") }),
		method("sign", 3, sign),
		method("verify", 4, verify),
		method("digest", 2, digest),
		method("generateKey", 3, generateKey),
		method("deriveKey", 5, deriveKey),
		method("deriveBits", 2, deriveBits),
		method("importKey", 5, importMethod),
		method("exportKey", 2, exportKey),
		method("wrapKey", 4, wrap),
		method("unwrapKey", 7, unwrap),
	}
}

// async does work in a goroutine and settles a promise with what made makes of its result.
func async[T any](c *idl.Call, work func() (T, error), made func(T) goja.Value) goja.Value {
	var result T
	r := c.Realm
	return r.Async("crypto", func(context.Context) (err error) {
		result, err = work()
		return err
	}, func(p *script.Promise, err error) {
		var f *failure
		switch {
		case errors.As(err, &f):
			p.Reject(idl.DOMError(r, f.name, f.message))
		case err != nil:
			p.Reject(idl.DOMError(r, "OperationError", err.Error()))
		default:
			p.Resolve(made(result))
		}
	})
}

func toBuffer(c *idl.Call) func([]byte) goja.Value {
	return func(b []byte) goja.Value { return buffer.New(c.Realm, b) }
}

func keyArg(c *idl.Call, i int) *key { return idl.As[*handle](c, c.Arg(i), CryptoKey).key }

func usagesArg(c *idl.Call, i int) []string {
	var usages []string
	for _, v := range idl.Sequence(c, c.Arg(i)) {
		usages = append(usages, idl.Enum(c, v, "KeyUsage", usageOrder...))
	}
	return usages
}

// check is that a key is the algorithm's and may be used so.
func check(p params, k *key, usage string) error {
	if p.name != k.algorithm.name {
		return fail("InvalidAccessError", "The requested operation is not valid for the provided key.")
	}
	if !slices.Contains(k.usages, usage) {
		return fail("InvalidAccessError", "key.usages does not permit this operation")
	}
	return nil
}

// cryptBytes is encrypt and decrypt of any algorithm.
func cryptBytes(p params, k *key, data []byte, decrypt bool) ([]byte, error) {
	if secret, ok := k.material.([]byte); ok {
		return crypt(p, secret, data, decrypt)
	}
	return oaep(p, k, data)
}

func crypted(c *idl.Call, operation string) goja.Value {
	p := normalize(c, c.Arg(0), operation)
	k, data := keyArg(c, 1), buffer.Arg(c, 2)
	return async(c, func() ([]byte, error) {
		if err := check(p, k, operation); err != nil {
			return nil, err
		}
		return cryptBytes(p, k, data, operation == "decrypt")
	}, toBuffer(c))
}

func sign(c *idl.Call) goja.Value {
	p := normalize(c, c.Arg(0), "sign")
	k, data := keyArg(c, 1), buffer.Arg(c, 2)
	return async(c, func() ([]byte, error) {
		if err := check(p, k, "sign"); err != nil {
			return nil, err
		}
		return signature(p, k, data)
	}, toBuffer(c))
}

func verify(c *idl.Call) goja.Value {
	p := normalize(c, c.Arg(0), "verify")
	k, given, data := keyArg(c, 1), buffer.Arg(c, 2), buffer.Arg(c, 3)
	return async(c, func() (bool, error) {
		if err := check(p, k, "verify"); err != nil {
			return false, err
		}
		return verified(p, k, given, data)
	}, func(ok bool) goja.Value { return c.Value(ok) })
}

func digest(c *idl.Call) goja.Value {
	p, data := normalize(c, c.Arg(0), "digest"), buffer.Arg(c, 1)
	return async(c, func() ([]byte, error) {
		h := hashes[p.name].New()
		h.Write(data)
		return h.Sum(nil), nil
	}, toBuffer(c))
}

func generateKey(c *idl.Call) goja.Value {
	p := normalize(c, c.Arg(0), "generateKey")
	extractable, usages := c.Bool(1), usagesArg(c, 2)
	return async(c, func() ([]*key, error) {
		secret, public, private, err := generate(p, extractable, usages)
		return []*key{secret, public, private}, err
	}, func(keys []*key) goja.Value {
		if keys[0] != nil {
			return wrapKey(c.Realm, keys[0])
		}
		o := c.Runtime().NewObject()
		_ = o.Set("publicKey", wrapKey(c.Realm, keys[1]))
		_ = o.Set("privateKey", wrapKey(c.Realm, keys[2]))
		return o
	})
}

// bits is deriveBits of any algorithm; length -1 stands for null.
func bits(p params, k *key, length int) ([]byte, error) {
	if p.public != nil {
		return agree(p, k, length)
	}
	return derive(p, k.material.([]byte), length)
}

func deriveBits(c *idl.Call) goja.Value {
	p, k, length := normalize(c, c.Arg(0), "deriveBits"), keyArg(c, 1), -1
	if !idl.IsNullish(c.Arg(2)) {
		length = int(idl.UnsignedLong(c, c.Arg(2)))
	}
	return async(c, func() ([]byte, error) {
		if err := check(p, k, "deriveBits"); err != nil {
			return nil, err
		}
		return bits(p, k, length)
	}, toBuffer(c))
}

func deriveKey(c *idl.Call) goja.Value {
	p, k := normalize(c, c.Arg(0), "deriveBits"), keyArg(c, 1)
	into, sized := normalize(c, c.Arg(2), "importKey"), normalize(c, c.Arg(2), "keyLength")
	extractable, usages := c.Bool(3), usagesArg(c, 4)
	return async(c, func() (*key, error) {
		if err := check(p, k, "deriveKey"); err != nil {
			return nil, err
		}
		length, err := secretLength(sized)
		if err != nil {
			return nil, err
		}
		secret, err := bits(p, k, length)
		if err != nil {
			return nil, err
		}
		return importKey("raw", secret, nil, into, extractable, usages)
	}, func(k *key) goja.Value { return wrapKey(c.Realm, k) })
}

func formatArg(c *idl.Call, i int) string {
	return idl.Enum(c, c.Arg(i), "KeyFormat", "raw", "spki", "pkcs8", "jwk")
}

func importMethod(c *idl.Call) goja.Value {
	format, p := formatArg(c, 0), normalize(c, c.Arg(2), "importKey")
	extractable, usages := c.Bool(3), usagesArg(c, 4)
	var data []byte
	var web *jwk
	if _, isBuffer := buffer.Bytes(c.Realm, c.Arg(1)); format == "jwk" {
		if isBuffer {
			panic(c.Fail("Key data must be an object for JWK import"))
		}
		web = toJWK(c, c.Arg(1))
	} else {
		data = buffer.Arg(c, 1)
	}
	return async(c, func() (*key, error) { return importKey(format, data, web, p, extractable, usages) },
		func(k *key) goja.Value { return wrapKey(c.Realm, k) })
}

func exportKey(c *idl.Call) goja.Value {
	format, k := formatArg(c, 0), keyArg(c, 1)
	if !k.extractable {
		panic(c.Exception("InvalidAccessError", "key is not extractable"))
	}
	if format == "jwk" {
		return async(c, func() (*jwk, error) { return exportJWK(k) }, func(j *jwk) goja.Value { return j.object(c.Realm) })
	}
	return async(c, func() ([]byte, error) { return export(format, k) }, toBuffer(c))
}

// wrapping normalizes for wrapKey or unwrapKey, which fall back on encrypt and decrypt.
func wrapping(c *idl.Call, v goja.Value, operation, otherwise string) params {
	var p params
	if c.Realm.Agent().Try(func() { p = normalize(c, v, operation) }) == nil {
		return p
	}
	return normalize(c, v, otherwise)
}

func wrap(c *idl.Call) goja.Value {
	format, k, with := formatArg(c, 0), keyArg(c, 1), keyArg(c, 2)
	p := wrapping(c, c.Arg(3), "wrapKey", "encrypt")
	return async(c, func() ([]byte, error) {
		if err := check(p, with, "wrapKey"); err != nil {
			return nil, err
		}
		if !k.extractable {
			return nil, fail("InvalidAccessError", "key is not extractable")
		}
		data, err := serialized(format, k)
		switch {
		case err != nil:
			return nil, err
		case p.name == "AES-KW":
			return keyWrap(with.material.([]byte), data)
		}
		return cryptBytes(p, with, data, false)
	}, toBuffer(c))
}

func serialized(format string, k *key) ([]byte, error) {
	if format != "jwk" {
		return export(format, k)
	}
	j, err := exportJWK(k)
	if err != nil {
		return nil, err
	}
	b, err := json.Marshal(j)
	if rest := len(b) % 8; rest != 0 { // so that AES-KW can wrap it
		b = append(b, bytes.Repeat([]byte(" "), 8-rest)...)
	}
	return b, err
}

func unwrap(c *idl.Call) goja.Value {
	format, data, with := formatArg(c, 0), buffer.Arg(c, 1), keyArg(c, 2)
	p, into := wrapping(c, c.Arg(3), "unwrapKey", "decrypt"), normalize(c, c.Arg(4), "importKey")
	extractable, usages := c.Bool(5), usagesArg(c, 6)
	return async(c, func() (*key, error) {
		if err := check(p, with, "unwrapKey"); err != nil {
			return nil, err
		}
		var plain []byte
		var err error
		if p.name == "AES-KW" {
			plain, err = keyUnwrap(with.material.([]byte), data)
		} else {
			plain, err = cryptBytes(p, with, data, true)
		}
		if err != nil {
			return nil, err
		}
		var web *jwk
		if format == "jwk" {
			web = &jwk{}
			if json.Unmarshal(plain, web) != nil {
				return nil, errData
			}
		}
		return importKey(format, plain, web, into, extractable, usages)
	}, func(k *key) goja.Value { return wrapKey(c.Realm, k) })
}
