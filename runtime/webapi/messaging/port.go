package messaging

import (
	"runtime"
	"weak"

	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/runtime/script"
	"github.com/swinspect/swinspect/runtime/webapi/dom"
	"github.com/swinspect/swinspect/runtime/webapi/idl"
)

// Port is the implementation of a MessagePort. Of its agent's loop, but for the
// end it holds.
type Port struct {
	dom.Target
	agent    *script.Agent
	end      *end
	detached bool

	// OnMessage, when set before Start, takes messages in place of events: the
	// engine's own use of a port.
	OnMessage func(m *Serialized)
}

func newPort(r *idl.Realm, e *end) *Port {
	p := &Port{agent: r.Agent(), end: e}
	p.Bind(r, idl.Wrap(r, MessagePort, p))
	track(r, p)
	e.bind(p)
	return p
}

// MessagePort is the interface of that name.
//
// Source: https://html.spec.whatwg.org/#message-ports
var MessagePort = &idl.Interface{Name: "MessagePort", Parent: dom.EventTarget}

// MessageChannel is the interface of that name.
var MessageChannel = &idl.Interface{
	Name: "MessageChannel",
	New: func(c *idl.Call) any {
		a, b := NewPorts(c.Realm)
		return &channel{a, b}
	},
	Members: []idl.Member{
		idl.Attr("port1", func(c *idl.Call) goja.Value { return idl.This[*channel](c).port1.Object() }, nil),
		idl.Attr("port2", func(c *idl.Call) goja.Value { return idl.This[*channel](c).port2.Object() }, nil),
	},
}

type channel struct{ port1, port2 *Port }

func init() {
	MessagePort.Members = []idl.Member{
		idl.Method("postMessage", 1, func(c *idl.Call) goja.Value {
			idl.This[*Port](c).post(c)
			return nil
		}),
		idl.Method("start", 0, func(c *idl.Call) goja.Value { idl.This[*Port](c).Start(); return nil }),
		idl.Method("close", 0, func(c *idl.Call) goja.Value { idl.This[*Port](c).Close(); return nil }),
		dom.HandlerWith("message", func(c *idl.Call) { idl.This[*Port](c).Start() }),
		dom.Handler("messageerror"),
		dom.Handler("close"),
	}
}

// post is message port post message steps.
func (p *Port) post(c *idl.Call) {
	list := TransferList(c, 1)
	doomed := false
	for i, v := range list {
		other, ok := idl.Unwrap[*Port](v)
		if !ok {
			continue
		}
		if other == p {
			panic(c.Exception("DataCloneError", "Port at index %d contains the source port.", i))
		}
		doomed = doomed || !other.detached && p.end.isPeer(other.end)
	}
	m := Serialize(c, c.Arg(0), list)
	// Message port post message steps 5: a message that carries the port it is sent
	// to can never arrive.
	if !p.detached && !doomed {
		p.end.post(m)
	}
}

// Post sends a message through the port, from the engine.
func (p *Port) Post(m *Serialized) {
	if !p.detached {
		p.end.post(m)
	}
}

// Start enables the port's message queue.
func (p *Port) Start() {
	if !p.detached {
		p.end.start()
	}
}

// Close detaches the port: nothing more can be sent either way; what is in its
// queue is still delivered.
func (p *Port) Close() {
	if !p.detached {
		p.detached = true
		p.end.close()
	}
}

// deliver fires the oldest message of the queue.
func (p *Port) deliver() {
	if p.Realm().Gone() {
		return
	}
	m := p.end.take(p)
	switch {
	case m == nil:
	case p.OnMessage != nil:
		p.OnMessage(m)
	default:
		FireMessage(&p.Target, m, "", nil)
	}
}

// closed is told that the other side is closed.
func (p *Port) closed() {
	if p.Realm().Gone() || p.moved() {
		return
	}
	p.detached = true
	p.FireSimple("close")
}

func (p *Port) moved() bool {
	p.end.mu.Lock()
	defer p.end.mu.Unlock()
	return p.end.holder != p
}

// CloneDetached is for structured cloning.
func (p *Port) CloneDetached() bool { return p.detached }

// CloneTransfer is MessagePort's transfer steps.
func (p *Port) CloneTransfer() (Copy, error) {
	p.detached = true
	e := p.end
	e.release()
	return func(r *idl.Realm) (goja.Value, error) { return newPort(r, e).Object(), nil }, nil
}

// FireMessage fires message, or messageerror when the realm cannot have it, at a
// target. source may be nil.
func FireMessage(target *dom.Target, m *Serialized, origin string, source *goja.Object) {
	r := target.Realm()
	data, ports, err := m.Deserialize(r)
	event := &dom.Message{Event: dom.Event{Type: "message"}, Data: data, Origin: origin, Source: source}
	if err != nil {
		event.Type, event.Data = "messageerror", goja.Null()
	} else if len(ports) > 0 {
		event.Ports = dom.Frozen(r, ports)
	}
	target.Fire(dom.MessageEvent, event)
}

// tracked are the ports of a realm, without keeping them alive: they are closed
// with it.
type tracked struct {
	ports []weak.Pointer[Port]
	limit int
}

type trackedKey struct{}

func track(r *idl.Realm, p *Port) {
	t, ok := r.Value(trackedKey{}).(*tracked)
	if !ok {
		t = &tracked{limit: 64}
		r.SetValue(trackedKey{}, t)
		r.OnDestroy(t.close)
	}
	if len(t.ports) >= t.limit {
		kept := t.ports[:0]
		for _, w := range t.ports {
			if other := w.Value(); other != nil && !other.detached {
				kept = append(kept, w)
			}
		}
		clear(t.ports[len(kept):])
		t.ports, t.limit = kept, max(64, 2*len(kept))
	}
	t.ports = append(t.ports, weak.Make(p))
}

func (t *tracked) close() {
	for _, w := range t.ports {
		if p := w.Value(); p != nil {
			p.Close()
			runtime.KeepAlive(p)
		}
	}
}
