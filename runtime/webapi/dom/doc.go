// Package dom holds events, event targets and abort signals: what every realm,
// with or without a document, has of the DOM standard.
//
// A Go type becomes an event target by embedding [Target], an event by embedding
// [Event]. Everything runs on the agent's loop.
//
// Source: https://dom.spec.whatwg.org/
package dom
