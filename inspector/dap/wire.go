package dap

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"
)

// maxMessage bounds what a client may send at once, maxHeader a line of its header.
const (
	maxMessage = 16 << 20
	maxHeader  = 1024
)

// ProtocolError is what ends a session: bytes after which no message can be found.
type ProtocolError struct{ Reason string }

func (e *ProtocolError) Error() string { return "the Debug Adapter Protocol: " + e.Reason }

// message is what every message of a client has in common.
type message struct {
	Seq       int             `json:"seq"`
	Type      string          `json:"type"`
	Command   string          `json:"command"`
	Arguments json.RawMessage `json:"arguments"`
}

// readContent reads one message, header and all. Only the two header fields that the
// base protocol and its cousin (LSP) know are taken: a web page that talks HTTP to the
// port gets nowhere.
func readContent(r *bufio.Reader) ([]byte, error) {
	length := -1
	for first := true; ; first = false {
		line, err := r.ReadSlice('\n')
		switch {
		case errors.Is(err, bufio.ErrBufferFull) || len(line) > maxHeader:
			return nil, &ProtocolError{"a line of the header is too long"}
		case err == io.EOF && first && len(line) == 0:
			return nil, io.EOF
		case err == io.EOF:
			return nil, io.ErrUnexpectedEOF
		case err != nil:
			return nil, err
		}
		text := strings.TrimRight(string(line), "\r\n")
		if text == "" {
			break
		}
		name, value, _ := strings.Cut(text, ":")
		switch strings.ToLower(name) {
		case "content-length":
			length, err = strconv.Atoi(strings.TrimSpace(value))
			if err != nil || length < 0 {
				return nil, &ProtocolError{fmt.Sprintf("Content-Length is %q", strings.TrimSpace(value))}
			}
		case "content-type":
		default:
			return nil, &ProtocolError{fmt.Sprintf("the header begins with %.40q: is this a client of the Debug Adapter Protocol?", text)}
		}
	}
	switch {
	case length < 0:
		return nil, &ProtocolError{"a message without Content-Length"}
	case length > maxMessage:
		return nil, &ProtocolError{fmt.Sprintf("a message of %d bytes: at most %d are read", length, maxMessage)}
	}
	// What is announced is not yet sent: the memory grows with what comes.
	var b strings.Builder
	if _, err := io.CopyN(&b, r, int64(length)); err != nil {
		return nil, io.ErrUnexpectedEOF
	}
	return []byte(b.String()), nil
}

// sender numbers and writes messages; several goroutines may send. The first error
// is kept, and nothing is written after it.
type sender struct {
	mu  sync.Mutex
	w   io.Writer
	seq int
	err error
	log func(b []byte)
}

// send writes a message that is made with its number.
func (s *sender) send(of func(seq int) any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return
	}
	s.seq++
	b, err := json.Marshal(of(s.seq))
	if err != nil { // a value of ours that cannot be encoded
		s.seq--
		s.err = fmt.Errorf("encoding a message: %w", err)
		return
	}
	s.log(b)
	head := "Content-Length: " + strconv.Itoa(len(b)) + "\r\n\r\n"
	_, s.err = s.w.Write(append([]byte(head), b...))
}

// event is an event of the protocol with any body.
type event struct {
	Seq   int    `json:"seq"`
	Type  string `json:"type"`
	Event string `json:"event"`
	Body  any    `json:"body,omitempty"`
}

// response answers a request.
type response struct {
	Seq        int    `json:"seq"`
	Type       string `json:"type"`
	RequestSeq int    `json:"request_seq"`
	Success    bool   `json:"success"`
	Command    string `json:"command"`
	Message    string `json:"message,omitempty"`
	Body       any    `json:"body,omitempty"`
}

func (s *sender) event(name string, body any) {
	s.send(func(seq int) any { return event{Seq: seq, Type: "event", Event: name, Body: body} })
}

func (s *sender) respond(m *message, body any, err error) {
	s.send(func(seq int) any {
		r := response{Seq: seq, Type: "response", RequestSeq: m.Seq, Command: m.Command, Success: err == nil, Body: body}
		if err != nil {
			r.Message, r.Body = failed(err)
		}
		return r
	})
}
