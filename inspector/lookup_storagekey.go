package inspector

import (
	"net"
	"net/url"

	"golang.org/x/net/publicsuffix"
)

// keyOf is the storage key of a target, as read or as it follows from its URL
// and the page it is in; "" when it cannot be told.
func (s *State) keyOf(t *Target) string {
	if t.StorageKey != "" {
		return t.StorageKey
	}
	origin := originOf(t.URL)
	if origin == "" {
		return ""
	}
	if t.Type == "page" {
		return origin + "/"
	}
	top := t
	for range 16 {
		if top.Type == "page" {
			break
		}
		up := s.parent(top)
		if up == nil {
			return ""
		}
		// A frame of the same site below one of another site has a key of its
		// own kind, which is not guessed at.
		if up.Type != "page" && urlSite(up.URL) != urlSite(t.URL) {
			return ""
		}
		top = up
	}
	site := urlSite(top.URL)
	switch {
	case top.Type != "page" || site == "":
		return ""
	case site == urlSite(t.URL):
		return origin + "/"
	}
	return origin + "/^0" + site
}

// urlSite is the site of a URL: its scheme and registrable domain, or its host
// when it has none (HTML Standard, obtain a site); "" without a host.
func urlSite(raw string) string {
	u, err := url.Parse(raw)
	if err != nil || u.Hostname() == "" {
		return ""
	}
	host := u.Hostname()
	if net.ParseIP(host) == nil {
		if domain, err := publicsuffix.EffectiveTLDPlusOne(host); err == nil {
			host = domain
		}
	} else if u.Host[0] == '[' {
		host = "[" + host + "]"
	}
	return u.Scheme + "://" + host
}
