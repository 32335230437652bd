// Package idl binds Go to JavaScript the way Web IDL says: interface objects and
// prototypes per realm, attributes, operations, constants, iterables, brand
// checks, conversions, exceptions.
//
// An [Interface] is a table, written once as a package variable. Its prototype
// and constructor are made per [Realm] on first use. An object of it is made with
// [Wrap] (or by a script's new) around any Go value, its implementation, which
// [Unwrap] and [This] give back. Natives run on the agent's loop; they throw by
// panicking with a value from [TypeError], [Throw] and the like.
//
// Source: https://webidl.spec.whatwg.org/
package idl
