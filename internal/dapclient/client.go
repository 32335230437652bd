// Package dapclient speaks the Debug Adapter Protocol as an editor does, for tests.
package dapclient

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	godap "github.com/google/go-dap"
)

// Client is a debugger's front end as editors have it: what it is sent is decoded by
// go-dap, so that every message is what the protocol's schema says.
type Client struct {
	t    testing.TB
	conn io.ReadWriteCloser
	seq  int

	mu      sync.Mutex
	all     []godap.Message // everything that came
	changed chan struct{}
	read    int // events up to here were taken
	err     error
}

// New speaks with what is at the other end of conn. The test's end closes it.
func New(t testing.TB, conn io.ReadWriteCloser) *Client {
	t.Helper()
	c := &Client{t: t, conn: conn, changed: make(chan struct{})}
	done := make(chan struct{})
	go func() { defer close(done); c.receive() }()
	t.Cleanup(func() {
		_ = conn.Close() // the other end may have done so
		<-done
	})
	return c
}

// Close hangs up.
func (c *Client) Close() error { return c.conn.Close() }

// Write puts bytes on the wire, whatever they are.
func (c *Client) Write(b []byte) (int, error) { return c.conn.Write(b) }

// Skip has the next request numbered from n+1 on.
func (c *Client) Skip(n int) { c.seq = n }

func (c *Client) receive() {
	codec := godap.NewCodec()
	if err := codec.RegisterEvent("swinspect/state", func() godap.Message { return &StateEvent{} }); err != nil {
		panic(err) // the name is not taken
	}
	r := bufio.NewReader(c.conn)
	for {
		b, err := godap.ReadBaseMessage(r)
		var m godap.Message
		if err == nil {
			m, err = codec.DecodeMessage(b)
			if err != nil {
				c.t.Errorf("not of the protocol: %s: %v", b, err)
				continue
			}
		}
		c.mu.Lock()
		if err != nil {
			c.err = err
		} else {
			c.all = append(c.all, m)
		}
		close(c.changed)
		c.changed = make(chan struct{})
		c.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// StateEvent is the swinspect/state event.
type StateEvent struct {
	godap.Event
	Body json.RawMessage `json:"body"`
}

// Within bounds every wait of a test.
const Within = 20 * time.Second

// Find waits for a message; from is where to look first, the answer where it was.
func (c *Client) Find(what string, from int, is func(godap.Message) bool) (godap.Message, int) {
	c.t.Helper()
	deadline := time.After(Within)
	for {
		c.mu.Lock()
		for ; from < len(c.all); from++ {
			if is(c.all[from]) {
				m := c.all[from]
				c.mu.Unlock()
				return m, from
			}
		}
		changed, err := c.changed, c.err
		c.mu.Unlock()
		if err != nil {
			c.t.Fatalf("waiting for %s: %v\n%s", what, err, c.Transcript())
		}
		select {
		case <-changed:
		case <-deadline:
			c.t.Fatalf("%s did not come\n%s", what, c.Transcript())
		}
	}
}

// Transcript is everything that came.
func (c *Client) Transcript() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var b strings.Builder
	for _, m := range c.all {
		j, _ := json.Marshal(m)
		fmt.Fprintf(&b, "%.400s\n", j)
	}
	return b.String()
}

// Post sends a request and does not wait.
func (c *Client) Post(command string, arguments any) int {
	c.t.Helper()
	c.seq++
	b, err := json.Marshal(map[string]any{"seq": c.seq, "type": "request", "command": command, "arguments": arguments})
	if err != nil {
		c.t.Fatal(err)
	}
	if err := godap.WriteBaseMessage(c.conn, b); err != nil {
		c.t.Fatalf("%s: %v\n%s", command, err, c.Transcript())
	}
	return c.seq
}

// Answer waits for the response to a request.
func (c *Client) Answer(seq int) godap.Message {
	c.t.Helper()
	m, _ := c.Find(fmt.Sprintf("the response to %d", seq), 0, func(m godap.Message) bool {
		r, ok := m.(godap.ResponseMessage)
		return ok && r.GetResponse().RequestSeq == seq
	})
	return m
}

// Ask sends a request and waits for its response, which must be a success.
func Ask[R godap.ResponseMessage](c *Client, command string, arguments any) R {
	c.t.Helper()
	m := c.Answer(c.Post(command, arguments))
	r, ok := m.(R)
	if !ok {
		j, _ := json.Marshal(m)
		c.t.Fatalf("%s: %s\n%s", command, j, c.Transcript())
	}
	return r
}

// Refuse sends a request that must fail, and gives the error's words.
func (c *Client) Refuse(command string, arguments any, words ...string) string {
	c.t.Helper()
	m := c.Answer(c.Post(command, arguments))
	r, ok := m.(*godap.ErrorResponse)
	if !ok {
		j, _ := json.Marshal(m)
		c.t.Fatalf("%s succeeded: %s", command, j)
	}
	text := r.Message
	if r.Body.Error != nil {
		text = r.Body.Error.Format
		for name, value := range r.Body.Error.Variables {
			text = strings.ReplaceAll(text, "{"+name+"}", value)
		}
	}
	for _, w := range words {
		if !strings.Contains(text, w) {
			c.t.Errorf("%s: %q does not say %q", command, text, w)
		}
	}
	return text
}

// Next waits for the next event of a type for which is holds; nil: any.
func Next[E godap.EventMessage](c *Client, is func(E) bool) E {
	c.t.Helper()
	var none E
	m, at := c.Find(fmt.Sprintf("a %T", none), c.read, func(m godap.Message) bool {
		e, ok := m.(E)
		return ok && (is == nil || is(e))
	})
	c.read = at + 1
	return m.(E)
}

// Stopped waits for the next stop.
func (c *Client) Stopped() *godap.StoppedEvent {
	c.t.Helper()
	return Next[*godap.StoppedEvent](c, nil)
}

// Output waits for an output event that has the text; it takes nothing away.
func (c *Client) Output(text string) *godap.OutputEvent {
	c.t.Helper()
	m, _ := c.Find(fmt.Sprintf("the output %q", text), 0, func(m godap.Message) bool {
		o, ok := m.(*godap.OutputEvent)
		return ok && strings.Contains(o.Body.Output, text)
	})
	return m.(*godap.OutputEvent)
}

// Begin initializes and launches or attaches, sets breakpoints and lets it run.
func (c *Client) Begin(request string, configuration map[string]any, points func()) {
	c.t.Helper()
	Ask[*godap.InitializeResponse](c, "initialize", map[string]any{"clientID": "test", "adapterID": "swinspect", "supportsVariablePaging": true})
	seq := c.Post(request, configuration)
	if m, ok := c.Answer(seq).(*godap.ErrorResponse); ok {
		c.t.Fatalf("%s: %s\n%s", request, m.Message, c.Transcript())
	}
	Next[*godap.InitializedEvent](c, nil)
	if points != nil {
		points()
	}
	Ask[*godap.ConfigurationDoneResponse](c, "configurationDone", nil)
}

// Frames is the stack of a thread.
func (c *Client) Frames(thread int) []godap.StackFrame {
	c.t.Helper()
	return Ask[*godap.StackTraceResponse](c, "stackTrace", godap.StackTraceArguments{ThreadId: thread}).Body.StackFrames
}

// Locals are the variables of the scopes of a frame that are not global.
func (c *Client) Locals(frame int) map[string]godap.Variable {
	c.t.Helper()
	all := map[string]godap.Variable{}
	for _, s := range Ask[*godap.ScopesResponse](c, "scopes", godap.ScopesArguments{FrameId: frame}).Body.Scopes {
		if s.Expensive {
			continue
		}
		for _, v := range Ask[*godap.VariablesResponse](c, "variables", godap.VariablesArguments{VariablesReference: s.VariablesReference}).Body.Variables {
			if _, inner := all[v.Name]; !inner {
				all[v.Name] = v
			}
		}
	}
	return all
}
