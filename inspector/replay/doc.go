// Package replay runs the fetch events of a recording again on the reference engine,
// with the recorded scripts or others, and compares what comes back.
//
// Load reads a recording; Run dispatches its events in a world that is rebuilt from
// it: registrations with the scripts of the versions that answered, caches as they
// were at the moment, network answers out of the recording, a clock that shows the
// recorded times and seeded randomness. One dispatches a single request, edited by
// hand. Reports write the results as text, NDJSON, JUnit XML or TAP.
//
// # Worlds
//
// A world is a browser context of the engine (runtime/window) without pages: clients
// are clients of the engine alone, so that an event costs what the worker costs. It
// stands for one browser context of the recording, and for as long as the versions
// that answered stay the same; the next version gets a new world as of that moment.
// With another script (Options.Script) there is one world for all of the recording.
//
// # Time
//
// The clock of a world is virtual. It is moved to the recorded time of each event,
// and from timer to timer while an event waits for nothing but timers: a slow network
// costs no time, and a race between a timer and the network has one winner.
//
// # Concurrency
//
// A Recording may be used from any goroutine. Run and One use one goroutine at a
// time besides the engine's own, and wait for all of them; several of them may run
// side by side on one Recording.
package replay
