// Package debugging holds the Debugger domain to what Chromium does: its tests drive
// the same commands on a Chromium and on the engine, write down what came (where it
// paused and why, frames, scopes, values) and compare that with testdata/*.txt, which
// `go test -run Chromium -update` writes from a real Chromium.
package debugging
