// Package wpt runs the service-worker part of the web-platform-tests on
// anything that speaks the Chrome DevTools Protocol, so that Chromium and the
// engine are measured by the same code, and compares what comes out with what
// Chromium passes and with what is expected of the engine.
//
//	go test ./internal/wpt -server https://web-platform.test:8443 -chromium -tier A,B -v
//	go test ./internal/wpt -server … -endpoint ws://127.0.0.1:9333/devtools/browser/… -tier A
//	go test ./internal/wpt -server … -engine default -tier A,B -update
//
// The suite is not part of this repository: docs/wpt.md says how to serve it.
// Which files are run, and in which tier, stands in testdata/tests.json; what
// Chromium 156 makes of them in testdata/chromium156.json; what the engine is
// expected to make of them in testdata/engine.json, which -update writes.
//
// Nothing is changed in a test. The only thing the runner adds to a page is a
// listener for DOMContentLoaded in its top document, which asks testharness.js,
// by its public functions, to tell the results.
package wpt
