package swproto

import cdproto "github.com/chromedp/cdproto/cdp"

// GetClock answers the engine's time.
var GetClock = cdproto.Command[cdproto.Empty, ClockResult]{Method: "SWInspect.getClock"}

// AdvanceClock moves a virtual clock on; timers that fall due run. On a real clock
// it is refused.
var AdvanceClock = cdproto.Command[AdvanceClockParams, ClockResult]{Method: "SWInspect.advanceClock"}

// AdvanceClockParams are the parameters of AdvanceClock.
type AdvanceClockParams struct {
	// By is milliseconds, zero or more.
	By float64 `json:"by"`
}

// ClockResult is the engine's time.
type ClockResult struct {
	// Now is milliseconds since 1970.
	Now float64 `json:"now"`
	// Virtual is whether time stands still unless it is advanced.
	Virtual bool `json:"virtual"`
}
