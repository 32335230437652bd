package devtools

import (
	"encoding/base64"
	"testing"
	"time"

	"github.com/swinspect/swinspect/runtime/clock"
)

func TestCacheStorage(t *testing.T) {
	c := connect(t)
	p := c.page("/index.html")
	key := origin + "/"
	changes := p.Listen(0, "Storage.cacheStorageContentUpdated", "Storage.cacheStorageListUpdated")
	c.call(p, "Storage.trackCacheStorageForOrigin", object{"origin": origin})
	c.evaluate(p, `caches.open('big').then((c) => Promise.all([...Array(25).keys()].map((n) => c.put('/n' + n, new Response('body ' + n, {headers: {'X-N': String(n)}}))))).then(() => 1)`)
	is(t, "list", next(t, changes).Method, "Storage.cacheStorageListUpdated")
	is(t, "content", next(t, changes).Params["cacheName"], "big")
	is(t, "key", c.call(p, "Storage.getStorageKey", object{"frameId": targetOf(c, p)})["storageKey"], key)
	found := c.call(p, "CacheStorage.requestCacheNames", object{"storageKey": key})["caches"].([]any)
	is(t, "caches", []any{len(found), at(found, 0, "cacheName")}, []any{1, "big"})
	id := at(found, 0, "cacheId")
	total := 0
	for skip := 0; ; skip += 10 {
		r := c.call(p, "CacheStorage.requestEntries", object{"cacheId": id, "skipCount": skip, "pageSize": 10})
		is(t, "count", r["returnCount"], 25)
		entries := r["cacheDataEntries"].([]any)
		if len(entries) == 0 {
			break
		}
		total += len(entries)
	}
	is(t, "paged", total, 25)
	is(t, "filtered", c.call(p, "CacheStorage.requestEntries", object{"cacheId": id, "skipCount": 0, "pageSize": 50, "pathFilter": "/n2"})["returnCount"], 6)
	body := at(c.call(p, "CacheStorage.requestCachedResponse", object{"cacheId": id, "requestURL": origin + "/n7", "requestHeaders": []object{}}), "response", "body")
	is(t, "body", body, base64.StdEncoding.EncodeToString([]byte("body 7")))
	c.call(p, "CacheStorage.deleteEntry", object{"cacheId": id, "request": origin + "/n7"})
	c.refused(p, "CacheStorage.deleteEntry", object{"cacheId": id, "request": origin + "/n7"}, -32000, "Error deleting cache entry: not found.")
	c.refused(p, "CacheStorage.requestCachedResponse", object{"cacheId": id, "requestURL": origin + "/n7", "requestHeaders": []object{}}, -32000, "Unable to read cached response: not found.")
	c.call(p, "CacheStorage.deleteCache", object{"cacheId": id})
	c.refused(p, "CacheStorage.deleteCache", object{"cacheId": id}, -32000, "not found")
	is(t, "unknown cache", c.call(p, "CacheStorage.requestEntries", object{"cacheId": id, "skipCount": 0, "pageSize": 1})["returnCount"], 0)
	for _, params := range []object{{}, {"storageKey": key, "securityOrigin": origin}} {
		c.refused(p, "CacheStorage.requestCacheNames", params, -32602, "At least and at most one of")
	}
	c.refused(p, "CacheStorage.requestEntries", object{"cacheId": "x", "skipCount": 0, "pageSize": 1}, -32000, "Invalid cache id")
}

func TestStorage(t *testing.T) {
	c := connect(t)
	p := c.page("/index.html")
	c.register(p)
	usage := c.call(p, "Storage.getUsageAndQuota", object{"origin": origin})
	if used := usage["usage"].(float64); used <= 0 || used > usage["quota"].(float64) {
		t.Errorf("usage: %v", usage)
	}
	c.refused(p, "Storage.getUsageAndQuota", object{"origin": "nonsense"}, -32000, "not a valid URL")
	c.evaluate(p, `new Promise((r) => { const q = indexedDB.open('db', 3); q.onupgradeneeded = () => q.result.createObjectStore('s'); q.onsuccess = () => { q.result.close(); r(1) } })`)
	is(t, "databases", c.call(p, "IndexedDB.requestDatabaseNames", object{"securityOrigin": origin})["databaseNames"], []any{"db"})
	c.call(p, "IndexedDB.deleteDatabase", object{"securityOrigin": origin, "databaseName": "db"})
	is(t, "deleted", c.call(p, "IndexedDB.requestDatabaseNames", object{"securityOrigin": origin})["databaseNames"], []any{})
	c.refused(p, "Storage.clearDataForOrigin", object{"origin": origin, "storageTypes": "nonsense"}, -32602, "No valid storage type specified")
	c.call(p, "Storage.clearDataForOrigin", object{"origin": origin, "storageTypes": "cache_storage,service_workers"})
	is(t, "cleared", c.evaluate(p, `(async () => [(await caches.keys()).length, (await navigator.serviceWorker.getRegistrations()).length])()`), []any{0, 0})
	c.refused(p, "IO.read", object{"handle": "9"}, -32602, "Invalid stream handle")
	c.refused(p, "IO.close", object{"handle": "9"}, -32602, "Invalid stream handle")
}

func TestEmulation(t *testing.T) {
	c := connect(t)
	p := c.page("/index.html")
	c.call(p, "Emulation.setLocaleOverride", object{"locale": "en-US"})
	c.refused(p, "Emulation.setLocaleOverride", object{"locale": "fr-FR"}, -32000, "en-US")
	c.refused(p, "Emulation.setScriptExecutionDisabled", object{"value": true}, -32000, "always runs scripts")
	c.refused(p, "Emulation.setVirtualTimePolicy", object{"policy": "advance", "budget": 1}, -32000, "machine's clock")
}

// With a virtual clock, time stands still until a client moves it on.
func TestVirtualTime(t *testing.T) {
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	c := connect(t, func(o *Options) { o.Browser.Clock = clock.NewVirtual(start) })
	p := c.page("/index.html")
	c.evaluate(p, `window.fired = 0, setInterval(() => fired++, 1000), 1`)
	is(t, "now", c.evaluate(p, "Date.now()"), start.UnixMilli())
	expired := p.Listen(0, "Emulation.virtualTimeBudgetExpired")
	c.call(p, "Emulation.setVirtualTimePolicy", object{"policy": "advance", "budget": 5000})
	next(t, expired)
	is(t, "after five seconds", c.evaluate(p, "[fired, Date.now()]"), []any{5, start.Add(5 * time.Second).UnixMilli()})
	is(t, "advanced", c.call(p, "SWInspect.advanceClock", object{"by": 1000}), object{"now": start.Add(6 * time.Second).UnixMilli(), "virtual": true})
	c.refused(p, "SWInspect.advanceClock", object{"by": -1}, -32602, "zero or more")
}
