package session

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/runtime/script"
)

// response is RespondInit of swinspect.d.ts.
type response struct {
	status  int
	text    string
	headers [][2]string
	body    []byte
	delay   time.Duration
}

// response reads text or a RespondInit.
func (c *call) response(v goja.Value) *response {
	if text, ok := v.Export().(string); ok {
		return &response{status: 200, body: []byte(text)}
	}
	o, ok := v.(*goja.Object)
	if !ok {
		c.fail("a response is text or {status, headers, body, json, delay}, not %s", c.f.shown(v))
	}
	var init struct {
		Status     int             `json:"status"`
		StatusText string          `json:"statusText"`
		Headers    json.RawMessage `json:"headers"`
		JSON       json.RawMessage `json:"json"`
		Delay      span            `json:"delay"`
	}
	plain := c.f.rt.NewObject()
	r := &response{}
	for _, key := range o.Keys() {
		if key == "body" {
			r.body = c.bytes(o.Get(key))
			continue
		}
		must(plain.Set(key, o.Get(key)))
	}
	c.decode(plain, "the response", &init)
	headers, err := readHeaders(init.Headers)
	if err != nil {
		c.fail("%v", err)
	}
	r.status, r.text, r.headers, r.delay = init.Status, init.StatusText, headers, time.Duration(init.Delay)
	if r.status == 0 {
		r.status = 200
	}
	if init.JSON != nil {
		r.body = init.JSON
		if r.header("content-type") == "" {
			r.headers = append(r.headers, [2]string{"Content-Type", "application/json"})
		}
	}
	if r.status < 100 || r.status > 999 {
		c.fail("%d is no status", r.status)
	}
	return r
}

func (r *response) header(name string) string {
	for _, h := range r.headers {
		if strings.EqualFold(h[0], name) {
			return h[1]
		}
	}
	return ""
}

// write sends a response of a site; its type is that of the path, unless it says one.
func (r *response) write(ctx context.Context, out http.ResponseWriter, in *http.Request) {
	if r.delay > 0 && pause(ctx, r.delay) != nil {
		return
	}
	h := out.Header()
	for _, pair := range r.headers {
		h.Add(pair[0], pair[1])
	}
	if h.Get("Content-Type") == "" {
		h.Set("Content-Type", contentType(in.URL.Path))
	}
	if h.Get("Cache-Control") == "" {
		h.Set("Cache-Control", "no-cache")
	}
	out.WriteHeader(r.status)
	if in.Method != http.MethodHead {
		_, _ = out.Write(r.body) // the client went away
	}
}

// askScript calls a function of the script for a response, off the loop.
func (f *file) askScript(s *stage, fn goja.Callable, q any) (*response, error) {
	var answer *response
	err := f.ask(s.context(), fn, q, func(v goja.Value) {
		if goja.IsUndefined(v) || goja.IsNull(v) {
			answer = &response{status: 404, body: []byte("the function gave nothing")}
			return
		}
		answer = (&call{f: f, name: "the answer of a route"}).response(v)
	})
	return answer, err
}

// ask calls a function of the script and hands what it gives, once it is there, to take,
// on the loop. What the function throws is a failure of the test, too.
func (f *file) ask(ctx context.Context, fn goja.Callable, arg any, take func(goja.Value)) error {
	settled := make(chan error, 1)
	fail := func(reason goja.Value) {
		e := f.failureOf(reason)
		if !f.isLate(reason) {
			f.current().problem(e)
		}
		settled <- errors.New(e.Message)
	}
	queued := f.agent.Queue("swinspect", func() {
		var v goja.Value
		if err := f.agent.Try(func() {
			var err error
			if v, err = f.agent.Call(fn, goja.Undefined(), f.value(arg)); err != nil {
				panic(err)
			}
		}); err != nil {
			fail(script.Thrown(f.rt, err))
			return
		}
		f.agent.Then(v, func(result goja.Value) {
			if err := f.agent.Try(func() { take(result) }); err != nil {
				fail(script.Thrown(f.rt, err))
				return
			}
			settled <- nil
		}, fail)
	})
	if !queued {
		return errOver
	}
	select {
	case err := <-settled:
		return err
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-f.agent.Done():
		return errOver
	}
}
