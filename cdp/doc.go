// Package cdp holds both ends of the Chrome DevTools Protocol wire.
//
// The client end: [Resolve] turns what a user typed into an [Endpoint],
// [DialWebSocket] opens a [Transport] to it, [NewConn] speaks the protocol over
// that transport, and a [Session] is one flat session of the connection. A
// Session is a cdproto Session, so a typed call reads
//
//	cdproto.Call(ctx, session, serviceworker.SkipWaiting, serviceworker.SkipWaitingParams{ScopeURL: scope})
//
// The server end: [Serve] answers the commands that arrive on a transport with
// the handlers of a [Mux], typed by the same cdproto command values ([Handle]).
//
// A Transport carries whole messages and knows nothing of the protocol: a
// WebSocket ([DialWebSocket]), a pair of file descriptors ([NewStream], Chromium's
// --remote-debugging-pipe), or two ends in one process ([Pipe]).
//
// What a peer sends is never a panic. A message that is not JSON ends the
// connection with a [*ProtocolError]; a reply or an event of an unexpected shape
// is an error of the one call or subscriber that reads it.
package cdp
