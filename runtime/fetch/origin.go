package fetch

import (
	"net/netip"
	"strings"
	"sync/atomic"
)

// Origin is a tuple origin or an opaque one; comparable with Same. The zero value
// is no origin.
//
// Source: https://html.spec.whatwg.org/#concept-origin
type Origin struct {
	tuple  string // "https://host:port"
	opaque uint64
}

var opaqueOrigins atomic.Uint64

// OpaqueOrigin returns an origin that is the same as no other.
func OpaqueOrigin() Origin { return Origin{opaque: opaqueOrigins.Add(1)} }

// IsOpaque reports whether the origin serialises to "null".
func (o Origin) IsOpaque() bool { return o.tuple == "" }

// String is the serialised origin: "https://example.com:8443", or "null".
func (o Origin) String() string {
	if o.tuple == "" {
		return "null"
	}
	return o.tuple
}

// Same reports whether the two are the same origin.
func (o Origin) Same(p Origin) bool { return o == p && o != Origin{} }

// Scheme is the tuple's scheme; empty for an opaque origin.
func (o Origin) Scheme() string {
	scheme, _, _ := strings.Cut(o.tuple, "://")
	return scheme
}

// Hostname is the tuple's host without its port; empty for an opaque origin.
func (o Origin) Hostname() string {
	_, host, _ := strings.Cut(o.tuple, "://")
	if i := strings.LastIndexByte(host, ':'); i > strings.LastIndexByte(host, ']') {
		host = host[:i]
	}
	return host
}

// PotentiallyTrustworthy reports whether the origin counts as secure: https, wss,
// or a loopback host.
//
// Source: https://w3c.github.io/webappsec-secure-contexts/#is-origin-trustworthy
func (o Origin) PotentiallyTrustworthy() bool {
	switch o.Scheme() {
	case "https", "wss":
		return true
	case "":
		return false
	}
	host := o.Hostname()
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	ip, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil && ip.IsLoopback()
}
