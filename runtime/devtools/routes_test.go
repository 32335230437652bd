package devtools

import (
	"encoding/json"
	"maps"
	"testing"

	"github.com/swinspect/swinspect/runtime/fetch"
)

// The rules of Chromium's recorded answer, as it writes them.
func TestRouterRules(t *testing.T) {
	s := maps.Clone(site)
	s["app/sw.js"] = file(`
		addEventListener('fetch', () => { });
		addEventListener('install', e => e.waitUntil(e.addRoutes([
			{condition: {urlPattern: '/app/static/*', requestMethod: 'get'}, source: 'network'},
			{condition: {urlPattern: new URLPattern({pathname: '/app/*.jpg'})}, source: {cacheName: 'images'}},
			{condition: {or: [{requestMode: 'navigate', runningStatus: 'not-running'}, {requestDestination: 'font'}]}, source: 'fetch-event'},
			{condition: {not: {requestMethod: 'Get'}}, source: 'race-network-and-fetch-handler'},
			{condition: {urlPattern: {search: 'x=*'}}, source: 'cache'}])));`)
	c := connect(t, func(o *Options) { o.Browser.Network = fetch.Folder(s, origin) })
	p := c.page("/index.html")
	versions := p.Listen(0, "ServiceWorker.workerVersionUpdated")
	c.call(p, "ServiceWorker.enable", nil)
	c.evaluate(p, `navigator.serviceWorker.register('/app/sw.js').then(() => 1)`)
	all := until(t, versions, func(e event) bool { return at(e.Params, "versions", 0, "routerRules") != nil })
	raw := at(all[len(all)-1].Params, "versions", 0, "routerRules").(string)
	var got any
	if err := json.Unmarshal([]byte(raw), &got); err != nil {
		t.Fatal(err)
	}
	pattern := func(change object) object {
		all := object{"hash": "*", "hostname": "*", "password": "*", "pathname": "*", "port": "*", "protocol": "*", "search": "*", "username": "*"}
		maps.Copy(all, change)
		return all
	}
	here := object{"hostname": "app.example", "port": "", "protocol": "https"}
	static, query := maps.Clone(here), maps.Clone(here)
	static["pathname"] = "/app/static/*"
	query["pathname"], query["search"] = "/app/sw.js", "x=*"
	is(t, "rules", got, []any{
		object{"id": 1, "condition": object{"urlPattern": pattern(static), "request": object{"method": "GET"}}, "source": []any{"network"}},
		object{"id": 2, "condition": object{"urlPattern": pattern(object{"pathname": "/app/*.jpg"})}, "source": []any{object{"cache_name": "images"}}},
		object{"id": 3, "condition": object{"or": []any{
			object{"request": object{"mode": "navigate"}, "running_status": "not-running"}, object{"request": object{"destination": "font"}},
		}}, "source": []any{"fetch-event"}},
		object{"id": 4, "condition": object{"not": object{"request": object{"method": "GET"}}}, "source": []any{"race-network-and-fetch-handler"}},
		object{"id": 5, "condition": object{"urlPattern": pattern(query)}, "source": []any{"cache"}},
	})
}
