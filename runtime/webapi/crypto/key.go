package crypto

import (
	"slices"

	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/runtime/webapi/buffer"
	"github.com/swinspect/swinspect/runtime/webapi/idl"
)

// key is the implementation of a CryptoKey; it never changes, except that the loop
// makes its objects when they are first read.
type key struct {
	kind        string // "secret", "public", "private"
	extractable bool
	algorithm   algorithm
	usages      []string
	// material is []byte for a secret key, otherwise *rsa.PublicKey, *rsa.PrivateKey,
	// *ecdsa.PublicKey, *ecdsa.PrivateKey, ed25519.PublicKey, ed25519.PrivateKey,
	// *ecdh.PublicKey or *ecdh.PrivateKey (of X25519).
	material any
}

// algorithm is a key's: what the algorithm attribute tells.
type algorithm struct {
	name     string
	hash     string
	length   int    // bits: AES, HMAC
	curve    string // EC
	modulus  int    // RSA, bits
	exponent []byte // RSA
}

func (a algorithm) object(r *idl.Realm) goja.Value {
	rt := r.Runtime()
	o := rt.NewObject()
	_ = o.Set("name", a.name)
	if a.modulus > 0 {
		_ = o.Set("modulusLength", a.modulus)
		_ = o.Set("publicExponent", buffer.Uint8Array(r, slices.Clone(a.exponent)))
	}
	if a.hash != "" {
		h := rt.NewObject()
		_ = h.Set("name", a.hash)
		_ = o.Set("hash", h)
	}
	if a.length > 0 {
		_ = o.Set("length", a.length)
	}
	if a.curve != "" {
		_ = o.Set("namedCurve", a.curve)
	}
	return o
}

// handle is a CryptoKey object's slot: the key with the objects of its attributes.
type handle struct {
	*key
	algorithmObject, usagesObject goja.Value
}

// CryptoKey is the interface of that name.
var CryptoKey = &idl.Interface{Name: "CryptoKey"}

func init() {
	CryptoKey.Members = []idl.Member{
		idl.Attr("type", func(c *idl.Call) goja.Value { return c.Value(idl.This[*handle](c).kind) }, nil),
		idl.Attr("extractable", func(c *idl.Call) goja.Value { return c.Value(idl.This[*handle](c).extractable) }, nil),
		idl.Attr("algorithm", func(c *idl.Call) goja.Value {
			h := idl.This[*handle](c)
			if h.algorithmObject == nil {
				h.algorithmObject = h.algorithm.object(c.Realm)
			}
			return h.algorithmObject
		}, nil),
		idl.Attr("usages", func(c *idl.Call) goja.Value {
			h := idl.This[*handle](c)
			if h.usagesObject == nil {
				h.usagesObject = list(c.Realm, h.usages)
			}
			return h.usagesObject
		}, nil),
	}
}

func list(r *idl.Realm, items []string) goja.Value {
	values := make([]any, len(items))
	for i, item := range items {
		values[i] = item
	}
	return r.Runtime().NewArray(values...)
}

func wrapKey(r *idl.Realm, k *key) *goja.Object { return idl.Wrap(r, CryptoKey, &handle{key: k}) }

// CloneSerialize makes keys structured-clonable, for storage as well.
func (h *handle) CloneSerialize(bool) (func(r *idl.Realm) (goja.Value, error), error) {
	k := h.key
	return func(r *idl.Realm) (goja.Value, error) { return wrapKey(r, k), nil }, nil
}

// usageOrder is the order in which usages are listed.
var usageOrder = []string{"encrypt", "decrypt", "sign", "verify", "deriveKey", "deriveBits", "wrapKey", "unwrapKey"}

// only are the usages that are allowed, in order, without duplicates.
func only(usages []string, allowed ...string) []string {
	out := []string{}
	for _, u := range usageOrder {
		if slices.Contains(usages, u) && slices.Contains(allowed, u) {
			out = append(out, u)
		}
	}
	return out
}

// within reports whether every usage is allowed.
func within(usages []string, allowed ...string) bool {
	return !slices.ContainsFunc(usages, func(u string) bool { return !slices.Contains(allowed, u) })
}

// failure is an error to reject with: a DOMException's name and message.
type failure struct{ name, message string }

func (f *failure) Error() string { return f.name + ": " + f.message }

func fail(name, message string) error { return &failure{name, message} }

var (
	errUsages    = fail("SyntaxError", "Cannot create a key using the specified key usages.")
	errData      = fail("DataError", "The key data is not valid.")
	errOperation = fail("OperationError", "The operation failed for an operation-specific reason.")
	errFormat    = fail("NotSupportedError", "Unsupported key format for this algorithm.")
	errAlgorithm = fail("NotSupportedError", "Algorithm: Unrecognized name or not supported for this operation.")
)
