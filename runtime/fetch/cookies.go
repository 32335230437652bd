package fetch

import (
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/net/publicsuffix"

	"github.com/swinspect/swinspect/runtime/clock"
)

// Cookie is a cookie in the jar.
type Cookie struct {
	Name, Value, Domain, Path  string
	HostOnly, Secure, HTTPOnly bool
	SameSite                   string    // "Strict", "Lax", "None"; empty: not given, which counts as Lax
	Expires                    time.Time // zero: a session cookie
	Created, Accessed          time.Time
	seq                        uint64
}

// CookieJar stores cookies on the engine's clock. Safe for any number of goroutines.
//
// Source: https://httpwg.org/http-extensions/draft-ietf-httpbis-rfc6265bis.html
type CookieJar struct {
	clock clock.Clock

	mu      sync.Mutex // guards the fields below
	cookies map[cookieKey]*Cookie
	seq     uint64
}

type cookieKey struct{ domain, path, name string }

// maxCookies bounds the jar; the longest unused goes first.
const maxCookies = 3000

// NewCookieJar returns an empty jar.
func NewCookieJar(c clock.Clock) *CookieJar {
	if c == nil {
		c = clock.Real()
	}
	return &CookieJar{clock: c, cookies: map[cookieKey]*Cookie{}}
}

// CookieContext is how a request or a script looks at the jar.
type CookieContext struct {
	SameSite   bool // same-site: all cookies
	Lax        bool // cross-site, but a top-level navigation by a safe method: Lax ones too
	Script     bool // document.cookie: HttpOnly ones neither show nor change
	AllSources bool // whatever SameSite says: for tools
}

// Header is the value of a Cookie header for u; empty for none.
func (j *CookieJar) Header(u *URL, c CookieContext) string {
	var b strings.Builder
	for _, cookie := range j.For(u, c) {
		if b.Len() > 0 {
			b.WriteString("; ")
		}
		if cookie.Name != "" {
			b.WriteString(cookie.Name + "=")
		}
		b.WriteString(cookie.Value)
	}
	return b.String()
}

// For are the cookies that go with a request to u: longest path first, then oldest.
func (j *CookieJar) For(u *URL, c CookieContext) []Cookie {
	j.mu.Lock()
	defer j.mu.Unlock()
	now := j.clock.Now()
	var list []Cookie
	for key, cookie := range j.cookies {
		if cookie.expired(now) {
			delete(j.cookies, key)
			continue
		}
		if cookie.goesTo(u, c) {
			cookie.Accessed = now
			list = append(list, *cookie)
		}
	}
	slices.SortFunc(list, func(a, b Cookie) int {
		if d := len(b.Path) - len(a.Path); d != 0 {
			return d
		}
		return int(int64(a.seq) - int64(b.seq))
	})
	return list
}

func (c *Cookie) expired(now time.Time) bool { return !c.Expires.IsZero() && !c.Expires.After(now) }

func (c *Cookie) goesTo(u *URL, x CookieContext) bool {
	switch {
	case c.HostOnly && c.Domain != u.Hostname(), !c.HostOnly && !domainMatch(u.Hostname(), c.Domain):
		return false
	case !pathMatch(u.Path(), c.Path), c.Secure && !secureCookieURL(u), x.Script && c.HTTPOnly:
		return false
	case x.SameSite || x.AllSources || c.SameSite == "None":
		return true
	}
	return x.Lax && c.SameSite != "Strict"
}

// secureCookieURL reports whether Secure cookies may go to u: https, or this machine.
func secureCookieURL(u *URL) bool { return u.Origin().PotentiallyTrustworthy() }

func domainMatch(host, domain string) bool {
	return host == domain || strings.HasSuffix(host, "."+domain) && net.ParseIP(host) == nil
}

func pathMatch(request, cookie string) bool {
	return request == cookie || strings.HasPrefix(request, cookie) && (strings.HasSuffix(cookie, "/") || request[len(cookie)] == '/')
}

// Set stores what one Set-Cookie line of a response from u says, and reports
// whether it was accepted.
func (j *CookieJar) Set(u *URL, line string, x CookieContext) bool {
	parsed, err := http.ParseSetCookie(line)
	if err != nil {
		return false
	}
	c := &Cookie{Name: parsed.Name, Value: parsed.Value, Secure: parsed.Secure, HTTPOnly: parsed.HttpOnly}
	switch parsed.SameSite {
	case http.SameSiteStrictMode:
		c.SameSite = "Strict"
	case http.SameSiteLaxMode:
		c.SameSite = "Lax"
	case http.SameSiteNoneMode:
		c.SameSite = "None"
	}
	if !c.scope(u, parsed) || !c.allowed(u, x) {
		return false
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	now := j.clock.Now()
	switch {
	case parsed.MaxAge < 0:
		c.Expires = time.Unix(0, 0)
	case parsed.MaxAge > 0:
		c.Expires = now.Add(time.Duration(parsed.MaxAge) * time.Second)
	case parsed.RawExpires != "" && !parsed.Expires.IsZero():
		c.Expires = parsed.Expires
	}
	return j.store(c, now, x)
}

// scope sets domain and path.
func (c *Cookie) scope(u *URL, parsed *http.Cookie) bool {
	host := u.Hostname()
	c.Domain, c.HostOnly = host, true
	if domain := strings.ToLower(strings.TrimPrefix(parsed.Domain, ".")); domain != "" && domain != host {
		suffix, _ := publicsuffix.PublicSuffix(domain)
		if !domainMatch(host, domain) || domain == suffix {
			return false
		}
		c.Domain, c.HostOnly = domain, false
	} else if domain != "" {
		c.HostOnly = false
	}
	c.Path = parsed.Path
	if !strings.HasPrefix(c.Path, "/") {
		c.Path = u.Path()
		if i := strings.LastIndexByte(c.Path, '/'); i > 0 {
			c.Path = c.Path[:i]
		} else {
			c.Path = "/"
		}
	}
	return true
}

// allowed checks Secure, SameSite and the prefixes of names.
func (c *Cookie) allowed(u *URL, x CookieContext) bool {
	switch {
	case c.Secure && !secureCookieURL(u), x.Script && c.HTTPOnly, c.SameSite == "None" && !c.Secure:
		return false
	case !x.SameSite && !x.Lax && !x.AllSources && c.SameSite != "None":
		return false
	}
	name := strings.ToLower(c.Name)
	if strings.HasPrefix(name, "__secure-") && !c.Secure {
		return false
	}
	return !strings.HasPrefix(name, "__host-") || c.Secure && c.HostOnly && c.Path == "/"
}

func (j *CookieJar) store(c *Cookie, now time.Time, x CookieContext) bool {
	key := cookieKey{c.Domain, c.Path, c.Name}
	old := j.cookies[key]
	if old != nil && x.Script && old.HTTPOnly {
		return false
	}
	if c.expired(now) {
		delete(j.cookies, key)
		return true
	}
	j.seq++
	c.Created, c.Accessed, c.seq = now, now, j.seq
	if old != nil {
		c.Created, c.seq = old.Created, old.seq
	}
	j.cookies[key] = c
	if len(j.cookies) > maxCookies {
		j.evict()
	}
	return true
}

func (j *CookieJar) evict() {
	var oldest cookieKey
	var found *Cookie
	for key, c := range j.cookies {
		if found == nil || c.Accessed.Before(found.Accessed) || c.Accessed.Equal(found.Accessed) && c.seq < found.seq {
			oldest, found = key, c
		}
	}
	delete(j.cookies, oldest)
}

// All are the cookies of every site, in the order in which they were made.
func (j *CookieJar) All() []Cookie {
	j.mu.Lock()
	defer j.mu.Unlock()
	now := j.clock.Now()
	var list []Cookie
	for _, c := range j.cookies {
		if !c.expired(now) {
			list = append(list, *c)
		}
	}
	slices.SortFunc(list, func(a, b Cookie) int { return int(int64(a.seq) - int64(b.seq)) })
	return list
}

// Put stores a cookie as it is: for tools and persistence.
func (j *CookieJar) Put(c Cookie) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if c.Path == "" {
		c.Path = "/"
	}
	j.store(&c, j.clock.Now(), CookieContext{AllSources: true})
}

// Remove deletes the cookies that match says; it reports how many.
func (j *CookieJar) Remove(match func(Cookie) bool) int {
	j.mu.Lock()
	defer j.mu.Unlock()
	before := len(j.cookies)
	for key, c := range j.cookies {
		if match(*c) {
			delete(j.cookies, key)
		}
	}
	return before - len(j.cookies)
}

// Site is the scheme and registrable domain of an origin: what "same site" compares.
//
// Source: https://html.spec.whatwg.org/#obtain-a-site
func Site(o Origin) string {
	if o.IsOpaque() {
		return o.String()
	}
	host := o.Hostname()
	if net.ParseIP(strings.Trim(host, "[]")) == nil {
		if domain, err := publicsuffix.EffectiveTLDPlusOne(host); err == nil {
			host = domain
		}
	}
	return o.Scheme() + "://" + host
}

// SameSite reports whether two origins are of one site; an opaque one only with itself.
func SameSite(a, b Origin) bool {
	if a.IsOpaque() || b.IsOpaque() {
		return a.Same(b)
	}
	return Site(a) == Site(b)
}
