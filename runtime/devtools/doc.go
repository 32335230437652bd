// Package devtools serves the engine as a CDP browser: what a DevTools client finds
// at Chromium's debugging port it finds here, with the same words, in the same order.
//
// A [Server] owns a window.Browser and is its observer. Each client connection has
// a root session (the browser's, or a target's when the client dialled
// /devtools/page/ID) and the sessions attached from it. A file per domain:
// domain_NAME.go registers the commands of its domain for the kinds of target that
// have it (see tables in mux.go); what a session remembers about a domain hangs on the
// session.
//
// # Concurrency
//
// Server.mu guards targets, connections, sessions and everything that hangs on them.
// It is a leaf lock: the browser and the engine call the observer with their own
// locks held, so nothing of them is called with Server.mu held.
//
// Events go through a connection's outbox, which never blocks: an observer must not.
// Before a command is answered, the events it caused have been sent (flush), as
// clients expect of Target.attachToTarget and Runtime.enable.
//
// JavaScript values are touched on their agent's loop alone: a handler queues a task
// and returns later, so that commands of a session take effect in order and one that
// waits (awaitPromise) holds nobody up.
package devtools
