package window

import (
	"context"
	"slices"
	"sync"

	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/runtime"
	"github.com/swinspect/swinspect/runtime/fetch"
	"github.com/swinspect/swinspect/runtime/script"
)

// Frame is a browsing context (HTML: a navigable): it shows one document at a time.
type Frame struct {
	page *Page
	id   string

	// Guarded by the context's lock.
	parent   *Frame
	children []*Frame
	name     string
	url      string // of the document, fragment included
	loaderID string
	realm    *script.Realm
	detached bool
	origin   fetch.Origin

	// Of the group's loop alone.
	document  *Document
	global    *goja.Object // see windowObject
	container *Node        // the iframe element; nil for a page's main frame
	history   history
	replaces  string // client id of the document shown before; guarded by navMu
	blocks    bool   // the load event of the document around it waits for this frame

	navMu sync.Mutex
	// pending is the navigation under way; a newer one cancels it.
	pending context.CancelCauseFunc
}

// ID is CDP's frame id.
func (f *Frame) ID() string { return f.id }

// Page is the page the frame is in.
func (f *Frame) Page() *Page { return f.page }

// Parent is the frame around it; nil for a page's main frame.
func (f *Frame) Parent() *Frame {
	f.page.context.mu.Lock()
	defer f.page.context.mu.Unlock()
	return f.parent
}

// Children are the frames directly in it.
func (f *Frame) Children() []*Frame {
	f.page.context.mu.Lock()
	defer f.page.context.mu.Unlock()
	return slices.Clone(f.children)
}

// URL is the document's, fragment included.
func (f *Frame) URL() string {
	f.page.context.mu.Lock()
	defer f.page.context.mu.Unlock()
	return f.url
}

// Name is the frame's name.
func (f *Frame) Name() string {
	f.page.context.mu.Lock()
	defer f.page.context.mu.Unlock()
	return f.name
}

// LoaderID names the navigation that brought the document.
func (f *Frame) LoaderID() string {
	f.page.context.mu.Lock()
	defer f.page.context.mu.Unlock()
	return f.loaderID
}

// Realm is the document's realm; nil before the first and after the last.
func (f *Frame) Realm() *script.Realm {
	f.page.context.mu.Lock()
	defer f.page.context.mu.Unlock()
	return f.realm
}

// Agent is the frame's agent.
func (f *Frame) Agent() *script.Agent { return f.page.group.agent }

// Client is the document's service worker client; nil when there is no document.
// On the loop, or through Agent().Do.
func (f *Frame) Client() *runtime.Client {
	if f.document == nil {
		return nil
	}
	return f.document.client
}

// Origin and StorageKey are the document's; on the loop.
func (f *Frame) Origin() fetch.Origin { return f.document.origin }

// StorageKey is the document's, serialised.
func (f *Frame) StorageKey() string { return f.document.storageKey }

// tree appends f and all below it; with the context's lock held.
func (f *Frame) tree(all []*Frame) []*Frame {
	all = append(all, f)
	for _, c := range f.children {
		all = c.tree(all)
	}
	return all
}

func (f *Frame) observer() Observer { return f.page.context.browser.observe }

func (f *Frame) browser() *Browser { return f.page.context.browser }

func (f *Frame) isMain() bool { return f.container == nil }

// attachChild adds a frame for an iframe element; on the loop.
func (f *Frame) attachChild(container *Node) *Frame {
	c := f.page.context
	child := &Frame{page: f.page, id: f.browser().newID(), container: container, name: container.attribute("name")}
	c.mu.Lock()
	child.parent = f
	f.children = append(f.children, child)
	c.mu.Unlock()
	f.observer().FrameAttached(child)
	return child
}

// detach takes the frame out of the tree and unloads its document; on the loop.
func (f *Frame) detach() {
	f.discardPending()
	f.unload()
	c := f.page.context
	c.mu.Lock()
	f.detached = true
	if f.parent != nil {
		f.parent.children = slices.DeleteFunc(f.parent.children, func(o *Frame) bool { return o == f })
	}
	f.realm = nil
	c.mu.Unlock()
	f.document = nil
	f.observer().FrameDetached(f)
}

func (f *Frame) isDetached() bool {
	f.page.context.mu.Lock()
	defer f.page.context.mu.Unlock()
	return f.detached || f.page.closed
}

// discardPending cancels the navigation under way.
func (f *Frame) discardPending() {
	f.navMu.Lock()
	defer f.navMu.Unlock()
	if f.pending != nil {
		f.pending(errSuperseded)
		f.pending = nil
	}
}

// top is the page's main frame.
func (f *Frame) top() *Frame { return f.page.main }

// visibilityChanged fires visibilitychange at every document; on the loop.
func (f *Frame) visibilityChanged() {
	for _, frame := range f.page.Frames() {
		if d := frame.document; d != nil {
			if d.client != nil {
				d.client.SetVisibility(d.visibility())
			}
			d.node().FireSimple("visibilitychange")
		}
	}
}

// reusable is the window of the initial about:blank that d replaces, when it is of
// the same origin: d goes on with it, with the listeners and properties it was given.
func (f *Frame) reusable(d *Document) *Window {
	if old := f.document; old != nil && old.initial && old.origin.Same(d.origin) {
		return old.window
	}
	return nil
}

// windowObject is the object of the frame's window, for a new document. It is one
// and the same for all documents the frame shows, so that scripts that hold it (an
// iframe's contentWindow, what window.open returned, a message's source) see the
// document of the moment through it; what the document before left on it goes.
//
// DIVERGES: the standard has a WindowProxy in front of a Window per document. Here
// code of a document that was navigated away sees its successor's globals, and a
// property that was made non-configurable stays.
func (f *Frame) windowObject(rt *goja.Runtime, keep bool) *goja.Object {
	if f.global == nil {
		f.global = rt.NewObject()
		return f.global
	}
	if keep {
		return f.global
	}
	for _, name := range f.global.GetOwnPropertyNames() {
		_ = f.global.Delete(name)
	}
	for _, symbol := range f.global.Symbols() {
		_ = f.global.DeleteSymbol(symbol)
	}
	return f.global
}
