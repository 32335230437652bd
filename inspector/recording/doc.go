// Package recording is the .swrec file: what happened in a browser or on the engine,
// as one SQLite file that anybody can open with the sqlite3 shell.
//
// A recording is the list of [inspector.Message]s in the order in which they came,
// plus the bodies they name by hash. Folding the messages with [inspector.Apply]
// gives the state as of any moment, and folding them with [fetches.Log] gives the
// rows of the fetch log; an index of those rows is kept in the file, so that a big
// recording can be filtered without folding it.
//
// docs/recording.md has the schema. A [Writer] writes a file, [Open] reads one,
// [ImportHAR] and [WriteHAR] turn HAR files into recordings and back.
package recording
