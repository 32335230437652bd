package window

import (
	"context"

	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/runtime"
	"github.com/swinspect/swinspect/runtime/fetch"
	"github.com/swinspect/swinspect/runtime/webapi/idl"
)

// windowOpen is window.open.
func windowOpen(c *idl.Call) goja.Value {
	w := window(c)
	d := w.doc
	u := aboutBlank
	if url := c.StringOr(0, ""); url != "" {
		if u = d.resolve(url); u == nil {
			panic(c.Exception("SyntaxError", "Unable to open a window with invalid URL '%s'.", url))
		}
	}
	target, features := c.StringOr(1, "_blank"), " "+c.StringOr(2, "")+" "
	if target != "" && target != "_blank" {
		if f := d.chooseFrame(target); f != nil {
			if c.StringOr(0, "") != "" {
				f.navigateFrom(d, u, false)
			}
			return windowOf(f)
		}
	}
	p := d.openPage(u, target, containsWord(features, "noopener") || containsWord(features, "noreferrer"))
	if p == nil || p.opener == nil {
		return goja.Null()
	}
	return windowOf(p.main)
}

func containsWord(s, word string) bool {
	for _, f := range splitFeatures(s) {
		if f == word {
			return true
		}
	}
	return false
}

// openPage opens a page for a script: in the same group, unless noopener.
func (d *Document) openPage(u *fetch.URL, target string, noopener bool) *Page {
	c := d.frame.page.context
	if noopener {
		d.frame.page.group.agent.Go(func(ctx context.Context) {
			_, _ = c.NewPage(ctx, u.String(), PageOptions{})
		})
		return nil
	}
	p := &Page{context: c, id: c.browser.newID(), opener: d.frame.page, group: d.frame.page.group, visible: true}
	if u != aboutBlank {
		p.initialURL = u.String()
	}
	p.main = &Frame{page: p, id: p.id}
	if target != "_blank" {
		p.main.name = target
	}
	c.mu.Lock()
	c.pages = append(c.pages, p)
	c.mu.Unlock()
	p.group.enter()
	c.browser.observe.PageCreated(p)
	p.main.commitBlank(d)
	if u != aboutBlank {
		p.main.start(navigation{url: u, source: d, replace: true})
	}
	return p
}

// windowControl is what a service worker may do to a window.
type windowControl struct{ f *Frame }

// Focus is of runtime.WindowControl.
func (w *windowControl) Focus(ctx context.Context) error {
	p := w.f.page
	return p.group.agent.Do(ctx, "focus", func() { w.f.focus() })
}

// focus makes the frame the focused one of its page: documents around it have the
// focus too, all others of the page lose it. On the loop.
func (f *Frame) focus() {
	around := map[*Frame]bool{}
	for a := f; a != nil; a = a.parentFrame() {
		around[a] = true
	}
	for _, other := range f.page.Frames() {
		if d := other.document; d != nil && d.client != nil {
			d.client.SetFocus(around[other])
		}
	}
	if f.document != nil {
		f.document.window.FireSimple("focus")
	}
}

// Navigate is of runtime.WindowControl.
func (w *windowControl) Navigate(ctx context.Context, by *runtime.Worker, u *fetch.URL) (*runtime.Client, error) {
	if u.String() == "about:blank" {
		return nil, &runtime.Exception{Name: "TypeError", Message: "'about:blank' is not allowed."}
	}
	if w.f.isDetached() {
		return nil, &runtime.Exception{Name: "TypeError", Message: "The client was not found."}
	}
	if w.f.container != nil {
		_ = w.f.page.group.agent.Do(ctx, "navigate", func() { w.f.container.navigated = true })
	}
	result, err := w.f.await(ctx, w.f.start(navigation{url: u, referrer: by.ScriptURL().String()}))
	if err != nil {
		return nil, err
	}
	if result.Err != nil {
		return nil, &runtime.Exception{Name: "TypeError", Message: "Cannot navigate to URL: " + u.String()}
	}
	return w.f.clientOf(ctx, by), nil
}

// clientOf is the frame's client when it has the worker's origin.
func (f *Frame) clientOf(ctx context.Context, by *runtime.Worker) *runtime.Client {
	var client *runtime.Client
	_ = f.page.group.agent.Do(ctx, "client", func() {
		if d := f.document; d != nil && d.origin.Same(by.ScriptURL().Origin()) {
			client = d.client
		}
	})
	return client
}

// Activated is of runtime.WindowControl: within five seconds of a click.
func (w *windowControl) Activated() bool {
	p := w.f.page
	p.context.mu.Lock()
	defer p.context.mu.Unlock()
	return !p.activated.IsZero() && p.context.browser.clock.Now().Sub(p.activated) < activationLasts
}
