// Package frontend serves Chrome's DevTools front end out of its npm package,
// chrome-devtools-frontend, which holds the sources. All else of it is in its tests:
// debuggers that people use (that front end, and the one inside Chromium), unmodified,
// attached to a worker of `swinspect engine` and to one of a Chromium.
package frontend
