package instrument

// Table says what the probes of a program are. It never changes once it is made.
// Offsets are in bytes of the text that was parsed, from 0.
type Table struct {
	Number    int // the program's: of the names %b and %p
	Probes    []Probe
	Scopes    []Scope
	Functions []Function
	Tries     []Try
	Lexical   []Name // the script's top-level let, const and class
}

// Range is a piece of the text, To exclusive.
type Range struct{ From, To int }

// Try is a block whose exceptions are caught.
type Try struct {
	Function int
	Range
}

// ProbeKind is what stands behind a probe.
type ProbeKind byte

// The kinds.
const (
	Statement ProbeKind = iota
	Debugger            // a debugger statement: the probe always calls
	Return              // a return statement
	End                 // the end of a function's body
	Throw               // a throw statement
)

// Probe is a place where script can stop.
type Probe struct {
	Kind     ProbeKind
	Offset   int
	Function int // index in Functions
	// Access are the scopes around, innermost first, as far as the script's top level.
	Access []Access
	// This and Activation are the accessor's numbers for this and, in async functions,
	// for the number of the call; below 0: it has none.
	This, Activation int
	// Arguments is the number for arguments; 0: it has none.
	Arguments int
	// Passed is how many variables are arguments themselves.
	Passed int
	// Private are the names with # that the accessor reads (%v its object) and writes
	// (%w the value): from First on, two numbers each.
	Private      []string
	FirstPrivate int
	// Calls are the names of the functions and methods that the statement calls itself or
	// hands over, "" for others; Suspends says that it awaits or yields.
	Calls    []string
	Suspends bool
}

// Access is how a probe reaches the variables of a scope: variable i of the scope is
// read with number First+2i and written with the number after it.
type Access struct {
	Scope int // index in Scopes
	// Values says that the probe passes the first Ready variables themselves, behind the
	// functions, from argument First on; the others are not initialised there. A probe
	// that changed one answers an array of all that it was passed.
	Values bool
	Ready  int
	// Thunk is which function behind the accessor to call; below 0: the accessor.
	Thunk int
	First int
	// Hidden are the variables that an inner scope of the same name covers, so that the
	// accessor would read that.
	Hidden map[int]bool
}

// ScopeKind is a kind of scope.
type ScopeKind byte

// The kinds.
const (
	FunctionScope ScopeKind = iota
	BlockScope
	CatchScope
	ClassScope
)

// Scope is a list of variables.
type Scope struct {
	Kind     ScopeKind
	Function int
	Range
	Names []Name
}

// Name is a variable.
type Name struct {
	Name     string
	Constant bool
	Offset   int // of its declaration
}

// Function is a function of the program; number 0 is the script itself.
type Function struct {
	Name  string // its own, or from where it stands; empty: none
	Outer int    // the function around; -1 for the script
	Range        // from its first word or parameter to behind its body
	// Body is where its body begins.
	Body                    int
	Async, Generator, Arrow bool
	// Probes are its own, not those of functions in it, in the order of the text.
	Probes []int
}
