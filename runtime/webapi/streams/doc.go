// Package streams is the Streams Standard in a realm: ReadableStream,
// WritableStream, TransformStream, their readers, writers, controllers and
// queuing strategies, TextEncoderStream and TextDecoderStream, and the doors
// between them and Go's io.Reader.
//
// The classes are those of a vendored implementation of the standard (see
// third_party), compiled once and run in a realm when a script first touches one of
// them. It sees no global: its intrinsics are handed in as they were when Install
// ran, and its internal slots are symbols.
//
// DIVERGES: the internal slots are symbol properties, so Object.getOwnPropertySymbols
// shows them.
//
// Concurrency: everything runs on the realm's loop, except Read and Close of what
// [ToReader] returns.
//
// Source: https://streams.spec.whatwg.org/
package streams
