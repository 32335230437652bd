package recording

import (
	"strings"
	"time"

	"github.com/chromedp/cdproto/cdp/jsonv2"

	"github.com/swinspect/swinspect/cdp"
	"github.com/swinspect/swinspect/inspector"
)

// record is a message as it is in the file. Times are microseconds since 1970.
type record struct {
	Seq  int64  `json:"seq"`
	Time *int64 `json:"time,omitzero"` // nil: the message had none
	// At orders messages: the latest time of any message so far, where that is not Time.
	At       *int64       `json:"at,omitzero"`
	Kind     string       `json:"kind"`
	Instance string       `json:"instance,omitzero"`
	Context  string       `json:"context,omitzero"`
	Target   string       `json:"target,omitzero"`
	Method   string       `json:"method"`
	Params   jsonv2.Value `json:"params,omitzero"`
	Result   jsonv2.Value `json:"result,omitzero"`
	Error    string       `json:"error,omitzero"`
}

// The classes of message. They are packed apart so that folding the state does not
// unpack every network event.
const (
	classState   = "state"
	classNetwork = "network"
)

// classOf is network for what only the fetch log, a replay or a person reads.
func classOf(m *inspector.Message) string {
	switch {
	case m.Kind == inspector.KindReply,
		m.Kind == inspector.KindEvent && (strings.HasPrefix(m.Method, "Network.") || strings.HasPrefix(m.Method, "Fetch.") || m.Method == "Runtime.bindingCalled"),
		m.Kind == inspector.KindNote && (m.Method == NoteCacheSnapshot{}.NoteMethod() || m.Method == NoteScript{}.NoteMethod() || m.Method == NoteRecording{}.NoteMethod()):
		return classNetwork
	}
	return classState
}

// micros is t for the file.
func micros(t time.Time) *int64 {
	if t.IsZero() {
		return nil
	}
	us := t.UnixMicro()
	return &us
}

func fromMicros(us *int64) time.Time {
	if us == nil {
		return time.Time{}
	}
	return time.UnixMicro(*us).UTC()
}

// encodeRecord writes a message for the file. What a peer sent as JSON and is none
// is kept as a JSON string.
func encodeRecord(r *record) ([]byte, error) {
	b, err := cdp.Encode(r)
	if err == nil {
		return b, nil
	}
	again := *r
	again.Params, again.Result = validJSON(r.Params), validJSON(r.Result)
	return cdp.Encode(&again)
}

func validJSON(v jsonv2.Value) jsonv2.Value {
	if len(v) == 0 {
		return nil
	}
	if _, err := cdp.Encode(v); err == nil {
		return v
	}
	text, err := cdp.Encode(string(v))
	if err != nil {
		return nil
	}
	return text
}

func (r *record) message() inspector.Message {
	return inspector.Message{
		Time: fromMicros(r.Time), Kind: inspector.MessageKind(r.Kind), Instance: r.Instance, Context: r.Context,
		Target: r.Target, Method: r.Method, Params: r.Params, Result: r.Result, Error: r.Error,
	}
}

// at is the time by which a record is ordered.
func (r *record) at() int64 {
	switch {
	case r.At != nil:
		return *r.At
	case r.Time != nil:
		return *r.Time
	}
	return 0
}
