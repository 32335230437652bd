package session

import _ "embed"

// Types is swinspect.d.ts: the types of all that scripts can use.
//
//go:embed swinspect.d.ts
var Types string
