// Package fetches is the fetch log: what every request of a page, a frame or a worker
// came to, and why. A [Log] folds [inspector.Message]s into rows, as the inspector
// folds them into a state: live, from a recording, or from a prefix of one.
//
// A row is one request as its client made it. What the worker fetched while it
// answered is a row of its own, with the first one as its Parent.
package fetches
