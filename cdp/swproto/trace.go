// Package swproto is the SWInspect domain: what swinspect's own engine can tell
// and do that CDP has no method for. Its commands and events are values, as
// cdproto's are. A backend without the domain answers "wasn't found".
//
// The domain belongs to the session of a page or of a hidden target: it speaks
// of that session's browser context.
package swproto

import (
	cdproto "github.com/chromedp/cdproto/cdp"
)

// Enable starts the events of the domain in a session. The first event carries
// what the engine still remembers.
var Enable = cdproto.Command[cdproto.Empty, cdproto.Empty]{Method: "SWInspect.enable"}

// Disable ends them.
var Disable = cdproto.Command[cdproto.Empty, cdproto.Empty]{Method: "SWInspect.disable"}

// Traced is sent with the steps the engine took since the last one, at most every
// 50 ms or 500 steps.
var Traced = cdproto.Event[TracedEvent]{Method: "SWInspect.traced"}

// TracedEvent is the payload of Traced.
type TracedEvent struct {
	// Missed is how many steps were dropped before these, because the session
	// read too slowly.
	Missed uint64  `json:"missed,omitempty"`
	Steps  []Trace `json:"steps"`
}

// Trace is one step of an algorithm.
type Trace struct {
	Seq uint64 `json:"seq"` // from 1, without gaps, per browser context
	// Timestamp is milliseconds since 1970.
	Timestamp float64 `json:"timestamp"`
	Algorithm string  `json:"algorithm"`         // "Handle Fetch"
	Step      string  `json:"step,omitempty"`    // "13.2"
	Subject   string  `json:"subject,omitempty"` // "request:ID", "worker:ID" …
	// Parent is the Seq of the step that began the story; 0 for that one.
	Parent   uint64            `json:"parent,omitempty"`
	Decision string            `json:"decision"`          // one plain sentence
	Verdict  string            `json:"verdict,omitempty"` // a word of a fixed vocabulary
	Details  map[string]string `json:"details,omitempty"`
}

// GetTrace answers steps after a Seq, oldest first.
var GetTrace = cdproto.Command[GetTraceParams, GetTraceResult]{Method: "SWInspect.getTrace"}

// GetTraceParams are the parameters of GetTrace.
type GetTraceParams struct {
	After uint64 `json:"after,omitempty"`
	Limit int64  `json:"limit,omitempty"` // 0: 1,000
}

// GetTraceResult is the result of GetTrace.
type GetTraceResult struct {
	Steps []Trace `json:"steps"`
}
