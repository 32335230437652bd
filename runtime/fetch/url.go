package fetch

import (
	"fmt"
	"strings"

	whatwg "github.com/nlnwa/whatwg-url/url"
)

// URL is a parsed URL record. It is immutable and safe for any number of
// goroutines; every part is worked out once, when it is parsed.
//
// Source: https://url.spec.whatwg.org/
type URL struct {
	href, hrefNoFragment                            string
	scheme, username, password                      string
	host, hostname, port, pathname, query, fragment string
	hasFragment, opaquePath, special                bool
}

// ParseURL parses input against base, which may be nil. The error names the input.
func ParseURL(input string, base *URL) (*URL, error) {
	var u *whatwg.Url
	var err error
	if base == nil {
		u, err = whatwg.Parse(input)
	} else {
		u, err = whatwg.ParseRef(base.href, input)
	}
	if err != nil {
		return nil, fmt.Errorf("invalid URL %q", input)
	}
	return newURL(u), nil
}

// MustParseURL is ParseURL for constants of the program: it panics on a bad one.
func MustParseURL(input string) *URL {
	u, err := ParseURL(input, nil)
	if err != nil {
		panic("fetch: " + err.Error())
	}
	return u
}

func newURL(u *whatwg.Url) *URL {
	r := &URL{
		href: u.Href(false), hrefNoFragment: u.Href(true),
		scheme: u.Scheme(), username: u.Username(), password: u.Password(),
		host: u.Host(), hostname: u.Hostname(), port: u.Port(),
		pathname: u.Pathname(), query: strings.TrimPrefix(u.Search(), "?"), fragment: strings.TrimPrefix(u.Hash(), "#"),
		opaquePath: u.OpaquePath(), special: u.IsSpecialScheme(),
	}
	r.hasFragment = len(r.href) != len(r.hrefNoFragment)
	return r
}

// String is the serialised URL, fragment included.
func (u *URL) String() string { return u.href }

// WithoutFragment is the serialised URL with its fragment excluded.
func (u *URL) WithoutFragment() string { return u.hrefNoFragment }

// Scheme is without its colon: "https".
func (u *URL) Scheme() string { return u.scheme }

// Host is hostname and, when it is not the scheme's default, port.
func (u *URL) Host() string { return u.host }

// Hostname is the host without its port.
func (u *URL) Hostname() string { return u.hostname }

// Port is empty for the scheme's default port.
func (u *URL) Port() string { return u.port }

// Username and Password are the URL's credentials, percent-encoded.
func (u *URL) Username() string { return u.username }

// Password is the URL's password, percent-encoded.
func (u *URL) Password() string { return u.password }

// Path is the serialised path: "/a/b".
func (u *URL) Path() string { return u.pathname }

// Query is without its question mark; empty for none and for an empty one.
func (u *URL) Query() string { return u.query }

// Fragment is without its hash sign.
func (u *URL) Fragment() string { return u.fragment }

// HasFragment tells "https://x/#" from "https://x/".
func (u *URL) HasFragment() bool { return u.hasFragment }

// OpaquePath reports whether the path is one string, as in "data:" and "blob:".
func (u *URL) OpaquePath() bool { return u.opaquePath }

// IsHTTP reports whether the scheme is http or https.
func (u *URL) IsHTTP() bool { return u.scheme == "http" || u.scheme == "https" }

// Origin is the URL's origin: a tuple for http, https, ws, wss and ftp, the inner
// one for blob:, otherwise a new opaque one each time it is asked for.
func (u *URL) Origin() Origin {
	switch u.scheme {
	case "http", "https", "ws", "wss", "ftp":
		return Origin{tuple: u.scheme + "://" + u.host}
	case "blob":
		if inner, err := ParseURL(u.pathname, nil); err == nil && inner.IsHTTP() {
			return inner.Origin()
		}
	}
	return OpaqueOrigin()
}

// WithCredentials is the URL with another username and password, as XMLHttpRequest's
// open sets them.
func (u *URL) WithCredentials(username, password string) *URL {
	parsed, err := whatwg.Parse(u.href)
	if err != nil {
		return u
	}
	parsed.SetUsername(username)
	parsed.SetPassword(password)
	return newURL(parsed)
}
