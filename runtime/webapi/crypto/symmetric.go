package crypto

import (
	stdcrypto "crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/subtle"
	"encoding/binary"
	"math/big"
	"slices"
)

func mac(hash stdcrypto.Hash, secret, data []byte) []byte {
	h := hmac.New(hash.New, secret)
	h.Write(data)
	return h.Sum(nil)
}

// crypt is encrypt and decrypt of the AES modes.
func crypt(p params, secret, data []byte, decrypt bool) ([]byte, error) {
	block, err := aes.NewCipher(secret)
	if err != nil {
		return nil, errOperation
	}
	switch p.name {
	case "AES-CBC":
		if len(p.iv) != aes.BlockSize {
			return nil, fail("OperationError", "The iv has to be 16 bytes long.")
		}
		return cbc(block, p.iv, data, decrypt)
	case "AES-CTR":
		if len(p.counter) != aes.BlockSize || p.length < 1 || p.length > 128 {
			return nil, fail("OperationError", "The counter has to be 16 bytes long, its length 1 to 128 bits.")
		}
		return ctr(block, p.counter, p.length, data)
	case "AES-GCM":
		return gcm(block, p, data, decrypt)
	}
	return nil, errAlgorithm
}

func cbc(block cipher.Block, iv, data []byte, decrypt bool) ([]byte, error) {
	if !decrypt {
		pad := aes.BlockSize - len(data)%aes.BlockSize
		out := append(slices.Clone(data), slices.Repeat([]byte{byte(pad)}, pad)...)
		cipher.NewCBCEncrypter(block, iv).CryptBlocks(out, out)
		return out, nil
	}
	if len(data) == 0 || len(data)%aes.BlockSize != 0 {
		return nil, errOperation
	}
	out := make([]byte, len(data))
	cipher.NewCBCDecrypter(block, iv).CryptBlocks(out, data)
	pad := int(out[len(out)-1])
	if pad == 0 || pad > aes.BlockSize || !slices.Equal(out[len(out)-pad:], slices.Repeat([]byte{byte(pad)}, pad)) {
		return nil, errOperation
	}
	return out[:len(out)-pad], nil
}

// ctr counts in the last bits bits of the counter only, unlike Go's.
func ctr(block cipher.Block, counter []byte, bits int, data []byte) ([]byte, error) {
	limit := new(big.Int).Lsh(big.NewInt(1), uint(bits))
	if need := big.NewInt(int64((len(data) + aes.BlockSize - 1) / aes.BlockSize)); need.Cmp(limit) > 0 {
		return nil, fail("OperationError", "The data is too long for the counter.")
	}
	at, out := slices.Clone(counter), make([]byte, len(data))
	var pad [aes.BlockSize]byte
	for i := 0; i < len(data); i += aes.BlockSize {
		block.Encrypt(pad[:], at)
		subtle.XORBytes(out[i:], data[i:], pad[:min(aes.BlockSize, len(data)-i)])
		increment(at, bits)
	}
	return out, nil
}

func increment(counter []byte, bits int) {
	for i := len(counter) - 1; i >= 0 && bits > 0; i, bits = i-1, bits-8 {
		mask := byte(0xFF)
		if bits < 8 {
			mask = 1<<bits - 1
		}
		next := (counter[i] + 1) & mask
		counter[i] = counter[i]&^mask | next
		if next != 0 {
			return
		}
	}
}

// gcm allows every tag length of the standard: a short tag is the start of the full one.
func gcm(block cipher.Block, p params, data []byte, decrypt bool) ([]byte, error) {
	tag := 128
	if p.tag >= 0 {
		tag = p.tag
	}
	if !slices.Contains([]int{32, 64, 96, 104, 112, 120, 128}, tag) || len(p.iv) == 0 {
		return nil, fail("OperationError", "The tag length or the iv is not valid.")
	}
	g, err := cipher.NewGCMWithNonceSize(block, len(p.iv))
	if err != nil {
		return nil, errOperation
	}
	tag /= 8
	if !decrypt {
		out := g.Seal(nil, p.iv, data, p.data)
		return out[:len(data)+tag], nil
	}
	if len(data) < tag {
		return nil, fail("OperationError", "The provided data is too small.")
	}
	text, given := data[:len(data)-tag], data[len(data)-tag:]
	// Encrypting the ciphertext gives the plaintext back, and encrypting that its tag.
	plain := g.Seal(nil, p.iv, text, p.data)[:len(text)]
	full := g.Seal(nil, p.iv, plain, p.data)[len(text):]
	if subtle.ConstantTimeCompare(full[:tag], given) != 1 {
		return nil, errOperation
	}
	return plain, nil
}

// wrapDefault is RFC 3394's initial value.
const wrapDefault = 0xA6A6A6A6A6A6A6A6

// keyWrap and keyUnwrap are AES-KW.
func keyWrap(secret, data []byte) ([]byte, error) {
	block, err := aes.NewCipher(secret)
	if err != nil || len(data)%8 != 0 || len(data) < 16 {
		return nil, fail("OperationError", "The key data must be a multiple of 8 bytes.")
	}
	n := len(data) / 8
	out := make([]byte, len(data)+8)
	copy(out[8:], data)
	a := uint64(wrapDefault)
	var b [16]byte
	for j := range 6 {
		for i := 1; i <= n; i++ {
			binary.BigEndian.PutUint64(b[:], a)
			copy(b[8:], out[i*8:])
			block.Encrypt(b[:], b[:])
			a = binary.BigEndian.Uint64(b[:]) ^ uint64(n*j+i)
			copy(out[i*8:i*8+8], b[8:])
		}
	}
	binary.BigEndian.PutUint64(out, a)
	return out, nil
}

func keyUnwrap(secret, data []byte) ([]byte, error) {
	block, err := aes.NewCipher(secret)
	if err != nil || len(data)%8 != 0 || len(data) < 24 {
		return nil, errOperation
	}
	n := len(data)/8 - 1
	out := slices.Clone(data)
	a := binary.BigEndian.Uint64(out)
	var b [16]byte
	for j := 5; j >= 0; j-- {
		for i := n; i >= 1; i-- {
			binary.BigEndian.PutUint64(b[:], a^uint64(n*j+i))
			copy(b[8:], out[i*8:])
			block.Decrypt(b[:], b[:])
			a = binary.BigEndian.Uint64(b[:])
			copy(out[i*8:i*8+8], b[8:])
		}
	}
	if a != wrapDefault {
		return nil, errOperation
	}
	return out[8:], nil
}

// maxIterations bounds PBKDF2, which nothing can interrupt: about ten seconds.
const maxIterations = 20_000_000

// derive is deriveBits of the key derivation functions; length is in bits.
func derive(p params, secret []byte, length int) ([]byte, error) {
	if length < 0 || length%8 != 0 {
		return nil, fail("OperationError", "The length provided must be a multiple of 8 bits.")
	}
	hash := hashes[p.hash]
	var out []byte
	var err error
	switch {
	case p.name == "HKDF":
		out, err = hkdf.Key(hash.New, secret, p.salt, string(p.info), length/8)
	case p.iterations == 0:
		return nil, fail("OperationError", "PBKDF2 requires iterations > 0")
	case p.iterations > maxIterations:
		return nil, fail("OperationError", "PBKDF2 with so many iterations would take too long")
	case length == 0:
		return []byte{}, nil
	default:
		out, err = pbkdf2.Key(hash.New, string(secret), p.salt, p.iterations, length/8)
	}
	if err != nil {
		return nil, errOperation
	}
	return out, nil
}
