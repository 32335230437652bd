// Package fetch holds the concepts of the Fetch standard that service workers
// stand on: request, response, header list, body, origin, URL, and the fetch
// algorithm over a Network. There is no JavaScript here; runtime/webapi/fetch
// makes the objects a script sees out of these.
//
// Source: https://fetch.spec.whatwg.org/
package fetch
