package swproto

import cdproto "github.com/chromedp/cdproto/cdp"

// DispatchFetch sends a request through a registration's active worker, as Handle
// Fetch would for a client in its scope: routes, fetch event, fall-through to the
// network.
var DispatchFetch = cdproto.Command[DispatchFetchParams, DispatchFetchResult]{Method: "SWInspect.dispatchFetch"}

// DispatchFetchParams are the parameters of DispatchFetch.
type DispatchFetchParams struct {
	RegistrationID string   `json:"registrationId"`
	URL            string   `json:"url"` // relative to the scope
	Method         string   `json:"method,omitempty"`
	Headers        []Header `json:"headers,omitempty"`
	Body           string   `json:"body,omitempty"` // base64
	// Navigation makes it the request of a document; otherwise it is fetch()'s.
	Navigation bool `json:"navigation,omitempty"`
}

// Header is one header of a request or response; names may repeat.
type Header struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// DispatchFetchResult is the result of DispatchFetch.
type DispatchFetchResult struct {
	Status     int64    `json:"status"` // 0 for a network error
	StatusText string   `json:"statusText"`
	Headers    []Header `json:"headers"`
	Body       string   `json:"body"` // base64
	// Source is where the response came from: "fetch-event", "cache-storage",
	// "network", "http-cache", "static-route" …
	Source string `json:"source"`
	// FromServiceWorker is whether a handler or a route gave it.
	FromServiceWorker bool `json:"fromServiceWorker"`
	// Error is why it is a network error.
	Error string `json:"error,omitempty"`
}

// PutCacheEntry puts a request and its response into a cache, made when it is not
// there.
var PutCacheEntry = cdproto.Command[PutCacheEntryParams, cdproto.Empty]{Method: "SWInspect.putCacheEntry"}

// PutCacheEntryParams are the parameters of PutCacheEntry.
type PutCacheEntryParams struct {
	StorageKey      string   `json:"storageKey"`
	CacheName       string   `json:"cacheName"`
	RequestURL      string   `json:"requestURL"`
	RequestHeaders  []Header `json:"requestHeaders,omitempty"`
	Status          int64    `json:"status,omitempty"` // 200 when 0
	StatusText      string   `json:"statusText,omitempty"`
	ResponseHeaders []Header `json:"responseHeaders,omitempty"`
	Body            string   `json:"body,omitempty"` // base64
}

// GetMemory answers what the engine's process uses.
var GetMemory = cdproto.Command[cdproto.Empty, GetMemoryResult]{Method: "SWInspect.getMemory"}

// GetMemoryResult is the result of GetMemory, in bytes.
type GetMemoryResult struct {
	Heap  float64 `json:"heap"`  // live and not yet collected objects
	Total float64 `json:"total"` // taken from the system by the Go runtime
	Limit float64 `json:"limit"` // the soft limit; 0 for none
}
