// Package script is the JavaScript agent: one goroutine, one goja runtime, one
// event loop. It knows no interface of the web platform; runtime/webapi/idl and
// the packages beside it put those into a [Realm].
//
// # Concurrency
//
// An [Agent] owns one goroutine, the loop. Everything that touches its goja
// runtime, a value of it or a Realm's fields runs there: in a task. Queue, Do,
// Terminate, Done and Err may be called from anywhere. Work that would block
// (network, engine) runs in a goroutine started by [Realm.Async] or [Agent.Go]; the
// agent waits for all of them when it ends.
package script
