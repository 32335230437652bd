// Package indexeddb is the Indexed Database API over databases in memory that all
// realms of a storage key share, whatever agent they live in.
//
// A [Storage] holds the databases: plain Go data (keys as ordered strings, values as
// serialised values) behind one mutex. Transactions are scheduled there; a request
// of a transaction that has started is carried out at once, and its result comes as
// a task to the agent that asked, in order. Only the files that define interfaces
// touch JavaScript, on their realm's loop.
//
// Goroutines: opening and deleting a database each run one of the agent's
// (script.Agent.Go), which waits for other connections to close; it ends with the
// agent. The end of a realm aborts its transactions and closes its connections.
//
// Source: https://w3c.github.io/IndexedDB/
package indexeddb
