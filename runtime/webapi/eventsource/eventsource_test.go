package eventsource

import (
	"context"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/dop251/goja"
	"go.uber.org/goleak"

	"github.com/swinspect/swinspect/runtime/fetch"
	"github.com/swinspect/swinspect/runtime/script"
	"github.com/swinspect/swinspect/runtime/webapi/dom"
	"github.com/swinspect/swinspect/runtime/webapi/env"
	"github.com/swinspect/swinspect/runtime/webapi/idl"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// bodies are the streams of a story's successive connections, one byte at a time.
var stories = []struct {
	name, script, want string
	bodies             []string
}{
	{"fields", `const s = new EventSource("/e"); s.onopen = () => log("open", s.readyState); s.onmessage = e => log(e.data, e.lastEventId, e.origin); s.addEventListener("ping", e => { log("ping:" + e.data); s.close(); log(s.readyState); finish() })`,
		"open 1 one\ntwo 7 http://page.test  7 http://page.test ping: 2", []string{"\uFEFFdata: one\ndata:two\nid: 7\n\n: comment\ndata\r\r\nevent: ping\ndata: \n\ndata: never"}},
	{"reconnects", `const s = new EventSource("/e"); s.onerror = () => log("error" + s.readyState); s.onmessage = e => { log(e.data); if (e.data === "b") { s.close(); finish() } }`,
		"a error0 b last=5", []string{"retry: 1\nid: 5\ndata: a\n\n", "data: b\n\n"}},
	{"fails for good", `const s = new EventSource("/e"); s.onerror = () => { log("error", s.readyState); finish() }`, "error 2", nil},
}

func TestStories(t *testing.T) {
	for _, story := range stories {
		t.Run(story.name, func(t *testing.T) {
			if got := tell(t, story.script, story.bodies); got != story.want {
				t.Errorf("got  %q\nwant %q", got, story.want)
			}
		})
	}
}

func tell(t *testing.T, text string, bodies []string) string {
	a := script.New(script.Options{})
	defer func() { a.Terminate(nil); <-a.Done() }()
	var logged []string
	done := make(chan struct{})
	last := ""
	if err := a.Do(t.Context(), "test", func() {
		r, rt := idl.Of(a.NewRealm(nil)), a.Runtime()
		base := fetch.MustParseURL("http://page.test/")
		env.Attach(r.Realm, &env.Settings{Origin: base.Origin(), BaseURL: func() *fetch.URL { return base }, Fetch: func(_ context.Context, q *fetch.Request) *fetch.Response {
			last, _ = q.Headers.Get("Last-Event-ID")
			if len(bodies) == 0 {
				return &fetch.Response{Status: 404}
			}
			body := fetch.StreamBody(io.NopCloser(oneByte{strings.NewReader(bodies[0])}), -1)
			bodies = bodies[1:]
			response := &fetch.Response{Status: 200, URLList: q.URLList, Body: body}
			response.Headers.Set("Content-Type", "text/event-stream;charset=utf-8")
			return response
		}})
		idl.Expose(r, dom.Interfaces...)
		Install(r)
		_ = rt.Set("log", func(c goja.FunctionCall) goja.Value {
			for _, v := range c.Arguments {
				logged = append(logged, v.String())
			}
			return nil
		})
		_ = rt.Set("finish", func() { close(done) })
		if _, err := rt.RunString(text); err != nil {
			t.Error(err)
		}
	}); err != nil {
		t.Error(err)
	}
	select {
	case <-done:
	case <-time.After(10 * time.Second):
		t.Error("the story did not end")
	}
	a.Terminate(nil)
	<-a.Done()
	if last != "" {
		logged = append(logged, "last="+last)
	}
	return strings.Join(logged, " ")
}

type oneByte struct{ from io.Reader }

func (r oneByte) Read(p []byte) (int, error) { return r.from.Read(p[:1]) }
