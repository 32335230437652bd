// Package instrument puts probes into the syntax tree of a script, so that a debugger
// can stop it and see its variables. It is pure: a tree in, a [Table] out.
//
// Before a statement stands, as tree and not as text,
//
//	%b1[7] && %p1(7, (%i, %v, %w) => { switch (%i) { case 0: return x; case 1: return x = %v; … } }, %o3, %o1)
//
// %b1 is a Uint8Array whose bytes belong to Go: a probe that is not armed costs one
// look. %p1 is a native; it is given one accessor for all names of the scopes around
// that belong to the same function, and one function for each scope farther out. Those
// are declared in the block that owns the scope (%oN). The number behind %b and %p is
// the program's, so that programs do not meet. No script can spell such names.
//
// Nothing else changes: positions are those of the nodes, Function.prototype.toString
// answers from the text, functions keep their names, and the completion value of a
// script is its own. Inside with statements, where names may be anybody's, there are
// no probes.
package instrument
