package fetch

import (
	"slices"
	"strings"
)

// FilterBasic is a basic filtered response: without Set-Cookie and Set-Cookie2.
//
// Source: https://fetch.spec.whatwg.org/#concept-filtered-response-basic
func FilterBasic(r *Response) *Response {
	f := filtered(r, "basic")
	f.Headers = headersWithout(r.Headers, ForbiddenResponseHeader)
	return f
}

// FilterCORS is a CORS filtered response: only the safelisted headers and those
// that Access-Control-Expose-Headers names. credentials is the request's mode: a
// "*" stands for all headers unless credentials were included.
//
// Source: https://fetch.spec.whatwg.org/#concept-filtered-response-cors
func FilterCORS(r *Response, credentials Credentials) *Response {
	f := filtered(r, "cors")
	exposed := exposedHeaders(r.Headers)
	all := credentials != "include" && slices.Contains(exposed, "*")
	f.Headers = headersWithout(r.Headers, func(name string) bool {
		if ForbiddenResponseHeader(name) {
			return true
		}
		return !all && !safelistedResponseHeader(name) && !slices.ContainsFunc(exposed, func(e string) bool { return strings.EqualFold(e, name) })
	})
	return f
}

// FilterOpaque hides everything.
//
// Source: https://fetch.spec.whatwg.org/#concept-filtered-response-opaque
func FilterOpaque(r *Response) *Response {
	f := filtered(r, "opaque")
	f.URLList, f.Status, f.StatusText, f.Headers, f.Body = nil, 0, "", nil, nil
	return f
}

// FilterOpaqueRedirect hides everything but the URL list.
//
// Source: https://fetch.spec.whatwg.org/#concept-filtered-response-opaque-redirect
func FilterOpaqueRedirect(r *Response) *Response {
	f := filtered(r, "opaqueredirect")
	f.Status, f.StatusText, f.Headers, f.Body = 0, "", nil, nil
	return f
}

// filtered is r with itself inside. A response that is filtered already is
// filtered anew from its inside.
func filtered(r *Response, t ResponseType) *Response {
	internal := r.Unfiltered()
	f := *internal
	f.Type, f.Internal = t, internal
	return &f
}

func headersWithout(l HeaderList, drop func(name string) bool) HeaderList {
	kept := make(HeaderList, 0, len(l))
	for _, h := range l {
		if !drop(h.Name) {
			kept = append(kept, h)
		}
	}
	return kept
}

func exposedHeaders(l HeaderList) []string {
	value, _ := l.Get("Access-Control-Expose-Headers")
	return splitList(value)
}

// splitList is a comma-separated list without its empty members.
func splitList(value string) []string {
	var list []string
	for part := range strings.SplitSeq(value, ",") {
		if part = strings.Trim(part, " \t"); part != "" {
			list = append(list, part)
		}
	}
	return list
}

// Clone is a copy of the response; a body is teed, so that both can be read.
//
// Source: https://fetch.spec.whatwg.org/#concept-response-clone
func (r *Response) Clone() *Response {
	c := *r
	c.URLList = slices.Clone(r.URLList)
	c.Headers = r.Headers.Clone()
	if r.Internal != nil {
		// The outer body, where it shows, is the inner one.
		shows := r.Body != nil
		c.Internal = r.Internal.Clone()
		if shows {
			r.Body, c.Body = r.Internal.Body, c.Internal.Body
		}
		return &c
	}
	if r.Body != nil {
		r.Body, c.Body = r.Body.Tee()
	}
	return &c
}
