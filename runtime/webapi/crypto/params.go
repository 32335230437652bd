package crypto

import (
	stdcrypto "crypto"
	"crypto/elliptic"
	"math"
	"slices"
	"strings"

	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/runtime/webapi/buffer"
	"github.com/swinspect/swinspect/runtime/webapi/idl"

	_ "crypto/sha1" // registers the hashes
	_ "crypto/sha256"
	_ "crypto/sha512"
)

var hashes = map[string]stdcrypto.Hash{"SHA-1": stdcrypto.SHA1, "SHA-256": stdcrypto.SHA256, "SHA-384": stdcrypto.SHA384, "SHA-512": stdcrypto.SHA512}

var curves = map[string]elliptic.Curve{"P-256": elliptic.P256(), "P-384": elliptic.P384(), "P-521": elliptic.P521()}

// supported are the algorithms that know an operation.
var supported = map[string][]string{
	"digest":      {"SHA-1", "SHA-256", "SHA-384", "SHA-512"},
	"encrypt":     {"AES-CBC", "AES-CTR", "AES-GCM", "RSA-OAEP"},
	"decrypt":     {"AES-CBC", "AES-CTR", "AES-GCM", "RSA-OAEP"},
	"sign":        {"HMAC", "RSASSA-PKCS1-v1_5", "RSA-PSS", "ECDSA", "Ed25519"},
	"verify":      {"HMAC", "RSASSA-PKCS1-v1_5", "RSA-PSS", "ECDSA", "Ed25519"},
	"deriveBits":  {"ECDH", "X25519", "PBKDF2", "HKDF"},
	"wrapKey":     {"AES-KW"},
	"unwrapKey":   {"AES-KW"},
	"generateKey": {"AES-CBC", "AES-CTR", "AES-GCM", "AES-KW", "HMAC", "RSASSA-PKCS1-v1_5", "RSA-PSS", "RSA-OAEP", "ECDSA", "ECDH", "Ed25519", "X25519"},
	"importKey":   {"AES-CBC", "AES-CTR", "AES-GCM", "AES-KW", "HMAC", "RSASSA-PKCS1-v1_5", "RSA-PSS", "RSA-OAEP", "ECDSA", "ECDH", "Ed25519", "X25519", "PBKDF2", "HKDF"},
	"keyLength":   {"AES-CBC", "AES-CTR", "AES-GCM", "AES-KW", "HMAC", "PBKDF2", "HKDF"},
}

// params is a normalised algorithm: its name and what the operation needs of its
// members; -1 for a number that was not given, nil for bytes.
type params struct {
	name, hash, curve                     string
	iv, data, label, counter, salt, info  []byte
	exponent                              []byte
	length, tag, iterations, saltLen, mod int
	public                                *key
}

// normalize is "normalize an algorithm" for an operation; what it throws rejects.
func normalize(c *idl.Call, v goja.Value, operation string) params {
	p, o := params{length: -1, tag: -1}, (*goja.Object)(nil)
	name := ""
	if object, ok := v.(*goja.Object); ok {
		o = object
		member := o.Get("name")
		if member == nil || goja.IsUndefined(member) {
			panic(c.Fail("Algorithm: name: Missing or not a string"))
		}
		name = idl.ToString(c, member)
	} else {
		name = idl.ToString(c, v)
	}
	at := slices.IndexFunc(supported[operation], func(known string) bool { return strings.EqualFold(known, name) })
	if at < 0 {
		panic(c.Exception("NotSupportedError", "Algorithm: Unrecognized name"))
	}
	p.name = supported[operation][at]
	m := members{c, o}
	m.read(&p, operation)
	return p
}

// members reads the members of an algorithm object.
type members struct {
	c *idl.Call
	o *goja.Object
}

func (m members) get(name string, required bool) goja.Value {
	if m.o != nil {
		if v := m.o.Get(name); v != nil && !goja.IsUndefined(v) {
			return v
		}
	}
	if required {
		panic(m.c.Fail("Algorithm: %s: Missing required property", name))
	}
	return nil
}

func (m members) bytes(name string, required bool) []byte {
	if v := m.get(name, required); v != nil {
		return buffer.Convert(m.c, v)
	}
	return nil
}

func (m members) number(name string, required bool, most float64) int {
	if v := m.get(name, required); v != nil {
		return int(idl.Enforce(m.c, v, 0, most))
	}
	return -1
}

func (m members) hash() string {
	return normalize(m.c, m.get("hash", true), "digest").name
}

// read takes what the algorithm's dictionary for the operation has.
func (m members) read(p *params, operation string) {
	const u8, u16, u32 = math.MaxUint8, math.MaxUint16, math.MaxUint32
	making := operation == "generateKey" || operation == "keyLength"
	switch p.name {
	case "AES-CBC", "AES-CTR", "AES-GCM", "AES-KW":
		switch {
		case making:
			p.length = m.number("length", true, u16)
		case operation != "encrypt" && operation != "decrypt":
		case p.name == "AES-CTR":
			p.counter, p.length = m.bytes("counter", true), m.number("length", true, u8)
		case p.name == "AES-GCM":
			p.iv, p.data, p.tag = m.bytes("iv", true), m.bytes("additionalData", false), m.number("tagLength", false, u8)
		default:
			p.iv = m.bytes("iv", true)
		}
	case "HMAC":
		if making || operation == "importKey" {
			p.hash, p.length = m.hash(), m.number("length", false, u32)
		}
	case "RSASSA-PKCS1-v1_5", "RSA-PSS", "RSA-OAEP":
		switch operation {
		case "generateKey":
			p.mod, p.exponent, p.hash = m.number("modulusLength", true, u32), m.bytes("publicExponent", true), m.hash()
		case "importKey":
			p.hash = m.hash()
		case "sign", "verify":
			if p.name == "RSA-PSS" {
				p.saltLen = m.number("saltLength", true, u32)
			}
		default:
			p.label = m.bytes("label", false)
		}
	case "ECDSA", "ECDH", "X25519":
		m.curveOrPeer(p, operation)
	case "PBKDF2", "HKDF":
		if operation != "deriveBits" {
			return
		}
		if p.salt = m.bytes("salt", true); p.name == "PBKDF2" {
			p.iterations = m.number("iterations", true, u32)
		} else {
			p.info = m.bytes("info", true)
		}
		p.hash = m.hash()
	}
}

func (m members) curveOrPeer(p *params, operation string) {
	switch {
	case operation == "sign" || operation == "verify":
		p.hash = m.hash()
	case operation == "deriveBits":
		v := m.get("public", true)
		h, ok := idl.Unwrap[*handle](v)
		if !ok {
			panic(m.c.Fail("Algorithm: public: Missing or not a CryptoKey"))
		}
		p.public = h.key
	case p.name != "X25519":
		p.curve = idl.ToString(m.c, m.get("namedCurve", true))
		if curves[p.curve] == nil {
			panic(m.c.Exception("NotSupportedError", "Unrecognized namedCurve"))
		}
	}
}
