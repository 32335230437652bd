package fetch

import (
	"slices"
	"strings"
)

// NormalizeValue removes leading and trailing HTTP whitespace bytes.
//
// Source: https://fetch.spec.whatwg.org/#concept-header-value-normalize
func NormalizeValue(v string) string { return strings.Trim(v, " \t\r\n") }

// ValidName reports whether name is a header name: a token.
func ValidName(name string) bool { return isToken(name) }

// ValidValue reports whether v, normalised, is a header value: no NUL, CR or LF,
// no whitespace at its ends.
func ValidValue(v string) bool {
	return !strings.ContainsAny(v, "\x00\r\n") && strings.Trim(v, " \t") == v
}

func isToken(s string) bool {
	for i := 0; i < len(s); i++ {
		if !tokenByte(s[i]) {
			return false
		}
	}
	return s != ""
}

func tokenByte(c byte) bool {
	switch {
	case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		return true
	}
	return strings.IndexByte("!#$%&'*+-.^_`|~", c) >= 0
}

// ValidMethod reports whether m is a token.
func ValidMethod(m string) bool { return isToken(m) }

// ForbiddenMethod reports CONNECT, TRACE and TRACK.
func ForbiddenMethod(m string) bool {
	switch strings.ToUpper(m) {
	case "CONNECT", "TRACE", "TRACK":
		return true
	}
	return false
}

// NormalizeMethod upper-cases the methods that are, and no others.
func NormalizeMethod(m string) string {
	switch up := strings.ToUpper(m); up {
	case "DELETE", "GET", "HEAD", "OPTIONS", "POST", "PUT":
		return up
	}
	return m
}

var forbiddenRequestHeaders = map[string]bool{
	"accept-charset": true, "accept-encoding": true, "access-control-request-headers": true,
	"access-control-request-method": true, "access-control-request-private-network": true, "connection": true, "content-length": true,
	"cookie": true, "cookie2": true, "date": true, "dnt": true, "expect": true, "host": true,
	"keep-alive": true, "origin": true, "referer": true, "set-cookie": true, "te": true,
	"trailer": true, "transfer-encoding": true, "upgrade": true, "via": true,
}

// ForbiddenRequestHeader reports a header that a script may not set.
//
// Source: https://fetch.spec.whatwg.org/#forbidden-request-header
func ForbiddenRequestHeader(name, value string) bool {
	lower := strings.ToLower(name)
	if forbiddenRequestHeaders[lower] || strings.HasPrefix(lower, "proxy-") || strings.HasPrefix(lower, "sec-") {
		return true
	}
	switch lower {
	case "x-http-method", "x-http-method-override", "x-method-override":
		return slices.ContainsFunc(splitList(value), ForbiddenMethod)
	}
	return false
}

// ForbiddenResponseHeader reports Set-Cookie and Set-Cookie2.
func ForbiddenResponseHeader(name string) bool {
	return strings.EqualFold(name, "set-cookie") || strings.EqualFold(name, "set-cookie2")
}

func safelistedResponseHeader(name string) bool {
	switch strings.ToLower(name) {
	case "cache-control", "content-language", "content-length", "content-type", "expires", "last-modified", "pragma":
		return true
	}
	return false
}

// NoCORSSafelistedName reports a name that a no-cors request may set.
func NoCORSSafelistedName(name string) bool {
	switch strings.ToLower(name) {
	case "accept", "accept-language", "content-language", "content-type":
		return true
	}
	return false
}

// NoCORSSafelisted reports a header that a no-cors request may carry.
func NoCORSSafelisted(name, value string) bool {
	return NoCORSSafelistedName(name) && CORSSafelisted(name, value)
}

// CORSSafelisted reports a header that needs no preflight.
//
// Source: https://fetch.spec.whatwg.org/#cors-safelisted-request-header
func CORSSafelisted(name, value string) bool {
	if len(value) > 128 {
		return false
	}
	switch strings.ToLower(name) {
	case "accept":
		return !hasUnsafeByte(value)
	case "accept-language", "content-language":
		return onlyLanguageBytes(value)
	case "content-type":
		return !hasUnsafeByte(value) && safelistedType(value)
	case "range":
		start, _, ok := parseSingleRange(value, false)
		return ok && start >= 0
	}
	return false
}

func onlyLanguageBytes(v string) bool {
	for i := 0; i < len(v); i++ {
		c := v[i]
		letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
		if !letter && strings.IndexByte(" *,-.;=", c) < 0 {
			return false
		}
	}
	return true
}

func safelistedType(v string) bool {
	t, ok := ParseMIMEType(v)
	if !ok {
		return false
	}
	switch t.Essence() {
	case "application/x-www-form-urlencoded", "multipart/form-data", "text/plain":
		return true
	}
	return false
}

// hasUnsafeByte reports a CORS-unsafe request-header byte.
func hasUnsafeByte(v string) bool {
	for i := 0; i < len(v); i++ {
		if c := v[i]; c < 0x20 && c != '\t' || c == 0x7F || strings.IndexByte("\"():<>?@[\\]{}", c) >= 0 {
			return true
		}
	}
	return false
}

// CORSUnsafeNames are the names of the headers that need a preflight: lower-case,
// sorted, each once. More than 1024 bytes of safelisted values make all of them
// unsafe.
//
// Source: https://fetch.spec.whatwg.org/#cors-unsafe-request-header-names
func CORSUnsafeNames(l HeaderList) []string {
	var unsafe, candidates []string
	size := 0
	for _, h := range l {
		name := strings.ToLower(h.Name)
		if !CORSSafelisted(name, h.Value) {
			unsafe = append(unsafe, name)
			continue
		}
		candidates = append(candidates, name)
		size += len(h.Value)
	}
	if size > 1024 {
		unsafe = append(unsafe, candidates...)
	}
	slices.Sort(unsafe)
	return slices.Compact(unsafe)
}
