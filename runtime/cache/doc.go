// Package cache holds the concepts of the Cache API: the request response list
// with its matching, the name to cache map, batch operations with roll-back,
// quota, and a trace of why a lookup hit or missed. There is no JavaScript here;
// runtime/webapi/cacheapi makes the objects a script sees out of these.
//
// # Concurrency
//
// A [Storage] and its [Cache]s share one lock and may be used from any goroutine.
// Requests and responses that go in or come out are copies of the holder's own:
// none is shared with a caller.
//
// Source: https://w3c.github.io/ServiceWorker/#cache-objects
package cache
