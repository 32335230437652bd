// Package messaging is structured cloning and what travels by it: message
// channels, message ports, broadcast channels, structuredClone.
//
// A [Serialized] is a value on its way: it belongs to no realm and to no
// goroutine. [Serialize] makes one on the sender's loop; Deserialize makes the
// value anew on the receiver's, whatever agent that is.
//
// # Concurrency
//
// A channel's two ends share one lock, because their ports may live in different
// agents; it is never held while JavaScript runs. Everything else is of the loop.
//
// Source: https://html.spec.whatwg.org/#structured-data and
// https://html.spec.whatwg.org/#web-messaging
package messaging
