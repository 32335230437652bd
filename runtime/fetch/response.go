package fetch

// ResponseType is a response's type: "basic", "cors", "default", "error",
// "opaque", "opaqueredirect".
type ResponseType string

// Response is the concept of a response. A filtered one has Internal set: what a
// script may see is on the outside, what the browser has is inside. A Response
// belongs to one goroutine at a time: Clone before sharing.
//
// Source: https://fetch.spec.whatwg.org/#concept-response
type Response struct {
	Type       ResponseType
	URLList    []*URL
	Status     int
	StatusText string
	Headers    HeaderList
	Body       *Body
	Internal   *Response

	Aborted        bool
	RangeRequested bool
	// Err is, for a network error, why: for people and traces, never for scripts.
	Err error
	// Source is where it came from: "network", "http-cache", "cache-storage",
	// "fetch-event", "data", "blob", "about", "static-route"; for CDP's
	// serviceWorkerResponseSource and traces.
	Source string
	// CacheName is the cache storage's cache it came from, when it did.
	CacheName string
	// FromServiceWorker is set when a fetch handler or route of a worker gave it.
	FromServiceWorker bool
	Timing            *Timing
}

// NetworkError is a response of type "error" with its cause.
func NetworkError(cause error) *Response { return &Response{Type: "error", Err: cause} }

// IsNetworkError reports a response of type "error".
func (r *Response) IsNetworkError() bool { return r.Type == "error" }

// URL is the last URL of the list, nil for none.
func (r *Response) URL() *URL {
	if len(r.URLList) == 0 {
		return nil
	}
	return r.URLList[len(r.URLList)-1]
}

// Unfiltered is the internal response of a filtered one, otherwise r itself.
func (r *Response) Unfiltered() *Response {
	if r.Internal != nil {
		return r.Internal
	}
	return r
}

// OK reports a status of 200–299.
func (r *Response) OK() bool { return r.Status >= 200 && r.Status <= 299 }
