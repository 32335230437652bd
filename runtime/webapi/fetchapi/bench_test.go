package fetchapi

import (
	"testing"

	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/runtime/webapi/env"
)

// The hot paths of a fetch handler: N calls in one task.
func BenchmarkObjects(b *testing.B) {
	for name, source := range map[string]string{
		"Response":        `n => { for (let i = 0; i < n; i++) new Response("x") }`,
		"ResponseHeaders": `n => { for (let i = 0; i < n; i++) new Response("x", {status: 200, headers: {"content-type": "text/html"}}).headers.get("content-type") }`,
		"Request":         `n => { for (let i = 0; i < n; i++) new Request("/a/b?c=d").url }`,
		"Headers":         `n => { for (let i = 0; i < n; i++) new Headers({a: "1", b: "2"}).get("a") }`,
		"Text":            `async n => { for (let i = 0; i < n; i++) await new Response("x").text() }`,
	} {
		b.Run(name, func(b *testing.B) {
			p := newPage(b, env.Window, echo)
			done := make(chan struct{})
			b.ReportAllocs()
			b.ResetTimer()
			p.do(func() {
				v, err := p.agent.Run(goja.MustCompile("bench.js", "("+source+")", true))
				if err != nil {
					b.Error(err)
				}
				f, _ := goja.AssertFunction(v)
				result, err := p.agent.Call(f, goja.Undefined(), p.realm.Runtime().ToValue(b.N))
				if err != nil {
					b.Error(err)
				}
				p.agent.Then(result, func(goja.Value) { close(done) }, func(goja.Value) { close(done) })
			})
			<-done
		})
	}
}
