package messaging

import (
	"slices"
	"sync"

	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/runtime/script"
	"github.com/swinspect/swinspect/runtime/webapi/dom"
	"github.com/swinspect/swinspect/runtime/webapi/env"
	"github.com/swinspect/swinspect/runtime/webapi/idl"
)

// Broadcast is the implementation of a BroadcastChannel.
type Broadcast struct {
	dom.Target
	agent  *script.Agent
	name   string
	origin string
	group  group
	// closed is of the loop.
	closed bool
}

// group is who hears whom: channels of one name, storage key and browser context.
// The engine stands for the browser context.
type group struct {
	context          any
	storageKey, name string
}

// hub holds the open channels of the process, each group in the order in which
// they were made. A group without channels is not in it.
var hub = struct {
	mu     sync.Mutex
	groups map[group][]*Broadcast
}{groups: map[group][]*Broadcast{}}

// BroadcastChannel is the interface of that name.
//
// Source: https://html.spec.whatwg.org/#broadcasting-to-other-browsing-contexts
var BroadcastChannel = &idl.Interface{Name: "BroadcastChannel", Parent: dom.EventTarget, Length: 1}

func init() {
	BroadcastChannel.New = newBroadcast
	BroadcastChannel.Members = []idl.Member{
		idl.Attr("name", func(c *idl.Call) goja.Value { return c.Value(idl.This[*Broadcast](c).name) }, nil),
		idl.Method("postMessage", 1, func(c *idl.Call) goja.Value {
			b := idl.This[*Broadcast](c)
			if b.closed {
				panic(c.Exception("InvalidStateError", "Channel is closed"))
			}
			b.post(Serialize(c, c.Arg(0), nil))
			return nil
		}),
		idl.Method("close", 0, func(c *idl.Call) goja.Value { idl.This[*Broadcast](c).close(); return nil }),
		dom.Handler("message"), dom.Handler("messageerror"),
	}
}

func newBroadcast(c *idl.Call) any {
	settings := env.Of(c.Realm.Realm)
	b := &Broadcast{agent: c.Realm.Agent(), name: c.String(0), origin: settings.Origin.String()}
	b.group = group{settings.Engine, settings.StorageKey, b.name}
	b.Bind(c.Realm, c.Object)
	hub.mu.Lock()
	hub.groups[b.group] = append(hub.groups[b.group], b)
	hub.mu.Unlock()
	c.Realm.OnDestroy(b.close)
	return b
}

// post queues a task for every other channel of the group.
func (b *Broadcast) post(m *Serialized) {
	hub.mu.Lock()
	defer hub.mu.Unlock()
	for _, other := range hub.groups[b.group] {
		if other == b {
			continue
		}
		other.agent.Queue("posted message", func() {
			if !other.closed && !other.Realm().Gone() {
				FireMessage(&other.Target, m, b.origin, nil)
			}
		})
	}
}

func (b *Broadcast) close() {
	if b.closed {
		return
	}
	b.closed = true
	hub.mu.Lock()
	defer hub.mu.Unlock()
	rest := slices.DeleteFunc(hub.groups[b.group], func(other *Broadcast) bool { return other == b })
	if len(rest) == 0 {
		delete(hub.groups, b.group)
		return
	}
	hub.groups[b.group] = rest
}
