package fetch

// Client is what the fetch algorithm needs to know of an environment settings
// object; the zero value stands for "no client", as for a navigation by the user.
//
// Source: https://html.spec.whatwg.org/#environment-settings-object
type Client struct {
	ID     string // the environment's id: Request.ClientID
	Origin Origin
	// BaseURL is the API base URL; CreationURL what referrer "client" stands for
	// (of a document from srcdoc: its parent's; about:blank: none).
	BaseURL, CreationURL *URL
	// ReferrerPolicy is the policy container's; empty for the default.
	ReferrerPolicy string
	// Secure is whether the environment prohibits mixed content: it, or a document
	// around it, came over https.
	Secure bool
	// UpgradeInsecure is the policy upgrade-insecure-requests.
	UpgradeInsecure bool
	// TopLevelOrigin partitions the HTTP cache and decides which cookies are
	// third-party; the zero value means Origin itself.
	TopLevelOrigin Origin
	StorageKey     string
	// EmbedderPolicy is "require-corp", "credentialless" or empty.
	EmbedderPolicy string
	// Allow, when set, is the Content Security Policy: an error blocks the request.
	Allow func(r *Request) error
	// Offline, when set, says that the network is away: CDP's Network.emulateNetworkConditions.
	Offline func() bool
	// Interceptor, when set, sees every request (CDP's Fetch domain).
	Interceptor Interceptor
	// ExtraHeaders go on every request to the network (CDP's Network.setExtraHTTPHeaders).
	ExtraHeaders HeaderList
	// BypassHTTPCache is CDP's Network.setCacheDisabled; BypassServiceWorker its
	// Network.setBypassServiceWorker.
	BypassHTTPCache, BypassServiceWorker bool
	UserAgent                            string // instead of the Fetcher's; empty: that
}
