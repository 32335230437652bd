package fetchapi

import (
	"fmt"

	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/runtime/fetch"
	"github.com/swinspect/swinspect/runtime/webapi/env"
	"github.com/swinspect/swinspect/runtime/webapi/idl"
)

// ObjectURLMembers are the static members that the File API adds to URL. Service
// workers have none of them: see ObjectURLs.
var ObjectURLMembers = []idl.Member{
	idl.Static("createObjectURL", 1, createObjectURL),
	idl.Static("revokeObjectURL", 1, func(c *idl.Call) goja.Value {
		settings := env.Of(c.Realm.Realm)
		if settings.Blobs != nil {
			settings.Blobs.Revoke(c.String(0), clientOf(settings))
		}
		return nil
	}),
}

// ObjectURLs reports whether the realm's URL has createObjectURL: all but service
// workers.
func ObjectURLs(r *idl.Realm) bool { return env.Of(r.Realm).Kind != env.ServiceWorker }

func createObjectURL(c *idl.Call) goja.Value {
	blob := idl.As[BlobLike](c, c.Arg(0), BlobInterface).BlobOf()
	settings := env.Of(c.Realm.Realm)
	if settings.Blobs == nil {
		panic(c.Exception("NotSupportedError", "there are no blob: URLs here"))
	}
	client := clientOf(settings)
	u := settings.Blobs.Create(blob.Data, blob.Type, uuid(c.Realm), client)
	state := stateOf(c.Realm)
	if !state.revokes {
		state.revokes = true
		c.Realm.OnDestroy(func() { settings.Blobs.RevokeAll(client.ID) })
	}
	return c.Value(u)
}

func clientOf(s *env.Settings) fetch.Client {
	return fetch.Client{ID: s.ID, Origin: s.Origin, StorageKey: s.StorageKey}
}

// uuid is a version 4 UUID of the realm's own Math.random.
func uuid(r *idl.Realm) string {
	var b [16]byte
	for i := range b {
		if v, err := r.Agent().Call(stateOf(r).random, goja.Undefined()); err == nil {
			b[i] = byte(v.ToFloat() * 256)
		}
	}
	b[6], b[8] = b[6]&0x0F|0x40, b[8]&0x3F|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
