package dap

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	godap "github.com/google/go-dap"
)

// client is a debugger's front end as editors have it: what it is sent is decoded by
// go-dap, so that every message is what the protocol's schema says.
type client struct {
	t    testing.TB
	conn io.ReadWriteCloser
	seq  int

	mu      sync.Mutex
	all     []godap.Message // everything that came
	changed chan struct{}
	read    int // events up to here were taken
	err     error
	served  chan error
}

// dial starts a session and speaks with it.
func dial(t testing.TB, o Options) *client {
	t.Helper()
	here, there := net.Pipe()
	c := &client{t: t, conn: here, changed: make(chan struct{}), served: make(chan error, 1)}
	go func() { c.served <- New(o).Serve(context.Background(), there, there); _ = there.Close() }()
	done := make(chan struct{})
	go func() { defer close(done); c.receive() }()
	t.Cleanup(func() {
		_ = here.Close()
		<-done
		if err := <-c.served; err != nil && !strings.Contains(err.Error(), "closed pipe") {
			t.Logf("the session ended: %v", err)
		}
	})
	return c
}

func (c *client) receive() {
	codec := godap.NewCodec()
	if err := codec.RegisterEvent("swinspect/state", func() godap.Message { return &stateEvent{} }); err != nil {
		panic(err)
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

type stateEvent struct {
	godap.Event
	Body StateBody `json:"body"`
}

// within bounds every wait of a test.
const within = 20 * time.Second

// find waits for a message; from is where to look first, the answer where it was.
func (c *client) find(what string, from int, is func(godap.Message) bool) (godap.Message, int) {
	c.t.Helper()
	deadline := time.After(within)
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
			c.t.Fatalf("waiting for %s: %v\n%s", what, err, c.transcript())
		}
		select {
		case <-changed:
		case <-deadline:
			c.t.Fatalf("%s did not come\n%s", what, c.transcript())
		}
	}
}

// transcript is everything that came.
func (c *client) transcript() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var b strings.Builder
	for _, m := range c.all {
		j, _ := json.Marshal(m)
		fmt.Fprintf(&b, "%.400s\n", j)
	}
	return b.String()
}

// post sends a request and does not wait.
func (c *client) post(command string, arguments any) int {
	c.t.Helper()
	c.seq++
	b, err := json.Marshal(map[string]any{"seq": c.seq, "type": "request", "command": command, "arguments": arguments})
	if err != nil {
		c.t.Fatal(err)
	}
	if err := godap.WriteBaseMessage(c.conn, b); err != nil {
		c.t.Fatalf("%s: %v\n%s", command, err, c.transcript())
	}
	return c.seq
}

// answer waits for the response to a request.
func (c *client) answer(seq int) godap.Message {
	c.t.Helper()
	m, _ := c.find(fmt.Sprintf("the response to %d", seq), 0, func(m godap.Message) bool {
		r, ok := m.(godap.ResponseMessage)
		return ok && r.GetResponse().RequestSeq == seq
	})
	return m
}

// ask sends a request and waits for its response, which must be a success.
func ask[R godap.ResponseMessage](c *client, command string, arguments any) R {
	c.t.Helper()
	m := c.answer(c.post(command, arguments))
	r, ok := m.(R)
	if !ok {
		j, _ := json.Marshal(m)
		c.t.Fatalf("%s: %s\n%s", command, j, c.transcript())
	}
	return r
}

// refuse sends a request that must fail, and gives the error's words.
func (c *client) refuse(command string, arguments any, words ...string) string {
	c.t.Helper()
	m := c.answer(c.post(command, arguments))
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

// event waits for the next event of a type for which is holds; nil: any.
func next[E godap.EventMessage](c *client, is func(E) bool) E {
	c.t.Helper()
	var none E
	m, at := c.find(fmt.Sprintf("a %T", none), c.read, func(m godap.Message) bool {
		e, ok := m.(E)
		return ok && (is == nil || is(e))
	})
	c.read = at + 1
	return m.(E)
}

// stopped waits for the next stop.
func (c *client) stopped() *godap.StoppedEvent {
	c.t.Helper()
	return next[*godap.StoppedEvent](c, nil)
}

// output waits for an output event that has the text; it takes nothing away.
func (c *client) output(text string) *godap.OutputEvent {
	c.t.Helper()
	m, _ := c.find(fmt.Sprintf("the output %q", text), 0, func(m godap.Message) bool {
		o, ok := m.(*godap.OutputEvent)
		return ok && strings.Contains(o.Body.Output, text)
	})
	return m.(*godap.OutputEvent)
}

// begin initializes and launches or attaches, sets breakpoints and lets it run.
func (c *client) begin(request string, configuration map[string]any, points func()) {
	c.t.Helper()
	ask[*godap.InitializeResponse](c, "initialize", map[string]any{"clientID": "test", "adapterID": "swinspect", "supportsVariablePaging": true})
	seq := c.post(request, configuration)
	if m, ok := c.answer(seq).(*godap.ErrorResponse); ok {
		c.t.Fatalf("%s: %s\n%s", request, m.Message, c.transcript())
	}
	next[*godap.InitializedEvent](c, nil)
	if points != nil {
		points()
	}
	ask[*godap.ConfigurationDoneResponse](c, "configurationDone", nil)
}

// frames is the stack of a thread.
func (c *client) frames(thread int) []godap.StackFrame {
	c.t.Helper()
	return ask[*godap.StackTraceResponse](c, "stackTrace", godap.StackTraceArguments{ThreadId: thread}).Body.StackFrames
}

// locals are the variables of the scopes of a frame that are not global.
func (c *client) locals(frame int) map[string]godap.Variable {
	c.t.Helper()
	all := map[string]godap.Variable{}
	for _, s := range ask[*godap.ScopesResponse](c, "scopes", godap.ScopesArguments{FrameId: frame}).Body.Scopes {
		if s.Expensive {
			continue
		}
		for _, v := range ask[*godap.VariablesResponse](c, "variables", godap.VariablesArguments{VariablesReference: s.VariablesReference}).Body.Variables {
			if _, inner := all[v.Name]; !inner {
				all[v.Name] = v
			}
		}
	}
	return all
}
