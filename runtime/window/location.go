package window

import (
	"fmt"
	"strings"

	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/runtime/fetch"
	"github.com/swinspect/swinspect/runtime/webapi/dom"
	"github.com/swinspect/swinspect/runtime/webapi/idl"
	"github.com/swinspect/swinspect/runtime/webapi/messaging"
)

// urlParts are the parts that Location and links show.
var urlParts = []struct {
	name string
	get  func(u *fetch.URL) string
}{
	{"protocol", func(u *fetch.URL) string { return u.Scheme() + ":" }},
	{"host", func(u *fetch.URL) string { return u.Host() }},
	{"hostname", func(u *fetch.URL) string { return u.Hostname() }},
	{"port", func(u *fetch.URL) string { return u.Port() }},
	{"pathname", func(u *fetch.URL) string { return u.Path() }},
	{"search", func(u *fetch.URL) string { return prefixed("?", u.Query()) }},
	{"hash", func(u *fetch.URL) string { return prefixed("#", u.Fragment()) }},
	{"origin", func(u *fetch.URL) string { return u.Origin().String() }},
}

func prefixed(mark, s string) string {
	if s == "" {
		return ""
	}
	return mark + s
}

type location struct{ w *Window }

var locationInterface = &idl.Interface{Name: "Location"}

func init() {
	loc := func(c *idl.Call) *Document { return idl.This[*location](c).w.doc }
	members := []idl.Member{
		idl.Attr("href", func(c *idl.Call) goja.Value { d := loc(c); sameOriginOnly(c, d); return c.Value(d.url.String()) }, func(c *idl.Call) goja.Value {
			loc(c).navigateTo(c, c.String(0), false)
			return nil
		}),
		idl.Stringifier(func(c *idl.Call) string { return loc(c).url.String() }),
		idl.Method("assign", 1, func(c *idl.Call) goja.Value { loc(c).navigateTo(c, c.String(0), false); return nil }),
		idl.Method("replace", 1, func(c *idl.Call) goja.Value { loc(c).navigateTo(c, c.String(0), true); return nil }),
		idl.Method("reload", 0, func(c *idl.Call) goja.Value {
			d := loc(c)
			n := navigation{url: d.url, reload: true, replace: true, source: d}.again(d.frame.history.posted())
			if d.frame.container != nil {
				d.frame.container.navigated = true
				d.frame.startIn(d.frame.container.doc, n)
				return nil
			}
			d.frame.start(n)
			return nil
		}),
		idl.Attr("ancestorOrigins", func(c *idl.Call) goja.Value {
			var items []any
			for _, o := range loc(c).frame.ancestors() {
				items = append(items, o)
			}
			return c.Runtime().NewArray(items...)
		}, nil),
	}
	for _, part := range urlParts {
		get := func(c *idl.Call) goja.Value { return c.Value(part.get(loc(c).url)) }
		if part.name == "origin" {
			members = append(members, idl.Attr(part.name, get, nil))
			continue
		}
		members = append(members, idl.Attr(part.name, get, func(c *idl.Call) goja.Value {
			d := loc(c)
			d.navigateTo(c, withPart(d.url, part.name, c.String(0)), false)
			return nil
		}))
	}
	locationInterface.Members = members
}

// sameOriginOnly throws for a caller of another origin.
func sameOriginOnly(c *idl.Call, d *Document) {
	by := callerOf(c, d.window).doc
	if !by.origin.Same(d.origin) {
		panic(idl.DOMError(by.realm, "SecurityError", fmt.Sprintf("Blocked a frame with origin \"%s\" from accessing a cross-origin frame.", by.origin)))
	}
}

// withPart is a URL with one part replaced.
func withPart(u *fetch.URL, part, value string) string {
	base, fragment, _ := strings.Cut(u.String(), "#")
	path, query, hasQuery := strings.Cut(base, "?")
	switch part {
	case "hash":
		return base + "#" + strings.TrimPrefix(value, "#")
	case "search":
		return path + "?" + strings.TrimPrefix(value, "?") + prefixed("#", fragment)
	case "pathname":
		rest := ""
		if hasQuery {
			rest = "?" + query
		}
		return u.Scheme() + "://" + u.Host() + "/" + strings.TrimPrefix(value, "/") + rest + prefixed("#", fragment)
	case "host", "hostname":
		return strings.Replace(u.String(), "://"+u.Host(), "://"+value, 1)
	case "port":
		return strings.Replace(u.String(), "://"+u.Host(), "://"+u.Hostname()+":"+value, 1)
	case "protocol":
		return strings.TrimSuffix(value, ":") + strings.TrimPrefix(u.String(), u.Scheme())
	}
	return u.String()
}

func (w *Window) locationObject() goja.Value {
	if w.location == nil {
		w.location = idl.Wrap(w.Realm(), locationInterface, &location{w})
	}
	return w.location
}

// history is a frame's session history.
type history struct {
	entries []historyEntry
	at      int
}

type historyEntry struct {
	url   *fetch.URL
	state *messaging.Serialized
	doc   string // loader id of the document it belongs to
	post  *posted
}

// posted is the body a document was asked for with.
type posted struct {
	method, mime string
	body         []byte
}

// again makes a navigation repeat the request of a history entry.
func (n navigation) again(p *posted) navigation {
	if p != nil {
		n.method, n.mime, n.body = p.method, p.mime, p.body
	}
	return n
}

// posted is the body of the document shown; nil for none.
func (h *history) posted() *posted {
	if h.at < len(h.entries) {
		return h.entries[h.at].post
	}
	return nil
}

// committed notes a navigation that is committed.
func (h *history) committed(d *Document, n navigation, old *Document) {
	entry := historyEntry{url: d.url, doc: d.loaderID}
	if n.method != "" && n.method != "GET" {
		entry.post = &posted{n.method, n.mime, n.body}
	}
	switch {
	case n.history && n.index < len(h.entries):
		h.at = n.index
		entry.state = h.entries[h.at].state
		h.entries[h.at] = entry
	case len(h.entries) == 0 || n.replace || old != nil && old.initial:
		if len(h.entries) == 0 {
			h.entries = append(h.entries, entry)
		}
		h.entries[h.at] = entry
	default:
		h.entries = append(h.entries[:h.at+1:h.at+1], entry)
		h.at++
	}
}

// toFragment is a navigation within the document.
func (f *Frame) toFragment(u *fetch.URL, replace bool) {
	d := f.document
	old := d.url
	if replace || old.String() == u.String() {
		f.history.replace(historyEntry{url: u, doc: d.loaderID})
	} else {
		f.history.push(historyEntry{url: u, doc: d.loaderID})
	}
	f.setURL(u)
	if old.String() != u.String() {
		d.queue("hashchange", func() {
			d.window.Fire(hashChange, &hashChangeEvent{Event: dom.Event{Type: "hashchange"}, oldURL: old.String(), newURL: u.String()})
		})
	}
}

func (h *history) push(e historyEntry) {
	if len(h.entries) == 0 {
		h.entries = []historyEntry{e}
		return
	}
	h.entries = append(h.entries[:h.at+1:h.at+1], e)
	h.at++
}

func (h *history) replace(e historyEntry) {
	if len(h.entries) == 0 {
		h.entries = []historyEntry{e}
	}
	h.entries[h.at] = e
}

// setURL changes the document's URL without a navigation.
func (f *Frame) setURL(u *fetch.URL) {
	f.document.url, f.document.creation = u, u
	c := f.page.context
	c.mu.Lock()
	f.url = u.String()
	c.mu.Unlock()
	f.observer().FrameNavigatedWithinDocument(f, u.String())
}

// traverse goes delta entries through the history.
func (f *Frame) traverse(delta int) {
	to := f.history.at + delta
	if to < 0 || to >= len(f.history.entries) || delta == 0 {
		return
	}
	entry, d := f.history.entries[to], f.document
	if entry.doc == d.loaderID {
		f.history.at = to
		old := d.url
		f.setURL(entry.url)
		state := goja.Value(goja.Null())
		if entry.state != nil {
			if v, _, err := entry.state.Deserialize(d.realm); err == nil {
				state = v
			}
		}
		d.window.Fire(popState, &popStateEvent{Event: dom.Event{Type: "popstate"}, state: state})
		if old.WithoutFragment() == entry.url.WithoutFragment() && old.String() != entry.url.String() {
			d.window.Fire(hashChange, &hashChangeEvent{Event: dom.Event{Type: "hashchange"}, oldURL: old.String(), newURL: entry.url.String()})
		}
		return
	}
	if f.container != nil {
		f.container.navigated = true
	}
	f.start(navigation{url: entry.url, history: true, index: to, source: d}.again(entry.post))
}

// History is what CDP shows of a page's history: URLs, and which is current. From
// anywhere but the loop.
func (p *Page) History() (urls []string, current int) {
	_ = p.group.agent.Do(p.group.agent.Context(), "history", func() {
		for _, e := range p.main.history.entries {
			urls = append(urls, e.url.String())
		}
		current = p.main.history.at
	})
	return urls, current
}

// Traverse goes to an entry of the history.
func (p *Page) Traverse(index int) {
	p.group.agent.Queue("history", func() { p.main.traverse(index - p.main.history.at) })
}

type historyObject struct{ w *Window }

var historyInterface = &idl.Interface{Name: "History"}

func init() {
	frame := func(c *idl.Call) *Frame { return idl.This[*historyObject](c).w.doc.frame }
	update := func(replace bool) idl.Native {
		return func(c *idl.Call) goja.Value {
			f := frame(c)
			d := f.document
			entry := historyEntry{url: d.url, doc: d.loaderID, state: messaging.SerializeForStorage(c, c.Arg(0))}
			if !idl.IsNullish(c.Arg(2)) {
				u := d.resolve(c.String(2))
				if u == nil || !u.Origin().Same(d.origin) {
					panic(c.Exception("SecurityError", "A history state object with URL '%s' cannot be created in a document with origin '%s'.", c.String(2), d.origin))
				}
				entry.url = u
			}
			if replace {
				f.history.replace(entry)
			} else {
				f.history.push(entry)
			}
			f.setURL(entry.url)
			return nil
		}
	}
	go1 := func(delta int) idl.Native {
		return func(c *idl.Call) goja.Value {
			f := frame(c)
			f.document.queue("history", func() { f.traverse(delta) })
			return nil
		}
	}
	historyInterface.Members = []idl.Member{
		idl.Attr("length", func(c *idl.Call) goja.Value { return c.Value(max(1, len(frame(c).history.entries))) }, nil),
		idl.Attr("scrollRestoration", func(c *idl.Call) goja.Value { return c.Value("auto") }, func(c *idl.Call) goja.Value { return nil }),
		idl.Attr("state", func(c *idl.Call) goja.Value {
			f := frame(c)
			if len(f.history.entries) > 0 && f.history.entries[f.history.at].state != nil {
				if v, _, err := f.history.entries[f.history.at].state.Deserialize(c.Realm); err == nil {
					return v
				}
			}
			return goja.Null()
		}, nil),
		idl.Method("pushState", 2, update(false)), idl.Method("replaceState", 2, update(true)),
		idl.Method("back", 0, go1(-1)), idl.Method("forward", 0, go1(1)),
		idl.Method("go", 0, func(c *idl.Call) goja.Value {
			delta := int(idl.Long(c, c.Arg(0)))
			if delta == 0 {
				f := frame(c)
				f.start(navigation{url: f.document.url, reload: true, replace: true, source: f.document}.again(f.history.posted()))
				return nil
			}
			return go1(delta)(c)
		}),
	}
}

func (w *Window) historyObject() goja.Value {
	if w.history == nil {
		w.history = idl.Wrap(w.Realm(), historyInterface, &historyObject{w})
	}
	return w.history
}

type hashChangeEvent struct {
	dom.Event
	oldURL, newURL string
}

var hashChange = &idl.Interface{
	Name: "HashChangeEvent", Parent: dom.EventInterface, Length: 1,
	New: func(c *idl.Call) any {
		e := &hashChangeEvent{}
		d := dom.InitEvent(c, e)
		e.newURL, e.oldURL = d.String("newURL", ""), d.String("oldURL", "")
		return e
	},
	Members: []idl.Member{
		idl.Attr("oldURL", func(c *idl.Call) goja.Value { return c.Value(idl.This[*hashChangeEvent](c).oldURL) }, nil),
		idl.Attr("newURL", func(c *idl.Call) goja.Value { return c.Value(idl.This[*hashChangeEvent](c).newURL) }, nil),
	},
}

type popStateEvent struct {
	dom.Event
	state goja.Value
}

var popState = &idl.Interface{
	Name: "PopStateEvent", Parent: dom.EventInterface, Length: 1,
	New: func(c *idl.Call) any {
		e := &popStateEvent{state: goja.Null()}
		if v, ok := dom.InitEvent(c, e).Get("state"); ok {
			e.state = v
		}
		return e
	},
	Members: []idl.Member{idl.Attr("state", func(c *idl.Call) goja.Value { return idl.This[*popStateEvent](c).state }, nil)},
}
