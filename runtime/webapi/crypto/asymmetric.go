package crypto

import (
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"math/big"
	"slices"
)

// signature is sign.
func signature(p params, k *key, data []byte) ([]byte, error) {
	digest := func(name string) []byte {
		h := hashes[name].New()
		h.Write(data)
		return h.Sum(nil)
	}
	switch private := k.material.(type) {
	case []byte:
		return mac(hashes[k.algorithm.hash], private, data), nil
	case *rsa.PrivateKey:
		hash := hashes[k.algorithm.hash]
		if p.name == "RSA-PSS" {
			return operation(rsa.SignPSS(rand.Reader, private, hash, digest(k.algorithm.hash), pssOptions(p)))
		}
		return operation(rsa.SignPKCS1v15(rand.Reader, private, hash, digest(k.algorithm.hash)))
	case *ecdsa.PrivateKey:
		r, s, err := ecdsa.Sign(rand.Reader, private, digest(p.hash))
		if err != nil {
			return nil, errOperation
		}
		size := (private.Curve.Params().BitSize + 7) / 8
		return append(r.FillBytes(make([]byte, size)), s.FillBytes(make([]byte, size))...), nil
	case ed25519.PrivateKey:
		return ed25519.Sign(private, data), nil
	}
	return nil, errAlgorithm
}

// pssOptions are the options of RSA-PSS.
//
// DIVERGES: Go takes a salt length of 0 for "as long as can be"; the standard means
// none by it.
func pssOptions(p params) *rsa.PSSOptions {
	return &rsa.PSSOptions{SaltLength: p.saltLen}
}

func operation(b []byte, err error) ([]byte, error) {
	if err != nil {
		return nil, errOperation
	}
	return b, nil
}

// verified is verify.
func verified(p params, k *key, signature, data []byte) (bool, error) {
	digest := func(name string) []byte {
		h := hashes[name].New()
		h.Write(data)
		return h.Sum(nil)
	}
	switch public := k.material.(type) {
	case []byte:
		return slices.Equal(mac(hashes[k.algorithm.hash], public, data), signature), nil
	case *rsa.PublicKey:
		hash := hashes[k.algorithm.hash]
		if p.name == "RSA-PSS" {
			return rsa.VerifyPSS(public, hash, digest(k.algorithm.hash), signature, pssOptions(p)) == nil, nil
		}
		return rsa.VerifyPKCS1v15(public, hash, digest(k.algorithm.hash), signature) == nil, nil
	case *ecdsa.PublicKey:
		size := (public.Curve.Params().BitSize + 7) / 8
		if len(signature) != 2*size {
			return false, nil
		}
		r, s := new(big.Int).SetBytes(signature[:size]), new(big.Int).SetBytes(signature[size:])
		return ecdsa.Verify(public, digest(p.hash), r, s), nil
	case ed25519.PublicKey:
		return len(signature) == ed25519.SignatureSize && ed25519.Verify(public, data, signature), nil
	}
	return false, errAlgorithm
}

// oaep is encrypt and decrypt of RSA-OAEP.
func oaep(p params, k *key, data []byte) ([]byte, error) {
	hash := hashes[k.algorithm.hash]
	switch material := k.material.(type) {
	case *rsa.PublicKey:
		return operation(rsa.EncryptOAEP(hash.New(), rand.Reader, material, data, p.label))
	case *rsa.PrivateKey:
		return operation(rsa.DecryptOAEP(hash.New(), nil, material, data, p.label))
	}
	return nil, errAlgorithm
}

// agree is deriveBits of ECDH and X25519; length -1 gives all bits.
func agree(p params, k *key, length int) ([]byte, error) {
	if p.public.kind != "public" || p.public.algorithm.name != k.algorithm.name || p.public.algorithm.curve != k.algorithm.curve {
		return nil, fail("InvalidAccessError", "The public parameter is not a public key of the same algorithm.")
	}
	private, err := dhPrivate(k.material)
	if err != nil {
		return nil, err
	}
	public, err := dhPublic(p.public.material)
	if err != nil {
		return nil, err
	}
	secret, err := private.ECDH(public)
	switch {
	case err != nil:
		return nil, errOperation
	case length < 0:
		return secret, nil
	case length > len(secret)*8:
		return nil, fail("OperationError", "The length provided is too large.")
	}
	out := secret[:(length+7)/8]
	if rest := length % 8; rest != 0 {
		out[len(out)-1] &= 0xFF << (8 - rest)
	}
	return out, nil
}

func dhPrivate(material any) (*ecdh.PrivateKey, error) {
	switch k := material.(type) {
	case *ecdh.PrivateKey:
		return k, nil
	case *ecdsa.PrivateKey:
		if private, err := k.ECDH(); err == nil {
			return private, nil
		}
	}
	return nil, errOperation
}

func dhPublic(material any) (*ecdh.PublicKey, error) {
	switch k := material.(type) {
	case *ecdh.PublicKey:
		return k, nil
	case *ecdsa.PublicKey:
		if public, err := k.ECDH(); err == nil {
			return public, nil
		}
	}
	return nil, errOperation
}

// usagesOf are the usages that the public and the private (or secret) keys of an
// algorithm can have.
func usagesOf(name string) (public, private []string) {
	switch name {
	case "RSASSA-PKCS1-v1_5", "RSA-PSS", "ECDSA", "Ed25519":
		return []string{"verify"}, []string{"sign"}
	case "RSA-OAEP":
		return []string{"encrypt", "wrapKey"}, []string{"decrypt", "unwrapKey"}
	case "ECDH", "X25519":
		return nil, []string{"deriveKey", "deriveBits"}
	case "HMAC":
		return nil, []string{"sign", "verify"}
	case "AES-KW":
		return nil, []string{"wrapKey", "unwrapKey"}
	case "PBKDF2", "HKDF":
		return nil, []string{"deriveKey", "deriveBits"}
	}
	return nil, []string{"encrypt", "decrypt", "wrapKey", "unwrapKey"}
}

// generate is generateKey: a secret key, or a pair.
func generate(p params, extractable bool, usages []string) (secret, public, private *key, err error) {
	forPublic, forPrivate := usagesOf(p.name)
	if !within(usages, append(slices.Clone(forPublic), forPrivate...)...) {
		return nil, nil, nil, errUsages
	}
	a, material, err := newMaterial(p)
	if err != nil {
		return nil, nil, nil, err
	}
	pick := only(usages, forPrivate...)
	if len(pick) == 0 {
		return nil, nil, nil, errUsages
	}
	if b, ok := material.([]byte); ok {
		return &key{"secret", extractable, a, pick, b}, nil, nil, nil
	}
	return nil, &key{"public", true, a, only(usages, forPublic...), publicOf(material)}, &key{"private", extractable, a, pick, material}, nil
}

// newMaterial makes key material.
func newMaterial(p params) (algorithm, any, error) {
	a := algorithm{name: p.name, hash: p.hash, curve: p.curve}
	var material any
	var err error
	switch p.name {
	case "RSASSA-PKCS1-v1_5", "RSA-PSS", "RSA-OAEP":
		a.modulus, a.exponent = p.mod, p.exponent
		if e := new(big.Int).SetBytes(p.exponent); !e.IsInt64() || e.Int64() != 65537 || p.mod < 1024 || p.mod > 16384 {
			return a, nil, fail("OperationError", "The modulus length or public exponent is not supported.")
		}
		material, err = rsa.GenerateKey(rand.Reader, p.mod)
	case "ECDSA", "ECDH":
		material, err = ecdsa.GenerateKey(curves[p.curve], rand.Reader)
	case "Ed25519":
		_, material, err = ed25519.GenerateKey(rand.Reader)
	case "X25519":
		material, err = ecdh.X25519().GenerateKey(rand.Reader)
	default:
		if a.length, err = secretLength(p); err == nil {
			b := make([]byte, (a.length+7)/8)
			_, err = rand.Read(b)
			material = b
		}
		return a, material, err
	}
	if err != nil {
		return a, nil, errOperation
	}
	return a, material, nil
}

// secretLength is "get key length", in bits.
func secretLength(p params) (int, error) {
	switch p.name {
	case "HMAC":
		if p.length < 0 {
			return hashes[p.hash].New().BlockSize() * 8, nil
		}
		if p.length == 0 || p.length > 1<<20 {
			return 0, fail("OperationError", "The key length is not valid.")
		}
		return p.length, nil
	case "PBKDF2", "HKDF":
		return -1, nil
	}
	if p.length != 128 && p.length != 192 && p.length != 256 {
		return 0, fail("OperationError", "AES key length must be 128, 192 or 256 bits.")
	}
	return p.length, nil
}

func publicOf(private any) any {
	switch k := private.(type) {
	case *rsa.PrivateKey:
		return &k.PublicKey
	case *ecdsa.PrivateKey:
		return &k.PublicKey
	case ed25519.PrivateKey:
		return k.Public()
	case *ecdh.PrivateKey:
		return k.PublicKey()
	}
	return nil
}
