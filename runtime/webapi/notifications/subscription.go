package notifications

import (
	"bytes"
	"context"
	"crypto/ecdh"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"

	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/runtime"
	"github.com/swinspect/swinspect/runtime/script"
	"github.com/swinspect/swinspect/runtime/webapi/buffer"
	"github.com/swinspect/swinspect/runtime/webapi/idl"
)

// Subscription is the concept of a push subscription. No push service stands
// behind it: messages are delivered from outside, through the engine.
type Subscription struct {
	Endpoint             string
	UserVisibleOnly      bool
	ApplicationServerKey []byte
	P256dh, Auth         []byte
	Private              *ecdh.PrivateKey
}

type pushManager struct{ manager }

// PushManager is the interface of that name.
//
// Source: https://w3c.github.io/push-api/#pushmanager-interface
var PushManager = &idl.Interface{
	Name: "PushManager",
	Members: []idl.Member{
		idl.StaticAttr("supportedContentEncodings", func(c *idl.Call) goja.Value { return encodings(c.Realm) }),
		idl.PromiseMethod("subscribe", 0, func(c *idl.Call) goja.Value { return idl.This[*pushManager](c).subscribe(c) }),
		idl.PromiseMethod("getSubscription", 0, func(c *idl.Call) goja.Value {
			m := idl.This[*pushManager](c)
			return later(c.Realm, func() goja.Value { return m.object(c.Realm, Of(m.registration).Subscription()) })
		}),
		idl.PromiseMethod("permissionState", 0, func(c *idl.Call) goja.Value {
			idl.This[*pushManager](c)
			return later(c.Realm, func() goja.Value { return c.Value(permission(c.Realm, "notifications", "prompt")) })
		}),
	},
}

type encodingsKey struct{}

func encodings(r *idl.Realm) goja.Value {
	if v, ok := r.Value(encodingsKey{}).(goja.Value); ok {
		return v
	}
	v := r.Runtime().NewArray("aes128gcm", "aesgcm")
	r.SetValue(encodingsKey{}, v)
	return v
}

// applicationServerKey is a BufferSource or a URL-safe base64 string; an invalid
// one throws.
func applicationServerKey(c *idl.Call, v goja.Value) []byte {
	key, isBuffer := buffer.Bytes(c.Realm, v)
	if isBuffer {
		key = append([]byte{}, key...)
	} else {
		decoded, err := base64.RawURLEncoding.DecodeString(idl.ToString(c, v))
		if err != nil {
			panic(c.Exception("InvalidCharacterError", "The provided applicationServerKey is not encoded as base64url without padding."))
		}
		key = decoded
	}
	if _, err := ecdh.P256().NewPublicKey(key); err != nil {
		panic(c.Exception("InvalidAccessError", "The provided applicationServerKey is not valid."))
	}
	return key
}

func (m *pushManager) subscribe(c *idl.Call) goja.Value {
	s := &Subscription{}
	d := c.Dict(0)
	if v, ok := d.Get("applicationServerKey"); ok && !goja.IsNull(v) {
		s.ApplicationServerKey = applicationServerKey(c, v)
	}
	s.UserVisibleOnly = d.Bool("userVisibleOnly", false)
	if m.registration.Snapshot().Active == nil {
		panic(c.Exception("AbortError", "Subscription failed - no active Service Worker"))
	}
	if permission(c.Realm, "notifications", "prompt") != "granted" {
		panic(c.Exception("NotAllowedError", "Registration failed - permission denied"))
	}
	store := Of(m.registration)
	if old := store.Subscription(); old != nil {
		if !bytes.Equal(old.ApplicationServerKey, s.ApplicationServerKey) || old.UserVisibleOnly != s.UserVisibleOnly {
			panic(c.Exception("InvalidStateError", "Registration failed - A subscription with a different applicationServerKey (or gcm_sender_id) already exists; to change the applicationServerKey, unsubscribe then resubscribe."))
		}
		return later(c.Realm, func() goja.Value { return m.object(c.Realm, old) })
	}
	return c.Realm.Async("DOM manipulation", func(context.Context) error { return s.generate() }, func(p *script.Promise, err error) {
		if err != nil {
			p.Reject(idl.DOMError(c.Realm, "AbortError", err.Error()))
			return
		}
		store.setSubscription(s)
		p.Resolve(m.object(c.Realm, s))
	})
}

// generate makes the subscription's keys and address.
func (s *Subscription) generate() error {
	private, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		return err
	}
	s.Private, s.P256dh = private, private.PublicKey().Bytes()
	s.Auth = make([]byte, 16)
	id := make([]byte, 16)
	_, _ = rand.Read(s.Auth)
	_, _ = rand.Read(id)
	s.Endpoint = "https://push.invalid/swinspect/" + hex.EncodeToString(id)
	return nil
}

// subscription is the implementation of a PushSubscription.
type subscription struct {
	*Subscription
	registration *runtime.Registration
	options      *goja.Object
}

func (m *pushManager) object(r *idl.Realm, s *Subscription) goja.Value {
	if s == nil {
		return goja.Null()
	}
	return idl.Wrap(r, PushSubscription, &subscription{Subscription: s, registration: m.registration})
}

// PushSubscription is the interface of that name.
var PushSubscription = &idl.Interface{
	Name: "PushSubscription",
	Members: []idl.Member{
		idl.Attr("endpoint", func(c *idl.Call) goja.Value { return c.Value(idl.This[*subscription](c).Endpoint) }, nil),
		idl.Attr("expirationTime", func(c *idl.Call) goja.Value { idl.This[*subscription](c); return goja.Null() }, nil),
		idl.Attr("options", func(c *idl.Call) goja.Value {
			s := idl.This[*subscription](c)
			if s.options == nil {
				s.options = idl.Wrap(c.Realm, PushSubscriptionOptions, s)
			}
			return s.options
		}, nil),
		idl.Method("getKey", 1, func(c *idl.Call) goja.Value {
			s := idl.This[*subscription](c)
			if idl.Enum(c, c.Arg(0), "PushEncryptionKeyName", "p256dh", "auth") == "auth" {
				return buffer.New(c.Realm, append([]byte{}, s.Auth...))
			}
			return buffer.New(c.Realm, append([]byte{}, s.P256dh...))
		}),
		idl.PromiseMethod("unsubscribe", 0, func(c *idl.Call) goja.Value {
			s := idl.This[*subscription](c)
			done := Of(s.registration).Subscription() == s.Subscription
			if done {
				Of(s.registration).setSubscription(nil)
			}
			return later(c.Realm, func() goja.Value { return c.Value(done) })
		}),
		idl.Method("toJSON", 0, func(c *idl.Call) goja.Value {
			s := idl.This[*subscription](c)
			rt := c.Runtime()
			keys, json := rt.NewObject(), rt.NewObject()
			_ = keys.Set("p256dh", base64.RawURLEncoding.EncodeToString(s.P256dh))
			_ = keys.Set("auth", base64.RawURLEncoding.EncodeToString(s.Auth))
			_ = json.Set("endpoint", s.Endpoint)
			_ = json.Set("expirationTime", goja.Null())
			_ = json.Set("keys", keys)
			return json
		}),
	},
}

// PushSubscriptionOptions is the interface of that name.
var PushSubscriptionOptions = &idl.Interface{
	Name: "PushSubscriptionOptions",
	Members: []idl.Member{
		idl.Attr("userVisibleOnly", func(c *idl.Call) goja.Value { return c.Value(idl.This[*subscription](c).UserVisibleOnly) }, nil),
		idl.Attr("applicationServerKey", func(c *idl.Call) goja.Value {
			s := idl.This[*subscription](c)
			if s.ApplicationServerKey == nil {
				return goja.Null()
			}
			return buffer.New(c.Realm, append([]byte{}, s.ApplicationServerKey...))
		}, nil),
	},
}
