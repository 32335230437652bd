package recording

import (
	"bytes"
	"strings"

	"github.com/chromedp/cdproto/cdp/jsonv2"

	"github.com/swinspect/swinspect/cdp"
	"github.com/swinspect/swinspect/inspector"
)

// Redacted stands in the place of a secret.
const Redacted = "[redacted]"

// secretHeader reports whether the value of a header is a secret.
func secretHeader(name string) bool {
	switch strings.ToLower(strings.TrimSpace(name)) {
	case "cookie", "cookie2", "set-cookie", "set-cookie2", "authorization", "proxy-authorization":
		return true
	}
	return false
}

// Redact replaces the secrets of a message: the values of Cookie, Set-Cookie,
// Authorization and Proxy-Authorization headers in whatever form CDP or a note gives
// them (an object of headers, a list of names and values, the text of a request, a
// recorder's JSON in a string), cookies themselves (those that were sent, stored or
// blocked), and the passwords of URLs and of authentication. m is not changed. The
// bodies of requests and responses are not looked into.
func Redact(m inspector.Message) inspector.Message {
	m.Params = redactValue(m.Params)
	m.Result = redactValue(m.Result)
	return m
}

// hints are what a message with a secret holds, in lower case.
var hints = [][]byte{[]byte("cookie"), []byte("authorization"), []byte("password"), []byte(`\u00`), []byte("binaryresponseheaders"), []byte("@")}

func redactValue(v jsonv2.Value) jsonv2.Value {
	if len(v) == 0 || !hinted(v) {
		return v
	}
	var tree any
	if cdp.Decode(v, &tree) != nil {
		return v
	}
	r := redactor{}
	tree = r.walk("", tree)
	if !r.changed {
		return v
	}
	out, err := cdp.Encode(tree)
	if err != nil {
		return nil // a secret is not written for want of a form without it
	}
	return out
}

func hinted(v []byte) bool {
	lower := bytes.ToLower(v)
	for _, hint := range hints {
		if bytes.Contains(lower, hint) {
			return true
		}
	}
	return false
}

// redactor walks decoded JSON.
type redactor struct{ changed bool }

func (r *redactor) secret(s string) string {
	if s == "" || s == Redacted {
		return s
	}
	r.changed = true
	return Redacted
}

// walk redacts a value; key is the name it has in its object.
func (r *redactor) walk(key string, v any) any {
	switch v := v.(type) {
	case map[string]any:
		r.object(key, v)
	case []any:
		if pair := headerPair(v); pair {
			v[1] = r.all(v[1])
			return v
		}
		for i := range v {
			v[i] = r.walk(key, v[i])
		}
	case string:
		return r.text(key, v)
	}
	return v
}

// headerPair reports whether a list is ["Cookie", "value"], as recorders write headers.
func headerPair(v []any) bool {
	if len(v) != 2 {
		return false
	}
	name, ok := v[0].(string)
	return ok && secretHeader(name)
}

func (r *redactor) object(key string, o map[string]any) {
	switch name := nameOf(o); {
	case secretHeader(name), cookieKey(key): // {name, value} of a header; a cookie
		for k := range o {
			if strings.EqualFold(k, "value") {
				o[k] = r.all(o[k])
			}
		}
	}
	for k, v := range o {
		switch {
		case secretHeader(k) && isText(v):
			o[k] = r.all(v)
		case k == "password" && (v == "*" || v == ""): // of a URL pattern: any, or none
		case k == "cookieLine" || k == "binaryResponseHeaders" || k == "password":
			o[k] = r.all(v)
		default:
			o[k] = r.walk(k, v)
		}
	}
}

func cookieKey(key string) bool {
	switch key {
	case "cookie", "cookies", "associatedCookies", "blockedCookies", "exemptedCookies":
		return true
	}
	return false
}

// isText tells a header's value from an object that is called "cookie".
func isText(v any) bool {
	switch v := v.(type) {
	case string:
		return true
	case []any:
		for _, one := range v {
			if _, ok := one.(string); !ok {
				return false
			}
		}
		return true
	}
	return false
}

func nameOf(o map[string]any) string {
	for k, v := range o {
		if s, ok := v.(string); ok && strings.EqualFold(k, "name") {
			return s
		}
	}
	return ""
}

// all redacts every string in v.
func (r *redactor) all(v any) any {
	switch v := v.(type) {
	case string:
		return r.secret(v)
	case []any:
		for i := range v {
			v[i] = r.all(v[i])
		}
	}
	return v
}

// text redacts within a string: a block of header lines, JSON, a URL with a password.
func (r *redactor) text(key, s string) string {
	switch {
	case key == "headersText" || key == "requestHeadersText" || key == "responseHeadersText":
		return r.lines(s)
	case strings.HasPrefix(s, "{") || strings.HasPrefix(s, "["):
		if out := redactValue(jsonv2.Value(s)); string(out) != s {
			r.changed = true
			return string(out)
		}
	case strings.Contains(s, "@"):
		if out := redactURL(s); out != s {
			r.changed = true
			return out
		}
	}
	return s
}

func (r *redactor) lines(s string) string {
	lines := strings.SplitAfter(s, "\n")
	for i, line := range lines {
		name, value, ok := strings.Cut(line, ":")
		if ok && secretHeader(name) {
			end := value[len(strings.TrimRight(value, "\r\n")):]
			line = name + ": " + Redacted + end
			r.changed = r.changed || line != lines[i]
			lines[i] = line
		}
	}
	return strings.Join(lines, "")
}

// redactURL takes the password out of https://name:password@host/.
func redactURL(s string) string {
	scheme, rest, ok := strings.Cut(s, "://")
	if !ok || strings.ContainsAny(scheme, " /?#") {
		return s
	}
	end := strings.IndexAny(rest, "/?#\\ \n")
	if end < 0 {
		end = len(rest)
	}
	at := strings.LastIndexByte(rest[:end], '@')
	if at < 0 {
		return s
	}
	user, password, ok := strings.Cut(rest[:at], ":")
	if !ok || password == "" || password == Redacted {
		return s
	}
	return scheme + "://" + user + ":" + Redacted + rest[at:]
}
