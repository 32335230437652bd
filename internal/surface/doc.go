// Package surface compares what scripts in a service worker can see on Chromium and
// on the engine: the global object, every member of the interfaces that the project
// promises, their names, lengths, flags, order, brand checks and constructors, and
// what a table of cases comes to.
//
// testdata/chromium.txt is what Chromium shows, testdata/departures.txt where the
// engine is meant to differ, with the reasons. -update writes the former.
package surface
