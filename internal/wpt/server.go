package wpt

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"net"
	"net/url"
	"time"
)

// SPKI is the base64 of the SHA-256 of the server's public key, which Chromium's
// --ignore-certificate-errors-spki-list wants; "" for a server without TLS. The
// host names of the suite are dialled at the loopback interface.
func SPKI(ctx context.Context, server string) (string, error) {
	u, err := url.Parse(server)
	if err != nil {
		return "", fmt.Errorf("wpt: the server's address: %w", err)
	}
	if u.Scheme != "https" {
		return "", nil
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	port := u.Port()
	if port == "" {
		port = "443"
	}
	// Whoever answers is believed: the key is only compared with itself.
	d := tls.Dialer{Config: &tls.Config{ServerName: u.Hostname(), InsecureSkipVerify: true}} //nolint:gosec
	conn, err := d.DialContext(ctx, "tcp", net.JoinHostPort("127.0.0.1", port))
	if err != nil {
		return "", fmt.Errorf("wpt: no server at %s (docs/wpt.md says how to start it): %w", server, err)
	}
	defer func() { _ = conn.Close() }() // nothing was written
	leaf := conn.(*tls.Conn).ConnectionState().PeerCertificates[0]
	sum := sha256.Sum256(leaf.RawSubjectPublicKeyInfo)
	return base64.StdEncoding.EncodeToString(sum[:]), nil
}

// ChromiumArgs are the flags a Chromium needs for the suite. All certificate
// errors at once may not be ignored: Chromium then keeps nothing in its HTTP
// cache, which the tests of updateViaCache look at.
func ChromiumArgs(spki string) []string {
	return []string{
		"--ignore-certificate-errors-spki-list=" + spki,
		"--host-resolver-rules=MAP *.test 127.0.0.1",
		"--disable-popup-blocking",
		"--autoplay-policy=no-user-gesture-required",
	}
}
