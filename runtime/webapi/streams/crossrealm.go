package streams

import (
	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/runtime/script"
	"github.com/swinspect/swinspect/runtime/webapi/idl"
	"github.com/swinspect/swinspect/runtime/webapi/messaging"
)

// crossing is one end of a cross-realm transform: a stream here, a port to the
// stream there. Of its realm's loop.
//
// The messages are objects {type, value}: "chunk", "close" and "error" towards the
// readable side, "pull" and "error" towards the writable one.
//
// Source: https://streams.spec.whatwg.org/#transferrable-streams
type crossing struct {
	realm  *idl.Realm
	port   *messaging.Port
	stream *goja.Object
	// backpressure of the writable side is pending until the other side pulls; nil
	// when a chunk may be sent at once.
	backpressure *script.Promise
}

// crossReadable is SetUpCrossRealmTransformReadable.
func crossReadable(r *idl.Realm, port *messaging.Port) *goja.Object {
	x := &crossing{realm: r, port: port}
	x.stream = New(r, Source{
		Pull: func(*goja.Object) goja.Value {
			x.send("pull", goja.Undefined())
			return nil
		},
		Cancel: func(reason goja.Value) goja.Value { return x.end("error", reason) },
	})
	port.OnMessage = func(m *messaging.Serialized) { x.heard(m, x.readableHeard, Error) }
	port.Start()
	return x.stream
}

func (x *crossing) readableHeard(kind string, value goja.Value) {
	switch kind {
	case "chunk":
		if State(x.realm, x.stream) == "readable" {
			Enqueue(x.realm, x.stream, value)
		}
	case "close":
		CloseStream(x.realm, x.stream)
		x.port.Close()
	case "error":
		Error(x.realm, x.stream, value)
		x.port.Close()
	}
}

// crossWritable is SetUpCrossRealmTransformWritable.
func crossWritable(r *idl.Realm, port *messaging.Port) *goja.Object {
	x := &crossing{realm: r, port: port, backpressure: r.NewPromise()}
	s, rt := stateOf(r), r.Runtime()
	algorithm := func(run func(goja.Value) goja.Value) goja.Value {
		return rt.ToValue(func(c goja.FunctionCall) goja.Value {
			return s.promised(func() goja.Value { return run(c.Argument(0)) })
		})
	}
	x.stream = s.call("CreateWritableStream", algorithm(x.write),
		algorithm(func(goja.Value) goja.Value {
			x.send("close", goja.Undefined())
			x.port.Close()
			return nil
		}),
		algorithm(func(reason goja.Value) goja.Value { return x.end("error", reason) }),
		rt.ToValue(1)).(*goja.Object)
	port.OnMessage = func(m *messaging.Serialized) { x.heard(m, x.writableHeard, errorWritable) }
	port.Start()
	return x.stream
}

// write sends a chunk as soon as the other side wants one.
func (x *crossing) write(chunk goja.Value) goja.Value {
	wanted := idl.Resolved(x.realm, nil)
	if x.backpressure != nil {
		wanted = x.backpressure.Value
	}
	written := x.realm.NewPromise()
	x.realm.Agent().Then(wanted, func(goja.Value) {
		x.backpressure = x.realm.NewPromise()
		if thrown := x.try("chunk", chunk); thrown != nil {
			x.port.Close()
			written.Reject(thrown)
			return
		}
		written.Resolve(nil)
	}, nil)
	return written.Value
}

func (x *crossing) writableHeard(kind string, value goja.Value) {
	switch kind {
	case "pull":
		x.release()
	case "error":
		errorWritable(x.realm, x.stream, value)
		x.release()
	}
}

// release lets the chunk that waits go. The promise's reactions may run inside of
// Resolve and set up the next one.
func (x *crossing) release() {
	if pulled := x.backpressure; pulled != nil {
		x.backpressure = nil
		pulled.Resolve(nil)
	}
}

// errorWritable is WritableStreamDefaultControllerErrorIfNeeded.
func errorWritable(r *idl.Realm, stream *goja.Object, reason goja.Value) {
	stateOf(r).call("WritableStreamDefaultControllerErrorIfNeeded", stream, reason)
}

// heard takes a message apart; one that cannot be made here (messageerror) ends
// both sides.
func (x *crossing) heard(m *messaging.Serialized, take func(string, goja.Value), fail func(*idl.Realm, *goja.Object, goja.Value)) {
	v, _, err := m.Deserialize(x.realm)
	if err != nil {
		reason := idl.DOMError(x.realm, "DataCloneError", "The chunk could not be made here.")
		_ = x.post("error", reason)
		fail(x.realm, x.stream, reason)
		x.port.Close()
		return
	}
	if o, ok := v.(*goja.Object); ok {
		take(o.Get("type").String(), o.Get("value"))
	}
}

// end sends a last message and gives up the port.
func (x *crossing) end(kind string, value goja.Value) goja.Value {
	thrown := x.try(kind, value)
	x.port.Close()
	if thrown != nil {
		panic(thrown)
	}
	return nil
}

// try is PackAndPostMessageHandlingError: what cannot be sent becomes an error of
// the other side too. It returns what was thrown.
func (x *crossing) try(kind string, value goja.Value) goja.Value {
	err := x.post(kind, value)
	if err == nil {
		return nil
	}
	thrown := idl.Reason(x.realm.Runtime(), err)
	_ = x.post("error", thrown)
	return thrown
}

// send is PackAndPostMessage of a value that can be cloned.
func (x *crossing) send(kind string, value goja.Value) { _ = x.post(kind, value) }

// post is PackAndPostMessage.
func (x *crossing) post(kind string, value goja.Value) error {
	return x.realm.Agent().Try(func() {
		message := x.realm.Runtime().CreateObject(nil)
		_ = message.Set("type", kind)
		_ = message.Set("value", value)
		x.port.Post(messaging.Serialize(idl.NewCall(x.realm, "Failed to transfer a chunk of a stream"), message, nil))
	})
}
