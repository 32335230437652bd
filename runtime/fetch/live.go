package fetch

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Network is a live network. Close its idle connections when it is no more needed.
type Network struct {
	options   LiveOptions
	transport *http.Transport
}

// Live is the network of this machine, for the origins that are allowed. It does
// not decode, redirect or cache: the fetch algorithm does.
func Live(o LiveOptions) *Network {
	n := &Network{options: o}
	dialer := &net.Dialer{Timeout: 30 * time.Second, KeepAlive: 30 * time.Second}
	n.transport = &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		DisableCompression:  true,
		ForceAttemptHTTP2:   true,
		MaxIdleConnsPerHost: 6,
		IdleConnTimeout:     30 * time.Second,
		TLSHandshakeTimeout: 15 * time.Second,
		TLSClientConfig:     n.tlsConfig(),
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			return dialer.DialContext(ctx, network, n.dialAddress(address))
		},
	}
	if len(o.HostMap) > 0 {
		n.transport.Proxy = func(r *http.Request) (*url.URL, error) {
			if n.mapped(r.URL.Hostname()) != "" {
				return nil, nil
			}
			return http.ProxyFromEnvironment(r)
		}
	}
	return n
}

// RoundTrip sends one request.
func (n *Network) RoundTrip(r *http.Request) (*http.Response, error) {
	if !n.Allows(r.URL) {
		closeRequestBody(r)
		return nil, &OriginError{r.URL.Scheme + "://" + r.URL.Host}
	}
	return n.transport.RoundTrip(r)
}

// CloseIdleConnections closes the connections that wait for another request.
func (n *Network) CloseIdleConnections() { n.transport.CloseIdleConnections() }

// Allows reports whether the network may ask u's origin; ws and wss count as http
// and https.
func (n *Network) Allows(u *url.URL) bool {
	scheme := strings.Replace(u.Scheme, "ws", "http", 1)
	origin := scheme + "://" + u.Host
	return slices.ContainsFunc(n.options.AllowedOrigins, func(allowed string) bool {
		if allowed == "*" || allowed == origin {
			return true
		}
		s, host, ok := strings.Cut(allowed, "://*.")
		return ok && s == scheme && strings.HasSuffix(u.Hostname(), "."+host)
	})
}

// DialContext and TLSConfig are for protocols beside HTTP (WebSocket).
func (n *Network) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	return n.transport.DialContext(ctx, network, address)
}

// TLSConfig is the configuration for a TLS connection of the network.
func (n *Network) TLSConfig() *tls.Config { return n.transport.TLSClientConfig.Clone() }

// dialAddress applies the host map to "host:port".
func (n *Network) dialAddress(address string) string {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return address
	}
	to := n.mapped(host)
	switch {
	case to == "":
		return address
	case strings.Contains(to, ":") && !strings.HasSuffix(to, "]"):
		return to
	}
	return net.JoinHostPort(strings.Trim(to, "[]"), port)
}

func (n *Network) mapped(host string) string {
	if to, ok := n.options.HostMap[host]; ok {
		return to
	}
	for pattern, to := range n.options.HostMap {
		if suffix, wild := strings.CutPrefix(pattern, "*"); wild && strings.HasSuffix(host, suffix) {
			return to
		}
	}
	return ""
}

func (n *Network) tlsConfig() *tls.Config {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	for _, c := range n.options.RootCAs {
		pool.AddCert(c)
	}
	config.RootCAs = pool
	if len(n.options.InsecureSPKI) > 0 {
		// The chain is verified below, unless a key of it is trusted as it is.
		config.InsecureSkipVerify = true
		config.VerifyConnection = func(s tls.ConnectionState) error { return n.verify(s, pool) }
	}
	return config
}

func (n *Network) verify(s tls.ConnectionState, roots *x509.CertPool) error {
	intermediates := x509.NewCertPool()
	for i, c := range s.PeerCertificates {
		sum := sha256.Sum256(c.RawSubjectPublicKeyInfo)
		if slices.Contains(n.options.InsecureSPKI, base64.StdEncoding.EncodeToString(sum[:])) {
			return nil
		}
		if i > 0 {
			intermediates.AddCert(c)
		}
	}
	_, err := s.PeerCertificates[0].Verify(x509.VerifyOptions{DNSName: s.ServerName, Roots: roots, Intermediates: intermediates})
	return err
}
