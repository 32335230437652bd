package inspector

import (
	"strconv"
	"strings"
	"time"
)

// EntryFields are the fields that a filter of cache entries knows. "mime" is
// another name of "content-type".
var EntryFields = []string{"url", "method", "status", "type", "content-type", "mime", "size", "vary", "time", "header", "is"}

// EntryField gives what a filter term sees of an entry under a field of
// EntryFields, nil when the entry has none; under "" it is the entry's free
// text: method, URL, status, type and content type. "size" is the measured size
// of the body in bytes, "time" RFC 3339, "vary" the single names of the header,
// "header" every name and every "name: value" of request and response, and "is"
// any of opaque, varying, error, redirect, unmeasured.
func EntryField(e *CacheEntry, key string) []string {
	switch key {
	case "":
		return []string{e.URL, e.Method, strconv.Itoa(e.Status), e.Type, e.ContentType}
	case "url":
		return []string{e.URL}
	case "method":
		return []string{e.Method}
	case "status":
		return []string{strconv.Itoa(e.Status)}
	case "type":
		return []string{e.Type}
	case "content-type", "mime":
		return []string{e.ContentType}
	case "size":
		if e.Size >= 0 {
			return []string{strconv.FormatInt(e.Size, 10)}
		}
	case "vary":
		return listed(e.Vary)
	case "time":
		if !e.Time.IsZero() {
			return []string{e.Time.Format(time.RFC3339)}
		}
	case "header":
		return headerTexts(e)
	case "is":
		return entryIs(e)
	}
	return nil
}

func headerTexts(e *CacheEntry) []string {
	var texts []string
	for _, headers := range [][]Header{e.RequestHeaders, e.ResponseHeaders} {
		for _, h := range headers {
			texts = append(texts, h.Name, h.Name+": "+h.Value)
		}
	}
	return texts
}

// entryIs is what is noteworthy of an entry.
func entryIs(e *CacheEntry) []string {
	var is []string
	add := func(word string, holds bool) {
		if holds {
			is = append(is, word)
		}
	}
	add("opaque", e.Type == "opaque" || e.Type == "opaqueredirect")
	add("varying", e.Vary != "")
	add("error", e.Status >= 400 || e.Type == "error")
	add("redirect", e.Status >= 300 && e.Status < 400 || e.Type == "opaqueredirect")
	add("unmeasured", e.Size < 0)
	return is
}

// listed splits a comma-separated header value.
func listed(s string) []string {
	var out []string
	for f := range strings.SplitSeq(s, ",") {
		if f = strings.TrimSpace(f); f != "" {
			out = append(out, f)
		}
	}
	return out
}
