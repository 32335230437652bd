package crypto

import (
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/base64"
	"math/big"
	"slices"
	"strings"

	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/runtime/webapi/idl"
)

// jwk is a JSON web key, its members in the order of a dictionary's: by name.
type jwk struct {
	Alg    string   `json:"alg,omitempty"`
	Crv    string   `json:"crv,omitempty"`
	D      string   `json:"d,omitempty"`
	DP     string   `json:"dp,omitempty"`
	DQ     string   `json:"dq,omitempty"`
	E      string   `json:"e,omitempty"`
	Ext    *bool    `json:"ext,omitempty"`
	K      string   `json:"k,omitempty"`
	KeyOps []string `json:"key_ops,omitempty"`
	Kty    string   `json:"kty,omitempty"`
	N      string   `json:"n,omitempty"`
	P      string   `json:"p,omitempty"`
	Q      string   `json:"q,omitempty"`
	QI     string   `json:"qi,omitempty"`
	Use    string   `json:"use,omitempty"`
	X      string   `json:"x,omitempty"`
	Y      string   `json:"y,omitempty"`
}

func (j *jwk) texts() ([]string, []*string) {
	return []string{"alg", "crv", "d", "dp", "dq", "e", "k", "kty", "n", "p", "q", "qi", "use", "x", "y"},
		[]*string{&j.Alg, &j.Crv, &j.D, &j.DP, &j.DQ, &j.E, &j.K, &j.Kty, &j.N, &j.P, &j.Q, &j.QI, &j.Use, &j.X, &j.Y}
}

// toJWK converts a value to the dictionary JsonWebKey.
func toJWK(c *idl.Call, v goja.Value) *jwk {
	d, j := idl.ToDict(c, v), &jwk{}
	names, fields := j.texts()
	for i, name := range names {
		*fields[i] = d.String(name, "")
	}
	if v, ok := d.Get("key_ops"); ok {
		j.KeyOps = []string{}
		for _, item := range idl.Sequence(c, v) {
			j.KeyOps = append(j.KeyOps, idl.ToString(c, item))
		}
	}
	if v, ok := d.Get("ext"); ok {
		ext := v.ToBoolean()
		j.Ext = &ext
	}
	return j
}

func (j *jwk) object(r *idl.Realm) goja.Value {
	o := r.Runtime().NewObject()
	names, fields := j.texts()
	for i, name := range names {
		switch name {
		case "k":
			_ = o.Set("ext", *j.Ext)
		case "kty":
			_ = o.Set("key_ops", list(r, j.KeyOps))
		}
		if *fields[i] != "" {
			_ = o.Set(name, *fields[i])
		}
	}
	return o
}

func decode(s string) ([]byte, bool) {
	b, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(s, "="))
	return b, err == nil && s != ""
}

var encode = base64.RawURLEncoding.EncodeToString

// material makes key material of a JWK, checked against what it is wanted for.
func (j *jwk) material(p params, extractable bool, usages []string) (any, error) {
	if j.Ext != nil && !*j.Ext && extractable || j.KeyOps != nil && !within(usages, j.KeyOps...) {
		return nil, errData
	}
	if want := jwkAlgorithm(p, 0); j.Alg != "" && want != "" && j.Alg != want && !symmetricAES(p.name) {
		return nil, errData
	}
	want := map[bool]string{true: "oct"}[symmetric(p.name)]
	switch p.name {
	case "RSASSA-PKCS1-v1_5", "RSA-PSS", "RSA-OAEP":
		want = "RSA"
	case "ECDSA", "ECDH":
		want = "EC"
	case "Ed25519", "X25519":
		want = "OKP"
	}
	if j.Kty != want {
		return nil, errData
	}
	switch want {
	case "oct":
		if b, ok := decode(j.K); ok {
			return b, nil
		}
	case "RSA":
		return j.rsa()
	case "EC":
		return j.ec(p)
	default:
		return j.okp(p)
	}
	return nil, errData
}

func symmetricAES(name string) bool { return strings.HasPrefix(name, "AES-") }

func (j *jwk) rsa() (any, error) {
	n, ok := decode(j.N)
	e, okE := decode(j.E)
	if !ok || !okE || len(e) > 4 {
		return nil, errData
	}
	public := rsa.PublicKey{N: new(big.Int).SetBytes(n), E: int(new(big.Int).SetBytes(e).Int64())}
	if j.D == "" {
		return &public, nil
	}
	k := &rsa.PrivateKey{PublicKey: public}
	d, okD := decode(j.D)
	pr, okP := decode(j.P)
	q, okQ := decode(j.Q)
	if !okD || !okP || !okQ {
		return nil, errData
	}
	k.D, k.Primes = new(big.Int).SetBytes(d), []*big.Int{new(big.Int).SetBytes(pr), new(big.Int).SetBytes(q)}
	k.Precompute()
	if k.Validate() != nil {
		return nil, errData
	}
	return k, nil
}

func (j *jwk) ec(p params) (any, error) {
	curve := curves[p.curve]
	x, okX := decode(j.X)
	y, okY := decode(j.Y)
	size := (curve.Params().BitSize + 7) / 8
	if !okX || !okY || j.Crv != p.curve || len(x) != size || len(y) != size {
		return nil, errData
	}
	public, err := ecdsa.ParseUncompressedPublicKey(curve, slices.Concat([]byte{4}, x, y))
	if err != nil {
		return nil, errData
	}
	if j.D == "" {
		return public, nil
	}
	d, ok := decode(j.D)
	if !ok {
		return nil, errData
	}
	private, err := ecdsa.ParseRawPrivateKey(curve, d)
	if err != nil || !private.PublicKey.Equal(public) {
		return nil, errData
	}
	return private, nil
}

func (j *jwk) okp(p params) (any, error) {
	x, ok := decode(j.X)
	if !ok || j.Crv != p.name || len(x) != 32 {
		return nil, errData
	}
	d, private := decode(j.D)
	if private && len(d) != 32 {
		return nil, errData
	}
	switch {
	case p.name == "Ed25519" && private:
		return ed25519.NewKeyFromSeed(d), nil
	case p.name == "Ed25519":
		return ed25519.PublicKey(x), nil
	}
	var k any
	var err error
	if private {
		k, err = ecdh.X25519().NewPrivateKey(d)
	} else {
		k, err = ecdh.X25519().NewPublicKey(x)
	}
	if err != nil {
		return nil, errData
	}
	return k, nil
}

// jwkAlgorithm is the alg member of a key; length is that of an AES key, in bits.
func jwkAlgorithm(p params, length int) string {
	bits := strings.TrimPrefix(p.hash, "SHA-")
	switch p.name {
	case "HMAC":
		return "HS" + bits
	case "RSASSA-PKCS1-v1_5":
		return "RS" + bits
	case "RSA-PSS":
		return "PS" + bits
	case "RSA-OAEP":
		if p.hash == "SHA-1" {
			return "RSA-OAEP"
		}
		return "RSA-OAEP-" + bits
	case "Ed25519":
		return "Ed25519"
	}
	if symmetricAES(p.name) {
		return "A" + big.NewInt(int64(length)).String() + strings.TrimPrefix(p.name, "AES-")
	}
	return ""
}

// exportJWK is exportKey to jwk.
func exportJWK(k *key) (*jwk, error) {
	ext := k.extractable
	a := k.algorithm
	j := &jwk{KeyOps: k.usages, Ext: &ext, Alg: jwkAlgorithm(params{name: a.name, hash: a.hash}, a.length)}
	switch m := k.material.(type) {
	case []byte:
		j.Kty, j.K = "oct", encode(m)
	case *rsa.PublicKey:
		j.fromRSA(m)
	case *rsa.PrivateKey:
		j.fromRSA(&m.PublicKey)
		m.Precompute()
		j.D, j.P, j.Q = encode(m.D.Bytes()), encode(m.Primes[0].Bytes()), encode(m.Primes[1].Bytes())
		j.DP, j.DQ, j.QI = encode(m.Precomputed.Dp.Bytes()), encode(m.Precomputed.Dq.Bytes()), encode(m.Precomputed.Qinv.Bytes())
	case *ecdsa.PublicKey:
		return j, j.fromEC(m, a.curve)
	case *ecdsa.PrivateKey:
		d, err := m.Bytes()
		if err != nil {
			return nil, errOperation
		}
		j.D = encode(d)
		return j, j.fromEC(&m.PublicKey, a.curve)
	case ed25519.PublicKey:
		j.Kty, j.Crv, j.X = "OKP", a.name, encode(m)
	case ed25519.PrivateKey:
		j.Kty, j.Crv, j.X, j.D = "OKP", a.name, encode(m.Public().(ed25519.PublicKey)), encode(m.Seed())
	case *ecdh.PublicKey:
		j.Kty, j.Crv, j.X = "OKP", a.name, encode(m.Bytes())
	case *ecdh.PrivateKey:
		j.Kty, j.Crv, j.X, j.D = "OKP", a.name, encode(m.PublicKey().Bytes()), encode(m.Bytes())
	}
	return j, nil
}

func (j *jwk) fromRSA(k *rsa.PublicKey) {
	j.Kty, j.N, j.E = "RSA", encode(k.N.Bytes()), encode(big.NewInt(int64(k.E)).Bytes())
}

func (j *jwk) fromEC(k *ecdsa.PublicKey, curve string) error {
	point, err := k.Bytes()
	if err != nil {
		return errOperation
	}
	size := (len(point) - 1) / 2
	j.Kty, j.Crv, j.X, j.Y = "EC", curve, encode(point[1:1+size]), encode(point[1+size:])
	return nil
}
