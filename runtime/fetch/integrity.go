package fetch

import (
	"bytes"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"strings"
)

// checkIntegrity reads the body and compares it with the request's metadata.
//
// Source: https://w3c.github.io/webappsec-subresource-integrity/#does-response-match-metadatalist
func (p *fetching) checkIntegrity(response *Response) *Response {
	hashes := strongest(p.r.Integrity)
	if len(hashes) == 0 {
		return response
	}
	if response.Type == "opaque" || response.Type == "opaqueredirect" || response.Type == "error" {
		response.Unfiltered().cancel()
		return NetworkError(ErrIntegrity)
	}
	internal := response.Unfiltered()
	var body []byte
	if internal.Body != nil {
		var err error
		if body, err = internal.Body.ReadAll(p.ctx, 0); err != nil {
			return NetworkError(err)
		}
	}
	for _, h := range hashes {
		if bytes.Equal(h.digest, sum(h.algorithm, body)) {
			if internal.Body != nil {
				internal.Body = BytesBody(body)
				response.Body = internal.Body
			}
			return response
		}
	}
	return NetworkError(ErrIntegrity)
}

type integrityHash struct {
	algorithm string
	digest    []byte
}

// strongest parses metadata and keeps the hashes of its strongest algorithm.
func strongest(metadata string) []integrityHash {
	var best []integrityHash
	for token := range strings.FieldsSeq(metadata) {
		token, _, _ = strings.Cut(token, "?")
		algorithm, value, _ := strings.Cut(token, "-")
		if algorithm != "sha256" && algorithm != "sha384" && algorithm != "sha512" {
			continue
		}
		value = strings.NewReplacer("-", "+", "_", "/").Replace(value)
		digest, err := base64.StdEncoding.DecodeString(value)
		if err != nil {
			digest = nil // known algorithm, bad value: nothing matches it
		}
		if len(best) > 0 && algorithm < best[0].algorithm {
			continue
		}
		if len(best) > 0 && algorithm > best[0].algorithm {
			best = nil
		}
		best = append(best, integrityHash{algorithm, digest})
	}
	return best
}

func sum(algorithm string, body []byte) []byte {
	switch algorithm {
	case "sha256":
		s := sha256.Sum256(body)
		return s[:]
	case "sha384":
		s := sha512.Sum384(body)
		return s[:]
	}
	s := sha512.Sum512(body)
	return s[:]
}
