// Package enginebench measures the engine next to its rivals in one run: a real
// Chromium over CDP, Miniflare and service-worker-mock. All of it is in its
// benchmarks; `make bench` runs them, docs/benchmarks.md has figures.
//
// Every contender has one processor: the engine in process one P, every other
// process and its children one CPU (on Linux). events/s is by the clock on the
// wall, events/core-s by the processor time that the contender used, which the
// load of a shared machine changes much less. The site is served by a process of
// its own, which is not counted.
package enginebench
