package cache

import (
	"strings"

	"github.com/swinspect/swinspect/runtime/fetch"
)

// QueryOptions are CacheQueryOptions.
type QueryOptions struct {
	IgnoreSearch, IgnoreMethod, IgnoreVary bool
	// Story is what asks: it is handed to OnLookup, and has no effect on the answer.
	Story uint64
}

// Rejection is why Request Matches Cached Item said no.
type Rejection struct {
	Step string // number of the step that said no
	By   string // what was compared: method, url, search or vary
	Why  string // what it saw, in words
	// The two sides of the comparison; of vary, of the field named Header, "(none)"
	// for one that is not there.
	Header, Asked, Stored string
}

// RequestMatchesCachedItem is the algorithm of that name. response may be nil; the
// rejection is the zero one for a match.
func RequestMatchesCachedItem(query, request *fetch.Request, response *fetch.Response, o QueryOptions) (bool, Rejection) {
	// Request Matches Cached Item 1: only a GET can be in a cache, unless the method does not matter.
	if !o.IgnoreMethod && request.Method != "GET" {
		return false, Rejection{Step: "1", By: "method", Why: "the cached request's method is " + request.Method, Asked: query.Method, Stored: request.Method}
	}
	// Request Matches Cached Item 2, 3, 4, 5: the URLs without their fragments, and without their queries when they do not matter.
	if urlKey(query.URL(), o) != urlKey(request.URL(), o) {
		return false, Rejection{Step: "5", By: "url", Why: "the URLs differ", Asked: query.URL().String(), Stored: request.URL().String()}
	}
	// Request Matches Cached Item 6: nothing varies.
	if response == nil || o.IgnoreVary {
		return true, Rejection{}
	}
	if !response.Unfiltered().Headers.Has("Vary") {
		return true, Rejection{}
	}
	// Request Matches Cached Item 7, 8: every field the response varies on is the same in both requests.
	for _, field := range VaryFields(response) {
		if field == "*" {
			return false, Rejection{Step: "8.1", By: "vary", Why: "Vary: * matches nothing", Header: "*"}
		}
		a, inCached := request.Headers.Get(field)
		b, inQuery := query.Headers.Get(field)
		if a != b || inCached != inQuery {
			why := "it varies on " + field + ": cached with " + shown(a, inCached) + ", asked with " + shown(b, inQuery)
			return false, Rejection{Step: "8.1", By: "vary", Why: why, Header: field, Asked: orNone(b, inQuery), Stored: orNone(a, inCached)}
		}
	}
	// Request Matches Cached Item 9: nothing spoke against it.
	return true, Rejection{}
}

func shown(value string, present bool) string {
	if !present {
		return "none"
	}
	return `"` + value + `"`
}

func orNone(value string, present bool) string {
	if !present {
		return "(none)"
	}
	return value
}

// VaryFields are the field names in the Vary headers of a response, of the
// internal one when it is filtered, as a browser looks at them.
func VaryFields(response *fetch.Response) []string {
	value, ok := response.Unfiltered().Headers.Get("Vary")
	if !ok {
		return nil
	}
	var fields []string
	for field := range strings.SplitSeq(value, ",") {
		if field = strings.Trim(field, " \t"); field != "" {
			fields = append(fields, field)
		}
	}
	return fields
}

// urlKey is what two URLs have in common when they are equal for a query.
func urlKey(u *fetch.URL, o QueryOptions) string {
	if o.IgnoreSearch {
		return pathKey(u)
	}
	return u.WithoutFragment()
}

func pathKey(u *fetch.URL) string {
	href := u.WithoutFragment()
	if i := strings.IndexByte(href, '?'); i >= 0 {
		return href[:i]
	}
	return href
}
