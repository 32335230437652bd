package fetch

import (
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
)

// schemeFetch goes by the scheme of the current URL.
//
// Source: https://fetch.spec.whatwg.org/#concept-scheme-fetch
func (p *fetching) schemeFetch() *Response {
	u := p.r.CurrentURL()
	switch u.Scheme() {
	case "about":
		if u.Path() == "blank" {
			return local("about", "text/html;charset=utf-8", []byte{})
		}
		return fail("%s cannot be fetched", u)
	case "blob":
		return p.blobFetch(u)
	case "data":
		mimeType, body, ok := ParseDataURL(u)
		if !ok {
			return fail("invalid data: URL")
		}
		return local("data", mimeType, body)
	case "http", "https":
		return p.httpFetch(false)
	}
	return fail("the scheme %q cannot be fetched", u.Scheme())
}

func local(source, mimeType string, body []byte) *Response {
	return &Response{
		Type: "default", Status: 200, StatusText: "OK", Source: source,
		Headers: HeaderList{{"Content-Type", mimeType}}, Body: BytesBody(body),
	}
}

// blobFetch reads a blob: URL, or the range of it that the request asks for.
func (p *fetching) blobFetch(u *URL) *Response {
	r := p.r
	if r.Method != "GET" {
		return fail("a blob: URL can only be read with GET, not %s", r.Method)
	}
	if p.Blobs == nil {
		return fail("there are no blob: URLs here")
	}
	data, mimeType, ok := p.Blobs.ResolveBlob(u.WithoutFragment(), p.env)
	if !ok {
		return fail("%s does not exist (any more)", u)
	}
	full := int64(len(data))
	rangeHeader, partial := r.Headers.Get("Range")
	if !partial {
		return &Response{
			Type: "default", Status: 200, StatusText: "OK", Source: "blob", Body: BytesBody(data),
			Headers: HeaderList{{"Content-Length", strconv.FormatInt(full, 10)}, {"Content-Type", mimeType}},
		}
	}
	start, end, ok := parseSingleRange(rangeHeader, true)
	if !ok {
		return fail("the Range %q is not one range of bytes", rangeHeader)
	}
	switch {
	case start < 0:
		start, end = max(full-end, 0), full-1
	case start >= full:
		return fail("the Range %q begins after the end", rangeHeader)
	case end < 0 || end >= full:
		end = full - 1
	}
	return &Response{
		Type: "default", Status: 206, StatusText: "Partial Content", Source: "blob", RangeRequested: true, Body: BytesBody(data[start : end+1]),
		Headers: HeaderList{
			{"Content-Length", strconv.FormatInt(end-start+1, 10)}, {"Content-Type", mimeType},
			{"Content-Range", fmt.Sprintf("bytes %d-%d/%d", start, end, full)},
		},
	}
}

// ParseDataURL is the data: URL processor: the serialised MIME type and the body.
//
// Source: https://fetch.spec.whatwg.org/#data-url-processor
func ParseDataURL(u *URL) (mimeType string, body []byte, ok bool) {
	rest, isData := strings.CutPrefix(u.WithoutFragment(), "data:")
	if !isData {
		return "", nil, false
	}
	mimeType, encoded, found := strings.Cut(rest, ",")
	if !found {
		return "", nil, false
	}
	mimeType = strings.Trim(mimeType, " \t\n\f\r")
	body = PercentDecode(encoded)
	if before, is := cutBase64(mimeType); is {
		if body, ok = ForgivingBase64(string(body)); !ok {
			return "", nil, false
		}
		mimeType = before
	}
	if strings.HasPrefix(mimeType, ";") {
		mimeType = "text/plain" + mimeType
	}
	if t, ok := ParseMIMEType(mimeType); ok {
		return t.String(), body, true
	}
	return "text/plain;charset=US-ASCII", body, true
}

// cutBase64 takes ";base64" off the end of a MIME type, spaces before it included.
func cutBase64(s string) (string, bool) {
	i := len(s) - len("base64")
	if i < 0 || !strings.EqualFold(s[i:], "base64") {
		return s, false
	}
	return strings.CutSuffix(strings.TrimRight(s[:i], " "), ";")
}

// PercentDecode undoes %XX; what is no escape stays.
func PercentDecode(s string) []byte {
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			if n, err := strconv.ParseUint(s[i+1:i+3], 16, 8); err == nil {
				out = append(out, byte(n))
				i += 2
				continue
			}
		}
		out = append(out, s[i])
	}
	return out
}

// ForgivingBase64 is forgiving-base64 decode; false for failure.
//
// Source: https://infra.spec.whatwg.org/#forgiving-base64-decode
func ForgivingBase64(s string) ([]byte, bool) {
	s = strings.Map(func(c rune) rune {
		if strings.ContainsRune(" \t\n\f\r", c) {
			return -1
		}
		return c
	}, s)
	if len(s)%4 == 0 {
		s = strings.TrimSuffix(s, "=")
		if len(s)%4 == 3 {
			s = strings.TrimSuffix(s, "=")
		}
	}
	if len(s)%4 == 1 || strings.ContainsRune(s, '=') {
		return nil, false
	}
	out, err := base64.RawStdEncoding.DecodeString(s)
	return out, err == nil
}
