// Package webstorage is localStorage and sessionStorage of windows.
//
// Concurrency: an [Area] is safe for concurrent use; everything else runs on the
// realm's loop. A change queues a storage event at the other windows that use the area.
//
// Source: https://html.spec.whatwg.org/#webstorage
package webstorage

import (
	"reflect"
	"sync"

	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/runtime/webapi/dom"
	"github.com/swinspect/swinspect/runtime/webapi/env"
	"github.com/swinspect/swinspect/runtime/webapi/idl"
)

// quota is what an area holds at most, in bytes of keys and values.
const quota = 10 << 20

// Area is a storage area: a list of keys and values in the order of insertion.
type Area struct {
	mu     sync.Mutex // guards all below
	keys   []string
	values map[string]string
	size   int
	users  map[*object]struct{}
}

// NewArea makes an empty one: a page's session storage.
func NewArea() *Area { return &Area{values: map[string]string{}, users: map[*object]struct{}{}} }

type areaKey string

// Local is the local storage area of a realm's storage key.
func Local(s *env.Settings) *Area {
	return s.Engine.Attached(areaKey(s.StorageKey), func() any { return NewArea() }).(*Area)
}

// Items lists keys and values in order.
func (a *Area) Items() [][2]string {
	a.mu.Lock()
	defer a.mu.Unlock()
	list := make([][2]string, len(a.keys))
	for i, key := range a.keys {
		list[i] = [2]string{key, a.values[key]}
	}
	return list
}

// Get is an item's value.
func (a *Area) Get(key string) (string, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	v, ok := a.values[key]
	return v, ok
}

// Set sets an item; false when that would exceed the quota.
func (a *Area) Set(key, value string) bool { return a.set(nil, key, value) }

func (a *Area) set(by *object, key, value string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	old, existed := a.values[key]
	if existed && old == value {
		return true
	}
	size := a.size + len(value) - len(old)
	if !existed {
		size += len(key)
	}
	if size > quota {
		return false
	}
	if !existed {
		a.keys = append(a.keys, key)
	}
	a.values[key], a.size = value, size
	c := change{key: &key, new: &value}
	if existed {
		c.old = &old
	}
	a.tell(by, c)
	return true
}

// Remove removes an item.
func (a *Area) Remove(key string) { a.remove(nil, key) }

func (a *Area) remove(by *object, key string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	old, existed := a.values[key]
	if !existed {
		return
	}
	delete(a.values, key)
	for i, k := range a.keys {
		if k == key {
			a.keys = append(a.keys[:i], a.keys[i+1:]...)
			break
		}
	}
	a.size -= len(key) + len(old)
	a.tell(by, change{key: &key, old: &old})
}

// Clear removes everything.
func (a *Area) Clear() { a.clear(nil) }

func (a *Area) clear(by *object) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.keys) == 0 {
		return
	}
	a.keys, a.values, a.size = nil, map[string]string{}, 0
	a.tell(by, change{})
}

// change is what a storage event tells; nil is null.
type change struct{ key, old, new *string }

// tell queues a storage event at the windows that use the area, except by's; the
// mutex is held.
func (a *Area) tell(by *object, c change) {
	url := ""
	if by != nil {
		url = by.url()
	}
	for user := range a.users {
		if user != by {
			user.realm.Agent().Queue("DOM manipulation", func() { user.fire(c, url) })
		}
	}
}

// object is the implementation of a Storage object: goja asks it for properties
// that are no members of the interface.
type object struct {
	area   *Area
	realm  *idl.Realm
	object *goja.Object
	window *dom.Target
	url    func() string
}

var objectType = reflect.TypeFor[*object]()

// Options of Install. Local and Session may be nil: then there is no such attribute.
type Options struct {
	Local, Session *Area
	Window         *dom.Target   // where storage events are fired; nil: nowhere
	URL            func() string // the document's, for storage events
}

// Install exposes Storage and StorageEvent, and localStorage and sessionStorage on
// the realm's global.
func Install(r *idl.Realm, o Options) {
	idl.Expose(r, Storage, StorageEvent)
	for name, area := range map[string]*Area{"localStorage": o.Local, "sessionStorage": o.Session} {
		if area == nil {
			continue
		}
		s := &object{area: area, realm: r, window: o.Window, url: o.URL}
		if s.url == nil {
			s.url = func() string { return "" }
		}
		area.mu.Lock()
		area.users[s] = struct{}{}
		area.mu.Unlock()
		r.OnDestroy(func() {
			area.mu.Lock()
			delete(area.users, s)
			area.mu.Unlock()
		})
		get := idl.Function(r, "get "+name, 0, func(goja.FunctionCall) goja.Value { return s.handle() })
		if err := r.Global().DefineAccessorProperty(name, get, goja.Undefined(), goja.FLAG_TRUE, goja.FLAG_TRUE); err != nil {
			panic(err)
		}
	}
}

func (s *object) handle() *goja.Object {
	if s.object == nil {
		s.object = s.realm.Runtime().NewDynamicObject(s)
		if err := s.object.SetPrototype(s.realm.Prototype(Storage)); err != nil {
			panic(err)
		}
	}
	return s.object
}

// member reports whether a name is one of the interface's: those win over items.
func (s *object) member(key string) bool { return s.realm.Prototype(Storage).Get(key) != nil }

// Get, Set, Has, Delete and Keys are goja's DynamicObject.
func (s *object) Get(key string) goja.Value {
	if v, ok := s.area.Get(key); ok && !s.member(key) {
		return s.realm.Runtime().ToValue(v)
	}
	return nil
}

func (s *object) Set(key string, v goja.Value) bool {
	if !s.area.set(s, key, v.String()) {
		panic(quotaError(s.realm, key))
	}
	return true
}

func (s *object) Has(key string) bool {
	_, ok := s.area.Get(key)
	return ok && !s.member(key)
}

func (s *object) Delete(key string) bool { s.area.remove(s, key); return true }

func (s *object) Keys() []string {
	var keys []string
	for _, item := range s.area.Items() {
		keys = append(keys, item[0])
	}
	return keys
}

func quotaError(r *idl.Realm, key string) goja.Value {
	return idl.DOMError(r, "QuotaExceededError", "Failed to execute 'setItem' on 'Storage': Setting the value of '"+key+"' exceeded the quota.")
}

func this(c *idl.Call) *object {
	if o, ok := c.This.(*goja.Object); ok && o.ExportType() == objectType {
		if s, ok := o.Export().(*object); ok {
			return s
		}
	}
	panic(idl.TypeError(c.Realm, "Illegal invocation"))
}

// Storage is the interface of that name.
var Storage = &idl.Interface{Name: "Storage"}

// init, because a change fires events that name Storage objects.
func init() {
	Storage.Members = []idl.Member{
		idl.Attr("length", func(c *idl.Call) goja.Value { return c.Value(len(this(c).area.Items())) }, nil),
		idl.Method("key", 1, func(c *idl.Call) goja.Value {
			items := this(c).area.Items()
			if i := int(idl.UnsignedLong(c, c.Arg(0))); i < len(items) {
				return c.Value(items[i][0])
			}
			return goja.Null()
		}),
		idl.Method("getItem", 1, func(c *idl.Call) goja.Value {
			if v, ok := this(c).area.Get(c.String(0)); ok {
				return c.Value(v)
			}
			return goja.Null()
		}),
		idl.Method("setItem", 2, func(c *idl.Call) goja.Value {
			s, key, value := this(c), c.String(0), c.String(1)
			if !s.area.set(s, key, value) {
				panic(quotaError(c.Realm, key))
			}
			return nil
		}),
		idl.Method("removeItem", 1, func(c *idl.Call) goja.Value { s := this(c); s.area.remove(s, c.String(0)); return nil }),
		idl.Method("clear", 0, func(c *idl.Call) goja.Value { s := this(c); s.area.clear(s); return nil }),
	}
}

// event is the implementation of a StorageEvent.
type event struct {
	dom.Event
	key, oldValue, newValue, area goja.Value
	url                           string
}

// StorageEvent is the interface of that name.
var StorageEvent = &idl.Interface{
	Name: "StorageEvent", Parent: dom.EventInterface, Length: 1,
	New: func(c *idl.Call) any {
		e := &event{}
		d := dom.InitEvent(c, e)
		text := func(name string) goja.Value {
			if v, ok := d.Get(name); ok && !goja.IsNull(v) {
				return c.Value(idl.ToString(c, v))
			}
			return goja.Null()
		}
		e.key, e.newValue, e.oldValue, e.area = text("key"), text("newValue"), text("oldValue"), goja.Null()
		if v, ok := d.Get("storageArea"); ok {
			e.area = v
		}
		e.url = d.String("url", "")
		return e
	},
	Members: []idl.Member{
		idl.Attr("key", func(c *idl.Call) goja.Value { return idl.This[*event](c).key }, nil),
		idl.Attr("oldValue", func(c *idl.Call) goja.Value { return idl.This[*event](c).oldValue }, nil),
		idl.Attr("newValue", func(c *idl.Call) goja.Value { return idl.This[*event](c).newValue }, nil),
		idl.Attr("url", func(c *idl.Call) goja.Value { return c.Value(idl.This[*event](c).url) }, nil),
		idl.Attr("storageArea", func(c *idl.Call) goja.Value { return idl.This[*event](c).area }, nil),
	},
}

func (s *object) fire(c change, url string) {
	if s.window == nil || s.realm.Gone() {
		return
	}
	text := func(p *string) goja.Value {
		if p == nil {
			return goja.Null()
		}
		return s.realm.Runtime().ToValue(*p)
	}
	s.window.Fire(StorageEvent, &event{Event: dom.Event{Type: "storage"}, key: text(c.key), oldValue: text(c.old), newValue: text(c.new), url: url, area: s.handle()})
}
