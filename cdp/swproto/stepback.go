package swproto

import cdproto "github.com/chromedp/cdproto/cdp"

// StepBack goes back in the event that a worker is paused in. The event is run again, in
// a world of its own, from its recorded start (scripts, caches, answers of the network,
// time), to the statement before; Debugger.resumed and Debugger.paused tell of it, with
// scripts and a context of their own. Steps and Debugger.resume then go on there, until
// it has come to where the worker is really paused: that is shown again. On a service
// worker's session, while it is paused. An error says why it cannot be done.
var StepBack = cdproto.Command[StepBackParams, StepBackResult]{Method: "SWInspect.stepBack"}

// StepBackParams are the parameters of StepBack.
type StepBackParams struct {
	// ToBreakpoint goes back to the breakpoint before, or to where the event began.
	ToBreakpoint bool `json:"toBreakpoint,omitempty"`
}

// StepBackResult is the result of StepBack: which of how many statements of the event,
// from 0, it is at; Present is where the worker is really paused.
type StepBackResult struct {
	At      int64 `json:"at"`
	Present int64 `json:"present"`
}

// CanStepBack says whether there is an event to go back in.
var CanStepBack = cdproto.Command[cdproto.Empty, CanStepBackResult]{Method: "SWInspect.canStepBack"}

// CanStepBackResult is the result of CanStepBack.
type CanStepBackResult struct {
	Possible bool   `json:"possible"`
	Reason   string `json:"reason,omitempty"` // why not
	// Past says that what is shown is the past: statement At of the event, from 0, of
	// which statement Present is where the worker is really paused.
	Past    bool  `json:"past,omitempty"`
	At      int64 `json:"at,omitempty"`
	Present int64 `json:"present,omitempty"`
}
