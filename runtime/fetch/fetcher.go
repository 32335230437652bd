package fetch

import (
	"context"
	"net/http"
	"strconv"
	"sync/atomic"

	"github.com/swinspect/swinspect/runtime/clock"
)

// FetcherOptions configure a Fetcher. Network is required, the rest has defaults.
type FetcherOptions struct {
	Network http.RoundTripper
	Clock   clock.Clock // the machine's when nil
	// HTTPCacheBytes bounds the HTTP cache: 0 means 64 MB, negative none at all.
	HTTPCacheBytes int64
	UserAgent      string
	AcceptLanguage string // "en-US,en;q=0.9" when empty
	Observer       Observer
	Cookies        *CookieJar // a new one when nil
	Blobs          BlobStore  // blob: URLs fail when nil
	MaxRedirects   int        // 20, as the standard says, when 0
}

// Fetcher is the fetch algorithm with what it keeps between requests: the HTTP
// cache, cookies and the CORS-preflight cache. There is one per browser context.
// Safe for any number of goroutines. It starts none of its own.
type Fetcher struct {
	network   http.RoundTripper
	clock     clock.Clock
	userAgent string
	language  string
	observer  Observer
	cache     *HTTPCache
	cookies   *CookieJar
	preflight *preflightCache
	auth      authEntries
	redirects int
	ids       atomic.Uint64

	// Blobs resolves blob: URLs.
	Blobs BlobStore
	// HandleFetch is the service worker's part of HTTP fetch (Handle Fetch); nil from
	// it means that no worker answers. Set it before the first Fetch.
	HandleFetch func(ctx context.Context, r *Request, env Client) *Response
	// ClearSiteData is told of a Clear-Site-Data header of u's response and the types
	// it names ("storage", "executionContexts", "*" …), before the response is handed
	// on. Cookies and the HTTP cache are cleared already. Set it before the first Fetch.
	ClearSiteData func(ctx context.Context, env Client, u *URL, types []string)
}

// BlobStore resolves blob: URLs.
type BlobStore interface {
	// ResolveBlob is the blob of a URL (fragment excluded): its bytes and type. env
	// asks: a blob URL works only for its own storage key.
	ResolveBlob(u string, env Client) (data []byte, mimeType string, ok bool)
}

// NewFetcher returns a Fetcher.
func NewFetcher(o FetcherOptions) *Fetcher {
	if o.Clock == nil {
		o.Clock = clock.Real()
	}
	if o.AcceptLanguage == "" {
		o.AcceptLanguage = "en-US,en;q=0.9"
	}
	if o.Cookies == nil {
		o.Cookies = NewCookieJar(o.Clock)
	}
	if o.MaxRedirects == 0 {
		o.MaxRedirects = 20
	}
	f := &Fetcher{
		network: o.Network, clock: o.Clock, userAgent: o.UserAgent, language: o.AcceptLanguage,
		observer: o.Observer, cookies: o.Cookies, Blobs: o.Blobs, redirects: o.MaxRedirects,
		preflight: newPreflightCache(o.Clock),
	}
	if o.HTTPCacheBytes >= 0 {
		f.cache = NewHTTPCache(o.HTTPCacheBytes, o.Clock)
	}
	return f
}

// Clock is the Fetcher's time.
func (f *Fetcher) Clock() clock.Clock { return f.clock }

// Cookies is the cookie store.
func (f *Fetcher) Cookies() *CookieJar { return f.cookies }

// HTTPCache is the HTTP cache; nil when there is none.
func (f *Fetcher) HTTPCache() *HTTPCache { return f.cache }

// UserAgent is the value of User-Agent: navigator.userAgent.
func (f *Fetcher) UserAgent() string { return f.userAgent }

// Network is what the Fetcher sends requests to; WebSocket and EventSource use it too.
func (f *Fetcher) Network() http.RoundTripper { return f.network }

// NewID names a request; each is given once per Fetcher.
func (f *Fetcher) NewID() string { return strconv.FormatUint(f.ids.Add(1), 10) }
