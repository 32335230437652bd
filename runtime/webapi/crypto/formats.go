package crypto

import (
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"math/big"
	"slices"
)

// importKey is importKey without its arguments' conversion: data is the bytes of raw,
// spki or pkcs8, web the key of jwk.
func importKey(format string, data []byte, web *jwk, p params, extractable bool, usages []string) (*key, error) {
	var material any
	var err error
	switch {
	case format == "jwk":
		material, err = web.material(p, extractable, usages)
	case format == "spki" && !symmetric(p.name):
		if material, err = x509.ParsePKIXPublicKey(data); err != nil {
			err = errData
		}
	case format == "pkcs8" && !symmetric(p.name):
		if material, err = x509.ParsePKCS8PrivateKey(data); err != nil {
			err = errData
		}
	case format == "raw":
		material, err = fromRaw(data, p)
	default:
		err = errFormat
	}
	if err != nil {
		return nil, err
	}
	return newKey(p, material, extractable, usages)
}

func symmetric(name string) bool {
	switch name {
	case "AES-CBC", "AES-CTR", "AES-GCM", "AES-KW", "HMAC", "PBKDF2", "HKDF":
		return true
	}
	return false
}

func fromRaw(data []byte, p params) (any, error) {
	var material any
	var err error
	switch p.name {
	case "ECDSA", "ECDH":
		material, err = ecdsa.ParseUncompressedPublicKey(curves[p.curve], data)
	case "Ed25519":
		if len(data) != ed25519.PublicKeySize {
			return nil, errData
		}
		return ed25519.PublicKey(data), nil
	case "X25519":
		material, err = ecdh.X25519().NewPublicKey(data)
	case "RSASSA-PKCS1-v1_5", "RSA-PSS", "RSA-OAEP":
		return nil, errFormat
	default:
		return data, nil
	}
	if err != nil {
		return nil, errData
	}
	return material, nil
}

// newKey checks that the material is the algorithm's and makes the key.
func newKey(p params, material any, extractable bool, usages []string) (*key, error) {
	a := algorithm{name: p.name, hash: p.hash, curve: p.curve}
	forPublic, forPrivate := usagesOf(p.name)
	kind, allowed, ok := "private", forPrivate, false
	switch m := material.(type) {
	case []byte:
		kind, ok = "secret", symmetric(p.name)
		var err error
		if a.length, err = importedLength(p, m); err != nil {
			return nil, err
		}
		if (p.name == "PBKDF2" || p.name == "HKDF") && extractable {
			return nil, fail("SyntaxError", "Keys of this algorithm cannot be extractable.")
		}
	case *rsa.PublicKey, *rsa.PrivateKey:
		public, isPublic := m.(*rsa.PublicKey)
		if !isPublic {
			public = &m.(*rsa.PrivateKey).PublicKey
		} else {
			kind, allowed = "public", forPublic
		}
		ok = p.name == "RSASSA-PKCS1-v1_5" || p.name == "RSA-PSS" || p.name == "RSA-OAEP"
		a.modulus, a.exponent = public.N.BitLen(), big.NewInt(int64(public.E)).Bytes()
	case *ecdsa.PublicKey:
		kind, allowed, ok = "public", forPublic, (p.name == "ECDSA" || p.name == "ECDH") && m.Curve == curves[p.curve]
	case *ecdsa.PrivateKey:
		ok = (p.name == "ECDSA" || p.name == "ECDH") && m.Curve == curves[p.curve]
	case ed25519.PublicKey:
		kind, allowed, ok = "public", forPublic, p.name == "Ed25519"
	case ed25519.PrivateKey:
		ok = p.name == "Ed25519"
	case *ecdh.PublicKey:
		kind, allowed, ok = "public", forPublic, p.name == "X25519"
	case *ecdh.PrivateKey:
		ok = p.name == "X25519" && m.Curve() == ecdh.X25519()
	}
	switch {
	case !ok:
		return nil, errData
	case !within(usages, allowed...):
		return nil, errUsages
	case kind != "public" && len(usages) == 0:
		return nil, errUsages
	}
	return &key{kind, extractable, a, only(usages, allowed...), material}, nil
}

// importedLength is the length of an imported secret key, in bits.
func importedLength(p params, data []byte) (int, error) {
	switch p.name {
	case "PBKDF2", "HKDF":
		return 0, nil
	case "HMAC":
		bits := len(data) * 8
		if bits == 0 {
			return 0, errData
		}
		if p.length >= 0 {
			if p.length > bits || p.length <= bits-8 {
				return 0, errData
			}
			bits = p.length
		}
		return bits, nil
	}
	if len(data) != 16 && len(data) != 24 && len(data) != 32 {
		return 0, fail("DataError", "AES key data must be 128, 192 or 256 bits.")
	}
	return len(data) * 8, nil
}

// export is exportKey to the formats of bytes.
func export(format string, k *key) ([]byte, error) {
	var b []byte
	var err error
	switch {
	case format == "raw" && k.kind == "secret":
		return slices.Clone(k.material.([]byte)), nil
	case format == "raw" && k.kind == "public":
		switch m := k.material.(type) {
		case *ecdsa.PublicKey:
			b, err = m.Bytes()
		case ed25519.PublicKey:
			return slices.Clone(m), nil
		case *ecdh.PublicKey:
			return m.Bytes(), nil
		default:
			return nil, errFormat
		}
	case format == "spki" && k.kind == "public":
		b, err = x509.MarshalPKIXPublicKey(k.material)
	case format == "pkcs8" && k.kind == "private":
		b, err = x509.MarshalPKCS8PrivateKey(k.material)
	case k.kind == "secret":
		return nil, errFormat
	default:
		return nil, fail("InvalidAccessError", "The key is not of the expected type.")
	}
	return operation(b, err)
}
