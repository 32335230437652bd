package fetch

// The enumerations of a request, by the words of the Fetch standard.
type (
	Mode           string // "navigate", "same-origin", "no-cors", "cors", "websocket"
	Credentials    string // "omit", "same-origin", "include"
	CacheMode      string // "default", "no-store", "reload", "no-cache", "force-cache", "only-if-cached"
	Redirect       string // "follow", "error", "manual"
	Destination    string // "", "document", "iframe", "script", "serviceworker", "worker", "sharedworker", "style", "image", …
	ServiceWorkers string // "all", "none"
)

// Request is the concept of a request. A Request belongs to one goroutine at a
// time: Clone before sharing.
//
// Source: https://fetch.spec.whatwg.org/#concept-request
type Request struct {
	Method         string
	URLList        []*URL // the current URL is the last
	Headers        HeaderList
	Body           *Body
	Mode           Mode
	Credentials    Credentials
	Cache          CacheMode
	Redirect       Redirect
	Destination    Destination
	Initiator      string
	Referrer       string // "client", "no-referrer" or a URL
	ReferrerPolicy string
	Integrity      string
	Keepalive      bool
	Priority       string
	Duplex         string

	Origin         Origin
	ServiceWorkers ServiceWorkers
	ClientID       string // environment that makes the request; empty for a navigation's reserved client
	// ReservedClientID, ReplacesClientID and TargetClientID are for navigations.
	ReservedClientID, ReplacesClientID  string
	ReloadNavigation, HistoryNavigation bool
	UserActivated                       bool
	UseCORSPreflight, UnsafeRequest     bool
	UseURLCredentials                   bool
	RedirectCount                       int
	Tainting                            string // "basic", "cors", "opaque"
	// ID names the request in traces and on the wire (CDP's requestId); set by the
	// fetch algorithm when empty.
	ID string
}

// NewRequest is a request with the standard's defaults: GET, no-cors,
// same-origin credentials, follow, referrer "client", service-workers "all".
func NewRequest(u *URL) *Request {
	return &Request{
		Method: "GET", URLList: []*URL{u}, Mode: "no-cors", Credentials: "same-origin", Cache: "default",
		Redirect: "follow", Referrer: "client", ServiceWorkers: "all", Tainting: "basic",
	}
}

// URL is the request's URL: the first of its list.
func (r *Request) URL() *URL { return r.URLList[0] }

// CurrentURL is the last URL of the request's list.
func (r *Request) CurrentURL() *URL { return r.URLList[len(r.URLList)-1] }

// IsSubresource, IsNonSubresource and IsNavigation follow the destination, as the
// standard defines them.
func (r *Request) IsSubresource() bool {
	switch r.Destination {
	case "audio", "audioworklet", "font", "image", "json", "manifest", "paintworklet", "script", "style", "text", "track", "video", "xslt", "":
		return true
	}
	return false
}

// IsNavigation reports a destination of document, embed, frame, iframe or object.
func (r *Request) IsNavigation() bool {
	switch r.Destination {
	case "document", "embed", "frame", "iframe", "object":
		return true
	}
	return false
}

// IsNonSubresource reports a navigation, or a destination of report,
// serviceworker, sharedworker or worker.
func (r *Request) IsNonSubresource() bool {
	switch r.Destination {
	case "report", "serviceworker", "sharedworker", "worker":
		return true
	}
	return r.IsNavigation()
}

// Clone copies the request; a body is teed, so both can be read.
func (r *Request) Clone() *Request {
	c := *r
	c.URLList = append([]*URL(nil), r.URLList...)
	c.Headers = r.Headers.Clone()
	if r.Body != nil {
		r.Body, c.Body = r.Body.Tee()
	}
	return &c
}
