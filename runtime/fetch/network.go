package fetch

import (
	"crypto/x509"
	"fmt"
	"net/http"
)

// Function is a network that is a Go function: a test's, or a recording's.
type Function func(*http.Request) (*http.Response, error)

// RoundTrip calls the function.
func (f Function) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// OriginError is a request to an origin the network does not lead to.
type OriginError struct{ Origin string }

func (e *OriginError) Error() string {
	return fmt.Sprintf("the origin %s is not among those this network may reach", e.Origin)
}

// Sites is a network of several origins ("https://app.example" to what serves it).
// fallback answers for all others; nil refuses them with an *OriginError.
func Sites(sites map[string]http.RoundTripper, fallback http.RoundTripper) http.RoundTripper {
	return Function(func(r *http.Request) (*http.Response, error) {
		origin := r.URL.Scheme + "://" + r.URL.Host
		if site, ok := sites[origin]; ok {
			return site.RoundTrip(r)
		}
		if fallback != nil {
			return fallback.RoundTrip(r)
		}
		closeRequestBody(r)
		return nil, &OriginError{origin}
	})
}

func closeRequestBody(r *http.Request) {
	if r.Body != nil {
		r.Body.Close()
	}
}

// LiveOptions configure Live.
type LiveOptions struct {
	// AllowedOrigins are the origins that may be asked ("https://app.example:8443";
	// "*" for all; a host with a leading "*." for its subdomains on any port:
	// "https://*.example"). Empty: none.
	AllowedOrigins []string
	// HostMap dials a host elsewhere: "web-platform.test" or "*.test" to
	// "127.0.0.1" (the port stays) or "127.0.0.1:8443".
	HostMap map[string]string
	// RootCAs are trusted on top of the system's.
	RootCAs []*x509.Certificate
	// InsecureSPKI are base64 SHA-256 hashes of public keys that are trusted
	// whatever the rest of their certificate says.
	InsecureSPKI []string
}
