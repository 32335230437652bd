package devtools

import (
	"context"

	cdproto "github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/indexeddb"

	"github.com/swinspect/swinspect/runtime/webapi/env"
	engineidb "github.com/swinspect/swinspect/runtime/webapi/indexeddb"
)

// indexedDBDomain is IndexedDB, to look at and to delete.
func indexedDBDomain(t *table) {
	accept(t, indexeddb.Enable)
	accept(t, indexeddb.Disable)
	of := func(s *session, origin, key string) *engineidb.Storage {
		if key == "" {
			key = origin
		}
		return engineidb.Of(&env.Settings{Engine: s.target.context.Engine(), StorageKey: engineKey(key)})
	}
	handle(t, indexeddb.RequestDatabaseNames, func(_ context.Context, s *session, p indexeddb.RequestDatabaseNamesParams) (indexeddb.RequestDatabaseNamesResult, error) {
		r := indexeddb.RequestDatabaseNamesResult{DatabaseNames: []string{}}
		for _, d := range of(s, p.SecurityOrigin, p.StorageKey).Databases() {
			r.DatabaseNames = append(r.DatabaseNames, d.Name)
		}
		return r, nil
	})
	handle(t, indexeddb.DeleteDatabase, func(_ context.Context, s *session, p indexeddb.DeleteDatabaseParams) (cdproto.Empty, error) {
		store := of(s, p.SecurityOrigin, p.StorageKey)
		return later(s, func(context.Context) (cdproto.Empty, error) {
			store.Drop(p.DatabaseName)
			return none, nil
		})
	})
}
