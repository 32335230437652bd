package window

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/swinspect/swinspect/runtime"
	"github.com/swinspect/swinspect/runtime/fetch"
)

// hostilePages are pages that mean harm: what is in their body. told is what the
// page has to report, if anything.
var hostilePages = []struct{ name, body, told string }{
	{"loop", `<script>for (;;) {}</script>`, "computed for more than"},
	{"loop that catches", `<script>for (;;) { try { for (;;) {} } catch (e) {} finally { continue } }</script>`, "computed for more than"},
	{"loop in an event", `<b></b><script>const b = document.querySelector('b'); b.onclick = () => { for (;;) {} }; b.click()</script>`, "computed for more than"},
	{"loop in a custom element", `<x-y></x-y><script>customElements.define('x-y', class extends HTMLElement { connectedCallback() { for (;;) {} } })</script>`, "computed for more than"},
	{"loop in a frame", `<iframe srcdoc="<script>for (;;) {}</script>"></iframe>`, "computed for more than"},
	{"storm of promises", `<script>(function f() { Promise.resolve().then(f) })()</script>`, "computed for more than"},
	{"storm of microtasks", `<script>(function f() { queueMicrotask(f) })()</script>`, "computed for more than"},
	{"storm of mutations", `<b></b><script>const b = document.querySelector('b'); new MutationObserver(() => b.append('x')).observe(b, {childList: true}); b.append('x')</script>`, "computed for more than"},
	{"recursion", `<script>(function f() { f() })()</script>`, "Maximum call stack"},
	{"scripts that insert scripts", `<script id=s>const f = () => { const s = document.createElement('script'); s.textContent = 'f()'; document.body.append(s) }; f()</script>`, ""},
	{"clicks that click", `<b></b><script>const b = document.querySelector('b'); b.onclick = () => b.click(); b.click()</script>`, ""},
	{"deep tree", `<script>let n = document.body; for (let i = 0; i < 1e6; i++) { const c = document.createElement('b'); n.append(c); n = c }</script>`, "exception: "},
	{"deep tree, bottom up", `<script>let n = document.createElement('b'); for (let i = 0; i < 1e6; i++) { const c = document.createElement('b'); c.append(n); n = c }</script>`, "exception: "},
	{"deep tree of copies", `<script>let n = document.createElement('b'); for (let i = 0; i < 14; i++) { const c = n.cloneNode(true); let l = c; while (l.firstChild) l = l.firstChild; l.append(n); n = c } document.body.append(n)</script>`, "nested too deeply"},
	{"deep markup", strings.Repeat("<div>", 100_000), ""},
	{"deep innerHTML", `<script>document.body.innerHTML = '<div>'.repeat(1e6)</script>`, ""},
	{"deep DOMParser", `<script>new DOMParser().parseFromString('<b>'.repeat(1e6), 'text/html').body.textContent</script>`, ""},
	{"huge innerHTML", `<script>document.body.innerHTML = '<p>x</p>'.repeat(1e5); document.body.textContent.length</script>`, ""},
	{"many attributes", `<b` + strings.Repeat(" a=b", 50_000) + `></b>`, ""},
	{"document.write for ever", `<script>for (;;) document.write('<p>x</p>')</script>`, "computed for more than"},
	{"document.write that writes itself", `<script>document.write('<script>' + document.currentScript.textContent + '<\/script>')</script>`, ""},
	{"many frames", `<script>for (let i = 0; i < 5000; i++) document.body.append(document.createElement('iframe'))</script>`, ""},
	{"frames of itself", `<iframe src="/bad"></iframe><iframe src="/bad"></iframe>`, ""},
	{"frames of itself by another name", `<iframe src="/frames?0"></iframe>`, ""},
	{"navigations for ever", `<iframe src="/reload"></iframe>`, ""},
	{"redirects for ever", `<iframe src="/redirect?0"></iframe><script src="/redirect?a"></script>`, ""},
	{"server that never answers", `<img src="/never"><iframe src="/never"></iframe><link rel=stylesheet href="/never">`, ""},
	{"styles", `<style>` + strings.Repeat("a{", 100_000) + `</style>`, ""},
	{"selector", `<script>document.querySelector(':not('.repeat(1e5))</script>`, ""},
	{"selector of many parts", `<script>document.querySelectorAll('b '.repeat(2e4) + 'b')</script>`, ""},
	{"history", `<script>for (let i = 0; i < 1e5; i++) history.pushState(i, '', '?' + i)</script>`, ""},
	{"storage", `<script>for (let i = 0; i < 100; i++) localStorage.setItem(i, 'x'.repeat(6 << 20))</script>`, "exception: "},
	{"observers", `<script>for (let i = 0; i < 1e4; i++) new MutationObserver(() => {}).observe(document, {subtree: true, childList: true}); document.body.append('x')</script>`, ""},
	{"windows", `<script>for (let i = 0; i < 200; i++) open('about:blank')</script>`, ""},
	{"workers", `<script>for (let i = 0; i < 50; i++) new Worker('/loop.js')</script>`, ""},
	{"memory", `<script>const all = []; for (;;) all.push({})</script>`, "computed for more than"},
}

type hostilePage struct{ body string }

func (h hostilePage) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	page := func(body string) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, "<!doctype html><title>bad</title><body>"+body)
	}
	switch r.URL.Path {
	case "/":
		page("good")
	case "/bad":
		page(h.body)
	case "/frames":
		page(fmt.Sprintf(`<iframe src="?%s0"></iframe><iframe src="?%[1]s1"></iframe>`, r.URL.RawQuery))
	case "/reload":
		page(`<script>location.reload()</script>`)
	case "/redirect":
		http.Redirect(w, r, "/redirect?"+r.URL.RawQuery+"x", http.StatusFound)
	case "/loop.js":
		w.Header().Set("Content-Type", "text/javascript")
		fmt.Fprint(w, "for (;;) {}")
	case "/never":
		<-r.Context().Done()
	}
}

// TestHostilePages: whatever a page does, it is told about, the page can be navigated
// away and closed, and another page of the browser goes on meanwhile.
func TestHostilePages(t *testing.T) {
	for _, h := range hostilePages {
		t.Run(strings.ReplaceAll(h.name, " ", "_"), func(t *testing.T) {
			t.Parallel()
			n := &notes{}
			b := &browserUnderTest{NewBrowser(BrowserOptions{
				Network: fetch.Handler(hostilePage{h.body}), Observer: n, Logger: slog.New(slog.DiscardHandler),
				Limits: runtime.Limits{EventCPU: 300 * time.Millisecond, StartTimeout: time.Second, EventTimeout: time.Second, FetchTimeout: time.Second},
			}), n, t}
			t.Cleanup(b.Close)
			other := b.page("/")
			ctx, cancel := context.WithTimeout(t.Context(), 8*time.Second)
			defer cancel()
			p, err := b.DefaultContext().NewPage(ctx, "https://site.test/bad", PageOptions{Wait: true})
			if err != nil {
				t.Fatal(err)
			}
			b.want(other, `document.body.textContent`, "good")
			for ctx.Err() == nil && !strings.Contains(n.String(), h.told) {
				time.Sleep(10 * time.Millisecond)
			}
			if told := n.String(); !strings.Contains(told, h.told) {
				t.Errorf("the page told %q and not %q", told, h.told)
			}
			if _, err := p.Navigate(ctx, "https://site.test/", NavigateOptions{}); err != nil {
				t.Fatalf("leaving the page: %v", err)
			}
			b.want(p, `document.body.textContent`, "good")
			p.Close(ctx)
			b.want(other, `document.body.textContent`, "good")
		})
	}
}
