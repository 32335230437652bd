package notifications

import (
	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/runtime/webapi/buffer"
	"github.com/swinspect/swinspect/runtime/webapi/extendable"
	"github.com/swinspect/swinspect/runtime/webapi/fetchapi"
	"github.com/swinspect/swinspect/runtime/webapi/idl"
)

type messageData struct{ bytes []byte }

// PushMessageData is the interface of that name.
var PushMessageData = &idl.Interface{
	Name: "PushMessageData",
	Members: []idl.Member{
		idl.Method("arrayBuffer", 0, func(c *idl.Call) goja.Value { return buffer.New(c.Realm, data(c)) }),
		idl.Method("blob", 0, func(c *idl.Call) goja.Value { return fetchapi.NewBlob(c.Realm, data(c), "") }),
		idl.Method("bytes", 0, func(c *idl.Call) goja.Value { return buffer.Uint8Array(c.Realm, data(c)) }),
		idl.Method("json", 0, func(c *idl.Call) goja.Value { return fetchapi.ParseJSON(c.Realm, data(c)) }),
		idl.Method("text", 0, func(c *idl.Call) goja.Value { return c.Value(fetchapi.DecodeUTF8(data(c))) }),
	},
}

// data is a copy of the message's bytes.
func data(c *idl.Call) []byte { return append([]byte{}, idl.This[*messageData](c).bytes...) }

type pushEvent struct {
	extendable.Event
	data goja.Value
}

// PushEvent is the interface of that name.
var PushEvent = &idl.Interface{
	Name: "PushEvent", Parent: extendable.Interface, Length: 1,
	New: func(c *idl.Call) any {
		e := &pushEvent{data: goja.Null()}
		v, ok := extendable.Init(c, e).Get("data")
		if !ok || goja.IsNull(v) {
			return e
		}
		bytes, isBuffer := buffer.Bytes(c.Realm, v)
		if isBuffer {
			bytes = append([]byte{}, bytes...)
		} else {
			bytes = []byte(idl.ToString(c, v))
		}
		e.data = idl.Wrap(c.Realm, PushMessageData, &messageData{bytes})
		return e
	},
	Members: []idl.Member{
		idl.Attr("data", func(c *idl.Call) goja.Value { return idl.This[*pushEvent](c).data }, nil),
	},
}

type subscriptionChange struct {
	extendable.Event
	old, new goja.Value
}

// PushSubscriptionChangeEvent is the interface of that name.
var PushSubscriptionChangeEvent = &idl.Interface{
	Name: "PushSubscriptionChangeEvent", Parent: extendable.Interface, Length: 1,
	New: func(c *idl.Call) any {
		e := &subscriptionChange{old: goja.Null(), new: goja.Null()}
		d := extendable.Init(c, e)
		for _, member := range []struct {
			name string
			to   *goja.Value
		}{{"newSubscription", &e.new}, {"oldSubscription", &e.old}} {
			if v, ok := d.Get(member.name); ok && !goja.IsNull(v) {
				idl.As[*subscription](c, v, PushSubscription)
				*member.to = v
			}
		}
		return e
	},
	Members: []idl.Member{
		idl.Attr("newSubscription", func(c *idl.Call) goja.Value { return idl.This[*subscriptionChange](c).new }, nil),
		idl.Attr("oldSubscription", func(c *idl.Call) goja.Value { return idl.This[*subscriptionChange](c).old }, nil),
	},
}
