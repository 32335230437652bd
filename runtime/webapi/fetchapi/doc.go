// Package fetchapi is the Fetch standard's and the File API's objects: Headers,
// Request, Response, FormData, Blob, File, FileReader and fetch(), over the
// concepts of runtime/fetch. What a realm fetches with, and as whom, is in its
// env.Settings.
//
// Concurrency: everything runs on the realm's loop; network and long bodies are
// read in goroutines of the agent (Realm.Async).
//
// Source: https://fetch.spec.whatwg.org/, https://w3c.github.io/FileAPI/
package fetchapi
