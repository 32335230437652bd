// Package runtime is the reference engine: the algorithms of the Service Workers
// specification, by their names and in their order, over concepts in Go. There
// is no JavaScript here. What runs scripts is handed in as [Agents] and seen
// through [WorkerAgent] and [Environment]; runtime/webapi/serviceworker and
// runtime/window implement them on goja.
//
// # Concurrency
//
// One Engine has one lock. An algorithm runs with it held, straight down the
// page; Engine.await is the only place that lets go of it, and after it an
// algorithm looks again at what may have changed. "In parallel" is
// Engine.inParallel: a goroutine that Close waits for. "Queue a task" is a method
// of Environment: it never blocks and never calls back into the engine before it
// returns. Agents call the engine's exported methods from goroutines of their
// own (Realm.Async), never while they hold up their agent.
//
// Source: https://w3c.github.io/ServiceWorker/, pinned in internal/spec.
package runtime
