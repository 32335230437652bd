// Package window simulates the clients of service workers: pages, frames, their
// documents and windows, dedicated and shared workers. There is no layout and no
// rendering; scripts run, elements are built, frames and subresources load.
//
// A [Browser] has browser contexts, each with its own engine, cookies and
// storage; a [Context] has pages, a [Page] a tree of frames. The windows of a page
// (and of those it opens) share one agent, a group: one goja runtime in which each
// document has a window object of its own and its scripts run inside `with`
// (package transform).
//
// # Concurrency
//
// What belongs to a document is touched on its group's loop alone. The tree of
// pages and frames is guarded by the context's lock, so that CDP can read it at any
// time. A navigation is a goroutine of the group ("in parallel") that fetches, then a
// task that commits. Observer methods must not block.
package window
