package window

import (
	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/runtime/webapi/idl"
	"github.com/swinspect/swinspect/runtime/webapi/webstorage"
)

// installStorage puts localStorage and sessionStorage on the document's window;
// one of an opaque origin has none and says so.
func (d *Document) installStorage() {
	if d.origin.IsOpaque() {
		for _, name := range []string{"localStorage", "sessionStorage"} {
			get := idl.Function(d.realm, "get "+name, 0, func(goja.FunctionCall) goja.Value {
				panic(idl.DOMError(d.realm, "SecurityError", "Failed to read the '"+name+"' property from 'Window': Access is denied for this document."))
			})
			_ = d.realm.Global().DefineAccessorProperty(name, get, goja.Undefined(), goja.FLAG_TRUE, goja.FLAG_TRUE)
		}
		return
	}
	webstorage.Install(d.realm, webstorage.Options{
		Local: webstorage.Local(d.settings), Session: d.frame.page.sessionStorage(d.storageKey), Window: &d.window.Target,
		URL: func() string { return d.url.String() },
	})
}

// sessionStorage is the page's session storage area of a storage key. Safe for
// concurrent use.
func (p *Page) sessionStorage(storageKey string) *webstorage.Area {
	p.context.mu.Lock()
	defer p.context.mu.Unlock()
	if p.sessions == nil {
		p.sessions = map[string]*webstorage.Area{}
	}
	area := p.sessions[storageKey]
	if area == nil {
		area = webstorage.NewArea()
		p.sessions[storageKey] = area
	}
	return area
}
