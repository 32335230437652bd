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
//
// # Debugging
//
// [Agent.Debug] has the scripts that are compiled from then on compiled with the probes
// of package instrument; without it nothing changes. Statements with probes that are
// not armed make a handler take about 1.25 times as long. debug_api.go is what a
// [Debugger] offers; a pause is a nested loop in the probe, on the agent's goroutine.
package script
