package cdp

import (
	"fmt"

	"github.com/chromedp/cdproto/cdp/jsonv2"
)

// MaxMessageSize is the size in bytes of the largest message that is read or
// sent, 100 MiB: the limit Chromium sets for a DevTools WebSocket. A larger
// message to send is refused with [ErrTooLarge]; a larger one that arrives ends
// the connection with it.
const MaxMessageSize = 100 << 20

// Message is one message of the protocol, in either direction: a command (ID
// and Method), its reply (ID and Result or Error), or an event (Method, no ID).
// SessionID is empty for the browser session.
type Message struct {
	ID        int64         `json:"id,omitzero"`
	SessionID string        `json:"sessionId,omitzero"`
	Method    string        `json:"method,omitzero"`
	Params    jsonv2.Value  `json:"params,omitzero"`
	Result    jsonv2.Value  `json:"result,omitzero"`
	Error     *MessageError `json:"error,omitzero"`
}

// MessageError is the error of a reply. The codes are those of JSON-RPC
// (CodeMethodNotFound and its siblings).
type MessageError struct {
	Code    int64  `json:"code"`
	Message string `json:"message"`
	Data    string `json:"data,omitzero"`
}

// The codes of error replies that Chromium sends.
const (
	CodeParseError      int64 = -32700 // the message is not JSON
	CodeInvalidRequest  int64 = -32600 // the message has no id or no method
	CodeMethodNotFound  int64 = -32601 // "'X.y' wasn't found"
	CodeInvalidParams   int64 = -32602 // parameters missing or of the wrong type
	CodeInternalError   int64 = -32603 // the handler failed
	CodeServerError     int64 = -32000 // the command itself failed: the message says why
	CodeSessionNotFound int64 = -32001 // "Session with given id not found."
)

// Error makes a *MessageError the error a server handler returns when it wants
// to choose the code of its reply.
func (e *MessageError) Error() string {
	if e.Data != "" {
		return fmt.Sprintf("%s: %s (%d)", e.Message, e.Data, e.Code)
	}
	return fmt.Sprintf("%s (%d)", e.Message, e.Code)
}

// UnmarshalJSON reads an error reply. Data that is not a string (Chromium sends
// strings, other peers do not keep to it) is kept as its JSON text.
func (e *MessageError) UnmarshalJSON(b []byte) error {
	var wire struct {
		Code    float64      `json:"code"`
		Message string       `json:"message"`
		Data    jsonv2.Value `json:"data"`
	}
	if err := Decode(b, &wire); err != nil {
		return err
	}
	*e = MessageError{Code: int64(wire.Code), Message: wire.Message}
	if len(wire.Data) == 0 || wire.Data.Kind() == 'n' {
		return nil
	}
	if Decode(wire.Data, &e.Data) != nil {
		e.Data = string(wire.Data)
	}
	return nil
}

// lenient are the options for everything that crosses the wire: text that is
// not UTF-8 becomes U+FFFD, of a repeated name the last one counts, unknown
// names are ignored.
var lenient = jsonv2.JoinOptions(jsonv2.DefaultOptionsV2(), jsonv2.AllowInvalidUTF8(true), allowDuplicateNames())

// strictText is lenient except for text that is not UTF-8: it is how a message
// that needs cleaning is found out without a second look at the others.
var strictText = jsonv2.JoinOptions(jsonv2.DefaultOptionsV2(), allowDuplicateNames())

// Decode reads the JSON of a peer (an [Event]'s Params, say) into out. It
// accepts what peers really send: see [Message] for what is forgiven.
func Decode(raw jsonv2.Value, out any) error {
	return jsonv2.Unmarshal(raw, out, lenient)
}

// Encode writes v as JSON for a peer; text that is not UTF-8 becomes U+FFFD.
func Encode(v any) (jsonv2.Value, error) {
	return jsonv2.Marshal(v, lenient)
}

// DecodeMessage reads one message. It forgives repeated and unknown names. Text
// that is not UTF-8, and lone surrogates, which JavaScript strings may hold,
// become U+FFFD in every part of the message, so that whoever decodes Params or
// Result later needs no leniency of its own. The error is a [*ProtocolError].
func DecodeMessage(b []byte) (Message, error) {
	var m Message
	err := jsonv2.Unmarshal(b, &m, strictText)
	if err == nil {
		return m, nil
	}
	clean := jsonv2.Value(b).Clone()
	if clean.Format(lenient) != nil {
		return Message{}, newProtocolError("not a JSON message", b, err)
	}
	m = Message{}
	if err := jsonv2.Unmarshal(clean, &m, strictText); err != nil {
		return Message{}, newProtocolError("not a protocol message", b, err)
	}
	return m, nil
}

// encodeCommand writes one command. Nil params leave the field out.
func encodeCommand(id int64, session, method string, params any) ([]byte, error) {
	m := Message{ID: id, SessionID: session, Method: method}
	if params != nil {
		raw, err := Encode(params)
		if err != nil {
			return nil, fmt.Errorf("encoding the parameters: %w", err)
		}
		m.Params = raw
	}
	b, err := jsonv2.Marshal(m, lenient)
	if err != nil {
		return nil, fmt.Errorf("encoding the command: %w", err)
	}
	return b, nil
}
