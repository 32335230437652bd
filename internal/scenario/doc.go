// Package scenario holds what service workers do, one behaviour per file, and
// runs every file on Chromium and on the engine: equal answers are expected.
//
// A scenario is a txtar file in testdata. Its comment says in prose what is to
// be seen. Its files:
//
//	page.js       the body of an async function that runs in a page (at
//	              /harness/, outside every scope) and returns the answer, a JSON value
//	answer.json   the answer by the specification
//	chromium.json Chromium's answer where it departs; the comment then names the
//	              step, on a line that starts with "Chromium:"
//	routes.json   what the server does beyond serving files; see [Route]
//	others        files of the site: sw.js is /sw.js, app/data.txt is /app/data.txt
//
// A path that is no file is an empty document when it ends in "/" or ".html",
// and 404 otherwise. In files, {{origin}} is the site's origin and {{other}} one
// that is cross-origin to it and serves the same files. What page.js can call
// stands in helpers.js.
//
// Every scenario has a server on a port of its own and a browser context of its
// own, so they run side by side in one browser.
package scenario
