package devtools

import (
	"context"
	"encoding/base64"
	"math"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	cdproto "github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"

	"github.com/swinspect/swinspect/runtime/fetch"
	"github.com/swinspect/swinspect/runtime/webapi/notifications"
)

func networkDomain(t *table) {
	eventOf(t, network.RequestWillBeSent)
	eventOf(t, network.RequestWillBeSentExtraInfo)
	eventOf(t, network.RequestServedFromCache)
	eventOf(t, network.ResponseReceived)
	eventOf(t, network.DataReceived)
	eventOf(t, network.LoadingFinished)
	eventOf(t, network.LoadingFailed)
	handle(t, network.Enable, func(_ context.Context, s *session, _ network.EnableParams) (cdproto.Empty, error) {
		s.enable("Network")
		return none, nil
	})
	handle(t, network.Disable, func(_ context.Context, s *session, _ cdproto.Empty) (cdproto.Empty, error) {
		s.server.mu.Lock()
		defer s.server.mu.Unlock()
		delete(s.on, "Network")
		s.network = networkSession{}
		return none, nil
	})
	handle(t, cdproto.Command[network.GetResponseBodyParams, bodyResult]{Method: network.CommandGetResponseBody}, responseBody)
	handle(t, cdproto.Command[network.GetRequestPostDataParams, postDataResult]{Method: network.CommandGetRequestPostData}, requestPostData)
	setting(t, network.SetCacheDisabled, func(n *networkSession, p network.SetCacheDisabledParams) { n.noCache = p.CacheDisabled })
	setting(t, network.SetBypassServiceWorker, func(n *networkSession, p network.SetBypassServiceWorkerParams) { n.bypassWorker = p.Bypass })
	setting(t, cdproto.Command[userAgentParams, cdproto.Empty]{Method: "Network.setUserAgentOverride"}, func(n *networkSession, p userAgentParams) { n.userAgent = p.UserAgent })
	setting(t, network.SetExtraHTTPHeaders, func(n *networkSession, p network.SetExtraHTTPHeadersParams) {
		n.extra = nil
		for name, v := range p.Headers {
			if value, ok := v.(string); ok {
				n.extra.Append(name, value)
			}
		}
	})
	setting(t, network.SetBlockedURLs, func(n *networkSession, p network.SetBlockedURLsParams) {
		n.blocked = nil
		for _, b := range p.URLPatterns {
			if b != nil && b.Block {
				n.blocked = append(n.blocked, b.URLPattern)
			}
		}
	})
	handle(t, cdproto.Command[emulateParams, cdproto.Empty]{Method: "Network.emulateNetworkConditions"}, func(_ context.Context, s *session, p emulateParams) (cdproto.Empty, error) {
		s.setOffline(p.Offline)
		return none, nil
	})
	setting(t, network.OverrideNetworkState, func(n *networkSession, p network.OverrideNetworkStateParams) {})
	handle(t, network.EmulateNetworkConditionsByRule, func(_ context.Context, s *session, p network.EmulateNetworkConditionsByRuleParams) (network.EmulateNetworkConditionsByRuleResult, error) {
		r := network.EmulateNetworkConditionsByRuleResult{RuleIDs: []string{}}
		offline := on(p.EmulateOfflineServiceWorker)
		for _, c := range p.MatchedNetworkConditions {
			offline = offline || c != nil && c.Offline
			r.RuleIDs = append(r.RuleIDs, newID())
		}
		s.setOffline(offline)
		return r, nil
	})
	handle(t, network.GetCookies, func(_ context.Context, s *session, p network.GetCookiesParams) (network.GetCookiesResult, error) {
		urls := p.URLs
		if len(urls) == 0 {
			s.server.mu.Lock()
			urls = []string{s.target.url}
			s.server.mu.Unlock()
		}
		r := network.GetCookiesResult{Cookies: []*network.Cookie{}}
		for _, raw := range urls {
			if u, err := fetch.ParseURL(raw, nil); err == nil {
				for _, c := range s.target.context.Fetcher().Cookies().For(u, fetch.CookieContext{AllSources: true}) {
					r.Cookies = append(r.Cookies, cookieOf(c))
				}
			}
		}
		return r, nil
	})
	handle(t, cdproto.Command[cookieParam, successResult]{Method: network.CommandSetCookie}, func(_ context.Context, s *session, p cookieParam) (successResult, error) {
		err := setCookie(s.target.context.Fetcher().Cookies(), s.server.clock.Now(), &p)
		return successResult{err == nil}, err
	})
	handle(t, cdproto.Command[cookiesParams, cdproto.Empty]{Method: network.CommandSetCookies}, func(_ context.Context, s *session, p cookiesParams) (cdproto.Empty, error) {
		return none, setCookies(s.target.context.Fetcher().Cookies(), s.server.clock.Now(), p.Cookies)
	})
	handle(t, network.DeleteCookies, func(_ context.Context, s *session, p network.DeleteCookiesParams) (cdproto.Empty, error) {
		domain := p.Domain
		if domain == "" {
			domain = domainOf(p.URL)
		}
		s.target.context.Fetcher().Cookies().Remove(func(c fetch.Cookie) bool {
			return c.Name == p.Name && (domain == "" || strings.TrimPrefix(c.Domain, ".") == strings.TrimPrefix(domain, ".")) && (p.Path == "" || c.Path == p.Path)
		})
		return none, nil
	})
	handle(t, network.ClearBrowserCookies, func(_ context.Context, s *session, _ cdproto.Empty) (cdproto.Empty, error) {
		s.target.context.Fetcher().Cookies().Remove(func(fetch.Cookie) bool { return true })
		return none, nil
	})
	handle(t, network.ClearBrowserCache, func(_ context.Context, s *session, _ cdproto.Empty) (cdproto.Empty, error) {
		if c, ok := any(s.target.context.Fetcher().HTTPCache()).(interface{ Clear() }); ok {
			c.Clear()
			return none, nil
		}
		return none, failed("The HTTP cache cannot be cleared")
	})
	accept(t, network.ConfigureDurableMessages) // bodies are kept anyway
	accept(t, network.SetAttachDebugStack)      // initiators carry no stacks
}

// setOffline takes the session's target off the network, or back on.
func (s *session) setOffline(offline bool) {
	s.server.mu.Lock()
	before := s.target.offline()
	s.network.offline = offline
	after := s.target.offline()
	s.server.mu.Unlock()
	if p := s.target.page; p != nil && before != after {
		p.ConnectionChanged(!after)
	}
	if before && !after {
		notifications.BackOnline(s.target.context.Engine())
	}
}

// offline is whether a client took the target off the network; with Server.mu held.
func (t *subject) offline() bool {
	return slices.ContainsFunc(t.sessions, func(x *session) bool { return x.network.offline })
}

// emulateParams are those of Network.emulateNetworkConditions, which cdproto no longer has.
type emulateParams struct {
	Offline            bool    `json:"offline"`
	Latency            float64 `json:"latency,omitempty"`
	DownloadThroughput float64 `json:"downloadThroughput,omitempty"`
	UploadThroughput   float64 `json:"uploadThroughput,omitempty"`
}

// setting registers a command that changes what a session asked of Network.
func setting[P any](t *table, c cdproto.Command[P, cdproto.Empty], set func(*networkSession, P)) {
	handle(t, c, func(_ context.Context, s *session, p P) (cdproto.Empty, error) {
		s.server.mu.Lock()
		defer s.server.mu.Unlock()
		set(&s.network, p)
		return none, nil
	})
}

// bodyResult is a body: as text when it is.
type bodyResult struct {
	Body          text `json:"body"`
	Base64Encoded bool `json:"base64Encoded"`
}

func responseBody(_ context.Context, s *session, p network.GetResponseBodyParams) (bodyResult, error) {
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	for _, q := range s.server.requests {
		if q.id != string(p.RequestID) || q.target != s.target {
			continue
		}
		switch {
		case q.tooLarge:
			return bodyResult{}, failed("Request content was evicted from inspector cache")
		case isText(q.mime) && utf8.Valid(q.body):
			return bodyResult{Body: text(q.body)}, nil
		}
		return bodyResult{text(base64.StdEncoding.EncodeToString(q.body)), true}, nil
	}
	return bodyResult{}, failed("No resource with given identifier found")
}

// postDataResult is a request's body: as text when it is.
type postDataResult struct {
	PostData      text `json:"postData"`
	Base64Encoded bool `json:"base64Encoded"`
}

func requestPostData(_ context.Context, s *session, p network.GetRequestPostDataParams) (postDataResult, error) {
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	for _, q := range s.server.requests {
		switch {
		case q.id != string(p.RequestID) || q.target != s.target:
		case q.post == nil:
			return postDataResult{}, failed("No post data available for the request")
		case utf8.Valid(q.post):
			return postDataResult{PostData: text(q.post)}, nil
		default:
			return postDataResult{text(base64.StdEncoding.EncodeToString(q.post)), true}, nil
		}
	}
	return postDataResult{}, failed("No resource with given id was found")
}

func isText(mime string) bool {
	return strings.HasPrefix(mime, "text/") || strings.HasSuffix(mime, "json") || strings.HasSuffix(mime, "javascript") || strings.HasSuffix(mime, "xml") || mime == ""
}

func cookieOf(c fetch.Cookie) *network.Cookie {
	out := &network.Cookie{
		Name: c.Name, Value: c.Value, Domain: c.Domain, Path: c.Path, Size: int64(len(c.Name) + len(c.Value)), HTTPOnly: c.HTTPOnly, Secure: c.Secure,
		Session: c.Expires.IsZero(), Expires: -1, SameSite: network.CookieSameSite(c.SameSite), Priority: "Medium", SourceScheme: "NonSecure", SourcePort: 80,
	}
	if c.Secure {
		out.SourceScheme, out.SourcePort = "Secure", 443
	}
	if !c.Expires.IsZero() {
		out.Expires = float64(c.Expires.Unix())
	}
	return out
}

// maxExpires is the end of the year 9999, in seconds since 1970.
const maxExpires = 253402300799

// cookieParam is network.CookieParam that tells an expiry of 0 (long ago) from none.
type cookieParam struct {
	Name     string   `json:"name"`
	Value    string   `json:"value"`
	URL      string   `json:"url,omitzero"`
	Domain   string   `json:"domain,omitzero"`
	Path     string   `json:"path,omitzero"`
	Secure   bool     `json:"secure,omitzero"`
	HTTPOnly bool     `json:"httpOnly,omitzero"`
	SameSite string   `json:"sameSite,omitzero"`
	Expires  *float64 `json:"expires,omitzero"` // seconds since 1970; below 0 or none: with the session
}

type cookiesParams struct {
	Cookies          []*cookieParam           `json:"cookies"`
	BrowserContextID cdproto.BrowserContextID `json:"browserContextId,omitzero"`
}

func setCookies(jar *fetch.CookieJar, now time.Time, cookies []*cookieParam) error {
	for _, c := range cookies {
		if err := setCookie(jar, now, c); err != nil {
			return err
		}
	}
	return nil
}

func setCookie(jar *fetch.CookieJar, now time.Time, p *cookieParam) error {
	if p == nil {
		return nil
	}
	c := fetch.Cookie{Name: p.Name, Value: p.Value, Domain: p.Domain, Path: p.Path, SameSite: p.SameSite, Secure: p.Secure, HTTPOnly: p.HTTPOnly}
	if p.URL != "" {
		u, err := fetch.ParseURL(p.URL, nil)
		if err != nil || !u.IsHTTP() {
			return invalid("URL must have scheme http or https")
		}
		if c.Domain == "" {
			c.Domain, c.HostOnly = domainOf(p.URL), true
		}
		c.Secure = c.Secure || u.Scheme() == "https"
	}
	if c.Domain == "" {
		return invalid("At least one of the url or domain needs to be specified")
	}
	c.Domain = strings.TrimPrefix(c.Domain, ".")
	if c.Path == "" {
		c.Path = "/"
	}
	if p.Expires != nil && *p.Expires >= 0 {
		whole, part := math.Modf(min(*p.Expires, maxExpires))
		c.Expires = time.Unix(int64(whole), int64(part*1e9))
	}
	if !c.Expires.IsZero() && c.Expires.Before(now) {
		jar.Remove(func(o fetch.Cookie) bool { return o.Name == c.Name && o.Domain == c.Domain && o.Path == c.Path })
		return nil
	}
	jar.Put(c)
	return nil
}

// userAgentParams are those of Network.setUserAgentOverride, which cdproto no longer has.
type userAgentParams struct {
	UserAgent      string `json:"userAgent"`
	AcceptLanguage string `json:"acceptLanguage,omitempty"`
	Platform       string `json:"platform,omitempty"`
}

// successResult is that of commands which once told success.
type successResult struct {
	Success bool `json:"success"`
}
