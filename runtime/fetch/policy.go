package fetch

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

func equalFold(a, b string) bool { return strings.EqualFold(a, b) }

// decodeHeader is a Location's bytes as a URL string: what is no UTF-8 is
// percent-encoded as it is.
func decodeHeader(v string) string {
	if utf8.ValidString(v) {
		return v
	}
	var b strings.Builder
	for i := range len(v) {
		if v[i] < 0x80 {
			b.WriteByte(v[i])
		} else {
			fmt.Fprintf(&b, "%%%02X", v[i])
		}
	}
	return b.String()
}

const defaultReferrerPolicy = "strict-origin-when-cross-origin"

// maxReferrer is how long a referrer may be before only its origin is sent.
const maxReferrer = 4096

// ParseReferrerPolicy is the last policy of a Referrer-Policy header that is one;
// empty for none.
//
// Source: https://w3c.github.io/webappsec-referrer-policy/#parse-referrer-policy-from-header
func ParseReferrerPolicy(l HeaderList) string { return redirectPolicy(l) }

func redirectPolicy(l HeaderList) string {
	value, _ := l.Get("Referrer-Policy")
	policy := ""
	for _, token := range splitList(value) {
		if ValidReferrerPolicy(token) {
			policy = strings.ToLower(token)
		}
	}
	return policy
}

// ValidReferrerPolicy reports a referrer policy other than the empty one.
func ValidReferrerPolicy(s string) bool {
	switch strings.ToLower(s) {
	case "no-referrer", "no-referrer-when-downgrade", "same-origin", "origin", "strict-origin",
		"origin-when-cross-origin", "strict-origin-when-cross-origin", "unsafe-url":
		return true
	}
	return false
}

// determineReferrer is the referrer that is sent: a URL or "no-referrer".
//
// Source: https://w3c.github.io/webappsec-referrer-policy/#determine-requests-referrer
func (p *fetching) determineReferrer() string {
	r := p.r
	source := p.env.CreationURL
	if r.Referrer != "client" {
		u, err := ParseURL(r.Referrer, nil)
		if err != nil {
			return "no-referrer"
		}
		source = u
	}
	if source == nil || !source.IsHTTP() {
		return "no-referrer"
	}
	full, origin := stripReferrer(source), source.Origin().String()+"/"
	if len(full) > maxReferrer {
		full = origin
	}
	same := source.Origin().Same(r.CurrentURL().Origin())
	downgrade := trustworthyURL(source) && !trustworthyURL(r.CurrentURL())
	return applyReferrerPolicy(r.ReferrerPolicy, full, origin, same, downgrade)
}

func applyReferrerPolicy(policy, full, origin string, same, downgrade bool) string {
	switch policy {
	case "no-referrer":
		return "no-referrer"
	case "origin":
		return origin
	case "unsafe-url":
		return full
	case "strict-origin":
		if downgrade {
			return "no-referrer"
		}
		return origin
	case "same-origin":
		if same {
			return full
		}
		return "no-referrer"
	case "origin-when-cross-origin":
		if same {
			return full
		}
		return origin
	case "no-referrer-when-downgrade":
		if downgrade {
			return "no-referrer"
		}
		return full
	}
	switch { // strict-origin-when-cross-origin
	case same:
		return full
	case downgrade:
		return "no-referrer"
	}
	return origin
}

// stripReferrer is a URL without credentials and fragment.
func stripReferrer(u *URL) string {
	s := u.Origin().String() + u.Path()
	if u.Query() != "" {
		s += "?" + u.Query()
	}
	return s
}

// trustworthyURL is "is URL potentially trustworthy".
func trustworthyURL(u *URL) bool {
	switch u.Scheme() {
	case "data", "about":
		return true
	}
	return u.Origin().PotentiallyTrustworthy()
}

// TrustworthyURL reports a potentially trustworthy URL: https, wss, this machine,
// data: and about:.
func TrustworthyURL(u *URL) bool { return trustworthyURL(u) }

func (r *Request) topLevelNavigation() bool {
	return r.Mode == "navigate" && r.Destination == "document"
}

// upgrade makes http into https where a policy or the mixed content rules say so.
//
// Source: https://w3c.github.io/webappsec-mixed-content/#upgrade-algorithm
func (p *fetching) upgrade() {
	r := p.r
	u := r.CurrentURL()
	if u.Scheme() != "http" || r.topLevelNavigation() {
		return
	}
	media := r.Destination == "image" || r.Destination == "audio" || r.Destination == "video"
	if !p.env.UpgradeInsecure && (!p.env.Secure || !media || r.Mode == "cors" || trustworthyURL(u)) {
		return
	}
	if to, err := ParseURL("https"+strings.TrimPrefix(u.String(), "http"), nil); err == nil {
		r.URLList[len(r.URLList)-1] = to
	}
}

// mixedContent is "should fetching request be blocked as mixed content?".
//
// Source: https://w3c.github.io/webappsec-mixed-content/#should-block-fetch
func (p *fetching) mixedContent() bool {
	u := p.r.CurrentURL()
	return p.env.Secure && u.IsHTTP() && !trustworthyURL(u) && !p.r.topLevelNavigation()
}

// badPort is "should fetching request be blocked due to a bad port?".
//
// Source: https://fetch.spec.whatwg.org/#bad-port
func badPort(u *URL) bool { return u.Port() != "" && badPorts[u.Port()] }

var badPorts = func() map[string]bool {
	ports := map[string]bool{}
	for _, port := range strings.Fields(`0 1 7 9 11 13 15 17 19 20 21 22 23 25 37 42 43 53 69 77 79 87 95 101 102 103 104
		109 110 111 113 115 117 119 123 135 137 139 143 161 179 389 427 465 512 513 514 515 526 530 531 532 540 548 554 556
		563 587 601 636 989 990 993 995 1719 1720 1723 2049 3659 4045 4190 5060 5061 6000 6566 6665 6666 6667 6668 6669 6679 6697 10080`) {
		ports[port] = true
	}
	return ports
}()

// corpBlocks is the cross-origin resource policy check.
//
// Source: https://fetch.spec.whatwg.org/#cross-origin-resource-policy-check
func (p *fetching) corpBlocks(internal *Response) bool {
	if p.r.Mode != "no-cors" {
		return false
	}
	u := p.r.CurrentURL()
	if internal.URL() != nil {
		u = internal.URL()
	}
	return CORPBlocks(p.r.Origin, p.env.EmbedderPolicy, u, internal.Headers)
}

// CORPBlocks reports whether a response from u with those headers must not be used,
// without CORS, by origin under an embedder policy.
func CORPBlocks(origin Origin, embedder string, u *URL, headers HeaderList) bool {
	if origin.Same(u.Origin()) {
		return false
	}
	policy, _ := headers.Get("Cross-Origin-Resource-Policy")
	switch policy {
	case "same-origin", "same-site", "cross-origin":
	default:
		policy = ""
		if embedder == "require-corp" {
			policy = "same-origin"
		}
	}
	switch policy {
	case "same-origin":
		return true
	case "same-site":
		return !SameSite(origin, u.Origin()) && !(schemelessSameSite(origin, u.Origin()) && u.Scheme() == "https")
	}
	return false
}

func schemelessSameSite(a, b Origin) bool {
	if a.IsOpaque() || b.IsOpaque() {
		return false
	}
	_, siteA, _ := strings.Cut(Site(a), "://")
	_, siteB, _ := strings.Cut(Site(b), "://")
	return siteA == siteB
}
