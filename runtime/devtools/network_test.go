package devtools

import (
	"encoding/base64"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/swinspect/swinspect/runtime/fetch"
)

// requestsOf are the names of Network's events about a URL and what each tells.
func requestsOf(events []event, url string) (order []string, response object, id string) {
	for _, e := range events {
		if at(e.Params, "request", "url") == url && id == "" {
			id = e.Params["requestId"].(string)
		}
		if e.Params["requestId"] == id && id != "" {
			order = append(order, strings.TrimPrefix(e.Method, "Network."))
		}
		if e.Method == "Network.responseReceived" && e.Params["requestId"] == id {
			response = e.Params["response"].(object)
		}
	}
	return order, response, id
}

// What a page's Network session hears of requests through a worker.
func TestRequestsThroughAWorker(t *testing.T) {
	c := connect(t)
	p := c.page("/index.html")
	c.register(p)
	c.call(p, "Network.enable", nil)
	c.call(p, "Network.setCacheDisabled", object{"cacheDisabled": true})
	all := p.Listen(0)
	for path, want := range map[string]struct {
		order, source, cache, body string
		worker                     bool
	}{
		"/made":      {"requestWillBeSent responseReceived dataReceived loadingFinished", "fallback-code", "", "made", true},
		"/cached":    {"requestWillBeSent responseReceived dataReceived loadingFinished", "cache-storage", "c", "cached", true},
		"/passed":    {"requestWillBeSent responseReceived dataReceived loadingFinished", "network", "", "plain", true},
		"/plain.txt": {"requestWillBeSent requestWillBeSentExtraInfo responseReceived dataReceived loadingFinished", "", "", "plain", false},
		"/refused":   {"requestWillBeSent loadingFailed", "", "", "", false},
	} {
		c.evaluate(p, `fetch('`+path+`').then((r) => r.text()).catch(() => 1)`)
		events := until(t, all, func(e event) bool {
			return slices.Contains([]string{"Network.loadingFinished", "Network.loadingFailed"}, e.Method)
		})
		order, response, id := requestsOf(events, origin+path)
		order = slices.DeleteFunc(order, func(s string) bool { return s == "responseReceivedExtraInfo" })
		is(t, path, strings.Join(order, " "), want.order)
		if response == nil {
			continue
		}
		source, _ := response["serviceWorkerResponseSource"].(string)
		cache, _ := response["cacheStorageCacheName"].(string)
		is(t, path, []any{response["fromServiceWorker"], source, cache}, []any{want.worker, want.source, want.cache})
		body := c.call(p, "Network.getResponseBody", object{"requestId": id})
		is(t, path, []any{body["body"], body["base64Encoded"]}, []any{want.body, false})
	}
	c.refused(p, "Network.getResponseBody", object{"requestId": "1"}, -32000, "No resource with given identifier found")
}

func TestPostData(t *testing.T) {
	folder := fetch.Folder(site, origin)
	c := connect(t, func(o *Options) {
		o.Browser.Network = fetch.Function(func(r *http.Request) (*http.Response, error) {
			if r.URL.Path != "/never" {
				return folder.RoundTrip(r)
			}
			<-r.Context().Done()
			return nil, r.Context().Err()
		})
	})
	p := c.page("/index.html")
	c.call(p, "Network.enable", nil)
	sent := p.Listen(0, "Network.requestWillBeSent")
	c.evaluate(p, `fetch('/plain.txt', {method: 'POST', body: 'some text'}).catch(() => 1).then(() => 1)`)
	e := next(t, sent)
	is(t, "post", []any{at(e.Params, "request", "hasPostData"), at(e.Params, "request", "postData")}, []any{true, "some text"})
	is(t, "asked for", c.call(p, "Network.getRequestPostData", object{"requestId": e.Params["requestId"]})["postData"], "some text")
	c.refused(p, "Network.getRequestPostData", object{"requestId": "1"}, -32000, "No resource")
	failed := p.Listen(0, "Network.loadingFailed")
	c.evaluate(p, `(() => { const a = new AbortController(); const f = fetch('/never', {signal: a.signal}).catch(() => 1); a.abort(); return f })()`)
	if e := next(t, failed); e.Params["errorText"] != "net::ERR_ABORTED" || e.Params["canceled"] != true {
		t.Errorf("aborted: %v", e.Params)
	}
}

func TestOffline(t *testing.T) {
	c := connect(t)
	p := c.page("/index.html")
	c.register(p)
	c.evaluate(p, `window.events = [], onoffline = ononline = (e) => events.push(e.type), 1`)
	c.call(p, "Network.enable", nil)
	offline := object{"offline": true, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
	c.call(p, "Network.emulateNetworkConditions", offline)
	is(t, "offline", c.evaluate(p, `(async () => [navigator.onLine, await fetch('/plain.txt').catch((e) => e.name), await (await fetch('/cached')).text()])()`), []any{false, "TypeError", "cached"})
	offline["offline"] = false
	c.call(p, "Network.emulateNetworkConditions", offline)
	is(t, "online", c.evaluate(p, `(async () => [navigator.onLine, (await fetch('/plain.txt')).status, events])()`), []any{true, 200, []any{"offline", "online"}})
	c.call(p, "Network.setUserAgentOverride", object{"userAgent": "mine"})
	is(t, "user agent", c.evaluate(p, "navigator.userAgent"), "mine")
}

func TestInterception(t *testing.T) {
	c := connect(t)
	p := c.page("/index.html")
	c.refused(p, "Fetch.continueRequest", object{"requestId": "x"}, -32000, "Fetch domain is not enabled")
	c.call(p, "Fetch.enable", object{"patterns": []object{{"urlPattern": "*made-up*"}, {"urlPattern": "*plain*", "requestStage": "Response"}}})
	c.refused(p, "Fetch.continueRequest", object{"requestId": "x"}, -32602, "Invalid InterceptionId.")
	paused := p.Listen(0, "Fetch.requestPaused")
	ask := func(url string) event {
		t.Helper()
		if err := p.Go("Runtime.evaluate", object{"expression": `window.result = fetch('` + url + `').then(async (r) => [r.status, await r.text(), r.headers.get('x-mine')], (e) => e.name)`}); err != nil {
			t.Fatal(err)
		}
		return next(t, paused)
	}
	e := ask("/made-up")
	c.call(p, "Fetch.fulfillRequest", object{
		"requestId": e.Params["requestId"], "responseCode": 201, "body": base64.StdEncoding.EncodeToString([]byte("invented")),
		"responseHeaders": []object{{"name": "X-Mine", "value": "yes"}},
	})
	is(t, "fulfilled", c.evaluate(p, "result"), []any{201, "invented", "yes"})
	c.call(p, "Fetch.failRequest", object{"requestId": ask("/made-up").Params["requestId"], "errorReason": "AccessDenied"})
	is(t, "failed", c.evaluate(p, "result"), "TypeError")
	e = ask("/plain.txt")
	is(t, "response", []any{e.Params["responseStatusCode"], at(c.call(p, "Fetch.getResponseBody", object{"requestId": e.Params["requestId"]}), "body")}, []any{200, base64.StdEncoding.EncodeToString([]byte("plain"))})
	c.call(p, "Fetch.continueRequest", object{"requestId": e.Params["requestId"]})
	is(t, "continued", at(c.evaluate(p, "result"), 1), "plain")
	ask("/made-up")
	c.call(p, "Fetch.disable", nil)
	is(t, "let go", at(c.evaluate(p, "result"), 0), 404)
}

func TestCookies(t *testing.T) {
	c := connect(t)
	p := c.page("/index.html")
	c.call(p, "Network.setCookie", object{"name": "a", "value": "1", "url": origin + "/"})
	c.call(c.Root(), "Storage.setCookies", object{"cookies": []object{{"name": "h", "value": "2", "domain": "app.example", "path": "/", "httpOnly": true, "expires": 4e9}}})
	is(t, "document.cookie", c.evaluate(p, "document.cookie"), "a=1")
	var told []any
	for _, k := range c.call(p, "Network.getCookies", nil)["cookies"].([]any) {
		told = append(told, []any{at(k, "name"), at(k, "httpOnly"), at(k, "session")})
	}
	is(t, "told", told, []any{[]any{"a", false, true}, []any{"h", true, false}})
	c.call(c.Root(), "Storage.setCookies", object{"cookies": []object{{"name": "a", "value": "", "url": origin + "/", "expires": 0}}})
	is(t, "expired", c.evaluate(p, "document.cookie"), "")
	c.call(p, "Network.deleteCookies", object{"name": "h", "domain": "app.example"})
	is(t, "none left", len(c.call(c.Root(), "Storage.getCookies", nil)["cookies"].([]any)), 0)
	c.refused(p, "Network.setCookie", object{"name": "a", "value": "1"}, -32602, "At least one of the url or domain")
	c.refused(p, "Network.setCookie", object{"name": "a", "value": "1", "url": "nonsense"}, -32602, "URL must have scheme http or https")
}
