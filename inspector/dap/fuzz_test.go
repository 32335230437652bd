package dap

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/swinspect/swinspect/breakpoints"
	"github.com/swinspect/swinspect/inspector/debugger"
)

// framed puts a header before a message.
func framed(m string) string { return "Content-Length: " + strconv.Itoa(len(m)) + "\r\n\r\n" + m }

// converse is a whole session with what a client says; it answers what it was sent.
func converse(t *testing.T, in string) (out string, err error) {
	t.Helper()
	g := newStage()
	g.become(func(s *debugger.State) {
		s.Threads = append(s.Threads, worker())
		s.Threads[0].Pause = at(1, breakpoints.Stop{Reason: "line", Words: "line 3"})
	})
	g.answer = func(string) (debugger.Value, error) { return debugger.Value{Type: "object", Object: "list"}, nil }
	var b bytes.Buffer
	err = New(Options{Backend: g}).Serve(context.Background(), io.NopCloser(strings.NewReader(in)), &b)
	return b.String(), err
}

// No bytes break the server, and no request leads to an error of its own.
func FuzzServe(f *testing.F) {
	f.Add([]byte("Content-Length: 2\r\n\r\n{}"))
	f.Add([]byte("Content-Type: x\r\nContent-Length: 10\r\n\r\n{}"))
	f.Add([]byte("GET / HTTP/1.1\r\n\r\n"))
	f.Add([]byte(framed(`{"seq":1,"type":"request","command":"initialize"}`) + framed(`{"seq":2,"type":"request","command":"attach","arguments":{}}`)))
	f.Fuzz(func(t *testing.T, b []byte) {
		if strings.Contains(string(b), "wait") { // an expression that the stage waits for
			return
		}
		out, _ := converse(t, string(b))
		if strings.Contains(out, errInternal.Error()) {
			t.Error(out)
		}
	})
}

// A session that is under way is sent a request with any arguments.
func FuzzRequest(f *testing.F) {
	var names []string
	for name := range requests {
		names = append(names, name)
	}
	slices.Sort(names)
	for i := range names {
		for _, arguments := range []string{
			"null", "{}", "[]", `{"threadId":1,"startFrame":-1,"levels":-5}`, `{"frameId":1,"text":"a.b","column":3}`, `{"variablesReference":2,"start":-1,"count":-1,"filter":"indexed"}`,
			`{"source":{"path":"/x/shop/sw.js"},"breakpoints":[{"line":-1,"column":-1,"hitCondition":"9999999999999999999"}],"line":1,"endLine":9}`,
			`{"breakpoints":[{"name":"event:*","hitCondition":">=2"},{"name":""}]}`, `{"filters":["all","all"],"filterOptions":[{"filterId":"x"}]}`,
			`{"expression":".push x","context":"repl"}`, `{"expression":"a","frameId":1,"context":"clipboard","value":"1","name":"n","variablesReference":3}`,
			`{"threadIds":[1,2]}`, `{"source":{"sourceReference":1,"path":"https://app.example/shop/sw.js"},"sourceReference":1}`,
		} {
			f.Add(byte(i), arguments)
		}
	}
	f.Fuzz(func(t *testing.T, which byte, arguments string) {
		if !json.Valid([]byte(arguments)) || strings.Contains(arguments, "wait") {
			return
		}
		in := framed(`{"seq":1,"type":"request","command":"initialize","arguments":{"supportsVariablePaging":true}}`) +
			framed(`{"seq":2,"type":"request","command":"attach","arguments":{"webRoot":"/x"}}`) +
			framed(`{"seq":3,"type":"request","command":"configurationDone"}`) +
			framed(`{"seq":4,"type":"request","command":"stackTrace","arguments":{"threadId":1}}`) +
			framed(`{"seq":5,"type":"request","command":"scopes","arguments":{"frameId":1}}`) +
			framed(`{"seq":6,"type":"request","command":"evaluate","arguments":{"expression":"x","frameId":1}}`) +
			framed(`{"seq":7,"type":"request","command":"`+names[int(which)%len(names)]+`","arguments":`+arguments+`}`) +
			framed(`{"seq":8,"type":"request","command":"disconnect"}`)
		out, err := converse(t, in)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(out, errInternal.Error()) {
			t.Error(out)
		}
		for _, seq := range []string{"1", "2", "4", "7", "8"} {
			if seq == "8" && names[int(which)%len(names)] == "disconnect" {
				continue // nobody was there any more
			}
			if strings.Count(out, `"request_seq":`+seq+`,`) != 1 {
				t.Errorf("request %s was not answered once:\n%s", seq, out)
			}
		}
	})
}
