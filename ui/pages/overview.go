package pages

import "github.com/swinspect/swinspect/inspector"

// OverviewView is what [Overview] shows.
type OverviewView struct {
	Lanes []Lane
}

// Lane is one of the three places a version can be in.
type Lane struct {
	Title   string
	Class   string
	Version *inspector.Version // nil: empty
}
