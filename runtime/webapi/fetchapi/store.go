package fetchapi

import (
	"context"

	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/runtime/fetch"
)

// Store reads the response's body to its end, which uses it up here, and hands
// over the response with its body in memory, as a cache keeps it: now or later, on
// the loop. fail gets why the body could not be read. Ask Unusable before.
func (p *Response) Store(then func(*fetch.Response), fail func(reason goja.Value)) {
	stored := *p.Inner
	stored.Headers = p.Inner.Headers.Clone()
	stored.Body = nil
	if internal := p.Inner.Internal; internal != nil {
		inside := *internal
		stored.Internal = &inside
		inside.Body = nil
		if p.body.none() && internal.Body != nil {
			p.storeHidden(&stored, internal.Body, then, fail)
			return
		}
	}
	if p.body.none() {
		then(&stored)
		return
	}
	p.body.readAll(func(b []byte) {
		stored.Body = fetch.BytesBody(b)
		if stored.Internal != nil {
			stored.Internal.Body = stored.Body
		}
		then(&stored)
	}, fail)
}

// storeHidden reads the body of an opaque response, which its object does not show.
// It stays in memory, so that the response can be stored again.
func (p *Response) storeHidden(stored *fetch.Response, body *fetch.Body, then func(*fetch.Response), fail func(goja.Value)) {
	if whole, ok := body.Bytes(); ok {
		stored.Internal.Body = fetch.BytesBody(whole)
		then(stored)
		return
	}
	var all []byte
	p.realm.Background("networking", func(ctx context.Context) (err error) {
		all, err = body.ReadAll(ctx, 0)
		return err
	}, func(err error) {
		if err != nil {
			fail(reasonOf(p.realm, err))
			return
		}
		stored.Internal.Body = fetch.BytesBody(all)
		then(stored)
	})
}
