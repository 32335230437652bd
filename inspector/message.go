package inspector

import (
	"time"

	"github.com/chromedp/cdproto/cdp/jsonv2"
)

// MessageKind says what one [Message] is.
type MessageKind string

// The kinds of message the fold reads.
const (
	// KindEvent is a CDP event, verbatim.
	KindEvent MessageKind = "event"
	// KindReply is the reply to a command swinspect sent: Params are the
	// command's, Result is the answer.
	KindReply MessageKind = "reply"
	// KindNote is a fact of swinspect itself (connected, gone, action sent …):
	// its Method is one of the Note constants and Params its JSON.
	KindNote MessageKind = "note"
)

// Message is one thing that happened on the wire (or to the wire), in the order
// in which it happened. The whole [State] is a fold over messages, so a list of
// them is a recording: folding it again gives the same state, folding a prefix
// gives the state as of that moment.
type Message struct {
	Time     time.Time    `json:"time"`
	Kind     MessageKind  `json:"kind"`
	Instance string       `json:"instance,omitempty"` // browser instance it came from
	Context  string       `json:"context,omitempty"`  // browser context of its session, "" for the browser session
	Target   string       `json:"target,omitempty"`   // target of its session, "" for the browser session
	Method   string       `json:"method"`
	Params   jsonv2.Value `json:"params,omitempty"`
	Result   jsonv2.Value `json:"result,omitempty"`
	Error    string       `json:"error,omitempty"` // a reply that failed
}
