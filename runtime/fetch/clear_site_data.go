package fetch

import (
	"slices"
	"strings"
)

// clearSiteData does what a response's Clear-Site-Data asks for, before anyone
// sees the response: cookies and the HTTP cache here, the rest by the hook.
//
// Source: https://w3c.github.io/webappsec-clear-site-data/
func (p *fetching) clearSiteData(u *URL, headers HeaderList) {
	values, ok := GetDecodeSplit(headers, "Clear-Site-Data")
	if !ok || !trustworthyURL(u) {
		return
	}
	var types []string
	for _, v := range values {
		if strings.HasPrefix(v, `"`) {
			t, _ := collectQuoted(v)
			types = append(types, t)
		}
	}
	has := func(t string) bool { return slices.Contains(types, t) || slices.Contains(types, "*") }
	if has("cookies") {
		site := Site(u.Origin())
		_, domain, _ := strings.Cut(site, "://")
		p.auth.clear(u.Origin())
		p.cookies.Remove(func(c Cookie) bool { return c.Domain == domain || strings.HasSuffix(c.Domain, "."+domain) })
	}
	if has("cache") && p.cache != nil {
		p.cache.ClearOrigin(u.Origin())
	}
	if len(types) > 0 && p.ClearSiteData != nil {
		p.ClearSiteData(p.ctx, p.env, u, types)
	}
}

// ClearOrigin drops what is stored of one origin.
func (c *HTTPCache) ClearOrigin(o Origin) {
	c.mu.Lock()
	defer c.mu.Unlock()
	prefix := o.String() + "/"
	for key, list := range c.byKey {
		_, u, _ := strings.Cut(key, " ")
		if strings.HasPrefix(u, prefix) {
			for _, s := range slices.Clone(list) {
				c.remove(s)
			}
		}
	}
	c.revised++
}
